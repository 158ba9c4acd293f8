//! The rules of delivering: when to try again, when to give up, what a provider's list says of a message in doubt, how
//! a long text is parted. Pure.

mod parts;
mod window;

pub use parts::{parted, parts};
pub use window::{is_window_open, is_window_shut, open_until};

use crate::channels::{Retry, SendError, Sent};
use crate::kit::Instant;
use chrono::TimeDelta;
use std::time::Duration;

/// The wait before the second attempt; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// No wait is longer than this.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// Where the provider may have the message all the same, its status callback gets this long to say so, from the
/// beginning of the attempt; then the provider is asked.
pub const DOUBT: Duration = Duration::from_secs(30);
/// A question that could not be answered is put again after this time, later at longer intervals.
pub const ASK_AGAIN: Duration = Duration::from_secs(5);
/// A provider that could not be asked for this long will not be asked any more.
const DOUBT_PATIENCE: TimeDelta = TimeDelta::hours(4);
/// How far a provider's clock may differ from ours.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(2);
/// After this many attempts a delivery has failed (about four hours of trying).
pub const MOST_ATTEMPTS: i32 = 24;
/// A message that was taken and failed afterwards is tried this often in all: each one may cost.
const MOST_TAKEN: i32 = 5;
/// A message that was refused as too many for this long, however often, has failed.
const TOO_MANY_PATIENCE: TimeDelta = TimeDelta::days(1);
/// Where nobody says when to try a message again that was one too many.
const TOO_MANY_WAIT: Duration = Duration::from_mins(1);
/// A channel that refused our credentials is asked again after this time, with one message.
pub const CHANNEL_PAUSE: Duration = Duration::from_secs(30);
/// A provider that is away is tried again after this time, with one message.
pub const OUTAGE_PAUSE: Duration = Duration::from_secs(5);
/// So many failures one after the other, without a success between them, and the provider counts as away.
pub const OUTAGE: u32 = 20;
/// While more comes in than can be answered, this long is waited between two sets of sends, outcomes or receipts.
pub const HIGH_TIDE_BREATH: Duration = Duration::from_millis(60);
/// A process that was silent for this long is gone. It says every [`SIGN_OF_LIFE`] that it is there.
pub const PROCESS_LIFE: Duration = Duration::from_secs(6);
/// How often a process says that it is there.
pub const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// A reply that could not leave within this time is worth less than the answer to a later message.
pub fn reply_patience() -> TimeDelta {
    TimeDelta::minutes(10)
}

/// What becomes of a delivery after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again at this instant.
    Again(Instant),
    /// The attempt does not count: the whole channel is out, or its sender was too fast.
    Wait(Instant),
    /// It has failed.
    GiveUp,
}

/// Decides after the failed attempt number `attempt` (from 1), which began at `began`. `chance` is a random number in
/// 0..1. An attempt in doubt is never given up: first the provider is asked. One that was too many for its sender goes
/// again when the sender may, for a day since the delivery was made.
pub fn after_failure(
    error: &SendError,
    attempt: i32,
    (made, began): (Instant, Instant),
    now: Instant,
    chance: f64,
) -> Next {
    match error.retry {
        Retry::Never | Retry::Elsewhere => Next::GiveUp,
        Retry::Slower(_) if now - made > TOO_MANY_PATIENCE => Next::GiveUp,
        Retry::Slower(asked) => Next::Wait(now + asked.unwrap_or(TOO_MANY_WAIT)),
        Retry::SlowerToOne if attempt >= MOST_ATTEMPTS => Next::GiveUp,
        Retry::SlowerToOne => Next::Again(now + pair_wait(attempt)),
        Retry::StopChannel => Next::Wait(now + CHANNEL_PAUSE),
        Retry::Later(_) if attempt >= MOST_ATTEMPTS && !error.in_doubt => Next::GiveUp,
        Retry::Later(asked) => {
            let at = now + asked.unwrap_or_else(|| backoff(attempt, chance)).min(LONGEST_WAIT);
            Next::Again(if error.in_doubt { at.max(began + DOUBT) } else { at })
        }
    }
}

