//! Signing in, refreshing, signing out.

use super::shapes::UserShown;
use crate::app::App;
use crate::kit::Result;
use crate::people::SignedIn;
use crate::people::sign_in::{self, Credentials, Tokens};
use crate::web::client::Network;
use crate::web::problem::Problem;
use crate::web::{Body, Fields, Form, read};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// The longest name or password that is looked at, in bytes.
const MAX_GIVEN: usize = 1024;
/// The longest code of a second factor that is looked at.
const MAX_CODE: usize = 64;
/// The longest token that is looked at.
const MAX_TOKEN: usize = 4096;

/// Who signs in.
#[derive(ToSchema)]
#[schema(as = Login)]
pub struct Login {
    /// Username or e-mail address, in any case.
    #[schema(example = "admin", min_length = 1, max_length = 1024)]
    username: String,
    #[schema(example = "correct horse battery", min_length = 1, max_length = 1024, format = Password)]
    password: String,
    /// Of a second factor, where there is one: six digits of the authenticator, or a recovery code. Each is good once.
    #[schema(max_length = 64)]
    code: Option<String>,
}

impl Form for Login {
    fn read(fields: &mut Fields) -> Option<Self> {
        let username = fields.required("username", read::verbatim(1..=MAX_GIVEN));
        let password = fields.required("password", read::verbatim(1..=MAX_GIVEN));
        let code = fields.optional("code", read::line(0..=MAX_CODE));
        Some(Self { username: username?, password: password?, code })
    }
}

/// Somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoggedIn {
    /// Holds for two hours; sent as `Authorization: Bearer`.
    #[schema(example = "eyJ0eXAi…")]
    access: String,
    /// Holds for two days, and for one refresh.
    #[schema(example = "eyJ0eXAi…")]
    refresh: String,
    user: UserShown,
}

/// A refresh token.
#[derive(ToSchema)]
pub struct RefreshAsked {
    #[schema(example = "eyJ0eXAi…", min_length = 1, max_length = 4096)]
    refresh: String,
}

impl Form for RefreshAsked {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { refresh: fields.required("refresh", read::verbatim(1..=MAX_TOKEN))? })
    }
}

/// The next tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextTokens {
    /// Holds for two hours.
    #[schema(example = "eyJ0eXAi…")]
    access: String,
    /// Takes the place of the one that was sent.
    #[schema(example = "eyJ0eXAi…")]
    refresh: String,
}

/// How far to sign out.
#[derive(ToSchema)]
pub struct LogoutAsked {
    /// Whether all other sign-ins of yours end as well.
    #[schema(required = false, default = false)]
    everywhere: bool,
}

impl Form for LogoutAsked {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { everywhere: fields.optional("everywhere", read::boolean).unwrap_or_default() })
    }
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    #[schema(example = "You are signed out.")]
    pub(super) message: String,
}

/// Sign in.
///
/// By username or e-mail address. What is answered, and after how long, does not tell whether an account exists. An
/// account with a second factor is answered 401 with `"code": "required"` until `code` is sent too.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "Signing in", request_body = Login,
    responses(
        (status = 200, body = LoggedIn), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 429, body = Problem),
        (status = 503, body = Problem, description = "Too many sign in at this moment: see Retry-After"),
    ),
)]
pub async fn login(network: Network, State(app): State<App>, Body(login): Body<Login>) -> Result<Json<LoggedIn>> {
    let credentials = Credentials { username: login.username, password: login.password, code: login.code };
    let (Tokens { access, refresh }, user) = sign_in::sign_in(&app, credentials, network.0).await?;
    Ok(Json(LoggedIn { access, refresh, user: user.into() }))
}

/// Fetch the next tokens.
///
/// The refresh token that was sent is used up. Sent once more within ten seconds (an answer may have got lost) it is
/// answered with the same next one; later, its whole sign-in is ended.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "Signing in", request_body = RefreshAsked,
    responses(
        (status = 200, body = NextTokens), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 429, body = Problem),
    ),
)]
pub async fn refresh(State(app): State<App>, Body(asked): Body<RefreshAsked>) -> Result<Json<NextTokens>> {
    let Tokens { access, refresh } = sign_in::refresh(&app, &asked.refresh).await?;
    Ok(Json(NextTokens { access, refresh }))
}

/// Sign out.
///
/// The tokens of this sign-in hold no more, at once and in every process.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "Signing in", request_body = LogoutAsked, security(("bearer" = [])),
    responses(
        (status = 200, body = Done), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 429, body = Problem),
    ),
)]
pub async fn logout(who: SignedIn, State(app): State<App>, Body(asked): Body<LogoutAsked>) -> Result<Json<Done>> {
    sign_in::sign_out(&app, who.actor.person_id, who.sign_in, asked.everywhere).await?;
    Ok(Json(Done { message: "You are signed out.".to_owned() }))
}
