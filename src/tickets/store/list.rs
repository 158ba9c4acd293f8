//! Pages of tickets, each stretch and source along its index, and the names that go with them as sets.

use super::{assignment, history, row};
use crate::db::{Db, containing};
use crate::kit::{Instant, Result};
use crate::people::store::person;
use crate::sla::Said;
use crate::tickets::list::{Filter, Place, Source, Stretch};
use crate::tickets::model::Status;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbBackend, EntityTrait as _, FromQueryResult, IntoSimpleExpr as _,
    JoinType, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    RelationTrait as _, Select,
};

/// A ticket with the name of who raised or reported it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Named {
    /// The ticket.
    #[sea_orm(nested)]
    pub row: row::Model,
    /// The name, where there is one.
    pub requester_name: Option<String>,
}

/// A line of history with the name of who did it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Line {
    /// The line.
    #[sea_orm(nested)]
    pub row: history::Model,
    /// The name, where there is one.
    pub changed_by_name: Option<String>,
}

/// One page's worth of tickets in one stretch, behind (in the direction) a place.
#[derive(Clone, Copy)]
pub(in crate::tickets) struct Ask<'a> {
    pub(in crate::tickets) filter: &'a Filter,
    pub(in crate::tickets) stretch: Stretch,
    pub(in crate::tickets) is_descending: bool,
    pub(in crate::tickets) behind: Option<Place>,
    pub(in crate::tickets) most: u64,
    pub(in crate::tickets) now: Instant,
}

impl Stretch {
    /// The column that it goes by, where that is not the number.
    fn column(self) -> Option<row::Column> {
        match self {
            Self::ByChange => Some(row::Column::UpdatedAt),
            Self::ByDeadline => Some(row::Column::ResolutionDueAt),
            Self::All | Self::WithoutDeadline | Self::Of(_) => None,
        }
    }

    /// The place in it of a ticket that lies in it.
    pub(in crate::tickets) fn place(self, row: &row::Model) -> Place {
        let at = match self {
            Self::ByChange => Some(row.updated_at),
            Self::ByDeadline => row.resolution_due_at,
            Self::All | Self::WithoutDeadline | Self::Of(_) => None,
        };
        Place { at, id: row.id }
    }

    fn condition(self) -> Option<SimpleExpr> {
        match self {
            Self::All | Self::ByChange => None,
            Self::ByDeadline => Some(row::Column::ResolutionDueAt.is_not_null()),
            Self::WithoutDeadline => Some(row::Column::ResolutionDueAt.is_null()),
            Self::Of(priority) => Some(row::Column::Priority.eq(priority)),
        }
    }
}

/// A ticket by its row.
pub(in crate::tickets) async fn named(conn: &impl ConnectionTrait, id: i64) -> Result<Option<Named>> {
    Ok(with_names().filter(row::Column::Id.eq(id)).into_model::<Named>().one(conn).await?)
}

/// Tickets by their rows, in no order.
pub(in crate::tickets) async fn all_named(conn: &impl ConnectionTrait, ids: &[i64]) -> Result<Vec<Named>> {
    let these = with_names().filter(row::Column::Id.is_in(ids.iter().copied()));
    Ok(these.into_model::<Named>().all(conn).await?)
}

