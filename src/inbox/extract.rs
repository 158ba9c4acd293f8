//! Who may look into the inbox, and the conversation in the path: where an endpoint runs, its asker may see it.

use super::store::{self, Head};
use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::people::Actor;
use crate::web::form::{id_in_path, missing};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Somebody who may look into the inbox.
#[derive(Clone, Debug)]
pub struct Desker(pub Actor);

/// A conversation that the asker may see.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Who asks.
    pub actor: Actor,
    /// The conversation.
    pub head: Head,
}

impl FromRequestParts<App> for Desker {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let actor = Actor::from_request_parts(parts, app).await?;
        if !actor.role.sees_conversations() {
            return Err(Error::new(Kind::Forbidden, "Conversations are for admins and supervisors to read."));
        }
        Ok(Self(actor))
    }
}

impl FromRequestParts<App> for Conversation {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Desker(actor) = Desker::from_request_parts(parts, app).await?;
        let id = id_in_path(parts, "id", "conversation").await?;
        let head = store::head(app.db.read(), &actor.sight(), id).await?.ok_or_else(|| missing("conversation"))?;
        Ok(Self { actor, head })
    }
}
