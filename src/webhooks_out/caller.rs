//! The job that calls: it leases what is due, makes the calls beside one another, and writes down how they ended.
//!
//! Each webhook has a few places of its own, so that a slow receiver holds up nobody else. No transaction is open while
//! somebody is called. A lease runs out: what a process took that died is made again, under the same id, by whoever
//! comes next; how a call ended is written down only by who has its lease.

use super::model::{Ending, Failure, Status, TEST, verdict};
use super::sign::Secret;
use super::store::{self, calls, row};
use super::wire::{Letter, Wire};
use super::{address, events, follow};
use crate::app::App;
use crate::audit::{self, EventShown};
use crate::bus::Poke;
use crate::db::{Change, Topic, Tx};
use crate::kit::{Instant, Result, token};
use crate::outbox;
use crate::pulse::Job;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// So many calls of one webhook are made at once in one process.
const AT_ONCE: u64 = 4;
/// Without a poke the job looks this often.
const TIMER: Duration = Duration::from_secs(1);
/// How long a call is one process's: as long as a receiver may take, and time to write down how it ended.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// At a stop so long calls may end that have begun.
const LONGEST_END: Duration = Duration::from_secs(10);

/// Calls webhooks. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    app: App,
    wire: Wire,
}

/// A call that ended.
#[derive(Clone, Debug)]
struct Landed {
    call: i64,
    webhook: i64,
    lease: Option<String>,
    ending: Ending,
    at: Instant,
    took_ms: i32,
    /// Draws the next wait.
    chance: f64,
}

/// The calls that one process has under way.
struct Flight<'a> {
    caller: &'a Caller,
    flying: JoinSet<Landed>,
    /// Whose each of them is.
    webhooks: HashMap<Id, i64>,
    /// Those that ended and are not written down yet.
    landed: Vec<Landed>,
}

impl Caller {
    /// The caller of this application.
    ///
    /// # Errors
    /// When the machine has no usable TLS roots.
    pub fn new(app: &App) -> Result<Self> {
        Ok(Self { app: app.clone(), wire: Wire::new(&app.settings.webhook_networks)? })
    }

    /// Runs until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut flight = Flight::new(&self);
        while !stop.is_cancelled() {
            self.app.ran(Job::Webhooks, flight.round().await);
            tokio::select! {
                () = flight.land(), if !flight.flying.is_empty() => {}
                () = self.app.bus.wait(Poke::Webhooks, TIMER) => {}
                () = stop.cancelled() => {}
            }
        }
        let ended = async {
            while !flight.flying.is_empty() {
                flight.land().await;
            }
        };
        // What has not ended by then is made again, under the same id.
        let _in_time = tokio::time::timeout(LONGEST_END, ended).await;
        if let Err(error) = flight.write_down().await {
            tracing::warn!(cause = error.private(), "how calls of webhooks ended is not written down: {error}");
        }
    }

    /// Makes all calls that are due, and answers with how many ended.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn drain(&self) -> Result<usize> {
        let (mut flight, mut ended) = (Flight::new(self), 0);
        loop {
            flight.round().await?;
            if flight.flying.is_empty() {
                return Ok(ended);
            }
            flight.land().await;
            ended += flight.landed.len();
        }
    }

    /// What is sent, or why nothing can be.
    fn letter(
        &self,
        call: &calls::row::Model,
        webhook: &row::Model,
        event: Option<&EventShown>,
    ) -> Result<Letter, Failure> {
        let at = self.app.clock.now();
        let url = address::read(&webhook.url, &self.app.settings.webhook_networks).map_err(Failure::NoAddress)?;
        let body = body(call, event).to_string();
        let (secret, old) = webhook.secrets(at);
        let secret = Secret::again(&self.app.proof.seed, &secret).ok_or(Failure::NoSecret)?;
        let mut signature = secret.sign(&call.message, at, &body);
        if let Some(old) = old.and_then(|old| Secret::again(&self.app.proof.seed, &old)) {
            signature = format!("{signature} {}", old.sign(&call.message, at, &body));
        }
        Ok(Letter { url, message: call.message.clone(), at, signature, body })
    }
}

