//! A stand-in for a store that speaks S3: one bucket in memory, on loopback, for whoever signs with its key.

use andon::kit::{Clock, Instant};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) const NAME: &str = "plant-files";
pub(crate) const KEY_ID: &str = "key-for-tests";
pub(crate) const SECRET: &str = "a-secret-for-tests";
const REGION: &str = "us-east-1";
/// The largest body, and the most files.
const MOST_BYTES: usize = 20 * 1024 * 1024;
const MOST_FILES: usize = 1_000;

/// A running stand-in; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Bucket {
    pub(crate) address: SocketAddr,
    kept: Arc<Mutex<BTreeMap<String, (Bytes, Instant)>>>,
    is_away: Arc<AtomicBool>,
}

impl Bucket {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let bucket = Self { address, kept: Arc::default(), is_away: Arc::default() };
        let routes = Router::new().fallback(answer).with_state(bucket.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        bucket
    }

    /// The settings that lead to it, under this name and with this key's id.
    pub(crate) fn settings(&self, url: &str, key_id: &str) -> Vec<(&'static str, String)> {
        vec![
            ("ANDON_FILES_URL", url.to_owned()),
            ("ANDON_FILES_ENDPOINT", format!("http://{}", self.address)),
            ("ANDON_FILES_KEY_ID", key_id.to_owned()),
            ("ANDON_FILES_SECRET", SECRET.to_owned()),
        ]
    }

    /// From now on it answers that it cannot, or that it can again.
    pub(crate) fn goes_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    /// The names of all it keeps.
    pub(crate) fn names(&self) -> Vec<String> {
        self.kept().keys().cloned().collect()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Bytes, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(State(bucket): State<Bucket>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if bucket.is_away.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Ok(body) = to_bytes(body, MOST_BYTES).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    if !is_signed(&parts.headers, &body) {
        return refused(StatusCode::FORBIDDEN, "SignatureDoesNotMatch");
    }
    let path = parts.uri.path().trim_start_matches('/');
    let (name, key) = path.split_once('/').unwrap_or((path, ""));
    if name != NAME {
        return refused(StatusCode::NOT_FOUND, "NoSuchBucket");
    }
    let query: BTreeMap<String, String> =
        form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let mut kept = bucket.kept();
    match (parts.method, key) {
        (Method::GET, "") if query.get("list-type").is_some_and(|kind| kind == "2") => {
            listing(&kept, query.get("prefix").map_or("", |prefix| prefix))
        }
        (Method::PUT, key) if !key.is_empty() && kept.len() < MOST_FILES => {
            kept.insert(key.to_owned(), (body, Clock::System.now()));
            [("etag", "\"kept\"")].into_response()
        }
        (method @ (Method::GET | Method::HEAD), key) => match kept.get(key) {
            Some((bytes, at)) => {
                let headers = [
                    ("etag", "\"kept\"".to_owned()),
                    ("content-length", bytes.len().to_string()),
                    ("last-modified", at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
                ];
                let body = if method == Method::HEAD { Body::empty() } else { Body::from(bytes.clone()) };
                (headers, body).into_response()
            }
            None => refused(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        (Method::DELETE, key) if !key.is_empty() => {
            kept.remove(key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => refused(StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
    }
}

/// Whether a request names the key, the region and the content it was signed for. **Source**: Amazon's "Signature
/// Version 4"; the signature itself is the client library's affair.
fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let authorization = text("authorization");
    let day = text("x-amz-date").get(..8).unwrap_or_default();
    let hex = Sha256::digest(body).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes it");
        hex
    });
    let signature = authorization.rsplit_once("Signature=").map_or("", |(_, signature)| signature);
    let begins = format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/{day}/{REGION}/s3/aws4_request, ");
    !day.is_empty()
        && authorization.starts_with(&begins)
        && signature.len() == 64
        && signature.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text("x-amz-content-sha256") == hex
}

fn listing(kept: &BTreeMap<String, (Bytes, Instant)>, prefix: &str) -> Response {
    let files = kept.iter().filter(|(key, _)| key.starts_with(prefix)).map(|(key, (bytes, at))| {
        format!(
            "<Contents><Key>{key}</Key><Size>{}</Size><LastModified>{}</LastModified><ETag>\"kept\"</ETag></Contents>",
            bytes.len(),
            at.format("%Y-%m-%dT%H:%M:%S.000Z")
        )
    });
    let files: String = files.collect();
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{files}</ListBucketResult>").into_response()
}

fn refused(status: StatusCode, code: &str) -> Response {
    (status, format!("<Error><Code>{code}</Code></Error>")).into_response()
}
