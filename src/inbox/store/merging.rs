//! Two people who are one, as rows: what refers to the one refers to the other afterwards.

use crate::chat::store::{conversation, message};
use crate::db::{MAX_BOUND_VALUES, Tx};
use crate::delivery::store::rows::row as delivery;
use crate::kit::{Instant, Result};
use crate::people::store::{address, person};
use crate::tickets::row as ticket;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use std::collections::BTreeSet;

/// Where rows refer to people, and any number may refer to the same one.
const FREE: [(&str, &str); 11] = [
    ("addresses", "person_id"),
    ("messages", "person_id"),
    ("message_media", "person_id"),
    ("desk_entries", "person_id"),
    ("tickets", "requester_id"),
    ("ticket_history", "changed_by"),
    ("order_holds", "held_by"),
    ("bom_revisions", "submitted_by"),
    ("bom_revisions", "decided_by"),
    ("attachments", "uploaded_by"),
    ("awaited_media", "sent_by"),
];
/// Where a person is there once for each of these: what both have, the other keeps.
const ONCE: [(&str, &str); 3] =
    [("ticket_assignments", "ticket_id"), ("shifts", "starts_at"), ("maintenance_plan_people", "plan_id")];

/// The person with this row.
pub async fn person(conn: &impl ConnectionTrait, id: i64) -> Result<Option<person::Model>> {
    Ok(person::Entity::find_by_id(id).one(conn).await?)
}

/// The numbers and mailboxes of somebody.
pub async fn addresses(conn: &impl ConnectionTrait, person_id: i64) -> Result<Vec<String>> {
    let values = address::Entity::find()
        .select_only()
        .column(address::Column::Value)
        .filter(address::Column::PersonId.eq(person_id))
        .filter(address::Column::Medium.ne("browser"))
        .order_by_asc(address::Column::Id);
    Ok(values.into_tuple().all(conn).await?)
}

/// How many messages they wrote, how many went to them, and how many tickets are theirs.
pub async fn counts(conn: &impl ConnectionTrait, person_id: i64) -> Result<(u64, u64, u64)> {
    let heard = message::Entity::find().filter(message::Column::PersonId.eq(person_id)).count(conn).await?;
    let sent = delivery::Entity::find().filter(delivery::Column::PersonId.eq(person_id)).count(conn).await?;
    let tickets = ticket::Entity::find().filter(ticket::Column::RequesterId.eq(person_id)).count(conn).await?;
    Ok((heard, sent, tickets))
}

/// Has everything that refers to the one refer to the other. A fixed number of statements for as many rows as one
/// statement takes.
pub async fn move_all(tx: &Tx, from: i64, into: i64) -> Result<()> {
    for (table, key) in ONCE {
        drop_common(tx, table, key, from, into).await?;
        point(tx, table, "person_id", from, into).await?;
    }
    let has_wishes =
        Query::select().column("id").from("notice_preferences").and_where(Expr::col("person_id").eq(into)).to_owned();
    if tx.conn().query_one(&has_wishes).await?.is_some() {
        let own =
            Query::delete().from_table("notice_preferences").and_where(Expr::col("person_id").eq(from)).to_owned();
        tx.conn().execute(&own).await?;
    }
    point(tx, "notice_preferences", "person_id", from, into).await?;
    move_deliveries(tx, from, into).await?;
    for (table, column) in FREE {
        point(tx, table, column, from, into).await?;
    }
    Ok(())
}

/// The rest of somebody who was somebody else: nobody who is active, with no role and no number.
pub async fn leave_behind(tx: &Tx, from: i64) -> Result<()> {
    person::Entity::update_many()
        .col_expr(person::Column::Role, Expr::value(None::<String>))
        .col_expr(person::Column::IsActive, false.into())
        .col_expr(person::Column::UpdatedAt, tx.now().into())
        .filter(person::Column::Id.eq(from))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// A conversation that two became.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The conversation that stays.
    pub row: conversation::Model,
    /// The address last written from, of both.
    pub address_id: i64,
    /// When somebody last wrote in either.
    pub last_at: Option<Instant>,
    /// The session that stays.
    pub session: String,
    /// Its state.
    pub state: String,
    /// Whether there is one.
    pub is_cleared: bool,
    /// What nobody looked at in both.
    pub unread: i32,
}

