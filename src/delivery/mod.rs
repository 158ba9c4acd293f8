//! The one way out: every message to a person is a delivery, with its attempts and what became of it.
//!
//! Deliveries are written in the transaction that makes them; the dispatcher sends them afterwards. Once: where the
//! process died, or the line broke, between the provider's taking a message and our record of it, the provider is
//! asked. At least once with a provider that cannot be asked.

pub mod again;
pub mod budget;
pub mod dispatch;
mod figures;
mod leaving;
pub mod model;
pub mod pace;
mod presence;
pub mod prices;
pub mod receipts;
pub mod store;
pub mod waiting;

pub use store::{Kind, NewDelivery, enqueue};
