//! People who write: many at a time, each in order. The next message of a person sets out when the webhook of the
//! one before was answered; where that failed, when its reply has come all the same.

use super::doors::{Doors, post};
use super::ledger::{Ledger, histogram, micros};
use super::script;
use super::wire::Wire;
use super::written::{Pen, Written};
use hdrhistogram::Histogram;
use rand::RngExt as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A webhook that found no connection is tried once more, as at Twilio, after this time.
const ONCE_MORE: Duration = Duration::from_millis(50);
/// The breath of a connection whose people all wait for a reply.
const BREATH: Duration = Duration::from_millis(5);

/// When messages set out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// As soon as the connection's last one was answered.
    Answered,
    /// So many a second in all, whatever became of those before; what is late counts as waiting.
    PerSecond(f64),
}

/// A crowd of people behind a number of connections.
#[derive(Clone)]
pub(crate) struct Crowd {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) pen: Arc<Pen>,
    pub(crate) doors: Doors,
    pub(crate) people: u32,
    pub(crate) connections: u32,
    pub(crate) pace: Pace,
    /// How many messages each person has to say.
    pub(crate) messages_each: u32,
    /// The share of webhooks that come twice.
    pub(crate) repeated: f64,
    /// How many people's messages come at once, in one webhook where the provider puts several into one.
    pub(crate) together: usize,
}

/// What became of the webhooks.
pub(crate) struct Answers {
    /// Answered with 200.
    pub(crate) accepted: u64,
    /// Answered otherwise, cut off or not taken.
    pub(crate) failed: u64,
    /// From the moment each was due to its 200, in microseconds.
    pub(crate) latency: Histogram<u64>,
}

impl Crowd {
    /// Lets them write until told to stop, or until all is said.
    pub(crate) async fn write(&self, is_over: impl Fn() -> bool + Clone + Send + 'static) -> Answers {
        let began = Instant::now();
        let lines: Vec<_> = (0..self.connections)
            .map(|nth| {
                let door = self.doors.from(nth as usize);
                let line = Line { crowd: self.clone(), nth, door, first: None, beside: None, answers: Answers::none() };
                tokio::spawn(line.run(began, is_over.clone()))
            })
            .collect();
        let mut answers = Answers::none();
        for line in lines {
            let more = line.await.expect("a connection's task does not panic");
            answers.accepted += more.accepted;
            answers.failed += more.failed;
            answers.latency.add(&more.latency).expect("all histograms have one shape");
        }
        answers
    }
}

impl Answers {
    fn none() -> Self {
        Self { accepted: 0, failed: 0, latency: histogram() }
    }
}

/// One connection and the people behind it.
struct Line {
    crowd: Crowd,
    nth: u32,
    door: Doors,
    first: Option<Wire>,
    /// For what comes twice at the same moment.
    beside: Option<Wire>,
    answers: Answers,
}

impl Line {
    async fn run(mut self, began: Instant, is_over: impl Fn() -> bool) -> Answers {
        let own: Vec<u32> = (self.nth..self.crowd.people).step_by(self.crowd.connections as usize).collect();
        let mut turn = 0;
        let mut count = 0;
        while !is_over() {
            let due = self.due(began, count);
            tokio::time::sleep_until(due.into()).await;
            let written = self.next_ones(&own, &mut turn, due);
            if written.is_empty() {
                if self.has_said_all(&own) {
                    break;
                }
                tokio::time::sleep(BREATH).await;
                continue;
            }
            count += u32::try_from(written.len()).unwrap_or(u32::MAX);
            self.write(&written, due).await;
        }
        self.answers
    }

    /// Brings these messages, and notes what became of them.
    async fn write(&mut self, written: &[Written], due: Instant) {
        let webhooks = self.crowd.pen.messages(written);
        // As many messages in each webhook as there are for one of them.
        for (webhook, together) in webhooks.iter().zip(written.chunks(written.len() / webhooks.len())) {
            let count = together.len() as u64;
            if self.bring(webhook).await {
                self.answers.accepted += count;
                self.answers.latency.saturating_record_n(micros(due.elapsed()), count);
            } else {
                self.answers.failed += count;
                let mut entries = self.crowd.ledger.open();
                for one in together {
                    entries.doubt(one.person);
                }
            }
        }
    }

    /// When this connection's message number `count` is due.
    fn due(&self, began: Instant, count: u32) -> Instant {
        match self.crowd.pace {
            Pace::Answered => Instant::now(),
            Pace::PerSecond(rate) => {
                let place = f64::from(count) * f64::from(self.crowd.connections) + f64::from(self.nth);
                began + Duration::from_secs_f64(place / rate)
            }
        }
    }

    /// What the next of these people write, in turn: those who have something to say and do not wait.
    fn next_ones(&self, own: &[u32], turn: &mut usize, due: Instant) -> Vec<Written> {
        let mut entries = self.crowd.ledger.open();
        let mut written = Vec::with_capacity(self.crowd.together);
        for _ in 0..own.len() {
            let person = own[*turn % own.len()];
            *turn += 1;
            if entries.people[person as usize].written < self.crowd.messages_each
                && let Some(nth) = entries.write(person, due)
            {
                written.push(Written { person, nth, text: script::step(person, nth).text });
            }
            if written.len() == self.crowd.together {
                break;
            }
        }
        written
    }

    fn has_said_all(&self, own: &[u32]) -> bool {
        let entries = self.crowd.ledger.open();
        own.iter().all(|person| entries.people[*person as usize].written >= self.crowd.messages_each)
    }

    /// Whether the webhook, or one of those that say the same, was answered with 200.
    async fn bring(&mut self, webhook: &[u8]) -> bool {
        let (repeated, at_once) = {
            let mut rng = rand::rng();
            (rng.random_bool(self.crowd.repeated), rng.random_bool(0.5))
        };
        if repeated && at_once {
            let (door, other) = (self.door.here(), self.door.next());
            let (first, beside) =
                tokio::join!(post(&mut self.first, door, webhook), post(&mut self.beside, other, webhook));
            return is_taken(&first) || is_taken(&beside);
        }
        let mut answer = post(&mut self.first, self.door.here(), webhook).await;
        if answer.is_err() {
            tokio::time::sleep(ONCE_MORE).await;
            self.door.turn();
            answer = post(&mut self.first, self.door.here(), webhook).await;
        }
        if repeated {
            let again = post(&mut self.first, self.door.here(), webhook).await;
            return is_taken(&answer) || is_taken(&again);
        }
        is_taken(&answer)
    }
}

fn is_taken(answer: &io::Result<u16>) -> bool {
    matches!(answer, Ok(200))
}
