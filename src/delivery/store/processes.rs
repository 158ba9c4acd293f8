//! The processes that share the database, and what becomes of the leases of one that is gone.
//!
//! A process says every other second that it is there. One that is silent for longer than
//! [`model::PROCESS_LIFE`] is gone, and whoever notices takes its leases back: what only waited goes on at once, what
//! was under way is in doubt.

use super::lines;
use super::rows::{attempt, line, process, row};
use crate::db::Tx;
use crate::delivery::model;
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _,
};
use std::collections::BTreeSet;

/// A process is there: under the name by which it is `known`, or, where it has none or was given up meanwhile and its
/// leases with it, under a `fresh` one. Answers with the name.
pub async fn stay(tx: &Tx, known: Option<String>, fresh: String) -> Result<String> {
    let expires_at = tx.now() + model::PROCESS_LIFE;
    if let Some(known) = known {
        let renewed = process::Entity::update_many()
            .col_expr(process::Column::ExpiresAt, expires_at.into())
            .filter(process::Column::Token.eq(&known))
            .exec(tx.conn())
            .await?;
        if renewed.rows_affected > 0 {
            return Ok(known);
        }
    }
    let process = process::ActiveModel { token: Set(fresh.clone()), expires_at: Set(expires_at) };
    process::Entity::insert(process).exec_without_returning(tx.conn()).await?;
    Ok(fresh)
}

/// A process that sends no more, and the leases it still has.
pub async fn leave(tx: &Tx, token: &str) -> Result<()> {
    process::Entity::delete_many().filter(process::Column::Token.eq(token)).exec(tx.conn()).await?;
    take_over(tx).await.map(drop)
}

/// Gives up every process: for a start on a database that no other process can have.
pub async fn give_all_up(tx: &Tx) -> Result<()> {
    process::Entity::delete_many().exec(tx.conn()).await?;
    take_over(tx).await.map(drop)
}

/// Takes back the leases of processes that are gone. Answers with how many there were.
pub async fn take_over(tx: &Tx) -> Result<usize> {
    process::Entity::delete_many().filter(process::Column::ExpiresAt.lt(tx.now())).exec(tx.conn()).await?;
    let alive = process::Entity::find().select_only().column(process::Column::Token).into_query();
    let mut orphaned = line::Entity::find()
        .select_only()
        .column(line::Column::Name)
        .filter(line::Column::Lease.is_not_null())
        .filter(line::Column::Lease.not_in_subquery(alive));
    if tx.conn().get_database_backend() != DbBackend::Sqlite {
        orphaned = orphaned.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let orphaned: BTreeSet<String> = orphaned.into_tuple::<String>().all(tx.conn()).await?.into_iter().collect();
    if orphaned.is_empty() {
        return Ok(0);
    }
    doubt(tx, &orphaned).await?;
    lines::let_go(tx, &orphaned).await?;
    Ok(orphaned.len())
}

/// What was begun at the heads of these lines and never ended may be with the provider.
async fn doubt(tx: &Tx, names: &BTreeSet<String>) -> Result<()> {
    let heads = lines::heads(tx, names).await?;
    let begun: Vec<(i64, Instant)> = attempt::Entity::find()
        .select_only()
        .columns([attempt::Column::DeliveryId, attempt::Column::StartedAt])
        .filter(attempt::Column::DeliveryId.is_in(heads.iter().map(|head| head.id)))
        .filter(attempt::Column::Outcome.eq("STARTED"))
        .into_tuple()
        .all(tx.conn())
        .await?;
    if begun.is_empty() {
        return Ok(());
    }
    let ids = || begun.iter().map(|(id, _)| *id);
    attempt::Entity::update_many()
        .col_expr(attempt::Column::Outcome, "IN_DOUBT".into())
        .col_expr(attempt::Column::ErrorText, "The process ended before the provider's answer was recorded.".into())
        .col_expr(attempt::Column::FinishedAt, tx.now().into())
        .filter(attempt::Column::DeliveryId.is_in(ids()))
        .filter(attempt::Column::Outcome.eq("STARTED"))
        .exec(tx.conn())
        .await?;
    let asked_at = begun.iter().map(|(id, began)| (*id, *began + model::DOUBT));
    row::Entity::update_many()
        .col_expr(row::Column::DoubtedAt, lines::by_id(tx, begun.iter().copied()))
        .col_expr(row::Column::DueAt, lines::by_id(tx, asked_at))
        .filter(row::Column::Id.is_in(ids()))
        .exec(tx.conn())
        .await?;
    Ok(())
}
