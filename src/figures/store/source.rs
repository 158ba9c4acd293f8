//! What is counted: the tickets, messages and attempts of a stretch of time, in pieces.

use super::sum;
use crate::chat::store::{message, turn};
use crate::chat::went::What;
use crate::delivery::store::rows::attempt;
use crate::figures::reading::Scope;
use crate::kit::{Instant, Result};
use crate::tickets::store::assignment;
use crate::tickets::{Kind, Status, history, row as ticket};
use crate::{defects, machines, maintenance, orders};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

/// Tickets in one piece.
const PIECE: u64 = 2_000;
/// Among so many of the last attempts are those whose outcome is open: more than can be on their way.
const MOST_OPEN: i64 = 1_000;
/// How many tickets' facts are asked for at once.
const FACTS_AT_ONCE: usize = 2_000;

/// A ticket as far as it is counted.
#[derive(Clone, Debug, FromQueryResult)]
pub(in crate::figures) struct Counted {
    pub(in crate::figures) id: i64,
    pub(in crate::figures) kind: Kind,
    pub(in crate::figures) status: Status,
    pub(in crate::figures) department: Option<String>,
    pub(in crate::figures) created_at: Instant,
    pub(in crate::figures) opened_at: Option<Instant>,
    pub(in crate::figures) resolved_at: Option<Instant>,
    pub(in crate::figures) response_due_at: Option<Instant>,
    pub(in crate::figures) resolution_due_at: Option<Instant>,
    pub(in crate::figures) paused_micros: i64,
}

/// The tickets of which something happened in a stretch of time: what `at` says.
pub(in crate::figures) async fn tickets(
    conn: &impl ConnectionTrait,
    at: ticket::Column,
    (from, until): (Instant, Instant),
) -> Result<Vec<Counted>> {
    use ticket::Column as C;
    let mut all: Vec<Counted> = Vec::new();
    loop {
        let after = all.last().map_or(0, |last| last.id);
        let select = ticket::Entity::find()
            .select_only()
            .columns([C::Id, C::Kind, C::Status, C::Department, C::CreatedAt, C::OpenedAt, C::ResolvedAt])
            .columns([C::ResponseDueAt, C::ResolutionDueAt, C::PausedMicros])
            .filter(at.gte(from))
            .filter(at.lt(until))
            .filter(C::Id.gt(after))
            .order_by_asc(C::Id)
            .limit(PIECE);
        let piece: Vec<Counted> = select.into_model().all(conn).await?;
        let is_last = (piece.len() as u64) < PIECE;
        all.extend(piece);
        if is_last {
            return Ok(all);
        }
    }
}

/// Who has these tickets: ticket and person.
pub(in crate::figures) async fn holders(conn: &impl ConnectionTrait, tickets: &[i64]) -> Result<Vec<(i64, i64)>> {
    let mut all = Vec::new();
    for part in tickets.chunks(FACTS_AT_ONCE) {
        let select = assignment::Entity::find()
            .select_only()
            .columns([assignment::Column::TicketId, assignment::Column::PersonId])
            .filter(assignment::Column::TicketId.is_in(part.iter().copied()));
        all.extend(select.into_tuple::<(i64, i64)>().all(conn).await?);
    }
    Ok(all)
}

/// Of which sort these tickets' defects are, and on which orders.
pub(in crate::figures) async fn defects(conn: &impl ConnectionTrait, tickets: &[i64]) -> Result<Vec<(String, String)>> {
    let order = defects::row::Entity::belongs_to(orders::row::Entity)
        .from(defects::row::Column::OrderId)
        .to(orders::row::Column::Id);
    let order: sea_orm::RelationDef = order.into();
    let mut all = Vec::new();
    for part in tickets.chunks(FACTS_AT_ONCE) {
        let select = defects::row::Entity::find()
            .select_only()
            .column(defects::row::Column::DefectType)
            .column(orders::row::Column::Number)
            .join(JoinType::InnerJoin, order.clone())
            .filter(defects::row::Column::TicketId.is_in(part.iter().copied()));
        all.extend(select.into_tuple::<(String, String)>().all(conn).await?);
    }
    Ok(all)
}

