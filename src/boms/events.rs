//! What happens to BOMs.

use crate::outbox::Event;
use serde::Serialize;

/// Somebody proposed a change; a supervisor decides.
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

    fn actor_id(&self) -> Option<i64> {
        Some(self.submitted_by)
    }
}
