//! Where an order stands: its status, its progress, and whether it will be on time. Pure.

use crate::kit::{Instant, stored_enum};
use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

stored_enum! {
    /// Where an order stands in the plant.
    #[schema(as = OrderStatus)]
    pub enum Status {
        /// Taken in, not planned.
        Pending = "PENDING",
        /// Planned.
        Scheduled = "SCHEDULED",
        /// Being made.
        InProgress = "IN_PROGRESS",
        /// Stopped until its holds are released.
        OnHold = "ON_HOLD",
        /// Made.
        Completed = "COMPLETED",
        /// Will not be made.
        Cancelled = "CANCELLED",
    }
}

impl Status {
    /// Whether nothing more is to be done.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

/// Whether an order will be on time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = OrderSla)]
pub enum Sla {
    /// As things stand, yes; also every order that is finished.
    OnTrack,
    /// Less than a quarter of its time is left, and progress is behind the time that went by.
    AtRisk,
    /// It is past its due day.
    Overdue,
}

impl Sla {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OnTrack, Self::AtRisk, Self::Overdue];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnTrack => "ON_TRACK",
            Self::AtRisk => "AT_RISK",
            Self::Overdue => "OVERDUE",
        }
    }
}

/// What decides whether an order will be on time.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// Where it stands.
    pub status: Status,
    /// Pieces ordered.
    pub ordered: i64,
    /// Good pieces made.
    pub completed: i64,
    /// The day on which work begins.
    pub starts_on: NaiveDate,
    /// The day at whose end it is due.
    pub due_on: NaiveDate,
}

impl Course {
    /// The order's progress in whole percent; see [`progress`].
    pub fn progress(&self) -> i64 {
        progress(self.completed, self.ordered)
    }

    /// When its time begins, and when it ends, as days begin and end in the plant's time zone `tz`.
    pub(super) fn bounds(&self, tz: Tz) -> (Instant, Instant) {
        let due = self.due_on.succ_opt().unwrap_or(self.due_on);
        (start_of_day(self.starts_on, tz), start_of_day(due, tz))
    }

    /// Whether the order will be on time, seen at `now`; days begin and end in the plant's time zone `tz`.
    pub fn sla(&self, now: Instant, tz: Tz) -> Sla {
        if self.status.is_final() {
            return Sla::OnTrack;
        }
        let (start, due) = self.bounds(tz);
        if now >= due {
            return Sla::Overdue;
        }
        // Milliseconds in i128: neither the product of two nor a far date can overflow.
        let millis = |span: TimeDelta| i128::from(span.num_milliseconds());
        let (whole, gone, left) = (millis(due - start), millis(now - start), millis(due - now));
        let is_behind = i128::from(self.completed) * whole < gone * i128::from(self.ordered);
        if left * 4 < whole && is_behind { Sla::AtRisk } else { Sla::OnTrack }
    }
}

/// ⌊100 × completed / ordered⌋.
///
/// **Units**: whole percent; above 100 when more was made than ordered, 0 when nothing was ordered.
pub fn progress(completed: i64, ordered: i64) -> i64 {
    if ordered <= 0 {
        return 0;
    }
    let percent = (i128::from(completed) * 100).div_euclid(i128::from(ordered));
    i64::try_from(percent).unwrap_or(i64::MAX)
}

