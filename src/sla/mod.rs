//! Deadlines: how long a ticket may take, and how much of that is left.
//!
//! Pure: knows neither the database nor HTTP nor the present instant. Kinds of tickets choose one of the
//! policies; nothing here knows the kinds.

pub mod clocks;
pub mod policy;

pub use clocks::{Clock, State, format_left};
pub use policy::{Policy, Priority};
