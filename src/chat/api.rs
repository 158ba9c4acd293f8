//! The WhatsApp endpoints for admins: send a test, see the sessions, clear one.

use super::session::Session;
use super::store;
use crate::app::App;
use crate::bus::Poke;
use crate::channels::Medium;
use crate::delivery::{self, Kind, NewDelivery};
use crate::kit::{E164, Error, Instant, Result};
use crate::people::{self, Admin};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The longest test message, in characters.
const MAX_TEST_CHARS: usize = 4096;
/// The most sessions one answer lists; the description of [`Sessions`] names it too.
const MAX_LISTED: u64 = 10_000;

/// A test message was queued.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sent {
    #[schema(example = true)]
    success: bool,
    /// Where it goes.
    #[schema(example = "+12025550101")]
    phone: String,
    /// The text as it was queued.
    #[schema(example = "Hello")]
    message: String,
}

/// The live sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sessions {
    /// How many are live, also where not all of them are listed.
    #[schema(example = 1)]
    total_sessions: u64,
    /// By address, `whatsapp:+12025550101`; the 10,000 that changed last.
    sessions: BTreeMap<String, SessionShown>,
}

/// One live session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionShown {
    /// `MENU`, or the flow and the question that is asked.
    #[schema(example = "create_defect.severity")]
    state: String,
    /// The questions answered so far.
    #[schema(example = json!(["order", "type"]))]
    data_keys: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

/// A session was cleared.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cleared {
    #[schema(example = true)]
    success: bool,
    #[schema(example = "Session cleared")]
    message: &'static str,
}

/// Queue a text to a number.
///
/// The text is a delivery like any other: it is retried, and its status comes back.
#[utoipa::path(
    post, path = "/api/whatsapp/test", tag = "WhatsApp", operation_id = "send_test_message",
    params(
        ("phone_number" = String, Query, example = "+12025550101", pattern = r"^(whatsapp:)?\+[1-9][0-9]{6,14}$", description = "E.164; a raw `+` is understood"),
        ("message" = String, Query, example = "Hello", min_length = 1, max_length = 4096, pattern = r"\S", description = "1 to 4096 characters"),
    ),
    responses((status = 200, body = Sent), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem), (status = 429, body = Problem)),
    security(("bearer" = [])),
)]
pub async fn test(_: Admin, State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<Sent>> {
    let query = query.unwrap_or_default();
    let field = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, v)| v.into_owned())
    };
    let phone = number(&field("phone_number").ok_or_else(|| {
        Error::bad_request("phone_number is missing: send ?phone_number=+12025550101&message=Hello.")
    })?)?;
    let message = field("message").filter(|text| !text.trim().is_empty());
    let message = message
        .ok_or_else(|| Error::bad_request("message is missing or empty: send ?phone_number=…&message=Hello."))?;
    let message = message.replace('\0', "");
    let length = message.chars().count();
    if length > MAX_TEST_CHARS {
        return Err(Error::bad_request(format!(
            "message may have {MAX_TEST_CHARS} characters; this one has {length}."
        )));
    }
    queue(&app, phone.clone(), message.clone()).await?;
    app.bus.poke(Poke::Dispatch);
    Ok(Json(Sent { success: true, phone: phone.to_string(), message }))
}

async fn queue(app: &App, phone: E164, message: String) -> Result<Vec<String>> {
    let max_chars = app.max_chars();
    app.db
        .write_with((phone, message), move |tx, (phone, message)| {
            Box::pin(async move {
                let from = phone.clone();
                let caller = people::store::Caller {
                    medium: Medium::Whatsapp,
                    from: from.into(),
                    profile_name: None,
                    user_id: None,
                };
                let known = people::store::greet(tx, Medium::Whatsapp, &[caller]).await?;
                let tests = known.into_values().map(|known| NewDelivery {
                    kind: Kind::Test,
                    medium: Medium::Whatsapp,
                    address_id: known.address_id,
                    person_id: known.person_id,
                    sender: None,
                    line: format!("test:{}", known.address_id),
                    body: message.clone(),
                    rich: None,
                    message_id: None,
                });
                delivery::enqueue(tx, tests.collect(), max_chars).await
            })
        })
        .await
}

/// The sessions that are live, the dormant ones left out.
///
/// The 10,000 that changed last are listed; `total_sessions` counts all of them.
#[utoipa::path(
    get, path = "/api/whatsapp/sessions", tag = "WhatsApp", operation_id = "list_sessions",
    responses((status = 200, body = Sessions), (status = 401, body = Problem), (status = 403, body = Problem), (status = 429, body = Problem)),
    security(("bearer" = [])),
)]
pub async fn sessions(_: Admin, State(app): State<App>) -> Result<Json<Sessions>> {
    let since = app.clock.now() - app.settings.session_timeout;
    let live = store::live(app.db.read(), since, MAX_LISTED).await?;
    let total_sessions = store::count_live(app.db.read(), since).await?;
    let sessions: BTreeMap<String, SessionShown> = live
        .into_iter()
        .map(|live| {
            let session: Option<Session> = serde_json::from_str(&live.session).ok();
            let data_keys = session.map(|session| session.data_keys().into_iter().map(str::to_owned).collect());
            let shown = SessionShown {
                state: live.state,
                data_keys: data_keys.unwrap_or_default(),
                created_at: live.created_at,
                updated_at: live.updated_at,
            };
            (format!("{}:{}", live.medium, live.value), shown)
        })
        .collect();
    Ok(Json(Sessions { total_sessions, sessions }))
}

/// Clear a session: the next message starts at the menu.
#[utoipa::path(
    delete, path = "/api/whatsapp/sessions/{phone_number}", tag = "WhatsApp", operation_id = "clear_session",
    params(("phone_number" = String, Path, example = "+12025550101", pattern = r"^(whatsapp:)?\+[1-9][0-9]{6,14}$", description = "E.164, also as `whatsapp:+…`")),
    responses((status = 200, body = Cleared), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 429, body = Problem)),
    security(("bearer" = [])),
)]
pub async fn clear_session(
    _: Admin,
    State(app): State<App>,
    phone_number: std::result::Result<Path<String>, PathRejection>,
) -> Result<Json<Cleared>> {
    let Path(phone_number) = phone_number.map_err(|_| {
        Error::bad_request(
            "The path is not UTF-8. Write the number in E.164 form: /api/whatsapp/sessions/+12025550101.",
        )
    })?;
    let phone = number(&percent_decode_str(&phone_number).decode_utf8_lossy())?;
    let missing = || Error::not_found(format!("There is no session of {phone}."));
    let known = people::store::by_addresses(app.db.read(), Medium::Whatsapp, &[phone.to_string()]).await?;
    let person = known.get(phone.as_str()).map(|known| known.person_id).ok_or_else(missing)?;
    let was_there = app.db.write(move |tx| Box::pin(store::forget(tx, person))).await?;
    app.bus.changed([person]);
    if was_there { Ok(Json(Cleared { success: true, message: "Session cleared" })) } else { Err(missing()) }
}

/// A number as people send it: with `whatsapp:` in front, and with a plus that arrived as a space.
fn number(typed: &str) -> Result<E164> {
    let bare = typed.trim_start_matches("whatsapp:");
    let number = match bare.strip_prefix(' ') {
        Some(rest) => E164::parse(&format!("+{}", rest.trim())),
        None => E164::parse(bare),
    };
    number.map_err(|wrong| Error::bad_request(wrong.to_string()))
}