/// Which machines these tickets are about: ticket and the machine's number.
pub(in crate::figures) async fn broken(conn: &impl ConnectionTrait, tickets: &[i64]) -> Result<Vec<(i64, String)>> {
    let machine = maintenance::row::Entity::belongs_to(machines::row::Entity)
        .from(maintenance::row::Column::MachineId)
        .to(machines::row::Column::Id);
    let machine: sea_orm::RelationDef = machine.into();
    let mut all = Vec::new();
    for part in tickets.chunks(FACTS_AT_ONCE) {
        let select = maintenance::row::Entity::find()
            .select_only()
            .column(maintenance::row::Column::TicketId)
            .column(machines::row::Column::Number)
            .join(JoinType::InnerJoin, machine.clone())
            .filter(maintenance::row::Column::TicketId.is_in(part.iter().copied()));
        all.extend(select.into_tuple::<(i64, String)>().all(conn).await?);
    }
    Ok(all)
}

/// How many messages came by each channel.
pub(in crate::figures) async fn received(
    conn: &impl ConnectionTrait,
    (from, until): (Instant, Instant),
) -> Result<Vec<(String, i64)>> {
    let select = message::Entity::find()
        .select_only()
        .column(message::Column::Channel)
        .column_as(message::Column::Channel.count(), "n")
        .filter(message::Column::ReceivedAt.gte(from))
        .filter(message::Column::ReceivedAt.lt(until))
        .group_by(message::Column::Channel);
    Ok(select.into_tuple().all(conn).await?)
}

/// Attempts of one sort.
#[derive(Clone, Debug, FromQueryResult)]
pub(in crate::figures) struct Sent {
    pub(in crate::figures) channel: String,
    pub(in crate::figures) outcome: String,
    pub(in crate::figures) currency: Option<String>,
    pub(in crate::figures) n: i64,
    pub(in crate::figures) micros: Option<i64>,
}

/// The attempts that were begun, by channel, outcome and the currency of their price.
pub(in crate::figures) async fn sent(
    conn: &impl ConnectionTrait,
    (from, until): (Instant, Instant),
) -> Result<Vec<Sent>> {
    use attempt::Column as C;
    let select = attempt::Entity::find()
        .select_only()
        .columns([C::Channel, C::Outcome, C::Currency])
        .column_as(C::Id.count(), "n")
        .column_as(sum(conn, C::PriceMicros), "micros")
        .filter(C::StartedAt.gte(from))
        .filter(C::StartedAt.lt(until))
        .group_by(C::Channel)
        .group_by(C::Outcome)
        .group_by(C::Currency);
    Ok(select.into_model().all(conn).await?)
}

/// How forms went: what became of them, of which flow, at which question, and how many.
pub(in crate::figures) async fn turns(
    conn: &impl ConnectionTrait,
    (from, until): (Instant, Instant),
) -> Result<Vec<(What, String, String, i64)>> {
    use turn::{Column as C, Entity};
    let select = Entity::find()
        .select_only()
        .columns([C::What, C::Flow, C::Question])
        .column_as(C::Id.count(), "n")
        .filter(C::At.gte(from))
        .filter(C::At.lt(until))
        .group_by(C::What)
        .group_by(C::Flow)
        .group_by(C::Question);
    Ok(select.into_tuple().all(conn).await?)
}

/// How many tickets are open, the resolved ones too for which somebody has to say that they are.
pub(in crate::figures) async fn open_now(conn: &impl ConnectionTrait, scope: &Scope) -> Result<u64> {
    let open = ticket::Entity::find().filter(ticket::Column::Status.is_not_in([Status::Closed, Status::Cancelled]));
    Ok(open.filter(seen_by(scope)).count(conn).await?)
}

/// Tickets of a kind that missed a deadline which is still to be kept.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct Late {
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub n: i64,
    /// When the first of these deadlines ended.
    pub since: Instant,
}

