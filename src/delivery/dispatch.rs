//! The dispatcher: leases what is due, sends it, records what became of it.
//!
//! In parallel across recipients, in order within a line: only the first open delivery of a line is ever
//! leased. Replies go before notices, which never take more than half of the places, and each sender keeps its pace. What
//! is in doubt is asked about before it is sent again. No transaction is open while a provider is asked.
//! It works from rows alone, so a restart, a second process and a lost poke are the same to it.

use super::figures;
use super::leaving::outbound;
use super::made::Made;
use super::model::{CHANNEL_PAUSE, CLOCK_SKEW, HIGH_TIDE_BREATH, Lane, OUTAGE, OUTAGE_PAUSE};
use super::pace::{Pace, Sender};
use super::presence::Presence;
use super::receipts;
use super::store::{self, Came, Carrier, Leased, Outcome};
use crate::app::App;
use crate::bus::Poke;
use crate::channels::{Channel, Medium, Retry, SendError};
use crate::db::{Batch, Change};
use crate::kit::{Instant, Result};
use crate::pulse::Job;
use chrono::TimeDelta;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many messages may be on their way to providers at once.
const IN_FLIGHT: usize = crate::kit::http::CONNECTIONS;
/// How many of them may be notices: somebody waits for a reply.
const NOTICES_IN_FLIGHT: usize = IN_FLIGHT / 2;
/// Without a poke the dispatcher looks this often.
const TIMER: Duration = Duration::from_secs(2);
/// Under load more is done at a time and less often: for each message on its way, the next look waits this long.
const BREATH: Duration = Duration::from_micros(50);
/// While more comes in than can be answered, so many are sent at a time, with [`HIGH_TIDE_BREATH`] in between:
/// answers are late then, but nobody is turned away.
const HIGH_TIDE: usize = 192;
/// Of notices so many are sent at a time then.
const HIGH_TIDE_NOTICES: usize = 16;
/// An outcome that could not be recorded is tried again after this time, doubling up to the other.
const RECORD_AGAIN: Duration = Duration::from_millis(250);
const LONGEST_RECORD_PAUSE: Duration = Duration::from_secs(10);
/// What no channel has room for just now is looked at again after this time.
const A_MOMENT: TimeDelta = TimeDelta::milliseconds(500);
/// At shutdown, messages on their way get this long to come back.
const FAREWELL: Duration = Duration::from_secs(10);

/// The dispatcher of one process. Cheap to clone.
#[derive(Clone)]
pub struct Dispatcher {
    app: App,
    presence: Presence,
    pace: Pace,
    made: Made,
    outcomes: Batch<Outcome, ()>,
    places: Arc<Semaphore>,
    for_notices: Arc<Semaphore>,
}

/// The place of a message on its way; a notice takes one of those for notices as well.
type Place = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

impl Dispatcher {
    /// Prepares the dispatcher; [`Dispatcher::run`] sets it going.
    pub fn new(app: &App, pace: &Pace) -> Self {
        let places = Arc::new(Semaphore::new(IN_FLIGHT));
        let (recorder, taken) = (app.clone(), Arc::clone(&places));
        let tide = app.clone();
        let gathers_for = move || breath(&tide, &taken);
        let outcomes = Batch::start(IN_FLIGHT, gathers_for, move |outcomes: Arc<Vec<Outcome>>| {
            let app = recorder.clone();
            Box::pin(async move {
                let count = outcomes.len();
                app.db
                    .write_with((outcomes, app.clone()), |tx, (outcomes, app)| {
                        Box::pin(store::settle(tx, outcomes, |receipt| receipts::verdict(app, receipt)))
                    })
                    .await?;
                Ok(vec![(); count])
            })
        });
        let for_notices = Arc::new(Semaphore::new(NOTICES_IN_FLIGHT));
        let (presence, pace, made) = (Presence::new(app), pace.clone(), Made::new(app));
        Self { app: app.clone(), presence, pace, made, outcomes, places, for_notices }
    }

    /// How many outcomes wait to be recorded, and how many may.
    pub fn depth(&self) -> (usize, usize) {
        self.outcomes.depth()
    }

