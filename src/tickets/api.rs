//! The endpoints of tickets: lists, one ticket, raising an incident, changing what a ticket says, its history.
//!
//! The actions are in [`actions`]. What somebody may not see answers 404, what they may see but not do 403, what is
//! not possible now 409 with what is; see [`super::extract`].

pub mod actions;
pub mod forms;
pub mod query;
pub mod shape;
pub mod views;

use super::extract::{Expected, Visible};
use super::model::Viewer;
use super::reading::{self, Creations, Whole};
use super::{Follower, Key, edit as edit_ticket};
use crate::app::App;
use crate::kit::error::Kind as Failure;
use crate::kit::{Error, Instant, Result};
use crate::people::{Actor, Role};
use crate::web::page::{Here, Page, Paging};
use crate::web::refusals::{OfChanges, OfCreating, OfLists, OfReading};
use crate::web::{Body, Query};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::http::header::{ETAG, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use forms::{Change, Create};
use query::Asked;
use serde::Serialize;
use shape::{HistoryShown, TicketShown, WholeTicket};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the endpoints need besides the application.
#[derive(Clone)]
pub struct Desk {
    /// The queue by which tickets are made.
    pub creations: Creations,
    /// What else follows from a change.
    pub followers: &'static [Follower],
}

/// Every endpoint of tickets.
pub fn routes(app: &App, followers: &'static [Follower]) -> OpenApiRouter<App> {
    let desk = Desk { creations: reading::creations(app), followers };
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, edit))
        .routes(routes!(history))
        .routes(routes!(views::list, views::create))
        .routes(routes!(views::change, views::delete))
        .merge(actions::routes())
        .layer(Extension(desk))
}

/// List the tickets that you may see.
///
/// An ADMIN sees all, a CLIENT their own, SUPPORT those assigned to them, OPERATOR and SUPERVISOR the floor's. Pages
/// follow one another by `next` and `previous`; what is added meanwhile neither doubles a ticket nor hides one.
#[utoipa::path(
    get, path = "/api/tickets", tag = "Tickets", operation_id = "list_tickets",
    params(
        ("status" = Option<String>, Query, pattern = "^(NEW|OPENED|IN_PROGRESS|ON_HOLD|RESOLVED|WAITING_APPROVAL|CLOSED|CANCELLED)(,(NEW|OPENED|IN_PROGRESS|ON_HOLD|RESOLVED|WAITING_APPROVAL|CLOSED|CANCELLED)){0,6}$", max_length = 100, example = "NEW,OPENED", description = "One or more of NEW, OPENED, IN_PROGRESS, ON_HOLD, RESOLVED (also called WAITING_APPROVAL), CLOSED, CANCELLED, parted by commas"),
        ("priority" = Option<String>, Query, pattern = "^(HIGH|MEDIUM|LOW)(,(HIGH|MEDIUM|LOW)){0,2}$", example = "HIGH", description = "One or more of HIGH, MEDIUM, LOW"),
        ("category" = Option<String>, Query, pattern = "^(BUG|PROBLEM|SERVICE_DOWN|NEW_FEATURE)(,(BUG|PROBLEM|SERVICE_DOWN|NEW_FEATURE)){0,3}$", example = "BUG", description = "One or more of BUG, PROBLEM, SERVICE_DOWN, NEW_FEATURE"),
        ("kind" = Option<String>, Query, pattern = "^(INCIDENT|DEFECT|MAINTENANCE|SOP_FAILURE)(,(INCIDENT|DEFECT|MAINTENANCE|SOP_FAILURE)){0,3}$", example = "INCIDENT", description = "One or more of INCIDENT, DEFECT, MAINTENANCE, SOP_FAILURE"),
        ("assigned_to" = Option<String>, Query, pattern = "^(me|[1-9][0-9]{0,17})$", example = "me", description = "Who has them: a user's id, or `me`"),
        ("created_by" = Option<String>, Query, pattern = "^(me|[1-9][0-9]{0,17})$", example = "me", description = "Who raised or reported them: a user's id, or `me`"),
        ("overdue" = Option<bool>, Query, description = "`true`: those that missed a deadline which is still to be kept; `false`: the others"),
        ("due_soon" = Option<bool>, Query, description = "`true`: those of which a deadline is near (a quarter of its time is left, or less) and none has passed; `false`: the others"),
        ("created_since" = Option<String>, Query, format = DateTime, example = "2026-01-01T00:00:00Z", description = "Those made at this moment or later"),
        ("created_until" = Option<String>, Query, format = DateTime, example = "2026-02-01T00:00:00Z", description = "Those made before this moment"),
        ("q" = Option<String>, Query, description = "Words that all are in the title, the description or the reference, or in the name of who raised it or has it; 100 characters at most"),
        ("sort" = Option<String>, Query, pattern = "^-?(id|updated_at|resolution_due_at|priority)$", example = "-id", description = "`id` (in the order in which they were made), `updated_at`, `resolution_due_at` (those without one come last) or `priority`; with `-` in front the other way round. Without it `-id`"),
        Paging,
    ),
    responses(
        (status = 200, body = Page<TicketShown>),
        OfLists,
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    here: Here,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<TicketShown>>> {
    let (viewer, now) = (Viewer::from(&actor), app.clock.now());
    let page = reading::page(&app.db, &viewer, &asked.filter(&viewer), asked.order, &asked.part, now).await?;
    Ok(Json(Page::of(page.cut, page.count, &here, |shown| TicketShown::new(shown, &viewer, now))))
}

/// Raise an incident.
///
/// For CLIENT and ADMIN.
#[utoipa::path(
    post, path = "/api/tickets", tag = "Tickets", operation_id = "create_ticket", request_body = Create,
    responses(
        (status = 201, body = WholeTicket, headers(("ETag" = String))),
        OfCreating,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    State(app): State<App>,
    Extension(desk): Extension<Desk>,
    Raiser(actor): Raiser,
    Body(new): Body<Create>,
) -> Result<Response> {
    let whole = desk.creations.submit(new.by(actor.person_id)).await?;
    Ok(shown(StatusCode::CREATED, whole, &Viewer::from(&actor), app.clock.now()))
}

/// Read a ticket.
#[utoipa::path(
    get, path = "/api/tickets/{id}", tag = "Tickets", operation_id = "get_ticket", params(("id" = i64, Path, minimum = 1)),
    responses(
        (status = 200, body = WholeTicket, headers(("ETag" = String))),
        OfReading,
    ),
    security(("bearer" = [])),
)]
pub async fn get(State(app): State<App>, seen: Visible) -> Result<Response> {
    let whole = reading::whole(app.db.read(), seen.shown).await?;
    Ok(shown(StatusCode::OK, whole, &seen.viewer, app.clock.now()))
}

