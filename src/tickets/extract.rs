//! The ticket in the path, checked before an endpoint runs: where the endpoint runs, its asker may see the ticket
//! ([`Visible`]), or may do what the path says with it ([`Allowed`]).

use super::action::Verb;
use super::life_cycle;
use super::model::{Ticket, Viewer, may_see};
use super::reading::{self, Shown};
use crate::app::App;
use crate::db::Door;
use crate::kit::{Error, Result};
use crate::people::Actor;
use crate::web::form::{id_in_path, missing};
use axum::extract::FromRequestParts;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;

/// Somebody at the desk, as the rules for tickets look at them. `ANDON_CHAT_ACCESS` opens the chat, not the desk.
impl From<&Actor> for Viewer {
    fn from(actor: &Actor) -> Self {
        Self {
            person_id: actor.person_id,
            role: Some(actor.role),
            department: actor.department.clone(),
            open_access: false,
        }
    }
}

/// A ticket that the asker may see.
#[derive(Clone, Debug)]
pub struct Visible {
    /// Who asks.
    pub viewer: Viewer,
    /// The door they came through.
    pub door: Door,
    /// The ticket, as it is shown.
    pub shown: Shown,
    /// The ticket, as the rules look at it.
    pub ticket: Ticket,
}

impl FromRequestParts<App> for Visible {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let (viewer, door) = (Viewer::from(&actor), actor.door);
        let id = id_in_path(parts, "id", "ticket").await?;
        let shown = reading::one(app.db.read(), id).await?.ok_or_else(|| missing("ticket"))?;
        let ticket = shown.ticket();
        if !may_see(&viewer, &ticket.visibility()) {
            return Err(missing("ticket"));
        }
        Ok(Self { viewer, door, shown, ticket })
    }
}

/// A ticket that the asker may do something with now: what the last part of the path names.
///
/// The use case checks again, in its transaction.
#[derive(Clone, Debug)]
pub struct Allowed(pub Visible);

impl FromRequestParts<App> for Allowed {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let seen = Visible::from_request_parts(parts, app).await?;
        let last = parts.uri.path().rsplit('/').next().unwrap_or_default();
        let verb = Verb::named(last).ok_or_else(|| Error::internal("a path names no action"))?;
        life_cycle::check(&seen.ticket, &seen.viewer, verb)?;
        Ok(Self(seen))
    }
}

/// The version that the asker looked at, where `If-Match` names one.
#[derive(Clone, Copy, Debug)]
pub struct Expected(Option<i32>);

impl Expected {
    /// The version that header and body agree on; none where neither names one.
    ///
    /// # Errors
    /// Where they differ.
    pub fn and(self, in_body: Option<i32>) -> Result<Option<i32>> {
        match (self.0, in_body) {
            (Some(header), Some(body)) if header != body => {
                Err(Error::field("version", format!("differs from If-Match, which names {header}")))
            }
            (header, body) => Ok(header.or(body)),
        }
    }
}

impl FromRequestParts<App> for Expected {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let version = bare.parse().map_err(|_| {
            Error::bad_request("If-Match must be the ETag that the ticket was read with, like \"3\", or *.")
        })?;
        Ok(Self(Some(version)))
    }
}
