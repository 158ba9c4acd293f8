//! Whether so much comes in that taking it in goes before answering it: both write to the same database.
//!
//! It goes by what waits, not by what is done: on a slow machine a flood is a smaller number.

use super::{Clock, Instant};
use chrono::TimeDelta;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

/// From so many messages in a set on; they gather while the set before is written.
const HIGH_SET: i64 = 12;
/// From so many messages a second on; fewer are a burst.
const HIGH_RATE: i64 = 500;
/// How often it is looked at.
const WINDOW: TimeDelta = TimeDelta::milliseconds(200);

/// The sets in which messages come in.
#[derive(Debug, Default)]
pub struct Tide {
    messages: AtomicI64,
    sets: AtomicI64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    at: Instant,
    messages: i64,
    sets: i64,
    is_high: bool,
}

impl Tide {
    /// Notes that so many messages came in as one set, or what costs as much.
    pub fn brings(&self, messages: usize) {
        self.messages.fetch_add(i64::try_from(messages).unwrap_or(i64::MAX), Ordering::Relaxed);
        self.sets.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it is high just now.
    pub fn is_high(&self, clock: &Clock) -> bool {
        let now = clock.now();
        let (messages, sets) = (self.messages.load(Ordering::Relaxed), self.sets.load(Ordering::Relaxed));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now - seen.at;
        if passed >= WINDOW {
            let (came, in_sets) = (messages - seen.messages, sets - seen.sets);
            let is_high = came >= HIGH_SET.saturating_mul(in_sets)
                && came.saturating_mul(1_000) >= HIGH_RATE.saturating_mul(passed.num_milliseconds());
            *seen = Seen { at: now, messages, sets, is_high };
        }
        seen.is_high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tide_is_high_while_messages_wait_for_one_another() {
        let clock = Clock::manual(Instant::UNIX_EPOCH + TimeDelta::days(1));
        let tide = Tide::default();
        let after = |ms: i64, sets: &[usize]| {
            clock.advance(TimeDelta::milliseconds(ms));
            for messages in sets {
                tide.brings(*messages);
            }
            tide.is_high(&clock)
        };
        assert!(!after(0, &[32; 10]), "nobody knows in how long these came");
        assert!(!after(100, &[32; 2]), "not before a window has passed");
        assert!(after(100, &[32; 2]));
        assert!(after(200, &[16, 8, 64, 32]));
        assert!(!after(200, &[1; 300]), "many, each at once");
        assert!(!after(200, &[64]), "a burst");
        assert!(!after(200, &[]));
    }
}
