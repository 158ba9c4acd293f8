//! `App`: what every feature may use. One per process, cheap to clone.

use crate::bus::Bus;
use crate::channels::{Channel, Medium};
use crate::config::{ChatAccess, Rules, Settings};
use crate::db::Db;
use crate::kit::{Clock, Instant, Metrics, Result, Tide};
use crate::proof::Proof;
use crate::pulse::{Job, Pulse};
use crate::vault::Vault;
use crate::wording::Wording;
use crate::wording::in_force::WordsInForce;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// What every feature may use.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// Every setting.
    pub settings: Settings,
    /// The database.
    pub db: Db,
    /// Now.
    pub clock: Clock,
    /// Pokes.
    pub bus: Bus,
    /// Every word a person reads; [`App::wording`] is what holds now.
    pub words: WordsInForce,
    /// The providers, in order of preference.
    pub channels: Vec<Arc<dyn Channel>>,
    /// Where files are kept.
    pub vault: Vault,
    /// Checks who somebody is.
    pub proof: Proof,
    /// What Andon goes by.
    pub rules: RulesInForce,
    /// What is out of order.
    pub health: Health,
    /// Figures for whoever watches.
    pub metrics: Metrics,
    /// Whether more comes in than can be answered.
    pub tide: Tide,
    /// How the jobs went.
    pub pulse: Pulse,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Every word a person reads, as it holds now. Whoever speaks several times in one answer takes it once.
    pub fn wording(&self) -> Arc<Wording> {
        self.words.now()
    }

    /// Notes how a job went, and says in the log that it has to wait where it failed. Answers with what it did.
    pub fn ran<T>(&self, job: Job, came: Result<T>) -> Option<T> {
        self.pulse.beats(job, self.clock.now(), came.as_ref().err());
        let job = job.as_str();
        came.inspect_err(|error| tracing::warn!(job, cause = error.private(), "a job has to wait: {error}")).ok()
    }

    /// The channel with this stored name.
    pub fn channel(&self, name: &str) -> Option<&Arc<dyn Channel>> {
        self.channels.iter().find(|channel| channel.name() == name)
    }

    /// What Andon goes by: as the desk says, else as the settings do. A copy that others may swap for a newer one.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.now()
    }

    /// Whether any number may use the floor's options.
    pub fn chat_is_open(&self) -> bool {
        self.settings.chat_access == ChatAccess::Open
    }

    /// The most characters a message may have on every channel and medium there is.
    pub fn max_chars(&self) -> usize {
        let limits = self.channels.iter().flat_map(|c| Medium::ALL.map(|medium| c.max_chars(medium)));
        limits.min().unwrap_or(1600)
    }

    /// The channels that carry this medium, in order of preference.
    pub fn carriers(&self, medium: Medium) -> Vec<&Arc<dyn Channel>> {
        let is_off = medium == Medium::Whatsapp && !self.settings.whatsapp_enabled;
        self.channels.iter().filter(|channel| !is_off && channel.carries(medium)).collect()
    }

    /// Whether another channel than this one carries this medium too, and is not out.
    pub fn is_another_up(&self, channel: &str, medium: Medium) -> bool {
        let carriers = self.carriers(medium);
        let mut others = carriers.iter().map(|other| other.name()).filter(|other| *other != channel);
        others.any(|other| self.health.red(other).is_none())
    }

    /// The channel that carries this medium before others, if one can.
    pub fn carrier(&self, medium: Medium) -> Option<&Arc<dyn Channel>> {
        carrier(&self.settings, &self.channels, medium)
    }
}

/// The channel that carries this medium before others with these settings, if one can.
pub fn carrier<'a>(
    settings: &Settings,
    channels: &'a [Arc<dyn Channel>],
    medium: Medium,
) -> Option<&'a Arc<dyn Channel>> {
    let is_off = medium == Medium::Whatsapp && !settings.whatsapp_enabled;
    channels.iter().find(|channel| !is_off && channel.carries(medium))
}

