//! Group commit for SQLite: writes that wait together share one transaction and one fsync.
//!
//! Each write runs in a savepoint, in the order of arrival, and is answered after the common commit. The last
//! one in line commits. One that fails is rolled back alone; a failed commit fails them all.

use super::connect::Watched;
use super::{Origin, Tx, immediate};
use crate::kit::{Clock, Error, Result};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sea_orm::{DatabaseConnection, DatabaseTransaction, TransactionTrait as _};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Mutex, oneshot};

/// A group is committed at this size even if more are waiting, so that nobody waits without end.
const MAX_GROUP: usize = 256;

/// The writes that will be committed together.
pub(super) struct Group {
    file: Option<Watched>,
    open: Mutex<Option<Open>>,
    in_line: AtomicUsize,
}

struct Open {
    txn: DatabaseTransaction,
    members: Vec<oneshot::Sender<Result<()>>>,
}

impl Group {
    /// A group that writes to this file; it refuses once the file is gone.
    pub(super) fn new(file: Option<Watched>) -> Self {
        Self { file, open: Mutex::default(), in_line: AtomicUsize::default() }
    }

    /// Runs `work` as a member of the group. Must not be cancelled half-way: the caller spawns it.
    pub(super) async fn run<T, F>(&self, db: &DatabaseConnection, clock: &Clock, origin: &Origin, work: &F) -> Result<T>
    where
        F: for<'a> Fn(&'a Tx) -> BoxFuture<'a, Result<T>> + Send + Sync,
    {
        self.in_line.fetch_add(1, Ordering::SeqCst);
        let mut open = self.open.lock().await;
        self.in_line.fetch_sub(1, Ordering::SeqCst);

        if open.is_none() {
            self.file.as_ref().map_or(Ok(()), Watched::check)?;
            let txn = db.begin_with_options(immediate()).await?;
            *open = Some(Open { txn, members: Vec::new() });
        }
        let Some(group) = open.as_mut() else { return Err(Error::internal("a group that was just opened is gone")) };
        let (outcome, lost) = member(&group.txn, clock, origin, work).await;
        if lost {
            // SQLite ends the whole transaction when the disk is full or fails: the others lost theirs, too.
            if let Some(group) = open.take() {
                group.fail().await;
            }
            return outcome;
        }
        let (told, committed) = oneshot::channel();
        if outcome.is_ok() {
            group.members.push(told);
        }
        let is_last = self.in_line.load(Ordering::SeqCst) == 0 || group.members.len() >= MAX_GROUP;
        if is_last && let Some(group) = open.take() {
            group.commit().await;
        }
        drop(open);

        let value = outcome?;
        committed.await.map_err(Error::internal)??;
        Ok(value)
    }
}

/// What became of one member, and whether the common transaction was lost with it.
async fn member<T, F>(txn: &DatabaseTransaction, clock: &Clock, origin: &Origin, work: &F) -> (Result<T>, bool)
where
    F: for<'a> Fn(&'a Tx) -> BoxFuture<'a, Result<T>> + Send + Sync,
{
    let tx = match txn.begin().await {
        Ok(savepoint) => Tx::new(savepoint, clock.now(), origin),
        Err(lost) => return (Err(lost.into()), true),
    };
    // A panic must not leave the group without a member to commit it.
    let outcome = AssertUnwindSafe(async { work(&tx).await }).catch_unwind().await;
    match outcome.unwrap_or_else(|_| Err(Error::internal("a write panicked"))) {
        Ok(value) => match tx.txn.commit().await {
            Ok(()) => (Ok(value), false),
            Err(lost) => (Err(lost.into()), true),
        },
        Err(refused) => {
            let is_lost = tx.txn.rollback().await.is_err();
            (Err(refused), is_lost)
        }
    }
}

impl Open {
    /// Tells every member that nothing of it was kept.
    async fn fail(self) {
        tracing::error!("a common transaction is lost; nothing of it was kept");
        if let Err(gone) = self.txn.rollback().await {
            tracing::debug!(%gone, "it was rolled back already");
        }
        for member in self.members {
            let away = Error::unavailable("The database could not keep it. Nothing was changed; please try again.");
            let _gone = member.send(Err(away));
        }
    }

    async fn commit(self) {
        let outcome = self.txn.commit().await;
        if let Err(error) = &outcome {
            tracing::error!(%error, "commit failed; nothing of it was kept");
        }
        for member in self.members {
            // A member whose caller is gone has nobody to tell.
            let _gone = member.send(outcome.clone().map_err(Error::from));
        }
    }
}
