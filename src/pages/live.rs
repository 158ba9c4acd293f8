//! The way to the live line for the pages' script: a ticket for one connection.

use super::desk::Desk;
use super::posted::stale;
use super::session::must_be_ours;
use crate::kit::Result;
use crate::notify::live::api::ticket_at_the_desk;
use axum::Json;
use axum::http::{HeaderMap, Method};
use serde::Serialize;

/// The header in which the script sends what forms carry in a field.
pub(super) const TOKEN: &str = "x-form-token";

/// What opens one connection.
#[derive(Serialize)]
pub(super) struct Issued {
    ticket: String,
}

/// `POST /live-ticket`.
pub(super) async fn ticket(desk: Desk, method: Method, headers: HeaderMap) -> Result<Json<Issued>> {
    must_be_ours(&desk.app, &method, &headers)?;
    let token = headers.get(TOKEN).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !desk.visitor.knows(token) {
        return Err(stale());
    }
    let ticket = ticket_at_the_desk(&desk.app, desk.who(), desk.person.expires_at).await?;
    Ok(Json(Issued { ticket }))
}
