//! The one-time code with which the first admin is made: in memory only, for an hour, once.

use super::opaque;
use crate::kit::Instant;
use chrono::TimeDelta;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq as _;

/// How long the code holds. **Source**: issue 4.
const LIFE: TimeDelta = TimeDelta::hours(1);

/// The code, while there is one.
#[derive(Default)]
pub struct Setup(Mutex<Option<(String, Instant)>>);

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Setup")
    }
}

impl Setup {
    /// A fresh code, in the place of any before.
    pub fn open(&self, now: Instant) -> String {
        let code = opaque();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((code.clone(), now + LIFE));
        code
    }

    /// Whether this is the code, and it still holds.
    pub fn holds(&self, code: &str, now: Instant) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().is_some_and(|(kept, until)| now < *until && kept.as_bytes().ct_eq(code.as_bytes()).into())
    }

    /// Takes the code out: it was used.
    pub fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
