//! Batches for the busy paths: whatever gathered while the last set was committing is handled as one set.
//!
//! Each item is answered after the commit. A set that the database refuses is halved until the item at fault
//! stands alone, so that one bad message never spoils its neighbours; a database that is away fails the whole
//! set at once. The queue is bounded: beyond it callers get "unavailable" rather than growing memory.

use super::failure::{again, is_outage};
use crate::kit::{Error, Result};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

type Waiting<I, O> = (I, oneshot::Sender<Result<O>>);
type Handler<I, O> = dyn Fn(Arc<Vec<I>>) -> BoxFuture<'static, Result<Vec<O>>> + Send + Sync;

/// A queue in front of a set-wise handler. Cheap to clone.
pub struct Batch<I, O> {
    queue: mpsc::Sender<Waiting<I, O>>,
}

impl<I, O> Clone for Batch<I, O> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<I: Clone + Send + Sync + 'static, O: Send + 'static> Batch<I, O> {
    /// Starts the task that feeds `handle` with sets of at most `most` items; it ends when the last clone is
    /// dropped. `handle` answers with one output an item, in the items' order.
    pub fn start<F>(most: usize, handle: F) -> Self
    where
        F: Fn(Arc<Vec<I>>) -> BoxFuture<'static, Result<Vec<O>>> + Send + Sync + 'static,
    {
        let (queue, waiting) = mpsc::channel(most.saturating_mul(16));
        tokio::spawn(run(most, waiting, Arc::new(handle)));
        Self { queue }
    }

    /// Hands in one item and waits until its set is committed.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] when the queue is full or the database is away; else what the
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

    fn queue_up(&self, item: I) -> Result<oneshot::Receiver<Result<O>>> {
        let (told, answer) = oneshot::channel();
        self.queue
            .try_send((item, told))
            .map_err(|_| Error::unavailable("More is coming in than can be stored right now; please try again."))?;
        Ok(answer)
    }
}

async fn run<I: Clone + Send + Sync + 'static, O: Send + 'static>(
    most: usize,
    mut waiting: mpsc::Receiver<Waiting<I, O>>,
    handle: Arc<Handler<I, O>>,
) {
    let mut gathered = Vec::with_capacity(most);
    while waiting.recv_many(&mut gathered, most).await > 0 {
        let (items, callers): (Vec<I>, Vec<_>) = gathered.drain(..).unzip();
        let answers = settle(&handle, items).await;
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
        let batch = Batch::start(64, |items: Arc<Vec<u32>>| {
            Box::pin(async move {
                if items.contains(&13) {
                    Err(Error::bad_request("thirteen"))
                } else {
                    Ok(items.iter().map(|i| i * 2).collect())
                }
            })
        });
        let answers = futures_util::future::join_all((10..16).map(|i| batch.submit(i))).await;
        let doubled: Vec<Option<u32>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(doubled, [Some(20), Some(22), Some(24), None, Some(28), Some(30)]);
    }

    #[tokio::test]
    async fn a_panic_in_the_handler_does_not_stop_the_queue() {
        let batch = Batch::start(64, |items: Arc<Vec<u32>>| {
            Box::pin(async move {
                assert!(!items.contains(&13), "thirteen");
                Ok(items.to_vec())
            })
        });
        assert!(batch.submit(13).await.is_err());
        assert_eq!(batch.submit(7).await.ok(), Some(7));
    }
}
