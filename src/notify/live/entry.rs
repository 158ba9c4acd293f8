//! Who may connect: by a ticket, an access token, or one in the first message.

use super::super::store::live as store;
use super::desks::Who;
use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Instant, Result};
use crate::people::SignedIn;
use crate::people::actor::by_access_token;
use crate::proof::{Access, opaque};
use crate::web::{Fields, Form, read};
use chrono::TimeDelta;
use std::time::Duration;

/// How long a ticket holds. **Source**: issue of the desk: "a 60-second ticket".
pub(super) const TICKET_LIFE: TimeDelta = TimeDelta::seconds(60);
/// How long a connection may take to say who it is.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The longest token that is looked at.
const MAX_TOKEN: usize = 4096;

/// What a connection brings along, in its query or in its first message.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// A ticket.
    pub ticket: Option<String>,
    /// An access token.
    pub token: Option<String>,
    /// From where on they want to be told.
    pub resume: Resume,
    /// Whether they want to hear of what changes at the desk, too.
    pub changes: bool,
}

/// From where on somebody who comes back wants to be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resume {
    /// The last notice that they know.
    pub last_id: Option<i64>,
    /// When they were last connected.
    pub since: Option<Instant>,
}

impl Resume {
    pub(super) fn is_asked(self) -> bool {
        self.last_id.is_some() || self.since.is_some()
    }
}

impl Form for Entry {
    fn read(fields: &mut Fields) -> Option<Self> {
        let ticket = fields.optional("ticket", read::verbatim(1..=MAX_TOKEN));
        let token = fields.optional("token", read::verbatim(1..=MAX_TOKEN));
        let last_id = fields.optional("last_id", read::whole(0..=i64::MAX));
        let since = fields.optional("since", read::instant);
        let changes = fields.optional("changes", read::boolean).unwrap_or_default();
        Some(Self { ticket, token, resume: Resume { last_id, since }, changes })
    }
}

impl Entry {
    /// Who it is; none where it does not say.
    ///
    /// # Errors
    /// [`Kind::Unauthorized`] where the ticket or the token holds no more.
    pub(super) async fn who(&self, app: &App) -> Result<Option<Who>> {
        match (&self.ticket, &self.token) {
            (Some(ticket), _) => redeem(app, ticket.clone()).await.map(Some),
            (None, Some(token)) => by_token(app, token).await.map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// Who has this access token.
pub(super) async fn by_token(app: &App, token: &str) -> Result<Who> {
    let SignedIn { actor, sign_in } = by_access_token(app, token).await?;
    let claims = app.proof.signer.read::<Access>(token);
    let until = claims.map_or_else(|| app.clock.now(), |claims| claims.ends_at());
    Ok(Who { person_id: actor.person_id, sign_in, until })
}

/// A ticket for whoever this is, once and for a minute.
pub(super) async fn issue(app: &App, who: Who) -> Result<String> {
    let ticket = opaque();
    let hash = store::hash(&ticket);
    let issuing = app.db.write_with((hash, who), |tx, (hash, who)| {
        let row = store::Ticket {
            hash: hash.clone(),
            person_id: who.person_id,
            sign_in: who.sign_in.clone(),
            until: who.until,
            expires_at: tx.now() + TICKET_LIFE,
        };
        Box::pin(store::issue(tx, row))
    });
    issuing.await?;
    Ok(ticket)
}

async fn redeem(app: &App, ticket: String) -> Result<Who> {
    let hash = store::hash(&ticket);
    let ticket = app.db.write_with(hash, |tx, hash| Box::pin(store::redeem(tx, hash))).await?;
    let says = "This ticket holds no more: it is good once, for 60 seconds, while one is signed in. Fetch another: \
                POST /api/ws_ticket/.";
    let ticket = ticket.ok_or_else(|| Error::new(Kind::Unauthorized, says))?;
    Ok(Who { person_id: ticket.person_id, sign_in: ticket.sign_in, until: ticket.until })
}
