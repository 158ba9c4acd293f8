//! The link to Redis: connected in the background, and connected again whenever it breaks.
//!
//! Three things share it, and the first to fail takes the others down with it: telling pokes, hearing them, keeping
//! copies; the pace of sending goes by it as well. Redis being away is told once, with the reason; then it is tried again after ¼ s, ½ s … 15 s, and told
//! once more when it works. What piles up meanwhile is bounded: one poke a kind, and the rows whose copies are stale.

use super::Bus;
use super::changes::Gathered;
use super::copies::{self, Source, Stale};
use super::paces::Paces;
use super::pokes::{self, Pending};
use super::tallies::Tallies;
use crate::kit::{Clock, Error, Instant, Result, token};
use redis::aio::PubSubStream;
use redis::{AsyncConnectionConfig, RedisError, RedisResult};
use secrecy::{ExposeSecret as _, SecretString};
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long Redis may take to accept a connection, and to answer; slower than this counts as away.
const PATIENCE: Duration = Duration::from_secs(2);
/// The first pause after a failure; each next one is twice as long, up to the other.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A link that held for this long begins with the first pause again.
const STEADY: Duration = Duration::from_mins(1);

/// The link of one process.
pub(super) struct Link {
    client: redis::Client,
    /// What all keys and the channel begin with.
    prefix: String,
    /// Who speaks: our own pokes come back to us and are told apart by it.
    pub(super) process: String,
    /// What other processes have not been told yet.
    pub(super) pokes: Pending,
    /// What changed, as far as other processes have not been told yet.
    pub(super) changes: Gathered,
    /// What was counted against limits.
    pub(super) tallies: Tallies,
    /// The copies that are out of date.
    pub(super) stale: Stale,
    /// The way to the buckets that processes have in common.
    pub(super) paces: Paces,
    clock: Clock,
    away_since: Mutex<Option<Instant>>,
}

impl Link {
    /// Prepares the link; nothing is connected yet.
    ///
    /// # Errors
    /// When the address cannot be used; the text does not repeat it, since it may hold a password.
    pub(super) fn new(url: &SecretString, prefix: &str, clock: &Clock) -> Result<Self> {
        let client = redis::Client::open(url.expose_secret())
            .map_err(|error| Error::setting("REDIS_URL: cannot be used as the address of Redis.").because(error))?;
        Ok(Self {
            client,
            prefix: prefix.to_owned(),
            process: token::fresh(),
            pokes: Pending::default(),
            changes: Gathered::default(),
            tallies: Tallies::default(),
            stale: Stale::default(),
            paces: Paces::default(),
            clock: clock.clone(),
            away_since: Mutex::default(),
        })
    }

    /// A name within Redis.
    pub(super) fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Works for ever; see [`Bus::run`].
    pub(super) async fn run(&self, bus: &Bus, source: &dyn Source) {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = tokio::time::Instant::now();
            let Err(error) = self.work(bus, source).await;
            self.paces.close();
            self.is_away(&error);
            if began.elapsed() >= STEADY {
                pause = FIRST_PAUSE;
            }
            // Processes that lost Redis together do not all come back in the same moment.
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Connects and works until something fails.
    async fn work(&self, bus: &Bus, source: &dyn Source) -> RedisResult<Infallible> {
        let patient =
            AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
        let teller = self.client.get_multiplexed_async_connection_with_config(&patient).await?;
        let ears = tokio::time::timeout(PATIENCE, self.listen()).await.unwrap_or_else(|_| Err(silent()))?;
        let copier = teller.clone();
        self.paces.open(teller.clone());
        tokio::try_join!(pokes::tell(self, teller), pokes::hear(self, bus, ears), copies::keep(self, copier, source))
            .map(|(never, _, _)| never)
    }

    async fn listen(&self) -> RedisResult<PubSubStream> {
        let (mut sink, stream) = self.client.get_async_pubsub().await?.split();
        sink.subscribe(self.named(pokes::CHANNEL)).await?;
        Ok(stream)
    }

    /// Since when Redis has been away.
    pub(super) fn away_since(&self) -> Option<Instant> {
        *self.lock()
    }

    /// Notes that Redis works.
    pub(super) fn is_well(&self) {
        if self.lock().take().is_some() {
            tracing::info!("Redis works again");
        }
    }

    fn is_away(&self, error: &RedisError) {
        let mut since = self.lock();
        if since.is_none() {
            *since = Some(self.clock.now());
            tracing::warn!(
                "Redis is away ({}). Everything works without it; pokes between processes and copies of sessions wait \
                 until it is back, and each process keeps limits and its pace for itself. Check Redis and REDIS_URL.",
                words(error)
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.away_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Redis holds the connection but says nothing.
pub(super) fn silent() -> RedisError {
    io::Error::new(ErrorKind::TimedOut, "it does not answer in time").into()
}

/// The reason in Redis's own words where it gave one, of many the first.
fn words(error: &RedisError) -> String {
    let refusals = error.clone().into_server_errors();
    match refusals.as_deref().and_then(<[_]>::first) {
        Some((_, refusal)) => format!("{} {}", refusal.code(), refusal.details().unwrap_or_default()),
        None => error.to_string(),
    }
}
