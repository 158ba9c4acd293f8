//! What waits to be sent, and why: read from rows alone, so that any process can tell. Pure.

use super::model::Lane;
use crate::kit::{Instant, Rate};
use chrono::TimeDelta;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// An attempt that is open for longer than any may take belongs to a process that died.
const LONGEST_SEND: TimeDelta = TimeDelta::minutes(1);

/// A delivery that waits, as it is stored.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The delivery's row.
    pub id: i64,
    /// Why it exists: `REPLY`, `TEST`.
    pub kind: String,
    /// How it is read.
    pub medium: String,
    /// Where it goes, in E.164.
    pub to: String,
    /// Its line.
    pub line: String,
    /// From what it goes, and how fast that may send; none where nobody knows.
    pub sends: Option<(String, Option<Rate>)>,
    /// When it may go.
    pub due_at: Instant,
    /// It waits for its hour, or for company.
    pub is_held: bool,
    /// When it was stored.
    pub created_at: Instant,
    /// Since when it is held back, where it is.
    pub over_budget_at: Option<Instant>,
    /// Its latest attempt.
    pub last: Option<Tried>,
}

/// The latest attempt for a delivery.
#[expect(clippy::struct_excessive_bools, reason = "facts of their own, and members of the JSON that tells of them")]
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// Its number, from 1.
    pub number: i32,
    /// The channel it was made on.
    pub channel: String,
    /// When it began.
    pub at: Instant,
    /// Whether nobody has said yet what became of it.
    pub is_open: bool,
    /// Whether the provider may have the message all the same.
    pub in_doubt: bool,
    /// Whether it failed because the whole channel is out.
    pub channel_out: bool,
    /// Whether it failed because its sender sent too much at once.
    pub too_many: bool,
    /// Whether it failed because the provider was away, and no message was taken since.
    pub is_outage: bool,
    /// The provider's code.
    pub code: Option<i32>,
    /// What was wrong and what to do about it.
    pub error: Option<String>,
}

/// Why a delivery waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing carries its medium with the settings there are.
    NoChannel,
    /// The channel refuses everything; its queue is kept.
    ChannelOut,
    /// It may go, but the provider was away when it was last turned to; its queue is kept.
    Away,
    /// The month's budget is spent, and it is not urgent.
    HeldBack,
    /// The provider may have it already: its status callback gets time to say so.
    InDoubt,
    /// It was not accepted and is tried again at its time.
    Retry,
    /// It is not urgent, and waits for its hour or for others to go with.
    Held,
    /// An earlier one of its line must go first.
    Behind,
    /// A process is sending it right now.
    Sending,
    /// It may go, but its sender sends so many in so long, or was told to pause.
    Paced,
    /// It may go.
    Due,
}

impl Reason {
    /// In words, for a person.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoChannel => "nothing can carry it with these settings",
            Self::ChannelOut => "the channel is out; the queue is kept",
            Self::Away => "its provider is away, as of the last attempt; the queue is kept",
            Self::HeldBack => "held back: the month's budget is spent",
            Self::InDoubt => "in doubt: the provider may have it already",
            Self::Retry => "not accepted; tried again",
            Self::Held => "held back until its hour, or to go with others",
            Self::Behind => "behind an earlier one of its line",
            Self::Sending => "being sent",
            Self::Paced => "waits for its turn: its sender keeps its pace",
            Self::Due => "due",
        }
    }
}

/// Each delivery's reason, in their order. `is_carried` tells whether anything carries a medium.
pub fn reasons(waiting: &[Waiting], now: Instant, is_carried: impl Fn(&str) -> bool) -> Vec<Reason> {
    let mut first: HashMap<&str, i64> = HashMap::new();
    for one in waiting.iter().filter(|one| !one.is_held) {
        let id = first.entry(&one.line).or_insert(one.id);
        *id = (*id).min(one.id);
    }
    // The channel is asked with one message at a time: what the latest answer on a medium says holds for the others.
    let mut latest: HashMap<&str, &Tried> = HashMap::new();
    for (one, tried) in waiting.iter().filter_map(|one| Some((one, one.last.as_ref()?))) {
        let known = latest.entry(&one.medium).or_insert(tried);
        if tried.at > known.at {
            *known = tried;
        }
    }
    let is_out = |one: &Waiting| latest.get(one.medium.as_str()).is_some_and(|tried| tried.channel_out);
    let is_away = |one: &Waiting| latest.get(one.medium.as_str()).is_some_and(|tried| tried.is_outage);
    let reason = |one: &Waiting| {
        if !is_carried(&one.medium) {
            Reason::NoChannel
        } else if one.is_held {
            Reason::Held
        } else if one.last.as_ref().is_some_and(|tried| tried.is_open && now - tried.at < LONGEST_SEND) {
            Reason::Sending
        } else if one.over_budget_at.is_some() && one.due_at > now {
            Reason::HeldBack
        } else if is_out(one) {
            Reason::ChannelOut
        } else if first.get(one.line.as_str()).is_some_and(|id| *id < one.id) {
            Reason::Behind
        } else {
            match &one.last {
                Some(tried) if tried.in_doubt || tried.is_open => Reason::InDoubt,
                Some(tried) if tried.error.is_some() && one.due_at > now => Reason::Retry,
                _ if is_away(one) => Reason::Away,
                _ => Reason::Due,
            }
        }
    };
    let mut reasons: Vec<Reason> = waiting.iter().map(reason).collect();
    keep_pace(waiting, &mut reasons, now);
    reasons
}

