//! Tickets, who has them and their history in the database, as sets.

pub(super) mod alarms;
pub mod floor;
pub(super) mod list;
mod on_hand;
mod rows;
pub(super) mod views;

pub use list::{Line, Named};
pub use on_hand::{OnHand, Side, on_hand};
pub use rows::{assignment, history, row};

use super::model::{Kind, Status, Visibility};
use crate::db::{MAX_BOUND_VALUES, Tx, page_by_key, rows_by_key};
use crate::kit::{Instant, Result};
use crate::people::Role;
use crate::people::store::person;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, OnConflict, SubQueryStatement};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, RelationTrait as _,
};
use std::collections::{HashMap, HashSet};

/// A ticket has twenty-nine columns to set, a history row six.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 30;

/// A person who has a ticket.
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Holder {
    /// The row that says so.
    pub id: i64,
    /// The ticket.
    pub ticket_id: i64,
    /// The person.
    pub person_id: i64,
    /// Their name, where there is one.
    pub name: Option<String>,
    /// Their department.
    pub department: Option<String>,
}

/// A line of a ticket's history, about to be stored.
pub(super) struct NewHistory {
    pub(super) ticket_id: i64,
    pub(super) changed_by: Option<i64>,
    pub(super) status_from: Option<Status>,
    pub(super) status_to: Status,
    pub(super) comment: Option<String>,
}

/// The tickets with these numbers or references, held until the transaction ends, in the order of their numbers.
pub(super) async fn locked(tx: &Tx, ids: &[i64], references: &[String]) -> Result<Vec<row::Model>> {
    let named = Condition::any()
        .add_option((!ids.is_empty()).then(|| row::Column::Id.is_in(ids.iter().copied())))
        .add_option((!references.is_empty()).then(|| row::Column::Reference.is_in(references)));
    if named.is_empty() {
        return Ok(Vec::new());
    }
    Ok(row::Entity::find().filter(named).order_by_asc(row::Column::Id).lock_exclusive().all(tx.conn()).await?)
}

pub(super) async fn by_references(conn: &impl ConnectionTrait, references: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(conn, row::Entity::find(), row::Column::Reference, references).await
}

/// Those of `references` that exist.
pub(super) async fn taken(tx: &Tx, references: &[&str]) -> Result<HashSet<String>> {
    let mut taken = HashSet::new();
    for part in references.chunks(MAX_BOUND_VALUES) {
        let select = row::Entity::find().select_only().column(row::Column::Reference);
        let select = select.filter(row::Column::Reference.is_in(part.iter().copied()));
        taken.extend(select.into_tuple::<String>().all(tx.conn()).await?);
    }
    Ok(taken)
}

/// The references that are this base or begin with it and a dash: the `most` longest ones, and of these the last in the
/// alphabet first. Numbers have no leading zeros, so the first is the highest.
pub(super) async fn with_base(tx: &Tx, base: &str, most: Option<u64>) -> Result<Vec<String>> {
    // `.` follows `-`: between them lie the base and everything that begins with the base and a dash.
    let end = format!("{base}.");
    let select = row::Entity::find()
        .select_only()
        .column(row::Column::Reference)
        .filter(row::Column::Reference.gte(base).and(row::Column::Reference.lt(end)))
        .order_by_desc(Expr::from(Func::char_length(Expr::col(row::Column::Reference))))
        .order_by_desc(row::Column::Reference)
        .limit(most);
    Ok(select.into_tuple().all(tx.conn()).await?)
}

/// Inserts tickets and answers with their rows, in the same order.
pub(super) async fn insert(tx: &Tx, tickets: Vec<row::Model>, references: &[String]) -> Result<Vec<row::Model>> {
    let mut tickets = tickets.into_iter().map(|ticket| row::ActiveModel { id: NotSet, ..ticket.into() });
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

/// Writes the words of tickets that exist.
pub(super) async fn reword(tx: &Tx, tickets: Vec<row::Model>) -> Result<()> {
    use row::Column as C;
    let conflict = OnConflict::column(C::Reference)
        .update_columns([C::Title, C::Description, C::Department, C::UpdatedAt])
        .value(C::Version, Expr::col((row::Entity, C::Version)).add(1))
        .to_owned();
    for part in tickets.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|ticket| row::ActiveModel { id: NotSet, ..ticket.clone().into() });
        row::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// The next tickets of one kind in the order of their references.
pub(super) async fn page(
    conn: &impl ConnectionTrait,
    kind: Kind,
    after: Option<&str>,
    most: u64,
) -> Result<Vec<row::Model>> {
    let of_kind = row::Entity::find().filter(row::Column::Kind.eq(kind));
    Ok(page_by_key(of_kind, row::Column::Reference, after, false, most).all(conn).await?)
}

/// Writes what was changed of tickets that are held.
pub(super) async fn save(tx: &Tx, tickets: Vec<row::Model>) -> Result<()> {
    use row::Column as C;
    let conflict = OnConflict::column(C::Reference)
        .update_columns([C::Status, C::Priority, C::Title, C::Description, C::Category, C::ProjectName])
        .update_columns([C::AdminNotes, C::EstimatedResolutionTime, C::ResponseDueAt, C::ResolutionDueAt])
        .update_columns([C::OpenedAt, C::StartedAt, C::ResolvedAt, C::ClosedAt, C::PausedAt, C::PausedMicros])
        .update_columns([C::ResponseSaid, C::ResolutionSaid, C::AlarmAt, C::NextDueAt, C::SoonAt])
        .update_columns([C::Version, C::UpdatedAt])
        .to_owned();
    for part in tickets.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|ticket| row::ActiveModel { id: NotSet, ..ticket.clone().into() });
        row::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
        copy_to_holders(tx, part.iter().map(|ticket| ticket.id)).await?;
    }
    Ok(())
}

