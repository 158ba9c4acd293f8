//! What happens to SOP failures beyond what happens to every ticket.

use crate::outbox::{Event, Subject, TICKET};
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
