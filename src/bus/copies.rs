//! Copies in Redis of what the database holds, for other tools to read.
//!
//! Nobody hands a copy in: whoever changed something names its row, and what the database has of it by then is read
//! and written here, some at a time, in the background. So the latest state wins, however many changes came. The rows
//! that are remembered are bounded in number: past that, and whenever Redis was away, everything is copied anew, piece
//! by piece.

use super::link::Link;
use crate::kit::Result;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, pipe};
use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// The most rows that are remembered.
const MOST_STALE: usize = 100_000;
/// How many rows are read and written at once.
const AT_ONCE: usize = 500;
/// The pause after each set, so that copying never takes the machine for itself.
const BREATH: Duration = Duration::from_millis(50);
/// While the database does not answer, it is asked again after this time.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// One copy, as Redis should have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its key, after the prefix.
    pub key: String,
    /// Its text; `None` where there must be none under this key.
    pub value: Option<String>,
    /// When it goes by itself, in milliseconds from now.
    pub life_ms: u64,
}

/// Where copies are made from.
#[async_trait::async_trait]
pub trait Source: Send + Sync {
    /// What there is now of these rows, and the keys under which nothing of theirs is left.
    async fn of(&self, rows: &[i64]) -> Result<Vec<Copied>>;

    /// The next of all there is, at most `most`, after this place (0 at first); and the place to go on from, `None`
    /// at the end.
    async fn after(&self, place: i64, most: usize) -> Result<(Vec<Copied>, Option<i64>)>;
}

/// The rows whose copies are out of date.
#[derive(Default)]
pub(super) struct Stale {
    known: Mutex<Known>,
    bell: Notify,
}

#[derive(Default)]
struct Known {
    rows: HashSet<i64>,
    /// More changed than could be remembered.
    overflowed: bool,
}

impl Stale {
    pub(super) fn add(&self, rows: impl IntoIterator<Item = i64>) {
        let mut known = self.lock();
        for row in rows {
            if known.rows.len() < MOST_STALE || known.rows.contains(&row) {
                known.rows.insert(row);
            } else {
                known.overflowed = true;
            }
        }
        drop(known);
        self.bell.notify_one();
    }

    fn take(&self) -> Vec<i64> {
        let mut known = self.lock();
        let some: Vec<i64> = known.rows.iter().take(AT_ONCE).copied().collect();
        for row in &some {
            known.rows.remove(row);
        }
        some
    }

    fn has_overflowed(&self) -> bool {
        std::mem::take(&mut self.lock().overflowed)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies everything once, for Redis may have missed or lost anything, and from then on what changes.
pub(super) async fn keep(
    link: &Link,
    mut redis: MultiplexedConnection,
    source: &dyn Source,
) -> RedisResult<Infallible> {
    let mut place = Some(0);
    loop {
        if place.is_none() && link.stale.has_overflowed() {
            place = Some(0);
        }
        let rows = link.stale.take();
        if rows.is_empty() && place.is_none() {
            link.stale.bell.notified().await;
            continue;
        }
        let read = read(source, &rows, place).await;
        let outcome = match &read {
            Ok((copies, _)) => write(link, &mut redis, copies).await,
            Err(_) => Ok(()),
        };
        if read.is_err() || outcome.is_err() {
            link.stale.add(rows);
        }
        outcome?;
        link.is_well();
        match read {
            Ok((_, next)) => {
                place = next;
                sleep(BREATH).await;
            }
            Err(error) => {
                tracing::debug!(cause = error.private(), "sessions cannot be read for Redis yet: {error}");
                sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// What there is of the stale rows, after the next piece of everything where that is under way.
async fn read(source: &dyn Source, rows: &[i64], place: Option<i64>) -> Result<(Vec<Copied>, Option<i64>)> {
    let (mut copies, next) = match place {
        Some(place) => source.after(place, AT_ONCE).await?,
        None => (Vec::new(), None),
    };
    if !rows.is_empty() {
        copies.extend(source.of(rows).await?);
    }
    Ok((copies, next))
}

/// Writes the copies in one round trip.
async fn write(link: &Link, redis: &mut MultiplexedConnection, copies: &[Copied]) -> RedisResult<()> {
    let mut pipe = pipe();
    for Copied { key, value, life_ms } in copies {
        match value.as_ref().filter(|_| *life_ms > 0) {
            Some(value) => pipe.pset_ex(link.named(key), value, *life_ms).ignore(),
            None => pipe.del(link.named(key)).ignore(),
        };
    }
    if copies.is_empty() { Ok(()) } else { pipe.query_async(redis).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_changed_often_is_stale_once() {
        let stale = Stale::default();
        stale.add([1, 2, 1]);
        stale.add([1]);
        let mut rows = stale.take();
        rows.sort_unstable();
        assert_eq!(rows, [1, 2]);
        assert!(stale.take().is_empty());
    }

    #[test]
    fn rows_are_bounded_and_what_is_past_the_bound_asks_for_everything() {
        let stale = Stale::default();
        stale.add((0..).take(MOST_STALE));
        stale.add([0]);
        assert!(!stale.has_overflowed(), "a row that is there takes no room");
        stale.add([-1]);
        assert!(stale.has_overflowed() && !stale.has_overflowed(), "told once");
        assert_eq!(stale.lock().rows.len(), MOST_STALE);
        assert_eq!(stale.take().len(), AT_ONCE);
    }
}
