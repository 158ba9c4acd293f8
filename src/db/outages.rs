//! What is known of the database being away: whether it is, and which connections may have broken with it.

use crate::kit::metrics::Stopwatch;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What writes found, shared with the connections.
#[derive(Debug, Default)]
pub(super) struct Outages {
    is_failing: AtomicBool,
    last: Mutex<Option<Stopwatch>>,
}

impl Outages {
    /// A write found the database there, or away, full or locked.
    pub(super) fn note(&self, is_away: bool) {
        self.is_failing.store(is_away, Ordering::Relaxed);
        if is_away {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Stopwatch::start());
        }
    }

    /// Whether the last write found it away.
    pub(super) fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// Whether it was found away since a connection began to rest: the connection may be broken too.
    pub(super) fn was_within(&self, rested: Duration) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|since| since.seconds() <= rested.as_secs_f64())
    }
}
