//! When somebody is reminded of a shift. Pure.

use crate::kit::Instant;
use chrono::TimeDelta;

/// How long before the start. **Source**: the issue of the notices, part 10.
const BEFORE: TimeDelta = TimeDelta::minutes(15);

/// When to remind of a shift that starts then; none once it has begun. What lies in the past is to be done at once.
pub fn remind_at(starts_at: Instant, now: Instant) -> Option<Instant> {
    (starts_at > now).then(|| starts_at - BEFORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reminder_comes_a_quarter_of_an_hour_before_and_not_after_the_start() {
        let at = |text: &str| text.parse::<Instant>().expect("a valid instant");
        let starts_at = at("2026-01-19T06:00:00Z");
        for (now, expected) in [
            ("2026-01-18T14:30:22Z", Some("2026-01-19T05:45:00Z")),
            ("2026-01-19T05:59:59Z", Some("2026-01-19T05:45:00Z")),
            ("2026-01-19T06:00:00Z", None),
            ("2026-01-20T06:00:00Z", None),
        ] {
            assert_eq!(remind_at(starts_at, at(now)), expected.map(at), "{now}");
        }
    }
}