    /// Sends until told to stop, then waits for what is on its way.
    pub async fn run(&self, stop: CancellationToken) {
        let gone = CancellationToken::new();
        let (presence, until) = (self.presence.clone(), gone.clone());
        let staying = tokio::spawn(async move { presence.stay(until).await });
        while !stop.is_cancelled() {
            let sent = self.app.ran(Job::Deliveries, self.round().await).unwrap_or(0);
            let waits = async {
                if sent == 0 {
                    self.app.bus.wait(Poke::Dispatch, self.pace.wait().map_or(TIMER, |wait| wait.min(TIMER))).await;
                } else {
                    tokio::time::sleep(breath(&self.app, &self.places)).await;
                }
            };
            tokio::select! {
                () = waits => {}
                () = stop.cancelled() => {}
            }
        }
        if tokio::time::timeout(FAREWELL, self.places.acquire_many(everything())).await.is_err() {
            tracing::warn!("some messages were still on their way at shutdown; the provider is asked about them");
        }
        gone.cancel();
        if let Err(error) = staying.await {
            tracing::error!(%error, "saying that this process is there has failed");
        }
    }

    /// Sends everything that is due, and what becomes due by it, and waits for the outcomes. Answers with the number.
    pub async fn drain(&self) -> Result<usize> {
        let mut total = 0;
        loop {
            let sent = self.round().await?;
            drop(self.places.acquire_many(everything()).await);
            if sent == 0 {
                return Ok(total);
            }
            total += sent;
        }
    }

    /// Leases what there is room for and sets it on its way.
    async fn round(&self) -> Result<usize> {
        self.presence.keep().await?;
        let mut sent = 0;
        let ways = Lane::ALL.into_iter().flat_map(|lane| Medium::ALL.map(|medium| (medium, lane)));
        for (medium, lane) in ways {
            let rooms: Vec<(Arc<dyn Channel>, usize)> = self
                .app
                .carriers(medium)
                .into_iter()
                .map(|channel| (Arc::clone(channel), self.room(channel.as_ref(), lane)))
                .collect();
            if rooms.iter().all(|(_, room)| *room == 0) {
                continue;
            }
            for (delivery, place) in self.lease((medium, lane), &rooms).await? {
                let Some(channel) = self.app.channel(delivery.channel) else { continue };
                let (dispatcher, channel) = (self.clone(), Arc::clone(channel));
                tokio::spawn(async move { dispatcher.send(channel, delivery, place).await });
                sent += 1;
            }
        }
        Ok(sent)
    }

    /// How many deliveries of a lane may be leased for this channel now: one, to see whether it works again, when it is
    /// red.
    fn room(&self, channel: &dyn Channel, lane: Lane) -> usize {
        let places = match lane {
            Lane::Replies => self.places.available_permits(),
            Lane::Notices => self.places.available_permits().min(self.for_notices.available_permits()),
        };
        let places = places.min(channel.room());
        let places = match lane {
            _ if !self.app.tide.is_high(&self.app.clock) => places,
            Lane::Replies => places.min(HIGH_TIDE),
            Lane::Notices => places.min(HIGH_TIDE_NOTICES),
        };
        match self.app.health.red(channel.name()) {
            None => places,
            Some(red) if red.try_again_at <= self.app.clock.now() => places.min(1),
            Some(_) => 0,
        }
    }

