//! What happens to conversations. None of it tells anybody; it is there to be looked up, and for other programs.

use crate::people::events::event;

/// The kind of the subjects that are conversations; each is its person's.
pub const CONVERSATION: &str = "conversation";

event! {
    /// Somebody at the desk took a conversation over: the bot is silent.
    TakenOver of CONVERSATION = "conversation.taken_over" {}
}
event! {
    /// The bot has it again.
    HandedBack of CONVERSATION = "conversation.handed_back" {
        /// Whether it starts over; else it goes on where it was.
        starts_over: bool,
    }
}
event! {
    /// The bot has it again, because nobody at the desk said a word for long.
    Returned of CONVERSATION = "conversation.returned" {}
}
event! {
    /// It is somebody's at the desk, or nobody's any more.
    Assigned of CONVERSATION = "conversation.assigned" {
        /// Whose.
        to: Option<i64>,
    }
}
event! {
    /// Somebody turned out to be somebody else: what was theirs is this person's.
    Merged = "person.merged" {
        /// Whom they were taken for.
        from: i64,
    }
}
