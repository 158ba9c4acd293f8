//! Profiles: how people see themselves, and what they change about themselves.

use super::forms::{ChangingOneself, OwnChange};
use super::shapes::Profile;
use crate::app::App;
use crate::kit::Result;
use crate::people::model::Sight;
use crate::people::store::users as store;
use crate::people::{Actor, SignedIn, desk};
use crate::web::Body;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;

/// List profiles: your own, for an admin everybody's.
#[utoipa::path(
    get, path = "/api/profiles", tag = "People", operation_id = "list_profiles", security(("bearer" = [])),
    responses((status = 200, body = Vec<Profile>), (status = 401, body = Problem)),
)]
pub async fn list(actor: Actor, State(app): State<App>) -> Result<Json<Vec<Profile>>> {
    let sight = if actor.is_admin() { Sight::Everybody } else { Sight::Oneself(actor.person_id) };
    let all = store::Stretch { from: None, is_rising: true, most: None };
    let users = store::list(app.db.read(), &sight, &store::Filter::default(), all).await?;
    Ok(Json(users.into_iter().map(Profile::from).collect()))
}

/// Change your own name, language or password.
///
/// A new password ends all other sign-ins of yours.
#[utoipa::path(
    patch, path = "/api/profile/update", tag = "People", operation_id = "update_profile", security(("bearer" = [])), request_body = ChangingOneself,
    responses(
        (status = 200, body = Profile), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn update(
    who: SignedIn,
    State(app): State<App>,
    Body(OwnChange(asked)): Body<OwnChange>,
) -> Result<Json<Profile>> {
    Ok(Json(desk::change_oneself(&app, who, asked.changes, asked.password).await?.into()))
}
