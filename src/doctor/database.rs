//! The database: reachable, of this version, writable, sound.

use super::Report;
use crate::config::Settings;
use crate::db::migrations::{self, Tables};
use crate::db::{self, Db, check, marks};
use crate::kit::metrics::Stopwatch;
use crate::kit::{Clock, Error};
use std::time::Duration;

const AREA: &str = "Database";
/// SQLite's check of a whole file gets this long.
const CHECK_PATIENCE: Duration = Duration::from_secs(10);
/// A write slower than this makes itself felt.
const SLOW_WRITE_SECONDS: f64 = 0.2;

/// The database, if it can be read by this version.
pub(super) async fn examine(settings: &Settings, clock: &Clock, report: &mut Report) -> Option<Db> {
    let url = settings.database_url();
    if let Some(file) = db::sqlite_file(&url).filter(|file| !file.exists()) {
        let says = format!("There is no database at {} yet.", file.display());
        report.look(
            AREA,
            says,
            "`andon serve` makes it. If there should be one, check ANDON_DATA_DIR and DATABASE_URL.",
        );
        return None;
    }
    let db = match Db::open(&url, clock.clone()).await {
        Ok(db) => db,
        Err(error) => {
            report.wrong(AREA, because(&error), "Start the database server, or correct DATABASE_URL.");
            return None;
        }
    };
    match check::version(&db).await {
        Ok(version) => report.fine(AREA, format!("{version} answers.")),
        Err(error) => {
            report.wrong(AREA, because(&error), "Look at the database's log.");
            return None;
        }
    }
    if !tables(&db, report).await {
        let _ended_anyway = db.close().await;
        return None;
    }
    writing(&db, report).await;
    soundness(&db, report).await;
    Some(db)
}

/// Whether the tables are this version's.
async fn tables(db: &Db, report: &mut Report) -> bool {
    match migrations::look(db).await {
        Ok(Tables::Current) => {
            report.fine(AREA, "Its tables are this version's.");
            true
        }
        Ok(Tables::Older(count)) => {
            let says = format!("Its tables are older than this program: {count} changes are to be made.");
            report.look(AREA, says, "`andon serve` makes them at start, or `andon migrate` now. Make a backup first.");
            false
        }
        Ok(Tables::Newer) => {
            report.wrong(AREA, "Its tables are newer than this program.", "Use the newer andon, or restore a backup.");
            false
        }
        Err(error) => {
            report.wrong(AREA, because(&error), "Look at the database's log.");
            false
        }
    }
}

async fn writing(db: &Db, report: &mut Report) {
    let took = Stopwatch::start();
    match marks::try_writing(db).await {
        Ok(()) if took.seconds() > SLOW_WRITE_SECONDS => {
            let says = format!("A write took {:.0} ms.", took.seconds() * 1_000.0);
            report.look(AREA, says, "A slow disk, or much going on; every message waits for its write.");
        }
        Ok(()) => report.fine(AREA, format!("Writing works ({:.1} ms).", took.seconds() * 1_000.0)),
        Err(error) => {
            let mend = "Messages get 503 until it does, and are fetched later. Is the disk full, the file another \
                        user's, or the user without rights?";
            report.wrong(AREA, format!("Writing does not work. {}", because(&error)), mend);
        }
    }
}

async fn soundness(db: &Db, report: &mut Report) {
    match tokio::time::timeout(CHECK_PATIENCE, check::soundness(db)).await {
        Ok(Ok(None)) => report.fine(AREA, "Its file is sound."),
        Ok(Ok(Some(fault))) => {
            let mend = "Stop Andon, keep the file, and restore the latest backup.";
            report.wrong(AREA, format!("Its file is damaged: {fault}"), mend);
        }
        Ok(Err(error)) => report.wrong(AREA, because(&error), "Look at the disk and at Andon's log."),
        Err(_) => {
            let says = "Its file is large: it was not checked to the end.";
            report.look(AREA, says, "`sqlite3 andon.db 'PRAGMA quick_check'` does, on a copy.");
        }
    }
}

/// The error with its cause, which never holds the address of the database.
fn because(error: &Error) -> String {
    match error.private() {
        cause if cause.is_empty() => error.to_string(),
        cause => format!("{error} ({cause})"),
    }
}
