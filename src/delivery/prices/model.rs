//! When a message's price is asked, and in which month it counts. Pure.

use crate::channels::Status;
use crate::kit::Instant;
use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// So long after a message was taken it is looked at first: most have arrived by then.
const FIRST_LOOK: TimeDelta = TimeDelta::minutes(1);
/// So long after it was taken its price is asked although nobody has said what became of it.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);
/// When a price that was not known yet is asked again; after the last it stays unknown.
const AGAIN_AFTER: [TimeDelta; 6] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(6),
    TimeDelta::hours(24),
];

/// When a message that was taken now is looked at first.
pub fn first_look(now: Instant) -> Instant {
    now + FIRST_LOOK
}

/// When to ask for the price of a message that was taken at `taken_at` and has this status; none where that is now.
pub fn not_before(status: &str, taken_at: Instant, now: Instant) -> Option<Instant> {
    let is_final = [Status::Delivered, Status::Read, Status::Failed].iter().any(|last| last.as_str() == status);
    Some(taken_at + PATIENCE).filter(|at| !is_final && *at > now)
}

/// When to ask again after so many questions, from 1, without a price; none where that is of no use any more.
pub fn again_at(tries: i32, now: Instant) -> Option<Instant> {
    let place = usize::try_from(tries - 1).unwrap_or(usize::MAX);
    AGAIN_AFTER.get(place).map(|wait| now + *wait)
}

/// The month at the plant that an instant lies in: `2026-01`.
pub fn month(at: Instant, tz: Tz) -> String {
    month_of(at.with_timezone(&tz).date_naive())
}

/// The month that a day lies in: `2026-01`.
pub fn month_of(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// When the month at the plant ends that this instant lies in.
pub fn month_ends(at: Instant, tz: Tz) -> Instant {
    let today = at.with_timezone(&tz).date_naive();
    let first = today.with_day(1).unwrap_or(today);
    let next = first.checked_add_months(chrono::Months::new(1)).unwrap_or(today);
    begins(next, tz)
}

/// When a day begins at the plant; where its midnight is skipped, with the first hour there is.
pub fn begins(day: NaiveDate, tz: Tz) -> Instant {
    let mut hours = (0..24).filter_map(|hour| day.and_hms_opt(hour, 0, 0));
    let first = hours.find_map(|at| tz.from_local_datetime(&at).earliest());
    first.map_or_else(|| fallback(day), |at: DateTime<Tz>| at.with_timezone(&Utc))
}

/// A day that a time zone skips as a whole ends where the next one begins in UTC.
fn fallback(day: NaiveDate) -> Instant {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    next.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a valid instant")
    }

    #[test]
    fn a_price_is_asked_once_the_message_is_through_or_ten_minutes_later() {
        let taken = at("2026-01-18T14:30:00Z");
        let after = |status: Status, minutes| {
            let now = taken + TimeDelta::minutes(minutes);
            not_before(status.as_str(), taken, now).map(|at| (at - taken).num_minutes())
        };
        for through in [Status::Delivered, Status::Read, Status::Failed] {
            assert_eq!(after(through, 1), None, "{through:?}");
        }
        for on_its_way in [Status::Queued, Status::Sending, Status::Sent] {
            assert_eq!((after(on_its_way, 1), after(on_its_way, 10)), (Some(10), None), "{on_its_way:?}");
        }
    }

    #[test]
    fn a_price_that_does_not_come_is_asked_seven_times_in_a_day_and_a_half() {
        let now = at("2026-01-18T14:30:00Z");
        let waits: Vec<i64> =
            (1..20).map_while(|tries| again_at(tries, now)).map(|at| (at - now).num_minutes()).collect();
        assert_eq!(waits, [1, 5, 30, 120, 360, 1440]);
    }

    #[test]
    fn a_month_is_the_plants() {
        let berlin: Tz = "Europe/Berlin".parse().expect("a zone");
        for (instant, zone, name, ends) in [
            ("2026-01-31T22:59:59Z", berlin, "2026-01", "2026-01-31T23:00:00Z"),
            ("2026-01-31T23:00:00Z", berlin, "2026-02", "2026-02-28T23:00:00Z"),
            ("2026-03-15T12:00:00Z", berlin, "2026-03", "2026-03-31T22:00:00Z"),
            ("2026-12-31T23:59:59Z", Tz::UTC, "2026-12", "2027-01-01T00:00:00Z"),
        ] {
            assert_eq!(
                (month(at(instant), zone).as_str(), month_ends(at(instant), zone)),
                (name, at(ends)),
                "{instant}"
            );
        }
    }
}
