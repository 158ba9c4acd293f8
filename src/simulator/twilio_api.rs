//! Twilio's Messages API, as far as Andon uses it: send, list, fetch, media.
//!
//! Answers have Twilio's shapes, errors Twilio's JSON. Credentials are checked as Twilio checks them, although
//! they only guard a simulator. Armed faults apply to sends that would otherwise be taken.
//!
//! **Source** Twilio's OpenAPI `twilio_api_v2010`, operations `FetchAccount`, `CreateMessage`, `ListMessage`, `FetchMessage`
//! and `ListMedia`.

use super::content;
use super::faults::{PriceFault, SendFault};
use super::fetched::outside;
use super::list::{self, DEFAULT_PAGE};
use super::rules::{self, Refusal, Send};
use super::state::{Book, Message};
use super::wire::{API_VERSION, address, status_word};
use super::{Side, Simulator, choices, sid};
use crate::channels::{Medium, Status};
use crate::kit::decimal::decimal;
use crate::kit::{E164, Instant, sms};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// How long an unanswered connection is held (at the instant pace it is dropped at once).
pub(super) const HOLD: Duration = Duration::from_secs(30);
/// What a WhatsApp message costs, and each part of a text message, in millionths of a dollar.
const WHATSAPP_PRICE: i64 = 5_000;
const SMS_PART_PRICE: i64 = 7_900;
/// With so many decimals prices are written.
const PRICE_DECIMALS: usize = 5;

/// The routes, relative to the API's base.
pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/2010-04-01/Accounts/{account}", get(account))
        .route("/2010-04-01/Accounts/{account}/Messages.json", post(create).get(list::messages))
        .route("/2010-04-01/Accounts/{account}/Messages/{message}", get(fetch))
        .route("/2010-04-01/Accounts/{account}/Messages/{message}/Media.json", get(list_media))
        .route("/2010-04-01/Accounts/{account}/Messages/{message}/Media/{media}", get(fetch_media))
        .route("/v1/Content", post(content::create))
        .route("/v1/Content/{content}", get(content::fetch))
        .route("/v1/Content/{content}/ApprovalRequests", get(content::approval))
        .fallback(async || Refusal::new(20404))
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status,
        });
        (status, axum::Json(body)).into_response()
    }
}

