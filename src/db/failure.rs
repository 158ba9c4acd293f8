//! What a database failure means: again at once, the database is away, or this one write is at fault.

use crate::kit::Error;
use crate::kit::error::Kind;
use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr};
use std::error::Error as StdError;

/// PostgreSQL: serialization failure, deadlock. <https://www.postgresql.org/docs/15/errcodes-appendix.html>
const POSTGRES_TRANSIENT: [&str; 2] = ["40001", "40P01"];
/// MySQL and MariaDB: lock wait time-out, deadlock, and MariaDB's "record has changed since last read".
const MYSQL_TRANSIENT: [u16; 3] = [1205, 1213, 1020];
/// MySQL and MariaDB: too many connections, shutting down, killed; PostgreSQL's are class 57 and 53300, 08xxx.
const MYSQL_AWAY: [u16; 4] = [1040, 1053, 1927, 1290];

/// Whether running the same transaction again may simply work: a deadlock, a serialization failure, or a key that
/// another process took a moment ago.
pub fn is_transient(error: &Error) -> bool {
    database_error(error).is_some_and(|db| {
        if let Some(mysql) = db.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
            return MYSQL_TRANSIENT.contains(&mysql.number()) || db.is_unique_violation();
        }
        db.is_unique_violation() || db.code().is_some_and(|code| POSTGRES_TRANSIENT.contains(&code.as_ref()))
    })
}

/// Whether the database is away (as against: it refused this one statement).
pub fn is_outage(error: &Error) -> bool {
    match db_err(error) {
        None => error.kind() == Kind::Unavailable,
        Some(DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) => true,
        Some(DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e))) => match &**e {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_) => true,
            sqlx::Error::Database(db) => is_away(db.as_ref()),
            _ => false,
        },
        _ => false,
    }
}

/// Whether the database refused this one statement and would refuse it again.
pub fn is_refusal(error: &Error) -> bool {
    db_err(error).is_some() && !is_outage(error) && !is_transient(error)
}

/// The same error once more, for the next in a set that failed together.
pub(super) fn again(error: &Error) -> Error {
    match db_err(error) {
        Some(db) => Error::from(db.clone()),
        None => error.again(),
    }
}

fn is_away(db: &dyn sqlx::error::DatabaseError) -> bool {
    if let Some(mysql) = db.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return MYSQL_AWAY.contains(&mysql.number());
    }
    let code = db.code().unwrap_or_default();
    if db.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
        return code.starts_with("57") || code.starts_with("53") || code.starts_with("08");
    }
    // SQLite's primary result code is the low byte: busy, locked, I/O error, full, cannot open.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}

fn database_error(error: &Error) -> Option<&dyn sqlx::error::DatabaseError> {
    match db_err(error)? {
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => e.as_database_error(),
        _ => None,
    }
}

fn db_err(error: &Error) -> Option<&DbErr> {
    error.source()?.downcast_ref::<DbErr>()
}
