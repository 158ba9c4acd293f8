//! What the job reads and writes, as sets.

pub(super) mod facts;
pub mod inbox;
pub(super) mod live;
mod reach;
pub mod stats;
pub mod told;
pub(super) mod weekly;
pub mod wishes;

pub(super) use reach::Places;

use super::model::{Concerned, Desk, Happened};
use crate::channels::Medium;
use crate::db::{self, Tx, Waiting};
use crate::delivery::store::rows::row as delivery;
use crate::kit::Result;
use crate::outbox;
use crate::people::Role;
use crate::people::store::{address, person};
use crate::tickets::{self, row as ticket};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use std::collections::{BTreeSet, HashMap};

/// Somebody who is told, or spoken of.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) row: person::Model,
    /// The name they give themselves at a provider, else their number.
    pub(super) calls_themselves: Option<String>,
}

impl Person {
    /// Their name, or what else is known of them.
    pub(super) fn name(&self) -> &str {
        let names = [&self.row.name, &self.row.username, &self.calls_themselves];
        names.into_iter().flatten().next().map_or("", String::as_str)
    }
}

/// Whether there is an event that was not told.
pub(super) async fn is_anything_new(conn: &impl ConnectionTrait) -> Result<bool> {
    let new: Option<i64> = outbox::row::Entity::find()
        .select_only()
        .column(outbox::row::Column::Id)
        .filter(outbox::row::Column::HandledAt.is_null())
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    Ok(new.is_some())
}

/// The events that are still to be told.
pub(super) async fn waiting(conn: &impl ConnectionTrait) -> Result<Waiting> {
    use outbox::row::{Column, Entity};
    db::waiting(conn, Entity::find().filter(Column::HandledAt.is_null()), Column::Id, Column::At).await
}

/// The next events that were not told, oldest first. The turn is this process's.
pub(super) async fn take(tx: &Tx, most: u64) -> Result<Vec<outbox::row::Model>> {
    let events = outbox::row::Entity::find()
        .filter(outbox::row::Column::HandledAt.is_null())
        .order_by_asc(outbox::row::Column::Id)
        .limit(most);
    Ok(events.all(tx.conn()).await?)
}

/// These events.
pub(super) async fn events(tx: &Tx, ids: &BTreeSet<i64>) -> Result<Vec<outbox::row::Model>> {
    let events = outbox::row::Entity::find().filter(outbox::row::Column::Id.is_in(ids.iter().copied()));
    Ok(events.order_by_asc(outbox::row::Column::Id).all(tx.conn()).await?)
}

/// The last notice of these events.
pub(super) async fn last_notice(tx: &Tx, events: &[i64]) -> Result<Option<i64>> {
    let last = delivery::Entity::find()
        .select_only()
        .column_as(delivery::Column::Id.max(), "last")
        .filter(delivery::Column::EventId.is_in(events.iter().copied()));
    Ok(last.into_tuple::<Option<i64>>().one(tx.conn()).await?.flatten())
}

/// These events were told.
pub(super) async fn done(tx: &Tx, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    outbox::row::Entity::update_many()
        .col_expr(outbox::row::Column::HandledAt, tx.now().into())
        .filter(outbox::row::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The tickets of these events, by their rows.
pub(super) async fn tickets(tx: &Tx, happened: &[Happened<'_>]) -> Result<HashMap<i64, Concerned>> {
    let ids: BTreeSet<i64> = happened.iter().filter_map(|one| one.ticket_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<i64> = ids.into_iter().collect();
    let rows = ticket::Entity::find().filter(ticket::Column::Id.is_in(ids.iter().copied())).all(tx.conn()).await?;
    let mut tickets: HashMap<i64, Concerned> =
        rows.into_iter().map(|row| (row.id, Concerned { row, assigned: Vec::new() })).collect();
    for holder in tickets::store::holders(tx.conn(), &ids).await? {
        if let Some(ticket) = tickets.get_mut(&holder.ticket_id) {
            ticket.assigned.push(holder.person_id);
        }
    }
    Ok(tickets)
}

/// All active admins and supervisors, in the order of their rows.
pub(super) async fn desk(tx: &Tx) -> Result<Vec<Desk>> {
    let desk: Vec<(i64, String, Option<String>)> = person::Entity::find()
        .select_only()
        .columns([person::Column::Id, person::Column::Role, person::Column::Department])
        .filter(person::Column::Role.is_in([Role::Admin.as_str(), Role::Supervisor.as_str()]))
        .filter(person::Column::IsActive.eq(true))
        .order_by_asc(person::Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let member = |(person_id, role, department): (i64, String, _)| {
        let is_admin = role == Role::Admin.as_str();
        Desk { person_id, is_admin, department }
    };
    Ok(desk.into_iter().map(member).collect())
}

/// These people, by their rows.
pub(super) async fn people(tx: &Tx, ids: &[i64]) -> Result<HashMap<i64, Person>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = person::Entity::find().filter(person::Column::Id.is_in(ids.iter().copied())).all(tx.conn()).await?;
    let nameless: Vec<i64> = rows.iter().filter(|row| row.name.is_none()).map(|row| row.id).collect();
    let mut called = HashMap::new();
    if !nameless.is_empty() {
        let addresses: Vec<(i64, Option<String>, String)> = address::Entity::find()
            .select_only()
            .columns([address::Column::PersonId, address::Column::ProfileName, address::Column::Value])
            .filter(address::Column::PersonId.is_in(nameless))
            .filter(address::Column::Medium.is_in([Medium::Whatsapp, Medium::Sms].map(Medium::as_str)))
            .order_by_desc(address::Column::Id)
            .into_tuple()
            .all(tx.conn())
            .await?;
        called.extend(addresses.into_iter().map(|(id, profile, value)| (id, profile.unwrap_or(value))));
    }
    let person = |row: person::Model| (row.id, Person { calls_themselves: called.remove(&row.id), row });
    Ok(rows.into_iter().map(person).collect())
}
