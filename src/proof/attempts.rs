//! Attempts to sign in, counted so that nobody can try many passwords, and nobody can lock somebody else out.
//!
//! Two limits, and both count only what failed:
//! - For one account from one network: [`CLOSE`] at once, then one a minute. It stops whoever tries passwords from one
//!   place, and does not touch the owner, who comes from elsewhere.
//! - For one account from all networks together: [`WIDE`] at once, then four a minute. It takes many networks to reach
//!   it; then only networks from which the owner signed in before get through, others wait their turn.
//!
//! An attempt is counted before the password is looked at, so that many at once gain nothing, and taken back where the
//! password was right. Counts are kept in a fixed number of places by a mark that nobody can foresee: memory has a bound
//! whatever is tried, and two that meet in one place share it. What failed elsewhere is counted too, where it is told.

use super::Marker;
use crate::bus::Limit as Shared;
use crate::kit::Clock;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Failures of one account from one network: so many at once, and how long each counts.
const CLOSE: Limit = Limit { at_once: 10, each: Duration::from_mins(1) };
/// Failures of one account from everywhere.
const WIDE: Limit = Limit { at_once: 100, each: Duration::from_secs(15) };
/// In so many places each is counted.
const PLACES: u64 = 16_384;

#[derive(Clone, Copy, Debug)]
struct Limit {
    at_once: u32,
    each: Duration,
}

/// What attempts were made lately.
#[derive(Debug)]
pub struct Attempts {
    close: Places,
    wide: Places,
    marker: Marker,
}

/// One attempt that is being made; it counts as failed unless it is taken back.
#[derive(Debug)]
pub struct Attempt<'a> {
    attempts: &'a Attempts,
    close: u64,
    wide: u64,
    /// Whether the account is being tried from everywhere: then only a network that is known may go on.
    pub needs_known_network: bool,
}

impl Attempts {
    pub(super) fn new(marker: Marker) -> Self {
        Self { close: Places::new(CLOSE), wide: Places::new(WIDE), marker }
    }

    /// Counts an attempt on this account from this network.
    ///
    /// # Errors
    /// How long to wait before the next from there.
    pub fn begin(&self, clock: &Clock, account: &str, network: &str) -> Result<Attempt<'_>, Duration> {
        let now = clock.elapsed();
        let (close, wide) = (self.marker.mark(&[account, network]), self.marker.mark(&[account]));
        self.close.count(close, now)?;
        let needs_known_network = self.wide.count(wide, now).is_err();
        Ok(Attempt { attempts: self, close, wide, needs_known_network })
    }
}

impl Attempts {
    /// Counts what failed in another process.
    pub fn failed_elsewhere(&self, clock: &Clock, limit: Shared, place: u64, times: u32) {
        let places = match limit {
            Shared::SignInsFromOne => &self.close,
            Shared::SignInsFromAll => &self.wide,
            Shared::Requests | Shared::ToOne => return,
        };
        let once = || places.count(place, clock.elapsed()).is_ok();
        (0..times).take_while(|_| once()).for_each(drop);
    }
}

impl Attempt<'_> {
    /// The password was wrong. Answers with where that counts, for other processes to count it too.
    pub fn failed(self) -> [(Shared, u64); 2] {
        [(Shared::SignInsFromOne, self.close), (Shared::SignInsFromAll, self.wide)]
    }

    /// The password was right: nothing counts against this account from this network any more.
    pub fn succeeded(self) {
        self.attempts.close.clear(self.close);
        if !self.needs_known_network {
            self.attempts.wide.take_back(self.wide);
        }
    }

    /// The password was never looked at: the attempt does not count.
    pub fn withdrawn(self) {
        self.attempts.close.take_back(self.close);
        if !self.needs_known_network {
            self.attempts.wide.take_back(self.wide);
        }
    }

    /// How long a network that is not known waits while an account is being tried from everywhere.
    pub fn wait() -> Duration {
        WIDE.each
    }
}

