//! Files: what is attached to tickets, and the photos of chats that are still at the provider's.
//!
//! A file is in the vault before a row refers to it. What no row refers to any more goes with house-keeping
//! ([`sweep`]), a day later.

pub mod model;
pub mod shape;
pub mod store;

pub use model::FileType;
pub use store::attachment;

use crate::app::App;
use crate::db::marks;
use crate::kit::{Error, Result};
use chrono::TimeDelta;
use std::collections::HashSet;

/// What nothing refers to is kept this long: it may be about to be referred to.
const ORPHANS_LIVE: TimeDelta = TimeDelta::days(1);
/// How often orphans are looked for.
const SWEEP_EVERY: TimeDelta = TimeDelta::days(1);
/// The mark of the last time.
const SWEPT: &str = "files.swept";
/// How many files are looked up in one statement.
const LOOKED_UP_AT_ONCE: usize = 500;

/// Says what a file is, or what is wrong with it ([`model::type_of`]). A large one takes long to look through, so it is
/// done where nobody waits for it.
///
/// # Errors
/// None that could be foreseen.
pub async fn look_at(bytes: Vec<u8>) -> Result<(Vec<u8>, Result<FileType, String>)> {
    let looking = tokio::task::spawn_blocking(move || {
        let kind = model::type_of(&bytes);
        (bytes, kind)
    });
    looking.await.map_err(Error::internal)
}

/// Once a day, takes away the files that nothing refers to any more; answers with how many.
///
/// # Errors
/// When the database or the vault is away.
pub async fn sweep(app: &App) -> Result<u64> {
    let now = app.clock.now();
    if marks::mark(app.db.read(), SWEPT).await?.is_some_and(|last| now - last < SWEEP_EVERY) {
        return Ok(0);
    }
    let before = now - ORPHANS_LIVE;
    let old = app.vault.older_than(before).await?;
    let mut gone = 0;
    for some in old.chunks(LOOKED_UP_AT_ONCE) {
        let used: HashSet<String> = store::used(app.db.read(), some).await?;
        for orphan in some.iter().filter(|hash| !used.contains(*hash)) {
            gone += u64::from(app.vault.take_away(orphan, before).await?);
        }
    }
    app.db.write(move |tx| Box::pin(marks::set_mark(tx, SWEPT, now))).await?;
    Ok(gone)
}