/// The tickets of these sources that were asked for, each once, in the direction that was asked for.
///
/// Each source, and each of several statuses, is read along its own index, as far as a page goes: read together they
/// would all be sorted before the first is known.
pub(in crate::tickets) async fn fetch(db: &Db, sources: &[Source], ask: &Ask<'_>) -> Result<Vec<Named>> {
    let backend = db.backend();
    let statuses: Vec<Filter> = match ask.filter.statuses.as_slice() {
        [] | [_] => vec![ask.filter.clone()],
        several => several.iter().map(|only| Filter { statuses: vec![*only], ..ask.filter.clone() }).collect(),
    };
    let parts: Vec<(Source, Ask<'_>)> =
        sources.iter().flat_map(|source| statuses.iter().map(|filter| (*source, Ask { filter, ..*ask }))).collect();
    let select = if let [(source, ask)] = parts.as_slice() {
        part(with_names(), *source, ask, backend)
    } else {
        let mut of_each = parts.iter().map(|(source, ask)| {
            let mut ids = Query::select();
            ids.column("id").from_subquery(numbers(*source, ask, backend), "of_one");
            ids
        });
        let Some(mut ids) = of_each.next() else { return Ok(Vec::new()) };
        for next in of_each {
            ids.union(UnionType::All, next);
        }
        in_order(with_names().filter(row::Column::Id.in_subquery(ids)), ask, row::Column::Id.into_simple_expr())
    };
    Ok(select.into_model::<Named>().all(db.read()).await?)
}

/// The numbers alone of what was asked for.
fn numbers(source: Source, ask: &Ask<'_>, backend: DbBackend) -> SelectStatement {
    part(row::Entity::find().select_only().column(row::Column::Id), source, ask, backend).into_query()
}

/// What was asked for of one source, of this selection.
fn part(select: Select<row::Entity>, source: Source, ask: &Ask<'_>, backend: DbBackend) -> Select<row::Entity> {
    let mut select = matching(from(select, source, ask.filter), ask.filter, ask.now, backend);
    if let Some(condition) = ask.stretch.condition() {
        select = select.filter(condition);
    }
    // Along the assignments where it is somebody's work: theirs is the index that knows whose it is.
    let by_number = match source.assigned.or(ask.filter.assigned_to) {
        Some(_) => assignment::Column::TicketId.into_simple_expr(),
        None => row::Column::Id.into_simple_expr(),
    };
    let past = |expr: SimpleExpr, value: sea_orm::Value| {
        if ask.is_descending { expr.lt(value) } else { expr.gt(value) }
    };
    if let Some(behind) = ask.behind {
        let later = past(by_number.clone(), behind.id.into());
        let condition = match (ask.stretch.column(), behind.at) {
            (Some(column), Some(at)) => {
                let column = column.into_simple_expr();
                let tie = Condition::all().add(column.clone().eq(at)).add(later);
                Condition::any().add(past(column, at.into())).add(tie)
            }
            _ => Condition::all().add(later),
        };
        select = select.filter(condition);
    }
    in_order(select, ask, by_number)
}

fn in_order(mut select: Select<row::Entity>, ask: &Ask<'_>, by_number: SimpleExpr) -> Select<row::Entity> {
    let direction = if ask.is_descending { sea_orm::Order::Desc } else { sea_orm::Order::Asc };
    if let Some(column) = ask.stretch.column() {
        select = select.order_by(column, direction.clone());
    }
    select.order_by(by_number, direction).limit(ask.most)
}

/// How many tickets of all sources fit the filter.
pub(in crate::tickets) async fn count(db: &Db, sources: &[Source], filter: &Filter, now: Instant) -> Result<u64> {
    Ok(of_all(db, sources, filter, now).count(db.read()).await?)
}

/// The same, and no more than `most`: however many there are, so many are soon found.
pub(in crate::tickets) async fn count_up_to(
    db: &Db,
    sources: &[Source],
    filter: &Filter,
    most: u64,
    now: Instant,
) -> Result<u64> {
    let some = of_all(db, sources, filter, now).select_only().column(row::Column::Id).limit(most);
    Ok(some.into_tuple::<i64>().all(db.read()).await?.len() as u64)
}

/// The tickets of all sources that fit the filter.
fn of_all(db: &Db, sources: &[Source], filter: &Filter, now: Instant) -> Select<row::Entity> {
    let mut select = matching(row::Entity::find(), filter, now, db.backend());
    let mut any = Condition::any();
    for source in sources {
        let mut all = Condition::all();
        if let Some(kind) = source.kind {
            all = all.add(row::Column::Kind.eq(kind));
        }
        if let Some(person) = source.requester {
            all = all.add(row::Column::RequesterId.eq(person));
        }
        if let Some(person) = source.assigned {
            all = all.add(has(person));
        }
        any = any.add(all);
    }
    // To whom everything is theirs to see, nothing is asked: that would keep an index out of use.
    if !sources.contains(&Source::default()) {
        select = select.filter(any);
    }
    if let Some(person) = filter.assigned_to {
        select = select.filter(has(person));
    }
    select
}

/// A ticket's history with names, oldest first.
pub(in crate::tickets) async fn history_named(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<Vec<Line>> {
    let select = history::Entity::find()
        .column_as(person::Column::Name, "changed_by_name")
        .join(JoinType::LeftJoin, history::Relation::Person.def())
        .filter(history::Column::TicketId.is_in(ticket_ids.iter().copied()))
        .order_by_asc(history::Column::TicketId)
        .order_by_asc(history::Column::At)
        .order_by_asc(history::Column::Id);
    Ok(select.into_model::<Line>().all(conn).await?)
}

fn with_names() -> Select<row::Entity> {
    row::Entity::find()
        .column_as(person::Column::Name, "requester_name")
        .join(JoinType::LeftJoin, row::Relation::Requester.def())
}

/// A source's tickets; whose work they are is joined, so that the list can be read along that.
fn from(mut select: Select<row::Entity>, source: Source, filter: &Filter) -> Select<row::Entity> {
    if let Some(kind) = source.kind {
        select = select.filter(row::Column::Kind.eq(kind));
    }
    if let Some(person) = source.requester {
        select = select.filter(row::Column::RequesterId.eq(person));
    }
    if let Some(person) = source.assigned.or(filter.assigned_to) {
        select = select
            .join(JoinType::InnerJoin, assignment::Relation::Ticket.def().rev())
            .filter(assignment::Column::PersonId.eq(person));
    }
    match (source.assigned, filter.assigned_to) {
        (Some(mine), Some(other)) if mine != other => select.filter(has(other)),
        _ => select,
    }
}

/// Whether this person has the ticket.
fn has(person: i64) -> SimpleExpr {
    let theirs = assignment::Entity::find()
        .select_only()
        .column(assignment::Column::TicketId)
        .filter(assignment::Column::PersonId.eq(person))
        .into_query();
    row::Column::Id.in_subquery(theirs)
}

/// Those that fit the filter, whoever has them.
fn matching(select: Select<row::Entity>, filter: &Filter, now: Instant, backend: DbBackend) -> Select<row::Entity> {
    let mut all = Condition::all();
    if !filter.statuses.is_empty() {
        all = all.add(row::Column::Status.is_in(filter.statuses.iter().copied()));
    }
    all = all
        .add_option(among(row::Column::Priority, &filter.priorities, backend))
        .add_option(among(row::Column::Category, &filter.categories, backend))
        .add_option(among(row::Column::Kind, &filter.kinds, backend));
    if let Some(person) = filter.created_by {
        all = all.add(row::Column::RequesterId.eq(person));
    }
    if let Some(overdue) = filter.overdue {
        all = all.add(if overdue { late(now, &filter.statuses) } else { late(now, &[]).not() });
    }
    if let Some(due_soon) = filter.due_soon {
        all = all.add(if due_soon { soon(now, &filter.statuses) } else { soon(now, &[]).not() });
    }
    if let Some(words) = &filter.words {
        let columns = [row::Column::Title, row::Column::Description, row::Column::Reference];
        all = all.add(containing::<row::Entity>(backend, &columns, words));
    }
    select.filter(all)
}

/// One of these, where there are any. For several of them SQLite would read all of the column's index and sort, so there
/// the index is kept out of its sight.
fn among<V: Into<sea_orm::Value> + Copy>(column: row::Column, values: &[V], backend: DbBackend) -> Option<SimpleExpr> {
    let expr = column.into_simple_expr();
    match values {
        [] => None,
        [only] => Some(expr.eq(*only)),
        several if backend == DbBackend::Sqlite => {
            Some(Expr::cust_with_expr("+?", expr).is_in(several.iter().copied()))
        }
        several => Some(expr.is_in(several.iter().copied())),
    }
}

/// Those of these statuses, or of all where none is named, that are still to be done.
fn running(statuses: &[Status]) -> impl Iterator<Item = Status> + '_ {
    let all = [Status::New, Status::Opened, Status::InProgress, Status::OnHold];
    all.into_iter().filter(|status| statuses.is_empty() || statuses.contains(status))
}

/// A deadline has passed while it was still to be kept: that of the answer, or that of the solution. Said status by status,
/// so that each is found along its index.
fn late(now: Instant, statuses: &[Status]) -> Condition {
    use row::Column as C;
    let of = |status: Status, column: C| {
        Condition::all().add(C::Status.eq(status)).add(column.is_not_null()).add(column.lt(now))
    };
    let any = running(statuses).fold(Condition::any(), |any, status| match status {
        Status::New => any.add(of(status, C::ResponseDueAt)).add(of(status, C::ResolutionDueAt)),
        Status::OnHold => {
            let standing = of(status, C::ResolutionDueAt).add(C::PausedAt.is_not_null());
            any.add(standing.add(Expr::col(C::ResolutionDueAt).lt(Expr::col(C::PausedAt))))
        }
        _ => any.add(of(status, C::ResolutionDueAt)),
    });
    or_nothing(any)
}

/// A deadline is near, and none has passed: what the clocks have said, or are about to say. While it is on hold, no time
/// goes by.
fn soon(now: Instant, statuses: &[Status]) -> Condition {
    use row::Column as C;
    let said = |column: C| Condition::all().add(column.is_not_null()).add(column.eq(Said::Warning.stored()));
    let about_to = || Condition::all().add(C::AlarmAt.is_not_null()).add(C::AlarmAt.lte(now));
    let ahead = |column: C| Condition::any().add(column.is_null()).add(column.gte(now));
    let any = running(statuses).filter(|status| *status != Status::OnHold).fold(Condition::any(), |any, status| {
        let of = Condition::all().add(C::Status.eq(status));
        any.add(if status == Status::New {
            let near = Condition::any().add(about_to()).add(said(C::ResponseSaid)).add(said(C::ResolutionSaid));
            of.add(ahead(C::ResponseDueAt)).add(ahead(C::ResolutionDueAt)).add(near)
        } else {
            let near = Condition::any().add(about_to()).add(said(C::ResolutionSaid));
            of.add(C::ResolutionDueAt.is_not_null()).add(C::ResolutionDueAt.gte(now)).add(near)
        })
    });
    or_nothing(any)
}

fn or_nothing(any: Condition) -> Condition {
    if any.is_empty() { any.add(Expr::val(1).eq(0)) } else { any }
}
