//! Messages and conversations as rows, as sets.

pub mod desk;
mod late;
mod tidy;
pub mod turn;

pub use late::{
    Waiting, due, leave_unanswered, let_go, note_waiting, put_off, row as waiting, unanswered, waiting_of, with_address,
};

pub use tidy::{clear_dormant, empty};

use super::pace::{Pace, Told};
use crate::channels::{Inbound, Medium};
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::people::store::{Known, address};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, RelationTrait as _, Select,
};
use serde_json::json;
use std::collections::HashMap;

/// Stores the messages that are not there yet and answers with the positions of the new ones and their rows.
///
/// The unique key (channel, provider id) decides; the batch's mark tells which were new, on every database.
pub async fn insert_new(tx: &Tx, batch: &str, messages: &[(&Inbound, &Known)]) -> Result<HashMap<usize, i64>> {
    let rows = messages.iter().enumerate().map(|(position, (inbound, known))| message::ActiveModel {
        id: NotSet,
        channel: Set(inbound.channel.to_owned()),
        provider_id: Set(inbound.provider_id.clone()),
        batch: Set(batch.to_owned()),
        position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
        address_id: Set(known.address_id),
        person_id: Set(known.person_id),
        sender: Set(inbound.to.clone()),
        kind: Set(inbound.kind.chars().filter(|c| !c.is_control()).take(50).collect()),
        body: Set(without_nul(&inbound.text)),
        extra: Set(extra(inbound)),
        received_at: Set(tx.now()),
        is_unanswered: NotSet,
        emptied_at: NotSet,
    });
    message::Entity::insert_many(rows)
        .on_conflict_do_nothing_on([message::Column::Channel, message::Column::ProviderId])
        .exec_without_returning(tx.conn())
        .await?;
    let new: Vec<(i32, i64)> = message::Entity::find()
        .select_only()
        .columns([message::Column::Position, message::Column::Id])
        .filter(message::Column::Batch.eq(batch))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(new.into_iter().filter_map(|(position, id)| Some((usize::try_from(position).ok()?, id))).collect())
}

/// PostgreSQL keeps every character in a text but this one.
fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

fn extra(inbound: &Inbound) -> String {
    let extra = json!({
        "media": inbound.media,
        "place": inbound.place,
        "tapped": inbound.tapped,
        "reply_to": inbound.reply_to,
    });
    without_nul(&extra.to_string())
}

/// The conversations of these people; [`crate::people::store::lock`] goes before.
pub async fn conversations(tx: &Tx, people: &[i64]) -> Result<HashMap<i64, conversation::Model>> {
    let found = conversation::Entity::find()
        .filter(conversation::Column::PersonId.is_in(people.iter().copied()))
        .all(tx.conn())
        .await?;
    Ok(found.into_iter().map(|conversation| (conversation.person_id, conversation)).collect())
}

/// A conversation as it is to be kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Whose.
    pub person_id: i64,
    /// The address last written from.
    pub address_id: i64,
    /// `MENU`, `create_defect.severity`.
    pub state: String,
    /// The session as JSON.
    pub session: String,
    /// One more than it was.
    pub version: i32,
    /// When the session began.
    pub created_at: Instant,
    /// How fast the person is answered.
    pub pace: Pace,
    /// When they, or the desk, last wrote.
    pub last_at: Option<Instant>,
    /// How many messages the desk has not looked at.
    pub unread: i32,
}