async fn account(
    State(simulator): State<Simulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, Refusal> {
    let sid = account.strip_suffix(".json").unwrap_or_default();
    authorise(&simulator, sid, &headers)?;
    Ok(axum::Json(json!({"sid": sid, "friendly_name": "Simulated", "status": "active", "type": "Full"})))
}

async fn create(
    State(simulator): State<Simulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let checked = authorise(&simulator, &account, &headers).and_then(|()| {
        let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let send = rules::check(&form, |medium| simulator.sender_on(medium))?;
        content::fill_in(&simulator, &form, send)
    });
    let send = match checked {
        Ok(send) => send,
        Err(refusal) => return refusal.into_response(),
    };
    let fault = simulator.book().faults.take_send();
    if fault.is_some() {
        simulator.announce_faults();
    }
    match fault {
        None => accept(&simulator, send, None),
        Some(SendFault::Refuse { code }) => Refusal::new(code).into_response(),
        Some(SendFault::FailLater { code }) => accept(&simulator, send, Some(code)),
        Some(SendFault::Delay { ms, taken: false }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            accept(&simulator, send, None)
        }
        Some(SendFault::Delay { ms, taken: true }) => {
            let answer = accept(&simulator, send, None);
            tokio::time::sleep(Duration::from_millis(ms)).await;
            answer
        }
        Some(SendFault::Respond { status, retry_after_s, taken }) => {
            if taken {
                accept(&simulator, send, None);
            }
            failed_answer(status, retry_after_s)
        }
        Some(SendFault::Silent { taken }) => {
            if taken {
                accept(&simulator, send, None);
            }
            simulator.pause(HOLD).await;
            dropped_connection()
        }
    }
}

/// Keeps the message, starts its life and answers 201.
fn accept(simulator: &Simulator, send: Send, mut fails_with: Option<i32>) -> Response {
    let now = simulator.now();
    let prefix = if send.media_urls.is_empty() { "SM" } else { "MM" };
    let mut message = Message::new(sid(prefix), send.to, Side::In, send.medium, send.text, now);
    message.media = send.media_urls.into_iter().map(outside).collect();
    message.place = send.place;
    message.callback = send.callback;
    message.choices = send.choices;
    if message.choices.as_ref().is_some_and(|shown| !choices::fits(shown)) {
        fails_with = fails_with.or(Some(63005));
    }
    message.messaging_service = send.messaging_service;
    let answer = {
        let mut book = simulator.book();
        message.callback_fault = book.faults.take_callback();
        let window_shut = book.faults.window && !send.is_template && !window_is_open(&mut book, &message.phone, now);
        if window_shut && message.medium == Medium::Whatsapp {
            fails_with = fails_with.or(Some(63016));
        }
        let answer = resource(&message, simulator);
        book.keep(message);
        answer
    };
    let sid = answer["sid"].as_str().unwrap_or_default().to_owned();
    simulator.announce_faults();
    simulator.start_life(&sid, fails_with);
    (StatusCode::CREATED, axum::Json(answer)).into_response()
}

/// Whether the phone wrote within the last 24 hours.
pub(super) fn window_is_open(book: &mut Book, phone: &E164, now: Instant) -> bool {
    book.has_phone(phone) && book.phone(phone).wrote_at.is_some_and(|at| now - at < chrono::TimeDelta::hours(24))
}

pub(super) fn failed_answer(status: u16, retry_after_s: Option<u32>) -> Response {
    let mut answer = if status == 429 {
        Refusal::new(20429).into_response()
    } else {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, "<html><body>Simulated server error</body></html>").into_response()
    };
    if let Some(seconds) = retry_after_s {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// A body that breaks at once, so that the connection closes before a byte is sent.
pub(super) fn dropped_connection() -> Response {
    let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("dropped by the simulator"))]);
    Body::from_stream(broken).into_response()
}

