//! What only SQLite can say and do: copying itself, checking itself, folding its log in.
//!
//! `VACUUM INTO` and the pragmas have no words in SeaORM, so they stand here as they are.

use crate::db::Db;
use crate::kit::{Error, Result};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use std::path::Path;

/// The tables that people ask about.
const TOLD: [&str; 6] = ["people", "orders", "machines", "tickets", "messages", "deliveries"];

/// What is in a database file.
pub(super) struct Contents {
    /// How many rows the tables have that people ask about.
    pub(super) counts: Vec<(&'static str, i64)>,
    /// The migrations that made its tables.
    pub(super) versions: Vec<String>,
}

/// Copies the database as it is at one instant into an empty file. Readers do not hold up the writer.
pub(super) async fn copy_into(db: &Db, file: &Path) -> Result<()> {
    let file = file.to_str().ok_or_else(|| Error::setting("The path of the backup must be valid UTF-8."))?;
    let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [file.into()]);
    db.read().execute_raw(copy).await.map_err(|e| Error::unavailable("The backup could not be written.").because(e))?;
    Ok(())
}

/// Checks a database file that nobody writes to, and says what is in it.
///
/// # Errors
/// [`crate::kit::error::Kind::Setting`] when it is damaged, or no database of Andon's.
pub(super) async fn look_into(file: &Path) -> Result<Contents> {
    let connection = open(file, true).await.map_err(not_ours)?;
    let looked = looked(&connection).await;
    connection.close().await?;
    looked
}

async fn looked(connection: &DatabaseConnection) -> Result<Contents> {
    let check: Vec<String> = column(connection, "PRAGMA quick_check(1)").await.map_err(not_ours)?;
    if check != ["ok"] {
        return Err(Error::setting(format!("This database is damaged: {}. Use another backup.", check.join("; "))));
    }
    let versions = "SELECT version FROM seaql_migrations ORDER BY version";
    let versions: Vec<String> = column(connection, versions).await.map_err(not_ours)?;
    let mut counts = Vec::with_capacity(TOLD.len());
    for table in TOLD {
        let count: Vec<i64> = column(connection, &format!("SELECT COUNT(*) FROM {table}")).await.map_err(not_ours)?;
        counts.push((table, count.first().copied().unwrap_or_default()));
    }
    Ok(Contents { counts, versions })
}

fn not_ours(error: DbErr) -> Error {
    Error::setting("This is no database of Andon's, or it is damaged. Use another backup.").because(error)
}

/// Moves what stands in the log into the database file, so that the file is whole without it.
pub(super) async fn fold_log(file: &Path) -> Result<()> {
    let connection = open(file, false).await?;
    let folded = connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await;
    connection.close().await?;
    folded?;
    Ok(())
}

async fn open(file: &Path, only_read: bool) -> Result<DatabaseConnection, DbErr> {
    let file = file.to_owned();
    let mut options = ConnectOptions::new("sqlite://");
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite.filename(&file).create_if_missing(false).read_only(only_read).immutable(only_read)
    });
    Database::connect(options).await
}

async fn column<T: sea_orm::TryGetable>(connection: &DatabaseConnection, sql: &str) -> Result<Vec<T>, DbErr> {
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}
