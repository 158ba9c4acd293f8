//! What becomes of a call: taken, again later by backoff, or parked; and what is wrong, in words for an operator.
//!
//! Pure. A call is tried for a day, a test once. **Source** of what an answer means: Standard Webhooks, "Deliverability and
//! reliability", read 2026-11-21.

use super::address;
use crate::kit::nearest::closest;
use crate::kit::{Instant, stored_enum};
use chrono::{DateTime, TimeDelta};
use std::net::IpAddr;

/// The event of a call that somebody asked for to see whether it arrives.
pub const TEST: &str = "webhook.test";
/// All kinds of events.
pub const ALL: &str = "*";
/// How long a receiver may take to answer, in seconds.
pub const PATIENCE_SECONDS: u64 = 15;
/// How long a call is tried.
const TRIED_FOR: TimeDelta = TimeDelta::days(1);
/// How long the secret from before a change signs too.
pub const OLD_SECRET_LIFE: TimeDelta = TimeDelta::days(1);
/// When a call that failed is tried again; after the last always after as long as that.
const AGAIN_AFTER: [TimeDelta; 7] = [
    TimeDelta::seconds(5),
    TimeDelta::seconds(30),
    TimeDelta::minutes(2),
    TimeDelta::minutes(10),
    TimeDelta::minutes(30),
    TimeDelta::hours(1),
    LONGEST_WAIT,
];
/// The longest wait, also where the receiver asks for a longer one.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);
/// Waits are longer by up to this part, by chance, so that what failed together does not come back together.
const JITTER: f64 = 0.2;
/// How much is kept of an answer, in characters.
const ANSWER_CHARS: usize = 500;
/// How much is told of a failure's cause, in characters.
const CAUSE_CHARS: usize = 200;

stored_enum! {
    /// How a call stands.
    #[schema(as = WebhookCallStatus)]
    pub enum Status {
        /// It is to be made, or made again.
        Pending = "PENDING",
        /// It was taken.
        Delivered = "DELIVERED",
        /// It was given up; somebody may send it again.
        Parked = "PARKED",
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The receiver answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<TimeDelta>,
        /// The beginning of what it said, made harmless.
        text: String,
    },
    /// It did not.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was not called: this is no public address.
    Barred(IpAddr),
    /// It was not called: http does not go to this address.
    PlainBarred(IpAddr),
    /// It was not called: the kept address is none.
    NoAddress(String),
    /// It was not called: the desk's key has changed, and with it the secret.
    NoSecret,
    /// Its name leads nowhere.
    NoSuchName,
    /// Nothing answers there, for this cause.
    Unreachable(String),
    /// Its certificate does not hold, for this cause.
    Certificate(String),
    /// It took too long.
    Late,
    /// The connection broke, for this cause.
    Broken(String),
}

/// What follows from an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How the call stands now.
    pub status: Status,
    /// When it is tried again.
    pub due_at: Option<Instant>,
    /// What is wrong, and what to do about it.
    pub problem: Option<String>,
    /// The receiver wants no more calls.
    pub is_gone: bool,
}

/// Until when a call about this event is tried that is made, or asked for again, now.
pub fn gives_up_at(event: &str, now: Instant) -> Instant {
    if event == TEST { now } else { now + TRIED_FOR }
}

/// What follows from the `tries`-th attempt's ending so; `chance` is a number from 0 to 1.
pub fn verdict(ending: &Ending, tries: i32, give_up_at: Instant, now: Instant, chance: f64) -> Verdict {
    let (status, asked) = match ending {
        Ending::Answered { status, retry_after, .. } => (*status, *retry_after),
        Ending::Failed(_) => (0, None),
    };
    if (200..300).contains(&status) {
        return Verdict { status: Status::Delivered, due_at: None, problem: None, is_gone: false };
    }
    let (problem, is_gone) = (Some(problem(ending)), status == 410);
    let again_at = now + wait(tries, asked, chance);
    if is_gone || again_at > give_up_at {
        return Verdict { status: Status::Parked, due_at: None, problem, is_gone };
    }
    Verdict { status: Status::Pending, due_at: Some(again_at), problem, is_gone }
}

fn wait(tries: i32, asked: Option<TimeDelta>, chance: f64) -> TimeDelta {
    let place = usize::try_from(tries - 1).unwrap_or_default().min(AGAIN_AFTER.len() - 1);
    let usual = AGAIN_AFTER[place];
    let wait = asked.map_or(usual, |asked| asked.clamp(usual, LONGEST_WAIT));
    #[expect(clippy::cast_possible_truncation, reason = "two hours of milliseconds fit")]
    let more = (wait.as_seconds_f64() * 1_000.0 * JITTER * chance.clamp(0.0, 1.0)) as i64;
    wait + TimeDelta::milliseconds(more)
}

