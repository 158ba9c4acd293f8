//! What happens to shifts.

use crate::kit::Instant;
use crate::outbox::{Event, SHIFT, Subject, Told, Urgency, Whom};
use serde::Serialize;

/// A shift begins soon. Tells the person whose it is.
#[derive(Clone, Debug, Serialize)]
pub struct Starting {
    /// The shift.
    pub shift_id: i64,
    /// Whose it is.
    pub person_id: i64,
    /// At which machine.
    pub machine_id: Option<i64>,
    /// When.
    pub starts_at: Instant,
    /// What goes with it; may be empty.
    pub note: String,
}

impl Event for Starting {
    const NAME: &'static str = "shift.starting";
    const SHOWN_AS: &'static str = "shift_starting";
    const TELLS: &'static [Told] = &[Told::new(Whom::Listed("person_id"), "shift.starting")];
    const URGENCY: Urgency = Urgency::Urgent;

    fn subject(&self) -> Subject {
        Subject::new(SHIFT, self.shift_id)
    }

    fn actor_id(&self) -> Option<i64> {
        None
    }
}

/// A shift was planned.
#[derive(Clone, Debug, Serialize)]
pub struct Created {
    /// The shift.
    pub shift_id: i64,
    /// Whose it is.
    pub person_id: i64,
    /// When it begins.
    pub starts_at: Instant,
    /// Who planned it; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Created {
    const NAME: &'static str = "shift.created";

    fn subject(&self) -> Subject {
        Subject::new(SHIFT, self.shift_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}

/// What is known of a shift changed.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// The shift.
    pub shift_id: i64,
    /// What of it.
    pub fields: Vec<&'static str>,
    /// Who did it; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Changed {
    const NAME: &'static str = "shift.changed";

    fn subject(&self) -> Subject {
        Subject::new(SHIFT, self.shift_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}

/// A shift was taken off the plan.
#[derive(Clone, Debug, Serialize)]
pub struct Deleted {
    /// The shift.
    pub shift_id: i64,
    /// Whose it was.
    pub person_id: i64,
    /// When it was to begin.
    pub starts_at: Instant,
    /// Who did it.
    pub by: i64,
}

impl Event for Deleted {
    const NAME: &'static str = "shift.deleted";

    fn subject(&self) -> Subject {
        Subject::new(SHIFT, self.shift_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.by)
    }
}
