//! Plans of preventive maintenance in the database, as sets.

use super::Plan;
use super::desk::Filter;
use crate::db::{self, MAX_BOUND_VALUES, Tx, containing, page_by_key, rows_by_key};
use crate::kit::{Instant, Result};
use crate::machines;
use crate::web::page::Part;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use std::collections::HashMap;

/// A plan has ten columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 12;

/// Whether a plan is to be looked at by `now`.
pub(super) async fn is_any_due(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    db::is_any_due::<row::Entity>(conn, row::Column::Id, row::Column::RemindAt, now).await
}

/// At most so many plans that are to be looked at, locked, the longest due first.
pub(super) async fn due(tx: &Tx, most: u64) -> Result<Vec<row::Model>> {
    db::due::<row::Entity>(tx, row::Column::Id, row::Column::RemindAt, most).await
}

pub(super) async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).one(conn).await?)
}

/// The plan with this row, held until the transaction ends.
pub(super) async fn by_id_locked(tx: &Tx, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?)
}

pub(super) async fn by_numbers(conn: &impl ConnectionTrait, numbers: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(conn, row::Entity::find(), row::Column::Number, numbers).await
}

pub(super) async fn by_numbers_locked(tx: &Tx, numbers: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(tx.conn(), row::Entity::find().lock_exclusive(), row::Column::Number, numbers).await
}

/// Writes whole plans: those whose numbers are new, and the new state of the others. No number twice.
pub(super) async fn upsert(tx: &Tx, plans: Vec<row::Model>) -> Result<()> {
    use row::Column as C;
    let conflict = OnConflict::column(C::Number)
        .update_columns([C::MachineId, C::Title, C::Instructions, C::EveryDays, C::NextOn])
        .update_columns([C::LastDoneOn, C::RemindAt, C::UpdatedAt])
        .to_owned();
    for part in plans.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|plan| row::ActiveModel { id: NotSet, ..plan.clone().into() });
        row::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Adds a plan; where its number was taken a moment ago, the write begins again.
pub(super) async fn insert_new(tx: &Tx, plan: row::Model) -> Result<()> {
    let new = row::ActiveModel { id: NotSet, ..plan.into() };
    row::Entity::insert(new).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// These plans with who is responsible for each.
pub(super) async fn with_people(conn: &impl ConnectionTrait, rows: Vec<row::Model>) -> Result<Vec<Plan>> {
    let mut people: HashMap<i64, Vec<i64>> = HashMap::with_capacity(rows.len());
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    for part in ids.chunks(MAX_BOUND_VALUES) {
        let select = responsible::Entity::find()
            .select_only()
            .columns([responsible::Column::PlanId, responsible::Column::PersonId])
            .filter(responsible::Column::PlanId.is_in(part.iter().copied()))
            .order_by_asc(responsible::Column::PersonId);
        for (plan, person) in select.into_tuple::<(i64, i64)>().all(conn).await? {
            people.entry(plan).or_default().push(person);
        }
    }
    Ok(rows.into_iter().map(|row| Plan { people: people.remove(&row.id).unwrap_or_default(), row }).collect())
}

/// From now on these people are responsible for these plans, and nobody else: `(plan, people)`.
pub(super) async fn hand_over(tx: &Tx, plans: &[(i64, &[i64])]) -> Result<()> {
    let ids: Vec<i64> = plans.iter().map(|(plan, _)| *plan).collect();
    for part in ids.chunks(MAX_BOUND_VALUES) {
        let theirs = responsible::Column::PlanId.is_in(part.iter().copied());
        responsible::Entity::delete_many().filter(theirs).exec(tx.conn()).await?;
    }
    let pairs: Vec<(i64, i64)> =
        plans.iter().flat_map(|(plan, people)| people.iter().map(|person| (*plan, *person))).collect();
    for part in pairs.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|(plan_id, person_id)| responsible::ActiveModel {
            id: NotSet,
            plan_id: Set(*plan_id),
            person_id: Set(*person_id),
        });
        responsible::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

pub(super) async fn delete(tx: &Tx, id: i64) -> Result<()> {
    responsible::Entity::delete_many().filter(responsible::Column::PlanId.eq(id)).exec(tx.conn()).await?;
    row::Entity::delete_many().filter(row::Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// Plans that fit, in the order of their numbers, with one more than are shown.
pub(super) async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<row::Model>> {
    let key = part.cursor.as_ref().and_then(|cursor| cursor.key.as_deref());
    let select = page_by_key(filtered(conn, filter), row::Column::Number, key, part.is_before(), part.fetched());
    Ok(select.all(conn).await?)
}

/// How many plans fit.
pub(super) async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    Ok(filtered(conn, filter).count(conn).await?)
}

fn filtered(conn: &impl ConnectionTrait, filter: &Filter) -> Select<row::Entity> {
    use row::Column as C;
    let mut select = row::Entity::find();
    if let Some(number) = &filter.number {
        select = select.filter(C::Number.eq(number.as_str()));
    }
    if let Some(machine) = &filter.machine {
        select = select.filter(C::MachineId.in_subquery(machines::with_number(machine)));
    }
    if let Some(due_by) = filter.due_by {
        select = select.filter(C::NextOn.lte(due_by));
    }
    if let Some(words) = &filter.words {
        let backend = conn.get_database_backend();
        select = select.filter(containing::<row::Entity>(backend, &[C::Number, C::Title, C::Instructions], words));
    }
    select
}

/// The next plans in the order of their numbers.
pub(super) async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<row::Model>> {
    Ok(page_by_key(row::Entity::find(), row::Column::Number, after, false, most).all(conn).await?)
}

/// The stored plan.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "maintenance_plans")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub number: String,
        pub machine_id: i64,
        pub title: String,
        pub instructions: String,
        pub every_days: i32,
        pub next_on: Date,
        pub last_done_on: Option<Date>,
        pub remind_at: Option<Instant>,
        pub created_at: Instant,
        pub updated_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who is responsible for a plan.
mod responsible {
    #![expect(unreachable_pub, reason = "what derives the entity wants its model public")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "maintenance_plan_people")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub plan_id: i64,
        pub person_id: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