/// Change what a ticket says.
///
/// For an ADMIN, for a SUPERVISOR of the department where it is a floor ticket, and for who raised it while it is
/// NEW. A new priority moves the deadlines that follow from the old one. Status and people change by actions only.
#[utoipa::path(
    patch, path = "/api/tickets/{id}", tag = "Tickets", operation_id = "change_ticket", request_body = Change,
    params(("id" = i64, Path, minimum = 1), ("If-Match" = Option<String>, Header, pattern = r#"^(\*|"?[0-9]{1,9}"?)$"#, description = "The ETag that the ticket was read with")),
    responses(
        (status = 200, body = WholeTicket, headers(("ETag" = String))),
        OfChanges,
    ),
    security(("bearer" = [])),
)]
pub async fn edit(
    State(app): State<App>,
    seen: Visible,
    expected: Expected,
    Body(change): Body<Change>,
) -> Result<Response> {
    let (viewer, id, version) = (seen.viewer.clone(), seen.shown.row.id, expected.and(change.version)?);
    let change = change.edit();
    let (db, policies) = (app.db.through(seen.door), app.rules().policies);
    let row = db.write_with((viewer, change, policies), move |tx, (viewer, change, policies)| {
        Box::pin(edit_ticket(tx, viewer, Key::Id(id), (change, policies), version))
    });
    let changed = reading::Shown { row: row.await?, ..seen.shown };
    let whole = reading::whole(app.db.read(), changed).await?;
    Ok(shown(StatusCode::OK, whole, &seen.viewer, app.clock.now()))
}

/// Read what was done to a ticket, oldest first.
#[utoipa::path(
    get, path = "/api/tickets/{id}/history", tag = "Tickets", operation_id = "list_ticket_history", params(("id" = i64, Path, minimum = 1)),
    responses(
        (status = 200, body = Vec<HistoryShown>),
        OfReading,
    ),
    security(("bearer" = [])),
)]
pub async fn history(State(app): State<App>, seen: Visible) -> Result<Json<Vec<HistoryShown>>> {
    let whole = reading::whole(app.db.read(), seen.shown).await?;
    let lines = whole.history.into_iter().map(|line| HistoryShown::new(line, &seen.ticket, &seen.viewer));
    Ok(Json(lines.collect()))
}

/// Somebody who may raise incidents.
pub struct Raiser(Actor);

impl axum::extract::FromRequestParts<App> for Raiser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, app: &App) -> Result<Self> {
        let actor = Actor::from_request_parts(parts, app).await?;
        match actor.role {
            Role::Client | Role::Admin => Ok(Self(actor)),
            _ => Err(Error::new(Failure::Forbidden, "Incidents are raised by clients and admins only.")),
        }
    }
}

fn shown(status: StatusCode, whole: Whole, viewer: &Viewer, now: Instant) -> Response {
    let ticket = WholeTicket::new(whole, viewer, now);
    tagged(status, ticket.version(), ticket)
}

/// An answer with the ticket's version as its `ETag`.
fn tagged(status: StatusCode, version: i32, answer: impl Serialize) -> Response {
    let mut response = (status, Json(answer)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
