//! Leases: which process sends which delivery now, and in which order.

use super::model;
use super::rows::{attempt, row};
use crate::channels::Medium;
use crate::db::Tx;
use crate::kit::{Result, token};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, LockBehavior, LockType, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationTrait as _,
};

/// A delivery that this process has leased, with all it needs to be sent.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Leased {
    /// The delivery's row.
    pub id: i64,
    /// Its token.
    pub token: String,
    /// How it is read.
    pub medium: String,
    /// Where it goes, in E.164.
    pub to: String,
    /// From which sender.
    pub sender: Option<String>,
    /// The text.
    pub body: String,
    /// The lease that says it is ours.
    pub lease: String,
    /// This attempt's number, from 1.
    pub attempts: i32,
}

/// Leases up to `most` due deliveries of this medium, the first of each line, and opens their attempts.
pub async fn lease(tx: &Tx, medium: Medium, channel: &str, most: u64) -> Result<Vec<Leased>> {
    let free = row::Column::LeasedUntil.is_null().or(row::Column::LeasedUntil.lte(tx.now()));
    let mut candidates = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::DueAt.lte(tx.now()))
        .filter(row::Column::Medium.eq(medium.as_str()))
        .filter(free.clone())
        .filter(Expr::exists(earlier_in_line()).not())
        .order_by_asc(row::Column::DueAt)
        .order_by_asc(row::Column::Id)
        .limit(most);
    // A line whose first delivery another process has locked is that process's business.
    if tx.conn().get_database_backend() != DbBackend::Sqlite {
        candidates = candidates.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let ids: Vec<i64> = candidates.into_tuple().all(tx.conn()).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let lease = token::fresh();
    row::Entity::update_many()
        .col_expr(row::Column::Lease, lease.as_str().into())
        .col_expr(row::Column::LeasedUntil, (tx.now() + model::lease_time()).into())
        .col_expr(row::Column::Attempts, Expr::col(row::Column::Attempts).add(1))
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .filter(row::Column::DueAt.is_not_null())
        .filter(free)
        .exec(tx.conn())
        .await?;
    let leased = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Token, row::Column::Medium, row::Column::Sender])
        .columns([row::Column::Body, row::Column::Lease, row::Column::Attempts])
        .column_as(crate::people::store::address::Column::Value, "to")
        .join(JoinType::InnerJoin, row::Relation::Address.def())
        .filter(row::Column::Lease.eq(&lease))
        .order_by_asc(row::Column::Id)
        .into_model::<Leased>()
        .all(tx.conn())
        .await?;
    open_attempts(tx, channel, &leased).await?;
    Ok(leased)
}

/// `SELECT 1 FROM deliveries earlier WHERE same line, still open, lower id`.
fn earlier_in_line() -> SelectStatement {
    let earlier = Alias::new("earlier");
    Query::select()
        .expr(Expr::val(1))
        .from_as(row::Entity, earlier.clone())
        .and_where(Expr::col((earlier.clone(), row::Column::Line)).equals((row::Entity, row::Column::Line)))
        .and_where(Expr::col((earlier.clone(), row::Column::DueAt)).is_not_null())
        .and_where(Expr::col((earlier, row::Column::Id)).lt(Expr::col((row::Entity, row::Column::Id))))
        .take()
}

/// An attempt of an earlier lease that never ended is in doubt: the process died between sending and recording.
async fn open_attempts(tx: &Tx, channel: &str, leased: &[Leased]) -> Result<()> {
    if leased.is_empty() {
        return Ok(());
    }
    if leased.iter().any(|delivery| delivery.attempts > 1) {
        attempt::Entity::update_many()
            .col_expr(attempt::Column::Outcome, "IN_DOUBT".into())
            .col_expr(attempt::Column::FinishedAt, tx.now().into())
            .filter(attempt::Column::DeliveryId.is_in(leased.iter().map(|d| d.id)))
            .filter(attempt::Column::Outcome.eq("STARTED"))
            .exec(tx.conn())
            .await?;
    }
    let attempts = leased.iter().map(|delivery| attempt::ActiveModel {
        id: NotSet,
        delivery_id: Set(delivery.id),
        number: Set(delivery.attempts),
        channel: Set(channel.to_owned()),
        provider_id: Set(None),
        outcome: Set("STARTED".to_owned()),
        error_code: Set(None),
        error_text: Set(None),
        started_at: Set(tx.now()),
        finished_at: Set(None),
    });
    attempt::Entity::insert_many(attempts).exec_without_returning(tx.conn()).await?;
    Ok(())
}
