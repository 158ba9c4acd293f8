//! What house-keeping does to deliveries.

use super::rows::row;
use crate::db::{Tx, marks};
use crate::kit::{Instant, Result};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

/// Up to which delivery the texts are gone.
const EMPTIED: &str = "emptied:deliveries";

/// Lets go of the texts of at most `most` deliveries made before `before`; the rows stay, and so does the text of one
/// that is still to be sent. Answers with how many were looked at. It goes by the order of rows.
pub async fn empty(tx: &Tx, before: Instant, most: u64) -> Result<u64> {
    let done = marks::position(tx.conn(), EMPTIED).await?;
    let next: Vec<(i64, Instant)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::CreatedAt])
        .filter(row::Column::Id.gt(done))
        .order_by_asc(row::Column::Id)
        .limit(most)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let past: Vec<i64> = next.into_iter().take_while(|(_, at)| *at < before).map(|(id, _)| id).collect();
    let Some(&last) = past.last() else { return Ok(0) };
    let count = past.len() as u64;
    row::Entity::update_many()
        .col_expr(row::Column::Body, "".into())
        .col_expr(row::Column::EmptiedAt, tx.now().into())
        .filter(row::Column::Id.is_in(past))
        .filter(row::Column::DueAt.is_null())
        .exec(tx.conn())
        .await?;
    marks::set_position(tx, EMPTIED, last).await?;
    Ok(count)
}