/// Takes the one conversation's row away and keeps the other's as it is now.
pub async fn join(tx: &Tx, gone: Option<i64>, stays: Option<Joined>) -> Result<()> {
    if let Some(gone) = gone {
        conversation::Entity::delete_many().filter(conversation::Column::Id.eq(gone)).exec(tx.conn()).await?;
    }
    let Some(joined) = stays else { return Ok(()) };
    let row = conversation::ActiveModel {
        id: Unchanged(joined.row.id),
        address_id: Set(joined.address_id),
        last_at: Set(joined.last_at),
        session: Set(joined.session),
        state: Set(joined.state),
        version: Set(joined.row.version + 1),
        cleared_at: Set(if joined.is_cleared { joined.row.cleared_at.or(Some(tx.now())) } else { None }),
        unread: Set(joined.unread),
        ..Default::default()
    };
    row.update(tx.conn()).await?;
    Ok(())
}

/// Whose a conversation is from now on.
pub async fn give_conversation(tx: &Tx, id: i64, to: i64) -> Result<()> {
    conversation::Entity::update_many()
        .col_expr(conversation::Column::PersonId, to.into())
        .filter(conversation::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn point(tx: &Tx, table: &'static str, column: &'static str, from: i64, into: i64) -> Result<()> {
    let update = Query::update().table(table).value(column, into).and_where(Expr::col(column).eq(from)).to_owned();
    tx.conn().execute(&update).await?;
    Ok(())
}

/// Takes away what the one has where the other has the same.
async fn drop_common(tx: &Tx, table: &'static str, key: &'static str, from: i64, into: i64) -> Result<()> {
    let common = Query::select()
        .expr(Expr::col(("one", "id")))
        .from_as(table, "one")
        .join_as(sea_orm::JoinType::InnerJoin, table, "other", Expr::col(("other", key)).equals(("one", key)))
        .and_where(Expr::col(("one", "person_id")).eq(from))
        .and_where(Expr::col(("other", "person_id")).eq(into))
        .to_owned();
    let rows = tx.conn().query_all(&common).await?;
    let ids: Vec<i64> = rows.iter().filter_map(|row| row.try_get_by_index(0).ok()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let delete = Query::delete().from_table(table).and_where(Expr::col("id").is_in(ids)).to_owned();
    tx.conn().execute(&delete).await?;
    Ok(())
}

/// Notices of an event of which both were told on one medium stay where they are: each was told once.
async fn move_deliveries(tx: &Tx, from: i64, into: i64) -> Result<()> {
    let told = |person: i64| {
        delivery::Entity::find()
            .select_only()
            .columns([delivery::Column::Id, delivery::Column::EventId])
            .column(delivery::Column::Medium)
            .filter(delivery::Column::PersonId.eq(person))
            .filter(delivery::Column::EventId.is_not_null())
            .into_tuple::<(i64, Option<i64>, String)>()
    };
    let theirs: BTreeSet<(Option<i64>, String)> =
        told(into).all(tx.conn()).await?.into_iter().map(|(_, event, medium)| (event, medium)).collect();
    let of_both = told(from).all(tx.conn()).await?.into_iter();
    let of_both = of_both.filter(|(_, event, medium)| theirs.contains(&(*event, medium.clone()))).map(|(id, ..)| id);
    let of_both: Vec<i64> = of_both.take(MAX_BOUND_VALUES / 2).collect();
    delivery::Entity::update_many()
        .col_expr(delivery::Column::PersonId, into.into())
        .filter(delivery::Column::PersonId.eq(from))
        .filter(delivery::Column::Id.is_not_in(of_both))
        .exec(tx.conn())
        .await?;
    Ok(())
}
