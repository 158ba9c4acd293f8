//! The commands.

pub mod seed;
