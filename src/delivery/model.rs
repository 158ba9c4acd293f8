//! The rules of delivering: when to try again, when to give up, how a long text is parted. Pure.

use crate::channels::{Retry, SendError};
use crate::kit::Instant;
use chrono::TimeDelta;
use std::time::Duration;

/// The wait before the second attempt; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// No wait is longer than this.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// Where the provider may have the message all the same, its status callback gets this long to say so.
const DOUBT: Duration = Duration::from_secs(30);
/// After this many attempts a delivery has failed (about four hours of trying).
pub const MOST_ATTEMPTS: i32 = 24;
/// A channel that refused our credentials is asked again after this time, with one message.
pub const CHANNEL_PAUSE: Duration = Duration::from_secs(30);
/// A reply that could not leave within this time is worth less than the answer to a later message.
pub fn reply_patience() -> TimeDelta {
    TimeDelta::minutes(10)
}
/// How long a lease lasts: longer than any request to a provider may take.
pub fn lease_time() -> TimeDelta {
    TimeDelta::seconds(60)
}

/// What becomes of a delivery after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again at this instant.
    Again(Instant),
    /// The attempt does not count: the whole channel is out.
    Wait(Instant),
    /// It has failed.
    GiveUp,
}

/// Decides after the failed attempt number `attempt` (from 1). `chance` is a random number in 0..1.
pub fn after_failure(error: &SendError, attempt: i32, now: Instant, chance: f64) -> Next {
    match error.retry {
        Retry::Never => Next::GiveUp,
        Retry::StopChannel => Next::Wait(now + CHANNEL_PAUSE),
        Retry::Later(_) if attempt >= MOST_ATTEMPTS => Next::GiveUp,
        Retry::Later(asked) => {
            let wait = asked.unwrap_or_else(|| backoff(attempt, chance)).min(LONGEST_WAIT);
            Next::Again(now + if error.in_doubt { wait.max(DOUBT) } else { wait })
        }
    }
}

/// Exponential backoff with jitter: half of the step for certain, the other half by chance.
fn backoff(attempt: i32, chance: f64) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(16);
    let step = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    step.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

/// Parts a text at paragraphs, lines, words or, if need be, characters, each part within `max_chars`.
///
/// **Units:** characters as the provider counts them here, Unicode scalar values.
pub fn parts(text: &str, max_chars: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while rest.chars().count() > max_chars {
        let hard = rest.char_indices().nth(max_chars).map_or(rest.len(), |(at, _)| at);
        let head = &rest[..hard];
        let cut = ["\n\n", "\n", " "].iter().find_map(|gap| head.rfind(gap).filter(|at| *at > 0)).unwrap_or(hard);
        parts.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    parts.push(rest.to_owned());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn failure(retry: Retry) -> SendError {
        SendError { name: "test", code: None, retry, in_doubt: false, advice: String::new() }
    }

    #[test]
    fn a_refused_message_is_given_up_and_a_late_one_tried_again() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(after_failure(&failure(Retry::Never), 1, now, 0.5), Next::GiveUp);
        assert_eq!(after_failure(&failure(Retry::Later(None)), 1, now, 1.0), Next::Again(now + FIRST_WAIT));
        assert_eq!(after_failure(&failure(Retry::Later(None)), 3, now, 1.0), Next::Again(now + 4 * FIRST_WAIT));
        assert_eq!(after_failure(&failure(Retry::Later(None)), MOST_ATTEMPTS, now, 1.0), Next::GiveUp);
        let asked = Duration::from_secs(7);
        assert_eq!(after_failure(&failure(Retry::Later(Some(asked))), 1, now, 0.0), Next::Again(now + asked));
        assert_eq!(after_failure(&failure(Retry::StopChannel), 99, now, 0.0), Next::Wait(now + CHANNEL_PAUSE));
    }

    #[test]
    fn a_send_in_doubt_waits_for_a_callback_first() {
        let now = DateTime::UNIX_EPOCH;
        let doubtful = SendError { in_doubt: true, ..failure(Retry::Later(None)) };
        assert_eq!(after_failure(&doubtful, 1, now, 1.0), Next::Again(now + DOUBT));
        assert_eq!(after_failure(&doubtful, 6, now, 1.0), Next::Again(now + 32 * FIRST_WAIT));
    }

    #[test]
    fn a_long_text_is_parted_where_a_reader_would_pause() {
        assert_eq!(parts("one two three", 8), ["one two", "three"]);
        assert_eq!(parts("one\ntwo three four", 10), ["one", "two three", "four"]);
        assert_eq!(parts("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(parts("", 4), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn parts_keep_every_word_and_the_limit(text in "\\PC{0,400}", limit in 1_usize..50) {
            let parted = parts(&text, limit);
            prop_assert!(parted.iter().all(|part| part.chars().count() <= limit));
            let words = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(words(&parted.concat()), words(&text));
        }

        #[test]
        fn a_wait_is_bounded(attempt in 0_i32..1000, chance in 0.0_f64..1.0) {
            let wait = backoff(attempt, chance);
            prop_assert!(wait >= FIRST_WAIT / 2 && wait <= LONGEST_WAIT);
        }
    }
}
