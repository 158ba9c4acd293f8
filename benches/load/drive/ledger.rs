//! What the driver knows: which message each person has written, and which replies reached the provider.
//!
//! It is kept as the provider would keep it: a message counts as written the moment its webhook sets out, whatever
//! becomes of that webhook.

use super::callbacks::Step;
use super::{script, twilio};
use andon::kit::Clock;
use hdrhistogram::Histogram;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most examples of one fault that are kept to be shown.
const EXAMPLES: usize = 5;
/// How the ids of messages from the plant begin.
const REPLY: &str = "SMff";

/// Everything known, behind one lock; cheap, since all of it is used from one thread.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Entries>);

#[derive(Clone, Default)]
pub(crate) struct Entries {
    pub(crate) people: Vec<Person>,
    /// Every message to the plant, in order: who, their how manieth, when (Unix seconds).
    pub(crate) written: Vec<(u32, u32, i64)>,
    /// Every message from the plant, in order of arrival.
    pub(crate) replies: Vec<Reply>,
    /// How often each delivery arrived, by its token.
    pub(crate) arrivals: HashMap<String, u32>,
    /// How often each delivery was handed in to a provider that is not well, and which of them it refused.
    pub(crate) tries: HashMap<String, u32>,
    pub(crate) refused: HashSet<String>,
    /// From the webhook's setting out to the reply's arrival.
    pub(crate) delays: Option<Histogram<u64>>,
    /// Replies that were not what the script says, with examples.
    pub(crate) wrong_words: usize,
    pub(crate) examples: Vec<String>,
    /// When the last reply arrived.
    pub(crate) last_arrival: Option<Instant>,
}

#[derive(Clone, Default)]
pub(crate) struct Person {
    /// How many messages were written.
    pub(crate) written: u32,
    /// How many different replies came.
    pub(crate) replied: u32,
    /// The last webhook failed; until a reply comes, the person waits.
    pub(crate) in_doubt: bool,
    /// When the messages that no reply came to yet set out.
    waiting: VecDeque<Instant>,
}

/// A message from the plant, as the provider keeps it.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) to: u32,
    pub(crate) token: String,
    pub(crate) body: String,
    pub(crate) at: i64,
    pub(crate) status: &'static str,
    /// Why it failed.
    pub(crate) code: Option<i32>,
    /// The news of it that its sender has, or may have.
    pub(crate) told: Vec<(&'static str, Told)>,
    /// How it stood when the list last showed it.
    pub(crate) shown: Option<&'static str>,
}

/// Whether a callback was brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It was answered.
    Surely,
    /// It set out, and no answer came.
    Perhaps,
}

impl Ledger {
    pub(crate) fn new(people: usize) -> Self {
        let mut entries = Entries::default();
        entries.people.resize_with(people, Person::default);
        Self(Mutex::new(entries))
    }

    pub(crate) fn open(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything there was, out of the hands of others.
    pub(crate) fn close(&self) -> Entries {
        std::mem::take(&mut *self.open())
    }

    /// How many messages have no reply yet.
    pub(crate) fn unanswered(&self) -> usize {
        self.open().people.iter().map(|person| (person.written - person.replied) as usize).sum()
    }

    pub(crate) fn replied(&self) -> usize {
        self.open().arrivals.len()
    }
}

impl Entries {
    /// A person writes, the webhook being due at `at`: the how manieth message. None while the person waits.
    pub(crate) fn write(&mut self, person: u32, at: Instant) -> Option<u32> {
        let entry = &mut self.people[person as usize];
        if entry.in_doubt {
            return None;
        }
        let nth = entry.written;
        entry.written += 1;
        entry.waiting.push_back(at);
        self.written.push((person, nth, Clock::System.now().timestamp()));
        Some(nth)
    }

    /// The webhook of a person's last message failed.
    pub(crate) fn doubt(&mut self, person: u32) {
        let entry = &mut self.people[person as usize];
        entry.in_doubt = entry.replied < entry.written;
    }

    /// A reply arrives. Answers with its id at the provider.
    pub(crate) fn arrive(&mut self, to: u32, token: &str, body: &str) -> String {
        let (now, nth) = (Instant::now(), self.replies.len());
        let seen = self.arrivals.entry(token.to_owned()).or_default();
        *seen += 1;
        if *seen == 1 {
            self.count(to, body, now);
        }
        self.replies.push(Reply {
            to,
            token: token.to_owned(),
            body: body.to_owned(),
            at: Clock::System.now().timestamp(),
            status: "queued",
            code: None,
            told: Vec::new(),
            shown: None,
        });
        self.last_arrival = Some(now);
        reply_sid(nth)
    }

    /// A delivery is handed in: the how manieth time, from 0.
    pub(crate) fn hand_in(&mut self, token: &str) -> u32 {
        let tries = self.tries.entry(token.to_owned()).or_default();
        *tries += 1;
        *tries - 1
    }

    /// Something happens to the message with this id. The end of its way is the end, whatever is told afterwards.
    pub(crate) fn note(&mut self, sid: &str, step: Step) {
        if let Some(reply) = self.reply(sid).filter(|reply| !matches!(reply.status, "delivered" | "undelivered")) {
            (reply.status, reply.code) = (step.status, step.code);
        }
    }

    /// The sender of the message with this id has been told that it stands so.
    pub(crate) fn note_told(&mut self, sid: &str, status: &'static str, told: Told) {
        if let Some(reply) = self.reply(sid) {
            reply.told.push((status, told));
        }
    }

    fn reply(&mut self, sid: &str) -> Option<&mut Reply> {
        let nth = sid.strip_prefix(REPLY).and_then(|digits| usize::from_str_radix(digits, 16).ok())?;
        self.replies.get_mut(nth)
    }

    fn count(&mut self, to: u32, body: &str, now: Instant) {
        let Some(person) = self.people.get_mut(to as usize) else { return };
        let answered = person.replied;
        person.replied += 1;
        person.in_doubt &= person.replied < person.written;
        let delay = person.waiting.pop_front().map_or(Duration::ZERO, |since| now.duration_since(since));
        let delays = self.delays.get_or_insert_with(histogram);
        delays.saturating_record(micros(delay));
        let expected = script::step(to, answered).reply;
        if !body.contains(expected) {
            self.wrong_words += 1;
            if self.examples.len() < EXAMPLES {
                let said = script::step(to, answered).text;
                self.examples.push(format!("{}, message {answered} “{said}”: {body}", twilio::number(to)));
            }
        }
    }
}

/// The provider's id of its n-th message from the plant.
pub(crate) fn reply_sid(nth: usize) -> String {
    format!("{REPLY}{nth:030x}")
}

/// For latencies in microseconds up to an hour, to three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(3_600_000_000, 3).expect("three digits are possible")
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