/// Decides after the provider could not be asked about an attempt that is in doubt since `doubted_at`: nothing is sent
/// before it could, however long that takes.
pub fn after_question(error: &SendError, doubted_at: Instant, now: Instant, chance: f64) -> Next {
    let doubted_for = now - doubted_at;
    if error.retry == Retry::StopChannel {
        return Next::Wait(now + CHANNEL_PAUSE);
    }
    if doubted_for > DOUBT_PATIENCE {
        return Next::GiveUp;
    }
    let asked = if let Retry::Later(asked) | Retry::Slower(asked) = error.retry { asked } else { None };
    let step =
        (doubted_for.to_std().unwrap_or_default() / 2).max(ASK_AGAIN).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
    Next::Again(now + asked.unwrap_or(step).min(LONGEST_WAIT))
}

/// When to try a message again that was taken, for the `times`-th time, and failed afterwards; `None` where that is of no
/// use. Attempts in which the provider was away do not count: it never had the message.
pub fn after_late_failure(retry: Retry, times: i32, now: Instant, chance: f64) -> Option<Instant> {
    let asked = match retry {
        Retry::Later(asked) => asked,
        Retry::Slower(asked) => Some(asked.unwrap_or(TOO_MANY_WAIT)),
        Retry::SlowerToOne => Some(pair_wait(times)),
        Retry::Never | Retry::Elsewhere | Retry::StopChannel => return None,
    };
    let wait = asked.map_or_else(|| backoff(times, chance), |asked| asked.saturating_mul(1 << doublings(times)));
    (times < MOST_TAKEN).then(|| now + wait.min(LONGEST_WAIT))
}

/// How long one person is left alone who was written to too much: 4^n seconds. Source: Meta's page on its pair rate.
fn pair_wait(attempt: i32) -> Duration {
    Duration::from_secs(4_u64.pow(doublings(attempt))).min(LONGEST_WAIT)
}

/// Exponential backoff with jitter: half of the step for certain, the other half by chance.
fn backoff(times: i32, chance: f64) -> Duration {
    let step = FIRST_WAIT.saturating_mul(1 << doublings(times)).min(LONGEST_WAIT);
    step.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

/// How often the first wait doubles before the next attempt, after so many.
fn doublings(times: i32) -> u32 {
    u32::try_from(times.saturating_sub(1)).unwrap_or(0).min(16)
}

/// Which of the messages that a provider lists may be the one with all the words of one of these sets, sent in an attempt
/// that began at `began`: the likeliest first. Trial accounts add words to a text, and a template stands around what is filled
/// in; the same text is likelier than one that holds it.
pub fn likely(listed: Vec<Sent>, words: &[Vec<String>], began: Instant) -> Vec<Sent> {
    // A provider, or what a message is filled into there, may have changed its blanks.
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words: Vec<Vec<String>> = words.iter().map(|all| all.iter().map(|text| plain(text)).collect()).collect();
    let is_likely = |sent: &Sent| {
        let text = plain(&sent.text);
        let has_all = |words: &Vec<String>| words.iter().all(|words| text.contains(words.as_str()));
        sent.created_at >= began - CLOCK_SKEW && words.iter().any(has_all)
    };
    let mut likely: Vec<Sent> = listed.into_iter().filter(is_likely).collect();
    likely.sort_by_key(|sent| (sent.text.trim().len(), sent.created_at));
    likely
}

/// Replies go before notices: each has a lane of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What somebody waits for: answers to their messages, and tests.
    Replies,
    /// What tells people of events.
    Notices,
}

impl Lane {
    /// Every lane, the first one first.
    pub const ALL: [Self; 2] = [Self::Replies, Self::Notices];

    /// The stored number.
    pub fn number(self) -> i32 {
        match self {
            Self::Replies => 0,
            Self::Notices => 1,
        }
    }

    /// The lane of the line with this name.
    pub fn of(line: &str) -> Self {
        if line.starts_with(NOTICE) { Self::Notices } else { Self::Replies }
    }
}

/// Begins the names of notices' lines.
const NOTICE: &str = "notice:";
/// Follows there where the event is about no ticket.
const EVENT: &str = "event-";
/// Follows there where several notices go together.
const DIGEST: &str = "digest-";

