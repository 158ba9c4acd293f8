//! Notifications counted by day, medium and status: one statement, which reads an index alone.

use crate::delivery::store::rows::row;
use crate::kit::Result;
use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

/// How many notifications of one sort were made on a day.
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Count {
    /// The day at the plant.
    pub day: NaiveDate,
    /// The stored medium.
    pub medium: String,
    /// The stored status.
    pub status: String,
    /// How many.
    pub n: i64,
}

/// The counts of the days from one to another, both included, the earliest day first.
pub async fn counts(conn: &impl ConnectionTrait, first: NaiveDate, last: NaiveDate) -> Result<Vec<Count>> {
    let counts = row::Entity::find()
        .select_only()
        .column_as(row::Column::CountedOn, "day")
        .column(row::Column::Medium)
        .column_as(row::Column::CountedAs, "status")
        .column_as(row::Column::CountedOn.count(), "n")
        .filter(row::Column::CountedOn.gte(first))
        .filter(row::Column::CountedOn.lte(last))
        .filter(row::Column::CountedAs.is_not_null())
        .group_by(row::Column::CountedOn)
        .group_by(row::Column::Medium)
        .group_by(row::Column::CountedAs)
        .order_by_asc(row::Column::CountedOn);
    Ok(counts.into_model().all(conn).await?)
}
