//! Pages of tickets, each stretch and source along its index, and the names that go with them as sets.

use super::{assignment, history, row};
use crate::db::{Db, containing};
use crate::kit::{Instant, Result};
use crate::people::store::person;
use crate::tickets::list::{Filter, Place, Source, Stretch};
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
            Self::ByNextDue => Some(row::Column::NextDueAt),
            Self::All | Self::WithoutDeadline | Self::Of(_) => None,
        }
    }

    /// The place in it of a ticket that lies in it.
    pub(in crate::tickets) fn place(self, row: &row::Model) -> Place {
        let at = match self {
            Self::ByChange => Some(row.updated_at),
            Self::ByDeadline => row.resolution_due_at,
            Self::ByNextDue => row.next_due_at,
            Self::All | Self::WithoutDeadline | Self::Of(_) => None,
        };
        Place { at, id: row.id }
    }

    fn condition(self, along: Along) -> Option<SimpleExpr> {
        match self {
            Self::All | Self::ByChange => None,
            Self::ByDeadline => Some(along.column(row::Column::ResolutionDueAt).is_not_null()),
            Self::ByNextDue => Some(along.column(row::Column::NextDueAt).is_not_null()),
            Self::WithoutDeadline => Some(along.column(row::Column::ResolutionDueAt).is_null()),
            Self::Of(priority) => Some(row::Column::Priority.eq(priority)),
        }
    }
}

/// Along what tickets are read: their own indexes, or those of somebody's work, where the columns that decide what is to be
/// done are beside whose it is.
#[derive(Clone, Copy)]
enum Along {
    Tickets,
    Work,
}

impl Along {
    fn of(source: Source, filter: &Filter) -> Self {
        if source.assigned.or(filter.assigned_to).is_some() { Self::Work } else { Self::Tickets }
    }

