//! Who wants the weekly summary, and the last Monday whose they had: a column beside people's wishes.

use super::wishes::row::{ActiveModel, Column, Entity};
use crate::db::Tx;
use crate::kit::Result;
use chrono::NaiveDate;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

pub(in crate::notify) async fn is_wanted(conn: &impl ConnectionTrait, person_id: i64) -> Result<bool> {
    let wants = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::PersonId.eq(person_id))
        .filter(Column::SummaryOn.is_not_null());
    Ok(wants.into_tuple::<i64>().one(conn).await?.is_some())
}

/// Notes that somebody wants it and has had that of this Monday; who wants it already is left as they are.
pub(in crate::notify) async fn ask(tx: &Tx, person_id: i64, monday: NaiveDate) -> Result<()> {
    let row = ActiveModel {
        id: NotSet,
        person_id: Set(person_id),
        urgent: Set(None),
        normal: Set(None),
        low: Set(None),
        quiet_from: Set(None),
        quiet_until: Set(None),
        summary_on: Set(None),
        updated_at: Set(tx.now()),
    };
    Entity::insert(row).on_conflict_do_nothing_on([Column::PersonId]).exec_without_returning(tx.conn()).await?;
    Entity::update_many()
        .col_expr(Column::SummaryOn, Expr::value(Some(monday)))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .filter(Column::PersonId.eq(person_id))
        .filter(Column::SummaryOn.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Notes that somebody wants it no longer.
pub(in crate::notify) async fn give_up(tx: &Tx, person_id: i64) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::SummaryOn, Expr::value(None::<NaiveDate>))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .filter(Column::PersonId.eq(person_id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

pub(in crate::notify) async fn due(conn: &impl ConnectionTrait, monday: NaiveDate, most: u64) -> Result<Vec<i64>> {
    let due = Entity::find()
        .select_only()
        .column(Column::PersonId)
        .filter(Column::SummaryOn.lt(monday))
        .order_by_asc(Column::PersonId)
        .limit(most);
    Ok(due.into_tuple().all(conn).await?)
}

/// Moves those of these people on to this Monday who had an earlier one's; answers with them.
pub(in crate::notify) async fn take(tx: &Tx, monday: NaiveDate, people: &[i64]) -> Result<Vec<i64>> {
    let theirs = Column::PersonId.is_in(people.iter().copied());
    let due = Entity::find()
        .select_only()
        .column(Column::PersonId)
        .filter(theirs.clone())
        .filter(Column::SummaryOn.lt(monday))
        .order_by_asc(Column::PersonId)
        .lock_exclusive();
    let due: Vec<i64> = due.into_tuple().all(tx.conn()).await?;
    if !due.is_empty() {
        Entity::update_many()
            .col_expr(Column::SummaryOn, Expr::value(Some(monday)))
            .filter(Column::PersonId.is_in(due.iter().copied()))
            .exec(tx.conn())
            .await?;
    }
    Ok(due)
}
