//! What happens to walls. Nobody is told; it is there to be looked up.

use crate::outbox::{Event, Subject};
use serde::Serialize;

/// A wall was made: whoever has its link sees how a department stands.
#[derive(Clone, Debug, Serialize)]
pub struct Created {
    /// The wall.
    pub wall_id: i64,
    /// What it is called.
    pub name: String,
    /// What it shows; none: the whole plant.
    pub department: Option<String>,
    /// Who made it.
    pub by: i64,
}

impl Event for Created {
    const NAME: &'static str = "wall.created";

    fn subject(&self) -> Subject {
        Subject::new("wall", self.wall_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.by)
    }
}

/// A wall's link holds no more.
#[derive(Clone, Debug, Serialize)]
pub struct Revoked {
    /// The wall.
    pub wall_id: i64,
    /// What it was called.
    pub name: String,
    /// Who revoked it.
    pub by: i64,
}

impl Event for Revoked {
    const NAME: &'static str = "wall.revoked";

    fn subject(&self) -> Subject {
        Subject::new("wall", self.wall_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.by)
    }
}
