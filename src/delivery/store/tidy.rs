//! What house-keeping does to deliveries.

use super::rows::row;
use crate::db::{Tx, marks};
use crate::kit::{Instant, Result};
use chrono::TimeDelta;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

/// Up to which delivery the texts are gone.
const EMPTIED: &str = "emptied:deliveries";
/// A delivery that is still to be sent after this time beyond the others' is not come back to: its channel may be gone
/// for good, and until it is sent all that came after it is looked at again.
const COME_BACK_FOR: TimeDelta = TimeDelta::days(7);

/// Lets go of the texts of at most `most` deliveries made before `before`; the rows stay, and so does the text of one
/// that is still to be sent, until it was. Answers with how many were emptied. It goes by the order of rows.
pub async fn empty(tx: &Tx, before: Instant, most: u64) -> Result<u64> {
    let done = marks::position(tx.conn(), EMPTIED).await?;
    let next: Vec<(i64, Instant)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::CreatedAt])
        .filter(row::Column::Id.gt(done))
        .filter(row::Column::DueAt.is_null())
        .filter(row::Column::EmptiedAt.is_null())
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
        .col_expr(row::Column::Rich, Expr::value(None::<String>))
        .col_expr(row::Column::EmptiedAt, tx.now().into())
        .filter(row::Column::Id.is_in(past))
        .filter(row::Column::DueAt.is_null())
        .exec(tx.conn())
        .await?;
    let open: Option<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::Id.gt(done))
        .filter(row::Column::Id.lte(last))
        .filter(row::Column::DueAt.is_not_null())
        .filter(row::Column::CreatedAt.gte(before - COME_BACK_FOR))
        .order_by_asc(row::Column::Id)
        .limit(1)
        .into_tuple()
        .one(tx.conn())
        .await?;
    marks::set_position(tx, EMPTIED, open.map_or(last, |first| first - 1)).await?;
    Ok(count)
}