    async fn lease(
        &self,
        (medium, lane): (Medium, Lane),
        rooms: &[(Arc<dyn Channel>, usize)],
    ) -> Result<Vec<(Leased, Place)>> {
        let mut leased = Vec::new();
        let channels: Vec<Arc<dyn Channel>> = rooms.iter().map(|(channel, _)| Arc::clone(channel)).collect();
        let open: Vec<Arc<dyn Channel>> =
            rooms.iter().filter(|(_, room)| *room > 0).map(|(channel, _)| Arc::clone(channel)).collect();
        // While senders rest, looking costs nothing. Else most looks find nothing: those cost a read, not a write.
        while self.may_send(&open, medium).await?
            && store::is_anything_due(self.app.db.read(), medium, lane, self.app.clock.now()).await?
        {
            let turn = self.pace.turn(rooms, medium).await;
            if turn.most() == 0 {
                break;
            }
            for channel in &open {
                self.app.health.is_being_tried(channel.name(), self.app.clock.now() + OUTAGE_PAUSE);
            }
            let carriers: Vec<Carrier> =
                rooms.iter().map(|(channel, room)| self.carrier(channel, *room, medium)).collect();
            let with = (self.presence.next_lease(), carriers, turn.clone());
            let held_until = self.held_until(&channels, medium, lane);
            let leasing = self.app.db.write_with(with, move |tx, (lease, carriers, turn)| {
                Box::pin(async move {
                    if let Some(until) = held_until {
                        store::over_budget::hold_back(tx, medium, until).await?;
                    }
                    store::lease(tx, lease, (medium, lane), carriers, turn).await
                })
            });
            let taken = leasing.await.inspect_err(|_| self.presence.start_anew())?;
            self.pace.settle(&channels, medium, &turn, &taken).await;
            if !taken.hides_others() {
                leased = taken.leased;
                break;
            }
        }
        let mut placed = Vec::with_capacity(leased.len());
        for delivery in leased {
            let for_notice = match lane {
                Lane::Replies => None,
                Lane::Notices => Arc::clone(&self.for_notices).acquire_owned().await.ok(),
            };
            if let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
                placed.push((delivery, (place, for_notice)));
            }
        }
        Ok(placed)
    }

    /// A channel as the lease looks at it: out where there is no room because it is red, however full this process is.
    fn carrier(&self, channel: &Arc<dyn Channel>, room: usize, medium: Medium) -> Carrier {
        let now = self.app.clock.now();
        let red_until = self.app.health.red(channel.name()).map(|red| red.try_again_at);
        let out_until = (room == 0).then(|| red_until.unwrap_or(now).max(now + A_MOMENT));
        Carrier { channel: Arc::clone(channel), sender: channel.sender(medium), out_until }
    }

    /// Whether a sender of this medium may send. Where all that are known rest, others are looked for from time to time.
    async fn may_send(&self, channels: &[Arc<dyn Channel>], medium: Medium) -> Result<bool> {
        if !self.pace.rests(channels, medium) {
            return Ok(true);
        }
        if !channels.first().is_some_and(|first| self.pace.wonders(first.as_ref(), medium)) {
            return Ok(false);
        }
        let names = store::waiting_senders(self.app.db.read(), medium).await?;
        self.pace.meet(channels, medium, names);
        Ok(!self.pace.rests(channels, medium))
    }

    /// Until when what is not urgent is held back in this lane, because it would cost and the budget is spent.
    fn held_until(&self, channels: &[Arc<dyn Channel>], medium: Medium, lane: Lane) -> Option<Instant> {
        let costs = lane == Lane::Notices && channels.iter().any(|channel| channel.bills(medium));
        self.app.health.holds_back_until(self.app.clock.now()).filter(|_| costs)
    }

    async fn send(&self, channel: Arc<dyn Channel>, leased: Leased, place: Place) {
        let started_at = self.app.clock.now();
        let mut message = outbound(&leased);
        if let (Ok(message), None) = (&mut message, leased.doubted_at) {
            message.made = self.made.of(&channel, message).await;
        }
        let came = match (message, leased.doubted_at) {
            // Last of all: whatever took its time before may have outlasted the lease.
            _ if !self.presence.has(&leased) => Came::Sent(Err(lease_ran_out())),
            (Ok(message), None) => Came::Sent(channel.send(&message).await),
            (Ok(message), Some(since)) => Came::Asked(channel.sent_to(&message, since - CLOCK_SKEW).await),
            (Err(unsound), _) => Came::Sent(Err(unsound)),
        };
        let came = self.keep_pace(channel.as_ref(), &leased, came).await;
        self.note(channel.name(), &leased, &came, started_at);
        let code = if let Came::Sent(Err(error)) = &came { error.code } else { None };
        let is_opt_out = code.is_some_and(|code| channel.is_opt_out(code));
        let is_shut = code.is_some_and(|code| channel.is_window_shut(code));
        let shut = is_shut.then(|| leased.sender.clone().or_else(|| channel.sender(Medium::Whatsapp))).flatten();
        let is_billed = Medium::named(&leased.medium).is_some_and(|medium| channel.bills(medium));
        let goes_elsewhere = self.goes_elsewhere(channel.name(), &leased, &came);
        let (channel, chance, person) = (channel.name(), rand::random(), leased.person_id);
        let outcome =
            Outcome { leased, channel, started_at, came, is_opt_out, is_billed, shut, goes_elsewhere, chance };
        self.record(outcome).await;
        self.app.bus.tell_desk([Change::Conversation(person)]);
        drop(place);
        self.app.bus.poke(Poke::Dispatch); // the next of its line may go
    }

    /// Whether what the channel refused goes by another one: because the channel is out altogether, or, once, because it
    /// is in the way of this delivery.
    fn goes_elsewhere(&self, channel: &str, leased: &Leased, came: &Came) -> bool {
        let Came::Sent(Err(error)) = came else { return false };
        let is_for_another = match error.retry {
            Retry::StopChannel => true,
            Retry::Elsewhere => leased.error_code.is_none(),
            _ => false,
        };
        is_for_another && Medium::named(&leased.medium).is_some_and(|medium| self.app.is_another_up(channel, medium))
    }

    /// Has the sender go faster or slower by what came; what was too much goes again when the sender may.
    async fn keep_pace(&self, channel: &dyn Channel, leased: &Leased, mut came: Came) -> Came {
        let Some(medium) = Medium::named(&leased.medium) else { return came };
        let sender = || Sender::of(channel, medium, leased.sender.as_deref());
        match &mut came {
            Came::Sent(Ok(_)) => self.pace.works(channel, &sender()).await,
            Came::Sent(Err(error)) | Came::Asked(Err(error)) => {
                if let Retry::Slower(asked) = error.retry {
                    error.retry = Retry::Slower(Some(self.pace.refused(channel, &sender(), asked).await));
                }
                if error.retry == Retry::SlowerToOne {
                    self.pace.was_too_much_to(medium, leased.address_id);
                }
            }
            Came::Asked(Ok(_)) => {}
        }
        came
    }

    /// Records the outcome, however long the database is away: thrown away, the message would be in doubt.
    async fn record(&self, outcome: Outcome) {
        let mut pause = RECORD_AGAIN;
        while let Err(error) = self.outcomes.submit(outcome.clone()).await {
            let id = outcome.leased.id;
            tracing::warn!(delivery.id = id, cause = error.private(), "an attempt is not recorded yet: {error}");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_RECORD_PAUSE);
        }
    }

    fn note(&self, channel: &'static str, leased: &Leased, came: &Came, at: Instant) {
        let now = self.app.clock.now();
        let latency_ms = (now - at).num_milliseconds();
        figures::record(&self.app, channel, leased, came, at);
        let (id, attempt) = (leased.id, leased.attempts);
        let error = match came {
            Came::Sent(Ok(accepted)) => {
                self.app.health.is_well(channel);
                let provider_id = &accepted.provider_id;
                tracing::info!(
                    delivery.id = id,
                    delivery.attempt = attempt,
                    provider.id = provider_id,
                    delivery.latency_ms = latency_ms,
                    "delivery accepted"
                );
                return;
            }
            Came::Asked(Ok(_)) => return self.app.health.is_well(channel),
            Came::Sent(Err(error)) | Came::Asked(Err(error)) => error,
        };
        if error.retry == Retry::StopChannel {
            return self.app.health.goes_red(channel, now, now + CHANNEL_PAUSE, &error.advice);
        }
        tracing::warn!(
            delivery.id = id,
            delivery.attempt = attempt,
            delivery.is_question = matches!(came, Came::Asked(_)),
            delivery.latency_ms = latency_ms,
            "delivery not accepted: {error}"
        );
        if error.is_outage && self.app.health.stumbles(channel) >= OUTAGE {
            self.app.health.goes_red(channel, now, now + OUTAGE_PAUSE, &error.advice);
        }
    }
}

/// Every place there is.
fn everything() -> u32 {
    u32::try_from(IN_FLIGHT).unwrap_or(u32::MAX)
}

/// How long to wait, so that more is done at a time, when much is on its way or much comes in.
fn breath(app: &App, places: &Semaphore) -> Duration {
    let least = if app.tide.is_high(&app.clock) { HIGH_TIDE_BREATH } else { Duration::ZERO };
    least.max(BREATH * u32::try_from(IN_FLIGHT.saturating_sub(places.available_permits())).unwrap_or(0))
}

/// This process was paused for so long that others may have taken its leases.
fn lease_ran_out() -> SendError {
    SendError {
        name: "lease_ran_out",
        code: None,
        retry: Retry::Later(Some(Duration::ZERO)),
        in_doubt: false,
        is_outage: false,
        advice: "Andon stood still between taking the message up and sending it. Is the machine overloaded?".to_owned(),
    }
}
