//! What happens to chores. Tells nobody.

use super::Kind;
use crate::outbox::{Event, Subject};
use serde::Serialize;

/// Somebody had Andon do something.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// The chore.
    pub chore_id: i64,
    /// What is to be done.
    pub kind: Kind,
    /// Who asked for it.
    pub by: i64,
}

impl Event for Asked {
    const NAME: &'static str = "chore.asked";

    fn subject(&self) -> Subject {
        Subject::new("chore", self.chore_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.by)
    }
}
