//! Tokens for programs: made by their owner, with a name and a scope, shown once, revoked at any time.
//!
//! What a token may do is what its owner may, less what its scope leaves out; it never makes tokens or changes
//! passwords. It holds until it runs out, is revoked, or its owner is deactivated.

use super::events;
use super::store::api_tokens::{self, Bearer, NewToken, row};
use super::{Actor, Door, Role};
use crate::app::App;
use crate::kit::Result;
use crate::outbox;
use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// A use is noted no more often.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(5);

/// What a program's token is made with.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What it is for.
    pub name: String,
    /// Whether it may change anything.
    pub can_write: bool,
    /// For how many days it holds; none: until it is revoked.
    pub days: Option<i64>,
}

/// Makes a token of this person's, and answers with its text, which nobody can be shown again.
///
/// # Errors
/// When the database is away.
pub async fn make(app: &App, actor: &Actor, asked: Asked) -> Result<(String, row::Model)> {
    let (token, person_id) = (app.proof.signer.for_program(), actor.person_id);
    let hash = digest(&token);
    let db = app.db.through(actor.door);
    let made = db.write_with((asked, hash), move |tx, (Asked { name, can_write, days }, hash)| {
        Box::pin(async move {
            let expires_at = days.map(|days| tx.now() + TimeDelta::days(days));
            let (name, hash) = (name.clone(), hash.clone());
            let new = NewToken { person_id, name: name.clone(), hash, can_write: *can_write, expires_at };
            let row = api_tokens::insert(tx, new).await?;
            let made = events::TokenCreated { person_id, actor_id: Some(person_id), token_id: row.id, name };
            outbox::append(tx, &[made]).await?;
            Ok(row)
        })
    });
    Ok((token, made.await?))
}

/// Revokes a token.
///
/// # Errors
/// When the database is away.
pub async fn revoke(app: &App, actor: &Actor, token: row::Model) -> Result<()> {
    let by = Some(actor.person_id);
    app.db
        .through(actor.door)
        .write_with(token, move |tx, token| {
            Box::pin(async move {
                api_tokens::revoke(tx, token.id).await?;
                let row::Model { id: token_id, person_id, name, .. } = token.clone();
                outbox::append(tx, &[events::TokenRevoked { person_id, actor_id: by, token_id, name }]).await
            })
        })
        .await
}

/// Who holds this token, and whether it may change anything.
///
/// # Errors
/// When the database is away.
pub async fn bearer(app: &App, token: &str) -> Result<Option<(Actor, bool)>> {
    let now = app.clock.now();
    let Some(bearer) = api_tokens::bearer(app.db.read(), &digest(token), now).await? else { return Ok(None) };
    if bearer.last_used_at.is_none_or(|at| now - at >= NOTED_EVERY) {
        let id = bearer.token_id;
        app.db.write(move |tx| Box::pin(async move { api_tokens::touch(tx, id).await })).await?;
    }
    let Bearer { person_id, can_write, username, role, department, .. } = bearer;
    let actor = username.zip(role.as_deref().and_then(Role::named));
    let actor =
        actor.map(|(username, role)| Actor { person_id, username, role, department, door: Door::Api, sign_in: None });
    Ok(actor.map(|actor| (actor, can_write)))
}

/// SHA-256 of a text that nobody can guess, in hexadecimal digits: what is kept in its place.
pub(super) fn digest(token: &str) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(token.as_bytes()) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
