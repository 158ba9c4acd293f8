//! What drives an Andon from outside, for the bench and for the kill tests: people who hold conversations over
//! signed webhooks, a stand-in for Twilio or Meta that takes the replies, the built program in a process of its own, and
//! the reckoning afterwards.
//!
//! It runs in one thread and does little for each message, because it shares the machine with what it measures.

pub(crate) mod callbacks;
#[path = "../../../tests/it/support/databases.rs"]
#[expect(dead_code, reason = "the journeys use more of it")]
pub(crate) mod databases;
pub(crate) mod doors;
pub(crate) mod ledger;
pub(crate) mod list;
pub(crate) mod meta;
pub(crate) mod people;
pub(crate) mod plant;
pub(crate) mod process;
pub(crate) mod script;
pub(crate) mod staff;
pub(crate) mod stand_in;
pub(crate) mod twilio;
pub(crate) mod verify;
pub(crate) mod whims;
pub(crate) mod wire;
pub(crate) mod written;
