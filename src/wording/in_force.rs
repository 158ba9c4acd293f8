//! The words in force: what the files say, with what the desk changed over it, exchanged as a whole while Andon runs.
//!
//! Whoever renders takes the wording that holds just then, and keeps it for as long as one answer needs to speak with one
//! voice. An exchange waits for nobody: who still has the old wording ends with it.

use super::Wording;
use std::sync::{Arc, PoisonError, RwLock};

/// The words of one process.
#[derive(Debug)]
pub struct WordsInForce {
    files: Arc<Wording>,
    now: RwLock<Now>,
}

#[derive(Debug)]
struct Now {
    wording: Arc<Wording>,
    /// The last change at the desk that is in it; 0 where there is none.
    version: i64,
}

impl WordsInForce {
    /// What the files say.
    pub fn new(files: Arc<Wording>) -> Self {
        Self { now: RwLock::new(Now { wording: Arc::clone(&files), version: 0 }), files }
    }

    /// What the files say, whatever the desk says.
    pub fn files(&self) -> &Arc<Wording> {
        &self.files
    }

    /// What holds now.
    pub fn now(&self) -> Arc<Wording> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).wording)
    }

    /// The last change at the desk that holds here; 0 where there is none.
    pub fn version(&self) -> i64 {
        self.now.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// From here on this holds, unless something later does already.
    pub fn put(&self, wording: Arc<Wording>, version: i64) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if now.version < version {
            *now = Now { wording, version };
        }
    }
}
