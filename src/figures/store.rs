//! The figures in the database, the days that are to be counted again, and what both are read and written by.

pub(super) mod source;

use super::model::{Amount, Family, Measure, Of};
use super::reading::{Scope, Span};
use crate::db::{MAX_BOUND_VALUES, Tx};
use crate::kit::Result;
use crate::tickets::Kind;
use chrono::NaiveDate;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbBackend, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select,
};

/// A figure has eight columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 10;

/// A day that is to be counted again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Due {
    id: i64,
    said: i64,
    pub(super) day: NaiveDate,
    pub(super) family: Family,
}

/// What lies under one name, added up.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Sum {
    /// What is counted.
    pub measure: Measure,
    /// The ticket's kind, or the channel.
    pub kind: String,
    /// What else it is counted by.
    pub slice: String,
    /// How many.
    pub n: i64,
    /// What they amount to together.
    pub total: i64,
}

/// What was counted on one day.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Daily {
    /// The day at the plant.
    pub day: NaiveDate,
    /// What is counted.
    pub measure: Measure,
    /// The ticket's kind, or the channel.
    pub kind: String,
    /// How many.
    pub n: i64,
    /// What they amount to together.
    pub total: i64,
}

/// What messages cost on one day.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct DailyCost {
    /// The day at the plant on which they were sent.
    pub day: NaiveDate,
    /// The channel.
    pub channel: String,
    /// The currency, as the provider writes it.
    pub currency: String,
    /// How much, in millionths.
    pub micros: i64,
}

