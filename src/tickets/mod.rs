//! Tickets: anything somebody must act on before a deadline.

pub mod action;
pub mod life_cycle;
pub mod model;