/// What is late at this moment, by kind; kinds of which nothing is late are left out.
pub(in crate::figures) async fn late_now(
    conn: &impl ConnectionTrait,
    scope: &Scope,
    now: Instant,
) -> Result<Vec<Late>> {
    use ticket::Column as C;
    let select = ticket::Entity::find()
        .select_only()
        .column(C::Kind)
        .column_as(C::Id.count(), "n")
        .column_as(C::NextDueAt.min(), "since")
        .filter(C::Kind.is_in(Kind::ALL))
        .filter(C::NextDueAt.lt(now))
        .filter(seen_by(scope))
        .group_by(C::Kind);
    Ok(select.into_model().all(conn).await?)
}

/// The tickets of this scope.
fn seen_by(scope: &Scope) -> Condition {
    let Scope::Department(department) = scope else { return Condition::all() };
    let floor = Kind::ALL.into_iter().filter(|kind| kind.is_of_the_floor());
    let theirs = Condition::any()
        .add(ticket::Column::Department.is_null())
        .add_option(department.as_ref().map(|department| ticket::Column::Department.eq(department)));
    Condition::all().add(ticket::Column::Kind.is_in(floor)).add(theirs)
}

/// When something happened to these tickets.
pub(in crate::figures) async fn moments(conn: &impl ConnectionTrait, tickets: &[i64]) -> Result<Vec<Instant>> {
    let mut all: Vec<Instant> = Vec::new();
    for part in tickets.chunks(FACTS_AT_ONCE) {
        let made = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::CreatedAt)
            .filter(ticket::Column::Id.is_in(part.iter().copied()));
        all.extend(made.into_tuple::<Instant>().all(conn).await?);
        let changed = history::Entity::find()
            .select_only()
            .column(history::Column::At)
            .filter(history::Column::TicketId.is_in(part.iter().copied()));
        all.extend(changed.into_tuple::<Instant>().all(conn).await?);
    }
    Ok(all)
}

/// When the first ticket was made, and when the first message came or was sent.
pub(in crate::figures) async fn first(conn: &impl ConnectionTrait) -> Result<(Option<Instant>, Option<Instant>)> {
    let made = ticket::Entity::find().select_only().column_as(ticket::Column::CreatedAt.min(), "at");
    let made = made.into_tuple::<Option<Instant>>().one(conn).await?.flatten();
    let came = message::Entity::find().select_only().column_as(message::Column::ReceivedAt.min(), "at");
    let came = came.into_tuple::<Option<Instant>>().one(conn).await?.flatten();
    let sent = attempt::Entity::find().select_only().column_as(attempt::Column::StartedAt.min(), "at");
    let sent = sent.into_tuple::<Option<Instant>>().one(conn).await?.flatten();
    Ok((made, came.into_iter().chain(sent).min()))
}

/// A number that grows with every message, every attempt that ends and every turn of a form: the last rows of each, added
/// up, without the attempts whose outcome is open.
pub(in crate::figures) async fn last_rows(conn: &impl ConnectionTrait) -> Result<i64> {
    let message = last::<message::Entity>(conn, message::Column::Id).await?;
    let turn = last::<turn::Entity>(conn, turn::Column::Id).await?;
    let attempt = last::<attempt::Entity>(conn, attempt::Column::Id).await?;
    let open = attempt::Entity::find()
        .filter(attempt::Column::Id.gt(attempt - MOST_OPEN))
        .filter(attempt::Column::Outcome.is_in(["STARTED", "IN_DOUBT"]));
    let open = i64::try_from(open.count(conn).await?).unwrap_or(MOST_OPEN);
    Ok(message + turn + attempt - open)
}

async fn last<E: EntityTrait>(conn: &impl ConnectionTrait, id: E::Column) -> Result<i64> {
    let last = E::find().select_only().column_as(id.max(), "id");
    Ok(last.into_tuple::<Option<i64>>().one(conn).await?.flatten().unwrap_or(0))
}

/// When the earliest of the attempts was begun whose price is still to come.
pub(in crate::figures) async fn unpriced_since(conn: &impl ConnectionTrait) -> Result<Option<Instant>> {
    let select = attempt::Entity::find()
        .select_only()
        .column_as(Expr::col(attempt::Column::StartedAt).min(), "at")
        .filter(attempt::Column::PriceDueAt.is_not_null());
    Ok(select.into_tuple::<Option<Instant>>().one(conn).await?.flatten())
}
