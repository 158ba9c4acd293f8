//! What a database says of itself, for `andon doctor`.

use super::Db;
use crate::kit::{Error, Result};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

/// The database's name and version.
pub async fn version(db: &Db) -> Result<String> {
    let (name, function) = match db.backend() {
        DbBackend::Postgres => ("", "version()"),
        DbBackend::MySql => ("MariaDB or MySQL ", "version()"),
        _ => ("SQLite ", "sqlite_version()"),
    };
    let version = ask(db, &format!("SELECT {function}")).await?;
    // PostgreSQL goes on about its compiler.
    Ok(format!("{name}{}", version.split(" on ").next().unwrap_or_default()))
}

/// The first fault in SQLite's file, if it has one. The other databases look after their files themselves.
pub async fn soundness(db: &Db) -> Result<Option<String>> {
    if db.backend() != DbBackend::Sqlite {
        return Ok(None);
    }
    let says = ask(db, "PRAGMA quick_check(1)").await?;
    Ok(Some(says).filter(|says| says != "ok"))
}

/// The text in the first column of the first row.
async fn ask(db: &Db, question: &str) -> Result<String> {
    let answer = db.read.query_one_raw(Statement::from_string(db.backend(), question)).await?;
    let row = answer.ok_or_else(|| Error::internal("the database gave no answer"))?;
    Ok(row.try_get_by_index(0)?)
}
