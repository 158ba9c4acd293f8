//! Who was told of a ticket, and whether it arrived.

use crate::delivery::store::rows::{attempt, row};
use crate::kit::{Instant, Result};
use crate::outbox::row as event;
use crate::people::store::person;
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    RelationTrait as _,
};

/// A notification of a ticket.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Told {
    /// Its row.
    pub id: i64,
    /// Who is told.
    pub person_name: Option<String>,
    /// The stored medium.
    pub medium: String,
    /// In one line.
    pub subject: Option<String>,
    /// The stored status.
    pub status: String,
    /// When it was made.
    pub created_at: Instant,
    /// What was wrong with it.
    pub error_text: Option<String>,
    /// The delivery that carries it together with others.
    pub digest_id: Option<i64>,
}

/// The notifications of a ticket, the latest first; only this person's where one is named.
pub async fn of_ticket(
    conn: &impl ConnectionTrait,
    ticket_id: i64,
    person_id: Option<i64>,
    most: u64,
) -> Result<Vec<Told>> {
    let events = Query::select()
        .column(event::Column::Id)
        .from(event::Entity)
        .and_where(event::Column::TicketId.eq(ticket_id))
        .take();
    let mut select = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Medium, row::Column::Subject, row::Column::Status])
        .columns([row::Column::CreatedAt, row::Column::ErrorText, row::Column::DigestId])
        .column_as(person::Column::Name, "person_name")
        .join(JoinType::LeftJoin, row::Relation::Person.def())
        .filter(row::Column::EventId.in_subquery(events))
        .order_by_desc(row::Column::Id)
        .limit(most);
    if let Some(person_id) = person_id {
        select = select.filter(row::Column::PersonId.eq(person_id));
    }
    Ok(select.into_model().all(conn).await?)
}

/// The attempts of these deliveries, oldest first.
pub async fn attempts(conn: &impl ConnectionTrait, deliveries: &[i64]) -> Result<Vec<attempt::Model>> {
    if deliveries.is_empty() {
        return Ok(Vec::new());
    }
    let attempts = attempt::Entity::find()
        .filter(attempt::Column::DeliveryId.is_in(deliveries.iter().copied()))
        .order_by_asc(attempt::Column::Id);
    Ok(attempts.all(conn).await?)
}