/// Of what is due, more than a sender sends at once waits for its turn, and all of it while the sender pauses. Replies
/// go first.
fn keep_pace(waiting: &[Waiting], reasons: &mut [Reason], now: Instant) {
    let sender = |one: &Waiting| one.sends.as_ref().map(|(sender, _)| (one.medium.clone(), sender.clone()));
    let is_told_to_pause = |one: &&Waiting| one.due_at > now && one.last.as_ref().is_some_and(|tried| tried.too_many);
    let paused: HashSet<_> = waiting.iter().filter(is_told_to_pause).filter_map(sender).collect();
    let mut before: HashMap<_, u32> = HashMap::new();
    for lane in Lane::ALL {
        let due = waiting
            .iter()
            .zip(reasons.iter_mut())
            .filter(|(one, reason)| **reason == Reason::Due && Lane::of(&one.line) == lane);
        for (one, reason) in due {
            let (Some(sender), Some((_, rate))) = (sender(one), &one.sends) else { continue };
            let is_paused = paused.contains(&sender);
            let before = before.entry(sender).or_default();
            if is_paused || rate.is_some_and(|rate| *before >= rate.burst()) {
                *reason = Reason::Paced;
            }
            *before += 1;
        }
    }
}

/// How many wait for a reason, and since when the oldest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many.
    pub count: usize,
    /// When the oldest was stored.
    pub oldest: Instant,
}

