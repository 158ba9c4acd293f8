//! Tickets whose clocks have something to say, as sets.

use super::{ROWS_AT_ONCE, row};
use crate::db::{self, Tx};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait as _};

/// Whether there is one by `now`.
pub(in crate::tickets) async fn is_any_due(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    db::is_any_due::<row::Entity>(conn, row::Column::Id, row::Column::AlarmAt, now).await
}

/// At most so many of them, locked, the longest due first.
pub(in crate::tickets) async fn due(tx: &Tx, most: u64) -> Result<Vec<row::Model>> {
    db::due::<row::Entity>(tx, row::Column::Id, row::Column::AlarmAt, most).await
}

/// Writes what was said of the deadlines of tickets that are locked, and when there is more to say.
pub(in crate::tickets) async fn keep(tx: &Tx, tickets: Vec<row::Model>) -> Result<()> {
    use row::Column as C;
    let conflict = OnConflict::column(C::Reference)
        .update_columns([C::ResponseSaid, C::ResolutionSaid, C::AlarmAt, C::NextDueAt, C::SoonAt])
        .to_owned();
    for part in tickets.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|ticket| row::ActiveModel { id: NotSet, ..ticket.clone().into() });
        row::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
        super::copy_to_holders(tx, part.iter().map(|ticket| ticket.id)).await?;
    }
    Ok(())
}
