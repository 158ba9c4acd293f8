//! Shifts: who begins work when, and at which machine. A quarter of an hour before, they are reminded.
//!
//! A person begins at one moment once: person and start are what a shift is known by. A reminder comes once for each
//! start and person, and never after the start.

pub mod api;
pub mod desk;
pub mod events;
pub mod model;
pub mod records;
mod store;

pub use store::row;

use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::outbox;
use events::Starting;
use sea_orm::ConnectionTrait;

/// Whether somebody is to be reminded by `now`.
pub async fn is_any_due(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    store::is_any_due(conn, now).await
}

/// Reminds the people of at most so many shifts; answers with how many shifts that were. Of one that has begun nobody is
/// reminded any more.
pub async fn remind(tx: &Tx, most: u64) -> Result<usize> {
    let due = store::due(tx, most).await?;
    let ids: Vec<i64> = due.iter().map(|shift| shift.id).collect();
    let coming = due.into_iter().filter(|shift| shift.starts_at > tx.now()).map(|shift| Starting {
        shift_id: shift.id,
        person_id: shift.person_id,
        machine_id: shift.machine_id,
        starts_at: shift.starts_at,
        note: shift.note,
    });
    let coming: Vec<Starting> = coming.collect();
    store::reminded(tx, &ids).await?;
    outbox::append(tx, &coming).await?;
    Ok(ids.len())
}