/// The counts by reason.
pub fn summary(waiting: &[Waiting], reasons: &[Reason]) -> BTreeMap<Reason, Summary> {
    let mut summary: BTreeMap<Reason, Summary> = BTreeMap::new();
    for (one, reason) in waiting.iter().zip(reasons) {
        let so_far = summary.entry(*reason).or_insert(Summary { count: 0, oldest: one.created_at });
        so_far.count += 1;
        so_far.oldest = so_far.oldest.min(one.created_at);
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn now() -> Instant {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn waiting(id: i64, line: &str) -> Waiting {
        let at = now() - TimeDelta::minutes(5);
        Waiting {
            id,
            kind: "REPLY".into(),
            medium: "whatsapp".into(),
            to: "+12025550101".into(),
            line: line.into(),
            sends: None,
            due_at: at,
            is_held: false,
            created_at: at,
            over_budget_at: None,
            last: None,
        }
    }

    fn tried(error: Option<&str>, in_doubt: bool, channel_out: bool) -> Tried {
        let (at, channel, error) = (now(), "twilio".to_owned(), error.map(str::to_owned));
        let (is_open, too_many, is_outage) = (false, false, false);
        Tried { number: 1, channel, at, is_open, in_doubt, channel_out, too_many, is_outage, code: None, error }
    }

    fn open(minutes: i64) -> Tried {
        Tried { at: now() - TimeDelta::minutes(minutes), is_open: true, ..tried(None, false, false) }
    }

    #[test]
    fn each_delivery_has_one_reason() {
        let later = now() + TimeDelta::seconds(4);
        let table = [
            (waiting(1, "a"), Reason::Due),
            (waiting(2, "a"), Reason::Behind),
            (Waiting { last: Some(open(0)), ..waiting(3, "b") }, Reason::Sending),
            (Waiting { last: Some(open(2)), ..waiting(4, "c") }, Reason::InDoubt),
            (
                Waiting { due_at: later, last: Some(tried(Some("down"), false, false)), ..waiting(5, "d") },
                Reason::Retry,
            ),
            (
                Waiting { due_at: later, last: Some(tried(Some("slow"), true, false)), ..waiting(6, "e") },
                Reason::InDoubt,
            ),
            (Waiting { last: Some(tried(Some("down"), false, false)), ..waiting(7, "f") }, Reason::Due),
            (Waiting { medium: "sms".into(), ..waiting(8, "g") }, Reason::NoChannel),
            (Waiting { is_held: true, ..waiting(9, "h") }, Reason::Held),
            (waiting(10, "h"), Reason::Due),
            (Waiting { due_at: later, over_budget_at: Some(now()), ..waiting(11, "i") }, Reason::HeldBack),
            (Waiting { over_budget_at: Some(now()), ..waiting(12, "j") }, Reason::Due),
        ];
        let (rows, expected): (Vec<Waiting>, Vec<Reason>) = table.into_iter().unzip();
        assert_eq!(reasons(&rows, now(), |medium| medium == "whatsapp"), expected);
        let summary = summary(&rows, &expected);
        assert_eq!(summary[&Reason::Due].count, 4);
        assert_eq!(summary.values().map(|one| one.count).sum::<usize>(), rows.len());
    }

    #[test]
    fn what_the_latest_attempt_says_of_the_channel_holds_for_its_whole_queue() {
        let refused = Waiting { last: Some(tried(Some("invalid_credentials"), false, true)), ..waiting(1, "a") };
        let earlier = Tried { at: now() - TimeDelta::minutes(1), ..tried(Some("down"), false, false) };
        let other = Waiting { last: Some(earlier), ..waiting(2, "b") };
        let rows = [refused, other, waiting(3, "b")];
        assert_eq!(reasons(&rows, now(), |_| true), [Reason::ChannelOut; 3]);
    }

    #[test]
    fn more_than_a_sender_sends_at_once_waits_for_its_turn() {
        let from = |name: &str, one| Waiting { sends: Some((name.to_owned(), Rate::parse("1/3"))), ..one };
        let free = Waiting { sends: Some(("+3".to_owned(), None)), ..waiting(6, "f") };
        let rows = [
            from("+1", waiting(1, "notice:1:1")),
            from("+1", waiting(2, "reply:1")),
            from("+1", waiting(3, "reply:2")),
            from("+2", waiting(4, "reply:3")),
            Waiting { id: 5, line: "reply:4".into(), ..free.clone() },
            free,
        ];
        let expected = [Reason::Paced, Reason::Due, Reason::Paced, Reason::Due, Reason::Due, Reason::Due];
        assert_eq!(reasons(&rows, now(), |_| true), expected, "replies first");
    }

    #[test]
    fn all_that_a_pausing_sender_sends_waits_for_it() {
        let free = |one| Waiting { sends: Some(("+1".to_owned(), None)), ..one };
        let refused = Tried { too_many: true, ..tried(Some("too_many_requests"), false, false) };
        let later = now() + TimeDelta::seconds(4);
        let refused = Waiting { due_at: later, last: Some(refused), ..waiting(1, "a") };
        let rows = [free(refused.clone()), free(waiting(2, "b"))];
        assert_eq!(reasons(&rows, now(), |_| true), [Reason::Retry, Reason::Paced]);
        let rows = [free(Waiting { due_at: now(), ..refused }), free(waiting(2, "b"))];
        assert_eq!(reasons(&rows, now(), |_| true), [Reason::Due, Reason::Due], "it is over");
    }

    #[test]
    fn what_may_go_waits_for_a_provider_that_is_away() {
        let later = now() + TimeDelta::seconds(4);
        let outage = Tried { is_outage: true, ..tried(Some("unreachable_provider"), false, false) };
        let rows = [
            Waiting { due_at: later, last: Some(outage.clone()), ..waiting(1, "a") },
            waiting(2, "a"),
            waiting(3, "b"),
        ];
        assert_eq!(reasons(&rows, now(), |_| true), [Reason::Retry, Reason::Behind, Reason::Away]);
        let answered = Tried { at: now() + TimeDelta::seconds(1), ..tried(Some("too_many_requests"), false, false) };
        let rows = [
            Waiting { due_at: later, last: Some(outage), ..waiting(1, "a") },
            Waiting { due_at: later, last: Some(answered), ..waiting(2, "b") },
            waiting(3, "c"),
        ];
        assert_eq!(reasons(&rows, now(), |_| true)[2], Reason::Due, "who refuses is there");
    }
}