/// Has these days counted again.
pub(super) async fn touch(tx: &Tx, family: Family, days: impl IntoIterator<Item = NaiveDate>) -> Result<()> {
    let days: Vec<NaiveDate> = days.into_iter().collect();
    let again = Expr::col((due::Entity, due::Column::Said)).add(1);
    let conflict =
        OnConflict::columns([due::Column::Day, due::Column::Family]).value(due::Column::Said, again).to_owned();
    for part in days.chunks(ROWS_AT_ONCE) {
        let rows =
            part.iter().map(|day| due::ActiveModel { id: NotSet, day: Set(*day), family: Set(family), said: Set(1) });
        due::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// The next day to be counted: the latest first, since that is what is looked at.
pub(super) async fn next(conn: &impl ConnectionTrait) -> Result<Option<Due>> {
    let next = due::Entity::find().order_by_desc(due::Column::Day).order_by_asc(due::Column::Family).one(conn).await?;
    Ok(next.map(|row| Due { id: row.id, said: row.said, day: row.day, family: row.family }))
}

/// Puts what was counted in the place of what stood there, unless the day was touched, or counted by somebody else, since
/// `due` was read. Answers whether it was put there.
pub(super) async fn replace(tx: &Tx, due: &Due, figures: &[(Of, Amount)]) -> Result<bool> {
    let mine = due::Entity::delete_many().filter(due::Column::Id.eq(due.id)).filter(due::Column::Said.eq(due.said));
    if mine.exec(tx.conn()).await?.rows_affected == 0 {
        return Ok(false);
    }
    let measures = due.family.measures();
    row::Entity::delete_many()
        .filter(row::Column::Measure.is_in(measures))
        .filter(row::Column::Day.eq(due.day))
        .exec(tx.conn())
        .await?;
    for part in figures.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|(of, amount)| row::ActiveModel {
            id: NotSet,
            measure: Set(of.measure),
            day: Set(due.day),
            department: Set(of.department.clone()),
            kind: Set(of.kind.clone()),
            slice: Set(of.slice.clone()),
            n: Set(amount.n),
            total: Set(amount.total),
            spread: Set(amount.spread.as_ref().map(super::Spread::written)),
        });
        row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(true)
}

/// These measures of all days together, by kind and slice.
pub(super) async fn sums(
    conn: &impl ConnectionTrait,
    measures: &[Measure],
    span: Span,
    scope: &Scope,
) -> Result<Vec<Sum>> {
    let select = within(measures, span, scope)
        .columns([row::Column::Measure, row::Column::Kind, row::Column::Slice])
        .column_as(sum(conn, row::Column::N), "n")
        .column_as(sum(conn, row::Column::Total), "total")
        .group_by(row::Column::Measure)
        .group_by(row::Column::Kind)
        .group_by(row::Column::Slice);
    Ok(select.into_model().all(conn).await?)
}

/// These measures day by day, by kind, the earliest day first.
pub(super) async fn by_day(
    conn: &impl ConnectionTrait,
    measures: &[Measure],
    span: Span,
    scope: &Scope,
) -> Result<Vec<Daily>> {
    let select = within(measures, span, scope)
        .columns([row::Column::Day, row::Column::Measure, row::Column::Kind])
        .column_as(sum(conn, row::Column::N), "n")
        .column_as(sum(conn, row::Column::Total), "total")
        .group_by(row::Column::Day)
        .group_by(row::Column::Measure)
        .group_by(row::Column::Kind)
        .order_by_asc(row::Column::Day);
    Ok(select.into_model().all(conn).await?)
}

/// What messages cost day by day, the earliest day first.
pub(super) async fn costs_by_day(conn: &impl ConnectionTrait, span: Span) -> Result<Vec<DailyCost>> {
    let select = within(&[Measure::Cost], span, &Scope::All)
        .column(row::Column::Day)
        .column_as(row::Column::Kind, "channel")
        .column_as(row::Column::Slice, "currency")
        .column_as(row::Column::Total, "micros")
        .order_by_asc(row::Column::Day);
    Ok(select.into_model().all(conn).await?)
}

/// The slices of a measure that were counted most, the most first, at most so many.
pub(super) async fn most(
    conn: &impl ConnectionTrait,
    measure: Measure,
    span: Span,
    scope: &Scope,
    most: u64,
) -> Result<Vec<(String, i64)>> {
    let select = within(&[measure], span, scope)
        .column(row::Column::Slice)
        .column_as(sum(conn, row::Column::N), "n")
        .group_by(row::Column::Slice)
        .order_by_desc(sum(conn, row::Column::N))
        .order_by_asc(row::Column::Slice)
        .limit(most);
    Ok(select.into_tuple().all(conn).await?)
}

/// How many there were of these slices of a measure; those of which there were none are left out.
pub(super) async fn of_slices(
    conn: &impl ConnectionTrait,
    measure: Measure,
    span: Span,
    scope: &Scope,
    slices: &[String],
) -> Result<Vec<(String, i64)>> {
    if slices.is_empty() {
        return Ok(Vec::new());
    }
    let select = within(&[measure], span, scope)
        .column(row::Column::Slice)
        .column_as(sum(conn, row::Column::N), "n")
        .filter(row::Column::Slice.is_in(slices.iter().map(String::as_str)))
        .group_by(row::Column::Slice);
    Ok(select.into_tuple().all(conn).await?)
}

/// How these measures are spread: each row's measure, kind and spread.
pub(super) async fn spreads(
    conn: &impl ConnectionTrait,
    measures: &[Measure],
    span: Span,
    scope: &Scope,
) -> Result<Vec<(Measure, String, Option<String>)>> {
    let select = within(measures, span, scope).columns([row::Column::Measure, row::Column::Kind, row::Column::Spread]);
    Ok(select.into_tuple().all(conn).await?)
}

/// The first day of these measures and how many days are still to be counted.
pub(super) async fn count_due(conn: &impl ConnectionTrait) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    Ok(due::Entity::find().count(conn).await?)
}

fn within(measures: &[Measure], span: Span, scope: &Scope) -> Select<row::Entity> {
    let mut select = row::Entity::find()
        .select_only()
        .filter(row::Column::Measure.is_in(measures.iter().copied()))
        .filter(row::Column::Day.between(span.from, span.until));
    if let Scope::Department(department) = scope {
        let theirs = ["", department.as_deref().unwrap_or_default()];
        let floor = Kind::ALL.into_iter().filter(|kind| kind.is_of_the_floor()).map(Kind::as_str);
        let seen = Condition::all().add(row::Column::Department.is_in(theirs)).add(row::Column::Kind.is_in(floor));
        select = select.filter(seen);
    }
    select
}

/// A sum as a whole number, which two of the databases would answer as a decimal.
pub(super) fn sum(conn: &impl ConnectionTrait, column: impl sea_orm::IntoSimpleExpr) -> SimpleExpr {
    let whole = if conn.get_database_backend() == DbBackend::MySql { "SIGNED" } else { "BIGINT" };
    Expr::expr(column.into_simple_expr()).sum().cast_as(whole)
}

/// The stored figure.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::figures::model::Measure;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "figures")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub measure: Measure,
        pub day: Date,
        pub department: String,
        pub kind: String,
        pub slice: String,
        pub n: i64,
        pub total: i64,
        pub spread: Option<String>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored day that is to be counted again.
pub mod due {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::figures::model::Family;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "figure_days")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub day: Date,
        pub family: Family,
        pub said: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