    /// This column of the ticket, where it is read.
    fn column(self, column: row::Column) -> SimpleExpr {
        use row::Column as C;
        let copied = match column {
            C::Id => assignment::Column::TicketId,
            C::Status => assignment::Column::Status,
            C::ResolutionDueAt => assignment::Column::ResolutionDueAt,
            C::NextDueAt => assignment::Column::NextDueAt,
            C::SoonAt => assignment::Column::SoonAt,
            _ => return column.into_simple_expr(),
        };
        match self {
            Self::Tickets => column.into_simple_expr(),
            Self::Work => copied.into_simple_expr(),
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
    let statuses = by_status(ask.filter);
    let parts = parts(sources, &statuses, ask);
    let select = if let [(source, ask)] = parts.as_slice() {
        part(with_names(), *source, ask, backend)
    } else {
        let Some(ids) = numbers_of_all(&parts, backend) else { return Ok(Vec::new()) };
        // A union right behind IN is asked by MariaDB once for each ticket there is; a table of numbers is not.
        let ids = Query::select().column("id").from_subquery(ids, "of_all").to_owned();
        in_order(with_names().filter(row::Column::Id.in_subquery(ids)), ask, Along::Tickets)
    };
    Ok(select.into_model::<Named>().all(db.read()).await?)
}

/// The filter, once for each of several statuses.
fn by_status(filter: &Filter) -> Vec<Filter> {
    match filter.statuses.as_slice() {
        [] | [_] => vec![filter.clone()],
        several => several.iter().map(|only| Filter { statuses: vec![*only], ..filter.clone() }).collect(),
    }
}

fn parts<'a>(sources: &[Source], filters: &'a [Filter], ask: &Ask<'a>) -> Vec<(Source, Ask<'a>)> {
    let of = |source: &Source| filters.iter().map(|filter| (*source, Ask { filter, ..*ask })).collect::<Vec<_>>();
    sources.iter().flat_map(of).collect()
}

/// The numbers of all parts, each once; none where there are no parts.
fn numbers_of_all(parts: &[(Source, Ask<'_>)], backend: DbBackend) -> Option<SelectStatement> {
    let mut of_each = parts.iter().map(|(source, ask)| {
        Query::select().column("id").from_subquery(numbers(*source, ask, backend), "of_one").to_owned()
    });
    let mut ids = of_each.next()?;
    for next in of_each {
        ids.union(UnionType::Distinct, next);
    }
    Some(ids)
}

/// The numbers alone of what was asked for.
fn numbers(source: Source, ask: &Ask<'_>, backend: DbBackend) -> SelectStatement {
    part(row::Entity::find().select_only().column(row::Column::Id), source, ask, backend).into_query()
}

/// What was asked for of one source, of this selection.
fn part(select: Select<row::Entity>, source: Source, ask: &Ask<'_>, backend: DbBackend) -> Select<row::Entity> {
    let along = Along::of(source, ask.filter);
    let mut select = matching(from(select, source, ask.filter), ask.filter, ask.now, backend, along);
    if let Some(condition) = ask.stretch.condition(along) {
        select = select.filter(condition);
    }
    let past = |expr: SimpleExpr, value: sea_orm::Value| {
        if ask.is_descending { expr.lt(value) } else { expr.gt(value) }
    };
    if let Some(behind) = ask.behind {
        let later = past(along.column(row::Column::Id), behind.id.into());
        let condition = match (ask.stretch.column(), behind.at) {
            (Some(column), Some(at)) => {
                let column = along.column(column);
                let tie = Condition::all().add(column.clone().eq(at)).add(later);
                Condition::any().add(past(column, at.into())).add(tie)
            }
            _ => Condition::all().add(later),
        };
        select = select.filter(condition);
    }
    in_order(select, ask, along)
}

fn in_order(mut select: Select<row::Entity>, ask: &Ask<'_>, along: Along) -> Select<row::Entity> {
    let direction = if ask.is_descending { sea_orm::Order::Desc } else { sea_orm::Order::Asc };
    if let Some(column) = ask.stretch.column() {
        select = select.order_by(along.column(column), direction.clone());
    }
    select.order_by(along.column(row::Column::Id), direction).limit(ask.most)
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
    let is_by_time = filter.overdue == Some(true) || filter.due_soon == Some(true);
    let stretch = if is_by_time { Stretch::ByNextDue } else { Stretch::All };
    let statuses = by_status(filter);
    let ask = Ask { filter, stretch, is_descending: false, behind: None, most, now };
    let Some(ids) = numbers_of_all(&parts(sources, &statuses, &ask), db.backend()) else { return Ok(0) };
    let some = Query::select().column("id").from_subquery(ids, "of_all").limit(most).to_owned();
    Ok(db.read().query_all(&some).await?.len() as u64)
}

/// The tickets of all sources that fit the filter.
fn of_all(db: &Db, sources: &[Source], filter: &Filter, now: Instant) -> Select<row::Entity> {
    let mut select = matching(row::Entity::find(), filter, now, db.backend(), Along::Tickets);
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

/// Whether somebody with this word in their name raised the ticket, or has it.
fn of_people(backend: DbBackend, word: &str) -> Condition {
    let called = || {
        let named = containing::<person::Entity>(backend, &[person::Column::Name], word);
        person::Entity::find().select_only().column(person::Column::Id).filter(named).into_query()
    };
    let theirs = assignment::Entity::find()
        .select_only()
        .column(assignment::Column::TicketId)
        .filter(assignment::Column::PersonId.in_subquery(called()))
        .into_query();
    let raised = row::Column::RequesterId.in_subquery(called());
    Condition::any().add(raised).add(row::Column::Id.in_subquery(theirs))
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
fn matching(
    select: Select<row::Entity>,
    filter: &Filter,
    now: Instant,
    backend: DbBackend,
    along: Along,
) -> Select<row::Entity> {
    let mut all = Condition::all();
    if !filter.statuses.is_empty() {
        all = all.add(along.column(row::Column::Status).is_in(filter.statuses.iter().copied()));
    }
    all = all
        .add_option(among(row::Column::Priority, &filter.priorities, backend))
        .add_option(among(row::Column::Category, &filter.categories, backend))
        .add_option(among(row::Column::Kind, &filter.kinds, backend));
    if let Some(person) = filter.created_by {
        all = all.add(row::Column::RequesterId.eq(person));
    }
    all = all
        .add_option(filter.created_since.map(|since| row::Column::CreatedAt.gte(since)))
        .add_option(filter.created_until.map(|until| row::Column::CreatedAt.lt(until)));
    let (next_due, soon) = (along.column(row::Column::NextDueAt), along.column(row::Column::SoonAt));
    if let Some(overdue) = filter.overdue {
        let (late, kept) = (next_due.clone().lt(now), next_due.clone().is_null().or(next_due.clone().gte(now)));
        all = all.add(if overdue { late } else { kept });
    }
    if let Some(due_soon) = filter.due_soon {
        let near = soon.clone().lte(now).and(next_due.clone().gte(now));
        let not = soon.clone().is_null().or(soon.gt(now)).or(next_due.clone().is_null()).or(next_due.lt(now));
        all = all.add(if due_soon { near } else { not });
    }
    if let Some(words) = &filter.words {
        let columns = [row::Column::Title, row::Column::Description, row::Column::Reference];
        for word in words.split_whitespace() {
            let says = containing::<row::Entity>(backend, &columns, word);
            all = all.add(Condition::any().add(says).add(of_people(backend, word)));
        }
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
