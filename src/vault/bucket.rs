//! A bucket at a store that speaks S3, reached with our own outgoing client (docs/adr/0019).

use crate::config::Bucket;
use crate::kit::{Error, Result, http};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use secrecy::ExposeSecret as _;
use std::time::Duration;

/// Somebody waits for the answer, so a store that stumbles is asked so many times more, a breath apart; what then
/// fails is tried again by whoever asked.
const TRIES_MORE: usize = 2;
const BREATH: Duration = Duration::from_millis(100);
const LONGEST_BREATH: Duration = Duration::from_secs(1);
/// No try begins later than this.
const LAST_TRY: Duration = Duration::from_secs(15);

/// Hands out the project's client, whatever is asked for.
#[derive(Debug)]
struct Ours(reqwest::Client);

impl HttpConnector for Ours {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// The files of this bucket. Nothing is asked of it yet.
pub(super) fn open(bucket: &Bucket) -> Result<PrefixStore<AmazonS3>> {
    let backoff = BackoffConfig { init_backoff: BREATH, max_backoff: LONGEST_BREATH, base: 2. };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_access_key_id(&bucket.key_id)
        .with_secret_access_key(bucket.secret.expose_secret())
        // One by one: not every store knows the request that deletes many.
        .with_disable_bulk_delete(true)
        .with_retry(RetryConfig { backoff, max_retries: TRIES_MORE, retry_timeout: LAST_TRY })
        .with_http_connector(Ours(http::storage_client()?));
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint.as_str());
    }
    let no = |e| Error::setting(format!("{} cannot be used.", bucket.words())).because(e);
    let prefix = Path::parse(&bucket.prefix).map_err(Error::internal)?;
    Ok(PrefixStore::new(builder.build().map_err(no)?, prefix))
}
