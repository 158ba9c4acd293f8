//! Limits that processes keep in common: what one counted, the others count too, a moment later.
//!
//! Nobody waits for it: each process counts for itself, and tells the others what it counted. While Redis is away a
//! limit is each process's own. Who is counted is told as a number that says nothing without the desk's key, or without its
//! database.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most places that wait to be told; in a flood from more of them than that, some are not.
const MOST_WAITING: usize = 10_000;
/// The most places in one message.
const MOST_AT_ONCE: usize = 500;

/// Which limit is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Requests of one address.
    Requests,
    /// Failed sign-ins to one account from one network.
    SignInsFromOne,
    /// Failed sign-ins to one account from everywhere.
    SignInsFromAll,
    /// Messages to one person; the place is their address's row.
    ToOne,
}

/// One place of a limit, and how often something was counted there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counted(Limit, u64, u32);

/// Is told the place, and how often something was counted there.
type Listener = dyn Fn(u64, u32) + Send + Sync;

/// What other processes have not been told yet, and who here hears what they tell.
#[derive(Clone, Default)]
pub(super) struct Tallies(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waiting: Mutex<BTreeMap<(Limit, u64), u32>>,
    listeners: Mutex<BTreeMap<Limit, Arc<Listener>>>,
}

impl Tallies {
    /// Has `hear` called with what other processes count against this limit.
    pub(super) fn listen(&self, limit: Limit, hear: impl Fn(u64, u32) + Send + Sync + 'static) {
        lock(&self.0.listeners).insert(limit, Arc::new(hear));
    }

    /// Notes that something was counted here. Whether it was the first since the last telling.
    pub(super) fn add(&self, limit: Limit, place: u64) -> bool {
        let mut waiting = lock(&self.0.waiting);
        let is_first = waiting.is_empty();
        if waiting.len() < MOST_WAITING || waiting.contains_key(&(limit, place)) {
            *waiting.entry((limit, place)).or_default() += 1;
        }
        is_first
    }

    /// What is to be told, some places at a time.
    pub(super) fn take(&self) -> Vec<Vec<Counted>> {
        let waiting = std::mem::take(&mut *lock(&self.0.waiting));
        let counted: Vec<Counted> =
            waiting.into_iter().map(|((limit, place), times)| Counted(limit, place, times)).collect();
        counted.chunks(MOST_AT_ONCE).map(<[Counted]>::to_vec).collect()
    }

    /// Takes in what another process told.
    pub(super) fn hear(&self, counted: &[Counted]) {
        for Counted(limit, place, times) in counted {
            let listener = lock(&self.0.listeners).get(limit).cloned();
            if let Some(hear) = listener {
                hear(*place, *times);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn what_is_counted_often_is_told_once_and_heard_as_often() {
        let (ours, theirs) = (Tallies::default(), Tallies::default());
        let heard = Arc::new(AtomicU64::new(0));
        let sum = Arc::clone(&heard);
        theirs.listen(Limit::Requests, move |place, times| {
            sum.fetch_add(place * u64::from(times), Ordering::Relaxed);
        });
        for _ in 0..3 {
            ours.add(Limit::Requests, 7);
        }
        ours.add(Limit::SignInsFromAll, 7);
        for told in ours.take() {
            theirs.hear(&told);
        }
        assert_eq!(heard.load(Ordering::Relaxed), 21, "and what nobody listens to is passed over");
        assert!(ours.take().is_empty());
    }

    #[test]
    fn what_waits_is_bounded_and_told_in_pieces() {
        let tallies = Tallies::default();
        for place in 0..MOST_WAITING as u64 + 5 {
            tallies.add(Limit::Requests, place);
        }
        let told = tallies.take();
        assert_eq!(told.iter().map(Vec::len).sum::<usize>(), MOST_WAITING);
        assert!(told.iter().all(|piece| piece.len() <= MOST_AT_ONCE));
    }
}
