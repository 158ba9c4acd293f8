//! An order's time as a bar: from the day on which work begins to the end of the day on which it is due, what is gone of
//! it, and how much is made. Pure.

use super::model::Course;
use crate::kit::Instant;
use chrono::TimeDelta;
use chrono_tz::Tz;

/// A bar is so long.
pub const LENGTH: u16 = 1000;

/// An order's bar. **Units**: thousandths of the bar's length, where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// Where it is due: at the bar's end, or before it where the order is late.
    pub due: u16,
    /// Where the present is; none before work begins, and none of an order that is finished.
    pub today: Option<u16>,
    /// How much is made: of what lies between the beginning and the due day.
    pub made: u16,
    /// How much of its time is gone. **Units**: whole percent; more than 100 where it is late.
    pub gone: i64,
}

impl Timeline {
    /// How far the time is gone, where it is not late.
    pub fn elapsed(&self) -> u16 {
        self.today.unwrap_or_default().min(self.due)
    }

    /// How far it is late.
    pub fn late(&self) -> u16 {
        self.today.unwrap_or_default().saturating_sub(self.due)
    }
}

impl Course {
    /// The order's bar, seen at `now`. One that is late gets longer, up to twice the time that it had.
    pub fn timeline(&self, now: Instant, tz: Tz) -> Timeline {
        let (start, due) = self.bounds(tz);
        let millis = |span: TimeDelta| i128::from(span.num_milliseconds());
        let whole = millis(due - start).max(1);
        let gone = millis(now - start).max(0);
        let is_running = !self.status.is_final();
        let shown = if is_running { gone.clamp(whole, whole * 2) } else { whole };
        let place = |at: i128| u16::try_from(at.clamp(0, shown) * i128::from(LENGTH) / shown).unwrap_or(LENGTH);
        let due = place(whole);
        let made = i128::from(self.progress().clamp(0, 100)) * i128::from(due) / 100;
        Timeline {
            due,
            today: (is_running && now >= start).then(|| place(gone)),
            made: u16::try_from(made).unwrap_or(due),
            gone: i64::try_from(gone * 100 / whole).unwrap_or(i64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::Status;
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a valid instant")
    }

    fn course(status: Status) -> Course {
        let day = |text: &str| text.parse().expect("a valid day");
        Course { status, ordered: 200, completed: 150, starts_on: day("2026-01-18"), due_on: day("2026-01-25") }
    }

    #[test]
    fn a_bar_shows_what_is_gone_what_is_made_and_how_late_it_is() {
        use Status::{Completed, InProgress};
        for (status, now, due, today, made, gone) in [
            (InProgress, "2026-01-10T00:00:00Z", 1000, None, 750, 0),
            (InProgress, "2026-01-18T00:00:00Z", 1000, Some(0), 750, 0),
            (InProgress, "2026-01-22T00:00:00Z", 1000, Some(500), 750, 50),
            (InProgress, "2026-01-26T00:00:00Z", 1000, Some(1000), 750, 100),
            (InProgress, "2026-01-28T00:00:00Z", 800, Some(1000), 600, 125),
            (InProgress, "2026-12-28T00:00:00Z", 500, Some(1000), 375, 4300),
            (Completed, "2026-12-28T00:00:00Z", 1000, None, 750, 4300),
        ] {
            let bar = course(status).timeline(at(now), Tz::UTC);
            assert_eq!(bar, Timeline { due, today, made, gone }, "{status:?} {now}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_a_bar_lies_outside_of_it(days in -4_000_i64..4_000, completed in 0_i64..1_000_000_000_000,
            ordered in 0_i64..1_000_000_000_000) {
            let course = Course { ordered, completed, ..course(Status::InProgress) };
            let bar = course.timeline(at("2026-01-20T12:00:00Z") + TimeDelta::days(days), Tz::UTC);
            prop_assert!(bar.due <= LENGTH && bar.made <= bar.due && bar.today.is_none_or(|today| today <= LENGTH));
            prop_assert!(bar.elapsed() + bar.late() <= LENGTH);
        }
    }
}
