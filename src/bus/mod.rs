//! "Something changed": pokes that wake a job before its timer does, and what is out of date in its copies.
//!
//! A poke carries nothing and may be lost: jobs work from database state only, so a lost poke costs time, never a
//! message. Without Redis all of it stays in memory. With Redis (`WHATSAPP_USE_REDIS`) pokes travel between the
//! processes that share a database, they keep limits and the pace of sending in common, and live sessions are copied
//! there for other tools to read. Nothing depends on Redis, and only [`Bus::pace`] waits for it, a moment at most.

mod changes;
mod copies;
mod link;
mod paces;
mod pokes;
mod tallies;

pub use changes::{Changes, Typing};
pub use copies::{Copied, Source};
pub use tallies::Limit;

use crate::config::Settings;
use crate::db::Change;
use crate::kit::rate::{Stand, Step};
use crate::kit::{Clock, Instant, Rate, Result};
use changes::Gathered;
use link::Link;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The pokes of one process, and its link to the others where there is Redis. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    bells: Arc<Bells>,
    changes: Arc<Gathered>,
    link: Option<Arc<Link>>,
}

/// One bell a job.
#[derive(Default)]
struct Bells {
    dispatch: Notify,
    reconcile: Notify,
    notify: Notify,
    live: Notify,
    desk: Notify,
    webhooks: Notify,
    chores: Notify,
    rules: Notify,
    texts: Notify,
}

/// Which job is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Poke {
    /// There may be deliveries to send.
    Dispatch,
    /// Messages may have been missed: ask the provider.
    Reconcile,
    /// Something happened that somebody may have to be told.
    Notify,
    /// There may be notices for those who have the desk open.
    Live,
    /// Something changed that somebody at the desk may be looking at ([`Bus::changes`]).
    Desk,
    /// There may be webhooks to call.
    Webhooks,
    /// There may be something to do that an admin asked for.
    Chores,
    /// The desk may have changed what Andon goes by.
    Rules,
    /// Texts were changed at the desk.
    Texts,
}

impl Poke {
    /// Whether other processes should hear of it. Whoever refused a message asks the provider for it, and who did
    /// something finds whom to tell, person or program; once is enough. Words are each process's own.
    fn travels(self) -> bool {
        matches!(self, Self::Dispatch | Self::Live | Self::Rules | Self::Texts)
    }
}

impl Bus {
    /// The bus that the settings ask for; it connects to nothing before [`Bus::run`].
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Setting`] when the address of Redis cannot be used.
    pub fn new(settings: &Settings, clock: &Clock) -> Result<Self> {
        let link = settings.redis_url().map(|url| Link::new(&url, &settings.redis_prefix, clock)).transpose()?;
        Ok(Self { bells: Arc::default(), changes: Arc::default(), link: link.map(Arc::new) })
    }

    /// Wakes the job, or lets it run again at once if it is running; in other processes as well.
    pub fn poke(&self, job: Poke) {
        self.ring(job);
        if let Some(link) = self.link.as_ref().filter(|_| job.travels()) {
            link.pokes.add(job);
        }
    }

    /// Waits for a poke, or for the timer.
    pub async fn wait(&self, job: Poke, at_most: Duration) {
        // Which of the two it was makes no difference to an idempotent job.
        let _either = tokio::time::timeout(at_most, self.bell(job).notified()).await;
    }

    /// Tells those at the desk, of every process, what changed. Call it after the commit; it never waits.
    pub fn tell_desk(&self, changes: impl IntoIterator<Item = Change>) {
        self.tell(&changes.into_iter().collect());
    }

    /// Tells those at the desk, of every process, who types in which conversation. It never waits.
    pub fn tell_typing(&self, typing: Typing) {
        self.tell(&typing.into());
    }

    fn tell(&self, changes: &Changes) {
        if changes.is_empty() {
            return;
        }
        self.hear(changes.clone());
        if let Some(link) = &self.link {
            link.changes.take_in(changes.clone());
            link.pokes.ring();
        }
    }

    /// What changed since this was last asked.
    pub fn changes(&self) -> Changes {
        self.changes.take()
    }

    /// Tells the other processes that something was counted against a limit, at this place. It never waits.
    pub fn counted(&self, limit: Limit, place: u64) {
        if let Some(link) = &self.link
            && link.tallies.add(limit, place)
        {
            link.pokes.ring();
        }
    }

    /// Has `hear` called with each place at which other processes counted against this limit, and how often.
    pub fn counts(&self, limit: Limit, hear: impl Fn(u64, u32) + Send + Sync + 'static) {
        if let Some(link) = &self.link {
            link.tallies.listen(limit, hear);
        }
    }

    /// Takes a step with a bucket that all processes have in common; nothing where there is no Redis, or where it does
    /// not answer at once.
    pub async fn pace(&self, sender: &str, rate: Rate, step: Step) -> Option<Stand> {
        paces::step(self.link.as_ref()?, sender, rate, step).await
    }

    /// Notes that the copies of these rows are out of date. Call it after the commit; it never waits.
    pub fn changed(&self, rows: impl IntoIterator<Item = i64>) {
        if let Some(link) = &self.link {
            link.stale.add(rows);
        }
    }

    /// Since when Redis has been away; `None` where it works, and where nobody asked for it.
    pub fn away_since(&self) -> Option<Instant> {
        self.link.as_ref()?.away_since()
    }

    /// Keeps the link to Redis: tells and hears pokes, keeps the copies of `source` up to date, connects again
    /// whenever it breaks. Runs until it is dropped; without Redis it ends at once.
    pub async fn run(&self, source: &dyn Source) {
        if let Some(link) = &self.link {
            link.run(self, source).await;
        }
    }

    /// What another process tells those at the desk.
    fn hear(&self, changes: Changes) {
        self.changes.take_in(changes);
        self.ring(Poke::Desk);
    }

    /// Wakes the job in this process.
    fn ring(&self, job: Poke) {
        self.bell(job).notify_one();
    }

    fn bell(&self, job: Poke) -> &Notify {
        match job {
            Poke::Dispatch => &self.bells.dispatch,
            Poke::Reconcile => &self.bells.reconcile,
            Poke::Notify => &self.bells.notify,
            Poke::Live => &self.bells.live,
            Poke::Desk => &self.bells.desk,
            Poke::Webhooks => &self.bells.webhooks,
            Poke::Chores => &self.bells.chores,
            Poke::Rules => &self.bells.rules,
            Poke::Texts => &self.bells.texts,
        }
    }
}
