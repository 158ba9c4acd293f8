//! What house-keeping does to messages and conversations.

use super::{conversation, late, message, turn};
use crate::chat::pace::Told;
use crate::chat::session::MENU;
use crate::chat::went::{Went, of_state};
use crate::db::{Tx, marks};
use crate::files::store::message_media;
use crate::kit::{Instant, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

/// Up to which message the texts are gone.
const EMPTIED: &str = "emptied:messages";

/// Clears at most `most` conversations in which nothing happened since `before` and nothing waits: the answers go, the
/// row stays, by which the desk finds what was written. One that the desk has keeps them for the bot to go on. Answers
/// with how many.
pub async fn clear_dormant(tx: &Tx, before: Instant, most: u64) -> Result<u64> {
    let dormant = Condition::all()
        .add(conversation::Column::ClearedAt.is_null())
        .add(conversation::Column::UpdatedAt.lt(before))
        .add(conversation::Column::Waiting.eq(0))
        .add(conversation::Column::TakenAt.is_null());
    let found: Vec<(i64, String)> = conversation::Entity::find()
        .select_only()
        .columns([conversation::Column::Id, conversation::Column::State])
        .filter(dormant.clone())
        .order_by_asc(conversation::Column::UpdatedAt)
        .limit(most)
        .lock_exclusive()
        .into_tuple()
        .all(tx.conn())
        .await?;
    if found.is_empty() {
        return Ok(0);
    }
    let left: Vec<Went> = found.iter().filter_map(|(_, state)| of_state(state)).collect();
    turn::note(tx, &left).await?;
    // Asked again: whoever wrote before the rows were held is not left out.
    clear(tx, dormant.add(conversation::Column::Id.is_in(found.into_iter().map(|(id, _)| id)))).await
}

/// Lets go of the sessions of these conversations, as far as they are there, and of how fast somebody wrote. Answers with
/// how many.
pub(super) async fn clear(tx: &Tx, which: Condition) -> Result<u64> {
    let gone = conversation::Entity::update_many()
        .col_expr(conversation::Column::ClearedAt, tx.now().into())
        .col_expr(conversation::Column::State, MENU.into())
        .col_expr(conversation::Column::Session, "{}".into())
        .col_expr(conversation::Column::BusyUntil, Expr::value(None::<Instant>))
        .col_expr(conversation::Column::Told, Told::default().as_number().into())
        .filter(which)
        .filter(conversation::Column::ClearedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(gone.rows_affected)
}

/// Lets go of the texts of at most `most` messages that came before `before`; the rows stay. Answers with how many.
/// It goes by the order of rows, and stops at one that still waits for its answer.
pub async fn empty(tx: &Tx, before: Instant, most: u64) -> Result<u64> {
    let done = marks::position(tx.conn(), EMPTIED).await?;
    let next: Vec<(i64, Instant)> = message::Entity::find()
        .select_only()
        .columns([message::Column::Id, message::Column::ReceivedAt])
        .filter(message::Column::Id.gt(done))
        .order_by_asc(message::Column::Id)
        .limit(most)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let waiting: Option<i64> = late::row::Entity::find()
        .select_only()
        .column(late::row::Column::MessageId)
        .order_by_asc(late::row::Column::MessageId)
        .limit(1)
        .into_tuple()
        .one(tx.conn())
        .await?;
    let is_past = |(id, at): &(i64, Instant)| *at < before && waiting.is_none_or(|waiting| *id < waiting);
    let past: Vec<i64> = next.into_iter().take_while(is_past).map(|(id, _)| id).collect();
    let Some(&last) = past.last() else { return Ok(0) };
    let count = past.len() as u64;
    message::Entity::update_many()
        .col_expr(message::Column::Body, "".into())
        .col_expr(message::Column::Extra, "{}".into())
        .col_expr(message::Column::EmptiedAt, tx.now().into())
        .filter(message::Column::Id.is_in(past.iter().copied()))
        .exec(tx.conn())
        .await?;
    message_media::forget(tx, &past).await?;
    marks::set_position(tx, EMPTIED, last).await?;
    Ok(count)
}
