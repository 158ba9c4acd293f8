//! The only place that reads the clock.
//!
//! Instants are UTC with microseconds, because that is what all three databases keep; anything finer would
//! make a value differ from its own stored copy.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// A point in time: UTC, whole microseconds.
pub type Instant = DateTime<Utc>;

/// Where "now" comes from: the system, or a hand that a test moves.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until it is moved.
    Manual(Arc<Mutex<Instant>>),
}

impl Clock {
    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn manual(start: Instant) -> Self {
        Self::Manual(Arc::new(Mutex::new(start.trunc_subsecs(6))))
    }

    /// The present instant.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now(&self) -> Instant {
        match self {
            Self::System => Utc::now().trunc_subsecs(6),
            Self::Manual(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Time that never runs back, whatever is done to the machine's clock: for spans, not for dates.
    pub fn elapsed(&self) -> Duration {
        static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
        match self {
            Self::System => START.elapsed(),
            Self::Manual(_) => (self.now() - DateTime::UNIX_EPOCH).to_std().unwrap_or_default(),
        }
    }

    /// Moves a manual clock forward; the system's clock is not ours to move and stays as it is.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Manual(at) = self {
            *at.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}
