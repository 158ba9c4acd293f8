//! Somebody whom webhooks call: it keeps what it got, and answers as it is told.

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The setting that lets it be called.
pub(crate) const HERE: (&str, &str) = ("ANDON_WEBHOOK_NETWORKS", "127.0.0.0/8");
/// The largest body.
const MOST_BYTES: usize = 1024 * 1024;

/// A call that came.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

/// How it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply {
    /// With this status, and this header.
    With(u16, Option<(&'static str, &'static str)>),
    /// With 200, once it is let go.
    Late,
}

/// A running receiver; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    got: watch::Sender<Vec<Got>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    is_let_go: watch::Sender<bool>,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).expect("the header is there")
    }

    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("JSON")
    }

    /// The event that it tells of.
    pub(crate) fn event(&self) -> String {
        self.body()["type"].as_str().expect("a name").to_owned()
    }

    /// Whether one of its signatures is this secret's. **Source**: Standard Webhooks, "Verifying webhook authenticity".
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("its prefix")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        for part in [self.header("webhook-id").as_bytes(), b".", self.header("webhook-timestamp").as_bytes(), b"."] {
            mac.update(part);
        }
        mac.update(&self.bytes);
        let ours = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature").split(' ').any(|one| one == ours)
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (got, is_let_go) = (watch::Sender::default(), watch::Sender::default());
        let receiver = Self { address, got, replies: Arc::default(), is_let_go };
        let routes = Router::new().fallback(answer).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks/andon?key=1", self.address)
    }

    /// The next calls are answered so, and those after them with 200.
    pub(crate) fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.replies.lock().unwrap_or_else(PoisonError::into_inner) = replies.into_iter().collect();
    }

    /// The next calls, so many, are answered with this status.
    pub(crate) fn answers_with(&self, status: u16, times: usize) {
        self.answers(std::iter::repeat_n(Reply::With(status, None), times));
    }

    /// Those that are kept waiting are answered.
    pub(crate) fn lets_go(&self) {
        self.is_let_go.send_replace(true);
    }

    /// All that came.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.borrow().clone()
    }

    /// Waits until so many have come.
    pub(crate) async fn until(&self, many: usize) {
        self.got.subscribe().wait_for(|got| got.len() >= many).await.expect("the receiver is there");
    }
}

async fn answer(State(receiver): State<Receiver>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MOST_BYTES).await.expect("a body");
    let path = parts.uri.to_string();
    let reply = receiver.replies.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    receiver.got.send_modify(|got| got.push(Got { path, headers: parts.headers, bytes }));
    match reply.unwrap_or(Reply::With(200, None)) {
        Reply::With(status, header) => {
            let status = StatusCode::from_u16(status).expect("a status");
            let mut response = (status, "It\u{0} \u{1b}[31mhas its reasons").into_response();
            if let Some((name, value)) = header {
                response.headers_mut().insert(name, value.parse().expect("a header"));
            }
            response
        }
        Reply::Late => {
            let mut is_let_go = receiver.is_let_go.subscribe();
            is_let_go.wait_for(|is_let_go| *is_let_go).await.expect("the receiver is there");
            StatusCode::OK.into_response()
        }
    }
}