/// The line of the notices of one ticket (of one event, where it is about none) to one address.
pub fn notice_line(ticket_id: Option<i64>, event_id: i64, address_id: i64) -> String {
    match ticket_id {
        Some(ticket_id) => format!("{NOTICE}{ticket_id}:{address_id}"),
        None => format!("{NOTICE}{EVENT}{event_id}:{address_id}"),
    }
}

/// The line of messages that hold several notices to one address.
pub fn digest_line(address_id: i64) -> String {
    format!("{NOTICE}{DIGEST}{address_id}")
}

/// Begins the part of a line's name that a delivery of its own line adds.
const OWN: char = '+';

/// The line of a delivery that failed after it was taken and goes again. It lost its place in `line`: what came after
/// it may have gone, and what comes now does not wait for it.
pub fn own_line(line: &str, id: i64) -> String {
    format!("{}{OWN}{id}", first_line(line))
}

/// Whether this is one delivery's own line.
pub fn is_own_line(line: &str) -> bool {
    line.contains(OWN)
}

/// Whether nothing comes into this line any more once it is empty: one delivery's own, or that of an event without a
/// ticket.
pub fn is_used_once(line: &str) -> bool {
    is_own_line(line) || line.strip_prefix(NOTICE).is_some_and(|rest| rest.starts_with(EVENT))
}

