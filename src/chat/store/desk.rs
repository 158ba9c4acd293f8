//! What the desk writes to a conversation's row. Whoever calls holds its person.

use super::{conversation, message};
use crate::chat::session::Session;
use crate::db::Tx;
use crate::kit::{Instant, Result};
use sea_orm::sea_query::{Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    UpdateMany,
};

/// The desk has the conversation: it is whose who took it.
pub async fn take(tx: &Tx, person_id: i64, by: i64) -> Result<()> {
    let update = of(&[person_id])
        .col_expr(conversation::Column::TakenAt, tx.now().into())
        .col_expr(conversation::Column::TakenBy, by.into())
        .col_expr(conversation::Column::DeskAt, tx.now().into())
        .col_expr(conversation::Column::AssignedTo, by.into());
    update.exec(tx.conn()).await?;
    Ok(())
}

/// The bot has these conversations again.
pub async fn let_go(tx: &Tx, people: &[i64]) -> Result<()> {
    let update = of(people)
        .col_expr(conversation::Column::TakenAt, Expr::value(None::<Instant>))
        .col_expr(conversation::Column::TakenBy, Expr::value(None::<i64>))
        .col_expr(conversation::Column::DeskAt, Expr::value(None::<Instant>));
    update.exec(tx.conn()).await?;
    Ok(())
}

/// The desk wrote.
pub async fn spoke(tx: &Tx, person_id: i64) -> Result<()> {
    let update = of(&[person_id])
        .col_expr(conversation::Column::LastAt, tx.now().into())
        .col_expr(conversation::Column::DeskAt, tx.now().into());
    update.exec(tx.conn()).await?;
    Ok(())
}

/// The desk noted something: it has not left the conversation alone.
pub async fn noted(tx: &Tx, person_id: i64) -> Result<()> {
    let update = of(&[person_id]).filter(conversation::Column::TakenAt.is_not_null());
    update.col_expr(conversation::Column::DeskAt, tx.now().into()).exec(tx.conn()).await?;
    Ok(())
}

/// Whose the conversation is from now on, if anybody's.
pub async fn assign(tx: &Tx, person_id: i64, to: Option<i64>) -> Result<()> {
    of(&[person_id]).col_expr(conversation::Column::AssignedTo, Expr::value(to)).exec(tx.conn()).await?;
    Ok(())
}

/// The desk looked at so many messages; those that came since stay unread.
pub async fn looked(tx: &Tx, person_id: i64, at: i32) -> Result<()> {
    let left: SimpleExpr = Expr::col(conversation::Column::Unread).sub(at);
    let update = of(&[person_id]).filter(conversation::Column::Unread.gte(at));
    update.col_expr(conversation::Column::Unread, left).exec(tx.conn()).await?;
    Ok(())
}

/// Keeps the session as the bot is to go on from it.
pub async fn keep_session(tx: &Tx, person_id: i64, state: &str, session: &Session) -> Result<()> {
    let session = serde_json::to_string(session).unwrap_or_default();
    let version: SimpleExpr = Expr::col(conversation::Column::Version).add(1);
    let update = of(&[person_id])
        .col_expr(conversation::Column::State, state.into())
        .col_expr(conversation::Column::Session, session.into())
        .col_expr(conversation::Column::Version, version)
        .col_expr(conversation::Column::UpdatedAt, tx.now().into())
        .col_expr(conversation::Column::ClearedAt, Expr::value(None::<Instant>));
    update.exec(tx.conn()).await?;
    Ok(())
}

/// The channel by which this person last wrote from this address.
pub async fn last_channel(tx: &Tx, person_id: i64, address_id: i64) -> Result<Option<String>> {
    let last = message::Entity::find()
        .select_only()
        .column(message::Column::Channel)
        .filter(message::Column::PersonId.eq(person_id))
        .filter(message::Column::AddressId.eq(address_id))
        .order_by_desc(message::Column::Id)
        .limit(1);
    Ok(last.into_tuple().one(tx.conn()).await?)
}

/// The conversations of two people, as far as there are any.
pub async fn of_both(conn: &impl ConnectionTrait, one: i64, other: i64) -> Result<Vec<conversation::Model>> {
    let both = conversation::Entity::find().filter(conversation::Column::PersonId.is_in([one, other]));
    Ok(both.all(conn).await?)
}

/// The people whose conversations the desk has, and has not said a word in since `before`; at most `most`.
pub async fn left_alone(tx: &Tx, before: Instant, most: u64) -> Result<Vec<i64>> {
    let left = conversation::Entity::find()
        .select_only()
        .column(conversation::Column::PersonId)
        .filter(conversation::Column::TakenAt.is_not_null())
        .filter(conversation::Column::DeskAt.lte(before))
        .order_by_asc(conversation::Column::PersonId)
        .limit(most);
    Ok(left.into_tuple().all(tx.conn()).await?)
}

fn of(people: &[i64]) -> UpdateMany<conversation::Entity> {
    conversation::Entity::update_many().filter(conversation::Column::PersonId.is_in(people.iter().copied()))
}
