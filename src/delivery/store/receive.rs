//! Receipts: the provider's news of our messages, taken in as a set and never moving a status back.

use super::rows::{attempt, row};
use super::{advance, close};
use crate::channels::{Receipt, Status};
use crate::db::Tx;
use crate::kit::Result;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::{BTreeMap, HashMap};

/// Takes a set of receipts in: finds each delivery by its token, else by the provider's id, and moves it on by
/// rank. `explain` puts the provider's code in plain words. Receipts of messages that are not ours are dropped.
pub async fn receive(tx: &Tx, receipts: &[Receipt], explain: impl Fn(&Receipt) -> Option<String>) -> Result<()> {
    let by_token = ids_by_token(tx, receipts).await?;
    let by_provider = ids_by_provider(tx, receipts).await?;
    // By rank, so that a set which says both ends as one that came in order would.
    let mut moves: BTreeMap<(i16, Option<i32>), Move> = BTreeMap::new();
    for receipt in receipts {
        let id = receipt.token.as_ref().and_then(|token| by_token.get(token));
        let Some(&id) = id.or_else(|| by_provider.get(&receipt.provider_id)) else { continue };
        let key = (receipt.status.rank(), receipt.error_code);
        let group = moves.entry(key).or_insert_with(|| Move { status: receipt.status, ids: Vec::new(), reason: None });
        group.ids.push(id);
        group.reason = group.reason.take().or_else(|| explain(receipt)).or_else(|| receipt.error_text.clone());
    }
    for ((_, code), Move { status, ids, reason }) in moves {
        let reason = reason.as_deref().unwrap_or("The provider gave no reason.");
        if status == Status::Failed {
            tracing::warn!(deliveries = ?ids, code, "deliveries failed: {reason}");
        } else {
            tracing::info!(deliveries = ?ids, status = status.as_str(), "deliveries moved on");
        }
        let error = (status == Status::Failed).then_some((code, reason));
        // The provider has it: whatever our own record of the attempt says, it must not be sent again.
        close(tx, &ids).await?;
        advance(tx, &ids, status, error).await?;
    }
    Ok(())
}

/// Deliveries that go to the same status, with the reason where that is a failure.
struct Move {
    status: Status,
    ids: Vec<i64>,
    reason: Option<String>,
}

async fn ids_by_token(tx: &Tx, receipts: &[Receipt]) -> Result<HashMap<String, i64>> {
    let tokens: Vec<&str> = receipts.iter().filter_map(|receipt| receipt.token.as_deref()).collect();
    if tokens.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(String, i64)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Token, row::Column::Id])
        .filter(row::Column::Token.is_in(tokens))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(found.into_iter().collect())
}

async fn ids_by_provider(tx: &Tx, receipts: &[Receipt]) -> Result<HashMap<String, i64>> {
    let ids: Vec<&str> = receipts.iter().filter(|r| r.token.is_none()).map(|r| r.provider_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(String, i64)> = attempt::Entity::find()
        .select_only()
        .columns([attempt::Column::ProviderId, attempt::Column::DeliveryId])
        .filter(attempt::Column::Channel.is_in(receipts.iter().map(|receipt| receipt.channel)))
        .filter(attempt::Column::ProviderId.is_in(ids))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(found.into_iter().collect())
}
