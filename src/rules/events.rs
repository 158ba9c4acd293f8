//! What happens to rules. Nobody is told; it is there to be looked up.

use crate::config::RuleName;
use crate::outbox::{Event, Subject};
use serde::Serialize;
use serde_json::Value;

/// Andon goes by another rule from now on.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// Its row.
    pub rule_id: i64,
    /// Which.
    pub name: RuleName,
    /// What it said.
    pub was: Value,
    /// What it says.
    pub is: Value,
    /// Whether it is again as the settings say.
    pub is_put_back: bool,
    /// Who changed it.
    pub by: i64,
}

impl Event for Changed {
    const NAME: &'static str = "rule.changed";

    fn subject(&self) -> Subject {
        Subject::new("rule", self.rule_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.by)
    }
}
