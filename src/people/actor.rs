//! Who is asking: the extractors by which an endpoint learns it, checked before the endpoint runs.
//!
//! A bearer token is an access token of a sign-in, or a token for programs. Every request asks the database whether the sign-in still holds and
//! the person is still active, and with which role, so that what an admin takes away is gone at the next request, in
//! every process.

use super::model::{Refusal, Sight};
use super::store::sign_ins;
use super::store::users::{self, User};
use super::{Role, tokens};
use crate::app::App;
pub use crate::db::Door;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::proof::{Access, PREFIX};
use crate::web::{form, guard};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Somebody who is signed in, and the door they came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person; in the API, the user's id.
    pub person_id: i64,
    /// The name they sign in with.
    pub username: String,
    /// What they are here for.
    pub role: Role,
    /// Their department.
    pub department: Option<String>,
    /// The door they came through.
    pub door: Door,
    /// The sign-in they came by; none with a token for programs.
    pub sign_in: Option<String>,
}

impl Actor {
    /// Whether they run the desk.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// Whose data they may see.
    pub fn sight(&self) -> Sight {
        Sight::of(self.person_id, self.role, self.department.as_deref())
    }

    /// Lets those pass who are signed in themselves: a token for programs must not become a way to sign in.
    ///
    /// # Errors
    /// [`Kind::Forbidden`] for a program.
    pub fn must_be_signed_in(&self) -> Result<()> {
        if self.sign_in.is_some() { Ok(()) } else { Err(no_program()) }
    }

    /// Lets admins pass; `what` completes "Only an admin may …".
    ///
    /// # Errors
    /// [`Kind::Forbidden`] for everybody else.
    pub fn must_be_admin(&self, what: &str) -> Result<()> {
        if self.is_admin() { Ok(()) } else { Err(Refusal::AdminsOnly(what.to_owned()).into()) }
    }
}

/// Somebody who is signed in and an admin.
#[derive(Clone, Debug)]
pub struct Administrator(pub Actor);

/// The user that the path means, and who asks: somebody who may see them. What may not be seen is not found.
#[derive(Clone, Debug)]
pub struct SeenUser {
    /// Who asks.
    pub actor: Actor,
    /// The user.
    pub user: User,
}

/// The user that the path means, and who asks: an admin.
#[derive(Clone, Debug)]
pub struct ManagedUser {
    /// Who asks.
    pub actor: Actor,
    /// The user.
    pub user: User,
}

/// Somebody with the sign-in that they came by: for what only they themselves may do.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub actor: Actor,
    /// Their sign-in.
    pub sign_in: String,
}

/// Proof that the asker is an admin: signed in as one, or with `ANDON_ADMIN_TOKEN`.
///
/// Being on loopback proves nothing (a tunnel makes the whole internet loopback). Only the demo, which keeps to its
/// own data and takes requests for loopback alone, is open.
#[derive(Clone, Copy, Debug)]
pub struct Admin;

/// Who has this access token, as long as it and its sign-in hold.
///
/// # Errors
/// [`Kind::Unauthorized`] where they do not.
pub async fn by_access_token(app: &App, token: &str) -> Result<SignedIn> {
    let claims = app.proof.signer.read::<Access>(token).ok_or_else(|| unauthorized("This is no access token."))?;
    if !claims.holds(app.clock.now()) {
        return Err(unauthorized("This access token has expired. Refresh it: POST /api/auth/refresh/."));
    }
    let holder = sign_ins::holder(app.db.read(), &claims.sign_in).await?;
    let actor =
        holder.filter(|holder| holder.person_id == claims.person_id).and_then(|holder| holder.actor(&claims.sign_in));
    let actor = actor.ok_or_else(|| unauthorized("This sign-in has ended. Sign in again: POST /api/auth/login/."))?;
    Ok(SignedIn { actor, sign_in: claims.sign_in })
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let token = guard::bearer_of(&parts.headers);
        let token = token.ok_or_else(|| {
            unauthorized("Sign in first: POST /api/auth/login/, then send Authorization: Bearer with the access token.")
        })?;
        if token.starts_with(PREFIX) {
            return Err(no_program());
        }
        let signed_in = by_access_token(app, token).await?;
        parts.extensions.insert(signed_in.clone()); // for the extractor that comes next
        Ok(signed_in)
    }
}

impl FromRequestParts<App> for Actor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let Some(token) = guard::bearer_of(&parts.headers).filter(|token| token.starts_with(PREFIX)) else {
            return Ok(SignedIn::from_request_parts(parts, app).await?.actor);
        };
        let (actor, can_write) =
            tokens::bearer(app, token).await?.ok_or_else(|| unauthorized("This token holds no more."))?;
        if !can_write && !parts.method.is_safe() {
            let says = "This token may only read. Make one with the scope \"write\".";
            return Err(Error::new(Kind::Forbidden, says));
        }
        parts.extensions.insert(actor.clone());
        Ok(actor)
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let actor = Actor::from_request_parts(parts, app).await?;
        actor.must_be_admin("do this")?;
        Ok(Self(actor))
    }
}

impl FromRequestParts<App> for SeenUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let id = form::id_in_path(parts, "id", "user").await?;
        let user = users::by_id(app.db.read(), id).await?;
        let user = user.filter(|user| actor.sight().reaches(user.id, user.role, user.department.as_deref()));
        Ok(Self { user: user.ok_or_else(|| form::missing("user"))?, actor })
    }
}

impl FromRequestParts<App> for ManagedUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let SeenUser { actor, user } = SeenUser::from_request_parts(parts, app).await?;
        actor.must_be_admin("do this to a user")?;
        Ok(Self { actor, user })
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if guard::is_admin(app, &parts.headers) {
            return Ok(Self);
        }
        if guard::bearer_of(&parts.headers).is_none() {
            return Err(unauthorized(
                "This endpoint is for admins: sign in as one, or send ANDON_ADMIN_TOKEN as bearer.",
            ));
        }
        let actor = Actor::from_request_parts(parts, app).await?;
        if actor.is_admin() { Ok(Self) } else { Err(Error::new(Kind::Forbidden, "This is for admins only.")) }
    }
}

fn no_program() -> Error {
    Error::new(Kind::Forbidden, "This is done by somebody who is signed in, not with a token for programs.")
}

fn unauthorized(public: &'static str) -> Error {
    Error::new(Kind::Unauthorized, public)
}