/// What is wrong, and what to do about it.
fn problem(ending: &Ending) -> String {
    match ending {
        Ending::Answered { status, .. } => answered(*status),
        Ending::Failed(failure) => failed(failure),
    }
}

fn answered(status: u16) -> String {
    match status {
        300..=399 => format!(
            "It answered {status} and sends elsewhere, but no redirect is followed: give the webhook its final address."
        ),
        401 | 403 => format!(
            "It refuses the call ({status}): check that it verifies with this webhook's secret, over the body as it came, \
             and that its clock is right."
        ),
        404 => "Nothing is there (404): check the path of the webhook's address.".to_owned(),
        405 => "It takes no POST there (405): check the path of the webhook's address.".to_owned(),
        408 => "It waited in vain for the call (408): check the network and the proxy in front of it.".to_owned(),
        410 => {
            "It wants no more calls (410), so the webhook was switched off: switch it on (is_active) once it takes them \
                again."
                .to_owned()
        }
        413 => "The event is too large for it (413): let its proxy take larger bodies.".to_owned(),
        429 => "It is called too often (429): it is left alone for as long as it asks, two hours at most.".to_owned(),
        500.. => format!("It has a fault of its own ({status}): its answer, or its log, says which."),
        _ => format!("It does not take the call ({status}): its answer, or its log, says why."),
    }
}

fn failed(failure: &Failure) -> String {
    match failure {
        Failure::Barred(address) => format!("It was not called: its address {}.", address::barred(*address)),
        Failure::PlainBarred(address) => format!("It was not called: its address {}.", address::plain_barred(*address)),
        Failure::NoAddress(why) => format!("It was not called: its address {why}."),
        Failure::NoSecret => {
            "It was not called: its secret is lost, because the key that signs tokens (ANDON_JWT_SECRET) has changed. \
             POST …/rotate_secret/ and give the receiver the new one."
                .to_owned()
        }
        Failure::NoSuchName => {
            "Its name leads nowhere: check the host in the webhook's address, and this machine's DNS.".to_owned()
        }
        Failure::Unreachable(cause) => {
            format!("It cannot be reached ({cause}): check that it runs, its port, and the firewalls between.")
        }
        Failure::Certificate(cause) => {
            format!("Its certificate does not hold ({cause}): it needs one that everybody trusts, for this very host.")
        }
        Failure::Late => format!(
            "It did not answer within {PATIENCE_SECONDS} seconds: let it answer first and work afterwards; else check that \
             it is reached at all."
        ),
        Failure::Broken(cause) => {
            format!("The connection broke before it answered ({cause}): check its log and the proxy in front of it.")
        }
    }
}

/// How long a receiver asks to be left alone, in seconds or until a date. **Source**: RFC 9110, 10.2.3.
pub fn retry_after(text: &str, now: Instant) -> Option<TimeDelta> {
    if let Ok(seconds) = text.trim().parse::<u32>() {
        return Some(TimeDelta::seconds(seconds.into()));
    }
    DateTime::parse_from_rfc2822(text.trim()).ok().map(|until| until.to_utc() - now)
}

/// The beginning of what somebody else's program said, as text that does nothing where it is shown.
pub fn harmless(bytes: &[u8]) -> String {
    tamed(&String::from_utf8_lossy(bytes), ANSWER_CHARS)
}

/// A failure's cause in one line.
pub fn cause(text: &str) -> String {
    tamed(text.lines().next().unwrap_or_default().trim_end_matches(['.', ':']), CAUSE_CHARS)
}

fn tamed(text: &str, most: usize) -> String {
    let plain = text.trim().chars().map(|c| if is_tricky(c) { ' ' } else { c });
    plain.take(most).collect::<String>().trim_end().to_owned()
}

/// Whether a character is seen otherwise than as itself: one of control, or one that turns the direction of text.
fn is_tricky(c: char) -> bool {
    let is_unseen =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    c.is_control() || is_unseen
}

/// Whether somebody who wants these kinds of events is told of one of this kind.
pub fn wants(kinds: &[String], event: &str) -> bool {
    kinds.iter().any(|kind| kind == ALL || kind == event)
}

