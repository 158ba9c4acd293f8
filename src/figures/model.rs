//! What is counted of a day, and by what. Pure.

use super::spread::Spread;
use crate::delivery::prices::model::begins;
use crate::kit::{Instant, stored_enum};
use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Timelike as _};
use chrono_tz::Tz;
use std::collections::BTreeMap;

stored_enum! {
    /// What is counted. Beside each stands what `slice` says there; where `kind` is not a ticket's, what that is.
    pub enum Measure {
        /// Tickets that were made. No slice.
        Came = "tickets.came",
        /// The same, by weekday and hour: `1-08`.
        CameAt = "tickets.came_at",
        /// Tickets that ended: [`CLOSED`](crate::tickets::Status), CANCELLED.
        Ended = "tickets.ended",
        /// Tickets that somebody answered for, and how long that took: [`Kept`].
        Responded = "tickets.responded",
        /// Tickets that were resolved, and how long that took without its holds: [`Kept`].
        Resolved = "tickets.resolved",
        /// Tickets resolved in time, by the row of who had them.
        KeptBy = "tickets.kept_by",
        /// Tickets resolved too late, by the row of who had them.
        BrokenBy = "tickets.broken_by",
        /// Defects that were reported, by sort.
        DefectType = "defects.type",
        /// The same, by the order's number.
        DefectOrder = "defects.order",
        /// Breakdowns that were reported, by the machine's number.
        Breakdown = "machines.breakdown",
        /// Messages from people; the kind is the channel. No slice.
        Received = "messages.received",
        /// The same, by weekday and hour: `1-08`.
        ReceivedAt = "messages.received_at",
        /// Messages to people that a provider took; the kind is the channel. No slice.
        Sent = "messages.sent",
        /// Those that it refused; the kind is the channel. No slice.
        Refused = "messages.refused",
        /// What they cost; the kind is the channel, the slice the currency, the total millionths of it.
        Cost = "messages.cost",
        /// Forms that were begun in the chat; the kind is the flow. No slice.
        FormBegun = "forms.begun",
        /// Forms that were finished; the kind is the flow. No slice.
        FormDone = "forms.done",
        /// Forms that were left; the kind is the flow, the slice the question that was open.
        FormLeft = "forms.left",
    }
}

stored_enum! {
    /// Whether a deadline was kept.
    pub enum Kept {
        /// It was.
        Kept = "KEPT",
        /// It was not.
        Broken = "BROKEN",
        /// There was none.
        Free = "FREE",
    }
}

stored_enum! {
    /// What is counted together: a change to its rows has a day counted again.
    pub enum Family {
        /// From tickets and what belongs to them.
        Tickets = "tickets",
        /// From messages, attempts to send, and forms.
        Messages = "messages",
    }
}

impl Family {
    /// What belongs to it.
    pub fn measures(self) -> impl Iterator<Item = Measure> {
        use Measure as M;
        let of_messages = |measure: &M| {
            matches!(
                measure,
                M::Received | M::ReceivedAt | M::Sent | M::Refused | M::Cost | M::FormBegun | M::FormDone | M::FormLeft
            )
        };
        M::ALL.into_iter().filter(move |measure| of_messages(measure) == (self == Self::Messages))
    }
}

impl Kept {
    /// How the deadline of something done at `done_at` was kept.
    pub fn of(due_at: Option<Instant>, done_at: Instant) -> Self {
        match due_at {
            None => Self::Free,
            Some(due_at) if done_at <= due_at => Self::Kept,
            Some(_) => Self::Broken,
        }
    }
}

/// What a figure is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Of {
    /// What is counted.
    pub measure: Measure,
    /// The department that answers for it; empty: none.
    pub department: String,
    /// The ticket's kind, or the channel.
    pub kind: String,
    /// What else it is counted by.
    pub slice: String,
}

/// A figure of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub n: i64,
    /// What they amount to together.
    pub total: i64,
    /// How they are spread.
    pub spread: Option<Spread>,
}

/// The figures of one day as they are gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Of, Amount>);

impl Tally {
    /// Counts so many of these.
    pub fn add(&mut self, of: Of, n: i64, total: i64) {
        let amount = self.0.entry(of).or_default();
        amount.n += n;
        amount.total = amount.total.saturating_add(total);
    }

    /// Counts one that took so many seconds.
    pub fn took(&mut self, of: Of, seconds: i64) {
        let amount = self.0.entry(of).or_default();
        amount.n += 1;
        amount.total = amount.total.saturating_add(seconds);
        amount.spread.get_or_insert_default().add(seconds);
    }

    /// All of them.
    pub fn into_figures(self) -> impl Iterator<Item = (Of, Amount)> {
        self.0.into_iter()
    }
}

/// The day at the plant that an instant lies in.
pub fn day_of(at: Instant, tz: Tz) -> NaiveDate {
    at.with_timezone(&tz).date_naive()
}

/// When a day at the plant begins, and when the next one does.
pub fn bounds(day: NaiveDate, tz: Tz) -> (Instant, Instant) {
    (begins(day, tz), begins(day.succ_opt().unwrap_or(day), tz))
}

/// The hours of a day at the plant: when each begins and ends, and its slice. There are 23 or 25 of them where the
/// clocks are changed; both of what is one hour on the wall are one slice.
pub fn hours(day: NaiveDate, tz: Tz) -> Vec<(Instant, Instant, String)> {
    let (mut at, end) = bounds(day, tz);
    let mut hours = Vec::with_capacity(25);
    while at < end {
        let next = (at + TimeDelta::hours(1)).min(end);
        hours.push((at, next, hour_of(at, tz)));
        at = next;
    }
    hours
}

/// The weekday (1 is Monday) and hour at the plant, `1-08`.
pub fn hour_of(at: Instant, tz: Tz) -> String {
    let at: DateTime<Tz> = at.with_timezone(&tz);
    format!("{}-{:02}", at.weekday().number_from_monday(), at.hour())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn a_day_has_the_hours_of_the_plants_wall() {
        let usual = hours(day("2026-01-18"), Tz::UTC);
        assert_eq!(usual.len(), 24);
        assert_eq!((usual[0].2.as_str(), usual[23].2.as_str()), ("7-00", "7-23"));
        assert_eq!(hours(day("2026-03-29"), Tz::Europe__Berlin).len(), 23);
        let long = hours(day("2026-10-25"), Tz::Europe__Berlin);
        assert_eq!(long.len(), 25);
        assert_eq!((long[2].2.as_str(), long[3].2.as_str()), ("7-02", "7-02"));
        for hours in [usual, long] {
            assert!(hours.windows(2).all(|pair| pair[0].1 == pair[1].0), "no gap and no overlap");
        }
    }

    #[test]
    fn every_measure_is_of_one_family() {
        let all: Vec<Measure> = Family::ALL.into_iter().flat_map(Family::measures).collect();
        assert_eq!(all.len(), Measure::ALL.len());
        assert!(Family::Messages.measures().all(|measure| !measure.as_str().starts_with("tickets")));
    }
}