/// Writes a set of conversations, new and known ones alike.
pub async fn keep(tx: &Tx, conversations: Vec<Kept>) -> Result<()> {
    let rows = conversations.into_iter().map(|kept| conversation::ActiveModel {
        id: NotSet,
        person_id: Set(kept.person_id),
        address_id: Set(kept.address_id),
        state: Set(kept.state),
        session: Set(kept.session),
        version: Set(kept.version),
        created_at: Set(kept.created_at),
        updated_at: Set(tx.now()),
        busy_until: Set(kept.pace.busy_until),
        waiting: Set(i32::try_from(kept.pace.waiting).unwrap_or(i32::MAX)),
        told: Set(kept.pace.told.as_number()),
        last_at: Set(kept.last_at),
        unread: Set(kept.unread),
        cleared_at: Set(None),
        // What the desk does with it is the desk's to write.
        taken_at: NotSet,
        taken_by: NotSet,
        desk_at: NotSet,
        assigned_to: NotSet,
    });
    let changed = [
        conversation::Column::CreatedAt,
        conversation::Column::AddressId,
        conversation::Column::State,
        conversation::Column::Session,
        conversation::Column::Version,
        conversation::Column::UpdatedAt,
        conversation::Column::BusyUntil,
        conversation::Column::Waiting,
        conversation::Column::Told,
        conversation::Column::LastAt,
        conversation::Column::Unread,
        conversation::Column::ClearedAt,
    ];
    conversation::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(conversation::Column::PersonId).update_columns(changed).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// The WhatsApp numbers of these people, on one of which their conversation may be held.
pub async fn numbers(conn: &impl ConnectionTrait, people: &[i64]) -> Result<Vec<String>> {
    let values = address::Entity::find()
        .select_only()
        .column(address::Column::Value)
        .filter(address::Column::Medium.eq(Medium::Whatsapp.as_str()))
        .filter(address::Column::PersonId.is_in(people.iter().copied()));
    Ok(values.into_tuple().all(conn).await?)
}

/// A conversation with the address it is held on, for the list of sessions.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Live {
    /// The conversation's row.
    pub id: i64,
    /// `whatsapp`.
    pub medium: String,
    /// The number, in E.164.
    pub value: String,
    /// `MENU`, `create_defect.severity`.
    pub state: String,
    /// The session as JSON.
    pub session: String,
    /// When the conversation began.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// The conversations that changed since `since`, the latest first, at most `most`.
pub async fn live(conn: &impl ConnectionTrait, since: Instant, most: u64) -> Result<Vec<Live>> {
    let latest_first = changed_since(since).order_by_desc(conversation::Column::UpdatedAt).limit(most);
    Ok(latest_first.into_model::<Live>().all(conn).await?)
}

/// Those of these people.
pub async fn live_of(conn: &impl ConnectionTrait, since: Instant, people: &[i64]) -> Result<Vec<Live>> {
    let theirs = changed_since(since).filter(conversation::Column::PersonId.is_in(people.iter().copied()));
    Ok(theirs.into_model::<Live>().all(conn).await?)
}

/// Those in rows after this one, in the order of rows, at most `most`.
pub async fn live_after(conn: &impl ConnectionTrait, since: Instant, row: i64, most: u64) -> Result<Vec<Live>> {
    let next = changed_since(since)
        .filter(conversation::Column::Id.gt(row))
        .order_by_asc(conversation::Column::Id)
        .limit(most);
    Ok(next.into_model::<Live>().all(conn).await?)
}

fn changed_since(since: Instant) -> Select<conversation::Entity> {
    conversation::Entity::find()
        .select_only()
        .columns([conversation::Column::Id, conversation::Column::State, conversation::Column::Session])
        .columns([conversation::Column::CreatedAt, conversation::Column::UpdatedAt])
        .columns([address::Column::Medium, address::Column::Value])
        .join(JoinType::InnerJoin, conversation::Relation::Address.def())
        .filter(conversation::Column::UpdatedAt.gte(since))
        .filter(conversation::Column::ClearedAt.is_null())
}

/// How many conversations changed since `since`.
pub async fn count_live(conn: &impl ConnectionTrait, since: Instant) -> Result<u64> {
    let live = conversation::Entity::find()
        .filter(conversation::Column::UpdatedAt.gte(since))
        .filter(conversation::Column::ClearedAt.is_null());
    Ok(live.count(conn).await?)
}

/// Forgets the session of this person, and with it the answers to messages that wait. Answers whether there was one.
pub async fn forget(tx: &Tx, person_id: i64) -> Result<bool> {
    crate::people::store::lock(tx, vec![person_id]).await?;
    stop_waiting(tx, person_id).await?;
    let gone = tidy::clear(tx, Condition::all().add(conversation::Column::PersonId.eq(person_id))).await?;
    Ok(gone > 0)
}

/// What waits for its answer from this person gets none any more.
pub async fn stop_waiting(tx: &Tx, person_id: i64) -> Result<()> {
    let waiting: Vec<i64> = waiting_of(tx, &[person_id]).await?.into_iter().map(|waiting| waiting.message_id).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    leave_unanswered(tx, &waiting).await?;
    let_go(tx, &waiting).await?;
    note_waiting(tx, person_id, 0).await
}

/// The stored message.
pub mod message {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "messages")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub channel: String,
        pub provider_id: String,
        pub batch: String,
        pub position: i32,
        pub address_id: i64,
        pub person_id: i64,
        pub sender: Option<String>,
        pub kind: String,
        pub body: String,
        pub extra: String,
        pub received_at: Instant,
        pub is_unanswered: bool,
        pub emptied_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored conversation.
pub mod conversation {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "conversations")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub person_id: i64,
        pub address_id: i64,
        pub state: String,
        pub session: String,
        pub version: i32,
        pub created_at: Instant,
        pub updated_at: Instant,
        pub busy_until: Option<Instant>,
        pub waiting: i32,
        pub told: i32,
        pub last_at: Option<Instant>,
        pub unread: i32,
        pub taken_at: Option<Instant>,
        pub taken_by: Option<i64>,
        pub desk_at: Option<Instant>,
        pub assigned_to: Option<i64>,
        pub cleared_at: Option<Instant>,
    }

    impl Model {
        /// How fast the person is answered.
        pub fn pace(&self) -> super::Pace {
            super::Pace {
                busy_until: self.busy_until,
                waiting: u32::try_from(self.waiting).unwrap_or(0),
                told: super::Told::numbered(self.told),
            }
        }
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::people::store::address::Entity",
            from = "Column::AddressId",
            to = "crate::people::store::address::Column::Id"
        )]
        Address,
        #[sea_orm(
            belongs_to = "crate::people::store::person::Entity",
            from = "Column::PersonId",
            to = "crate::people::store::person::Column::Id"
        )]
        Person,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
