//! The inbox: every conversation, as people saw it, and what the desk does in it.
//!
//! A conversation is one person's, and its number is theirs. The bot has it until somebody at the desk takes it over;
//! then the bot is silent (`chat/silence.rs`) until it is handed back, or has been left alone for [`LEFT_FOR`]. Whoever
//! sees a conversation may do all of this: an admin sees all, a supervisor those of the people they see
//! ([`crate::people::model::Sight`]); a stranger's is the admins'.
//!
//! What the desk writes is a delivery like any other, in the conversation's own line. Each form is done once, however
//! often it is sent: it carries a key of its own.

pub mod api;
mod canned;
pub mod events;
mod extract;
pub mod media;
mod merge;
pub mod model;
mod reading;
pub mod store;
mod taking;
mod writing;

pub use canned::{Canned, Edited, delete_removed, edit, list as canned, of_language as canned_in, put_back, remove};
pub use extract::{Conversation, Desker};
pub use merge::{FormThen, Moves, by_number, merge, what_moves};
pub use model::{FIELDS, Item, Listed, Said, Shown, Which, Who, Window, filled_in};
pub use reading::{LATEST, Transcript, candidates, count_waiting, head, list, one, transcript, values};
pub use store::transcript::one_medium;
pub use store::{Head, Place};
pub use taking::{assign, hand_back, look, return_left, take_over, typing};
pub use writing::{Offered, note, offered, write, write_by_template};

use chrono::TimeDelta;

/// A conversation in which nobody at the desk said a word for so long is the bot's again: whoever took it has gone home,
/// and the person would wait for nobody. Longer than a shift, shorter than a night and a morning.
pub const LEFT_FOR: TimeDelta = TimeDelta::hours(12);
/// The longest note, in characters.
pub const MAX_NOTE: usize = 4000;