/// The first instant of a day. Where the clocks skip midnight, the day begins when they have jumped.
pub fn start_of_day(day: NaiveDate, tz: Tz) -> Instant {
    let midnight = day.and_time(NaiveTime::MIN);
    (0..=24 * 4)
        .filter_map(|quarters| midnight.checked_add_signed(TimeDelta::minutes(15 * quarters)))
        .find_map(|local| tz.from_local_datetime(&local).earliest())
        .map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America, Asia, Europe};
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a valid day")
    }

    fn at(text: &str) -> Instant {
        text.parse().expect("a valid instant")
    }

    fn course(status: Status, completed: i64) -> Course {
        // Eight days, the last two of which are the last quarter.
        Course { status, ordered: 200, completed, starts_on: day("2026-01-18"), due_on: day("2026-01-25") }
    }

    #[test]
    fn an_order_is_judged_by_its_time_and_its_progress() {
        use Status::{Cancelled, Completed, InProgress, OnHold, Pending};
        for (status, completed, now, expected) in [
            (InProgress, 150, "2026-01-20T12:00:00Z", Sla::OnTrack),
            (Pending, 0, "2026-01-10T12:00:00Z", Sla::OnTrack),
            (InProgress, 0, "2026-01-23T23:59:59Z", Sla::OnTrack), // a quarter is left, to the second
            (InProgress, 0, "2026-01-24T00:00:01Z", Sla::AtRisk),
            (InProgress, 150, "2026-01-24T00:00:01Z", Sla::AtRisk),
            (InProgress, 151, "2026-01-24T00:00:01Z", Sla::OnTrack),
            (OnHold, 100, "2026-01-25T12:00:00Z", Sla::AtRisk),
            (InProgress, 199, "2026-01-25T23:59:59.999999Z", Sla::AtRisk),
            (InProgress, 200, "2026-01-26T00:00:00Z", Sla::Overdue),
            (OnHold, 100, "2026-03-01T00:00:00Z", Sla::Overdue),
            (Completed, 200, "2026-03-01T00:00:00Z", Sla::OnTrack),
            (Cancelled, 0, "2026-03-01T00:00:00Z", Sla::OnTrack),
        ] {
            assert_eq!(course(status, completed).sla(at(now), Tz::UTC), expected, "{status:?} {completed} {now}");
        }
    }

    #[test]
    fn the_due_day_ends_in_the_plants_time_zone() {
        let course = course(Status::InProgress, 200);
        assert_eq!(course.sla(at("2026-01-26T04:59:59Z"), America::New_York), Sla::OnTrack);
        assert_eq!(course.sla(at("2026-01-26T05:00:00Z"), America::New_York), Sla::Overdue);
        assert_eq!(course.sla(at("2026-01-25T18:29:59Z"), Asia::Kolkata), Sla::OnTrack);
        assert_eq!(course.sla(at("2026-01-25T18:30:00Z"), Asia::Kolkata), Sla::Overdue);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_when_the_clocks_have_jumped() {
        // Beirut's clocks went from 2024-03-31 00:00 to 01:00; Berlin's jump at 02:00 touches no midnight.
        assert_eq!(start_of_day(day("2024-03-31"), Asia::Beirut), at("2024-03-30T22:00:00Z"));
        assert_eq!(start_of_day(day("2024-03-31"), Europe::Berlin), at("2024-03-30T23:00:00Z"));
    }

    #[test]
    fn progress_is_floored() {
        for (completed, ordered, percent) in
            [(150, 200, 75), (199, 200, 99), (200, 200, 100), (250, 200, 125), (0, 0, 0), (5, 0, 0), (1, 3, 33)]
        {
            assert_eq!(progress(completed, ordered), percent, "{completed} of {ordered}");
        }
    }

    proptest! {
        #[test]
        fn progress_is_the_greatest_percent_not_above_the_share(completed in 0..i64::MAX / 100, ordered in 1..i64::MAX) {
            let percent = i128::from(progress(completed, ordered));
            let (completed, ordered) = (i128::from(completed), i128::from(ordered));
            prop_assert!(percent * ordered <= 100 * completed);
            prop_assert!((percent + 1) * ordered > 100 * completed);
        }

        #[test]
        fn an_order_never_gets_better_by_waiting_nor_worse_by_work(
            completed in 0_i64..400, more in 0_i64..400, hours in 0_i64..400, later in 0_i64..400,
        ) {
            let now = at("2026-01-16T00:00:00Z") + TimeDelta::hours(hours);
            let before = course(Status::InProgress, completed).sla(now, Tz::UTC);
            prop_assert!(before <= course(Status::InProgress, completed).sla(now + TimeDelta::hours(later), Tz::UTC));
            prop_assert!(before >= course(Status::InProgress, completed + more).sla(now, Tz::UTC));
        }
    }
}
