//! Orders and their holds in the database, as sets.

pub(super) mod planned;

use super::desk::Filter;
use super::model::Status;
use super::{Hold, NewOrder, row};
use crate::db::{MAX_BOUND_VALUES, Tx, containing, page_by_key, rows_by_key};
use crate::kit::Result;
use crate::web::page::Part;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use std::collections::{BTreeSet, HashSet};

/// An order has eleven columns to set, a hold six.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 12;

pub(super) async fn by_numbers(conn: &impl ConnectionTrait, numbers: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(conn, row::Entity::find(), row::Column::Number, numbers).await
}

pub(super) async fn by_numbers_locked(tx: &Tx, numbers: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(tx.conn(), row::Entity::find().lock_exclusive(), row::Column::Number, numbers).await
}

pub(super) async fn by_ids_locked(tx: &Tx, ids: &HashSet<i64>) -> Result<Vec<row::Model>> {
    let mut rows = Vec::with_capacity(ids.len());
    for part in parts(ids) {
        let select = row::Entity::find().filter(row::Column::Id.is_in(part)).order_by_asc(row::Column::Number);
        rows.extend(select.lock_exclusive().all(tx.conn()).await?);
    }
    Ok(rows)
}

pub(super) async fn by_ids(conn: &impl ConnectionTrait, ids: &BTreeSet<i64>) -> Result<Vec<row::Model>> {
    let ids: Vec<i64> = ids.iter().copied().collect();
    let mut rows = Vec::with_capacity(ids.len());
    for part in ids.chunks(MAX_BOUND_VALUES) {
        let select = row::Entity::find().filter(row::Column::Id.is_in(part.iter().copied()));
        rows.extend(select.all(conn).await?);
    }
    Ok(rows)
}

pub(super) async fn insert(tx: &Tx, orders: &[&NewOrder]) -> Result<()> {
    for part in orders.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|order| row::ActiveModel {
            id: NotSet,
            number: Set(order.number.clone()),
            customer: Set(order.customer.clone()),
            product: Set(order.product.clone()),
            quantity_ordered: Set(order.quantity_ordered),
            quantity_completed: Set(order.quantity_completed),
            quantity_rejected: Set(order.quantity_rejected),
            starts_on: Set(order.starts_on),
            due_on: Set(order.due_on),
            status: Set(order.status),
            status_before_hold: Set(None),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
        });
        let insert = row::Entity::insert_many(rows).on_conflict_do_nothing_on([row::Column::Number]);
        insert.exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Writes whole orders: those whose numbers are new, and the new state of the others. No number twice.
pub(super) async fn upsert(tx: &Tx, orders: Vec<row::Model>) -> Result<()> {
    use row::Column as C;
    let news = [C::Customer, C::Product, C::QuantityOrdered, C::QuantityCompleted, C::QuantityRejected]
        .into_iter()
        .chain([C::StartsOn, C::DueOn, C::Status, C::StatusBeforeHold, C::UpdatedAt]);
    let conflict = OnConflict::column(C::Number).update_columns(news).to_owned();
    for part in orders.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|order| row::ActiveModel { id: NotSet, ..order.clone().into() });
        row::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// The next orders in the order of their numbers.
pub(super) async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<row::Model>> {
    Ok(page_by_key(row::Entity::find(), row::Column::Number, after, false, most).all(conn).await?)
}

/// Adds an order; where its number was taken a moment ago, the write begins again.
pub(super) async fn insert_new(tx: &Tx, order: row::Model) -> Result<()> {
    let new = row::ActiveModel { id: NotSet, ..order.into() };
    row::Entity::insert(new).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).one(conn).await?)
}

/// Orders that fit, in the order of their numbers, with one more than are shown.
pub(super) async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<row::Model>> {
    let key = part.cursor.as_ref().and_then(|cursor| cursor.key.as_deref());
    let select = page_by_key(filtered(conn, filter), row::Column::Number, key, part.is_before(), part.fetched());
    Ok(select.all(conn).await?)
}

/// How many orders fit.
pub(super) async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    Ok(filtered(conn, filter).count(conn).await?)
}

fn filtered(conn: &impl ConnectionTrait, filter: &Filter) -> Select<row::Entity> {
    use row::Column as C;
    let mut select = row::Entity::find();
    if let Some(number) = &filter.number {
        select = select.filter(C::Number.eq(number.as_str()));
    }
    if let Some(status) = filter.status {
        select = select.filter(C::Status.eq(status));
    }
    if let Some(words) = &filter.words {
        let backend = conn.get_database_backend();
        select = select.filter(containing::<row::Entity>(backend, &[C::Number, C::Customer, C::Product], words));
    }
    select
}

/// The open holds of an order, oldest first.
pub(super) async fn open_holds(conn: &impl ConnectionTrait, order_id: i64) -> Result<Vec<hold_row::Model>> {
    let select = hold_row::Entity::find()
        .filter(hold_row::Column::OrderId.eq(order_id))
        .filter(hold_row::Column::ReleasedAt.is_null())
        .order_by_asc(hold_row::Column::Id);
    Ok(select.all(conn).await?)
}

/// The open holds of these orders, oldest first.
pub(super) async fn open_holds_of(conn: &impl ConnectionTrait, ids: &[i64]) -> Result<Vec<hold_row::Model>> {
    let mut holds = Vec::new();
    for part in ids.chunks(MAX_BOUND_VALUES) {
        let select = hold_row::Entity::find()
            .filter(hold_row::Column::OrderId.is_in(part.iter().copied()))
            .filter(hold_row::Column::ReleasedAt.is_null())
            .order_by_asc(hold_row::Column::Id);
        holds.extend(select.all(conn).await?);
    }
    Ok(holds)
}

