//! What messages cost: asked of the provider once they are through, or estimated where it says no amount, and added up by
//! month.
//!
//! The job works from the attempts' mark alone (`price_due_at`). A price is counted in the transaction that stores it,
//! so it is counted once, whoever asked however often. A channel that is out is not asked. No transaction is open while a
//! provider is asked.

pub mod model;

use super::budget;
use super::store::prices::{self, Answer, Finding, Unpriced};
use crate::app::App;
use crate::channels::{Channel, Medium, Price, Retry};
use crate::kit::Result;
use crate::pulse::Job;
use chrono::TimeDelta;
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks, for [`Channel::prices_at_once`] each time.
const TIMER: Duration = Duration::from_secs(5);
/// How many questions are on their way at a time.
const IN_FLIGHT: usize = 4;
/// Other processes leave attempts alone for so long once one asks for their prices: longer than the questions take.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Runs until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        app.ran(Job::Prices, once(&app).await);
        tokio::select! {
            () = tokio::time::sleep(TIMER) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Asks for some of the prices that are due, and looks how far the budget reaches. Answers with how many attempts were
/// looked at.
///
/// # Errors
/// When the database is away.
pub async fn once(app: &App) -> Result<usize> {
    let mut looked_at = 0;
    for channel in &app.channels {
        let bills = Medium::ALL.iter().any(|medium| channel.bills(*medium) && app.carrier(*medium).is_some());
        if bills && app.health.red(channel.name()).is_none() {
            looked_at += ask(app, channel).await?;
        }
    }
    budget::look(app).await?;
    Ok(looked_at)
}

async fn ask(app: &App, channel: &Arc<dyn Channel>) -> Result<usize> {
    // Most looks find nothing: those cost a read, not a write.
    let (name, most, now) = (channel.name(), channel.prices_at_once(), app.clock.now());
    if !prices::is_any_due(app.db.read(), name, now).await? {
        return Ok(0);
    }
    let due = app.db.write(move |tx| Box::pin(prices::lease(tx, name, most, LEASE))).await?;
    let (looked_at, tz) = (due.looked_at, app.settings.timezone);
    let questions = due.ready.into_iter().map(|one| find(channel.as_ref(), one));
    let findings: Vec<Finding> = futures_util::stream::iter(questions).buffer_unordered(IN_FLIGHT).collect().await;
    if !findings.is_empty() {
        let recording = app.db.write_with(findings, move |tx, findings| Box::pin(prices::record(tx, findings, tz)));
        recording.await?;
    }
    Ok(looked_at)
}

async fn find(channel: &dyn Channel, attempt: Unpriced) -> Finding {
    let answer = match channel.price_of(&attempt.taken()).await {
        Ok(Price::Billed(price)) => Answer::Billed(price),
        Ok(Price::Estimated { money, free }) => Answer::Estimated(money, free),
        Ok(Price::NotYet) => Answer::NotYet,
        Ok(Price::Unknown) => Answer::Never,
        Err(error) if error.retry == Retry::Never => {
            tracing::warn!(delivery.id = attempt.delivery_id, "what a message cost stays unknown: {error}");
            Answer::Never
        }
        Err(error) => {
            tracing::debug!(delivery.id = attempt.delivery_id, "what a message cost is asked later: {error}");
            Answer::NotYet
        }
    };
    Finding { attempt, answer }
}
