//! Users: seen by those who may see them, made and changed by admins.

use super::auth::Done;
use super::forms::{Change, Changing, Creating, Listing, NewAccount, WithRole};
use super::shapes::UserShown;
use crate::app::App;
use crate::kit::Result;
use crate::people::store::users as store;
use crate::people::users::Gone;
use crate::people::{Actor, Administrator, ManagedUser, Role, SeenUser, desk, second_factor};
use crate::web::page::{Here, Page, Paging};
use crate::web::problem::Problem;
use crate::web::{Body, Query};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa::IntoParams;

/// What the list of users may be narrowed by.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Narrowed {
    /// With this role.
    pub role: Option<Role>,
    /// Active ones, or those who are not.
    pub is_active: Option<bool>,
    /// Of this department.
    #[param(max_length = 100)]
    pub department: Option<String>,
    /// Whose name, username or e-mail address holds this text.
    #[param(max_length = 100)]
    pub q: Option<String>,
}

/// List the users that you may see.
///
/// An admin sees everybody; a supervisor their department and the support people; others themselves.
#[utoipa::path(
    get, path = "/api/users", tag = "People", operation_id = "list_users", security(("bearer" = [])), params(Narrowed, Paging),
    responses((status = 200, body = Page<UserShown>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub async fn list(
    actor: Actor,
    State(app): State<App>,
    here: Here,
    Query(asked): Query<Listing>,
) -> Result<Json<Page<UserShown>>> {
    let (sight, part) = (actor.sight(), &asked.part);
    let users = store::list(app.db.read(), &sight, &asked.filter, asked.stretch()).await?;
    let mut count = None;
    if part.is_counted {
        count = Some(store::count(app.db.read(), &sight, &asked.filter).await?);
    }
    Ok(Json(Page::of(part.cut(users, Listing::place), count, &here, UserShown::from)))
}

/// List the active users with a role that you may see.
#[utoipa::path(
    get, path = "/api/users/by_role", tag = "People", operation_id = "list_users_by_role", security(("bearer" = [])),
    params(("role" = Role, Query, description = "The role")),
    responses((status = 200, body = Vec<UserShown>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub async fn by_role(
    actor: Actor,
    State(app): State<App>,
    Query(WithRole(role)): Query<WithRole>,
) -> Result<Json<Vec<UserShown>>> {
    let filter = store::Filter { role: Some(role), is_active: Some(true), ..store::Filter::default() };
    let all = store::Stretch { from: None, is_rising: true, most: None };
    let users = store::list(app.db.read(), &actor.sight(), &filter, all).await?;
    Ok(Json(users.into_iter().map(UserShown::from).collect()))
}

/// Make a user.
#[utoipa::path(
    post, path = "/api/users", tag = "People", operation_id = "create_user", security(("bearer" = [])), request_body = Creating,
    responses(
        (status = 201, body = UserShown), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn create(
    Administrator(actor): Administrator,
    State(app): State<App>,
    Body(new): Body<NewAccount>,
) -> Result<(StatusCode, Json<UserShown>)> {
    let user = desk::add(&app, &actor, new.user, &new.password).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

/// Show a user that you may see.
#[utoipa::path(
    get, path = "/api/users/{id}", tag = "People", operation_id = "get_user", security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The user's number")),
    responses((status = 200, body = UserShown), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub async fn show(seen: SeenUser) -> Json<UserShown> {
    Json(seen.user.into())
}

/// Change a user.
///
/// An admin changes everything. Everybody changes their own e-mail address, names, phone number, language and password.
/// A new password is set by somebody who is signed in, not with a token for programs, and ends the user's sign-ins, but
/// for the one that it is set by.
#[utoipa::path(
    patch, path = "/api/users/{id}", tag = "People", operation_id = "change_user", security(("bearer" = [])), request_body = Changing,
    params(("id" = i64, Path, minimum = 1, description = "The user's number")),
    responses(
        (status = 200, body = UserShown), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 503, body = Problem),
    ),
)]
pub async fn change(seen: SeenUser, State(app): State<App>, Body(asked): Body<Change>) -> Result<Json<UserShown>> {
    let SeenUser { actor, user } = seen;
    let user = desk::change(&app, &actor, &user, asked.changes, asked.is_active, asked.password).await?;
    Ok(Json(user.into()))
}

/// Take a user out.
///
/// Who has a history (a ticket, a message, a line in somebody's history) is deactivated instead; the answer says which.
#[utoipa::path(
    delete, path = "/api/users/{id}", tag = "People", operation_id = "delete_user", security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The user's number")),
    responses(
        (status = 200, body = Done, description = "They have a history and were deactivated"),
        (status = 204, description = "They are out"), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub async fn delete(managed: ManagedUser, State(app): State<App>) -> Result<Response> {
    let ManagedUser { actor, user } = managed;
    Ok(match desk::delete(&app, &actor, user.id).await? {
        Gone::Deleted => StatusCode::NO_CONTENT.into_response(),
        Gone::Deactivated => {
            let says = format!("{} has a history, so the account was deactivated, not deleted.", user.called());
            Json(Done { message: says }).into_response()
        }
    })
}

/// Take a user's second factor off, for who lost it; an admin only.
///
/// They sign in with their password alone until they set up another. The answer says whether there was one.
#[utoipa::path(
    delete, path = "/api/users/{id}/second_factor", tag = "People", operation_id = "remove_second_factor", security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The user's number")),
    responses(
        (status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub async fn remove_second_factor(managed: ManagedUser, State(app): State<App>) -> Result<Json<Done>> {
    let ManagedUser { actor, user } = managed;
    actor.must_be_signed_in()?;
    let (id, by) = (user.id, Some(actor.person_id));
    let db = app.db.through(actor.door);
    let was_on = db.write(move |tx| Box::pin(async move { second_factor::take_off(tx, id, by).await })).await?;
    let what = if was_on { "has no second factor any more" } else { "had no second factor" };
    Ok(Json(Done { message: format!("{} {what}.", user.called()) }))
}

/// Let somebody use Andon again.
#[utoipa::path(
    post, path = "/api/users/{id}/activate", tag = "People", operation_id = "activate_user", security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The user's number")),
    responses(
        (status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub async fn activate(managed: ManagedUser, State(app): State<App>) -> Result<Json<Done>> {
    let user = desk::set_active(&app, &managed.actor, managed.user.id, true).await?;
    Ok(Json(Done { message: format!("{} is active.", user.called()) }))
}

/// Let somebody use Andon no longer.
///
/// Every sign-in and token of theirs ends at once. Nobody deactivates themselves, and one admin who can sign in stays.
#[utoipa::path(
    post, path = "/api/users/{id}/deactivate", tag = "People", operation_id = "deactivate_user", security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The user's number")),
    responses(
        (status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub async fn deactivate(managed: ManagedUser, State(app): State<App>) -> Result<Json<Done>> {
    let user = desk::set_active(&app, &managed.actor, managed.user.id, false).await?;
    Ok(Json(Done { message: format!("{} is deactivated.", user.called()) }))
}
