//! What happens to people and to what they sign in with. None of it tells anybody; it is there to be looked up.

use crate::people::Role;

/// The kind of the subjects that are people.
pub const PERSON: &str = "person";

/// An event about somebody, whose subject is the person, or what the kind behind `of` names of theirs.
macro_rules! event {
    ($(#[$doc:meta])* $struct:ident = $name:literal { $($fields:tt)* }) => {
        $crate::people::events::event! { $(#[$doc])* $struct of $crate::people::events::PERSON = $name { $($fields)* } }
    };
    ($(#[$doc:meta])* $struct:ident of $subject:path = $name:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize)]
        pub struct $struct {
            /// Whom it is about.
            pub person_id: i64,
            /// Who did it; none where time did, and at the command line.
            pub actor_id: Option<i64>,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::outbox::Event for $struct {
            const NAME: &'static str = $name;

            fn subject(&self) -> $crate::outbox::Subject {
                $crate::outbox::Subject::new($subject, self.person_id)
            }

            fn actor_id(&self) -> Option<i64> {
                self.actor_id
            }
        }
    };
}
pub(crate) use event;

event! {
    /// Somebody was made a user.
    Created = "person.created" {
        /// The name they sign in with; none for those who only chat.
        username: Option<String>,
        /// What they are here for.
        role: Role,
    }
}
event! {
    /// Something about somebody was changed.
    Changed = "person.changed" {
        /// What; not to what, for that may be private.
        fields: Vec<&'static str>,
        /// What they are here for now, where that was changed.
        role: Option<Role>,
    }
}
event! {
    /// Somebody has a second factor from now on.
    SecondFactorOn = "person.second_factor_on" {}
}
event! {
    /// Somebody's second factor was taken off.
    SecondFactorOff = "person.second_factor_off" {}
}
event! {
    /// Somebody may use Andon again.
    Activated = "person.activated" {}
}
event! {
    /// Somebody may use Andon no longer.
    Deactivated = "person.deactivated" {}
}
event! {
    /// Somebody without a history was taken out.
    Deleted = "person.deleted" {
        /// The name they signed in with.
        username: Option<String>,
    }
}
event! {
    /// Somebody has a new password.
    PasswordChanged = "person.password_changed" {}
}
event! {
    /// Somebody proved a WhatsApp number to be theirs.
    NumberProved = "person.number_proved" {}
}
event! {
    /// A token was made for a program.
    TokenCreated = "token.created" {
        /// The token's row.
        token_id: i64,
        /// What it is for.
        name: String,
    }
}
event! {
    /// A token holds no more.
    TokenRevoked = "token.revoked" {
        /// The token's row.
        token_id: i64,
        /// What it was for.
        name: String,
    }
}
