//! What arrived while we were down: asked of the provider, and taken in through the same door.
//!
//! Twilio brings a webhook about once, so what comes while Andon, its line or its database is down would be
//! lost. At start, after every outage and every five minutes this job lists the messages that the provider
//! received for us since it last finished, and takes the missing ones. Doing it twice changes nothing.

mod store;

use crate::app::App;
use crate::bus::Poke;
use crate::channels::{Channel, Listed, Medium, Retry, SendError};
use crate::chat::inbound::Taken;
use crate::db::{is_refusal, marks};
use crate::delivery::model::CHANNEL_PAUSE;
use crate::kit::{Error, Instant, Result};
use crate::pulse::Job;
use crate::webhooks_in::Door;
use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks without being poked.
const TIMER: Duration = Duration::from_mins(5);
/// After a failure it looks again after this time, then after twice that, up to the other: soon enough for whoever waits
/// for an answer, and seldom enough for the provider. What calls it meanwhile waits for that look.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How many missed messages are handed over at once.
const AT_ONCE: usize = 500;
/// A message whose media cannot be listed is waited for this long.
const MEDIA_PATIENCE: TimeDelta = TimeDelta::minutes(30);
/// How far before its mark it looks: clocks differ, and a message may be listed a little late.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);

/// Runs until told to stop.
pub async fn run(app: App, door: Door, stop: CancellationToken) {
    let mut after_failure = None;
    while !stop.is_cancelled() {
        let looked = once(&app, &door).await;
        app.pulse.beats(Job::MissedMessages, app.clock.now(), looked.as_ref().err());
        after_failure = match (looked, after_failure) {
            (Ok(_), _) => None,
            (Err(_), Some(pause)) => Some(LONGEST_PAUSE.min(pause * 2)),
            (Err(error), None) => {
                let job = Job::MissedMessages.as_str();
                tracing::warn!(job, cause = error.private(), "a job has to wait: {error}");
                Some(AFTER_FAILURE)
            }
        };
        let waits = async {
            match after_failure {
                None => app.bus.wait(Poke::Reconcile, TIMER).await,
                Some(pause) => tokio::time::sleep(pause).await,
            }
        };
        tokio::select! {
            () = waits => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Looks once. Answers with the number of messages that had been missed.
///
/// # Errors
/// When the provider or the database is away; the mark stays where it was, so nothing is skipped.
pub async fn once(app: &App, door: &Door) -> Result<usize> {
    let mut missed = 0;
    // A channel that is off or not set up is not asked, and its mark stays: what came meanwhile is fetched later.
    let set_up = |channel: &&Arc<dyn Channel>| app.settings.whatsapp_enabled && channel.carries(Medium::Whatsapp);
    for channel in app.channels.iter().filter(set_up) {
        let name = format!("received:{}", channel.name());
        let started_at = app.clock.now();
        // On the very first look there is nothing to catch up with: what is older than Andon is not its business.
        if let Some(mark) = last_look(app.db.read(), channel.name()).await? {
            let new = match missing(app.db.read(), channel.as_ref(), mark).await? {
                Ok(new) => new,
                Err(error) => {
                    if error.retry == Retry::StopChannel {
                        app.health.goes_red(channel.name(), started_at, started_at + CHANNEL_PAUSE, &error.advice);
                    }
                    return Err(Error::unavailable("The provider does not list what it received.").because(error));
                }
            };
            for some in new.chunks(AT_ONCE) {
                missed += take_in(door, channel.as_ref(), some, started_at).await?;
            }
        }
        app.db.write_with(name, move |tx, name| Box::pin(marks::set_mark(tx, name, started_at))).await?;
        app.metrics.reconciled(channel.name(), started_at);
    }
    app.metrics.messages_fetched.inc_by(missed as u64);
    if missed > 0 {
        tracing::info!(messages.fetched = missed, "messages that had been missed were taken in");
    }
    Ok(missed)
}

/// What the provider received for us since `mark` and is not here.
///
/// # Errors
/// When the database is away; inside, when the provider cannot be asked.
pub async fn missing(
    conn: &impl ConnectionTrait,
    channel: &dyn Channel,
    mark: Instant,
) -> Result<Result<Vec<Listed>, SendError>> {
    let received = match channel.received_since(mark - OVERLAP).await {
        Ok(received) => received,
        Err(error) => return Ok(Err(error)),
    };
    let ids: Vec<String> = received.iter().map(|listed| listed.message.provider_id.clone()).collect();
    let known = store::known(conn, channel.name(), &ids).await?;
    Ok(Ok(received.into_iter().filter(|listed| !known.contains(&listed.message.provider_id)).collect()))
}

/// When a channel was last asked for what was missed.
///
/// # Errors
/// When the database is away.
pub async fn last_look(conn: &impl ConnectionTrait, channel: &str) -> Result<Option<Instant>> {
    marks::mark(conn, &format!("received:{channel}")).await
}

/// Takes some of the missed messages in, in their order. Answers with how many were new.
async fn take_in(door: &Door, channel: &dyn Channel, listed: &[Listed], now: Instant) -> Result<usize> {
    let mut messages = Vec::with_capacity(listed.len());
    for Listed { message, has_media } in listed {
        let mut message = message.clone();
        if *has_media {
            message.media = match channel.media_of(&message.provider_id).await {
                Ok(media) => media,
                // A passing trouble: soon again, unless it has been passing for long.
                Err(error) if message.sent_at.is_some_and(|at| at > now - MEDIA_PATIENCE) => {
                    return Err(
                        Error::unavailable("The media of a missed message cannot be listed yet.").because(error)
                    );
                }
                Err(error) => {
                    tracing::warn!(provider.id = message.provider_id, "taken in without its media: {error}");
                    Vec::new()
                }
            };
        }
        messages.push(message);
    }
    let mut new = 0;
    for outcome in door.take_messages(messages).await {
        match outcome {
            Ok(Taken::New) => new += 1,
            Ok(Taken::Known) => {}
            // One that the database will never take must not hold up the others.
            Err(error) if is_refusal(&error) => {
                tracing::error!(
                    cause = error.private(),
                    "a missed message cannot be stored and is left aside: {error}"
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(new)
}
