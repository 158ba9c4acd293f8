//! The dispatcher: leases what is due, sends it, records what became of it.
//!
//! In parallel across recipients, in order within a line: only the first open delivery of a line is ever
//! leased. No transaction is open while a provider is asked. It works from rows alone, so a restart, a second
//! process and a lost poke are the same to it.

use super::model::CHANNEL_PAUSE;
use super::store::{self, Leased, Outcome};
use crate::app::App;
use crate::bus::Poke;
use crate::channels::{Channel, Medium, Outbound, Retry, SendError};
use crate::db::Batch;
use crate::kit::{E164, Instant, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many messages may be on their way to providers at once.
const IN_FLIGHT: usize = 128;
/// Without a poke the dispatcher looks this often.
const TIMER: Duration = Duration::from_secs(2);
/// An outcome that could not be recorded is tried again after this time, doubling up to the other.
const RECORD_AGAIN: Duration = Duration::from_millis(250);
const LONGEST_RECORD_PAUSE: Duration = Duration::from_secs(10);
/// At shutdown, messages on their way get this long to come back.
const FAREWELL: Duration = Duration::from_secs(10);

/// The dispatcher of one process. Cheap to clone.
#[derive(Clone)]
pub struct Dispatcher {
    app: App,
    outcomes: Batch<Outcome, ()>,
    places: Arc<Semaphore>,
}

impl Dispatcher {
    /// Prepares the dispatcher; [`Dispatcher::run`] sets it going.
    pub fn new(app: &App) -> Self {
        let recorder = app.clone();
        let outcomes = Batch::start(IN_FLIGHT * 2, move |outcomes: Arc<Vec<Outcome>>| {
            let app = recorder.clone();
            Box::pin(async move {
                let count = outcomes.len();
                app.db
                    .write(move |tx| {
                        let outcomes = Arc::clone(&outcomes);
                        Box::pin(async move { store::settle(tx, &outcomes).await })
                    })
                    .await?;
                Ok(vec![(); count])
            })
        });
        Self { app: app.clone(), outcomes, places: Arc::new(Semaphore::new(IN_FLIGHT)) }
    }

    /// Sends until told to stop, then waits for what is on its way.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let sent = match self.round().await {
                Ok(sent) => sent,
                Err(error) => {
                    tracing::warn!(cause = error.private(), "deliveries cannot be read: {error}");
                    0
                }
            };
            if sent == 0 {
                tokio::select! {
                    () = self.app.bus.wait(Poke::Dispatch, TIMER) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
        let everything = u32::try_from(IN_FLIGHT).unwrap_or(u32::MAX);
        if tokio::time::timeout(FAREWELL, self.places.acquire_many(everything)).await.is_err() {
            tracing::warn!(
                "some messages were still on their way at shutdown; their outcome is settled at the next start"
            );
        }
    }

    /// Sends everything that is due, and what becomes due by it, and waits for the outcomes. Answers with the number.
    pub async fn drain(&self) -> Result<usize> {
        let mut total = 0;
        loop {
            let sent = self.round().await?;
            let everything = u32::try_from(IN_FLIGHT).unwrap_or(u32::MAX);
            drop(self.places.acquire_many(everything).await);
            if sent == 0 {
                return Ok(total);
            }
            total += sent;
        }
    }

    /// Leases what there is room for and sets it on its way.
    async fn round(&self) -> Result<usize> {
        let mut sent = 0;
        for medium in [Medium::Whatsapp, Medium::Sms] {
            let Some(channel) = self.app.carrier(medium) else { continue };
            let room = self.room(channel.as_ref());
            if room == 0 {
                continue;
            }
            for (delivery, place) in self.lease(medium, channel.name(), room).await? {
                let (dispatcher, channel) = (self.clone(), Arc::clone(channel));
                tokio::spawn(async move { dispatcher.send(channel, delivery, place).await });
                sent += 1;
            }
        }
        Ok(sent)
    }

    /// How many deliveries may be leased for this channel now: one, to see whether it works again, when it is red.
    fn room(&self, channel: &dyn Channel) -> usize {
        let places = self.places.available_permits();
        match self.app.health.red(channel.name()) {
            None => places,
            Some(red) if red.try_again_at <= self.app.clock.now() => places.min(1),
            Some(_) => 0,
        }
    }

    async fn lease(
        &self,
        medium: Medium,
        channel: &'static str,
        room: usize,
    ) -> Result<Vec<(Leased, OwnedSemaphorePermit)>> {
        // Most looks find nothing: those cost a read, not a write.
        if !store::is_anything_due(self.app.db.read(), self.app.clock.now()).await? {
            return Ok(Vec::new());
        }
        let leased = self.app.db.write(move |tx| Box::pin(store::lease(tx, medium, channel, room as u64))).await?;
        let mut placed = Vec::with_capacity(leased.len());
        for delivery in leased {
            if let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
                placed.push((delivery, place));
            }
        }
        Ok(placed)
    }

    async fn send(&self, channel: Arc<dyn Channel>, leased: Leased, place: OwnedSemaphorePermit) {
        let started_at = self.app.clock.now();
        let answer = match outbound(&leased) {
            Ok(message) => channel.send(&message).await,
            Err(error) => Err(error),
        };
        self.note(channel.name(), &leased, &answer, started_at);
        let outcome = Outcome { leased, channel: channel.name(), started_at, answer, chance: rand::random() };
        self.record(outcome).await;
        drop(place);
        self.app.bus.poke(Poke::Dispatch); // the next of its line may go
    }

    /// Records the outcome, however long the database is away: thrown away, the message would be sent again.
    async fn record(&self, outcome: Outcome) {
        let mut pause = RECORD_AGAIN;
        while let Err(error) = self.outcomes.submit(outcome.clone()).await {
            let id = outcome.leased.id;
            tracing::warn!(delivery.id = id, cause = error.private(), "an attempt is not recorded yet: {error}");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_RECORD_PAUSE);
        }
    }

    fn note(
        &self,
        channel: &'static str,
        leased: &Leased,
        answer: &Result<crate::channels::Accepted, SendError>,
        at: Instant,
    ) {
        let latency_ms = (self.app.clock.now() - at).num_milliseconds();
        match answer {
            Ok(accepted) => {
                self.app.health.is_well(channel);
                tracing::info!(
                    delivery.id = leased.id,
                    delivery.attempt = leased.attempts,
                    provider.id = accepted.provider_id,
                    latency_ms,
                    "delivery accepted"
                );
            }
            Err(error) if error.retry == Retry::StopChannel => {
                let now = self.app.clock.now();
                self.app.health.goes_red(channel, now, now + CHANNEL_PAUSE, &error.advice);
            }
            Err(error) => {
                tracing::warn!(
                    delivery.id = leased.id,
                    delivery.attempt = leased.attempts,
                    latency_ms,
                    "delivery not accepted: {error}"
                );
            }
        }
    }
}

/// The delivery as a channel takes it. A row that no channel could take was not written by this program.
fn outbound(leased: &Leased) -> Result<Outbound, SendError> {
    let unsound = |what: &str| SendError {
        name: "unsound_delivery",
        code: None,
        retry: Retry::Never,
        in_doubt: false,
        advice: format!("The stored delivery has no usable {what}."),
    };
    Ok(Outbound {
        medium: Medium::named(&leased.medium).ok_or_else(|| unsound("medium"))?,
        to: E164::parse(&leased.to).map_err(|_| unsound("number"))?,
        from: leased.sender.as_deref().and_then(|sender| E164::parse(sender).ok()),
        text: leased.body.clone(),
        token: leased.token.clone(),
    })
}
