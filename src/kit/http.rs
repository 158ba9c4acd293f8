//! The one outgoing HTTP client: rustls with ring, no redirects, bounded times.

use super::error::{Error, Result};
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

fn within(timeout: Duration) -> Result<reqwest::Client> {
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
        .build()
        .map_err(Error::internal)
}

/// Makes ring the process's TLS provider; doing it twice changes nothing.
pub fn install_crypto() {
    let already_installed = rustls::crypto::ring::default_provider().install_default().is_err();
    if already_installed {
        tracing::trace!("TLS provider was installed before");
    }
}
