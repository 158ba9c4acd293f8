//! A tiny server with canned answers, in Twilio's place.

use super::{Credentials, Twilio};
use crate::channels::{Outbound, Recipient};
use crate::kit::E164;
use axum::{Router, extract::State, http::HeaderMap, response::IntoResponse};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use url::Url;

pub(super) const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub(super) const MESSAGES: &str = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";

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
    pub(super) form: Vec<(String, String)>,
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
        form: form_urlencoded::parse(body.as_bytes()).into_owned().collect(),
    });
    let next = canned.answers.lock().expect("not poisoned").pop_front();
    let (status, retry_after, body) = next.unwrap_or((599, None, "no answer was left".to_owned()));
    let mut headers = HeaderMap::new();
    if let Some(seconds) = retry_after {
        headers.insert("retry-after", seconds.parse().expect("a header's value"));
    }
    (axum::http::StatusCode::from_u16(status).expect("a status"), headers, body)
}

pub(super) fn number(text: &str) -> E164 {
    E164::parse(text).expect("a number")
}

pub(super) fn channel(base: Url, next: Option<&str>) -> Twilio {
    let credentials = Credentials {
        account_sid: ACCOUNT.to_owned(),
        auth_token: "first".into(),
        auth_token_next: next.map(Into::into),
    };
    let http = crate::kit::http::client().expect("a client");
    let callback = Some("https://plant.example/api/whatsapp/status".to_owned());
    Twilio::new(http, base, Some(credentials), Some(number("+14155238886")), callback)
}

pub(super) fn outbound(text: &str) -> Outbound {
    Outbound {
        to: Recipient::Whatsapp(number("+447700900123").into()),
        from: None,
        subject: None,
        text: text.to_owned(),
        token: "t0ken".to_owned(),
        written_at: chrono::DateTime::UNIX_EPOCH,
        template: None,
    }
}

/// The same as a text message.
pub(super) fn by_sms(text: &str) -> Outbound {
    Outbound { to: Recipient::Sms(number("+447700900123")), ..outbound(text) }
}

pub(super) fn basic(token: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{token}")))
}

pub(super) fn ok(status: &str) -> Answer {
    (201, None, format!(r#"{{"sid":"SM1","status":"{status}","error_code":null,"num_media":"0"}}"#))
}
