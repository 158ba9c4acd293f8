//! Tickets, who has them and their history in the database, as sets.

use super::model::{Kind, Priority, Status, Ticket};
use crate::db::{MAX_BOUND_VALUES, Tx, rows_by_key};
use crate::kit::{Instant, Result};
use crate::people::Role;
use crate::people::store::person;
use chrono::TimeDelta;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationTrait as _,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A ticket has twenty-one columns to set, a history row six.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 24;

/// A person who has a ticket.
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Holder {
    /// The ticket.
    pub ticket_id: i64,
    /// The person.
    pub person_id: i64,
    /// Their name, where there is one.
    pub name: Option<String>,
}

/// A line of a ticket's history, about to be stored.
pub(super) struct NewHistory {
    pub(super) ticket_id: i64,
    pub(super) changed_by: Option<i64>,
    pub(super) status_from: Option<Status>,
    pub(super) status_to: Status,
    pub(super) comment: Option<String>,
}

pub(super) async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).one(conn).await?)
}

pub(super) async fn by_references(conn: &impl ConnectionTrait, references: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(conn, row::Entity::find(), row::Column::Reference, references).await
}

/// Those of `references` that exist, and all that share one of the `bases` (one a kind, so few).
pub(super) async fn taken(tx: &Tx, bases: &BTreeSet<String>, references: &[&str]) -> Result<HashSet<String>> {
    let mut taken = HashSet::new();
    let mut parts = references.chunks(MAX_BOUND_VALUES - 64);
    let mut part = parts.next().unwrap_or_default();
    loop {
        let mut any = Condition::any().add(row::Column::Reference.is_in(part.iter().copied()));
        for base in bases {
            // `.` follows `-`: between them lie the base and everything that begins with the base and a dash.
            let end = format!("{base}.");
            any = any.add(row::Column::Reference.gte(base.as_str()).and(row::Column::Reference.lt(end)));
        }
        let select = row::Entity::find().select_only().column(row::Column::Reference).filter(any);
        taken.extend(select.into_tuple::<String>().all(tx.conn()).await?);
        match parts.next() {
            Some(next) => part = next,
            None => return Ok(taken),
        }
    }
}

/// Inserts tickets and answers with their rows, in the same order.
pub(super) async fn insert(tx: &Tx, tickets: Vec<row::ActiveModel>, references: &[String]) -> Result<Vec<row::Model>> {
    let mut tickets = tickets.into_iter();
    loop {
        let part: Vec<row::ActiveModel> = tickets.by_ref().take(ROWS_AT_ONCE).collect();
        if part.is_empty() {
            break;
        }
        row::Entity::insert_many(part).exec_without_returning(tx.conn()).await?;
    }
    let stored = by_references(tx.conn(), references).await?;
    let mut stored: HashMap<String, row::Model> = stored.into_iter().map(|row| (row.reference.clone(), row)).collect();
    Ok(references.iter().filter_map(|reference| stored.remove(reference)).collect())
}

