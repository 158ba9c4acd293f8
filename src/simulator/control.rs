//! The phone page's own API, relative to `/simulator/api`: phones, their messages, faults, live news.
//!
//! Writes want `application/json`, which no foreign page can send without asking first. Errors are problem+json
//! with a sentence that says what to do.

use super::state::Phone;
use super::{Bubble, Button, Enclosure, Faults, Incoming, Provider, Simulator};
use crate::channels::{Medium, Place};
use crate::kit::E164;
use crate::web::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::Stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::convert::Infallible;
use tokio::sync::broadcast::error::RecvError;

/// The longest text a phone can write, which is WhatsApp's limit.
const MAX_TEXT_CHARS: usize = 4_096;
/// The longest name of a phone.
const MAX_NAME_CHARS: usize = 60;
/// The largest file, in bytes.
const MAX_FILE_BYTES: usize = 5 * 1024 * 1024;
/// A request with the largest file in base 64, and some room.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// What a phone can send, as WhatsApp has it.
const FILE_TYPES: [&str; 9] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "application/pdf",
    "audio/ogg",
    "audio/mpeg",
    "video/mp4",
    "text/vcard",
];

/// The routes.
pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/phones", get(phones).post(add_phone))
        .route("/phones/{number}/messages", get(messages).post(write))
        .route("/phones/{number}/read", post(read))
        .route("/media/{file}", get(file))
        .route("/faults", get(faults).put(set_faults).delete(clear_faults))
        .route("/letters", get(letters))
        .route("/requests", get(requests))
        .route("/events", get(events))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// The answer to an address that is none.
pub(super) async fn nothing_here() -> impl IntoResponse {
    Problem::new(StatusCode::NOT_FOUND, "The simulator has nothing at this address.")
}

async fn phones(State(simulator): State<Simulator>) -> Json<Value> {
    let book = simulator.book();
    let phones: Vec<_> = book
        .phones()
        .into_iter()
        .map(|phone| {
            let last = book.of_phone(&phone.number).next_back().map(super::state::Message::bubble);
            shown(phone, last.as_ref())
        })
        .collect();
    Json(json!({
        "company": simulator.inner.setup.company,
        "sender": simulator.sender().as_str(),
        "providers": providers(&simulator),
        "phones": phones,
    }))
}

/// By which providers phones may write, the usual one first.
fn providers(simulator: &Simulator) -> &'static [Provider] {
    match &simulator.inner.setup.meta {
        None => &[Provider::Twilio],
        Some(meta) if meta.is_default => &[Provider::Meta],
        Some(_) => &[Provider::Twilio, Provider::Meta],
    }
}