/// What a call says: the event as the log shows it.
fn body(call: &calls::row::Model, event: Option<&EventShown>) -> Value {
    match event {
        Some(event) => json!({"type": call.event, "timestamp": event.at, "data": event}),
        None => json!({"type": TEST, "timestamp": call.created_at, "data": {"webhook": call.webhook_id}}),
    }
}

impl<'a> Flight<'a> {
    fn new(caller: &'a Caller) -> Self {
        Self { caller, flying: JoinSet::new(), webhooks: HashMap::new(), landed: Vec::new() }
    }

    /// Writes down what ended, makes calls of what happened, and begins those that are due and have a place.
    async fn round(&mut self) -> Result<()> {
        self.write_down().await?;
        follow::follow(&self.caller.app).await?;
        self.take_off().await
    }

    async fn take_off(&mut self) -> Result<()> {
        let app = &self.caller.app;
        let webhooks = store::active(app.db.read()).await?;
        let under_way = |id: i64| self.webhooks.values().filter(|webhook| **webhook == id).count() as u64;
        let rooms: Vec<(i64, u64)> = webhooks
            .iter()
            .map(|webhook| (webhook.id, AT_ONCE.saturating_sub(under_way(webhook.id))))
            .filter(|(_, room)| *room > 0)
            .collect();
        let now = app.clock.now();
        let due = calls::due(app.db.read(), &rooms, now).await?;
        if due.is_empty() {
            return Ok(());
        }
        let (lease, until) = (token::fresh(), now + LEASE);
        let taken = app.db.write_with((due, lease), move |tx, (due, lease)| {
            Box::pin(async move { calls::lease(tx, due, lease, until).await })
        });
        let taken = taken.await?;
        let positions: Vec<i64> = taken.iter().filter_map(|call| call.position).collect();
        let events = audit::as_shown(app.db.read(), outbox::at(app.db.read(), &positions).await?).await?;
        let events: HashMap<i64, EventShown> = events.into_iter().map(|event| (event.id, event)).collect();
        let webhooks: HashMap<i64, row::Model> = webhooks.into_iter().map(|webhook| (webhook.id, webhook)).collect();
        for call in taken {
            let Some(webhook) = webhooks.get(&call.webhook_id) else { continue };
            let event = call.position.and_then(|position| events.get(&position));
            let letter = self.caller.letter(&call, webhook, event);
            let begun = self.flying.spawn(make(self.caller.clone(), call, letter));
            self.webhooks.insert(begun.id(), webhook.id);
        }
        Ok(())
    }

    /// Waits until a call ends, and takes in all that have.
    async fn land(&mut self) {
        let mut next = self.flying.join_next_with_id().await;
        while let Some(ended) = next {
            let id = match ended {
                Ok((id, landed)) => {
                    self.landed.push(landed);
                    id
                }
                Err(error) => {
                    tracing::error!(%error, "a call of a webhook broke off; it is made again");
                    error.id()
                }
            };
            self.webhooks.remove(&id);
            next = self.flying.try_join_next_with_id();
        }
    }

    /// Writes down how calls ended. Where the database is away, they stay until it is back.
    async fn write_down(&mut self) -> Result<()> {
        if self.landed.is_empty() {
            return Ok(());
        }
        let app = &self.caller.app;
        let written = app.db.write_with(self.landed.clone(), |tx, landed| Box::pin(write_down(tx, landed)));
        for (webhook, event, status, problem) in written.await? {
            app.metrics.webhook_call(status);
            let event = event.as_str();
            match problem.as_deref() {
                None => tracing::info!(webhook.id = webhook, webhook.event = event, "a webhook was called"),
                Some(problem) => {
                    tracing::warn!(
                        webhook.id = webhook,
                        webhook.event = event,
                        status,
                        problem,
                        "a webhook was not told"
                    );
                }
            }
        }
        self.landed.clear();
        Ok(())
    }
}