/// Writes what an action changed, if nobody has changed the ticket since it was read.
pub(super) async fn save(tx: &Tx, before: &row::Model, after: &Ticket) -> Result<bool> {
    let saved = row::Entity::update_many()
        .col_expr(row::Column::Status, Expr::value(after.status))
        .col_expr(row::Column::ResponseDueAt, Expr::value(after.response_due_at))
        .col_expr(row::Column::ResolutionDueAt, Expr::value(after.resolution_due_at))
        .col_expr(row::Column::OpenedAt, Expr::value(after.opened_at))
        .col_expr(row::Column::StartedAt, Expr::value(after.started_at))
        .col_expr(row::Column::ResolvedAt, Expr::value(after.resolved_at))
        .col_expr(row::Column::ClosedAt, Expr::value(after.closed_at))
        .col_expr(row::Column::PausedAt, Expr::value(after.paused_at))
        .col_expr(row::Column::PausedMicros, Expr::value(micros(after.paused_for)))
        .col_expr(row::Column::Version, Expr::value(before.version + 1))
        .col_expr(row::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(row::Column::Id.eq(before.id))
        .filter(row::Column::Version.eq(before.version))
        .exec(tx.conn())
        .await?;
    Ok(saved.rows_affected == 1)
}

/// The floor's tickets that have been waiting for approval since `since` or longer, locked, the longest first.
pub(super) async fn unanswered(tx: &Tx, since: Instant, most: u64) -> Result<Vec<row::Model>> {
    let select = row::Entity::find()
        .filter(row::Column::Status.eq(Status::Resolved))
        .filter(row::Column::Kind.is_in(Kind::ALL.into_iter().filter(|kind| kind.is_of_the_floor())))
        .filter(row::Column::ResolvedAt.lte(since))
        .order_by_asc(row::Column::ResolvedAt)
        .order_by_asc(row::Column::Id)
        .limit(most)
        .lock_exclusive();
    Ok(select.all(tx.conn()).await?)
}

/// Closes tickets that are locked.
pub(super) async fn close(tx: &Tx, ids: &[i64]) -> Result<()> {
    for part in ids.chunks(MAX_BOUND_VALUES - 8) {
        row::Entity::update_many()
            .col_expr(row::Column::Status, Expr::value(Status::Closed))
            .col_expr(row::Column::ClosedAt, Expr::value(tx.now()))
            .col_expr(row::Column::Version, Expr::col(row::Column::Version).add(1))
            .col_expr(row::Column::UpdatedAt, Expr::value(tx.now()))
            .filter(row::Column::Id.is_in(part.iter().copied()))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Who has these tickets, in the order in which they were given them.
pub(super) async fn holders(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<Vec<Holder>> {
    let mut holders = Vec::new();
    for part in ticket_ids.chunks(MAX_BOUND_VALUES) {
        let select = assignment::Entity::find()
            .select_only()
            .columns([assignment::Column::TicketId, assignment::Column::PersonId])
            .column(person::Column::Name)
            .join(JoinType::InnerJoin, assignment::Relation::Person.def())
            .filter(assignment::Column::TicketId.is_in(part.iter().copied()))
            .order_by_asc(assignment::Column::Id);
        holders.extend(select.into_model::<Holder>().all(conn).await?);
    }
    Ok(holders)
}

/// Gives a ticket to `after` instead of `before`; who stays keeps the instant from which they had it.
pub(super) async fn reassign(tx: &Tx, ticket_id: i64, before: &[i64], after: &[i64]) -> Result<()> {
    let gone: Vec<i64> = before.iter().copied().filter(|person| !after.contains(person)).collect();
    if !gone.is_empty() {
        assignment::Entity::delete_many()
            .filter(assignment::Column::TicketId.eq(ticket_id))
            .filter(assignment::Column::PersonId.is_in(gone))
            .exec(tx.conn())
            .await?;
    }
    let new = after.iter().filter(|person| !before.contains(person)).map(|person| assignment::ActiveModel {
        id: NotSet,
        ticket_id: Set(ticket_id),
        person_id: Set(*person),
        assigned_at: Set(tx.now()),
    });
    let new: Vec<assignment::ActiveModel> = new.collect();
    if !new.is_empty() {
        assignment::Entity::insert_many(new).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Those of `people` that are active and do the work.
pub(super) async fn support_among(conn: &impl ConnectionTrait, people: &[i64]) -> Result<HashSet<i64>> {
    let select = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::Column::Id.is_in(people.iter().copied()))
        .filter(person::Column::Role.eq(Role::Support.as_str()))
        .filter(person::Column::IsActive.eq(true));
    Ok(select.into_tuple::<i64>().all(conn).await?.into_iter().collect())
}

pub(super) async fn remember(tx: &Tx, lines: Vec<NewHistory>) -> Result<()> {
    for part in lines.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|line| history::ActiveModel {
            id: NotSet,
            ticket_id: Set(line.ticket_id),
            changed_by: Set(line.changed_by),
            status_from: Set(line.status_from),
            status_to: Set(line.status_to),
            comment: Set(line.comment.clone()),
            at: Set(tx.now()),
        });
        history::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// A ticket's history, oldest first.
pub(super) async fn history_of(conn: &impl ConnectionTrait, ticket_id: i64) -> Result<Vec<history::Model>> {
    let select = history::Entity::find()
        .filter(history::Column::TicketId.eq(ticket_id))
        .order_by_asc(history::Column::At)
        .order_by_asc(history::Column::Id);
    Ok(select.all(conn).await?)
}

fn micros(pause: TimeDelta) -> i64 {
    pause.num_microseconds().unwrap_or(i64::MAX)
}

/// The stored ticket.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::{Instant, Kind, Priority, Status, Ticket, TimeDelta};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tickets")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub reference: String,
        pub kind: Kind,
        pub status: Status,
        pub priority: Priority,
        pub title: String,
        pub description: String,
        pub media: String,
        pub requester_id: Option<i64>,
        pub department: Option<String>,
        pub response_due_at: Option<Instant>,
        pub resolution_due_at: Option<Instant>,
        pub opened_at: Option<Instant>,
        pub started_at: Option<Instant>,
        pub resolved_at: Option<Instant>,
        pub closed_at: Option<Instant>,
        pub paused_at: Option<Instant>,
        pub paused_micros: i64,
        pub version: i32,
        pub created_at: Instant,
        pub updated_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// The ticket as far as the rules look at it.
        pub fn ticket(&self, assigned: Vec<i64>) -> Ticket {
            Ticket {
                kind: self.kind,
                status: self.status,
                requester_id: self.requester_id,
                department: self.department.clone(),
                assigned,
                created_at: self.created_at,
                response_due_at: self.response_due_at,
                resolution_due_at: self.resolution_due_at,
                opened_at: self.opened_at,
                started_at: self.started_at,
                resolved_at: self.resolved_at,
                closed_at: self.closed_at,
                paused_at: self.paused_at,
                paused_for: TimeDelta::microseconds(self.paused_micros),
            }
        }
    }
}

/// The stored assignment.
pub mod assignment {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket_assignments")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub person_id: i64,
        pub assigned_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::people::store::person::Entity",
            from = "Column::PersonId",
            to = "crate::people::store::person::Column::Id"
        )]
        Person,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored line of history.
pub mod history {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::{Instant, Status};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket_history")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub changed_by: Option<i64>,
        pub status_from: Option<Status>,
        pub status_to: Status,
        pub comment: Option<String>,
        pub at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
