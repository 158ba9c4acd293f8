//! Machines in the database, as sets.

use super::NewMachine;
use super::desk::Filter;
use crate::db::{self, MAX_BOUND_VALUES, Tx, containing, page_by_key, rows_by_key};
use crate::kit::Result;
use crate::kit::earth::{Around, Spot};
use crate::web::page::Part;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{OnConflict, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select,
};
use std::collections::BTreeSet;

/// A machine has eight columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 8;
/// The most machines among which the nearest are looked for, and the most spots at once.
const MOST_AROUND: u64 = 2_000;
const MOST_SPOTS: usize = MAX_BOUND_VALUES / 5;

pub(super) async fn by_numbers(conn: &impl ConnectionTrait, numbers: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(conn, row::Entity::find(), row::Column::Number, numbers).await
}

pub(super) async fn by_numbers_locked(tx: &Tx, numbers: &[String]) -> Result<Vec<row::Model>> {
    let select = row::Entity::find().lock(db::holding(tx.conn().get_database_backend()));
    rows_by_key(tx.conn(), select, row::Column::Number, numbers).await
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

/// The machines that may be near one of these spots.
pub(super) async fn around(conn: &impl ConnectionTrait, spots: &[Spot]) -> Result<Vec<row::Model>> {
    if spots.is_empty() {
        return Ok(Vec::new());
    }
    let is_around = |spot: &Spot| {
        let Around { latitude, longitude } = spot.around(super::NEAR);
        let is_beside = row::Column::Longitude.between(longitude.0, longitude.1);
        Condition::all().add(row::Column::Latitude.between(latitude.0, latitude.1)).add(is_beside)
    };
    let any = spots.iter().take(MOST_SPOTS).map(is_around).fold(Condition::any(), Condition::add);
    Ok(row::Entity::find().filter(any).limit(MOST_AROUND).all(conn).await?)
}

/// The row of the machine with this number, to select others by.
pub fn with_number(number: &str) -> SelectStatement {
    Query::select().column(row::Column::Id).from(row::Entity).and_where(row::Column::Number.eq(number)).to_owned()
}

pub(super) async fn insert(tx: &Tx, machines: &[&NewMachine]) -> Result<()> {
    for part in machines.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|machine| row::ActiveModel {
            id: NotSet,
            number: Set(machine.number.clone()),
            name: Set(machine.name.clone()),
            location: Set(machine.location.clone()),
            department: Set(machine.department.clone()),
            latitude: Set(machine.spot.map(|spot| spot.latitude)),
            longitude: Set(machine.spot.map(|spot| spot.longitude)),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
        });
        let insert = row::Entity::insert_many(rows).on_conflict_do_nothing_on([row::Column::Number]);
        insert.exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Adds a machine; where its number was taken a moment ago, the write begins again.
pub(super) async fn insert_new(tx: &Tx, machine: row::Model) -> Result<()> {
    let new = row::ActiveModel { id: NotSet, ..machine.into() };
    row::Entity::insert(new).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).one(conn).await?)
}

/// Machines that fit, in the order of their numbers, with one more than are shown.
pub(super) async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<row::Model>> {
    let key = part.cursor.as_ref().and_then(|cursor| cursor.key.as_deref());
    let select = page_by_key(filtered(conn, filter), row::Column::Number, key, part.is_before(), part.fetched());
    Ok(select.all(conn).await?)
}

/// The departments that answer for machines, at most so many.
pub(super) async fn departments(conn: &impl ConnectionTrait, most: u64) -> Result<Vec<String>> {
    let select = row::Entity::find().select_only().column(row::Column::Department).distinct();
    Ok(select.order_by_asc(row::Column::Department).limit(most).into_tuple().all(conn).await?)
}

/// How many machines fit.
pub(super) async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    Ok(filtered(conn, filter).count(conn).await?)
}

fn filtered(conn: &impl ConnectionTrait, filter: &Filter) -> Select<row::Entity> {
    use row::Column as C;
    let mut select = row::Entity::find();
    if let Some(number) = &filter.number {
        select = select.filter(C::Number.eq(number.as_str()));
    }
    if let Some(department) = &filter.department {
        select = select.filter(C::Department.eq(department.as_str()));
    }
    if let Some(words) = &filter.words {
        let backend = conn.get_database_backend();
        select = select.filter(containing::<row::Entity>(backend, &[C::Number, C::Name, C::Location], words));
    }
    select
}

/// Writes whole machines: those whose numbers are new, and the new state of the others. No number twice.
pub(super) async fn upsert(tx: &Tx, machines: Vec<row::Model>) -> Result<()> {
    use row::Column as C;
    let changed = [C::Name, C::Location, C::Department, C::Latitude, C::Longitude, C::UpdatedAt];
    let conflict = OnConflict::column(C::Number).update_columns(changed).to_owned();
    for part in machines.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|machine| row::ActiveModel { id: NotSet, ..machine.clone().into() });
        row::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// The next machines in the order of their numbers.
pub(super) async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<row::Model>> {
    Ok(page_by_key(row::Entity::find(), row::Column::Number, after, false, most).all(conn).await?)
}

/// The stored machine.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use crate::kit::earth::Spot;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "machines")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub number: String,
        pub name: String,
        pub location: String,
        pub department: String,
        pub latitude: Option<i64>,
        pub longitude: Option<i64>,
        pub created_at: Instant,
        pub updated_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// The spot on the earth, where it is known.
        pub fn spot(&self) -> Option<Spot> {
            Some(Spot { latitude: self.latitude?, longitude: self.longitude? })
        }
    }
}
