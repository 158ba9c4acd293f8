//! Meta's Graph API, as far as Andon uses it: send, mark as read, media, the number, templates.
//!
//! Answers have Meta's shapes, errors Meta's JSON. The token is checked as Meta checks it, although it only guards a
//! simulator. Armed faults apply to sends that would otherwise be taken.
//!
//! **Source** Meta's OpenAPI `business-messaging-api_v23.0`.

use super::faults::SendFault;
use super::fetched::outside;
use super::state::Message;
use super::twilio_api::{HOLD, dropped_connection, window_is_open};
use super::{MetaSetup, Provider, Side, Simulator, choices, meta_wire};
use crate::channels::taps::Shown;
use crate::channels::{Medium, Place, meta};
use crate::kit::earth::Spot;
use crate::kit::{E164, UserId};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// Characters that one text may have.
const MAX_CHARS: usize = 4_096;
/// Characters that the caption of a file may have.
const MAX_CAPTION_CHARS: usize = 1_024;

/// The routes, relative to the API's base.
pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/{version}/{id}", get(object))
        .route("/{version}/{id}/messages", post(create))
        .route("/{version}/{id}/message_templates", get(templates))
        .route("/media/bytes/{file}", get(bytes))
        .fallback(async || Refusal(100))
}

/// Meta's no, by its code.
struct Refusal(i32);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(code) = self;
        let status = match code {
            0 | 190 => StatusCode::UNAUTHORIZED,
            3 | 10 | 200..=299 => StatusCode::FORBIDDEN,
            1 | 2 | 131_000 | 131_016 => StatusCode::INTERNAL_SERVER_ERROR,
            132_001 => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        let (code, subcode) = if code == 33 { (100, Some(33)) } else { (code, None) };
        let name = meta::errors::known(code).map_or("simulated", |known| known.name);
        let mut error = json!({
            "message": format!("(#{code}) {name}"),
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": name},
            "fbtrace_id": "simulated",
        });
        if let Some(subcode) = subcode {
            error["error_subcode"] = subcode.into();
        }
        (status, Json(json!({"error": error}))).into_response()
    }
}

fn authorise<'a>(simulator: &'a Simulator, headers: &HeaderMap) -> Result<&'a MetaSetup, Refusal> {
    let setup = simulator.inner.setup.meta.as_ref().ok_or(Refusal(190))?;
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    let is_right = bool::from(given.as_bytes().ct_eq(setup.access_token.expose_secret().as_bytes()));
    if is_right { Ok(setup) } else { Err(Refusal(190)) }
}