async fn make(caller: Caller, call: calls::row::Model, letter: Result<Letter, Failure>) -> Landed {
    let begun = caller.app.clock.elapsed();
    let ending = match letter {
        Ok(letter) => caller.wire.send(letter).await,
        Err(failure) => Ending::Failed(failure),
    };
    let took = caller.app.clock.elapsed().saturating_sub(begun);
    Landed {
        call: call.id,
        webhook: call.webhook_id,
        lease: call.lease,
        ending,
        at: caller.app.clock.now(),
        took_ms: i32::try_from(took.as_millis()).unwrap_or(i32::MAX),
        chance: rand::random(),
    }
}

/// What is told of a call that was written down: its webhook, event, how it stands, and what is wrong.
type Told = (i64, String, &'static str, Option<String>);

/// Writes a set of endings down: four statements, and one more where a receiver wants no more calls.
async fn write_down(tx: &Tx, landed: &[Landed]) -> Result<Vec<Told>> {
    let (mut ids, mut webhooks): (Vec<i64>, Vec<i64>) = landed.iter().map(|one| (one.call, one.webhook)).unzip();
    ids.sort_unstable();
    webhooks.sort_unstable();
    webhooks.dedup();
    let held = store::by_ids_locked(tx, &webhooks).await?;
    let mut webhooks: HashMap<i64, row::Model> = held.into_iter().map(|webhook| (webhook.id, webhook)).collect();
    let held = calls::by_ids_locked(tx, &ids).await?;
    let mut calls: HashMap<i64, calls::row::Model> = held.into_iter().map(|call| (call.id, call)).collect();
    let (mut ended, mut touched, mut told) = (Vec::new(), HashMap::new(), Vec::new());
    let mut switched_off = Vec::new();
    for one in landed {
        let Some(call) = calls.remove(&one.call).filter(|call| call.lease == one.lease) else { continue };
        let Some(webhook) = webhooks.get_mut(&one.webhook) else { continue };
        let verdict = verdict(&one.ending, call.tries, call.give_up_at, one.at, one.chance);
        match &verdict.problem {
            None => (webhook.failing_since, webhook.last_success_at) = (None, Some(one.at)),
            Some(problem) => {
                webhook.failing_since = webhook.failing_since.or(Some(one.at));
                (webhook.last_failure_at, webhook.last_failure) = (Some(one.at), Some(problem.clone()));
            }
        }
        if verdict.is_gone && webhook.is_active {
            webhook.is_active = false;
            switched_off.push(events::SwitchedOff { webhook_id: webhook.id, by: None });
        }
        touched.insert(webhook.id, webhook.clone());
        let (status_code, answer) = match &one.ending {
            Ending::Answered { status, text, .. } => (Some(i32::from(*status)), Some(text.clone())),
            Ending::Failed(_) => (None, None),
        };
        told.push((webhook.id, call.event.clone(), outcome(verdict.status), verdict.problem.clone()));
        ended.push(calls::row::Model {
            status: verdict.status,
            due_at: verdict.due_at,
            problem: verdict.problem,
            lease: None,
            last_attempt_at: Some(one.at),
            took_ms: Some(one.took_ms),
            status_code,
            answer,
            ..call
        });
    }
    let mut touched: Vec<row::Model> = touched.into_values().collect();
    touched.sort_by_key(|webhook| webhook.id);
    store::update(tx, touched).await?;
    calls::update(tx, ended).await?;
    outbox::append(tx, &switched_off).await?;
    tx.tell_desk(Change::Some(Topic::Webhooks));
    Ok(told)
}

fn outcome(status: Status) -> &'static str {
    match status {
        Status::Pending => "retry",
        Status::Delivered => "delivered",
        Status::Parked => "parked",
    }
}
