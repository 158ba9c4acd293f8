//! A deadline's clock: how much time is left, and what to call that.
//!
//! While a ticket is on hold the time left stands still and the deadline moves away with the present; so
//! `due(now) - now` is the time left at every moment. A deadline that passed before the hold stays broken.

use crate::kit::Instant;
use chrono::TimeDelta;
use chrono_tz::Tz;
use serde::Serialize;

/// A warning starts when this part of the allowed time, or less, is left: one in so many. **Source**: product.md.
const WARNING_PART: i32 = 4;
const MINUTES_PER_HOUR: i64 = 60;

/// How a deadline stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Time enough.
    Ok,
    /// A quarter of the allowed time is left, or less.
    Warning,
    /// The deadline has passed.
    Breached,
    /// On hold: the time left stands still.
    Paused,
    /// What was promised is done, in time or not.
    Done,
}

impl State {
    /// The name that look-ups and the API show.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Breached => "BREACHED",
            Self::Paused => "PAUSED",
            Self::Done => "DONE",
        }
    }
}

/// One deadline of one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Since when the time counts.
    pub started_at: Instant,
    /// The deadline, moved by the pauses that have ended.
    pub due_at: Instant,
    /// How long the pauses that have ended took together.
    pub paused_for: TimeDelta,
    /// Since when it stands still.
    pub paused_at: Option<Instant>,
    /// When the promise was kept.
    pub stopped_at: Option<Instant>,
}

impl Clock {
    /// The deadline as it stands at `now`, moved by a pause that is still going on.
    pub fn due(&self, now: Instant) -> Instant {
        match (self.stopped_at, self.paused_at) {
            (None, Some(paused_at)) => self.due_at + (now - paused_at).max(TimeDelta::zero()),
            _ => self.due_at,
        }
    }

    /// The time left; negative once the deadline has passed, and what was left at the end once it is done.
    pub fn time_left(&self, now: Instant) -> TimeDelta {
        match (self.stopped_at, self.paused_at) {
            (Some(stopped_at), _) => self.due_at - stopped_at,
            (None, Some(paused_at)) => self.due_at - paused_at,
            (None, None) => self.due_at - now,
        }
    }

    /// How it stands at `now`.
    pub fn state(&self, now: Instant) -> State {
        let left = self.time_left(now);
        let allowed = self.allowed();
        if self.stopped_at.is_some() {
            State::Done
        } else if left < TimeDelta::zero() {
            State::Breached
        } else if self.paused_at.is_some() {
            State::Paused
        } else if left * WARNING_PART <= allowed {
            State::Warning
        } else {
            State::Ok
        }
    }

    /// The first instant of the warning, as the deadline stands now; that of the breach, where no time was ever left.
    pub fn warns_at(&self) -> Instant {
        match self.allowed().num_microseconds() {
            Some(allowed) if allowed >= 0 => self.due_at - TimeDelta::microseconds(allowed / i64::from(WARNING_PART)),
            _ => self.passed_at(),
        }
    }

    /// The first instant at which the deadline has passed, as it stands now.
    pub fn passed_at(&self) -> Instant {
        self.due_at + TimeDelta::microseconds(1)
    }

    /// Whether time goes by.
    pub fn is_running(&self) -> bool {
        self.stopped_at.is_none() && self.paused_at.is_none()
    }

    /// The deadline that is broken once it has passed; none where the promise was kept, and while time stands still
    /// before it.
    pub fn breaks_at(&self) -> Option<Instant> {
        let is_kept = self.stopped_at.is_some() || self.paused_at.is_some_and(|paused_at| self.due_at >= paused_at);
        (!is_kept).then_some(self.due_at)
    }

    fn allowed(&self) -> TimeDelta {
        self.due_at - self.started_at - self.paused_for
    }

    /// Whether the deadline passed before the promise was kept.
    pub fn is_breached(&self, now: Instant) -> bool {
        self.time_left(now) < TimeDelta::zero()
    }
}

/// `44h 32m`; seconds are dropped, so that never more is shown than is left, and an overdue time reads `-1h 05m`.
pub fn format_left(left: TimeDelta) -> String {
    let whole = left.num_minutes();
    // Downwards also below zero: a deadline missed by a second is missed by a minute, not by "-0h 00m".
    let minutes = if left < TimeDelta::minutes(whole) { whole - 1 } else { whole };
    let sign = if minutes < 0 { "-" } else { "" };
    let (hours, minutes) = (minutes.abs() / MINUTES_PER_HOUR, minutes.abs() % MINUTES_PER_HOUR);
    format!("{sign}{hours}h {minutes:02}m")
}