/// A number of ours, or a file: Meta has one kind of address for all.
async fn object(
    State(simulator): State<Simulator>,
    Path((_version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let setup = authorise(&simulator, &headers)?;
    if id == setup.phone_number_id {
        return Ok(Json(json!({
            "display_phone_number": simulator.sender().as_str(), "verified_name": simulator.inner.setup.company,
            "quality_rating": "GREEN", "status": "CONNECTED", "id": id,
        })));
    }
    let book = simulator.book();
    let file = book.file(&id).ok_or(Refusal(33))?;
    let base = setup.api_base.trim_end_matches('/');
    Ok(Json(json!({
        "messaging_product": "whatsapp", "id": id, "url": format!("{base}/media/bytes/{id}"),
        "mime_type": file.content_type, "sha256": hash(&file.bytes), "file_size": file.bytes.len(),
    })))
}

async fn bytes(
    State(simulator): State<Simulator>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    authorise(&simulator, &headers)?;
    let book = simulator.book();
    let file = book.file(&file).ok_or(Refusal(33))?;
    Ok(([(header::CONTENT_TYPE, file.content_type.clone())], file.bytes.to_vec()).into_response())
}

async fn templates(
    State(simulator): State<Simulator>,
    Path((_version, account)): Path<(String, String)>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let setup = authorise(&simulator, &headers)?;
    if account != setup.account_id {
        return Err(Refusal(33));
    }
    let all = simulator.templates().all().into_iter().filter_map(|one| Some((one.named()?, one.variables.len())));
    let named = all.filter(|(named, _)| asked.get("name").is_none_or(|name| *name == named.name));
    let data = named.map(|(named, variables)| {
        let text = (1..=variables).map(|nth| format!("{{{{{nth}}}}}")).collect::<Vec<_>>().join(" ");
        let components = json!([{"type": "BODY", "text": text}]);
        json!({"name": named.name, "language": named.language, "status": "APPROVED", "components": components})
    });
    Ok(Json(json!({"data": data.collect::<Vec<_>>()})))
}

/// A message that Meta would take.
struct Send {
    to: E164,
    text: String,
    choices: Option<Shown>,
    is_template: bool,
    /// The address of a file.
    link: Option<String>,
    place: Option<Place>,
    opaque: Option<String>,
}

async fn create(
    State(simulator): State<Simulator>,
    Path((_version, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let checked = authorise(&simulator, &headers).and_then(|setup| {
        if id != setup.phone_number_id {
            return Err(Refusal(33));
        }
        let body: Value = serde_json::from_slice(&body).map_err(|_| Refusal(100))?;
        // What was read needs no message: the phone shows it.
        if body["status"] == "read" {
            simulator.was_read(body["message_id"].as_str().unwrap_or_default());
            return Ok(None);
        }
        check(&simulator, &body).map(Some)
    });
    let send = match checked {
        Ok(Some(send)) => send,
        Ok(None) => return Json(json!({"success": true})).into_response(),
        Err(refusal) => return refusal.into_response(),
    };
    let fault = simulator.book().faults.take_send();
    if fault.is_some() {
        simulator.announce_faults();
    }
    match fault {
        None => accept(&simulator, send, None),
        Some(SendFault::Refuse { code }) => Refusal(code).into_response(),
        Some(SendFault::FailLater { code }) => accept(&simulator, send, Some(code)),
        Some(SendFault::Delay { ms, taken }) => {
            let early = if taken { Ok(accept(&simulator, send, None)) } else { Err(send) };
            tokio::time::sleep(Duration::from_millis(ms)).await;
            early.unwrap_or_else(|send| accept(&simulator, send, None))
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

/// What Meta checks before it takes a message, with its codes.
fn check(simulator: &Simulator, body: &Value) -> Result<Send, Refusal> {
    if body["messaging_product"] != "whatsapp" {
        return Err(Refusal(100));
    }
    let by_number = body["to"].as_str().and_then(|to| E164::parse(&format!("+{}", to.trim_start_matches('+'))).ok());
    let by_id = || body["recipient"].as_str().and_then(UserId::parse).and_then(|id| meta_wire::phone_of(&id));
    let to = by_number.or_else(by_id).ok_or(Refusal(131_009))?;
    if to == *simulator.sender() {
        return Err(Refusal(131_021));
    }
    let opaque = body["biz_opaque_callback_data"].as_str().map(str::to_owned);
    if opaque.as_ref().is_some_and(|opaque| opaque.len() > 512) {
        return Err(Refusal(131_009));
    }
    let mut choices = None;
    let (text, is_template) = match body["type"].as_str().unwrap_or("text") {
        "text" => (body["text"]["body"].as_str().unwrap_or_default().to_owned(), false),
        "template" => (template(simulator, &body["template"])?, true),
        "interactive" => {
            let shown = choices::of_meta(&body["interactive"]).ok_or(Refusal(131_009))?;
            (choices.insert(shown).text.clone(), false)
        }
        "image" | "document" => (caption(body)?, false),
        "location" => (body["location"]["name"].as_str().unwrap_or_default().to_owned(), false),
        _ => return Err(Refusal(131_051)),
    };
    let link = file(body).and_then(|file| file["link"].as_str()).map(str::to_owned);
    let place = (body["type"] == "location").then(|| place(&body["location"])).transpose()?;
    if text.is_empty() && link.is_none() && place.is_none() {
        return Err(Refusal(131_008));
    }
    if text.chars().count() > MAX_CHARS {
        return Err(Refusal(131_009));
    }
    Ok(Send { to, text, choices, is_template, link, place, opaque })
}

/// The file of a message that is one.
fn file(body: &Value) -> Option<&Value> {
    ["image", "document"].into_iter().find(|kind| body["type"] == *kind).map(|kind| &body[kind])
}

/// A place, which lies on the earth.
fn place(location: &Value) -> Result<Place, Refusal> {
    let (latitude, longitude) =
        location["latitude"].as_f64().zip(location["longitude"].as_f64()).ok_or(Refusal(131_008))?;
    Spot::at(latitude, longitude).ok_or(Refusal(131_009))?;
    Ok(Place { latitude, longitude, label: location["address"].as_str().map(str::to_owned) })
}

/// What stands under a file, which has an address.
fn caption(body: &Value) -> Result<String, Refusal> {
    let file = file(body).ok_or(Refusal(131_008))?;
    let link = file["link"].as_str().ok_or(Refusal(131_008))?;
    let is_web = url::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let caption = file["caption"].as_str().unwrap_or_default();
    let fits = caption.chars().count() <= MAX_CAPTION_CHARS;
    if is_web && fits { Ok(caption.to_owned()) } else { Err(Refusal(131_009)) }
}

/// The template, as the phone shows it.
fn template(simulator: &Simulator, template: &Value) -> Result<String, Refusal> {
    let (name, language) = (template["name"].as_str(), template["language"]["code"].as_str());
    let (name, language) = name.zip(language).ok_or(Refusal(131_008))?;
    let mut all = simulator.templates().all().into_iter();
    let known = all.find(|one| one.named().is_some_and(|named| named.name == name && named.language == language));
    let known = known.ok_or(Refusal(132_001))?;
    let values = template["components"][0]["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if values.len() != known.variables.len() {
        return Err(Refusal(132_000));
    }
    let values: Vec<&str> = values.iter().filter_map(|value| value["text"].as_str()).collect();
    if values.iter().any(|value| value.is_empty() || value.contains(['\n', '\t']) || value.contains("     ")) {
        return Err(Refusal(132_018));
    }
    Ok(format!("[template {name}/{language}] {}", values.join(" | ")).trim_end().to_owned())
}

/// Keeps the message, starts its life and answers.
fn accept(simulator: &Simulator, send: Send, mut fails_with: Option<i32>) -> Response {
    let now = simulator.now();
    let id = format!("wamid.{}", super::sid(""));
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": send.to.as_str(), "wa_id": send.to.as_str().trim_start_matches('+')}],
        "messages": [{"id": id, "message_status": "accepted"}],
    });
    let mut message = Message::new(id.clone(), send.to, Side::In, Medium::Whatsapp, send.text, now);
    message.provider = Provider::Meta;
    (message.opaque, message.is_template, message.choices) = (send.opaque, send.is_template, send.choices);
    message.media = send.link.into_iter().map(outside).collect();
    message.place = send.place;
    {
        let mut book = simulator.book();
        message.callback_fault = book.faults.take_callback();
        if book.faults.window && !send.is_template && !window_is_open(&mut book, &message.phone, now) {
            fails_with = fails_with.or(Some(meta::errors::OUTSIDE_WINDOW));
        }
        book.keep(message);
    }
    simulator.announce_faults();
    simulator.start_life(&id, fails_with);
    Json(answer).into_response()
}

fn failed_answer(status: u16, retry_after_s: Option<u32>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = (status, "<html><body>Simulated server error</body></html>").into_response();
    if let Some(seconds) = retry_after_s {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// A file's hash, as Meta writes it.
pub(super) fn hash(bytes: &[u8]) -> String {
    BASE64.encode(Sha256::digest(bytes))
}
