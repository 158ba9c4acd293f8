//! How fast each person may be written to.
//!
//! Only who was written to lately takes room here: whose bucket is full again is forgotten, so there are never more than
//! the senders' rates let through in the time in which one message comes back.

use crate::channels::Medium;
use crate::kit::rate::{Bucket, Step};
use crate::kit::{Clock, Rate};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// From so many on, those whose buckets are full are forgotten; again whenever there are twice as many as were left.
const MANY: usize = 1_024;

/// Everybody who was written to lately, by the rows of their addresses. Cheap to clone.
#[derive(Clone)]
pub(super) struct Recipients {
    pub(super) medium: Medium,
    rate: Rate,
    clock: Clock,
    lately: Arc<Mutex<Lately>>,
}

#[derive(Default)]
struct Lately {
    buckets: HashMap<i64, Bucket>,
    /// How many there were after the last time that some were forgotten.
    left: usize,
}

/// Whom a turn writes to, before it is known whether it comes to that.
pub(super) struct Draft<'a> {
    of: &'a Recipients,
    buckets: HashMap<i64, Bucket>,
}

impl Recipients {
    /// Nobody was written to yet.
    pub(super) fn new(clock: &Clock, medium: Medium, rate: Rate) -> Self {
        Self { medium, rate, clock: clock.clone(), lately: Arc::default() }
    }

    /// A draft of what is written to whom.
    pub(super) fn draft(&self) -> Draft<'_> {
        Draft { of: self, buckets: HashMap::new() }
    }

    /// Counts a message to this address.
    pub(super) fn written_to(&self, address_id: i64) {
        let now = self.clock.elapsed();
        let mut lately = self.lock();
        lately.buckets.entry(address_id).or_default().step(Some(self.rate), Step::Take(1), now);
        if lately.buckets.len() >= MANY.max(lately.left * 2) {
            lately.buckets.retain(|_, bucket| !bucket.is_full(now));
            lately.left = lately.buckets.len();
        }
    }

    /// The provider said that this address was written to too much: all that it had left is used up.
    pub(super) fn was_too_much(&self, address_id: i64) {
        let now = self.clock.elapsed();
        let all = Step::Take(usize::try_from(self.rate.burst()).unwrap_or(usize::MAX));
        self.lock().buckets.entry(address_id).or_default().step(Some(self.rate), all, now);
    }

    /// Counts what another process wrote to the address with this row.
    pub(super) fn written_to_elsewhere(&self, place: u64, times: u32) {
        let Ok(address_id) = i64::try_from(place) else { return };
        (0..times.min(self.rate.burst())).for_each(|_| self.written_to(address_id));
    }

    fn lock(&self) -> MutexGuard<'_, Lately> {
        self.lately.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Draft<'_> {
    /// Counts a message to this address here, if it may go.
    ///
    /// # Errors
    /// After which time it may.
    pub(super) fn write_to(&mut self, address_id: i64) -> Result<(), Duration> {
        let (rate, now) = (Some(self.of.rate), self.of.clock.elapsed());
        let bucket = self
            .buckets
            .entry(address_id)
            .or_insert_with(|| self.of.lock().buckets.get(&address_id).copied().unwrap_or_default());
        let stand = bucket.step(rate, Step::Take(1), now);
        if stand.granted == 1 { Ok(()) } else { Err(stand.wait) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use std::num::NonZeroU32;

    fn recipients(clock: &Clock) -> Recipients {
        let rate = Rate::parse("1/6").expect("a rate").with_burst(NonZeroU32::new(3).expect("three"));
        Recipients::new(clock, Medium::Whatsapp, rate)
    }

    #[test]
    fn one_person_s_messages_are_held_back_and_nobody_else_s() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH + TimeDelta::days(1));
        let recipients = recipients(&clock);
        recipients.written_to(7);
        recipients.written_to_elsewhere(7, 1);
        let mut draft = recipients.draft();
        let wait = Err(Duration::from_secs(6));
        assert_eq!([draft.write_to(7), draft.write_to(7), draft.write_to(8)], [Ok(()), wait, Ok(())]);
        assert_eq!(recipients.draft().write_to(7), Ok(()), "a draft that came to nothing counts nothing");
        recipients.written_to(7);
        clock.advance(TimeDelta::seconds(2));
        assert_eq!(recipients.draft().write_to(7), Err(Duration::from_secs(4)));
        clock.advance(TimeDelta::seconds(4));
        assert_eq!(recipients.draft().write_to(7), Ok(()));
        recipients.was_too_much(9);
        assert_eq!(recipients.draft().write_to(9), wait, "the provider counts otherwise");
    }

    #[test]
    fn who_was_not_written_to_lately_is_forgotten() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH + TimeDelta::days(1));
        let recipients = recipients(&clock);
        for address_id in 0..100_000 {
            recipients.written_to(address_id);
            clock.advance(TimeDelta::milliseconds(10));
        }
        assert!(recipients.lock().buckets.len() <= 2 * MANY, "{}", recipients.lock().buckets.len());
    }
}
