//! The one outgoing HTTP client: rustls with ring, no redirects, no proxy, bounded times.
//!
//! Where an outsider named the address, [`guarded_client`] connects to those addresses only that were looked at first.

use super::error::{Error, Result};
use reqwest::ClientBuilder;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a whole request may take; a provider slower than this counts as not answering.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// The same for where files are kept: a large one takes its time.
pub const STORAGE_TIMEOUT: Duration = Duration::from_mins(1);

/// How many requests the channels may have open at once, and so how many connections may be kept for the next ones.
pub const CONNECTIONS: usize = 400;
/// A connection that was not used for this long is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A client that all channels share; it keeps connections open between requests.
///
/// # Errors
/// When the machine has no usable TLS roots.
pub fn client() -> Result<reqwest::Client> {
    within(REQUEST_TIMEOUT)
}

/// A client for where files are kept. Errors as [`client`].
pub fn storage_client() -> Result<reqwest::Client> {
    within(STORAGE_TIMEOUT)
}

/// A client for names that outsiders chose: it finds a name's addresses by itself, has each looked at by `lets`, and
/// connects to exactly these; where one of them may not be called, none is ([`Barred`]). An address that stands in a URL
/// itself is not looked at here. Errors as [`client`].
pub fn guarded_client(
    lets: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
    timeout: Duration,
) -> Result<reqwest::Client> {
    let guard: Arc<dyn Resolve> = Arc::new(Guard(Arc::new(lets)));
    builder(timeout).dns_resolver(guard).build().map_err(Error::internal)
}

/// A name leads to an address that may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} may not be called")]
pub struct Barred(pub IpAddr);

struct Guard(Arc<Lets>);
type Lets = dyn Fn(IpAddr) -> bool + Send + Sync;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(looked_at(name, Arc::clone(&self.0)))
    }
}

async fn looked_at(name: Name, lets: Arc<Lets>) -> Result<Addrs, Box<dyn StdError + Send + Sync>> {
    // The port is the URL's.
    let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
    match found.iter().map(SocketAddr::ip).find(|address| !lets(*address)) {
        Some(address) => Err(Barred(address).into()),
        None => Ok(Box::new(found.into_iter())),
    }
}

fn within(timeout: Duration) -> Result<reqwest::Client> {
    builder(timeout).build().map_err(Error::internal)
}

fn builder(timeout: Duration) -> ClientBuilder {
    install_crypto();
    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes the client")]
    let builder = reqwest::Client::builder();
    builder
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .pool_max_idle_per_host(CONNECTIONS)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("andon/", env!("CARGO_PKG_VERSION")))
}

/// Makes ring the process's TLS provider; doing it twice changes nothing.
pub fn install_crypto() {
    let already_installed = rustls::crypto::ring::default_provider().install_default().is_err();
    if already_installed {
        tracing::trace!("TLS provider was installed before");
    }
}
