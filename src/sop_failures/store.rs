//! The facts of SOP failures in the database, as sets.

use super::desk::Filter;
use crate::db::{MAX_BOUND_VALUES, Tx, containing};
use crate::kit::{Instant, Result};
use crate::tickets::{self, Kind};
use crate::web::page::Part;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use std::collections::HashMap;

/// An SOP failure has six columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 8;

/// An SOP failure about to be stored.
pub(super) struct NewSopFailure {
    pub(super) ticket_id: i64,
    pub(super) procedure: String,
    pub(super) failure_type: String,
    pub(super) department: String,
}

/// Writes failures: of those whose tickets have one, what it says; how far it has escalated stays.
pub(super) async fn upsert(tx: &Tx, failures: &[NewSopFailure]) -> Result<()> {
    let news = [row::Column::Procedure, row::Column::FailureType, row::Column::Department];
    let conflict = OnConflict::column(row::Column::TicketId).update_columns(news).to_owned();
    for part in failures.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|failure| row::ActiveModel {
            id: NotSet,
            ticket_id: Set(failure.ticket_id),
            procedure: Set(failure.procedure.clone()),
            failure_type: Set(failure.failure_type.clone()),
            department: Set(failure.department.clone()),
            escalation_level: Set(0),
            escalated_at: Set(None),
        });
        row::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Tickets of SOP failures that fit, the newest first, with one more than are shown.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    filter: &Filter,
    part: &Part,
) -> Result<Vec<tickets::row::Model>> {
    use tickets::row::Column as C;
    let mut select = filtered(conn, filter);
    let order = if part.is_before() { Order::Asc } else { Order::Desc };
    if let Some(cursor) = &part.cursor {
        select = select.filter(if part.is_before() { C::Id.gt(cursor.id) } else { C::Id.lt(cursor.id) });
    }
    Ok(select.order_by(C::Id, order).limit(part.fetched()).all(conn).await?)
}

/// How many SOP failures fit.
pub(super) async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    Ok(filtered(conn, filter).count(conn).await?)
}

/// The ticket of the SOP failure with this row.
pub(super) async fn ticket(conn: &impl ConnectionTrait, id: i64) -> Result<Option<tickets::row::Model>> {
    let select = tickets::row::Entity::find_by_id(id).filter(tickets::row::Column::Kind.eq(Kind::SopFailure));
    Ok(select.one(conn).await?)
}

fn filtered(conn: &impl ConnectionTrait, filter: &Filter) -> Select<tickets::row::Entity> {
    use tickets::row::Column as C;
    let mut select = tickets::row::Entity::find().filter(C::Kind.eq(Kind::SopFailure));
    if let Some(reference) = &filter.reference {
        select = select.filter(C::Reference.eq(reference.as_str()));
    }
    if let Some(status) = filter.status {
        select = select.filter(C::Status.eq(status));
    }
    if let Some(department) = &filter.department {
        select = select.filter(C::Department.eq(department.as_str()));
    }
    if let Some(is_escalated) = filter.is_escalated {
        let escalated = Query::select()
            .column(row::Column::TicketId)
            .from(row::Entity)
            .and_where(row::Column::EscalationLevel.gt(0))
            .to_owned();
        let id = Expr::col((tickets::row::Entity, C::Id));
        select = select.filter(if is_escalated { id.in_subquery(escalated) } else { id.not_in_subquery(escalated) });
    }
    if let Some(words) = &filter.words {
        let columns = [C::Reference, C::Title, C::Description];
        select = select.filter(containing::<tickets::row::Entity>(conn.get_database_backend(), &columns, words));
    }
    select
}

/// From now on more than the department knows of this failure.
pub(super) async fn escalate(tx: &Tx, ticket_id: i64) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::EscalationLevel, Expr::value(1))
        .col_expr(row::Column::EscalatedAt, Expr::value(tx.now()))
        .filter(row::Column::TicketId.eq(ticket_id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The facts of these tickets, by ticket.
pub(super) async fn by_tickets(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<HashMap<i64, row::Model>> {
    let mut failures = HashMap::with_capacity(ticket_ids.len());
    for part in ticket_ids.chunks(MAX_BOUND_VALUES) {
        let select = row::Entity::find().filter(row::Column::TicketId.is_in(part.iter().copied()));
        failures.extend(select.all(conn).await?.into_iter().map(|failure| (failure.ticket_id, failure)));
    }
    Ok(failures)
}

/// The stored SOP failure: what it says beyond its ticket.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sop_failures")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub procedure: String,
        pub failure_type: String,
        pub department: String,
        pub escalation_level: i32,
        pub escalated_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
