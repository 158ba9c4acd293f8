//! Shifts in the database, as sets.

use super::desk::Filter;
use crate::channels::Medium;
use crate::db::{self, MAX_BOUND_VALUES, Tx};
use crate::kit::{Instant, Result};
use crate::machines;
use crate::people::store::address;
use crate::web::page::Part;
use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter,
    QueryOrder as _, QuerySelect as _, Select,
};
use std::collections::BTreeSet;

/// A shift has seven columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 8;

/// Whether somebody is to be reminded by `now`.
pub(super) async fn is_any_due(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    db::is_any_due::<row::Entity>(conn, row::Column::Id, row::Column::RemindAt, now).await
}

/// At most so many shifts of which somebody is to be reminded, locked, the longest due first.
pub(super) async fn due(tx: &Tx, most: u64) -> Result<Vec<row::Model>> {
    db::due::<row::Entity>(tx, row::Column::Id, row::Column::RemindAt, most).await
}

/// Nobody is to be reminded of these any more.
pub(super) async fn reminded(tx: &Tx, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    row::Entity::update_many()
        .col_expr(row::Column::RemindAt, Expr::value(None::<Instant>))
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).one(conn).await?)
}

/// The shift with this row, held until the transaction ends.
pub(super) async fn by_id_locked(tx: &Tx, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?)
}

/// The shifts of these people that begin at these moments; also those of one of them that begin when another does.
pub(super) async fn among(
    conn: &impl ConnectionTrait,
    people: &BTreeSet<i64>,
    starts: &BTreeSet<Instant>,
) -> Result<Vec<row::Model>> {
    let people: Vec<i64> = people.iter().copied().collect();
    let starts: Vec<Instant> = starts.iter().copied().collect();
    let mut shifts = Vec::new();
    for people in people.chunks(MAX_BOUND_VALUES / 2) {
        for starts in starts.chunks(MAX_BOUND_VALUES / 2) {
            let select = row::Entity::find()
                .filter(row::Column::PersonId.is_in(people.iter().copied()))
                .filter(row::Column::StartsAt.is_in(starts.iter().copied()));
            shifts.extend(select.all(conn).await?);
        }
    }
    Ok(shifts)
}

/// Writes whole shifts: those whose person and start are new, and the new state of the others. None twice.
pub(super) async fn upsert(tx: &Tx, shifts: Vec<row::Model>) -> Result<()> {
    use row::Column as C;
    let conflict = OnConflict::columns([C::PersonId, C::StartsAt])
        .update_columns([C::MachineId, C::Note, C::UpdatedAt])
        .to_owned();
    for part in shifts.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|shift| row::ActiveModel { id: NotSet, ..shift.clone().into() });
        row::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Adds a shift; where one with its person and start was added a moment ago, the write begins again.
pub(super) async fn insert_new(tx: &Tx, shift: row::Model) -> Result<()> {
    let new = row::ActiveModel { id: NotSet, ..shift.into() };
    row::Entity::insert(new).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Writes what a shift that is locked is now.
pub(super) async fn save(tx: &Tx, shift: &row::Model) -> Result<()> {
    use row::Column as C;
    row::Entity::update_many()
        .col_expr(C::PersonId, Expr::value(shift.person_id))
        .col_expr(C::StartsAt, Expr::value(shift.starts_at))
        .col_expr(C::MachineId, Expr::value(shift.machine_id))
        .col_expr(C::Note, Expr::value(shift.note.clone()))
        .col_expr(C::RemindAt, Expr::value(shift.remind_at))
        .col_expr(C::UpdatedAt, Expr::value(shift.updated_at))
        .filter(C::Id.eq(shift.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn delete(tx: &Tx, id: i64) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// Shifts that fit, in the order of their starts, with one more than are shown.
pub(super) async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<row::Model>> {
    let from = part.cursor.as_ref().and_then(|cursor| Some((cursor.key.as_deref()?.parse().ok()?, cursor.id)));
    let select = in_order(filtered(filter), from, part.is_before(), part.fetched());
    Ok(select.all(conn).await?)
}

/// How many shifts fit.
pub(super) async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    Ok(filtered(filter).count(conn).await?)
}

fn filtered(filter: &Filter) -> Select<row::Entity> {
    use row::Column as C;
    let wanted = [
        filter.person_id.map(|person| C::PersonId.eq(person)),
        filter.machine.as_ref().map(|number| C::MachineId.in_subquery(machines::with_number(number))),
        filter.since.map(|since| C::StartsAt.gte(since)),
        filter.until.map(|until| C::StartsAt.lt(until)),
    ];
    wanted.into_iter().flatten().fold(row::Entity::find(), QueryFilter::filter)
}

/// The next shifts of people with a WhatsApp number behind this start and row, in the order of both.
pub(super) async fn page(
    conn: &impl ConnectionTrait,
    after: Option<(Instant, i64)>,
    most: u64,
) -> Result<Vec<row::Model>> {
    let with_number = Query::select()
        .column(address::Column::PersonId)
        .from(address::Entity)
        .and_where(address::Column::Medium.eq(Medium::Whatsapp.as_str()))
        .to_owned();
    let select = row::Entity::find().filter(row::Column::PersonId.in_subquery(with_number));
    Ok(in_order(select, after, false, most).all(conn).await?)
}

fn in_order(
    select: Select<row::Entity>,
    from: Option<(Instant, i64)>,
    is_before: bool,
    most: u64,
) -> Select<row::Entity> {
    use row::Column as C;
    let beyond = from.map(|(starts_at, id)| {
        let same = Condition::all().add(C::StartsAt.eq(starts_at));
        if is_before {
            Condition::any().add(C::StartsAt.lt(starts_at)).add(same.add(C::Id.lt(id)))
        } else {
            Condition::any().add(C::StartsAt.gt(starts_at)).add(same.add(C::Id.gt(id)))
        }
    });
    let order = if is_before { Order::Desc } else { Order::Asc };
    let select = match beyond {
        Some(beyond) => select.filter(beyond),
        None => select,
    };
    select.order_by(C::StartsAt, order.clone()).order_by(C::Id, order).limit(most)
}

/// The stored shift.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "shifts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub person_id: i64,
        pub starts_at: Instant,
        pub machine_id: Option<i64>,
        pub note: String,
        pub remind_at: Option<Instant>,
        pub created_at: Instant,
        pub updated_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
