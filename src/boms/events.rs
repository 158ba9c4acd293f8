//! What happens to BOMs.

use super::model::Status;
use crate::outbox::{BOM, Event, Subject, Told, Whom};
use serde::Serialize;

/// Somebody proposed a change; a supervisor decides. Tells the admins and the supervisors.
#[derive(Clone, Debug, Serialize)]
pub struct RevisionSubmitted {
    /// The BOM.
    pub bom_id: i64,
    /// Its number.
    pub bom: String,
    /// The new revision's number.
    pub revision: i32,
    /// The component that it changes.
    pub component: String,
    /// The cost change as people write it, `+12.50`.
    pub cost_change: String,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub submitted_by: i64,
}

impl Event for RevisionSubmitted {
    const NAME: &'static str = "bom.revision_submitted";
    const SHOWN_AS: &'static str = "bom_revision_submitted";
    const TELLS: &'static [Told] = &[Told::new(Whom::Desk, "bom.revision_submitted")];

    fn subject(&self) -> Subject {
        Subject::new(BOM, self.bom_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.submitted_by)
    }
}

/// A supervisor decided about a proposed change. Tells who proposed it.
#[derive(Clone, Debug, Serialize)]
pub struct RevisionDecided {
    /// The BOM.
    pub bom_id: i64,
    /// Its number.
    pub bom: String,
    /// The revision's number.
    pub revision: i32,
    /// APPROVED or REJECTED.
    pub decision: Status,
    /// A word with it; why, where it was rejected.
    pub comment: Option<String>,
    /// Who proposed it.
    pub submitted_by: Option<i64>,
    /// Who decided.
    pub decided_by: i64,
}

impl Event for RevisionDecided {
    const NAME: &'static str = "bom.revision_decided";
    const SHOWN_AS: &'static str = "bom_revision_decided";
    const TELLS: &'static [Told] = &[Told::new(Whom::Listed("submitted_by"), "bom.revision_decided")];

    fn subject(&self) -> Subject {
        Subject::new(BOM, self.bom_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.decided_by)
    }
}

/// A BOM was taken in, or says something else from now on.
#[derive(Clone, Debug, Serialize)]
pub struct Put {
    /// The BOM.
    pub bom_id: i64,
    /// Its number.
    pub bom: String,
    /// The revision that is in force by it; none where only the product's name changed.
    pub revision: Option<i32>,
    /// Who handed it in; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Put {
    const NAME: &'static str = "bom.put";

    fn subject(&self) -> Subject {
        Subject::new(BOM, self.bom_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}