/// Writes beside whoever has these tickets how they stand.
async fn copy_to_holders(tx: &Tx, ids: impl IntoIterator<Item = i64>) -> Result<()> {
    use assignment::Column as A;
    let of_ticket = |column: row::Column| {
        let its = Expr::col((row::Entity, row::Column::Id)).eq(Expr::col((assignment::Entity, A::TicketId)));
        let select = row::Entity::find().select_only().column(column).filter(its).into_query();
        Expr::from(SubQueryStatement::SelectStatement(select))
    };
    assignment::Entity::update_many()
        .col_expr(A::Status, of_ticket(row::Column::Status))
        .col_expr(A::ResolutionDueAt, of_ticket(row::Column::ResolutionDueAt))
        .col_expr(A::NextDueAt, of_ticket(row::Column::NextDueAt))
        .col_expr(A::SoonAt, of_ticket(row::Column::SoonAt))
        .filter(A::TicketId.is_in(ids))
        .exec(tx.conn())
        .await?;
    Ok(())
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
        copy_to_holders(tx, part.iter().copied()).await?;
    }
    Ok(())
}

/// Who has these tickets, in the order in which they were given them.
pub async fn holders(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<Vec<Holder>> {
    let mut holders = Vec::new();
    for part in ticket_ids.chunks(MAX_BOUND_VALUES) {
        let select = assignment::Entity::find()
            .select_only()
            .columns([assignment::Column::Id, assignment::Column::TicketId, assignment::Column::PersonId])
            .columns([person::Column::Name, person::Column::Department])
            .join(JoinType::InnerJoin, assignment::Relation::Person.def())
            .filter(assignment::Column::TicketId.is_in(part.iter().copied()))
            .order_by_asc(assignment::Column::Id);
        holders.extend(select.into_model::<Holder>().all(conn).await?);
    }
    Ok(holders)
}

/// What decides who may see these tickets; those that do not exist are left out.
pub async fn visibilities(conn: &impl ConnectionTrait, ids: &[i64]) -> Result<HashMap<i64, Visibility>> {
    let mut visibilities: HashMap<i64, Visibility> = HashMap::new();
    for part in ids.chunks(MAX_BOUND_VALUES) {
        let select = row::Entity::find()
            .select_only()
            .columns([row::Column::Id, row::Column::Kind, row::Column::RequesterId, row::Column::Department])
            .filter(row::Column::Id.is_in(part.iter().copied()));
        let rows: Vec<(i64, Kind, Option<i64>, Option<String>)> = select.into_tuple().all(conn).await?;
        for (id, kind, requester_id, department) in rows {
            visibilities.insert(id, Visibility { kind, requester_id, department, assigned: Vec::new() });
        }
    }
    for Holder { ticket_id, person_id, .. } in holders(conn, ids).await? {
        if let Some(visibility) = visibilities.get_mut(&ticket_id) {
            visibility.assigned.push(person_id);
        }
    }
    Ok(visibilities)
}

/// Takes these assignments away, by their rows, and gives tickets to people: `(ticket, person)`, none that is there.
pub(super) async fn reassign(tx: &Tx, gone: &[i64], new: &[(i64, i64)]) -> Result<()> {
    for part in gone.chunks(MAX_BOUND_VALUES) {
        let these = assignment::Column::Id.is_in(part.iter().copied());
        assignment::Entity::delete_many().filter(these).exec(tx.conn()).await?;
    }
    for part in new.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|(ticket_id, person_id)| assignment::ActiveModel {
            id: NotSet,
            ticket_id: Set(*ticket_id),
            person_id: Set(*person_id),
            assigned_at: Set(tx.now()),
            ..Default::default()
        });
        assignment::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
        copy_to_holders(tx, part.iter().map(|(ticket_id, _)| *ticket_id)).await?;
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
