//! Chores: what an admin has Andon do once, such as a backup now. A request only asks; the job does it, since it may take
//! long and speak to providers.
//!
//! At least once: of a process that dies at it, another takes it over. Of each kind one is under way at a time.

pub mod events;
mod store;

pub use store::row;

use crate::db::{Tx, marks};
use crate::kit::error::Kind as Wrong;
use crate::kit::{Error, Instant, Result, stored_enum};
use crate::outbox;
use chrono::TimeDelta;
use events::Asked;
use sea_orm::ConnectionTrait;

stored_enum! {
    /// What is done.
    pub enum Kind {
        /// Andon looks whether everything is well, as `andon doctor` does.
        Examine = "EXAMINE",
        /// The database is copied into a file.
        BackUp = "BACK_UP",
    }
}

/// Whoever does one and says nothing for so long is gone.
const LONGEST: TimeDelta = TimeDelta::minutes(30);
/// The mark by which those who ask at once take turns.
const TURN: &str = "chores.turn";

/// Asks for a chore.
///
/// # Errors
/// [`Wrong::Conflict`] while one of its kind is still to be done.
pub async fn ask(tx: &Tx, kind: Kind, by: i64) -> Result<()> {
    marks::hold(tx, TURN).await?;
    if store::latest(tx.conn(), kind).await?.is_some_and(|chore| chore.ended_at.is_none()) {
        return Err(Error::new(
            Wrong::Conflict,
            "That was asked for already and is being done. Look again in a moment.",
        ));
    }
    let chore_id = store::insert(tx, kind, by).await?;
    outbox::append(tx, &[Asked { chore_id, kind, by }]).await
}

/// The latest of a kind.
///
/// # Errors
/// When the database is away.
pub async fn latest(conn: &impl ConnectionTrait, kind: Kind) -> Result<Option<row::Model>> {
    store::latest(conn, kind).await
}

/// Whether any waits for somebody.
///
/// # Errors
/// When the database is away.
pub async fn is_any_waiting(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    Ok(store::next(conn, now).await?.is_some())
}

/// Takes the next one to do, if there is any.
///
/// # Errors
/// When the database is away.
pub async fn take(tx: &Tx) -> Result<Option<row::Model>> {
    let Some(chore) = store::next(tx.conn(), tx.now()).await? else { return Ok(None) };
    Ok(store::take(tx, &chore, tx.now() + LONGEST).await?.then_some(chore))
}

/// Notes what came of a chore: what it found, as JSON, or what was wrong.
///
/// # Errors
/// When the database is away.
pub async fn end(tx: &Tx, id: i64, came: Result<String, String>) -> Result<()> {
    let (outcome, problem) = match came {
        Ok(outcome) => (Some(outcome), None),
        Err(problem) => (None, Some(problem)),
    };
    store::end(tx, id, outcome, problem).await
}
