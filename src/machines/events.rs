//! What happens to machines.

use crate::outbox::{Event, MACHINE, Subject};
use serde::Serialize;

/// A machine was taken in.
#[derive(Clone, Debug, Serialize)]
pub struct Created {
    /// The machine.
    pub machine_id: i64,
    /// Its number.
    pub machine: String,
    /// Who handed it in; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Created {
    const NAME: &'static str = "machine.created";

    fn subject(&self) -> Subject {
        Subject::new(MACHINE, self.machine_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}

/// What is known of a machine changed.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// The machine.
    pub machine_id: i64,
    /// Its number.
    pub machine: String,
    /// What of it.
    pub fields: Vec<&'static str>,
    /// Who handed it in; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Changed {
    const NAME: &'static str = "machine.changed";

    fn subject(&self) -> Subject {
        Subject::new(MACHINE, self.machine_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}
