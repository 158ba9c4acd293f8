//! The chat: forms filled in by message. A pure engine turns one message and what is known about the person
//! into a new session, words to say and perhaps a finished form; everything around it does the reading and
//! writing.
//!
//! The engine never touches the network, the database or the clock, so a conversation can be replayed to the
//! letter. It refuses nothing that a person may write: whatever comes in gets an answer.

mod actions;
pub mod api;
pub mod ask;
mod asking;
pub mod change;
mod consent;
pub mod desk;
mod enclosing;
pub mod engine;
pub mod extras;
pub mod field;
pub mod flow;
mod flow_check;
mod flow_file;
pub mod inbound;
pub mod late;
mod lookups;
pub mod mirror;
pub mod numbers;
pub mod offers;
mod opening;
pub mod pace;
pub mod pick;
mod quoted;
mod reading;
pub mod records;
mod reply;
pub mod session;
mod silence;
pub mod store;
pub mod taps;
mod turn;
pub mod went;
pub mod words;

pub use engine::{Asker, Finished, Input, Say, Step, done, lookups, refused, render, step};
pub use flow::Flows;
pub use records::{Lookup, RecordKind, Records};
pub use session::{Answer, Form, Session};

use crate::tickets::Follower;
use std::sync::Arc;

/// What conversations go by.
#[derive(Clone, Debug)]
pub struct Ways {
    /// The forms.
    pub flows: Arc<Flows>,
    /// What else follows from a change of a ticket.
    pub followers: &'static [Follower],
}
