//! What the live line reads, as sets, and its tickets.

use crate::db::Tx;
use crate::delivery::store::rows::row;
use crate::delivery::store::{Kind, Way};
use crate::kit::{Instant, Result};
use crate::outbox::{Notice, row as event};
use crate::people::Role;
use crate::people::store::person;
use crate::people::store::sign_ins::sign_in;
use crate::tickets::{Viewer, row as ticket};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    RelationTrait as _, Select,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// How many notices are read at a time.
pub(in crate::notify) const AT_ONCE: u64 = 500;
/// Who missed more than so many reads them as a list.
const MOST_MISSED: u64 = 500;

/// A notice at the desk, as it is stored.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub(in crate::notify) struct Stored {
    pub(in crate::notify) id: i64,
    person_id: i64,
    subject: Option<String>,
    created_at: Instant,
    event: String,
    ticket_id: Option<i64>,
}

/// A notice as it goes to somebody.
pub(in crate::notify) struct Waiting {
    pub(in crate::notify) id: i64,
    pub(in crate::notify) person_id: i64,
    /// JSON.
    pub(in crate::notify) text: Arc<str>,
}

/// The notices of these people after one up to another, at most some hundreds.
pub(in crate::notify) async fn between(
    conn: &impl ConnectionTrait,
    after: i64,
    to: i64,
    people: &[i64],
) -> Result<Vec<Stored>> {
    let select = at_the_desk()
        .filter(row::Column::Id.gt(after))
        .filter(row::Column::Id.lte(to))
        .filter(row::Column::EventId.is_not_null())
        .filter(row::Column::PersonId.is_in(people.iter().copied()))
        .order_by_asc(row::Column::Id)
        .limit(AT_ONCE);
    Ok(select.into_model().all(conn).await?)
}

/// What somebody missed after this notice or since this instant; none where that is too much to be sent.
pub(in crate::notify) async fn missed(
    conn: &impl ConnectionTrait,
    person_id: i64,
    last_id: Option<i64>,
    since: Option<Instant>,
) -> Result<Option<Vec<Stored>>> {
    let mut select = at_the_desk()
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::Kind.eq(Kind::Notice.as_str()))
        .order_by_desc(row::Column::Id)
        .limit(MOST_MISSED + 1);
    if let Some(last_id) = last_id {
        select = select.filter(row::Column::Id.gt(last_id));
    }
    if let Some(since) = since {
        select = select.filter(row::Column::CreatedAt.gte(since));
    }
    let mut missed: Vec<Stored> = select.into_model().all(conn).await?;
    missed.reverse();
    Ok((missed.len() as u64 <= MOST_MISSED).then_some(missed))
}

/// Writes notices as they go to somebody, with their tickets as they are now. **Source**: desk.md, "WebSocket".
pub(in crate::notify) async fn written(
    conn: &impl ConnectionTrait,
    notices: &[Notice],
    stored: Vec<Stored>,
) -> Result<Vec<Waiting>> {
    let ids: BTreeSet<i64> = stored.iter().filter_map(|notice| notice.ticket_id).collect();
    let mut tickets: HashMap<i64, Value> = HashMap::new();
    if !ids.is_empty() {
        let rows = ticket::Entity::find().filter(ticket::Column::Id.is_in(ids)).all(conn).await?;
        tickets.extend(rows.iter().map(|row| (row.id, shown(row))));
    }
    let write = |notice: Stored| {
        let known = notices.iter().find(|known| known.event == notice.event);
        let text = json!({
            "id": notice.id,
            "notification_type": known.map_or(notice.event.as_str(), |known| known.shown_as),
            "message": notice.subject,
            "ticket": notice.ticket_id.and_then(|id| tickets.get(&id)),
            "timestamp": notice.created_at,
        });
        Waiting { id: notice.id, person_id: notice.person_id, text: text.to_string().into() }
    };
    Ok(stored.into_iter().map(write).collect())
}

fn shown(ticket: &ticket::Model) -> Value {
    json!({
        "id": ticket.id,
        "reference": ticket.reference,
        "title": ticket.title,
        "priority": ticket.priority,
        "priority_display": ticket.priority.display(),
        "category": ticket.category,
        "status": ticket.status,
        "created_by": ticket.requester_id,
        "project_name": ticket.project_name,
        "created_at": ticket.created_at,
    })
}

