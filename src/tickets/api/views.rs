//! The endpoints of views: one's own, and nobody else's.

use crate::app::App;
use crate::kit::{Error, Instant, Result};
use crate::people::Actor;
use crate::tickets::views::{self, MAX_NAME, MAX_QUERY, NewView, row};
use crate::web::form::{id_in_path, missing};
use crate::web::problem::Problem;
use crate::web::{Body, Fields, Form, read};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

/// A view to keep.
#[derive(Debug, ToSchema)]
#[schema(as = NewTicketView)]
pub struct New {
    /// One line.
    #[schema(min_length = 1, max_length = 60, example = "Mine, overdue")]
    name: String,
    /// The parameters of `GET /api/tickets/` that it keeps, as they stand in an address.
    #[schema(max_length = 1000, example = "assigned_to=me&overdue=true")]
    query: String,
}

impl Form for New {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.required("name", read::line(1..=MAX_NAME));
        let query = fields.required("query", query);
        Some(Self { name: name?, query: query? })
    }
}

impl New {
    /// The view.
    pub fn view(self) -> NewView {
        NewView { name: self.name, query: self.query }
    }
}

/// What is to be changed of a view; what is missing stays.
#[derive(Debug, ToSchema)]
#[schema(as = TicketViewChange)]
pub struct Change {
    /// One line.
    #[schema(min_length = 1, max_length = 60, example = "Mine, late")]
    name: Option<String>,
    /// The parameters that it keeps.
    #[schema(max_length = 1000)]
    query: Option<String>,
}

impl Change {
    /// The name and the parameters, where they are to be others.
    pub fn parts(&self) -> (Option<&str>, Option<&str>) {
        (self.name.as_deref(), self.query.as_deref())
    }
}

impl Form for Change {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.optional("name", read::line(1..=MAX_NAME));
        Some(Self { name, query: fields.optional("query", query) })
    }
}

/// What a view would keep of it.
fn query(raw: read::Raw<'_>) -> Result<String, String> {
    let text = read::line(0..=MAX_QUERY)(raw)?;
    views::kept(&text).map_err(|_| "must be parameters that GET /api/tickets/ takes".to_owned())
}

/// A kept view.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketView)]
pub struct ViewShown {
    id: i64,
    #[schema(example = "Mine, overdue")]
    name: String,
    #[schema(example = "assigned_to=me&overdue=true")]
    query: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
}

impl From<row::Model> for ViewShown {
    fn from(row: row::Model) -> Self {
        let row::Model { id, name, query, created_at, .. } = row;
        Self { id, name, query, created_at }
    }
}

/// A view of the asker's own.
#[derive(Clone, Debug)]
pub struct OwnView {
    /// Who asks.
    pub actor: Actor,
    /// The view.
    pub view: row::Model,
}

impl FromRequestParts<App> for OwnView {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let id = id_in_path(parts, "id", "view").await?;
        let view = views::one(app.db.read(), actor.person_id, id).await?;
        Ok(Self { view: view.ok_or_else(|| missing("view"))?, actor })
    }
}

/// List your views.
#[utoipa::path(
    get, path = "/api/ticket_views", tag = "Tickets", operation_id = "list_ticket_views", security(("bearer" = [])),
    responses((status = 200, body = Vec<ViewShown>), (status = 401, body = Problem), (status = 429, body = Problem)),
)]
pub async fn list(actor: Actor, State(app): State<App>) -> Result<Json<Vec<ViewShown>>> {
    let views = views::of(app.db.read(), actor.person_id).await?;
    Ok(Json(views.into_iter().map(ViewShown::from).collect()))
}

/// Keep a view of the list of tickets under a name of your own.
///
/// Of its query that is kept which says which tickets and in which order; 50 views at most.
#[utoipa::path(
    post, path = "/api/ticket_views", tag = "Tickets", operation_id = "create_ticket_view", security(("bearer" = [])), request_body = New,
    responses(
        (status = 201, body = ViewShown), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 429, body = Problem),
    ),
)]
pub async fn create(
    actor: Actor,
    State(app): State<App>,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<ViewShown>)> {
    let person_id = actor.person_id;
    let db = app.db.through(actor.door);
    let kept = db.write_with(new.view(), move |tx, new| Box::pin(views::keep(tx, person_id, new))).await?;
    Ok((StatusCode::CREATED, Json(kept.into())))
}

/// Change one of your views.
#[utoipa::path(
    patch, path = "/api/ticket_views/{id}", tag = "Tickets", operation_id = "change_ticket_view", security(("bearer" = [])), request_body = Change,
    params(("id" = i64, Path, minimum = 1, description = "The view's number")),
    responses(
        (status = 200, body = ViewShown), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 429, body = Problem),
    ),
)]
pub async fn change(own: OwnView, State(app): State<App>, Body(change): Body<Change>) -> Result<Json<ViewShown>> {
    let (person_id, id) = (own.actor.person_id, own.view.id);
    let db = app.db.through(own.actor.door);
    let changing = db.write_with(change, move |tx, change| Box::pin(views::change(tx, person_id, id, change.parts())));
    Ok(Json(changing.await?.into()))
}

/// Delete one of your views.
#[utoipa::path(
    delete, path = "/api/ticket_views/{id}", tag = "Tickets", operation_id = "delete_ticket_view", security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The view's number")),
    responses(
        (status = 204, description = "It is gone"), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 429, body = Problem),
    ),
)]
pub async fn delete(own: OwnView, State(app): State<App>) -> Result<StatusCode> {
    let (person_id, id) = (own.actor.person_id, own.view.id);
    let db = app.db.through(own.actor.door);
    db.write(move |tx| Box::pin(views::remove(tx, person_id, id))).await?;
    Ok(StatusCode::NO_CONTENT)
}
