//! The window: the 24 hours after somebody's last message to a sender of ours. Pure.

use crate::kit::Instant;
use chrono::TimeDelta;

/// How long after somebody's last message a sender may write to them in words of its own. Source: Twilio's error 63016,
/// Meta's 131047.
const WINDOW: TimeDelta = TimeDelta::hours(24);
/// A message takes its time: so much earlier the window counts as shut.
const WINDOW_MARGIN: TimeDelta = TimeDelta::minutes(1);

/// Whether only an approved template may go to somebody who last wrote at `last_inbound_at`, where the provider said at
/// `refused_at` that this was too long ago. Of whom nothing is known, the provider is asked by sending.
pub fn is_window_shut(last_inbound_at: Option<Instant>, refused_at: Option<Instant>, now: Instant) -> bool {
    match last_inbound_at {
        Some(at) => now >= at + WINDOW - WINDOW_MARGIN || refused_at.is_some_and(|refused| refused >= at),
        None => refused_at.is_some(),
    }
}

/// Whether it is known that this sender may write in words of its own.
pub fn is_window_open(last_inbound_at: Option<Instant>, refused_at: Option<Instant>, now: Instant) -> bool {
    last_inbound_at.is_some() && !is_window_shut(last_inbound_at, refused_at, now)
}

/// Until when words of our own may go to somebody who last wrote at this instant; none where that is over.
pub fn open_until(last_inbound_at: Option<Instant>, refused_at: Option<Instant>, now: Instant) -> Option<Instant> {
    let until = last_inbound_at? + WINDOW - WINDOW_MARGIN;
    is_window_open(last_inbound_at, refused_at, now).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn a_window_is_shut_a_day_after_the_last_message_or_once_the_provider_said_so() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(9);
        let ago = |minutes| Some(now - TimeDelta::minutes(minutes));
        for (last_inbound_at, refused_at, is_shut) in [
            (None, None, false),
            (None, ago(5), true),
            (ago(1), None, false),
            (ago(24 * 60 - 2), None, false),
            (ago(24 * 60 - 1), None, true),
            (ago(5), ago(10), false),
            (ago(10), ago(5), true),
        ] {
            assert_eq!(is_window_shut(last_inbound_at, refused_at, now), is_shut, "{last_inbound_at:?} {refused_at:?}");
            let is_known_open = !is_shut && last_inbound_at.is_some();
            assert_eq!(is_window_open(last_inbound_at, refused_at, now), is_known_open, "{last_inbound_at:?}");
        }
    }
}
