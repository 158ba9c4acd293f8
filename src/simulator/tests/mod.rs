//! The simulator against a small stand-in for Andon that writes down what it is told.

mod page;
mod trouble;
mod twilio;

use super::*;
use crate::channels::twilio::signature;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use base64::Engine as _;
use chrono::TimeZone as _;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::collections::HashMap;
use tower::ServiceExt as _;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const TOKEN: &str = "a token of the tests";

/// A request that reached Andon.
#[derive(Clone, Debug)]
struct Told {
    path: String,
    form: HashMap<String, String>,
    signed: bool,
    headers: HeaderMap,
}

/// Andon as these tests need it: it takes everything, answers what it is told to, and forgets nothing.
#[derive(Clone, Default)]
struct Andon {
    told: Arc<Mutex<Vec<Told>>>,
    answer: Arc<Mutex<Option<(u16, &'static str)>>>,
    base: Arc<Mutex<String>>,
}

impl Andon {
    fn told(&self) -> Vec<Told> {
        self.told.lock().expect("no test panics while it holds this").clone()
    }

    /// One field of everything that was told at this path, in order.
    fn field(&self, path: &str, field: &str) -> Vec<String> {
        let told = self.told();
        let there = told.iter().filter(|told| told.path.starts_with(path));
        there.map(|told| told.form.get(field).cloned().unwrap_or_default()).collect()
    }

    fn answer(&self, status: u16, body: &'static str) {
        *self.answer.lock().expect("no test panics while it holds this") = Some((status, body));
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.lock().expect("no test panics while it holds this"))
    }
}

async fn note(State(andon): State<Andon>, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    let params =
        form_urlencoded::parse(&body).map(|(k, v)| (k.as_bytes().to_vec(), v.as_bytes().to_vec())).collect::<Vec<_>>();
    let given = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = signature::verify(&[TOKEN], &[andon.url(&uri.to_string())], &params, given);
    let form = form_urlencoded::parse(&body).into_owned().collect();
    andon.told.lock().expect("no test panics while it holds this").push(Told {
        path: uri.to_string(),
        form,
        signed,
        headers,
    });
    let (status, body) =
        andon.answer.lock().expect("no test panics while it holds this").unwrap_or((200, "<Response/>"));
    (StatusCode::from_u16(status).expect("a status"), body)
}

async fn start() -> (Simulator, Andon) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let andon = Andon::default();
    andon.base.lock().expect("fresh").clone_from(&base);
    let app = axum::Router::new().fallback(note).with_state(andon.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (simulator(&format!("{base}/api/whatsapp/webhook?plant=1#rc=5&rp=all")), andon)
}

fn simulator(webhook_url: &str) -> Simulator {
    Simulator::new(Setup {
        account_sid: ACCOUNT.into(),
        auth_token: TOKEN.into(),
        sender: number("+12025550100"),
        sms_sender: number("+12025550100"),
        templates: Arc::default(),
        meta: None,
        company: "Demo Plant".into(),
        webhook_url: webhook_url.into(),
        api_base: "http://127.0.0.1:8000/simulator/twilio".into(),
        http: crate::kit::http::client().expect("a client"),
        clock: Clock::manual(chrono::Utc.with_ymd_and_hms(2026, 1, 18, 14, 30, 22).single().expect("valid")),
        pace: Pace::Instant,
    })
}

fn number(text: &str) -> E164 {
    E164::parse(text).expect("well formed")
}

fn worker() -> E164 {
    number("+12025550101")
}

async fn ask(simulator: &Simulator, request: Request<Body>) -> (StatusCode, Value) {
    let app = axum::Router::new().nest("/simulator", simulator.router());
    let response = app.oneshot(request).await.expect("infallible");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn twilio_api(method: Method, path: &str, form: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    Request::builder()
        .method(method)
        .uri(format!("/simulator/twilio/2010-04-01/Accounts/{ACCOUNT}/{path}"))
        .header(header::AUTHORIZATION, format!("Basic {basic}"))
        .body(Body::from(body))
        .expect("a request")
}

fn page_api(method: Method, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(format!("/simulator/api/{path}"));
    request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).expect("a request")
}

/// Andon sends a text with a status callback.
async fn send_text(simulator: &Simulator, andon: &Andon, text: &str) -> (StatusCode, Value) {
    let callback = andon.url("/api/whatsapp/status?d=token");
    let form = [
        ("To", "whatsapp:+12025550101"),
        ("From", "whatsapp:+12025550100"),
        ("Body", text),
        ("StatusCallback", callback.as_str()),
    ];
    ask(simulator, twilio_api(Method::POST, "Messages.json", &form)).await
}

async fn arm(simulator: &Simulator, faults: Value) {
    let faults = serde_json::from_value(faults).expect("faults");
    simulator.set_faults(faults).await.expect("within bounds");
}
