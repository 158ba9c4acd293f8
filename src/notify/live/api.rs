//! The WebSocket, and the tickets for it.

use super::desks::Who;
use super::entry::{self, Entry, TICKET_LIFE};
use super::{Live, socket};
use crate::app::App;
use crate::kit::{Error, Instant, Result};
use crate::people::SignedIn;
use crate::web::problem::Problem;
use crate::web::{Query, guard, serve};
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

/// What opens one connection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WsTicket)]
pub struct Issued {
    /// Good once; goes into the address: `/ws/notifications/?ticket=…`.
    #[schema(example = "Yk3…")]
    ticket: String,
    /// Seconds.
    #[schema(example = 60)]
    expires_in: i64,
}

/// A ticket that opens one connection to `/ws/notifications/`, once and within 60 seconds.
///
/// Addresses get into logs of proxies and into histories of browsers; so a ticket goes into the address, not the token.
#[utoipa::path(
    post, path = "/api/ws_ticket", tag = "Notifications", operation_id = "issue_live_ticket", security(("bearer" = [])),
    responses(
        (status = 200, body = Issued), (status = 401, body = Problem), (status = 429, body = Problem),
        (status = 403, body = Problem, description = "A token for programs opens no connection"),
    ),
)]
pub async fn ticket(_: SignedIn, headers: HeaderMap, State(app): State<App>) -> Result<Json<Issued>> {
    let who = entry::by_token(&app, guard::bearer_of(&headers).unwrap_or_default()).await?;
    Ok(Json(Issued { ticket: entry::issue(&app, who).await?, expires_in: TICKET_LIFE.num_seconds() }))
}

/// A ticket for somebody who is at the desk with a browser, good until their sign-in ends.
///
/// # Errors
/// When the database is away.
pub async fn ticket_at_the_desk(app: &App, who: &SignedIn, until: Instant) -> Result<String> {
    let SignedIn { actor, sign_in } = who.clone();
    entry::issue(app, Who { person_id: actor.person_id, sign_in, until }).await
}

/// One's own notices as they happen: a WebSocket.
///
/// Who one is goes with `ticket` (see `POST /api/ws_ticket/`), with the access token as bearer, in the first message as
/// `{"type": "authenticate", "token": "…"}`, or in the query as `token`. What the messages look like stands in
/// docs/api.md, "Live".
#[utoipa::path(
    get, path = "/ws/notifications", tag = "Notifications", operation_id = "connect_live",
    params(
        ("ticket" = Option<String>, Query, description = "Good once, for 60 seconds", max_length = 4096),
        ("token" = Option<String>, Query, description = "An access token; a ticket is better", max_length = 4096),
        ("last_id" = Option<i64>, Query, description = "Send first what came after this notification", minimum = 0),
        ("changes" = Option<bool>, Query, description = "Hear of what changes at the desk, too"),
        ("since" = Option<String>, Query, description = "Send first what came since this instant (RFC 3339)", format = DateTime),
    ),
    responses(
        (status = 101, description = "Connected"), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 429, body = Problem), (status = 503, body = Problem, description = "Too many are connected"),
    ),
    security((), ("bearer" = [])),
)]
pub async fn connect(
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    State(app): State<App>,
    Extension(live): Extension<Live>,
    held: Option<Extension<serve::Held>>,
    headers: HeaderMap,
    Query(entry): Query<Entry>,
) -> Result<Response> {
    let upgrade = upgrade.map_err(|_| Error::bad_request("This is a WebSocket: connect with ws:// or wss://."))?;
    let who = match (entry.who(&app).await?, guard::bearer_of(&headers)) {
        (None, Some(token)) => Some(entry::by_token(&app, token).await?),
        (who, _) => who,
    };
    let full = || Error::unavailable("As many are connected as may be. Please come back in a while.");
    let place = live.place().ok_or_else(full)?;
    let upgrade = upgrade.max_message_size(socket::MOST_BYTES).max_frame_size(socket::MOST_BYTES);
    let (wanted, held) = ((entry.resume, entry.changes), held.map(|Extension(held)| held));
    Ok(upgrade.on_upgrade(move |socket| socket::talk(socket, live, who, wanted, (place, held))))
}
