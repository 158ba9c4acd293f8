//! Leases: which process sends which delivery now, and in which order.

use super::rows::{attempt, row};
use super::{Kind, cancel, model};
use crate::channels::Medium;
use crate::db::Tx;
use crate::kit::{Instant, Result, token};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait as _, LockBehavior, LockType, OnConflict, Query, SelectStatement, SimpleExpr,
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationTrait as _,
};
use std::collections::HashMap;

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
    let ids = loop {
        let candidates = candidates(tx, medium, most).await?;
        let stale = stale_replies(tx, &candidates).await?;
        if stale.is_empty() {
            break candidates.into_iter().map(|candidate| candidate.id).collect::<Vec<i64>>();
        }
        cancel(tx, &stale).await?; // and look again: the next of these lines may go now
    };
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
        .filter(is_free(tx))
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

/// A delivery that may be leased.
#[derive(sea_orm::FromQueryResult)]
struct Candidate {
    id: i64,
    kind: String,
    line: String,
    message_id: Option<i64>,
    created_at: Instant,
}

/// Lets go of every lease: for a start on a database that no other process can have. What was under way is in doubt,
/// and its attempt is marked so when it is leased anew.
pub async fn free_leases(tx: &Tx) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::Lease, Expr::value(None::<String>))
        .col_expr(row::Column::LeasedUntil, Expr::value(None::<Instant>))
        .filter(row::Column::LeasedUntil.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

fn is_free(tx: &Tx) -> SimpleExpr {
    row::Column::LeasedUntil.is_null().or(row::Column::LeasedUntil.lte(tx.now()))
}

/// The first open delivery of each line, where it is due and free.
async fn candidates(tx: &Tx, medium: Medium, most: u64) -> Result<Vec<Candidate>> {
    use row::Column;
    let mut candidates = row::Entity::find()
        .select_only()
        .columns([Column::Id, Column::Kind, Column::Line, Column::MessageId, Column::CreatedAt])
        .filter(Column::DueAt.lte(tx.now()))
        .filter(Column::Medium.eq(medium.as_str()))
        .filter(is_free(tx))
        .filter(Expr::exists(earlier_in_line()).not())
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(most);
    // A line whose first delivery another process has locked is that process's business.
    if tx.conn().get_database_backend() != DbBackend::Sqlite {
        candidates = candidates.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    Ok(candidates.into_model().all(tx.conn()).await?)
}

/// Replies that waited too long and have the answer to a later message behind them in their line.
async fn stale_replies(tx: &Tx, candidates: &[Candidate]) -> Result<Vec<i64>> {
    let too_old = tx.now() - model::reply_patience();
    let old: Vec<&Candidate> = candidates
        .iter()
        .filter(|candidate| candidate.kind == Kind::Reply.as_str() && candidate.created_at < too_old)
        .collect();
    if old.is_empty() {
        return Ok(Vec::new());
    }
    let latest: Vec<(String, Option<i64>)> = row::Entity::find()
        .select_only()
        .column(row::Column::Line)
        .column_as(row::Column::MessageId.max(), "latest")
        .filter(row::Column::Line.is_in(old.iter().map(|candidate| candidate.line.as_str())))
        .group_by(row::Column::Line)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let latest: HashMap<String, Option<i64>> = latest.into_iter().collect();
    let is_overtaken =
        |candidate: &&Candidate| latest.get(&candidate.line).is_some_and(|latest| *latest > candidate.message_id);
    Ok(old.into_iter().filter(is_overtaken).map(|candidate| candidate.id).collect())
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
    // An attempt that did not count left its number, and its row, to the next one.
    let anew = [
        attempt::Column::Channel,
        attempt::Column::Outcome,
        attempt::Column::ErrorCode,
        attempt::Column::ErrorText,
        attempt::Column::StartedAt,
        attempt::Column::FinishedAt,
    ];
    let key = [attempt::Column::DeliveryId, attempt::Column::Number];
    attempt::Entity::insert_many(attempts)
        .on_conflict(OnConflict::columns(key).update_columns(anew).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