async fn fetch(
    State(simulator): State<Simulator>,
    Path((account, message)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = authorise(&simulator, &account, &headers) {
        return refusal.into_response();
    }
    let found =
        message.strip_suffix(".json").and_then(|sid| simulator.book().message(sid).map(|m| resource(m, &simulator)));
    let Some(mut message) = found else { return Refusal::new(20404).into_response() };
    let fault = simulator.book().faults.take_price();
    if fault.is_some() {
        simulator.announce_faults();
    }
    match fault {
        None => {}
        Some(PriceFault::Respond { status }) => return failed_answer(status, None),
        Some(PriceFault::Late) => message["price"] = Value::Null,
    }
    axum::Json(message).into_response()
}

async fn list_media(
    State(simulator): State<Simulator>,
    Path((account, message)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = authorise(&simulator, &account, &headers) {
        return refusal.into_response();
    }
    let book = simulator.book();
    let Some(message) = book.message(&message) else { return Refusal::new(20404).into_response() };
    let uri = format!("{}/Media", path_of(message, &simulator));
    let date = rfc2822(message.created_at);
    let files = message.media.iter().map(|file| {
        json!({
            "sid": file.sid,
            "account_sid": simulator.account_sid(),
            "parent_sid": message.sid,
            "content_type": file.content_type,
            "date_created": date,
            "date_updated": date,
            "uri": format!("{uri}/{}.json", file.sid),
        })
    });
    let first = format!("{uri}.json?PageSize={DEFAULT_PAGE}&Page=0");
    axum::Json(json!({
        "media_list": files.collect::<Vec<_>>(),
        "page": 0,
        "page_size": DEFAULT_PAGE,
        "start": 0,
        "end": message.media.len().saturating_sub(1),
        "uri": first,
        "first_page_uri": first,
        "next_page_uri": null,
        "previous_page_uri": null,
    }))
    .into_response()
}

async fn fetch_media(
    State(simulator): State<Simulator>,
    Path((account, _message, media)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = authorise(&simulator, &account, &headers) {
        return refusal.into_response();
    }
    let book = simulator.book();
    let Some(file) = book.file(&media) else { return Refusal::new(20404).into_response() };
    ([(header::CONTENT_TYPE, file.content_type.clone())], file.bytes.to_vec()).into_response()
}

pub(super) fn authorise(simulator: &Simulator, account: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let expected = format!("{}:{}", simulator.account_sid(), simulator.auth_token().expose_secret());
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.strip_prefix("Basic ").and_then(|coded| BASE64.decode(coded.trim()).ok()).unwrap_or_default();
    if !bool::from(given.as_slice().ct_eq(expected.as_bytes())) {
        return Err(Refusal::new(20003));
    }
    if account == simulator.account_sid() { Ok(()) } else { Err(Refusal::new(20404)) }
}

/// The message object.
pub(super) fn resource(message: &Message, simulator: &Simulator) -> Value {
    let (from, to) = ends(message, simulator.sender_on(message.medium));
    let outgoing = message.side == Side::In;
    let waits = message.sent_at.is_none();
    let from_is_open = waits && message.messaging_service.is_some();
    let status = match (outgoing, from_is_open) {
        (false, _) => "received",
        (true, true) => "accepted",
        (true, false) => status_word(message.status),
    };
    let direction = match (outgoing, message.is_twiml_reply) {
        (false, _) => "inbound",
        (true, true) => "outbound-reply",
        (true, false) => "outbound-api",
    };
    let path = path_of(message, simulator);
    let is_billed = outgoing && matches!(message.status, Status::Delivered | Status::Read);
    let price = is_billed.then(|| price(message));
    json!({
        "account_sid": simulator.account_sid(),
        "api_version": API_VERSION,
        "body": message.text,
        "date_created": rfc2822(message.created_at),
        "date_sent": message.sent_at.map(rfc2822),
        "date_updated": rfc2822(message.updated_at),
        "direction": direction,
        "error_code": message.error.as_ref().map(|(code, _)| code),
        "error_message": message.error.as_ref().map(|(_, text)| text),
        "from": (!from_is_open).then_some(from),
        "messaging_service_sid": message.messaging_service,
        "num_media": message.media.len().to_string(),
        "num_segments": segments(message),
        "price": price.map(|micros| decimal(-micros, PRICE_DECIMALS)),
        "price_unit": price.map(|_| "USD"),
        "sid": message.sid,
        "status": status,
        "subresource_uris": {"media": format!("{path}/Media.json")},
        "to": to,
        "uri": format!("{path}.json"),
    })
}

/// `From` and `To`.
pub(super) fn ends(message: &Message, sender: &E164) -> (String, String) {
    let (plant, phone) = (address(message.medium, sender), address(message.medium, &message.phone));
    if message.side == Side::In { (plant, phone) } else { (phone, plant) }
}

fn path_of(message: &Message, simulator: &Simulator) -> String {
    format!("/{API_VERSION}/Accounts/{}/Messages/{}", simulator.account_sid(), message.sid)
}

/// "1" for WhatsApp, whatever its length; counted for text messages.
fn segments(message: &Message) -> String {
    let count = if message.medium == Medium::Whatsapp { 1 } else { sms::parts(&message.text) };
    count.to_string()
}

/// In millionths of a dollar.
fn price(message: &Message) -> i64 {
    match message.medium {
        Medium::Sms => SMS_PART_PRICE.saturating_mul(i64::try_from(sms::parts(&message.text)).unwrap_or(i64::MAX)),
        Medium::Whatsapp | Medium::Email => WHATSAPP_PRICE,
    }
}

pub(super) fn rfc2822(at: Instant) -> String {
    at.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