/// Orders in this status, the first due first.
pub(super) async fn in_status(conn: &impl ConnectionTrait, status: Status, most: u64) -> Result<Vec<row::Model>> {
    let select = row::Entity::find().filter(row::Column::Status.eq(status)).order_by_asc(row::Column::DueOn);
    Ok(select.order_by_asc(row::Column::Id).limit(most).all(conn).await?)
}

/// Releases the holds that somebody laid on an order by hand.
pub(super) async fn release_by_hand(tx: &Tx, order_id: i64) -> Result<()> {
    hold_row::Entity::update_many()
        .col_expr(hold_row::Column::ReleasedAt, Expr::value(tx.now()))
        .filter(hold_row::Column::OrderId.eq(order_id))
        .filter(hold_row::Column::TicketId.is_null())
        .filter(hold_row::Column::ReleasedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn insert_holds(tx: &Tx, holds: &[Hold]) -> Result<()> {
    for part in holds.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|hold| hold_row::ActiveModel {
            id: NotSet,
            order_id: Set(hold.order_id),
            ticket_id: Set(hold.ticket_id),
            reason: Set(hold.reason.clone()),
            held_by: Set(hold.held_by),
            held_at: Set(tx.now()),
            released_at: Set(None),
        });
        hold_row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Puts on hold what is not, keeping the status. MySQL assigns from left to right, so the old status is kept first.
pub(super) async fn put_on_hold(tx: &Tx, ids: &HashSet<i64>) -> Result<()> {
    for part in parts(ids) {
        row::Entity::update_many()
            .col_expr(row::Column::StatusBeforeHold, Expr::col(row::Column::Status))
            .col_expr(row::Column::Status, Expr::value(Status::OnHold))
            .col_expr(row::Column::UpdatedAt, Expr::value(tx.now()))
            .filter(row::Column::Id.is_in(part))
            .filter(row::Column::Status.ne(Status::OnHold))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Takes orders off hold. The status is given back before the kept one is forgotten, for MySQL's sake.
pub(super) async fn give_back_status(tx: &Tx, ids: &HashSet<i64>) -> Result<()> {
    for part in parts(ids) {
        row::Entity::update_many()
            .col_expr(row::Column::Status, Expr::col(row::Column::StatusBeforeHold))
            .col_expr(row::Column::StatusBeforeHold, Expr::value(None::<Status>))
            .col_expr(row::Column::UpdatedAt, Expr::value(tx.now()))
            .filter(row::Column::Id.is_in(part))
            .filter(row::Column::StatusBeforeHold.is_not_null())
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// The open holds of these tickets, oldest first.
pub(super) async fn open_holds_of_tickets(tx: &Tx, ticket_ids: &[i64]) -> Result<Vec<hold_row::Model>> {
    let mut holds = Vec::new();
    for part in ticket_ids.chunks(MAX_BOUND_VALUES) {
        let select = hold_row::Entity::find()
            .filter(hold_row::Column::TicketId.is_in(part.iter().copied()))
            .filter(hold_row::Column::ReleasedAt.is_null())
            .order_by_asc(hold_row::Column::Id);
        holds.extend(select.all(tx.conn()).await?);
    }
    Ok(holds)
}

pub(super) async fn mark_released(tx: &Tx, ticket_ids: &[i64]) -> Result<()> {
    for part in ticket_ids.chunks(MAX_BOUND_VALUES - 1) {
        hold_row::Entity::update_many()
            .col_expr(hold_row::Column::ReleasedAt, Expr::value(tx.now()))
            .filter(hold_row::Column::TicketId.is_in(part.iter().copied()))
            .filter(hold_row::Column::ReleasedAt.is_null())
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Those of the orders that have an open hold.
pub(super) async fn still_held(conn: &impl ConnectionTrait, order_ids: &HashSet<i64>) -> Result<HashSet<i64>> {
    let mut held = HashSet::new();
    for part in parts(order_ids) {
        let select = hold_row::Entity::find()
            .select_only()
            .column(hold_row::Column::OrderId)
            .filter(hold_row::Column::OrderId.is_in(part))
            .filter(hold_row::Column::ReleasedAt.is_null())
            .distinct();
        held.extend(select.into_tuple::<i64>().all(conn).await?);
    }
    Ok(held)
}

/// The ids in their order, in parts that leave room for a statement's other values.
fn parts(ids: &HashSet<i64>) -> Vec<Vec<i64>> {
    let ids: Vec<i64> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    ids.chunks(MAX_BOUND_VALUES - 8).map(<[i64]>::to_vec).collect()
}

/// The stored order.
pub mod order_row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use crate::orders::model::{Course, Status};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub number: String,
        pub customer: String,
        pub product: String,
        pub quantity_ordered: i64,
        pub quantity_completed: i64,
        pub quantity_rejected: i64,
        pub starts_on: Date,
        pub due_on: Date,
        pub status: Status,
        pub status_before_hold: Option<Status>,
        pub created_at: Instant,
        pub updated_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// What decides whether it will be on time.
        pub fn course(&self) -> Course {
            Course {
                status: self.status,
                ordered: self.quantity_ordered,
                completed: self.quantity_completed,
                starts_on: self.starts_on,
                due_on: self.due_on,
            }
        }
    }
}

/// The stored hold.
pub mod hold_row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "order_holds")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub order_id: i64,
        pub ticket_id: Option<i64>,
        pub reason: String,
        pub held_by: Option<i64>,
        pub held_at: Instant,
        pub released_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