/// `2026-01-20 14:30 UTC`: on the plant's wall, with the time zone's abbreviation.
pub fn format_instant(at: Instant, tz: Tz) -> String {
    at.with_timezone(&tz).format("%Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minutes: i64) -> Instant {
        let start: Instant = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
        start + TimeDelta::minutes(minutes)
    }

    /// Started at 0, due after 100 minutes.
    fn clock(paused_at: Option<i64>, stopped_at: Option<i64>) -> Clock {
        Clock {
            started_at: at(0),
            due_at: at(100),
            paused_for: TimeDelta::zero(),
            paused_at: paused_at.map(at),
            stopped_at: stopped_at.map(at),
        }
    }

    #[test]
    fn a_clock_is_called_what_it_is() {
        for (paused_at, stopped_at, now, state) in [
            (None, None, 0, State::Ok),
            (None, None, 74, State::Ok),
            (None, None, 75, State::Warning),
            (None, None, 100, State::Warning),
            (None, None, 101, State::Breached),
            (Some(10), None, 500, State::Paused),
            (Some(90), None, 500, State::Paused),
            (Some(101), None, 500, State::Breached),
            (None, Some(50), 500, State::Done),
            (None, Some(200), 500, State::Done),
            (Some(10), Some(50), 500, State::Done),
        ] {
            let clock = clock(paused_at, stopped_at);
            assert_eq!(clock.state(at(now)), state, "paused {paused_at:?}, stopped {stopped_at:?}, now {now}");
        }
    }

    #[test]
    fn what_was_done_late_stays_breached() {
        assert!(clock(None, Some(101)).is_breached(at(500)));
        assert!(!clock(None, Some(99)).is_breached(at(500)));
    }

    #[test]
    fn a_pause_does_not_make_the_warning_start_sooner() {
        let paused = Clock { due_at: at(1100), paused_for: TimeDelta::minutes(1000), ..clock(None, None) };
        assert_eq!(paused.state(at(1074)), State::Ok);
        assert_eq!(paused.state(at(1075)), State::Warning);
    }

    #[test]
    fn time_left_reads_in_hours_and_minutes() {
        for (seconds, text) in [
            (44 * 3600 + 32 * 60, "44h 32m"),
            (44 * 3600 + 32 * 60 + 59, "44h 32m"),
            (59 * 60, "0h 59m"),
            (59, "0h 00m"),
            (0, "0h 00m"),
            (-1, "-0h 01m"),
            (-60, "-0h 01m"),
            (-65 * 60, "-1h 05m"),
            (-100 * 3600, "-100h 00m"),
        ] {
            assert_eq!(format_left(TimeDelta::seconds(seconds)), text, "{seconds} s");
        }
    }

    #[test]
    fn an_instant_reads_as_on_the_plants_wall() {
        assert_eq!(format_instant(at(0), Tz::UTC), "2026-01-18 14:30 UTC");
        assert_eq!(format_instant(at(0), Tz::Europe__Berlin), "2026-01-18 15:30 CET");
    }

    proptest! {
        #[test]
        fn the_deadline_less_the_present_is_always_the_time_left(
            paused_at in proptest::option::of(0_i64..300), later in 0_i64..1000,
        ) {
            let clock = clock(paused_at, None);
            let now = at(paused_at.unwrap_or(0) + later);
            prop_assert_eq!(clock.due(now) - now, clock.time_left(now));
        }

        #[test]
        fn while_paused_no_time_passes(paused_at in 0_i64..300, sooner in 0_i64..1000, later in 0_i64..1000) {
            let clock = clock(Some(paused_at), None);
            let (sooner, later) = (at(paused_at + sooner), at(paused_at + later));
            prop_assert_eq!(clock.time_left(sooner), clock.time_left(later));
            prop_assert_eq!(clock.state(sooner), clock.state(later));
        }

        #[test]
        fn a_running_clock_only_gets_worse(sooner in -50_i64..300, later in 0_i64..300) {
            let rank = |state| [State::Ok, State::Warning, State::Breached].iter().position(|s| *s == state);
            let clock = clock(None, None);
            prop_assert!(rank(clock.state(at(sooner))).is_some());
            prop_assert!(rank(clock.state(at(sooner))) <= rank(clock.state(at(sooner + later))));
        }

        #[test]
        fn never_more_is_shown_than_is_left(seconds in -1_000_000_i64..1_000_000) {
            let shown = format_left(TimeDelta::seconds(seconds));
            let (sign, figures) = shown.strip_prefix('-').map_or((1, shown.as_str()), |rest| (-1, rest));
            let (hours, minutes) = figures.trim_end_matches('m').split_once("h ").expect("hours and minutes");
            let read = |text: &str| text.parse::<i64>().expect("a number");
            let shown = sign * (read(hours) * 60 + read(minutes)) * 60;
            prop_assert!(shown <= seconds && seconds < shown + 60);
        }
    }
}
