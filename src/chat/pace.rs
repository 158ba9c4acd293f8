//! How fast one person is answered: the rule behind `ANDON_SENDER_LIMIT`. Pure.
//!
//! A person has a budget of `limit` answers, which comes back evenly within a minute. A message that finds budget is
//! answered at once. One that finds none waits, and so does all that follows it, for one person's messages are answered
//! in order. What waits is taken up as the budget comes back. Once [`MOST_WAITING`] wait, what follows is kept and not
//! answered until none waits any more: answers to a form whose middle is missing would do harm.

use crate::kit::Instant;
use chrono::TimeDelta;
use std::num::NonZeroU32;

/// How many messages of one person wait at most.
pub const MOST_WAITING: u32 = 100;
/// The time in which a whole budget comes back.
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Where one person stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// When the budget is whole again; none where nothing was taken from it.
    pub busy_until: Option<Instant>,
    /// How many messages wait.
    pub waiting: u32,
    /// What the person was told in this flood.
    pub told: Told,
}

/// What a person was told in a flood; each is said once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Nothing: there is no flood.
    #[default]
    Nothing,
    /// To slow down, and that the rest is answered late.
    SlowDown,
    /// That what follows is not answered.
    TooMuch,
}

impl Told {
    /// The stored number.
    pub fn as_number(self) -> i32 {
        match self {
            Self::Nothing => 0,
            Self::SlowDown => 1,
            Self::TooMuch => 2,
        }
    }

    /// What this stored number means.
    pub fn numbered(number: i32) -> Self {
        [Self::SlowDown, Self::TooMuch].into_iter().find(|told| told.as_number() == number).unwrap_or_default()
    }
}

/// When a message is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Now.
    Now,
    /// When its turn comes.
    Later,
    /// Not at all; it is kept.
    Never,
}

impl Pace {
    /// A message came in: when it is answered, and what the person is to be told first.
    pub fn arrive(&mut self, limit: Option<NonZeroU32>, now: Instant) -> (When, Option<Told>) {
        if self.waiting == 0 {
            if self.busy_until.is_none_or(|until| until <= now) {
                self.told = Told::Nothing; // a minute's quiet: the flood is over
            }
            if self.spend(limit, now) {
                return (When::Now, None);
            }
        }
        if self.waiting > 0 && self.told == Told::TooMuch {
            return (When::Never, None);
        }
        if self.waiting >= MOST_WAITING {
            return (When::Never, self.tell(Told::TooMuch));
        }
        self.waiting += 1;
        (When::Later, self.tell(Told::SlowDown))
    }

    /// How many of `waiting` messages are answered now; their budget is taken.
    pub fn resume(&mut self, waiting: u32, limit: Option<NonZeroU32>, now: Instant) -> u32 {
        let mut resumed = 0;
        while resumed < waiting && self.spend(limit, now) {
            resumed += 1;
        }
        self.waiting = waiting - resumed;
        if self.waiting == 0 {
            self.told = self.told.min(Told::SlowDown); // what comes next is answered again
        }
        resumed
    }

    fn tell(&mut self, what: Told) -> Option<Told> {
        (self.told < what).then(|| {
            self.told = what;
            what
        })
    }

    /// Takes one answer from the budget, where there is one.
    fn spend(&mut self, limit: Option<NonZeroU32>, now: Instant) -> bool {
        let Some(limit) = limit else { return true };
        // A clock that was set back must not make anybody wait longer than a minute.
        let until = self.busy_until.unwrap_or(now).clamp(now, now + MINUTE);
        let has_budget = until + one(limit) <= now + MINUTE;
        self.busy_until = Some(if has_budget { until + one(limit) } else { until });
        has_budget
    }
}

/// Whoever is busy until this instant, or a shorter time, has budget for one answer.
pub fn has_budget_until(limit: Option<NonZeroU32>, now: Instant) -> Option<Instant> {
    limit.map(|limit| now + MINUTE - one(limit))
}

