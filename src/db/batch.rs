//! Batches for the busy paths: whatever gathered while the last set was committing is handled as one set.
//!
//! Each item is answered after the commit. A set that the database refuses is halved until the item at fault
//! stands alone, so that one bad message never spoils its neighbours; a database that is away fails the whole
//! set at once. The queue is bounded, in number and in time: where it is full, or its database has been at one set for
//! too long, callers get "unavailable" rather than growing memory.

use super::failure::{again, is_outage};
use crate::kit::{Error, Result};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// While one set takes longer than this, nothing more is taken in: the database is slower than the world.
const LONGEST_SET: Duration = Duration::from_secs(5);

type Waiting<I, O> = (I, oneshot::Sender<Result<O>>);
type Handler<I, O> = dyn Fn(Arc<Vec<I>>) -> BoxFuture<'static, Result<Vec<O>>> + Send + Sync;

/// A queue in front of a set-wise handler. Cheap to clone.
pub struct Batch<I, O> {
    queue: mpsc::Sender<Waiting<I, O>>,
    stopwatch: Arc<Stopwatch>,
}

/// How long the set at hand has been taking.
struct Stopwatch {
    made_at: Instant,
    /// Microseconds after `made_at`; 0 while there is no set at hand.
    begun_us: AtomicU64,
}

impl Stopwatch {
    fn begin(&self) {
        self.begun_us.store(self.now_us().max(1), Ordering::Relaxed);
    }

    fn end(&self) {
        self.begun_us.store(0, Ordering::Relaxed);
    }

    fn is_late(&self) -> bool {
        let begun = self.begun_us.load(Ordering::Relaxed);
        begun > 0 && Duration::from_micros(self.now_us().saturating_sub(begun)) > LONGEST_SET
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.made_at.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl<I, O> Clone for Batch<I, O> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), stopwatch: Arc::clone(&self.stopwatch) }
    }
}

