//! What people have been told, as they read it: lists, counts, and what they have read in the desk.
//!
//! A count and what it counts are one statement, so that they agree whatever is written meanwhile.

use crate::channels::Status;
use crate::db::Tx;
use crate::delivery::store::rows::{attempt, row};
use crate::delivery::store::{Kind, Way};
use crate::kit::{Instant, Result};
use crate::outbox::row as event;
use crate::people::store::{address, person};
use crate::tickets::row as ticket;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement, SubQueryStatement};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, RelationDef, RelationTrait as _,
};

/// Which notifications are asked for; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Whose.
    pub person_id: Option<i64>,
    /// On which stored medium.
    pub medium: Option<&'static str>,
    /// In one of these statuses.
    pub statuses: Option<&'static [Status]>,
    /// Whether read in the desk.
    pub is_read: Option<bool>,
    /// Of which ticket.
    pub ticket_id: Option<i64>,
}

/// A notification in a list.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Listed {
    /// Its row.
    pub id: i64,
    /// The ticket that it is about.
    pub ticket_id: Option<i64>,
    /// The stored medium.
    pub medium: String,
    /// In one line.
    pub subject: Option<String>,
    /// The stored status.
    pub status: String,
    /// When it was made.
    pub created_at: Instant,
    /// Present while its person has not read it in the desk.
    pub unread: Option<i32>,
    /// When they read it there.
    pub seen_at: Option<Instant>,
}

/// One notification in full.
#[derive(Clone, Debug)]
pub struct Whole {
    /// As in a list.
    pub listed: Listed,
    /// Its text; empty once it was let go.
    pub body: String,
    /// Who is told.
    pub person_id: i64,
    /// Their name.
    pub person_name: Option<String>,
    /// The ticket's title.
    pub ticket_title: Option<String>,
    /// As how many parts it is billed, where it is a text message.
    pub sms_parts: Option<i32>,
    /// The provider's code where it failed.
    pub error_code: Option<i32>,
    /// What was wrong and what to do about it.
    pub error_text: Option<String>,
    /// When it may be sent; none where nothing is left to do.
    pub due_at: Option<Instant>,
    /// Since when the provider may have it all the same.
    pub doubted_at: Option<Instant>,
    /// Since when it is held back because the budget is spent.
    pub over_budget_at: Option<Instant>,
    /// Until when it waits for its hour, or for company.
    pub held_until: Option<Instant>,
    /// The delivery that carries it together with others.
    pub digest_id: Option<i64>,
    /// When it was on the person's phone.
    pub delivered_at: Option<Instant>,
    /// When the person read it there.
    pub read_at: Option<Instant>,
    /// Its attempts, oldest first; where another message carries it together with others, that one's.
    pub attempts: Vec<attempt::Model>,
}

#[derive(sea_orm::FromQueryResult)]
struct Counted {
    #[sea_orm(nested)]
    listed: Listed,
    total: i64,
}

#[derive(sea_orm::FromQueryResult)]
struct Details {
    #[sea_orm(nested)]
    listed: Listed,
    body: String,
    person_id: i64,
    person_name: Option<String>,
    ticket_title: Option<String>,
    sms_parts: Option<i32>,
    error_code: Option<i32>,
    error_text: Option<String>,
    due_at: Option<Instant>,
    doubted_at: Option<Instant>,
    over_budget_at: Option<Instant>,
    held_until: Option<Instant>,
    digest_id: Option<i64>,
    delivered_at: Option<Instant>,
    read_at: Option<Instant>,
}

/// `size` notifications after the first `skipped`, the latest first, with how many there are in all. Where none is left
/// after so many, the count is none as well.
pub async fn page(
    conn: &impl ConnectionTrait,
    asked: &Asked,
    size: u64,
    skipped: u64,
) -> Result<(Vec<Listed>, Option<u64>)> {
    let count: SelectStatement = row::Entity::find()
        .select_only()
        .column_as(row::Column::Id.count(), "n")
        .filter(asked.condition())
        .into_query();
    let total = Expr::from(SubQueryStatement::SelectStatement(count));
    let rows: Vec<Counted> = listed()
        .expr_as(total, "total")
        .filter(asked.condition())
        .order_by_desc(row::Column::Id)
        .limit(size)
        .offset(skipped)
        .into_model()
        .all(conn)
        .await?;
    let total = rows.first().and_then(|row| u64::try_from(row.total).ok());
    Ok((rows.into_iter().map(|row| row.listed).collect(), total))
}

