//! Buckets that processes have in common: one script a step, which Redis runs as a whole and by its own clock.
//!
//! **Shape** in Redis: a hash `<prefix>pace:<channel>:<medium>:<sender>` with the fields of [`crate::kit::rate::Bucket`],
//! which goes by itself ten minutes after the bucket is full.

use super::link::Link;
use crate::kit::Rate;
use crate::kit::rate::{FIRST_PAUSE, LAST_PAUSE, LONGEST_PAUSE, RAISE, Stand, Step, WHOLE, micros};
use redis::RedisResult;
use redis::aio::MultiplexedConnection;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

const SCRIPT: &str = include_str!("paces.lua");
/// Nobody waits longer for a bucket: who sends goes by its own then.
const PATIENCE: Duration = Duration::from_millis(250);
/// After a step that failed Redis is not asked for this long.
const REST: Duration = Duration::from_secs(5);

/// The way to the buckets: open while the link works.
#[derive(Default)]
pub(super) struct Paces(Mutex<Way>);

#[derive(Default)]
struct Way {
    redis: Option<MultiplexedConnection>,
    /// Until when it is not asked.
    rests_until: Option<Instant>,
    /// Whether the log knows that it fails.
    is_told: bool,
}

impl Paces {
    pub(super) fn open(&self, redis: MultiplexedConnection) {
        let mut way = self.lock();
        (way.redis, way.rests_until) = (Some(redis), None);
    }

    pub(super) fn close(&self) {
        self.lock().redis = None;
    }

    fn connection(&self) -> Option<MultiplexedConnection> {
        let way = self.lock();
        if way.rests_until.is_some_and(|until| Instant::now() < until) { None } else { way.redis.clone() }
    }

    fn works(&self) {
        self.lock().is_told = false;
    }

    fn fails(&self, why: &str) {
        let mut way = self.lock();
        way.rests_until = Some(Instant::now() + REST);
        if !std::mem::replace(&mut way.is_told, true) {
            tracing::warn!(
                "Redis does not keep the pace of sending ({why}); each process keeps it for itself. Its user needs EVAL, \
                 TIME, HMGET, HSET and PEXPIRE."
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Way> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a step; nothing where Redis is away or does not answer at once.
pub(super) async fn step(link: &Link, sender: &str, rate: Rate, step: Step) -> Option<Stand> {
    let redis = link.paces.connection()?;
    match timeout(PATIENCE, run(redis, link.named(&format!("pace:{sender}")), rate, step)).await {
        Ok(Ok((granted, wait, share))) => {
            link.paces.works();
            Some(Stand { granted, wait: Duration::from_micros(wait), share })
        }
        Ok(Err(error)) => {
            link.paces.fails(&error.to_string());
            None
        }
        Err(_) => {
            link.paces.fails("it does not answer in time");
            None
        }
    }
}

async fn run(mut redis: MultiplexedConnection, key: String, rate: Rate, step: Step) -> RedisResult<(usize, u64, u64)> {
    let (what, number) = match step {
        Step::Take(wanted) => ("take", wanted as i64),
        Step::GiveBack(unused) => ("give_back", unused as i64),
        Step::Refused(asked) => ("refused", asked.map_or(-1, |pause| micros(pause.min(LONGEST_PAUSE)) as i64)),
        Step::Works => ("works", 0),
    };
    let (span, count) = rate.span();
    let mut script = redis::cmd("EVAL");
    script.arg(SCRIPT).arg(1).arg(key).arg(what).arg(number).arg(span).arg(count).arg(rate.burst()).arg(WHOLE);
    for pause in [RAISE, FIRST_PAUSE, LAST_PAUSE, LONGEST_PAUSE] {
        script.arg(micros(pause));
    }
    script.query_async(&mut redis).await
}
