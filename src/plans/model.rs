//! When a plan is due, and when people are reminded of it. Pure.

use crate::kit::{Instant, stored_enum};
use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// The longest time between two times, in days: ten years.
pub const MOST_DAYS: i64 = 3650;
/// People are reminded at this hour of the plant's day.
const HOUR: TimeDelta = TimeDelta::hours(7);

stored_enum! {
    /// What a reminder says of the day.
    pub enum When {
        /// It is due on the next day.
        Tomorrow = "TOMORROW",
        /// It is due on this day.
        Today = "TODAY",
        /// It was due on a day before; Andon was away then.
        Overdue = "OVERDUE",
    }
}

/// What comes of looking at a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What is to be said now, if anything.
    pub say: Option<When>,
    /// When to look again; none until the day is moved.
    pub next: Option<Instant>,
}

/// Looks at `now` at a plan that is due on `next_on` and was to be looked at from `planned` on: when its day was set, or
/// when its next reminder is due. Where the day was set on the eve after the hour, only the reminder on the day is sent;
/// where it was set on the day after the hour, that is sent at once; where it had passed by then, none is.
pub fn look(next_on: NaiveDate, planned: Instant, now: Instant, tz: Tz) -> Look {
    let eve = next_on.pred_opt().map(|eve| morning(eve, tz));
    let day = morning(next_on, tz);
    let date = |at: Instant| at.with_timezone(&tz).date_naive();
    let reminder = eve.into_iter().chain([day]).find(|reminder| *reminder >= planned);
    let Some(reminder) = reminder.or((date(planned) == next_on).then_some(day)) else {
        return Look { say: None, next: None };
    };
    let today = date(now);
    if now < reminder {
        Look { say: None, next: Some(reminder) }
    } else if today < next_on {
        Look { say: Some(When::Tomorrow), next: Some(day) }
    } else if now < day {
        Look { say: None, next: Some(day) }
    } else {
        Look { say: Some(if today == next_on { When::Today } else { When::Overdue }), next: None }
    }
}

/// The day on which it is due again, once it was done.
pub fn next_after(done_on: NaiveDate, every_days: i32) -> NaiveDate {
    done_on.checked_add_days(Days::new(u64::from(every_days.unsigned_abs()))).unwrap_or(NaiveDate::MAX)
}

/// Seven o'clock on this day; where the clocks skip it, an hour later.
fn morning(day: NaiveDate, tz: Tz) -> Instant {
    let local = day.and_time(NaiveTime::MIN) + HOUR;
    let at = tz.from_local_datetime(&local).earliest();
    let at = at.or_else(|| tz.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
    at.map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a valid instant")
    }

    /// Due on 2026-01-20 in Berlin, an hour ahead of UTC: reminders at 06:00 UTC of the 19th and the 20th.
    #[test]
    fn a_plan_is_told_the_day_before_and_on_the_day() {
        use When::{Overdue, Today, Tomorrow};
        const EVE: &str = "2026-01-19T06:00:00Z";
        const DAY: &str = "2026-01-20T06:00:00Z";
        for (planned, now, say, next) in [
            ("2026-01-10T12:00:00Z", "2026-01-10T12:00:05Z", None, Some(EVE)),
            (EVE, "2026-01-19T05:59:59Z", None, Some(EVE)),
            (EVE, EVE, Some(Tomorrow), Some(DAY)),
            (EVE, "2026-01-19T22:59:59Z", Some(Tomorrow), Some(DAY)),
            // Andon was away on the eve.
            (EVE, "2026-01-19T23:00:00Z", None, Some(DAY)),
            (EVE, "2026-01-20T09:00:00Z", Some(Today), None),
            (EVE, "2026-01-21T09:00:00Z", Some(Overdue), None),
            (DAY, DAY, Some(Today), None),
            (DAY, "2026-01-20T23:00:00Z", Some(Overdue), None),
            // The day was set on the eve, on the day, and when it had passed.
            ("2026-01-19T06:00:01Z", "2026-01-19T06:00:05Z", None, Some(DAY)),
            ("2026-01-20T06:00:01Z", "2026-01-20T06:00:05Z", Some(Today), None),
            ("2026-01-20T23:00:00Z", "2026-01-20T23:00:05Z", None, None),
            ("2026-02-20T06:00:00Z", "2026-02-20T06:00:05Z", None, None),
        ] {
            let looked = look("2026-01-20".parse().expect("a day"), at(planned), at(now), Tz::Europe__Berlin);
            assert_eq!(looked, Look { say, next: next.map(at) }, "planned {planned}, now {now}");
        }
    }

    #[test]
    fn what_was_done_is_due_again_after_so_many_days() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        assert_eq!(next_after(day("2026-01-20"), 30), day("2026-02-19"));
        assert_eq!(next_after(NaiveDate::MAX, 30), NaiveDate::MAX);
    }
}
