//! What has to be at a provider before choices can be shown: made once for a shape, remembered in the database, looked up
//! in memory afterwards.
//!
//! A reply never waits long for it: while a provider does not make it, the text goes alone, and it is tried again later.
//! Where two processes make the same at once, the one that is remembered first is used by both from then on. No
//! transaction is open while a provider is asked.

use super::store;
use crate::app::App;
use crate::channels::{Channel, Need, Outbound, Retry};
use crate::kit::Instant;
use chrono::TimeDelta;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a message waits for what its choices need.
const PATIENCE: Duration = Duration::from_secs(3);
/// What a provider refused to make is asked for again after this time.
const REFUSED_FOR: TimeDelta = TimeDelta::hours(1);
/// A provider that did not answer is asked for anything again after this time.
const AWAY_FOR: TimeDelta = TimeDelta::minutes(1);

/// With so many shapes no more are made: words of many lines have many shapes, and whoever writes them decides how many.
const MOST_SHAPES: usize = 500;

/// What is known of a shape.
#[derive(Clone)]
enum Known {
    Made(String),
    /// Not to be had before.
    NotBefore(Instant),
}

impl Known {
    fn id(self) -> Option<String> {
        if let Self::Made(id) = self { Some(id) } else { None }
    }
}

/// What was made, as far as this process knows. Cheap to clone.
#[derive(Clone)]
pub(super) struct Made {
    app: App,
    known: Arc<Mutex<HashMap<String, Known>>>,
    /// Held while something is being made, so that a shape is made once.
    making: Arc<tokio::sync::Mutex<()>>,
}

impl Made {
    pub(super) fn new(app: &App) -> Self {
        Self { app: app.clone(), known: Arc::default(), making: Arc::default() }
    }

    /// The provider's id of what this message's choices need; none where they need nothing, or it is not to be had now.
    pub(super) async fn of(&self, channel: &Arc<dyn Channel>, message: &Outbound) -> Option<String> {
        let need = channel.needs(message)?;
        if let Some(known) = self.settled(channel.name(), &need) {
            return known.id();
        }
        // A task of its own: what a provider makes late is remembered all the same.
        let (made, maker) = (self.clone(), Arc::clone(channel));
        let making = tokio::spawn(async move { made.have_made(maker.as_ref(), &need).await });
        if let Ok(made) = tokio::time::timeout(PATIENCE, making).await {
            return made.unwrap_or_default();
        }
        self.note(channel.name(), Known::NotBefore(self.app.clock.now() + AWAY_FOR));
        None
    }

    async fn have_made(&self, channel: &dyn Channel, need: &Need) -> Option<String> {
        let _turn = self.making.lock().await;
        if let Some(known) = self.settled(channel.name(), need) {
            return known.id();
        }
        let remembered = store::made::of(self.app.db.read(), &need.key).await.unwrap_or_default();
        let id = match remembered {
            Some(id) => id,
            None => match channel.make(need).await {
                Ok(id) => self.remember(channel.name(), need, id).await,
                Err(error) => {
                    tracing::warn!(channel.name = channel.name(), "choices go as text for now: {error}");
                    let is_refused = error.retry == Retry::Never && !error.in_doubt && !error.is_outage;
                    let (key, wait) =
                        if is_refused { (need.key.as_str(), REFUSED_FOR) } else { (channel.name(), AWAY_FOR) };
                    self.note(key, Known::NotBefore(self.app.clock.now() + wait));
                    return None;
                }
            },
        };
        self.note(&need.key, Known::Made(id.clone()));
        Some(id)
    }

    /// Remembers what was made; where the database is away, this process alone does.
    async fn remember(&self, channel: &'static str, need: &Need, id: String) -> String {
        let (shape, made) = (need.key.clone(), id.clone());
        let remembering = self.app.db.write_with((shape, made), move |tx, (shape, made)| {
            Box::pin(async move { store::made::remember(tx, channel, shape, made).await })
        });
        match remembering.await {
            Ok(remembered) => remembered.unwrap_or(id),
            Err(error) => {
                tracing::warn!(cause = error.private(), "what was made for choices is not remembered: {error}");
                id
            }
        }
    }

    /// What this process knows without asking anybody: the id, or that there is none for now. Nothing where it has to ask.
    fn settled(&self, channel: &str, need: &Need) -> Option<Known> {
        let (now, known) = (self.app.clock.now(), self.known());
        if let Some(made @ Known::Made(_)) = known.get(&need.key) {
            return Some(made.clone());
        }
        let waits = |key: &str| matches!(known.get(key), Some(Known::NotBefore(at)) if *at > now);
        let is_settled = waits(&need.key) || waits(channel) || known.len() >= MOST_SHAPES;
        is_settled.then_some(Known::NotBefore(now))
    }

    fn note(&self, key: &str, known: Known) {
        self.known().insert(key.to_owned(), known);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
