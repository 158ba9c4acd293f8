//! Messages that are answered late, or not at all, as rows. A message that waits has a row of its own until its turn.

use super::{conversation, message};
use crate::db::{self, Tx};
use crate::kit::{Instant, Result};
use crate::people::store::address;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationDef, RelationTrait as _,
};

/// A message that waits, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Waiting {
    /// Who wrote it.
    pub person_id: i64,
    /// The message.
    pub message_id: i64,
}

/// Lets these messages wait for their turn.
pub async fn put_off(tx: &Tx, waiting: &[Waiting]) -> Result<()> {
    if waiting.is_empty() {
        return Ok(());
    }
    let rows = waiting.iter().map(|Waiting { person_id, message_id }| row::ActiveModel {
        id: NotSet,
        message_id: Set(*message_id),
        person_id: Set(*person_id),
    });
    row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Notes that these messages are not answered.
pub async fn leave_unanswered(tx: &Tx, messages: &[i64]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    message::Entity::update_many()
        .col_expr(message::Column::IsUnanswered, true.into())
        .filter(message::Column::Id.is_in(messages.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// These messages wait no longer.
pub async fn let_go(tx: &Tx, messages: &[i64]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    row::Entity::delete_many().filter(row::Column::MessageId.is_in(messages.iter().copied())).exec(tx.conn()).await?;
    Ok(())
}

/// Notes how many messages of this person wait.
pub async fn note_waiting(tx: &Tx, person_id: i64, count: usize) -> Result<()> {
    conversation::Entity::update_many()
        .col_expr(conversation::Column::Waiting, i32::try_from(count).unwrap_or(i32::MAX).into())
        .filter(conversation::Column::PersonId.eq(person_id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// People whose messages wait and who may have an answer: those busy until `until` at most (all of them where it is
/// none), and those whom a clock that was set back left busy for longer than `longest`.
pub async fn due(conn: &impl ConnectionTrait, until: Option<Instant>, longest: Instant, most: u64) -> Result<Vec<i64>> {
    let mut due = row::Entity::find()
        .select_only()
        .column(row::Column::PersonId)
        .join(JoinType::LeftJoin, row::Relation::Conversation.def())
        .group_by(row::Column::PersonId)
        .order_by_asc(row::Column::PersonId)
        .limit(most);
    if let Some(until) = until {
        let busy_until = conversation::Column::BusyUntil;
        let is_free = Condition::any().add(busy_until.is_null()).add(busy_until.lte(until)).add(busy_until.gt(longest));
        due = due.filter(is_free);
    }
    Ok(due.into_tuple().all(conn).await?)
}

/// The messages that wait for their turn.
pub async fn unanswered(conn: &impl ConnectionTrait) -> Result<db::Waiting> {
    let message = row::Entity::belongs_to(message::Entity).from(row::Column::MessageId).to(message::Column::Id);
    let message: RelationDef = message.into();
    let all = row::Entity::find().join(JoinType::InnerJoin, message);
    db::waiting(conn, all, row::Column::MessageId, message::Column::ReceivedAt).await
}

/// What waits of these people, in the order in which it came.
pub async fn waiting_of(tx: &Tx, people: &[i64]) -> Result<Vec<Waiting>> {
    let waiting = row::Entity::find()
        .select_only()
        .columns([row::Column::PersonId, row::Column::MessageId])
        .filter(row::Column::PersonId.is_in(people.iter().copied()))
        .order_by_asc(row::Column::MessageId)
        .into_model()
        .all(tx.conn())
        .await?;
    Ok(waiting)
}

/// These messages with the numbers they came from, in the order in which they came.
pub async fn with_address(tx: &Tx, messages: &[i64]) -> Result<Vec<(message::Model, String)>> {
    let found = message::Entity::find()
        .filter(message::Column::Id.is_in(messages.iter().copied()))
        .order_by_asc(message::Column::Id)
        .all(tx.conn())
        .await?;
    let numbers: Vec<(i64, String)> = address::Entity::find()
        .select_only()
        .columns([address::Column::Id, address::Column::Value])
        .filter(address::Column::Id.is_in(found.iter().map(|message| message.address_id)))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let numbers: std::collections::HashMap<i64, String> = numbers.into_iter().collect();
    let with_number = |message: message::Model| numbers.get(&message.address_id).cloned().map(|from| (message, from));
    Ok(found.into_iter().filter_map(with_number).collect())
}

/// The stored turn of a message that waits.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "waiting_messages")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub message_id: i64,
        pub person_id: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::chat::store::conversation::Entity",
            from = "Column::PersonId",
            to = "crate::chat::store::conversation::Column::PersonId"
        )]
        Conversation,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
