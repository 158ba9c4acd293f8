//! Tokens for programs: made, listed and revoked by their owner, who is signed in.

use super::auth::Done;
use crate::app::App;
use crate::kit::{Instant, Result};
use crate::people::store::api_tokens::{self, row};
use crate::people::{SignedIn, tokens};
use crate::web::problem::Problem;
use crate::web::{Body, Fields, Form, form, read};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

/// The longest life of a token that runs out.
const MAX_DAYS: i64 = 3_660;

/// What a token may do of what its owner may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TokenScope)]
pub enum Scope {
    /// See.
    Read,
    /// See and change.
    Write,
}

impl Scope {
    const ALL: [Self; 2] = [Self::Read, Self::Write];

    fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A token to make.
#[derive(ToSchema)]
#[schema(as = NewToken)]
pub struct NewToken {
    /// What it is for.
    #[schema(example = "Nightly export", min_length = 1, max_length = 100)]
    name: String,
    scope: Scope,
    /// For how many days it holds; left out, until it is revoked.
    #[schema(minimum = 1, maximum = 3660)]
    days: Option<i64>,
}

impl Form for NewToken {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.required("name", read::line(1..=100));
        let scope = fields.required("scope", read::one_of(&Scope::ALL, Scope::as_str));
        let days = fields.optional("days", read::whole(1..=MAX_DAYS));
        Some(Self { name: name?, scope: scope?, days })
    }
}

/// A token, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenShown {
    id: i64,
    #[schema(example = "Nightly export")]
    name: String,
    scope: Scope,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// Null where it holds until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// To five minutes; null where it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Instant>,
}

impl From<row::Model> for TokenShown {
    fn from(row: row::Model) -> Self {
        let row::Model { id, name, can_write, created_at, expires_at, last_used_at, .. } = row;
        let scope = if can_write { Scope::Write } else { Scope::Read };
        Self { id, name, scope, created_at, expires_at, last_used_at }
    }
}

/// A new token with its text, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenMade {
    /// Sent as `Authorization: Bearer`.
    #[schema(example = "andon_…")]
    token: String,
    #[serde(flatten)]
    shown: TokenShown,
}

/// A token that belongs to the asker; an admin may also mean somebody else's.
#[derive(Clone, Debug)]
pub struct OwnToken {
    who: SignedIn,
    token: row::Model,
}

impl FromRequestParts<App> for OwnToken {
    type Rejection = crate::kit::Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let who = SignedIn::from_request_parts(parts, app).await?;
        let id = form::id_in_path(parts, "id", "token").await?;
        let token = api_tokens::by_id(app.db.read(), id).await?;
        let token = token.filter(|token| token.person_id == who.actor.person_id || who.actor.is_admin());
        Ok(Self { token: token.ok_or_else(|| form::missing("token"))?, who })
    }
}

/// List your tokens.
#[utoipa::path(
    get, path = "/api/tokens", tag = "Signing in", operation_id = "list_tokens", security(("bearer" = [])),
    responses((status = 200, body = Vec<TokenShown>), (status = 401, body = Problem), (status = 403, body = Problem)),
)]
pub async fn list(who: SignedIn, State(app): State<App>) -> Result<Json<Vec<TokenShown>>> {
    let tokens = api_tokens::of(app.db.read(), who.actor.person_id).await?;
    Ok(Json(tokens.into_iter().map(TokenShown::from).collect()))
}

/// Make a token for a program.
///
/// Its text is shown this once; Andon keeps only a hash. It may do what you may, less what its scope leaves out.
#[utoipa::path(
    post, path = "/api/tokens", tag = "Signing in", operation_id = "create_token", security(("bearer" = [])), request_body = NewToken,
    responses(
        (status = 201, body = TokenMade), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
    ),
)]
pub async fn create(
    who: SignedIn,
    State(app): State<App>,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<TokenMade>)> {
    let asked = tokens::Asked { name: new.name, can_write: new.scope == Scope::Write, days: new.days };
    let (token, row) = tokens::make(&app, &who.actor, asked).await?;
    Ok((StatusCode::CREATED, Json(TokenMade { token, shown: row.into() })))
}

/// Revoke a token of yours; an admin also somebody else's.
#[utoipa::path(
    delete, path = "/api/tokens/{id}", tag = "Signing in", operation_id = "revoke_token", security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The token's number")),
    responses(
        (status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub async fn revoke(own: OwnToken, State(app): State<App>) -> Result<Json<Done>> {
    let message = format!("The token {} holds no more.", own.token.name);
    tokens::revoke(&app, &own.who.actor, own.token).await?;
    Ok(Json(Done { message }))
}
