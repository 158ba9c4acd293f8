//! Whether so much comes in that taking it in goes before answering it: both write to the same database.

use super::{Clock, Instant};
use chrono::TimeDelta;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

/// From this many messages a second on.
const HIGH: i64 = 2_500;
/// How often it is looked at.
const WINDOW: TimeDelta = TimeDelta::milliseconds(200);

/// The rate at which messages come in.
#[derive(Debug, Default)]
pub struct Tide {
    total: AtomicI64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    at: Instant,
    total: i64,
    is_high: bool,
}

impl Tide {
    /// Notes that so many messages came in.
    pub fn brings(&self, messages: usize) {
        self.total.fetch_add(i64::try_from(messages).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Whether it is high just now.
    pub fn is_high(&self, clock: &Clock) -> bool {
        let (now, total) = (clock.now(), self.total.load(Ordering::Relaxed));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now - seen.at;
        if passed >= WINDOW {
            let is_high = (total - seen.total).saturating_mul(1_000) >= HIGH.saturating_mul(passed.num_milliseconds());
            *seen = Seen { at: now, total, is_high };
        }
        seen.is_high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tide_is_high_while_more_comes_in_than_can_be_answered() {
        let clock = Clock::manual(Instant::UNIX_EPOCH + TimeDelta::days(1));
        let tide = Tide::default();
        let after = |ms: i64, more: usize| {
            clock.advance(TimeDelta::milliseconds(ms));
            tide.brings(more);
            tide.is_high(&clock)
        };
        assert!(!after(0, 1_000), "nobody knows in how long these came");
        assert!(!after(100, 1_000), "not before a window has passed");
        assert!(after(100, 0));
        assert!(after(200, 500));
        assert!(!after(200, 499));
        assert!(!after(9_400, 1_500));
    }
}