/// The rules that one process goes by.
#[derive(Debug)]
pub struct RulesInForce {
    rules: Mutex<Arc<Rules>>,
    /// What is wrong with those that are passed over.
    wrong: Mutex<Vec<String>>,
    /// Held from reading them to swapping them, so that older ones never come after newer ones.
    pub turn: tokio::sync::Mutex<()>,
}

impl RulesInForce {
    /// These.
    pub fn new(rules: Rules) -> Self {
        Self { rules: Mutex::new(Arc::new(rules)), wrong: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    fn now(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From here on these.
    pub fn swap(&self, rules: Rules) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// Notes what is wrong with rules that are passed over; whether that is news.
    pub fn passed_over(&self, wrong: &[String]) -> bool {
        let mut known = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == wrong {
            return false;
        }
        wrong.clone_into(&mut known);
        true
    }
}

/// Channels that are out, each with the reason an operator reads.
#[derive(Debug, Default)]
pub struct Health {
    red: Mutex<HashMap<&'static str, Red>>,
    budget: Mutex<Option<Budget>>,
    /// Failures one after the other.
    stumbles: Mutex<HashMap<&'static str, u32>>,
}

/// A channel that refuses everything or is away: its queue is kept, and one message is tried from time to time.
#[derive(Clone, Debug)]
pub struct Red {
    /// Since when.
    pub since: Instant,
    /// When it is worth another try.
    pub try_again_at: Instant,
    /// What to do about it.
    pub advice: String,
}

/// How far the month's budget for messages is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Used {
    /// Not worth a word; also where there is no budget.
    Little,
    /// Most of it.
    Much,
    /// All of it.
    All,
}

/// How the month's budget for messages was when it was looked at last.
#[derive(Clone, Debug)]
pub struct Budget {
    /// How far it is used up.
    pub used: Used,
    /// When the month ends.
    pub ends_at: Instant,
    /// Until then notices wait that are not urgent.
    pub holds_back: bool,
    /// What an operator reads.
    pub says: String,
}

impl Health {
    /// Notes how the budget is; answers with how it was.
    pub fn note_budget(&self, budget: Budget) -> Option<Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).replace(budget)
    }

    /// How the budget was at the last look; none before the first one.
    pub fn budget(&self) -> Option<Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Until when notices wait that are not urgent, where they do.
    pub fn holds_back_until(&self, now: Instant) -> Option<Instant> {
        self.budget().filter(|budget| budget.holds_back && budget.ends_at > now).map(|budget| budget.ends_at)
    }

    /// The channel's outage, if it is out.
    pub fn red(&self, channel: &str) -> Option<Red> {
        self.lock().get(channel).cloned()
    }

    /// Notes that the channel refused; raises the alarm the first time only.
    pub fn goes_red(&self, channel: &'static str, now: Instant, try_again_at: Instant, advice: &str) {
        let mut red = self.lock();
        let is_new = !red.contains_key(channel);
        let since = red.get(channel).map_or(now, |red| red.since);
        red.insert(channel, Red { since, try_again_at, advice: advice.to_owned() });
        drop(red);
        if is_new {
            tracing::error!(channel.name = channel, advice, "the channel is out; its queue is kept");
        }
    }

    /// Notes that a channel which is out is just being tried; the next try is worth its while at `next_at`.
    pub fn is_being_tried(&self, channel: &str, next_at: Instant) {
        if let Some(red) = self.lock().get_mut(channel) {
            red.try_again_at = red.try_again_at.max(next_at);
        }
    }

    /// Notes that the channel failed as a whole; answers with how often it did so since it last worked.
    pub fn stumbles(&self, channel: &'static str) -> u32 {
        let mut stumbles = self.stumbles.lock().unwrap_or_else(PoisonError::into_inner);
        let count = stumbles.entry(channel).or_default();
        *count = count.saturating_add(1);
        *count
    }

    /// Notes that the channel works.
    pub fn is_well(&self, channel: &str) {
        self.stumbles.lock().unwrap_or_else(PoisonError::into_inner).remove(channel);
        let was_red = self.lock().remove(channel).is_some();
        if was_red {
            tracing::info!(channel.name = channel, "the channel works again");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, Red>> {
        self.red.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