/// The line in which the delivery of this line stood at first.
pub fn first_line(line: &str) -> &str {
    line.split(OWN).next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::Status;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn failure(retry: Retry) -> SendError {
        SendError { name: "test", code: None, retry, in_doubt: false, is_outage: false, advice: String::new() }
    }

    #[test]
    fn a_refused_message_is_given_up_and_a_late_one_tried_again() {
        let now = DateTime::UNIX_EPOCH;
        let after = |retry, attempt, chance| after_failure(&failure(retry), attempt, (now, now), now, chance);
        assert_eq!(after(Retry::Never, 1, 0.5), Next::GiveUp);
        assert_eq!(after(Retry::Later(None), 1, 1.0), Next::Again(now + FIRST_WAIT));
        assert_eq!(after(Retry::Later(None), 3, 1.0), Next::Again(now + 4 * FIRST_WAIT));
        assert_eq!(after(Retry::Later(None), MOST_ATTEMPTS, 1.0), Next::GiveUp);
        let asked = Duration::from_secs(7);
        assert_eq!(after(Retry::Later(Some(asked)), 1, 0.0), Next::Again(now + asked));
        assert_eq!(after(Retry::StopChannel, 99, 0.0), Next::Wait(now + CHANNEL_PAUSE));
        for (attempt, seconds) in [(1, 1), (2, 4), (3, 16), (4, 64), (9, 15 * 60)] {
            let wait = Duration::from_secs(seconds);
            assert_eq!(after(Retry::SlowerToOne, attempt, 0.0), Next::Again(now + wait), "{attempt}");
        }
    }

    #[test]
    fn what_was_too_many_goes_again_for_a_day_and_does_not_count() {
        let made = DateTime::UNIX_EPOCH;
        let after = |asked, hours| {
            let now = made + TimeDelta::hours(hours);
            (after_failure(&failure(Retry::Slower(asked)), 99, (made, now), now, 0.5), now)
        };
        let (next, now) = after(Some(Duration::from_secs(7)), 23);
        assert_eq!(next, Next::Wait(now + Duration::from_secs(7)));
        let (next, now) = after(None, 24);
        assert_eq!(next, Next::Wait(now + TOO_MANY_WAIT));
        assert_eq!(after(None, 25).0, Next::GiveUp);
    }

    #[test]
    fn a_send_in_doubt_waits_for_a_callback_first() {
        let began = DateTime::UNIX_EPOCH;
        let now = began + Duration::from_secs(20);
        let doubtful = SendError { in_doubt: true, ..failure(Retry::Later(None)) };
        assert_eq!(after_failure(&doubtful, 1, (began, began), now, 1.0), Next::Again(began + DOUBT));
        assert_eq!(after_failure(&doubtful, 6, (began, began), now, 1.0), Next::Again(now + 32 * FIRST_WAIT));
        assert_eq!(after_failure(&doubtful, MOST_ATTEMPTS, (began, began), now, 1.0), Next::Again(now + LONGEST_WAIT));
    }

    #[test]
    fn a_question_is_put_again_until_patience_ends() {
        let began = DateTime::UNIX_EPOCH;
        let after = |retry, secs| {
            let now = began + Duration::from_secs(secs);
            let next = after_question(&failure(retry), began, now, 1.0);
            if let Next::Again(at) = next { Ok((at - now).num_seconds()) } else { Err(next) }
        };
        assert_eq!(after(Retry::Later(None), 8), Ok(5));
        assert_eq!(after(Retry::Later(None), 60), Ok(30));
        assert_eq!(after(Retry::Never, 3 * 3600), Ok(15 * 60));
        assert_eq!(after(Retry::Later(Some(Duration::from_secs(9))), 60), Ok(9));
        assert_eq!(after(Retry::Later(None), 4 * 3600 + 1), Err(Next::GiveUp));
        let now = began + Duration::from_hours(5);
        assert_eq!(after(Retry::StopChannel, 5 * 3600), Err(Next::Wait(now + CHANNEL_PAUSE)), "that is not its fault");
    }

    #[test]
    fn what_failed_after_it_was_taken_goes_again_a_few_times_and_later_each_time() {
        let now = DateTime::UNIX_EPOCH;
        let minute = Retry::Later(Some(Duration::from_mins(1)));
        let waits: Vec<i64> = (1..9)
            .map_while(|attempt| after_late_failure(minute, attempt, now, 0.5))
            .map(|at| (at - now).num_minutes())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8]);
        assert_eq!(after_late_failure(Retry::Slower(None), 3, now, 0.5), Some(now + Duration::from_mins(4)));
        assert_eq!(after_late_failure(Retry::Never, 1, now, 0.5), None);
        assert_eq!(after_late_failure(Retry::StopChannel, 1, now, 0.5), None);
    }

    #[test]
    fn the_same_text_is_likelier_than_one_that_holds_it_and_an_old_one_is_none() {
        let began = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
        let sent = |id: &str, text: &str, minutes| Sent {
            provider_id: id.to_owned(),
            text: text.to_owned(),
            status: Status::Sent,
            error_code: None,
            created_at: began + TimeDelta::minutes(minutes),
        };
        let listed = vec![
            sent("later", "Done.", 3),
            sent("trial", "Sent from a trial account - Done.", 1),
            sent("other", "Gone.", 1),
            sent("first", "Done.\n", 0),
            sent("blanks", "All  is\r\n\tDone.", 2),
            sent("old", "Done.", -3),
        ];
        let ids: Vec<String> =
            likely(listed, &[vec!["Done. ".to_owned()]], began).into_iter().map(|sent| sent.provider_id).collect();
        assert_eq!(ids, ["first", "later", "blanks", "trial"]);
    }

    #[test]
    fn a_delivery_that_goes_again_has_a_line_of_its_own() {
        let own = own_line("reply:7", 123);
        assert_eq!((own.as_str(), is_own_line(&own), first_line(&own)), ("reply:7+123", true, "reply:7"));
        assert_eq!(own_line(&own, 123), own);
        assert!(!is_own_line("reply:7"));
        for (line, once) in [(own, true), (notice_line(None, 9, 3), true), (notice_line(Some(7), 9, 3), false)] {
            assert_eq!(is_used_once(&line), once, "{line}");
        }
    }

    #[test]
    fn a_notice_stays_in_its_lane_wherever_it_goes() {
        for line in [notice_line(Some(7), 9, 3), notice_line(None, 9, 3), own_line(&notice_line(Some(7), 9, 3), 5)] {
            assert_eq!(Lane::of(&line), Lane::Notices, "{line}");
        }
        assert_eq!(Lane::of("reply:7"), Lane::Replies);
        assert_ne!(notice_line(Some(9), 9, 3), notice_line(None, 9, 3));
    }

    proptest! {
        #[test]
        fn a_wait_is_bounded(attempt in 0_i32..1000, chance in 0.0_f64..1.0) {
            let wait = backoff(attempt, chance);
            prop_assert!(wait >= FIRST_WAIT / 2 && wait <= LONGEST_WAIT);
        }
    }
}
