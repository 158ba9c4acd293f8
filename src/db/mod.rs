//! The database: SQLite inside, or PostgreSQL or MariaDB/MySQL, behind one door.
//!
//! There are two ways to write, and both answer only after the commit: [`Db::write`] for use cases one at a
//! time, and [`Batch`] for the busy paths, where whatever has gathered is handled as one set. Reads use
//! connections of their own. No provider is ever called inside a transaction.

mod batch;
pub mod check;
mod connect;
mod door;
mod failure;
mod group_commit;
mod herald;
pub mod marks;
mod keys;
pub mod migrations;
mod outages;
mod search;
mod story;
mod waiting;
mod wal;

pub use batch::Batch;
pub use connect::{lock, make_folder, sqlite_file};
pub use door::Door;
pub use failure::{is_outage, is_refusal, is_transient};
pub use herald::{Change, News, Topic};
pub use keys::{delete_before, due, is_any_due, nearest_keys, page_by_key, rows_by_key, with_nearest};
pub use search::containing;
pub use story::after_commit;
pub use waiting::{Waiting, waiting};

use crate::kit::metrics::Stopwatch;
use crate::kit::{Clock, Error, Instant, Metrics, Result};
use connect::{Purpose, Watched};
use futures_util::future::BoxFuture;
use group_commit::Group;
use herald::Herald;
use outages::Outages;
use sea_orm::sea_query::LockType;
use sea_orm::{
    Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Connections to PostgreSQL or MariaDB.
const POOL: u32 = 16;
/// How often a transaction is tried again after a deadlock or a serialization failure.
const RETRIES: u32 = 20;
/// How many values one statement may bind: below the least of the three databases' limits (SQLite, 32,766).
pub const MAX_BOUND_VALUES: usize = 30_000;

/// The database as the application uses it. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    read: DatabaseConnection,
    write: DatabaseConnection,
    clock: Clock,
    origin: Origin,
    group: Option<Arc<Group>>,
    outages: Arc<Outages>,
    metrics: Metrics,
}

/// One write transaction with its one instant and its door; nothing inside reads the clock.
pub struct Tx {
    txn: DatabaseTransaction,
    now: Instant,
    origin: Origin,
    is_hushed: AtomicBool,
}

/// Whence a write comes, and who is called after it.
#[derive(Clone, Default)]
struct Origin {
    door: Door,
    herald: Herald,
}

impl Tx {
    fn new(txn: DatabaseTransaction, now: Instant, origin: &Origin) -> Self {
        Self { txn, now, origin: origin.clone(), is_hushed: AtomicBool::new(false) }
    }

    /// The instant of this transaction.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// By which door what is written came in.
    pub fn door(&self) -> Door {
        self.origin.door
    }

    /// The connection to run statements on.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.txn
    }

    /// Runs `work` in a savepoint: what it refuses is undone, what went before stays.
    ///
    /// # Errors
    /// Whatever `work` returns, and database failures. MariaDB ends the whole transaction at a deadlock, so an
    /// error that [`is_transient`] must leave the caller's transaction as well.
    pub async fn savepoint<T, F>(&self, work: F) -> Result<T>
    where
        F: for<'a> FnOnce(&'a Tx) -> BoxFuture<'a, Result<T>>,
    {
        let inner = Tx::new(self.txn.begin().await?, self.now, &self.origin);
        inner.is_hushed.store(self.is_hushed(), Ordering::Relaxed);
        let told_before = story::length();
        match work(&inner).await {
            Ok(value) => {
                inner.txn.commit().await?;
                Ok(value)
            }
            Err(refused) => {
                story::forget_after(told_before);
                // Where the whole transaction is gone, so is the savepoint; the first error is the one that counts.
                if let Err(gone) = inner.txn.rollback().await {
                    tracing::debug!(%gone, "a savepoint went with its transaction");
                }
                Err(refused)
            }
        }
    }
}

