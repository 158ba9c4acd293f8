//! A tiny server with canned answers, in a provider's place.

use axum::{Router, extract::State, http::HeaderMap, response::IntoResponse};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use url::Url;

/// Status, `Retry-After`, body.
pub(super) type Answer = (u16, Option<&'static str>, String);

/// A server that gives its answers in their order and remembers what it was asked.
#[derive(Clone, Default)]
pub(super) struct Canned {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) authorization: String,
    body: String,
}

impl Asked {
    pub(super) fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Canned {
    pub(super) async fn serving(answers: impl IntoIterator<Item = Answer>) -> (Self, Url) {
        let canned = Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = Url::parse(&format!("http://{}/", listener.local_addr().expect("bound"))).expect("a URL");
        let app = Router::new().fallback(answer).with_state(canned.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (canned, base)
    }

    pub(super) fn will_answer(&self, answer: Answer) {
        self.answers.lock().expect("not poisoned").push_back(answer);
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

async fn answer(
    State(canned): State<Canned>,
    method: axum::http::Method,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let authorization = headers.get("authorization").map(|value| value.to_str().expect("ASCII").to_owned());
    canned.asked.lock().expect("not poisoned").push(Asked {
        line: format!("{method} {uri}"),
        authorization: authorization.unwrap_or_default(),
        body,
    });
    let next = canned.answers.lock().expect("not poisoned").pop_front();
    let (status, retry_after, body) = next.unwrap_or((599, None, "no answer was left".to_owned()));
    let mut headers = HeaderMap::new();
    if let Some(seconds) = retry_after {
        headers.insert("retry-after", seconds.parse().expect("a header's value"));
    }
    (axum::http::StatusCode::from_u16(status).expect("a status"), headers, body)
}
