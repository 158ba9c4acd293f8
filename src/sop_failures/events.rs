//! What happens to SOP failures beyond what happens to every ticket.

use crate::outbox::{Event, Subject, TICKET, Told, Urgency, Whom};
use serde::Serialize;

/// The words of a failure changed. Tells nobody.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// Its ticket.
    pub ticket_id: i64,
    /// Its reference.
    pub reference: String,
    /// Which of them.
    pub fields: Vec<&'static str>,
    /// Who handed them in; none where they came by a file.
    pub by: Option<i64>,
}

impl Event for Changed {
    const NAME: &'static str = "sop_failure.changed";

    fn subject(&self) -> Subject {
        Subject::new(TICKET, self.ticket_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}

/// Somebody who answers for a failure wants more people to know of it. Tells every admin and the supervisors of its
/// department.
#[derive(Clone, Debug, Serialize)]
pub struct Escalated {
    /// Its ticket.
    pub ticket_id: i64,
    /// Its reference.
    pub reference: String,
    /// Which procedure was not kept.
    pub procedure: String,
    /// Why.
    pub reason: String,
    /// Who escalated it.
    pub by: i64,
}

impl Event for Escalated {
    const NAME: &'static str = "sop_failure.escalated";
    const SHOWN_AS: &'static str = "sop_failure_escalated";
    const TELLS: &'static [Told] = &[Told::new(Whom::Desk, "sop_failure.escalated")];
    const URGENCY: Urgency = Urgency::Urgent;

    fn subject(&self) -> Subject {
        Subject::new(TICKET, self.ticket_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.by)
    }
}
