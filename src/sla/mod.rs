//! Deadlines: how long a ticket may take, and how much of that is left.
//!
//! Pure: asks neither the database nor the network nor the clock. Kinds of tickets choose one of the
//! policies; nothing here knows the kinds.

pub mod alarms;
pub mod clocks;
pub mod policy;

pub use alarms::Said;
pub use clocks::{Clock, State, format_instant, format_left};
pub use policy::{Policies, Policy, Priority};
