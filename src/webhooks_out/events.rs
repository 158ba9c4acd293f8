//! What happens to webhooks. Tells no person; it is there to be looked up, and told by webhooks too.

use crate::outbox::{Event, Subject};
use serde::Serialize;

/// An event whose subject is a webhook.
macro_rules! event {
    ($(#[$doc:meta])* $struct:ident = $name:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize)]
        pub struct $struct {
            /// The webhook.
            pub webhook_id: i64,
            /// Who did it; none where the receiver asked for it.
            pub by: Option<i64>,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl Event for $struct {
            const NAME: &'static str = $name;

            fn subject(&self) -> Subject {
                Subject::new("webhook", self.webhook_id)
            }

            fn actor_id(&self) -> Option<i64> {
                self.by
            }
        }
    };
}

event! {
    /// Somebody is told of events from now on.
    Created = "webhook.created" {
        /// The scheme, host and port they are called at; what follows may be a secret of theirs.
        origin: String,
    }
}
event! {
    /// Something about a webhook was changed.
    Changed = "webhook.changed" {
        /// What.
        fields: Vec<&'static str>,
    }
}
event! {
    /// It has a new secret.
    SecretRotated = "webhook.secret_rotated" {}
}
event! {
    /// It was switched off, because its receiver wants no more calls.
    SwitchedOff = "webhook.switched_off" {}
}
event! {
    /// It was taken away.
    Deleted = "webhook.deleted" {
        /// The scheme, host and port it was called at.
        origin: String,
    }
}
