//! Pokes and counts between processes, by publish and subscribe.
//!
//! However often a job is poked, at most a hundred messages a second leave: what comes while one is on its way goes
//! with the next. A process hears its own messages too, which tells it that the link works in both directions; so it
//! says something from time to time.
//!
//! **Shape** of a message: `{"from": "<process>", "news": {"poke": "dispatch"}}`, or `{"counted": [["requests", <place>,
//! <times>], …]}`, or
//! `{"changed": {"tickets": [7], …}}` for news. What a process does not understand, say of a newer one, it passes over.

use super::changes::Changes;
use super::link::{Link, silent};
use super::tallies::Counted;
use super::{Bus, Poke};
use futures_util::StreamExt as _;
use redis::RedisResult;
use redis::aio::{MultiplexedConnection, PubSubStream};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// The channel, after the prefix.
pub(super) const CHANNEL: &str = "bus";
/// The least time between two messages.
const BREATH: Duration = Duration::from_millis(10);
/// With nothing to tell, a process says that it is there after this time.
const BEAT: Duration = Duration::from_secs(5);
/// A process that does not even hear itself for this long has lost the link.
const SILENCE: Duration = Duration::from_secs(15);

/// What is told on the channel.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Message {
    from: String,
    news: Told,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    /// A job of every other process should look.
    Poke(Poke),
    /// This was counted against limits.
    Counted(Vec<Counted>),
    /// This changed, for those at the desk.
    Changed(Changes),
    /// Nothing, but the link works.
    Alive,
}

/// What is still to be told; each kind once, however often it was asked for.
#[derive(Default)]
pub(super) struct Pending {
    pokes: Mutex<BTreeSet<Poke>>,
    bell: Notify,
}

impl Pending {
    pub(super) fn add(&self, job: Poke) {
        let is_new = self.pokes.lock().unwrap_or_else(PoisonError::into_inner).insert(job);
        if is_new {
            self.ring();
        }
    }

    /// There is something to tell.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    fn take(&self) -> BTreeSet<Poke> {
        std::mem::take(&mut self.pokes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells what is to be told.
pub(super) async fn tell(link: &Link, mut redis: MultiplexedConnection) -> RedisResult<Infallible> {
    let channel = link.named(CHANNEL);
    loop {
        let mut news: Vec<Told> = link.pokes.take().into_iter().map(Told::Poke).collect();
        let changes = link.changes.take();
        if !changes.is_empty() {
            news.push(Told::Changed(changes));
        }
        news.extend(link.tallies.take().into_iter().map(Told::Counted));
        if news.is_empty() {
            news.push(Told::Alive);
        }
        let mut pipe = redis::pipe();
        for news in news {
            pipe.publish(&channel, written(&Message { from: link.process.clone(), news })).ignore();
        }
        pipe.query_async::<()>(&mut redis).await?;
        sleep(BREATH).await;
        // Nothing new is fine as well: then it is time for a sign of life.
        let _either = timeout(BEAT, link.pokes.bell.notified()).await;
    }
}

/// Hears the others.
pub(super) async fn hear(link: &Link, bus: &Bus, mut ears: PubSubStream) -> RedisResult<Infallible> {
    loop {
        let heard = timeout(SILENCE, ears.next()).await.map_err(|_| silent())?;
        let message = heard.ok_or_else(|| io::Error::new(ErrorKind::ConnectionReset, "it closed the connection"))?;
        match told(&link.process, message.get_payload_bytes()) {
            Some(Told::Poke(job)) => bus.ring(job),
            Some(Told::Counted(counted)) => link.tallies.hear(&counted),
            Some(Told::Changed(changes)) => bus.hear(changes),
            Some(Told::Alive) | None => {}
        }
    }
}

fn written(message: &Message) -> String {
    serde_json::json!(message).to_string()
}

/// What another process tells with this message.
fn told(process: &str, payload: &[u8]) -> Option<Told> {
    let Message { from, news } = serde_json::from_slice(payload).ok()?;
    (from != process).then_some(news)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_pokes_are_told_once() {
        let pending = Pending::default();
        for _ in 0..1000 {
            pending.add(Poke::Dispatch);
        }
        assert_eq!(pending.take().into_iter().collect::<Vec<_>>(), [Poke::Dispatch]);
        assert!(pending.take().is_empty());
    }

    #[test]
    fn only_the_news_of_others_counts() {
        let theirs = Message { from: "them".to_owned(), news: Told::Poke(Poke::Dispatch) };
        assert_eq!(written(&theirs), r#"{"from":"them","news":{"poke":"dispatch"}}"#);
        for (payload, expected) in [
            (written(&theirs), Some(Told::Poke(Poke::Dispatch))),
            (r#"{"from":"us","news":{"poke":"dispatch"}}"#.to_owned(), None),
            (r#"{"from":"them","news":"alive"}"#.to_owned(), Some(Told::Alive)),
            (r#"{"from":"them","news":{"counted":[["a_newer_one",1,1]]}}"#.to_owned(), None),
            (r#"{"from":"them","news":{"poke":"something_newer"}}"#.to_owned(), None),
            (r#"{"from":"them","news":{"page":{"topic":"x"}}}"#.to_owned(), None),
            ("no JSON".to_owned(), None),
        ] {
            assert_eq!(told("us", payload.as_bytes()), expected, "{payload}");
        }
    }
}