fn shown(phone: &Phone, last: Option<&Bubble>) -> Value {
    json!({"number": phone.number.as_str(), "name": phone.name, "last": last})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPhone {
    number: String,
    #[serde(default)]
    name: String,
}

async fn add_phone(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let new: NewPhone = parse(&headers, body)?;
    let number = parse_number(&new.number)?;
    if number == *simulator.sender() {
        return Err(Problem::new(StatusCode::CONFLICT, "That is the plant's own number. Pick another one."));
    }
    let name: String = new.name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    let (status, answer) = {
        let mut book = simulator.book();
        let status = if book.has_phone(&number) { StatusCode::OK } else { StatusCode::CREATED };
        let phone = book.phone(&number);
        if !name.is_empty() {
            phone.name = name;
        }
        (status, shown(phone, None))
    };
    simulator.publish(&json!({"type": "phone", "phone": answer}));
    Ok((status, Json(answer)))
}

/// The last requests to Andon, as a provider would have made them.
async fn requests(State(simulator): State<Simulator>) -> Json<Value> {
    Json(json!({"requests": simulator.inner.wire.told()}))
}

async fn messages(State(simulator): State<Simulator>, Path(number): Path<String>) -> Result<Json<Value>, Problem> {
    let number = known_number(&simulator, &number)?;
    Ok(Json(json!({"messages": simulator.transcript(&number)})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    #[serde(default)]
    text: String,
    #[serde(default)]
    media: Vec<NewFile>,
    place: Option<Place>,
    button: Option<Button>,
    quoted: Option<String>,
    profile_name: Option<String>,
    medium: Option<Medium>,
    provider: Option<Provider>,
    #[serde(default)]
    hides_number: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFile {
    content_type: String,
    /// The bytes in base 64.
    data: String,
}

async fn write(
    State(simulator): State<Simulator>,
    Path(number): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let new: NewMessage = parse(&headers, body)?;
    let from = known_number(&simulator, &number)?;
    let length = new.text.chars().count();
    if length > MAX_TEXT_CHARS {
        return Err(bad(format!("A WhatsApp message has at most {MAX_TEXT_CHARS} characters; this one has {length}.")));
    }
    if new.medium == Some(Medium::Email) {
        return Err(bad("A phone writes WhatsApp or text messages. E-mails are read here, and not written."));
    }
    if new.media.len() > 1 {
        return Err(bad("A WhatsApp message carries one file. Send the others on their own."));
    }
    let media = new.media.into_iter().map(enclosure).collect::<Result<Vec<_>, _>>()?;
    let text = match &new.button {
        Some(button) if new.text.is_empty() => button.text.clone(),
        _ => new.text,
    };
    if text.is_empty() && media.is_empty() && new.place.is_none() {
        return Err(bad("There is nothing to send. Write something first."));
    }
    let incoming = Incoming {
        from,
        medium: new.medium.unwrap_or(Medium::Whatsapp),
        text,
        media,
        place: new.place,
        button: new.button,
        quoted: new.quoted,
        profile_name: new.profile_name,
        kind: None,
        provider: new.provider,
        hides_number: new.hides_number,
    };
    let sent = simulator.send(incoming).await;
    let bubble = simulator.book().message(&sent.sid).map(super::state::Message::bubble);
    Ok((StatusCode::CREATED, Json(json!({"sid": sent.sid, "webhook": sent.webhook, "bubble": bubble}))))
}

fn enclosure(file: NewFile) -> Result<Enclosure, Problem> {
    if !FILE_TYPES.contains(&file.content_type.as_str()) {
        return Err(bad(format!("A phone cannot send this type of file. It can send: {}.", FILE_TYPES.join(", "))));
    }
    let bytes = BASE64.decode(&file.data).map_err(|_| bad("The file's data must be in base 64."))?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The file is larger than 5 MB. Choose a smaller one."));
    }
    Ok(Enclosure { content_type: file.content_type, bytes })
}

async fn read(
    State(simulator): State<Simulator>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    want_json(&headers)?;
    simulator.read(&known_number(&simulator, &number)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn file(State(simulator): State<Simulator>, Path(file): Path<String>) -> Result<Response, Problem> {
    let book = simulator.book();
    let file =
        book.file(&file).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "This file is not kept any more."))?;
    let headers = [
        (header::CONTENT_TYPE, file.content_type.as_str()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "private, max-age=3600"),
    ];
    Ok((headers, file.bytes.to_vec()).into_response())
}

async fn letters(State(simulator): State<Simulator>) -> Json<Value> {
    Json(json!({"letters": simulator.letters()}))
}

async fn faults(State(simulator): State<Simulator>) -> Json<Value> {
    Json(fault_answer(&simulator))
}

async fn set_faults(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Problem> {
    let faults: Faults = parse(&headers, body)?;
    simulator.set_faults(faults).await.map_err(bad)?;
    Ok(Json(fault_answer(&simulator)))
}

async fn clear_faults(State(simulator): State<Simulator>) -> Result<Json<Value>, Problem> {
    simulator.set_faults(Faults::default()).await.map_err(bad)?;
    Ok(Json(fault_answer(&simulator)))
}

fn fault_answer(simulator: &Simulator) -> Value {
    let faults = simulator.faults();
    json!({"words": faults.in_words(), "faults": faults})
}

/// News as server-sent events: `{"type": "bubble" | "phone" | "letter" | "faults" | "resync", …}`. After `resync` the page
/// reads everything again, because it fell behind.
async fn events(State(simulator): State<Simulator>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let start = (simulator.inner.news.subscribe(), simulator.inner.closed.clone());
    let stream = futures_util::stream::unfold(start, |(mut news, closed)| async move {
        let data = tokio::select! {
            biased; // what was said before the end is still told
            received = news.recv() => match received {
                Ok(data) => data,
                Err(RecvError::Lagged(_)) => r#"{"type":"resync"}"#.into(),
                Err(RecvError::Closed) => return None,
            },
            () = closed.cancelled() => return None,
        };
        Some((Ok(Event::default().data(&*data)), (news, closed)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// A number as it stands in a path: `+1…`, `%2B1…`, or with the plus read as a space.
fn known_number(simulator: &Simulator, typed: &str) -> Result<E164, Problem> {
    let number = match typed.strip_prefix(' ') {
        Some(digits) => parse_number(&format!("+{digits}"))?,
        None => parse_number(typed)?,
    };
    if simulator.book().has_phone(&number) {
        Ok(number)
    } else {
        Err(Problem::new(StatusCode::NOT_FOUND, format!("There is no phone {number} here yet. Add it first.")))
    }
}

fn parse_number(typed: &str) -> Result<E164, Problem> {
    E164::parse(typed).map_err(|refused| bad(format!("{refused}.").replace("?.", "?")))
}

fn parse<T: DeserializeOwned>(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<T, Problem> {
    want_json(headers)?;
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "That is more than 8 MB."),
        status => Problem::new(status, "The request broke off."),
    })?;
    serde_json::from_slice(&body).map_err(|error| bad(format!("The JSON cannot be read: {error}.")))
}

fn want_json(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send JSON, with Content-Type: application/json."))
    }
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}
