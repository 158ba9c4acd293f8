//! What happens to conversations. None of it tells anybody; it is there to be looked up, and for other programs.

use crate::outbox::{Event, Subject};
use crate::people::events::PERSON;
use serde::Serialize;

/// The kind of the subjects that are conversations.
pub const CONVERSATION: &str = "conversation";

/// An event whose subject is a conversation.
macro_rules! event {
    ($(#[$doc:meta])* $struct:ident = $name:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize)]
        pub struct $struct {
            /// Whose.
            pub person_id: i64,
            /// Who did it; none where time did.
            pub actor_id: Option<i64>,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl Event for $struct {
            const NAME: &'static str = $name;

            fn subject(&self) -> Subject {
                Subject::new(CONVERSATION, self.person_id)
            }

            fn actor_id(&self) -> Option<i64> {
                self.actor_id
            }
        }
    };
}

event! {
    /// Somebody at the desk took a conversation over: the bot is silent.
    TakenOver = "conversation.taken_over" {}
}
event! {
    /// The bot has it again.
    HandedBack = "conversation.handed_back" {
        /// Whether it starts over; else it goes on where it was.
        starts_over: bool,
    }
}
event! {
    /// The bot has it again, because nobody at the desk said a word for long.
    Returned = "conversation.returned" {}
}
event! {
    /// It is somebody's at the desk, or nobody's any more.
    Assigned = "conversation.assigned" {
        /// Whose.
        to: Option<i64>,
    }
}

/// Somebody turned out to be somebody else: what was theirs is this person's.
#[derive(Clone, Debug, Serialize)]
pub struct Merged {
    /// Who they are.
    pub person_id: i64,
    /// Who they were taken for.
    pub from: i64,
    /// Who said so.
    pub actor_id: Option<i64>,
}

impl Event for Merged {
    const NAME: &'static str = "person.merged";

    fn subject(&self) -> Subject {
        Subject::new(PERSON, self.person_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.actor_id
    }
}
