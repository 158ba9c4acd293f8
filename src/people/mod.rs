//! People: who Andon knows, and how to reach them.

pub mod model;

pub use model::Role;