/// The kinds that somebody asks for, none twice; all kinds where all are among them.
///
/// # Errors
/// The end of a sentence that begins with `events`, where one is not `known`.
pub fn kinds(asked: &[String], known: &[&str]) -> Result<Vec<String>, String> {
    if asked.iter().any(|kind| kind == ALL) {
        return Ok(vec![ALL.to_owned()]);
    }
    if asked.is_empty() {
        return Err(r#"must name one kind of event at least, or ["*"] for all"#.to_owned());
    }
    if let Some(unknown) = asked.iter().find(|kind| !known.contains(&kind.as_str())) {
        let near = closest(unknown, known.iter().map(|kind| (*kind).to_owned()), 3);
        return Err(format!("holds {unknown:?}, which is no kind of event; the nearest are {}", near.join(", ")));
    }
    let mut kinds = asked.to_vec();
    kinds.sort();
    kinds.dedup();
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        "2026-01-18T14:30:22Z".parse().expect("a valid instant")
    }

    fn answer(status: u16) -> Ending {
        Ending::Answered { status, retry_after: None, text: String::new() }
    }

    #[test]
    fn a_call_is_tried_for_a_day_and_then_parked() {
        for chance in [0.0, 1.0] {
            let (made, mut at, mut waits) = (now(), now(), Vec::new());
            for tries in 1.. {
                let verdict = verdict(&answer(503), tries, gives_up_at("ticket.opened", made), at, chance);
                let Some(due_at) = verdict.due_at else {
                    assert_eq!(verdict.status, Status::Parked);
                    break;
                };
                waits.push((due_at - at).num_seconds());
                at = due_at;
            }
            assert!(at - made > TimeDelta::hours(21) && at - made <= TimeDelta::days(1), "{}", at - made);
            if chance == 0.0 {
                assert_eq!(waits[..8], [5, 30, 120, 600, 1800, 3600, 7200, 7200]);
            }
        }
    }

    #[test]
    fn what_an_answer_means() {
        let failed = Ending::Failed(Failure::Late);
        for (ending, status, is_gone) in [
            (answer(200), Status::Delivered, false),
            (answer(204), Status::Delivered, false),
            (answer(301), Status::Pending, false),
            (answer(400), Status::Pending, false),
            (answer(408), Status::Pending, false),
            (answer(410), Status::Parked, true),
            (answer(429), Status::Pending, false),
            (answer(500), Status::Pending, false),
            (failed, Status::Pending, false),
        ] {
            let verdict = verdict(&ending, 1, gives_up_at("ticket.opened", now()), now(), 0.5);
            assert_eq!((verdict.status, verdict.is_gone), (status, is_gone), "{ending:?}");
            assert_eq!(verdict.problem.is_none(), status == Status::Delivered);
            assert_eq!(verdict.due_at.is_some(), status == Status::Pending);
        }
        let test = verdict(&answer(500), 1, gives_up_at(TEST, now()), now(), 0.0);
        assert_eq!(test.status, Status::Parked, "a test is tried once");
    }

    #[test]
    fn a_receiver_is_left_alone_as_long_as_it_asks_in_bounds() {
        for (asked, waited) in [(0, 5), (60, 60), (86_400, 7_200), (-5, 5)] {
            let ending =
                Ending::Answered { status: 429, retry_after: Some(TimeDelta::seconds(asked)), text: String::new() };
            let verdict = verdict(&ending, 1, gives_up_at("ticket.opened", now()), now(), 0.0);
            assert_eq!(verdict.due_at, Some(now() + TimeDelta::seconds(waited)), "{asked}");
        }
        for (text, seconds) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Sun, 18 Jan 2026 14:31:22 GMT", Some(60)),
            ("-1", None),
            ("99999999999999", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(text, now()).map(|wait| wait.num_seconds()), seconds, "{text}");
        }
    }

    #[test]
    fn an_answer_is_kept_short_and_does_nothing() {
        assert_eq!(harmless(b" no\x1b[31m such\r\nkey\0 \xff "), "no [31m such  key  \u{fffd}");
        assert_eq!(harmless("\u{202e}abc".as_bytes()), " abc");
        assert_eq!(harmless(&[b'x'; 2_000]).len(), 500);
    }

    #[test]
    fn kinds_are_known_or_the_nearest_are_named() {
        let known = ["ticket.opened", "ticket.created", "order.held"];
        let asked = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>();
        assert_eq!(kinds(&asked(&["order.held", "order.held"]), &known), Ok(asked(&["order.held"])));
        assert_eq!(kinds(&asked(&["order.held", "*"]), &known), Ok(asked(&["*"])));
        let wrong = kinds(&asked(&["ticket.openned"]), &known).expect_err("there is none");
        assert!(wrong.contains("\"ticket.openned\"") && wrong.contains("are ticket.opened"), "{wrong}");
        assert!(kinds(&[], &known).is_err());
        assert!(wants(&asked(&["*"]), "order.held") && !wants(&asked(&["ticket.opened"]), "order.held"));
    }

    proptest::proptest! {
        #[test]
        fn what_a_receiver_says_breaks_nothing(status in 100..1000_u16, tries in 0..i32::MAX, text: Vec<u8>, header: String, chance: f64) {
            let retry_after = retry_after(&header, now());
            let ending = Ending::Answered { status, retry_after, text: harmless(&text) };
            let verdict = verdict(&ending, tries, gives_up_at("ticket.opened", now()), now(), chance);
            proptest::prop_assert!(verdict.due_at.is_none_or(|at| at > now() && at <= now() + TRIED_FOR));
        }
    }
}