fn at_the_desk() -> Select<row::Entity> {
    row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::PersonId, row::Column::Subject, row::Column::CreatedAt])
        .column_as(event::Column::Name, "event")
        .column_as(event::Column::TicketId, "ticket_id")
        .join(JoinType::InnerJoin, row::Relation::Event.def())
        .filter(row::Column::Medium.eq(Way::Desk.medium()))
}

/// These people as the rules for tickets look at them at the desk; those who are not active any more are left out.
pub(in crate::notify) async fn viewers(conn: &impl ConnectionTrait, people: &[i64]) -> Result<Vec<Viewer>> {
    let select = person::Entity::find()
        .select_only()
        .columns([person::Column::Id, person::Column::Role, person::Column::Department])
        .filter(person::Column::Id.is_in(people.iter().copied()))
        .filter(person::Column::IsActive.eq(true));
    let rows: Vec<(i64, Option<String>, Option<String>)> = select.into_tuple().all(conn).await?;
    let viewers = rows.into_iter().map(|(person_id, role, department)| Viewer {
        person_id,
        role: role.as_deref().and_then(Role::named),
        department,
        open_access: false,
    });
    Ok(viewers.collect())
}

/// Those of these sign-ins that hold, and whose people are active.
pub(in crate::notify) async fn holding(conn: &impl ConnectionTrait, sign_ins: Vec<String>) -> Result<HashSet<String>> {
    let holding: Vec<String> = sign_in::Entity::find()
        .select_only()
        .column(sign_in::Column::Token)
        .join(JoinType::InnerJoin, sign_in::Relation::Person.def())
        .filter(sign_in::Column::Token.is_in(sign_ins))
        .filter(sign_in::Column::EndedAt.is_null())
        .filter(person::Column::IsActive.eq(true))
        .filter(person::Column::Role.is_not_null())
        .into_tuple()
        .all(conn)
        .await?;
    Ok(holding.into_iter().collect())
}

/// By which of these people are seen: role and department.
pub(in crate::notify) async fn about(
    conn: &impl ConnectionTrait,
    people: &[i64],
) -> Result<HashMap<i64, (Option<Role>, Option<String>)>> {
    let about: Vec<(i64, Option<String>, Option<String>)> = person::Entity::find()
        .select_only()
        .columns([person::Column::Id])
        .columns([person::Column::Role, person::Column::Department])
        .filter(person::Column::Id.is_in(people.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?;
    let known =
        about.into_iter().map(|(id, role, department)| (id, (role.as_deref().and_then(Role::named), department)));
    Ok(known.collect())
}

/// What a ticket is kept as: who has the rows has no tickets.
pub(in crate::notify) fn hash(ticket: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(ticket.as_bytes()))
}

/// Keeps a ticket, and lets go of those that have run out.
pub(in crate::notify) async fn issue(tx: &Tx, ticket: Ticket) -> Result<()> {
    live_ticket::Entity::delete_many().filter(live_ticket::Column::ExpiresAt.lte(tx.now())).exec(tx.conn()).await?;
    let row = live_ticket::ActiveModel {
        hash: Set(ticket.hash),
        person_id: Set(ticket.person_id),
        sign_in: Set(ticket.sign_in),
        until: Set(ticket.until),
        expires_at: Set(ticket.expires_at),
    };
    live_ticket::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Takes a ticket that holds, and whose sign-in and access token still do; whoever comes second finds none.
pub(in crate::notify) async fn redeem(tx: &Tx, hash: &str) -> Result<Option<Ticket>> {
    let ticket = live_ticket::Entity::find_by_id(hash)
        .filter(live_ticket::Column::ExpiresAt.gt(tx.now()))
        .filter(live_ticket::Column::Until.gt(tx.now()));
    let Some(ticket) = ticket.one(tx.conn()).await? else { return Ok(None) };
    let taken = live_ticket::Entity::delete_by_id(hash).exec(tx.conn()).await?;
    let holds =
        taken.rows_affected == 1 && holding(tx.conn(), vec![ticket.sign_in.clone()]).await?.contains(&ticket.sign_in);
    Ok(holds.then_some(ticket))
}

pub(in crate::notify) use live_ticket::Model as Ticket;

mod live_ticket {
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "live_tickets")]
    pub(in crate::notify) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::notify) hash: String,
        pub(in crate::notify) person_id: i64,
        pub(in crate::notify) sign_in: String,
        pub(in crate::notify) until: Instant,
        pub(in crate::notify) expires_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(in crate::notify) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
