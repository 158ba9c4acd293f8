//! What happens to texts. Nobody is told; it is there to be looked up.

use crate::outbox::{Event, Subject};
use serde::Serialize;

/// A text that people are sent was changed at the desk, or put back to what the files say.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// The version that it has now.
    pub version_id: i64,
    /// Its language.
    pub language: String,
    /// Its key.
    pub key: String,
    /// What it says now; none: what the files say.
    pub text: Option<String>,
    /// Who changed it.
    pub by: i64,
}

impl Event for Changed {
    const NAME: &'static str = "text.changed";

    fn subject(&self) -> Subject {
        Subject::new("text", self.version_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.by)
    }
}
