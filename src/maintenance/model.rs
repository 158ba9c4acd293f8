//! How reliable a machine was in some time, from the reports on it and their repairs. Pure.
//!
//! A machine is down from the report to the end of the repair. Of two repairs at once the time counts once. A repair that
//! the time cuts off is censored: how it counts is said at each figure, and how many there are stands beside them.

use crate::kit::Instant;
use chrono::TimeDelta;

/// A failure and its repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repair {
    /// When it was reported.
    pub reported: Instant,
    /// When it was mended; none while it is not.
    pub ended: Option<Instant>,
}

/// The figures of some time. **Units**: minutes, rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reliability {
    /// The time begins here, and belongs to it.
    pub from: Instant,
    /// It ends before this.
    pub until: Instant,
    /// How many failures were reported in it.
    pub failures: usize,
    /// How many repairs ended in it.
    pub completed: usize,
    /// How many repairs were still open at its end: their time down counts up to there, and they are not in the MTTR.
    pub open_at_end: usize,
    /// How many failures were reported before its beginning and not mended then: their time down counts from there on,
    /// they are no failures of this time, and where the repair ended in it the MTTR has the whole of it.
    pub began_before: usize,
    /// For how long it was down.
    pub down: i64,
    /// For how long it was up.
    pub up: i64,
    /// The mean time from report to repair, of the repairs that ended in it; none where none did.
    pub mttr: Option<i64>,
    /// The mean time between failures: the time up over the number of failures; none where there was none.
    pub mtbf: Option<i64>,
}

impl Reliability {
    /// The figures of the time from `from` until before `until`.
    pub fn of(repairs: &[Repair], from: Instant, until: Instant) -> Self {
        let until = until.max(from);
        let touching: Vec<Repair> = repairs.iter().copied().filter(|repair| repair.touches(from, until)).collect();
        let is_failure = |repair: &&Repair| repair.reported >= from;
        let failures = touching.iter().filter(is_failure).count();
        let repaired = touching.iter().filter_map(|repair| {
            let ended = repair.ended.filter(|ended| *ended <= until)?;
            Some(ended - repair.reported)
        });
        let repaired: Vec<TimeDelta> = repaired.collect();
        let down = covered(&touching, from, until);
        let up = (until - from) - down;
        let completed = repaired.len();
        Self {
            from,
            until,
            failures,
            completed,
            open_at_end: touching.len() - completed,
            began_before: touching.len() - failures,
            down: minutes(down, 1),
            up: minutes(up, 1),
            mttr: (completed > 0).then(|| minutes(repaired.into_iter().sum(), completed)),
            mtbf: (failures > 0).then(|| minutes(up, failures)),
        }
    }
}

impl Repair {
    /// Whether some of the repair lies in this time.
    fn touches(&self, from: Instant, until: Instant) -> bool {
        // What was mended when it was reported takes no time, and is a failure all the same.
        self.reported < until && (self.reported >= from || self.ended.is_none_or(|ended| ended > from))
    }
}

/// How much of the time is covered by repairs, each moment once.
fn covered(repairs: &[Repair], from: Instant, until: Instant) -> TimeDelta {
    let spans = repairs.iter().map(|repair| {
        let ended = repair.ended.unwrap_or(until).min(until);
        (repair.reported.max(from), ended)
    });
    let mut spans: Vec<(Instant, Instant)> = spans.collect();
    spans.sort_unstable();
    let mut covered = TimeDelta::zero();
    let mut reached = from;
    for (begins, ends) in spans {
        covered += (ends - begins.max(reached)).max(TimeDelta::zero());
        reached = reached.max(ends);
    }
    covered
}

/// A part of a span in minutes, rounded to the nearest.
fn minutes(span: TimeDelta, parts: usize) -> i64 {
    let parts = i64::try_from(parts).unwrap_or(i64::MAX).max(1);
    let minute = 60 * parts;
    (span.num_seconds() + minute / 2).div_euclid(minute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: i64) -> Instant {
        "2026-01-18T00:00:00Z".parse::<Instant>().expect("a valid instant") + TimeDelta::minutes(minute)
    }

    fn repair(reported: i64, ended: Option<i64>) -> Repair {
        Repair { reported: at(reported), ended: ended.map(at) }
    }

    /// Columns: repairs in minutes → (failures, completed, open at the end, began before), down, MTTR, MTBF of 1,000 minutes.
    #[test]
    fn figures_count_what_lies_in_the_time_and_say_what_it_cuts_off() {
        type Case<'a> = (&'a [(i64, Option<i64>)], (usize, usize, usize, usize), i64, Option<i64>, Option<i64>);
        let cases: [Case<'_>; 11] = [
            (&[], (0, 0, 0, 0), 0, None, None),
            (&[(100, Some(160))], (1, 1, 0, 0), 60, Some(60), Some(940)),
            (&[(100, Some(160)), (500, Some(530))], (2, 2, 0, 0), 90, Some(45), Some(455)),
            (&[(900, None)], (1, 0, 1, 0), 100, None, Some(900)), // open at the end
            (&[(900, Some(1100))], (1, 0, 1, 0), 100, None, Some(900)), // mended after it
            (&[(-200, Some(100))], (0, 1, 0, 1), 100, Some(300), None), // began before
            (&[(-200, None)], (0, 0, 1, 1), 1000, None, None),    // down all the time
            (&[(100, Some(300)), (200, Some(400))], (2, 2, 0, 0), 300, Some(200), Some(350)), // at once
            (&[(100, Some(400)), (200, Some(300))], (2, 2, 0, 0), 300, Some(200), Some(350)), // one inside the other
            (&[(-50, Some(0)), (1000, Some(1010))], (0, 0, 0, 0), 0, None, None), // beside it
            (&[(0, Some(0))], (1, 1, 0, 0), 0, Some(0), Some(1000)),
        ];
        for (repairs, (failures, completed, open_at_end, began_before), down, mttr, mtbf) in cases {
            let all: Vec<Repair> = repairs.iter().map(|(reported, ended)| repair(*reported, *ended)).collect();
            let expected = Reliability {
                from: at(0),
                until: at(1000),
                failures,
                completed,
                open_at_end,
                began_before,
                down,
                up: 1000 - down,
                mttr,
                mtbf,
            };
            assert_eq!(Reliability::of(&all, at(0), at(1000)), expected, "{repairs:?}");
        }
    }

    #[test]
    fn a_time_that_ends_before_it_begins_is_no_time() {
        let none = Reliability::of(&[repair(0, None)], at(10), at(5));
        assert_eq!((none.down, none.up, none.failures), (0, 0, 0));
    }

    proptest! {
        /// Minute by minute: what a slow count of every minute says.
        #[test]
        fn the_time_down_is_every_minute_in_which_some_repair_runs(
            repairs in prop::collection::vec((-50_i64..150, prop::option::of(0_i64..120)), 0..8),
        ) {
            let all: Vec<Repair> =
                repairs.iter().map(|(reported, took)| repair(*reported, took.map(|took| reported + took))).collect();
            let figures = Reliability::of(&all, at(0), at(100));
            let is_down = |minute: i64| all.iter().any(|one| {
                one.reported <= at(minute) && one.ended.is_none_or(|ended| ended > at(minute))
            });
            let slow = (0..100).filter(|minute| is_down(*minute)).count();
            prop_assert_eq!(figures.down, i64::try_from(slow).expect("a hundred at most"));
            prop_assert_eq!(figures.down + figures.up, 100);
        }
    }
}