/// In this time one answer comes back into the budget.
fn one(limit: NonZeroU32) -> TimeDelta {
    MINUTE / i32::try_from(limit.get()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    const THREE: Option<NonZeroU32> = NonZeroU32::new(3);

    fn at(second: i64) -> Instant {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    #[test]
    fn a_flood_is_answered_late_and_told_so_once() {
        let mut pace = Pace::default();
        let slow_down = Some(Told::SlowDown);
        for (second, expected) in [
            (0, (When::Now, None)),
            (0, (When::Now, None)),
            (1, (When::Now, None)),
            (1, (When::Later, slow_down)),
            (2, (When::Later, None)),
            (25, (When::Later, None)), // there is budget again, but others wait before it
        ] {
            assert_eq!(pace.arrive(THREE, at(second)), expected, "second {second}");
        }
        assert_eq!((pace.resume(3, THREE, at(25)), pace.waiting), (1, 2));
        assert_eq!((pace.resume(2, THREE, at(26)), pace.waiting), (0, 2));
        assert_eq!((pace.resume(2, THREE, at(60)), pace.waiting), (2, 0));
        assert_eq!(pace.arrive(THREE, at(61)), (When::Later, None), "the same flood");
        assert_eq!(pace.resume(1, THREE, at(80)), 1);
        for (second, expected) in [(200, When::Now), (200, When::Now), (200, When::Now)] {
            assert_eq!(pace.arrive(THREE, at(second)), (expected, None), "a minute's quiet ends a flood");
        }
        assert_eq!(pace.arrive(THREE, at(200)), (When::Later, slow_down), "another flood");
    }

    #[test]
    fn past_the_most_that_may_wait_nothing_is_answered_until_none_waits() {
        let mut pace = Pace { waiting: MOST_WAITING - 1, told: Told::SlowDown, busy_until: Some(at(60)) };
        assert_eq!(pace.arrive(THREE, at(0)), (When::Later, None));
        assert_eq!(pace.arrive(THREE, at(0)), (When::Never, Some(Told::TooMuch)));
        assert_eq!(pace.arrive(THREE, at(0)), (When::Never, None));
        assert_eq!(pace.resume(MOST_WAITING, THREE, at(40)), 2);
        assert_eq!(pace.arrive(THREE, at(40)), (When::Never, None), "there is room, but a gap before it");
        assert_eq!(pace.resume(3, THREE, at(100)), 3);
        assert_eq!(pace.arrive(THREE, at(101)), (When::Later, None), "none waits: it is answered again");
    }

    #[test]
    fn without_a_limit_nobody_waits_but_behind_those_who_do() {
        let mut pace = Pace::default();
        assert!((0..1000).all(|_| pace.arrive(None, at(0)) == (When::Now, None)));
        assert_eq!(pace, Pace::default());
        let mut pace = Pace { waiting: 2, told: Told::SlowDown, busy_until: Some(at(60)) };
        assert_eq!(pace.arrive(None, at(0)), (When::Later, None));
        assert_eq!((pace.resume(3, None, at(0)), pace.waiting), (3, 0));
    }

    #[test]
    fn a_clock_set_back_costs_a_minute_at_most() {
        let mut pace = Pace { busy_until: Some(at(7200)), ..Pace::default() };
        assert_eq!(pace.arrive(THREE, at(0)), (When::Later, Some(Told::SlowDown)));
        assert_eq!(pace.resume(1, THREE, at(19)), 0);
        assert_eq!(pace.resume(1, THREE, at(20)), 1);
    }

    proptest! {
        #[test]
        fn no_minute_holds_more_answers_than_twice_the_limit(
            limit in 1_u32..20, gaps in prop::collection::vec(0_i64..5, 1..300),
        ) {
            let rate = NonZeroU32::new(limit);
            let (mut pace, mut now, mut answered) = (Pace::default(), at(0), Vec::new());
            for gap in gaps {
                now += TimeDelta::seconds(gap);
                let resumed = pace.resume(pace.waiting, rate, now);
                answered.extend((0..resumed).map(|_| now));
                if pace.arrive(rate, now).0 == When::Now {
                    answered.push(now);
                }
            }
            for start in &answered {
                let within = answered.iter().filter(|at| **at >= *start && **at < *start + MINUTE).count();
                prop_assert!(within <= 2 * limit as usize, "{within} answers in a minute");
            }
        }
    }
}
