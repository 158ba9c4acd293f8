//! People: who Andon knows, and how to reach them.

pub mod model;
pub mod store;

pub use model::Role;
