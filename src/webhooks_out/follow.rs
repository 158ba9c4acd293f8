//! Following the log of events: each event becomes one call of each webhook that wants it.
//!
//! By the log's places: what is committed late gets a later place, so nothing is passed over, and the mark of the last
//! place moves in the transaction that makes the calls, so nothing is doubled. Processes take turns. Where there is no
//! webhook, it costs one small read.

use super::store::calls::{self, NewCall};
use super::store::{self, row};
use super::{message, model};
use crate::app::App;
use crate::db::{Tx, marks};
use crate::kit::Result;
use crate::outbox::{self, Filter, Stretch};
use sea_orm::ConnectionTrait;

/// Whose turn it is; its position is the last place that was looked at.
pub(super) const TURN: &str = "webhooks_out";
/// The most calls that one set of events makes: some ten milliseconds' work.
const CALLS_AT_ONCE: u64 = 2_000;
/// The most events in one set.
const EVENTS_AT_ONCE: u64 = 256;

/// Makes the calls about all that happened; answers with how many events those were.
///
/// # Errors
/// When the database is away; the next time goes on where this one stopped.
pub async fn follow(app: &App) -> Result<usize> {
    let webhooks = store::active(app.db.read()).await?;
    if webhooks.is_empty() {
        return Ok(0);
    }
    outbox::number(&app.db).await?;
    let mut total = 0;
    while !next(app.db.read(), &webhooks, 1).await?.is_empty() {
        let (events, calls) = app.db.write(|tx| Box::pin(follow_some(tx))).await?;
        if calls > 0 {
            tracing::debug!(events, calls, "webhooks are to be called");
        }
        if events == 0 {
            break; // another process was quicker
        }
        total += events;
    }
    Ok(total)
}

/// Follows a set of events; answers with how many there were, and how many calls came of them.
async fn follow_some(tx: &Tx) -> Result<(usize, usize)> {
    marks::hold(tx, TURN).await?;
    let webhooks = store::active_locked(tx).await?;
    let many = u64::try_from(webhooks.len()).unwrap_or(u64::MAX).max(1);
    let events = next(tx.conn(), &webhooks, (CALLS_AT_ONCE / many).clamp(1, EVENTS_AT_ONCE)).await?;
    let Some(last) = events.last().and_then(|event| event.position) else { return Ok((0, 0)) };
    let kinds: Vec<Vec<String>> = webhooks.iter().map(row::Model::kinds).collect();
    let mut new = Vec::new();
    for event in &events {
        let position = event.position.unwrap_or_default();
        let told = webhooks.iter().zip(&kinds);
        let told = told.filter(|(webhook, kinds)| webhook.since < position && model::wants(kinds, &event.name));
        new.extend(told.map(|(webhook, _)| NewCall {
            webhook_id: webhook.id,
            position: event.position,
            event: event.name.clone(),
            message: message(),
        }));
    }
    calls::make(tx, &new).await?;
    marks::set_position(tx, TURN, last).await?;
    Ok((events.len(), new.len()))
}

/// The next events that one of these webhooks may want.
async fn next(conn: &impl ConnectionTrait, webhooks: &[row::Model], most: u64) -> Result<Vec<outbox::row::Model>> {
    let Some(since) = webhooks.iter().map(|webhook| webhook.since).min() else { return Ok(Vec::new()) };
    let from = marks::position(conn, TURN).await?.max(since);
    outbox::read(conn, &Filter::default(), Stretch { from: Some(from), is_rising: true, most }).await
}
