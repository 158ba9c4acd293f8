//! A provider's bad days: what becomes of each message by chance, and always the same of the same message.
//!
//! It takes messages and does not say so, fails before or after it took them, is busy, slow, or refuses; what it took
//! arrives or fails later; and its news come late, twice, in the wrong order or not at all. What it says is true.

use super::callbacks::{ARRIVES, Step};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What it answers to how many messages of a hundred, and whether it took them.
const ANSWERS: [(u32, Answer, bool); 7] = [
    (62, Answer::Created, true),
    (9, Answer::Nothing, true),
    (4, Answer::Fault, true),
    (8, Answer::Nothing, false),
    (6, Answer::Fault, false),
    (9, Answer::TooMany, false),
    (2, Answer::Refusal, false),
];
/// How many of a hundred messages that it took fail for good, and how many pass when they are tried again.
const FAIL_FOR_GOOD: u32 = 8;
const FAIL_AT_FIRST: u32 = 12;
/// Of how many of a hundred messages the news come in the wrong order, twice, and in part or not at all.
const ORDERS: [(u32, Order); 5] =
    [(55, Order::Right), (15, Order::Wrong), (15, Order::Twice), (10, Order::OneLost), (5, Order::AllLost)];
/// Half of the answers come soon, the others after anything up to two seconds.
const SOON_MS: Range<u64> = 0..50;
const LATE_MS: Range<u64> = 0..2_000;
/// When news set out after the message came, whether it was answered by then or not.
const NEWS_MS: Range<u64> = 0..1_500;
/// One question in so many fails.
const QUESTIONS_THAT_FAIL: u32 = 10;

/// Not refused for anything that would stop other messages. Source: Twilio's error dictionary.
pub(crate) const REFUSED: i32 = 21211;
/// The recipient is not ready for WhatsApp: never to be sent again.
pub(crate) const FOR_GOOD: i32 = 63024;
/// Too many requests: worth another try within seconds.
const FOR_SECONDS: i32 = 20429;
/// WhatsApp's rate limit: worth another try after a minute.
const FOR_A_MINUTE: i32 = 63018;

/// How a provider behaves that is not well. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Whims {
    seed: u64,
    /// What passes when it is tried again may take minutes.
    is_patient: bool,
    is_over: Arc<AtomicBool>,
}

/// What it says to a message that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// That it took it.
    Created,
    /// Nothing: it closes the connection.
    Nothing,
    /// That it has a fault.
    Fault,
    /// To come back after a second.
    TooMany,
    /// That nobody has this number.
    Refusal,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Right,
    Wrong,
    Twice,
    OneLost,
    AllLost,
}

/// What becomes of one message that was handed in.
#[derive(Debug)]
pub(crate) struct Whim {
    pub(crate) answer: Answer,
    pub(crate) answers_after: Duration,
    pub(crate) is_taken: bool,
    /// What happens to it when it was taken, and what is told of that.
    pub(crate) news: Cow<'static, [Step]>,
    pub(crate) tells_after: Duration,
}

impl Whims {
    /// A bad day for this seed; with patience, also failures that pass only after a minute.
    pub(crate) fn new(seed: u64, is_patient: bool) -> Self {
        Self { seed, is_patient, is_over: Arc::default() }
    }

    /// The provider is well from here on.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// What becomes of this message, handed in for the n-th time.
    pub(crate) fn decide(&self, to: u32, body: &str, nth: u32) -> Whim {
        let well = Whim {
            answer: Answer::Created,
            answers_after: Duration::ZERO,
            is_taken: true,
            news: Cow::Borrowed(&ARRIVES),
            tells_after: Duration::ZERO,
        };
        if self.is_over.load(Ordering::Relaxed) {
            return well;
        }
        let mut hasher = DefaultHasher::new();
        (self.seed, to, body, nth).hash(&mut hasher);
        let mut chance = StdRng::seed_from_u64(hasher.finish());
        let share = chance.random_range(0..100);
        let (answer, is_taken) = pick(share, ANSWERS.map(|(weight, answer, is_taken)| (weight, (answer, is_taken))))
            .unwrap_or((Answer::Created, true));
        let late = if chance.random_bool(0.5) { SOON_MS } else { LATE_MS };
        let answers_after = Duration::from_millis(chance.random_range(late));
        let news = self.news(&mut chance, nth);
        let tells_after = Duration::from_millis(chance.random_range(NEWS_MS));
        Whim { answer, answers_after, is_taken, news: Cow::Owned(news), tells_after }
    }

    /// Whether a question is answered.
    pub(crate) fn answers(&self) -> bool {
        self.is_over.load(Ordering::Relaxed) || !rand::rng().random_ratio(1, QUESTIONS_THAT_FAIL)
    }

    fn news(&self, chance: &mut StdRng, nth: u32) -> Vec<Step> {
        let fate = chance.random_range(0..100);
        let code = if fate < FAIL_FOR_GOOD {
            Some(FOR_GOOD)
        } else if fate < FAIL_FOR_GOOD + FAIL_AT_FIRST {
            // Each further time doubles the wait.
            Some(if self.is_patient && nth == 0 && chance.random_bool(0.25) { FOR_A_MINUTE } else { FOR_SECONDS })
        } else {
            None
        };
        let end = code.map_or(ARRIVES[1], |code| Step { status: "undelivered", code: Some(code), is_lost: false });
        let mut news = vec![ARRIVES[0], end];
        match pick(chance.random_range(0..100), ORDERS).unwrap_or(Order::Right) {
            Order::Right => {}
            Order::Wrong => news.reverse(),
            Order::Twice => news.extend_from_within(..),
            Order::OneLost => news[usize::from(chance.random_bool(0.5))].is_lost = true,
            Order::AllLost => news.iter_mut().for_each(|step| step.is_lost = true),
        }
        news
    }
}

/// Whether a message that failed with this code may be sent again.
pub(crate) fn is_passing(code: i32) -> bool {
    matches!(code, FOR_SECONDS | FOR_A_MINUTE)
}

/// The choice in whose share of a hundred this number falls.
fn pick<T, const N: usize>(number: u32, choices: [(u32, T); N]) -> Option<T> {
    let mut end = 0;
    choices.into_iter().find_map(|(weight, choice)| {
        end += weight;
        (number < end).then_some(choice)
    })
}
