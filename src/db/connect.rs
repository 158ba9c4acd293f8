//! How connections are made, and the file behind SQLite: found, locked, watched.

use super::outages::Outages;
use crate::kit::{Error, Result};
use futures_util::future::BoxFuture;
use sea_orm::ConnectOptions;
use sea_orm::sqlx::pool::PoolConnectionMetadata;
use sea_orm::sqlx::{self, Connection, Executor as _, PgConnection};
use secrecy::{ExposeSecret as _, SecretString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a request waits for a free connection before the database counts as away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A server's connection that rested longer is asked whether it still answers before it is used; so is each that rested
/// when a write last found the database away. The first to meet one that broke within that time fails.
const RESTED: Duration = Duration::from_secs(1);
/// Readers of SQLite; one more connection writes.
const SQLITE_READERS: u32 = 4;
/// Prepared statements kept by a connection: sets of every size make many. Sixteen connections of two processes stay
/// below MariaDB's default limit (`max_prepared_stmt_count`, 16,382).
const STATEMENTS: usize = 400;
/// The same for SQLite, where preparing one costs next to nothing, and keeping one memory of ours.
const SQLITE_STATEMENTS: usize = 200;
/// The write-ahead log's file is cut back to so many bytes when the log begins anew (16 MiB).
const JOURNAL_SIZE: &str = "16777216";

/// Pages in SQLite's write-ahead log (16 MiB) after which a commit moves them into the file: rarely enough that a page
/// which many commits touch is moved once.
const LOG_PAGES: &str = "4000";
/// Memory for the pages of SQLite's writer, 8 MiB (SQLite's way to say so is a negative number of KiB); readers get
/// its default of 2 MiB.
const WRITER_CACHE: &str = "-8192";

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

/// A SQLite file as it was when it was opened: moved or deleted, what is written to it would be lost.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    #[cfg(unix)]
    identity: (u64, u64),
}

impl Watched {
    /// The file behind this URL; none where there is no file.
    pub(super) fn of(url: &SecretString) -> Option<Self> {
        let path = sqlite_file(url)?;
        #[cfg(unix)]
        let identity = identity(&path)?;
        Some(Self {
            path,
            #[cfg(unix)]
            identity,
        })
    }

    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] when the file is no longer where it was.
    pub(super) fn check(&self) -> Result<()> {
        #[cfg(unix)]
        let is_there = identity(&self.path) == Some(self.identity);
        #[cfg(not(unix))]
        let is_there = self.path.exists();
        if is_there {
            return Ok(());
        }
        let path = self.path.display();
        let cause = format!("{path} was moved, replaced or deleted; put it back, or restart Andon to begin a new one");
        Err(Error::unavailable("The database file is gone. Nothing was changed; please try again.").because(cause))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let data = std::fs::metadata(path).ok()?;
    Some((data.dev(), data.ino()))
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

/// PostgreSQL, MariaDB or MySQL.
pub(super) fn server(url: &str, connections: u32, outages: &Arc<Outages>) -> ConnectOptions {
    let mut options = options(url, connections);
    let (postgres, mysql) = (Arc::clone(outages), Arc::clone(outages));
    options
        .map_sqlx_postgres_before_acquire(move |connection, rest| answers(&postgres, connection, &rest))
        .map_sqlx_mysql_before_acquire(move |connection, rest| answers(&mysql, connection, &rest))
        .test_before_acquire_if_idle_for(RESTED)
        .map_sqlx_postgres_opts(|postgres| postgres.statement_cache_capacity(STATEMENTS))
        .map_sqlx_postgres_pool_opts(|pool| pool.after_connect(|connection, _| Box::pin(plan_anew(connection))))
        .map_sqlx_mysql_opts(|mysql| mysql.statement_cache_capacity(STATEMENTS));
    options
}

/// Whether a connection that rested is still good: asked where the database was away meanwhile.
fn answers<'c, C: Connection>(
    outages: &Outages,
    connection: &'c mut C,
    rest: &PoolConnectionMetadata,
) -> BoxFuture<'c, sqlx::Result<bool>> {
    let is_doubtful = outages.was_within(rest.idle_for);
    Box::pin(async move { if is_doubtful { connection.ping().await.map(|()| true) } else { Ok(true) } })
}

/// Has PostgreSQL plan each statement for the tables as they are: the plan that it keeps for a prepared one was made
/// when they were nearly empty, and goes through all rows for each set of keys. A version that does not know the
/// setting (before 12) goes on as it does.
async fn plan_anew(connection: &mut PgConnection) -> sqlx::Result<()> {
    if let Err(error) = connection.execute("SET plan_cache_mode = force_custom_plan").await {
        tracing::debug!(%error, "PostgreSQL keeps its plans");
    }
    Ok(())
}

/// What a connection to SQLite is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To make the file. Only the first connection may: a later one that made an empty file in place of one that was
    /// moved away would take over its write-ahead log, and with it everything not yet moved into the file.
    Making,
    /// The one that writes.
    Writing,
    /// Those that read.
    Reading,
}

/// SQLite in write-ahead mode, every commit on disk before it is answered.
pub(super) fn sqlite(url: &str, purpose: Purpose) -> ConnectOptions {
    use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
    let mut options = options(url, if purpose == Purpose::Reading { SQLITE_READERS } else { 1 });
    // A connection whose transaction was lost half-way (disk full) is not used again: what is written on it later
    // would never be committed.
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            let is_sound = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_sound) })
        })
    });
    // A file's connection does not break while it rests, and asking it costs as much as a small statement.
    options.test_before_acquire(false);
    options.min_connections(1).idle_timeout(None::<Duration>).max_lifetime(None::<Duration>).map_sqlx_sqlite_opts(
        move |sqlite| {
            let sqlite = if purpose == Purpose::Writing { sqlite.pragma("cache_size", WRITER_CACHE) } else { sqlite };
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .create_if_missing(purpose == Purpose::Making)
                .foreign_keys(true)
                .busy_timeout(ACQUIRE_TIMEOUT)
                .pragma("wal_autocheckpoint", LOG_PAGES)
                .pragma("temp_store", "MEMORY") // where savepoints keep what they may undo
                .statement_cache_capacity(SQLITE_STATEMENTS)
                .pragma("journal_size_limit", JOURNAL_SIZE)
        },
    );
    options
}
