//! The pace of sending: each sender of ours as fast as its provider takes messages, and each person as fast as they may
//! be written to.
//!
//! A delivery is leased only where its sender's bucket lets it go, so what waits for its turn costs nothing, and holds up
//! no other sender and no other medium. A sender that was refused as too fast pauses for as long as it is told, goes on
//! at half its rate and comes back step by step (`kit/rate.rs`). Senders' buckets are shared by Redis where there is
//! one; without it, or while it is away, each process has the whole rate for itself. What goes to one person is counted
//! here and told to the others, as limits are.

mod recipients;
mod turn;

pub(crate) use turn::Due;
pub use turn::{Taken, Turn};

use crate::app::App;
use crate::bus::Limit;
use crate::channels::{Channel, Medium};
use crate::kit::rate::{Bucket, Stand, Step, WHOLE};
use recipients::Recipients;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use turn::Grant;

/// A sender whose bucket is empty rests for this long at least: then several go at once.
const BREATH: Duration = Duration::from_millis(50);
/// While all senders that are known rest, others are looked for this often.
const WONDER: Duration = Duration::from_secs(5);

/// A sender of ours: a number, a service, or a channel as a whole (then its name is empty).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sender {
    channel: &'static str,
    medium: Medium,
    name: String,
}

impl Sender {
    /// The sender with this name, or else the channel's default.
    pub fn of(channel: &dyn Channel, medium: Medium, name: Option<&str>) -> Self {
        let name = name.map(str::to_owned).or_else(|| channel.default_sender(medium)).unwrap_or_default();
        Self { channel: channel.name(), medium, name }
    }

    /// Its name in Redis.
    fn key(&self) -> String {
        format!("{}:{}:{}", self.channel, self.medium.as_str(), self.name)
    }
}

/// The pace of one process. Cheap to clone.
#[derive(Clone)]
pub struct Pace {
    app: App,
    senders: Arc<Mutex<BTreeMap<Sender, Known>>>,
    recipients: Option<Recipients>,
}

/// What is known here of a sender.
#[derive(Default)]
struct Known {
    /// Its own bucket, for when none is shared.
    bucket: Bucket,
    /// Whether it is slowed down.
    is_slowed: bool,
    /// Until when it has nothing to give, on the clock that never runs back.
    rests_until: Duration,
    /// When other senders than those known were looked for; kept with the default one.
    wondered_at: Option<Duration>,
}

impl Pace {
    /// The pace of the senders of these settings, all of them rested.
    pub fn new(app: &App) -> Self {
        let limited = |medium| app.carriers(medium).into_iter().find_map(|channel| channel.rate_to_one(medium));
        let recipients =
            Medium::ALL.into_iter().find_map(|medium| Some(Recipients::new(&app.clock, medium, limited(medium)?)));
        if let Some(recipients) = recipients.clone() {
            app.bus.counts(Limit::ToOne, move |place, times| recipients.written_to_elsewhere(place, times));
        }
        Self { app: app.clone(), senders: Arc::default(), recipients }
    }

    /// Whether every sender of this medium at these channels has nothing to give just now.
    pub(super) fn rests(&self, channels: &[Arc<dyn Channel>], medium: Medium) -> bool {
        let now = self.app.clock.elapsed();
        let all: Vec<Sender> = channels.iter().flat_map(|channel| self.senders_of(channel.as_ref(), medium)).collect();
        let senders = self.lock();
        all.iter().all(|sender| senders.get(sender).is_some_and(|known| known.rests_until > now))
    }

    /// Whether it is time to look for senders that are not known, because all that are known rest.
    pub(super) fn wonders(&self, channel: &dyn Channel, medium: Medium) -> bool {
        let now = self.app.clock.elapsed();
        let mut senders = self.lock();
        let known = senders.entry(Sender::of(channel, medium, None)).or_default();
        let wonders = known.wondered_at.is_none_or(|at| now >= at + WONDER);
        if wonders {
            known.wondered_at = Some(now);
        }
        wonders
    }

    /// These senders are there as well, each at the channel that knows it.
    pub(super) fn meet(&self, channels: &[Arc<dyn Channel>], medium: Medium, names: impl IntoIterator<Item = String>) {
        let mut senders = self.lock();
        for name in names {
            let whose = channels.iter().find(|channel| channel.knows_sender(&name)).or(channels.first());
            if let Some(channel) = whose {
                senders.entry(Sender::of(channel.as_ref(), medium, Some(&name))).or_default();
            }
        }
    }

    /// When the next sender that rests has something to give; nothing where none rests.
    pub(super) fn wait(&self) -> Option<Duration> {
        let now = self.app.clock.elapsed();
        self.lock().values().filter_map(|known| known.rests_until.checked_sub(now)).filter(|wait| !wait.is_zero()).min()
    }

