//! The database: SQLite inside, or PostgreSQL or MariaDB/MySQL, behind one door.
//!
//! There are two ways to write, and both answer only after the commit: [`Db::write`] for use cases one at a
//! time, and [`Batch`] for the busy paths, where whatever has gathered is handled as one set. Reads use
//! connections of their own. No provider is ever called inside a transaction.

mod batch;
mod failure;
mod group_commit;
mod keys;
pub mod migrations;

pub use batch::Batch;
pub use failure::{is_outage, is_transient};
pub use keys::{nearest_keys, rows_by_key, with_nearest};

use crate::kit::{Clock, Error, Instant, Result};
use futures_util::future::BoxFuture;
use group_commit::Group;
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a request waits for a free connection before the database counts as away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections to PostgreSQL or MariaDB.
const POOL: u32 = 16;
/// Readers of SQLite; one more connection writes.
const SQLITE_READERS: u32 = 4;
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
    group: Option<Arc<Group>>,
}

/// One write transaction with its one instant; nothing inside reads the clock.
pub struct Tx {
    txn: DatabaseTransaction,
    now: Instant,
}

impl Tx {
    /// The instant of this transaction.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The connection to run statements on.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.txn
    }

    /// Runs `work` in a savepoint: what it refuses is undone, what went before stays.
    ///
    /// # Errors
    /// Whatever `work` returns, and database failures.
    pub async fn savepoint<T, F>(&self, work: F) -> Result<T>
    where
        F: for<'a> FnOnce(&'a Tx) -> BoxFuture<'a, Result<T>>,
    {
        let inner = Tx { txn: self.txn.begin().await?, now: self.now };
        match work(&inner).await {
            Ok(value) => {
                inner.txn.commit().await?;
                Ok(value)
            }
            Err(refused) => {
                inner.txn.rollback().await?;
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
        let url = url.expose_secret();
        if !url.starts_with("sqlite:") {
            let pool = Database::connect(options(url, POOL)).await.map_err(away)?;
            return Ok(Self { read: pool.clone(), write: pool, clock, group: None });
        }
        let write = Database::connect(sqlite(url, 1)).await.map_err(away)?;
        let read = Database::connect(sqlite(url, SQLITE_READERS)).await.map_err(away)?;
        let group = Some(Arc::new(Group::default()));
        Ok(Self { read, write, clock, group })
    }

    /// For reading outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Which database it is.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
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
        let db = self.clone();
        let task = tokio::spawn(async move {
            for retry in 0..RETRIES {
                match db.write_once(&work).await {
                    Err(error) if is_transient(&error) => {
                        tracing::debug!(retry, error = error.private(), "transaction is tried again");
                        tokio::time::sleep(pause(retry)).await;
                    }
                    done => return done,
                }
            }
            db.write_once(&work).await
        });
        task.await.map_err(Error::internal)?
    }

    async fn write_once<T, F>(&self, work: &F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Tx) -> BoxFuture<'a, Result<T>> + Send + Sync,
    {
        if let Some(group) = &self.group {
            return group.run(&self.write, &self.clock, work).await;
        }
        let tx = Tx { txn: self.write.begin_with_options(read_committed()).await?, now: self.clock.now() };
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

/// The file behind a SQLite URL; none for other databases and for memory.
pub fn sqlite_file(url: &SecretString) -> Option<PathBuf> {
    let rest = url.expose_secret().strip_prefix("sqlite:")?;
    let path = rest.trim_start_matches("//").split('?').next().unwrap_or_default();
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// Makes the folder that a SQLite file will stand in.
///
/// # Errors
/// [`crate::kit::error::Kind::Setting`] when it cannot be made.
pub fn make_folder(file: &Path) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| {
        Error::setting(format!(
            "The folder {} cannot be used: {e}. Set ANDON_DATA_DIR to a folder that may be written.",
            folder.display()
        ))
    })
}

/// Takes a SQLite file for this process, so that a second `serve` on it refuses to start. Held until dropped.
///
/// # Errors
/// [`crate::kit::error::Kind::Setting`] when another process has it or its folder is not writable.
pub fn lock(file: &Path) -> Result<File> {
    make_folder(file)?;
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    let unusable = |e: std::io::Error| {
        Error::setting(format!(
            "{} cannot be written: {e}. Set ANDON_DATA_DIR to a folder that may be written.",
            Path::new(&name).display()
        ))
    };
    let lock = File::create(&name).map_err(unusable)?;
    lock.try_lock().map_err(|_| {
        Error::setting(format!(
            "Another andon is running on {}. Stop it first, or give this one its own ANDON_DATA_DIR.",
            file.display()
        ))
    })?;
    Ok(lock)
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

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false);
    options
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
    let mut options = options(url, connections);
    options.min_connections(1).idle_timeout(None::<Duration>).max_lifetime(None::<Duration>).map_sqlx_sqlite_opts(
        |sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(ACQUIRE_TIMEOUT)
                .statement_cache_capacity(512)
        },
    );
    options
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
    /// Moves the clock of [`test_db`].
    pub(crate) fn pass(&self, by: chrono::TimeDelta) {
        self.clock.advance(by);
    }
}