/// Until when each place is used up, as the generic cell rate algorithm reckons it.
#[derive(Debug)]
struct Places {
    limit: Limit,
    until: Mutex<Vec<Duration>>,
}

impl Places {
    fn new(limit: Limit) -> Self {
        Self { limit, until: Mutex::new((0..PLACES).map(|_| Duration::ZERO).collect()) }
    }

    fn count(&self, place: u64, now: Duration) -> Result<(), Duration> {
        let Limit { at_once, each } = self.limit;
        let mut places = self.lock();
        let until = &mut places[index(place)];
        let next = (*until).max(now) + each;
        let ahead = next.saturating_sub(now);
        if ahead > each * at_once {
            return Err(ahead.saturating_sub(each * at_once));
        }
        *until = next;
        Ok(())
    }

    fn take_back(&self, place: u64) {
        let until = &mut self.lock()[index(place)];
        *until = until.saturating_sub(self.limit.each);
    }

    fn clear(&self, place: u64) {
        self.lock()[index(place)] = Duration::ZERO;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Duration>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn index(mark: u64) -> usize {
    usize::try_from(mark % PLACES).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    fn attempts() -> Attempts {
        Attempts::new(Marker::new(&"a key".to_owned().into()))
    }

    #[test]
    fn failures_of_one_account_from_one_place_are_bounded_and_forgotten_with_time() {
        let (attempts, clock) = (attempts(), Clock::manual(DateTime::UNIX_EPOCH));
        for _ in 0..10 {
            assert!(attempts.begin(&clock, "dev1", "192.0.2.1").is_ok());
        }
        assert_eq!(attempts.begin(&clock, "dev1", "192.0.2.1").err(), Some(Duration::from_mins(1)));
        assert!(attempts.begin(&clock, "dev1", "192.0.2.2").is_ok(), "from elsewhere");
        assert!(attempts.begin(&clock, "dev2", "192.0.2.1").is_ok(), "somebody else");
        clock.advance(TimeDelta::minutes(1));
        assert!(attempts.begin(&clock, "dev1", "192.0.2.1").is_ok());
        assert!(attempts.begin(&clock, "dev1", "192.0.2.1").is_err());
    }

    #[test]
    fn what_succeeds_does_not_count() {
        let (attempts, clock) = (attempts(), Clock::manual(DateTime::UNIX_EPOCH));
        for _ in 0..1000 {
            let attempt = attempts.begin(&clock, "dev1", "192.0.2.1").expect("it may be tried");
            assert!(!attempt.needs_known_network);
            attempt.succeeded();
        }
    }

    #[test]
    fn an_account_tried_from_everywhere_is_for_known_networks() {
        let (attempts, clock) = (attempts(), Clock::manual(DateTime::UNIX_EPOCH));
        for n in 0..100 {
            let attempt = attempts.begin(&clock, "dev1", &format!("192.0.2.{n}")).expect("it may be tried");
            assert!(!attempt.needs_known_network, "{n}");
        }
        let attempt = attempts.begin(&clock, "dev1", "198.51.100.1").expect("it may be tried");
        assert!(attempt.needs_known_network);
        clock.advance(TimeDelta::seconds(15));
        let attempt = attempts.begin(&clock, "dev1", "198.51.100.2").expect("it may be tried");
        assert!(!attempt.needs_known_network, "four a minute get a turn from anywhere");
    }

    #[test]
    fn what_fails_in_one_process_counts_in_the_other() {
        let (here, there, clock) = (attempts(), attempts(), Clock::manual(DateTime::UNIX_EPOCH));
        for _ in 0..10 {
            let attempt = here.begin(&clock, "dev1", "192.0.2.1").expect("it may be tried");
            attempt.failed().into_iter().for_each(|(limit, place)| there.failed_elsewhere(&clock, limit, place, 1));
        }
        assert!(there.begin(&clock, "dev1", "192.0.2.1").is_err());
        assert!(there.begin(&clock, "dev1", "192.0.2.2").is_ok(), "from elsewhere");
    }
}
