//! The one way out: every message to a person is a delivery, with its attempts and what became of it.
//!
//! Deliveries are written in the transaction that makes them; the dispatcher sends them afterwards. At least
//! once: twice only when the process died, or the line broke, between the provider's taking a message and our
//! record of it.

pub mod model;
pub mod store;

pub use store::{Kind, NewDelivery, enqueue};