    /// What may be leased of this medium now, of each channel so many deliveries at most. Goes back by [`Pace::settle`].
    pub(super) async fn turn(&self, rooms: &[(Arc<dyn Channel>, usize)], medium: Medium) -> Turn {
        let mut grants = Vec::new();
        for (channel, room) in rooms.iter().filter(|(_, room)| *room > 0) {
            for sender in self.senders_of(channel.as_ref(), medium) {
                let rate = channel.rate(medium, &sender.name);
                let stand = self.step(channel.as_ref(), &sender, Step::Take(*room)).await;
                grants.push(Grant { sender, rate, granted: stand.granted, wait: stand.wait });
            }
        }
        let recipients = self.recipients.clone().filter(|recipients| recipients.medium == medium);
        let first = rooms.first().map(|(channel, _)| Sender::of(channel.as_ref(), medium, None).name);
        let room = rooms.iter().map(|(_, room)| *room).max().unwrap_or(0);
        Turn::new(first.unwrap_or_default(), grants, room, recipients)
    }

    /// Gives back what was not leased after all, counts what was, and remembers senders that were not known yet.
    pub(super) async fn settle(&self, channels: &[Arc<dyn Channel>], medium: Medium, turn: &Turn, taken: &Taken) {
        for (sender, unused) in turn.unused(&taken.leased) {
            if let Some(channel) = channels.iter().find(|channel| channel.name() == sender.channel) {
                self.step(channel.as_ref(), sender, Step::GiveBack(unused)).await;
            }
        }
        if let Some(recipients) = self.recipients.as_ref().filter(|recipients| recipients.medium == medium) {
            for delivery in &taken.leased {
                recipients.written_to(delivery.address_id);
                self.app.bus.counted(Limit::ToOne, delivery.address_id.unsigned_abs());
            }
        }
        self.meet(channels, medium, taken.strangers.iter().cloned());
    }

    /// The provider says that this address was written to too much.
    pub(super) fn was_too_much_to(&self, medium: Medium, address_id: i64) {
        if let Some(recipients) = self.recipients.as_ref().filter(|recipients| recipients.medium == medium) {
            recipients.was_too_much(address_id);
        }
    }

    /// The provider refused a message of this sender's: too many at once. Answers with how long the sender pauses, which
    /// is never no time at all.
    pub(super) async fn refused(&self, channel: &dyn Channel, sender: &Sender, asked: Option<Duration>) -> Duration {
        let asked = asked.filter(|asked| !asked.is_zero());
        let wait = self.step(channel, sender, Step::Refused(asked)).await.wait;
        let (channel, medium) = (sender.channel, sender.medium.as_str());
        let pause_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(channel.name = channel, medium, sender.pause_ms = pause_ms, "the sender pauses");
        wait
    }

    /// The provider says of a message that it took from this sender a while ago: it was too many. What is under way goes
    /// on, at half the rate.
    pub(super) async fn was_too_fast(&self, channel: &dyn Channel, sender: &Sender) {
        self.step(channel, sender, Step::Refused(Some(Duration::ZERO))).await;
    }

    /// The provider took a message of this sender's: where it was slowed down, it may go a little faster again.
    pub(super) async fn works(&self, channel: &dyn Channel, sender: &Sender) {
        let is_slowed = self.lock().get(sender).is_some_and(|known| known.is_slowed);
        if is_slowed {
            self.step(channel, sender, Step::Works).await;
        }
    }

    async fn step(&self, channel: &dyn Channel, sender: &Sender, step: Step) -> Stand {
        let rate = channel.rate(sender.medium, &sender.name);
        let shared = match rate {
            Some(rate) => self.app.bus.pace(&sender.key(), rate, step).await,
            None => None,
        };
        let now = self.app.clock.elapsed();
        let (stand, was_slowed) = {
            let mut senders = self.lock();
            let known = senders.entry(sender.clone()).or_default();
            let stand = shared.unwrap_or_else(|| known.bucket.step(rate, step, now));
            known.rests_until = if stand.wait.is_zero() { Duration::ZERO } else { now + stand.wait.max(BREATH) };
            (stand, std::mem::replace(&mut known.is_slowed, stand.share < WHOLE))
        };
        let (name, medium) = (sender.name.as_str(), sender.medium.as_str());
        if !was_slowed && stand.share < WHOLE {
            tracing::warn!(
                channel.name = sender.channel,
                medium,
                sender.name = name,
                "the provider takes fewer messages than were sent: the sender slows down"
            );
        } else if was_slowed && stand.share == WHOLE {
            tracing::info!(
                channel.name = sender.channel,
                medium,
                sender.name = name,
                "the sender is as fast as before"
            );
        }
        stand
    }

    /// The senders of this medium that are known, the default one among them.
    fn senders_of(&self, channel: &dyn Channel, medium: Medium) -> Vec<Sender> {
        let default = Sender::of(channel, medium, None);
        let mut senders = self.lock();
        senders.entry(default).or_default();
        let is_of = |sender: &&Sender| sender.channel == channel.name() && sender.medium == medium;
        senders.keys().filter(is_of).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Sender, Known>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
