//! Lines: what leaves in order, one at a time.
//!
//! A line is due when its first open delivery is, and nobody has it. So looking for work costs the same however many
//! deliveries wait behind the first ones. Whoever opens or closes deliveries locks their lines first, in the order of
//! their names.

use super::Lease;
use super::rows::{line, row};
use crate::channels::Medium;
use crate::db::Tx;
use crate::delivery::model::{self, Lane};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, LockType, OnConflict, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The first open delivery of a line.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) line: String,
    pub(super) kind: String,
    pub(super) message_id: Option<i64>,
    pub(super) due_at: Instant,
    pub(super) created_at: Instant,
    pub(super) medium: String,
    pub(super) sender: Option<String>,
    pub(super) address_id: i64,
}

/// Lines that got a delivery, each with its medium and when it is due; those that have one already stay as they are.
pub(super) async fn enter(tx: &Tx, lines: BTreeMap<String, (Medium, Instant)>) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = lines.into_iter().map(|(name, (medium, due_at))| line::ActiveModel {
        lane: Set(Lane::of(&name).number()),
        name: Set(name),
        medium: Set(medium.as_str().to_owned()),
        due_at: Set(Some(due_at)),
        lease: Set(None),
        round: Set(0),
    });
    let due = CaseStatement::new()
        .case(stored(line::Column::Lease).is_null(), stored(line::Column::DueAt).if_null(instant(tx, tx.now())))
        .finally(stored(line::Column::DueAt));
    line::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(line::Column::Name).value(line::Column::DueAt, due).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// How rows are locked that keep their keys: on PostgreSQL others go on to refer to them meanwhile.
pub(super) fn kept_keys(tx: &Tx) -> LockType {
    if tx.conn().get_database_backend() == DbBackend::Postgres { LockType::NoKeyUpdate } else { LockType::Update }
}

/// Has these lines looked at: their first deliveries may be others than they were.
pub(super) async fn wake(tx: &Tx, names: &BTreeSet<String>) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    line::Entity::update_many()
        .col_expr(line::Column::DueAt, tx.now().into())
        .filter(line::Column::Name.is_in(names))
        .filter(line::Column::Lease.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Locks these lines until the transaction ends; answers with who has which, where somebody has it.
pub(super) async fn lock(tx: &Tx, names: &BTreeSet<String>) -> Result<HashMap<String, Lease>> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let mut lines = line::Entity::find()
        .select_only()
        .columns([line::Column::Name, line::Column::Lease, line::Column::Round])
        .filter(line::Column::Name.is_in(names))
        .order_by_asc(line::Column::Name);
    if tx.conn().get_database_backend() != DbBackend::Sqlite {
        lines = lines.lock_exclusive();
    }
    let lines: Vec<(String, Option<String>, i64)> = lines.into_tuple().all(tx.conn()).await?;
    Ok(lines
        .into_iter()
        .filter_map(|(name, process, round)| Some((name, Lease { process: process?, round })))
        .collect())
}

/// The first open delivery of each of these lines that has one.
pub(super) async fn heads<'a>(tx: &Tx, names: impl IntoIterator<Item = &'a String>) -> Result<Vec<Head>> {
    let first: SelectStatement = row::Entity::find()
        .select_only()
        .column_as(row::Column::Id.min(), "id")
        .filter(row::Column::Line.is_in(names))
        .filter(row::Column::DueAt.is_not_null())
        .group_by(row::Column::Line)
        .into_query();
    let heads = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Line, row::Column::Kind, row::Column::MessageId])
        .columns([row::Column::DueAt, row::Column::CreatedAt, row::Column::Medium, row::Column::AddressId])
        .column(row::Column::Sender)
        .filter(row::Column::Id.in_subquery(first))
        .into_model()
        .all(tx.conn())
        .await?;
    Ok(heads)
}

/// Nobody has these lines any more; each is due when its first open delivery is.
pub(super) async fn let_go(tx: &Tx, names: &BTreeSet<String>) -> Result<()> {
    let heads = heads(tx, names).await?;
    let heads: HashMap<&str, Instant> = heads.iter().map(|head| (head.line.as_str(), head.due_at)).collect();
    let (mut due, mut later, mut done, mut gone) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match heads.get(name.as_str()) {
            Some(at) if *at <= tx.now() => due.push(name),
            Some(at) => later.push((name, *at)),
            None if model::is_used_once(name) => gone.push(name),
            None => done.push(name),
        }
    }
    rest(tx, &due, Expr::value(Some(tx.now()))).await?;
    rest(tx, &done, Expr::value(None::<Instant>)).await?;
    put_off(tx, later).await?;
    if !gone.is_empty() {
        line::Entity::delete_many().filter(line::Column::Name.is_in(gone)).exec(tx.conn()).await?;
    }
    Ok(())
}

/// These are looked at again at their instants, whenever their first deliveries are due.
pub(super) async fn put_off<'a>(tx: &Tx, later: impl IntoIterator<Item = (&'a String, Instant)>) -> Result<()> {
    let (names, cases): (Vec<&String>, Vec<(&String, Instant)>) =
        later.into_iter().map(|(name, at)| (name, (name, at))).unzip();
    let at = cases
        .into_iter()
        .fold(CaseStatement::new(), |case, (name, at)| case.case(line::Column::Name.eq(name), instant(tx, at)));
    rest(tx, &names, at.into()).await
}

async fn rest(tx: &Tx, names: &[&String], due: SimpleExpr) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    line::Entity::update_many()
        .col_expr(line::Column::Lease, Expr::value(None::<String>))
        .col_expr(line::Column::DueAt, due)
        .filter(line::Column::Name.is_in(names.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Each delivery's own instant. Never empty.
pub(super) fn by_id(tx: &Tx, at: impl IntoIterator<Item = (i64, Instant)>) -> SimpleExpr {
    let case = CaseStatement::new();
    at.into_iter().fold(case, |case, (id, at)| case.case(row::Column::Id.eq(id), instant(tx, at))).into()
}

/// PostgreSQL takes the type of a CASE from its branches, and a bound parameter has none.
pub(super) fn instant(tx: &Tx, at: Instant) -> SimpleExpr {
    let value = Expr::value(at);
    if tx.conn().get_database_backend() == DbBackend::Postgres { value.cast_as("timestamptz") } else { value }
}

/// The stored value in an upsert, where a bare name could also be the new one's.
fn stored(column: line::Column) -> SimpleExpr {
    Expr::col((line::Entity, column))
}
