//! SQLite's write-ahead log, kept in bounds.
//!
//! A commit moves the log into the file once a thousand pages are in it, and the log begins anew when all of it is moved and
//! nobody reads from it. A long reader (an export, a backup) keeps it growing, and the first commit after it would have
//! all of that to move. So this is done from time to time on a reading connection, where no writer waits for it.

use super::Db;
use crate::kit::Result;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

/// With so many pages in it (256 MiB) somebody reads for too long.
const MANY_PAGES: i64 = 65_536;

impl Db {
    /// Moves what can be moved of the log into the file, without making anybody wait. Answers with the pages that are
    /// left in the log; on other databases there is none.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn shorten_log(&self) -> Result<i64> {
        if self.backend() != DbBackend::Sqlite {
            return Ok(0);
        }
        let passive = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(PASSIVE)");
        let Some(answer) = self.read.query_one_raw(passive).await? else { return Ok(0) };
        let (pages, moved): (i64, i64) = (answer.try_get_by_index(1)?, answer.try_get_by_index(2)?);
        let left = pages - moved;
        if left > MANY_PAGES {
            tracing::warn!(pages = left, "SQLite's log cannot be emptied: something reads from the database for long");
        }
        Ok(left)
    }
}