impl<I: Clone + Send + Sync + 'static, O: Send + 'static> Batch<I, O> {
    /// Starts the task that feeds `handle` with sets of at most `most` items; it ends when the last clone is
    /// dropped. `handle` answers with one output an item, in the items' order. A set is gathered for `linger` from its
    /// first item on: where nobody waits for the answer, larger sets leave more of the database to those who do.
    pub fn start<F>(most: usize, linger: impl Fn() -> Duration + Send + 'static, handle: F) -> Self
    where
        F: Fn(Arc<Vec<I>>) -> BoxFuture<'static, Result<Vec<O>>> + Send + Sync + 'static,
    {
        let (queue, waiting) = mpsc::channel(most.saturating_mul(16));
        let stopwatch = Arc::new(Stopwatch { made_at: Instant::now(), begun_us: AtomicU64::new(0) });
        tokio::spawn(run(most, linger, waiting, Arc::new(handle), Arc::clone(&stopwatch)));
        Self { queue, stopwatch }
    }

    /// Hands in one item and waits until its set is committed.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] when the queue is full or the database is away or too slow; else what the
    /// handler said of this item.
    pub async fn submit(&self, item: I) -> Result<O> {
        self.queue_up(item)?.await.map_err(Error::internal)?
    }

    /// Hands in several items, in their order, and waits until all are committed. Errors as [`Batch::submit`].
    pub async fn submit_all(&self, items: Vec<I>) -> Vec<Result<O>> {
        let queued: Vec<_> = items.into_iter().map(|item| self.queue_up(item)).collect();
        let mut answers = Vec::with_capacity(queued.len());
        for answer in queued {
            answers.push(match answer {
                Ok(answer) => answer.await.map_err(Error::internal).and_then(|outcome| outcome),
                Err(full) => Err(full),
            });
        }
        answers
    }

    /// How many items wait for their set, and how many may.
    pub fn depth(&self) -> (usize, usize) {
        let most = self.queue.max_capacity();
        (most - self.queue.capacity(), most)
    }

    fn queue_up(&self, item: I) -> Result<oneshot::Receiver<Result<O>>> {
        let busy = || Error::unavailable("More is coming in than can be stored right now; please try again.");
        if self.stopwatch.is_late() {
            return Err(busy());
        }
        let (told, answer) = oneshot::channel();
        self.queue.try_send((item, told)).map_err(|_| busy())?;
        Ok(answer)
    }
}

async fn run<I: Clone + Send + Sync + 'static, O: Send + 'static>(
    most: usize,
    linger: impl Fn() -> Duration + Send,
    mut waiting: mpsc::Receiver<Waiting<I, O>>,
    handle: Arc<Handler<I, O>>,
    stopwatch: Arc<Stopwatch>,
) {
    let mut gathered = Vec::with_capacity(most);
    while !gathered.is_empty() || waiting.recv_many(&mut gathered, most).await > 0 {
        let gathers_for = linger();
        if !gathers_for.is_zero() {
            tokio::time::sleep(gathers_for).await;
        }
        while gathered.len() < most
            && let Ok(one) = waiting.try_recv()
        {
            gathered.push(one);
        }
        // In powers of two, the rest with the next set: for each size every database prepares statements of its own.
        let size = 1 << gathered.len().ilog2();
        let (items, callers): (Vec<I>, Vec<_>) = gathered.drain(..size).unzip();
        stopwatch.begin();
        let answers = settle(&handle, items).await;
        stopwatch.end();
        for (caller, answer) in callers.into_iter().zip(answers) {
            // A caller that went away needs no answer; its item is stored all the same.
            let _gone = caller.send(answer);
        }
    }
}

/// One answer an item: the whole set at once where it works, halves where it does not.
fn settle<I: Clone + Send + Sync + 'static, O: Send + 'static>(
    handle: &Arc<Handler<I, O>>,
    items: Vec<I>,
) -> BoxFuture<'static, Vec<Result<O>>> {
    let handle = Arc::clone(handle);
    Box::pin(async move {
        let count = items.len();
        let set = Arc::new(items);
        // In a task of its own, so that a panic in the handler costs this set and not the queue.
        let outcome = match tokio::spawn(handle(Arc::clone(&set))).await {
            Ok(outcome) => outcome,
            Err(panicked) => Err(Error::internal(panicked)),
        };
        match outcome {
            Ok(answers) if answers.len() == count => answers.into_iter().map(Ok).collect(),
            Ok(_) => (0..count).map(|_| Err(Error::internal("a batch answered another number of items"))).collect(),
            Err(error) if count == 1 => vec![Err(error)],
            Err(error) if is_outage(&error) => (0..count).map(|_| Err(again(&error))).collect(),
            Err(error) => {
                tracing::warn!(count, error = error.private(), "a set was refused and is halved");
                let (left, right) = set.split_at(count / 2);
                let (left, right) = (left.to_vec(), right.to_vec());
                let mut answers = settle(&handle, left).await;
                answers.extend(settle(&handle, right).await);
                answers
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_bad_item_spoils_only_itself() {
        let batch = Batch::start(
            64,
            || Duration::ZERO,
            |items: Arc<Vec<u32>>| {
                Box::pin(async move {
                    if items.contains(&13) {
                        Err(Error::bad_request("thirteen"))
                    } else {
                        Ok(items.iter().map(|i| i * 2).collect())
                    }
                })
            },
        );
        let answers = futures_util::future::join_all((10..16).map(|i| batch.submit(i))).await;
        let doubled: Vec<Option<u32>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(doubled, [Some(20), Some(22), Some(24), None, Some(28), Some(30)]);
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_database_is_too_slow_nothing_is_queued() {
        let batch = Batch::start(
            64,
            || Duration::ZERO,
            |items: Arc<Vec<u32>>| {
                Box::pin(async move {
                    tokio::time::sleep(LONGEST_SET * 2).await;
                    Ok(items.to_vec())
                })
            },
        );
        let slow = tokio::spawn({
            let batch = batch.clone();
            async move { batch.submit(1).await }
        });
        tokio::time::sleep(LONGEST_SET / 2).await;
        let queued = batch.queue_up(2);
        assert!(queued.is_ok(), "a set may take its time");
        tokio::time::sleep(LONGEST_SET).await;
        let refused = batch.submit(3).await.map_err(|error| error.kind());
        assert_eq!(refused, Err(crate::kit::error::Kind::Unavailable));
        assert_eq!(slow.await.expect("no panic").ok(), Some(1), "what was taken in is answered");
        assert_eq!(batch.submit(4).await.ok(), Some(4), "and then everything is as before");
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_refuses_at_once() {
        let batch = Batch::start(
            1,
            || Duration::ZERO,
            |items: Arc<Vec<u32>>| {
                Box::pin(async move {
                    tokio::time::sleep(LONGEST_SET / 2).await;
                    Ok(items.to_vec())
                })
            },
        );
        let answers = batch.submit_all((0..20).collect()).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 16);
    }

    #[tokio::test]
    async fn sets_are_powers_of_two_and_keep_the_order() {
        let batch = Batch::start(
            64,
            || Duration::ZERO,
            |items: Arc<Vec<u32>>| Box::pin(async move { Ok(items.iter().map(|item| (*item, items.len())).collect()) }),
        );
        let answers = batch.submit_all((0..13).collect()).await;
        let sizes: Vec<(u32, usize)> = answers.into_iter().map(|answer| answer.expect("it is handled")).collect();
        let expected = [(0..8, 8), (8..12, 4), (12..13, 1)];
        let expected = expected.into_iter().flat_map(|(items, size)| items.map(move |item| (item, size)));
        assert_eq!(sizes, expected.collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_while_a_set_gathers_goes_with_it() {
        let linger = Duration::from_millis(5);
        let batch = Batch::start(
            64,
            move || linger,
            |items: Arc<Vec<u32>>| Box::pin(async move { Ok(vec![items.len(); items.len()]) }),
        );
        let later = async |after: Duration| {
            tokio::time::sleep(after).await;
            batch.submit(1).await.ok()
        };
        let sizes = tokio::join!(later(Duration::ZERO), later(linger / 2), later(linger * 2));
        assert_eq!(sizes, (Some(2), Some(2), Some(1)));
    }

    #[tokio::test]
    async fn a_panic_in_the_handler_does_not_stop_the_queue() {
        let batch = Batch::start(
            64,
            || Duration::ZERO,
            |items: Arc<Vec<u32>>| {
                Box::pin(async move {
                    assert!(!items.contains(&13), "thirteen");
                    Ok(items.to_vec())
                })
            },
        );
        assert!(batch.submit(13).await.is_err());
        assert_eq!(batch.submit(7).await.ok(), Some(7));
    }
}
