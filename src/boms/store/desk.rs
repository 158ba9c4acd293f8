//! What the desk asks about BOMs, and what it decides.

use super::{component_row, insert_components, revision_row, row};
use crate::boms::desk::Filter;
use crate::boms::model::{Component, Status};
use crate::db::{Tx, containing, page_by_key};
use crate::kit::Result;
use crate::web::page::Part;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use std::collections::HashMap;

/// BOMs that fit, in the order of their numbers, with one more than are shown.
pub(in crate::boms) async fn list(
    conn: &impl ConnectionTrait,
    filter: &Filter,
    part: &Part,
) -> Result<Vec<row::Model>> {
    let key = part.cursor.as_ref().and_then(|cursor| cursor.key.as_deref());
    let select = page_by_key(filtered(conn, filter), row::Column::Number, key, part.is_before(), part.fetched());
    Ok(select.all(conn).await?)
}

/// How many BOMs fit.
pub(in crate::boms) async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    Ok(filtered(conn, filter).count(conn).await?)
}

fn filtered(conn: &impl ConnectionTrait, filter: &Filter) -> Select<row::Entity> {
    use row::Column as C;
    let mut select = row::Entity::find();
    if let Some(number) = &filter.number {
        select = select.filter(C::Number.eq(number.as_str()));
    }
    if let Some(words) = &filter.words {
        let backend = conn.get_database_backend();
        select = select.filter(containing::<row::Entity>(backend, &[C::Number, C::Product], words));
    }
    if let Some(is_pending) = filter.is_pending {
        let pending = Query::select()
            .column(revision_row::Column::BomId)
            .from(revision_row::Entity)
            .and_where(revision_row::Column::Status.eq(Status::PendingReview))
            .to_owned();
        let id = Expr::col((row::Entity, C::Id));
        select = select.filter(if is_pending { id.in_subquery(pending) } else { id.not_in_subquery(pending) });
    }
    select
}

/// How many revisions of these BOMs wait for review, by BOM; those without are left out.
pub(in crate::boms) async fn pending(conn: &impl ConnectionTrait, bom_ids: &[i64]) -> Result<HashMap<i64, i64>> {
    let select = revision_row::Entity::find()
        .select_only()
        .column(revision_row::Column::BomId)
        .column_as(revision_row::Column::Id.count(), "pending")
        .filter(revision_row::Column::BomId.is_in(bom_ids.iter().copied()))
        .filter(revision_row::Column::Status.eq(Status::PendingReview))
        .group_by(revision_row::Column::BomId);
    Ok(select.into_tuple::<(i64, i64)>().all(conn).await?.into_iter().collect())
}

/// The lowest number of a revision of this BOM that waits for review.
pub(in crate::boms) async fn first_pending(conn: &impl ConnectionTrait, bom_id: i64) -> Result<Option<i32>> {
    let select = of_bom(bom_id, Some(Status::PendingReview))
        .select_only()
        .column(revision_row::Column::Number)
        .order_by_asc(revision_row::Column::Number)
        .limit(1);
    Ok(select.into_tuple::<i32>().one(conn).await?)
}

/// Revisions of a BOM, the highest number first, with one more than are shown.
pub(in crate::boms) async fn revisions(
    conn: &impl ConnectionTrait,
    bom_id: i64,
    status: Option<Status>,
    part: &Part,
) -> Result<Vec<revision_row::Model>> {
    use revision_row::Column as C;
    let mut select = of_bom(bom_id, status);
    let order = if part.is_before() { Order::Asc } else { Order::Desc };
    if let Some(cursor) = &part.cursor {
        select = select.filter(if part.is_before() { C::Number.gt(cursor.id) } else { C::Number.lt(cursor.id) });
    }
    Ok(select.order_by(C::Number, order).limit(part.fetched()).all(conn).await?)
}

/// How many revisions a BOM has.
pub(in crate::boms) async fn count_revisions(
    conn: &impl ConnectionTrait,
    bom_id: i64,
    status: Option<Status>,
) -> Result<u64> {
    Ok(of_bom(bom_id, status).count(conn).await?)
}

fn of_bom(bom_id: i64, status: Option<Status>) -> Select<revision_row::Entity> {
    let select = revision_row::Entity::find().filter(revision_row::Column::BomId.eq(bom_id));
    match status {
        Some(status) => select.filter(revision_row::Column::Status.eq(status)),
        None => select,
    }
}

/// One revision of a BOM.
pub(in crate::boms) async fn revision(
    conn: &impl ConnectionTrait,
    bom_id: i64,
    number: i32,
) -> Result<Option<revision_row::Model>> {
    let select = of_bom(bom_id, None).filter(revision_row::Column::Number.eq(number));
    Ok(select.one(conn).await?)
}

/// Writes what was decided about a revision.
pub(in crate::boms) async fn decide(
    tx: &Tx,
    id: i64,
    decision: Status,
    cost_change: i64,
    comment: Option<String>,
    by: i64,
) -> Result<()> {
    revision_row::Entity::update_many()
        .col_expr(revision_row::Column::Status, Expr::value(decision))
        .col_expr(revision_row::Column::CostChangeMicros, Expr::value(cost_change))
        .col_expr(revision_row::Column::DecidedBy, Expr::value(by))
        .col_expr(revision_row::Column::DecidedAt, Expr::value(tx.now()))
        .col_expr(revision_row::Column::DecisionComment, Expr::value(comment))
        .filter(revision_row::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Gives a revision other components.
pub(in crate::boms) async fn replace_components(tx: &Tx, revision_id: i64, components: &[Component]) -> Result<()> {
    component_row::Entity::delete_many()
        .filter(component_row::Column::RevisionId.eq(revision_id))
        .exec(tx.conn())
        .await?;
    let lines = components.iter().enumerate().map(|(at, line)| (revision_id, at, line));
    insert_components(tx, lines.collect()).await
}
