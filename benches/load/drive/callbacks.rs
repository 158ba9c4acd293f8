//! Status callbacks: `sent`, then `delivered`, a few at a time.

use super::doors::{Doors, post};
use super::ledger::Ledger;
use super::twilio::Pen;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Mutex, mpsc};

/// How many callbacks are on their way at once.
const AT_ONCE: usize = 32;

/// Where callbacks are handed in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Callbacks {
    queue: mpsc::UnboundedSender<(String, String)>,
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

    /// The message with this id goes its way, and its sender is told.
    pub(crate) fn post(&self, callback: String, sid: String) {
        self.open.fetch_add(1, Ordering::Relaxed);
        if self.queue.send((callback, sid)).is_err() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// How many messages' callbacks are not all posted.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

struct Poster {
    door: Doors,
    pen: Arc<Pen>,
    ledger: Arc<Ledger>,
    open: Arc<AtomicUsize>,
}

impl Poster {
    async fn run(mut self, waiting: Arc<Mutex<mpsc::UnboundedReceiver<(String, String)>>>) {
        let mut wire = None;
        loop {
            let next = waiting.lock().await.recv().await;
            let Some((callback, sid)) = next else { return };
            for status in ["sent", "delivered"] {
                self.ledger.open().note(&sid, status);
                if let Some(path) = self.pen.path(&callback) {
                    let request = self.pen.news(path, &sid, status);
                    // One that could not be brought is not brought again, as at Twilio.
                    if post(&mut wire, self.door.here(), &request).await.is_err() {
                        self.door.turn();
                    }
                }
            }
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
