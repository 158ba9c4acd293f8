//! What happens to attachments. Tells nobody.

use crate::outbox::{Event, Subject, TICKET};
use serde::Serialize;

/// Something was attached to a ticket.
#[derive(Clone, Debug, Serialize)]
pub struct Attached {
    /// The ticket.
    pub ticket_id: i64,
    /// The attachment.
    pub attachment_id: i64,
    /// Its name.
    pub filename: String,
    /// Who did it.
    pub attached_by: Option<i64>,
}

impl Event for Attached {
    const NAME: &'static str = "ticket.attached";

    fn subject(&self) -> Subject {
        Subject::new(TICKET, self.ticket_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.attached_by
    }
}

/// An attachment was taken away.
#[derive(Clone, Debug, Serialize)]
pub struct Detached {
    /// The ticket.
    pub ticket_id: i64,
    /// The attachment.
    pub attachment_id: i64,
    /// Its name.
    pub filename: String,
    /// Who did it.
    pub detached_by: i64,
}

impl Event for Detached {
    const NAME: &'static str = "ticket.detached";

    fn subject(&self) -> Subject {
        Subject::new(TICKET, self.ticket_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.detached_by)
    }
}