impl Db {
    /// Connects; does not migrate (see [`migrations::run`]).
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] when the database does not answer; the text never holds the URL.
    pub async fn open(url: &SecretString, clock: Clock) -> Result<Self> {
        crate::kit::http::install_crypto();
        let (outages, metrics, origin) = (Arc::<Outages>::default(), Metrics::default(), Origin::default());
        let address = url.expose_secret();
        if !address.starts_with("sqlite:") {
            let pool = Database::connect(connect::server(address, POOL, &outages)).await.map_err(away)?;
            return Ok(Self { read: pool.clone(), write: pool, clock, origin, group: None, outages, metrics });
        }
        Database::connect(connect::sqlite(address, Purpose::Making)).await.map_err(away)?.close().await?;
        let write = Database::connect(connect::sqlite(address, Purpose::Writing)).await.map_err(away)?;
        let read = Database::connect(connect::sqlite(address, Purpose::Reading)).await.map_err(away)?;
        let group = Some(Arc::new(Group::new(Watched::of(url))));
        Ok(Self { read, write, clock, origin, group, outages, metrics })
    }

    /// The same database, whose writes are counted in `metrics`.
    #[must_use]
    pub fn measured_by(self, metrics: &Metrics) -> Self {
        Self { metrics: metrics.clone(), ..self }
    }

    /// The same database, to which changes come by this door: in an endpoint the actor's. Where nothing is said it is
    /// [`Door::Job`].
    #[must_use]
    pub fn through(&self, door: Door) -> Self {
        Self { origin: Origin { door, herald: self.origin.herald.clone() }, ..self.clone() }
    }

    /// For reading outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Which database it is.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// What the database is called.
    pub fn name(&self) -> &'static str {
        match self.backend() {
            DbBackend::Postgres => "PostgreSQL",
            DbBackend::MySql => "MariaDB",
            _ => "SQLite",
        }
    }

    /// The instant that the next transaction would get.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Runs `work` in a write transaction and answers after the commit.
    ///
    /// On SQLite, writes that wait together run as savepoints of one transaction and commit together; elsewhere
    /// each is a transaction, and `work` runs again after a deadlock or a serialization failure (hence `Fn`).
    /// A caller that goes away does not undo it: the work runs to its end.
    ///
    /// # Errors
    /// Whatever `work` returns (everything it wrote is undone), and database failures.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Tx) -> BoxFuture<'a, Result<T>> + Send + Sync + 'static,
    {
        let (db, took) = (self.clone(), Stopwatch::start());
        let task = tokio::spawn(async move {
            for retry in 0..RETRIES {
                match story::told(db.write_once(&work)).await {
                    Err(error) if is_transient(&error) => {
                        tracing::debug!(retry, error = error.private(), "transaction is tried again");
                        tokio::time::sleep(pause(retry)).await;
                    }
                    done => return db.noted(done, took),
                }
            }
            db.noted(story::told(db.write_once(&work)).await, took)
        });
        task.await.map_err(Error::internal)?
    }

    /// [`Db::write`] of what `work` only reads: `input` stays its own for every try.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_with<I, T, F>(&self, input: I, work: F) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a Tx, &'a I) -> BoxFuture<'a, Result<T>> + Send + Sync + 'static,
    {
        let shared = Arc::new((input, work));
        self.write(move |tx| {
            let shared = Arc::clone(&shared);
            Box::pin(async move {
                let (input, work) = &*shared;
                work(tx, input).await
            })
        })
        .await
    }

    /// Whether the last write failed because the database was away, full or locked: reading may work all the same.
    pub fn is_failing(&self) -> bool {
        self.outages.is_failing()
    }

    fn noted<T>(&self, outcome: Result<T>, took: Stopwatch) -> Result<T> {
        let is_away = outcome.as_ref().is_err_and(is_outage);
        self.outages.note(is_away);
        let word = if is_away { "away" } else { outcome.as_ref().map_or("refused", |_| "committed") };
        self.metrics.database_write(word, took);
        outcome
    }

    async fn write_once<T, F>(&self, work: &F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Tx) -> BoxFuture<'a, Result<T>> + Send + Sync,
    {
        if let Some(group) = &self.group {
            return group.run(&self.write, &self.clock, &self.origin, work).await;
        }
        let txn = self.write.begin_with_options(read_committed()).await?;
        let tx = Tx::new(txn, self.clock.now(), &self.origin);
        let value = work(&tx).await?; // dropped unfinished, the transaction rolls back
        tx.txn.commit().await?;
        Ok(value)
    }

    /// Closes the connections; what was committed is on disk.
    ///
    /// # Errors
    /// When the database refuses to close.
    pub async fn close(self) -> Result<()> {
        self.read.close_by_ref().await?;
        self.write.close_by_ref().await?;
        Ok(())
    }
}

/// How rows are held that others refer to: on PostgreSQL so that rows with references to them can still be written,
/// which `FOR UPDATE` would keep waiting.
pub fn holding(backend: DbBackend) -> LockType {
    if backend == DbBackend::Postgres { LockType::NoKeyUpdate } else { LockType::Update }
}

fn read_committed() -> TransactionOptions {
    TransactionOptions { isolation_level: Some(IsolationLevel::ReadCommitted), ..TransactionOptions::default() }
}

/// Every SQLite write begins IMMEDIATE: a transaction that reads first and writes later would otherwise fail
/// with "busy" where it could have waited.
fn immediate() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

fn away(error: DbErr) -> Error {
    Error::unavailable("The database cannot be reached. Check DATABASE_URL and that the server runs.").because(error)
}

/// 4, 8, 16 … 512 ms, with as much again by chance, so that two that collided do not meet again.
fn pause(retry: u32) -> Duration {
    use rand::RngExt as _;
    let base = 4_000_u64 << retry.min(7);
    Duration::from_micros(base + rand::rng().random_range(0..=base))
}

/// A fresh SQLite database with all tables, for one test; its file goes when the folder is dropped.
#[cfg(test)]
pub(crate) async fn test_db() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("andon.db").display());
    let start = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
    let db = Db::open(&url.into(), Clock::manual(start)).await.expect("SQLite opens");
    migrations::run(&db).await.expect("the tables are made");
    (db, folder)
}

#[cfg(test)]
impl Db {
    /// For writing in a test what no transaction of ours writes.
    pub(crate) fn write_for_tests(&self) -> DatabaseConnection {
        self.write.clone()
    }

    /// Moves the clock of [`test_db`].
    pub(crate) fn pass(&self, by: chrono::TimeDelta) {
        self.clock.advance(by);
    }
}
