//! Status callbacks: `sent`, then `delivered`, or whatever else happened, a few at a time.

use super::doors::{Doors, post};
use super::ledger::{Ledger, Told};
use super::wire::Wire;
use super::written::Pen;
use std::borrow::Cow;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};

/// How many callbacks are on their way at once.
const AT_ONCE: usize = 32;

/// Something that happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// In Twilio's words.
    pub(crate) status: &'static str,
    /// Why it failed.
    pub(crate) code: Option<i32>,
    /// Nobody is told.
    pub(crate) is_lost: bool,
}

/// What happens to nearly every message.
pub(crate) const ARRIVES: [Step; 2] =
    [Step { status: "sent", code: None, is_lost: false }, Step { status: "delivered", code: None, is_lost: false }];

/// What happens to one message, and where that is told: the address of it at Twilio, the message's own token at Meta.
pub(crate) struct News {
    pub(crate) callback: String,
    pub(crate) sid: String,
    pub(crate) steps: Cow<'static, [Step]>,
}

/// Where callbacks are handed in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Callbacks {
    queue: mpsc::UnboundedSender<News>,
    open: Arc<AtomicUsize>,
}

impl Callbacks {
    /// Starts posting to these doors, whatever host a callback's address names.
    pub(crate) fn start(pen: &Arc<Pen>, ledger: &Arc<Ledger>, doors: &Doors) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        let (waiting, open) = (Arc::new(Mutex::new(waiting)), Arc::new(AtomicUsize::new(0)));
        for nth in 0..AT_ONCE {
            let poster = Poster {
                door: doors.from(nth),
                pen: Arc::clone(pen),
                ledger: Arc::clone(ledger),
                open: Arc::clone(&open),
            };
            tokio::spawn(poster.run(Arc::clone(&waiting)));
        }
        Self { queue, open }
    }

    /// A message goes its way, and its sender is told.
    pub(crate) fn post(&self, news: News) {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.hand_in(news);
    }

    /// The same a while later.
    pub(crate) fn post_later(&self, after: Duration, news: News) {
        self.open.fetch_add(1, Ordering::Relaxed);
        let callbacks = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            callbacks.hand_in(news);
        });
    }

    /// How many messages' callbacks are not all posted.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn hand_in(&self, news: News) {
        if self.queue.send(news).is_err() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

struct Poster {
    door: Doors,
    pen: Arc<Pen>,
    ledger: Arc<Ledger>,
    open: Arc<AtomicUsize>,
}

impl Poster {
    async fn run(mut self, waiting: Arc<Mutex<mpsc::UnboundedReceiver<News>>>) {
        let mut wire = None;
        loop {
            let next = waiting.lock().await.recv().await;
            let Some(News { callback, sid, steps }) = next else { return };
            for step in steps.iter() {
                self.ledger.open().note(&sid, *step);
                let news = self.pen.news(&callback, &sid, step.status, step.code);
                let Some(request) = news.filter(|_| !step.is_lost) else { continue };
                if let Some(told) = self.bring(&mut wire, &request).await {
                    self.ledger.open().note_told(&sid, step.status, told);
                }
            }
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether it was taken. One that could not be brought is not brought again, as at Twilio; a connection that was
    /// closed since the last one says nothing, though.
    async fn bring(&mut self, wire: &mut Option<Wire>, request: &[u8]) -> Option<Told> {
        let mut failed = None;
        if wire.is_some() {
            match post(wire, self.door.here(), request).await {
                Ok(status) => return is_taken(status),
                Err(_) => failed = Some(Told::Perhaps),
            }
        }
        match post(wire, self.door.here(), request).await {
            Ok(status) => is_taken(status),
            Err(error) => {
                self.door.turn();
                failed.or((error.kind() != ErrorKind::ConnectionRefused).then_some(Told::Perhaps))
            }
        }
    }
}

fn is_taken(status: u16) -> Option<Told> {
    (200..300).contains(&status).then_some(Told::Surely)
}