/// One notification in full.
pub async fn one(conn: &impl ConnectionTrait, id: i64) -> Result<Option<Whole>> {
    let its_ticket: RelationDef =
        event::Entity::belongs_to(ticket::Entity).from(event::Column::TicketId).to(ticket::Column::Id).into();
    let details: Option<Details> = listed()
        .columns([row::Column::Body, row::Column::PersonId, row::Column::SmsParts])
        .columns([row::Column::ErrorCode, row::Column::ErrorText, row::Column::DueAt, row::Column::DoubtedAt])
        .columns([row::Column::OverBudgetAt, row::Column::HeldUntil, row::Column::DigestId])
        .columns([row::Column::DeliveredAt, row::Column::ReadAt])
        .column_as(person::Column::Name, "person_name")
        .column_as(ticket::Column::Title, "ticket_title")
        .join(JoinType::LeftJoin, row::Relation::Person.def())
        .join(JoinType::LeftJoin, its_ticket)
        .filter(row::Column::Id.eq(id))
        .filter(Asked::default().condition())
        .into_model()
        .one(conn)
        .await?;
    let Some(details) = details else { return Ok(None) };
    let attempts = attempt::Entity::find()
        .filter(attempt::Column::DeliveryId.eq(details.digest_id.unwrap_or(id)))
        .order_by_asc(attempt::Column::Number)
        .all(conn)
        .await?;
    Ok(Some(Whole {
        listed: details.listed,
        body: details.body,
        person_id: details.person_id,
        person_name: details.person_name,
        ticket_title: details.ticket_title,
        sms_parts: details.sms_parts,
        error_code: details.error_code,
        error_text: details.error_text,
        due_at: details.due_at,
        doubted_at: details.doubted_at,
        over_budget_at: details.over_budget_at,
        held_until: details.held_until,
        digest_id: details.digest_id,
        delivered_at: details.delivered_at,
        read_at: details.read_at,
        attempts,
    }))
}

/// What a person has not read of what is for the desk: the ticket of each, the latest first, and at most so many.
pub async fn unread_at_the_desk(conn: &impl ConnectionTrait, person_id: i64, most: u64) -> Result<Vec<Option<i64>>> {
    let select = row::Entity::find()
        .select_only()
        .column(event::Column::TicketId)
        .join(JoinType::InnerJoin, row::Relation::Event.def())
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::Unread.is_not_null())
        .filter(row::Column::Medium.eq(Way::Desk.medium()))
        .order_by_desc(row::Column::Id)
        .limit(most);
    Ok(select.into_tuple().all(conn).await?)
}

/// How many a person has not read in the desk, by stored medium.
pub async fn unread(conn: &impl ConnectionTrait, person_id: i64) -> Result<Vec<(String, i64)>> {
    let asked = Asked { person_id: Some(person_id), is_read: Some(false), ..Asked::default() };
    let counts = row::Entity::find()
        .select_only()
        .column(row::Column::Medium)
        .column_as(row::Column::Id.count(), "n")
        .filter(asked.condition())
        .group_by(row::Column::Medium);
    Ok(counts.into_tuple().all(conn).await?)
}

/// Marks what is asked for as read; answers with how many were not before.
pub async fn read(tx: &Tx, asked: &Asked, id: Option<i64>) -> Result<u64> {
    let mut update = row::Entity::update_many()
        .col_expr(row::Column::Unread, Expr::value(None::<i32>))
        .col_expr(row::Column::SeenAt, tx.now().into())
        .filter(Asked { is_read: Some(false), ..asked.clone() }.condition());
    if let Some(id) = id {
        update = update.filter(row::Column::Id.eq(id));
    }
    Ok(update.exec(tx.conn()).await?.rows_affected)
}

/// Where somebody can be told, beside the desk.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Address {
    /// The stored medium.
    pub medium: String,
    /// A number in E.164, or a mailbox.
    pub value: String,
    /// Since when they want nothing there but answers.
    pub opted_out_at: Option<Instant>,
}

/// Where this person can be told, beside the desk: of what there are rows of.
pub async fn addresses(conn: &impl ConnectionTrait, person_id: i64) -> Result<Vec<Address>> {
    let addresses = address::Entity::find()
        .select_only()
        .columns([address::Column::Medium, address::Column::Value, address::Column::OptedOutAt])
        .filter(address::Column::PersonId.eq(person_id))
        .filter(address::Column::Medium.ne(Way::Desk.medium()))
        .order_by_asc(address::Column::Id);
    Ok(addresses.into_model().all(conn).await?)
}

fn listed() -> sea_orm::Select<row::Entity> {
    row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Medium, row::Column::Subject, row::Column::Status])
        .columns([row::Column::CreatedAt, row::Column::Unread, row::Column::SeenAt])
        .column_as(event::Column::TicketId, "ticket_id")
        .join(JoinType::InnerJoin, row::Relation::Event.def())
}

impl Asked {
    fn condition(&self) -> Condition {
        let of_ticket = self.ticket_id.map(|id| {
            let events = Query::select()
                .column(event::Column::Id)
                .from(event::Entity)
                .and_where(event::Column::TicketId.eq(id))
                .take();
            row::Column::EventId.in_subquery(events)
        });
        Condition::all()
            .add(match self.person_id {
                // Each by the index that there is.
                Some(id) => row::Column::PersonId.eq(id).and(row::Column::Kind.eq(Kind::Notice.as_str())),
                None => row::Column::EventId.is_not_null(),
            })
            .add_option(self.medium.map(|medium| row::Column::Medium.eq(medium)))
            .add_option(self.statuses.map(|some| row::Column::Status.is_in(some.iter().map(|status| status.as_str()))))
            .add_option(
                self.is_read.map(
                    |is_read| {
                        if is_read { row::Column::Unread.is_null() } else { row::Column::Unread.eq(1) }
                    },
                ),
            )
            .add_option(of_ticket)
    }
}
