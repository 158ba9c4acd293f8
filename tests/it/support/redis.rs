//! The Redis of a test run, at `ANDON_TEST_REDIS` (default below), and the part of it that one test has for itself.

use super::databases::environment;
use super::proxy::Proxy;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, AsyncConnectionConfig, RedisResult};
use serde_json::Value;
use std::time::Duration;
use url::Url;

const DEFAULT: &str = "redis://127.0.0.1:6379";
/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether Redis is there, or in a few words why not.
pub(crate) async fn available() -> Result<(), String> {
    let mut connection = connect().await.map_err(|error| error.to_string())?;
    connection.ping::<String>().await.map(drop).map_err(|error| error.to_string())
}

/// Names in Redis that no other test uses, and a proxy in front of it that can be cut.
pub(crate) struct Keyspace {
    pub(crate) proxy: Proxy,
    url: String,
    prefix: String,
    connection: MultiplexedConnection,
}

impl Keyspace {
    pub(crate) async fn new() -> Self {
        let mut url = Url::parse(&address()).expect("ANDON_TEST_REDIS is an address");
        let place = format!("{}:{}", url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(6379));
        let proxy = Proxy::start(place).await;
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(proxy.address.port())).expect("a port");
        let connection = connect().await.expect("Redis answers");
        Self { proxy, url: url.into(), prefix: format!("andon_test_{:016x}:", rand::random::<u64>()), connection }
    }

    /// Settings of a process that uses it, by way of the proxy.
    pub(crate) fn settings(&self) -> [(&str, &str); 3] {
        [("WHATSAPP_USE_REDIS", "true"), ("REDIS_URL", &self.url), ("ANDON_REDIS_PREFIX", &self.prefix)]
    }

    /// The copy of this phone's session, and for how many milliseconds it stays.
    pub(crate) async fn session(&self, phone: &str) -> Option<(Value, i64)> {
        let key = format!("{}session:whatsapp:{phone}", self.prefix);
        let mut connection = self.connection.clone();
        let read: RedisResult<(Option<String>, i64)> =
            redis::pipe().get(&key).pttl(&key).query_async(&mut connection).await;
        let (text, life_ms) = read.expect("Redis answers");
        Some((serde_json::from_str(&text?).expect("a copy is JSON"), life_ms))
    }

    /// Waits until the copy of this phone's session is in this state, or `None` until there is none.
    pub(crate) async fn until(&self, phone: &str, state: Option<&str>) {
        while self.session(phone).await.as_ref().map(|(copy, _)| &copy["state"]) != state.map(Value::from).as_ref() {
            tokio::task::yield_now().await;
        }
    }

    /// Removes what the test left behind.
    pub(crate) async fn clear(mut self) {
        let keys: Vec<String> = self.connection.keys(format!("{}*", self.prefix)).await.expect("Redis answers");
        for key in keys {
            self.connection.del::<_, ()>(key).await.expect("Redis answers");
        }
    }
}

fn address() -> String {
    environment("ANDON_TEST_REDIS").unwrap_or_else(|| DEFAULT.to_owned())
}

async fn connect() -> RedisResult<MultiplexedConnection> {
    let patient =
        AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
    redis::Client::open(address())?.get_multiplexed_async_connection_with_config(&patient).await
}
