//! The notifications that somebody was sent: lists, counts, and what they have read.
//!
//! One sees one's own, an admin everybody's. What is read, and how much is unread, is each one's own affair.

use super::detail::{Marked, Whole};
use super::shown::{Counts, MarkedAll, Medium, Notification, Page, Standing};
use super::store::inbox::{self, Asked};
use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::people::Actor;
use crate::web::form::{id_in_path, missing};
use crate::web::page::{Here, MOST, USUAL_SIZE};
use crate::web::problem::Problem;
use crate::web::{Fields, Form, Query, read};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use utoipa::IntoParams;

/// The highest page that can be asked for.
const LAST_PAGE: i64 = 1_000_000;

/// Which notifications, and which page of them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// How it was sent; SYSTEM is the desk itself.
    pub notification_type: Option<Medium>,
    /// How far it got; SENT takes in DELIVERED and READ.
    pub status: Option<Standing>,
    /// Whether its person has read it in the desk.
    pub is_read: Option<bool>,
    /// Of this ticket.
    #[param(minimum = 1)]
    pub ticket: Option<i64>,
    /// From 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub page: Option<i64>,
    /// How many a page has; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<i64>,
}

impl Form for Filter {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            notification_type: fields.optional("notification_type", read::one_of(&Medium::ALL, Medium::as_str)),
            status: fields.optional("status", read::one_of(&Standing::ALL, Standing::as_str)),
            is_read: fields.optional("is_read", read::boolean),
            ticket: fields.optional("ticket", read::id),
            page: fields.optional("page", read::whole(1..=LAST_PAGE)),
            page_size: fields.optional("page_size", read::whole(1..=MOST)),
        })
    }
}

/// Which of one's own notifications.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those sent so.
    pub notification_type: Option<Medium>,
    /// Only those of this ticket.
    #[param(minimum = 1)]
    pub ticket: Option<i64>,
}

impl Form for Which {
    fn read(fields: &mut Fields) -> Option<Self> {
        let notification_type = fields.optional("notification_type", read::one_of(&Medium::ALL, Medium::as_str));
        Some(Self { notification_type, ticket: fields.optional("ticket", read::id) })
    }
}

/// A notification that the asker may see.
pub struct Seen {
    /// Who asks.
    pub actor: Actor,
    /// The notification.
    pub whole: inbox::Whole,
}

impl FromRequestParts<App> for Seen {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let id = id_in_path(parts, "id", "notification").await?;
        let whole = inbox::one(app.db.read(), id).await?;
        let whole = whole.filter(|whole| actor.is_admin() || whole.person_id == actor.person_id);
        Ok(Self { actor, whole: whole.ok_or_else(|| missing("notification"))? })
    }
}

/// Notifications, the latest first: one's own; for an admin everybody's.
#[utoipa::path(
    get, path = "/api/notifications", tag = "Notifications", operation_id = "list_notifications", params(Filter), security(("bearer" = [])),
    responses(
        (status = 200, body = Page), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem, description = "There is no such page"), (status = 429, body = Problem),
    ),
)]
pub async fn list(
    actor: Actor,
    here: Here,
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page>> {
    let whose = (!actor.is_admin()).then_some(actor.person_id);
    page(&app, &here, whose, &filter).await.map(Json)
}

/// One's own notifications that one has not read in the desk, the latest first.
#[utoipa::path(
    get, path = "/api/notifications/unread", tag = "Notifications", operation_id = "list_unread_notifications", params(Filter), security(("bearer" = [])),
    responses(
        (status = 200, body = Page), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem, description = "There is no such page"), (status = 429, body = Problem),
    ),
)]
pub async fn unread(
    actor: Actor,
    here: Here,
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page>> {
    let filter = Filter { is_read: Some(false), ..filter };
    page(&app, &here, Some(actor.person_id), &filter).await.map(Json)
}

/// How many of one's own notifications one has not read in the desk.
#[utoipa::path(
    get, path = "/api/notifications/unread_count", tag = "Notifications", operation_id = "count_unread_notifications", security(("bearer" = [])),
    responses((status = 200, body = Counts), (status = 401, body = Problem), (status = 429, body = Problem)),
)]
pub async fn unread_count(actor: Actor, State(app): State<App>) -> Result<Json<Counts>> {
    Ok(Json(Counts::of(&inbox::unread(app.db.read(), actor.person_id).await?)))
}

/// One notification, with its text and what became of it.
#[utoipa::path(
    get, path = "/api/notifications/{id}", tag = "Notifications", operation_id = "get_notification", params(("id" = i64, Path, minimum = 1)),
    security(("bearer" = [])),
    responses(
        (status = 200, body = Whole), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn get(Seen { actor, whole }: Seen, State(app): State<App>) -> Json<Whole> {
    Json(Whole::of(&app, whole, actor.is_admin()))
}

/// Note that one has read a notification of one's own in the desk. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/api/notifications/{id}/mark_as_read", tag = "Notifications", operation_id = "mark_notification_as_read", params(("id" = i64, Path, minimum = 1)),
    security(("bearer" = [])),
    responses(
        (status = 200, body = Marked), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 403, body = Problem, description = "It is somebody else's, or the token may only read"), (status = 429, body = Problem),
    ),
)]
pub async fn mark_as_read(Seen { actor, whole }: Seen, State(app): State<App>) -> Result<Json<Marked>> {
    if whole.person_id != actor.person_id {
        return Err(Error::new(Kind::Forbidden, "Only who was told can have read it."));
    }
    let (id, asked) = (whole.listed.id, Asked { person_id: Some(actor.person_id), ..Asked::default() });
    mark(&app, asked, Some(id)).await?;
    let now = inbox::one(app.db.read(), id).await?.unwrap_or(whole);
    let notification = Whole::of(&app, now, actor.is_admin());
    Ok(Json(Marked { message: "Notification marked as read", notification }))
}

/// Note that one has read all notifications of one's own in the desk, or all of one sort or ticket.
#[utoipa::path(
    post, path = "/api/notifications/mark_all_as_read", tag = "Notifications", operation_id = "mark_all_notifications_as_read", params(Which),
    security(("bearer" = [])),
    responses(
        (status = 200, body = MarkedAll), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem, description = "The token may only read"), (status = 429, body = Problem),
    ),
)]
pub async fn mark_all_as_read(
    actor: Actor,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<MarkedAll>> {
    let asked = Asked {
        person_id: Some(actor.person_id),
        medium: which.notification_type.map(Medium::stored),
        ticket_id: which.ticket,
        ..Asked::default()
    };
    let count = mark(&app, asked, None).await?;
    Ok(Json(MarkedAll { message: format!("{count} notifications marked as read"), count }))
}

/// Notes that what is asked for was read in the desk, or one of it; answers with how many were not before.
///
/// # Errors
/// When the database is away.
pub async fn mark(app: &App, asked: Asked, id: Option<i64>) -> Result<u64> {
    let marking = app.db.write_with(asked, move |tx, asked| Box::pin(inbox::read(tx, asked, id)));
    marking.await
}

async fn page(app: &App, here: &Here, whose: Option<i64>, filter: &Filter) -> Result<Page> {
    let asked = Asked {
        person_id: whose,
        medium: filter.notification_type.map(Medium::stored),
        statuses: filter.status.map(Standing::stored),
        is_read: filter.is_read,
        ticket_id: filter.ticket,
    };
    let number = filter.page.unwrap_or(1).unsigned_abs();
    let size = filter.page_size.unwrap_or(USUAL_SIZE).unsigned_abs();
    let (listed, count) = inbox::page(app.db.read(), &asked, size, (number - 1) * size).await?;
    if count.is_none() && number > 1 {
        return Err(Error::not_found(format!("There is no page {number}. Begin with page 1.")));
    }
    let count = count.unwrap_or(0);
    let page = |number: u64| here.with("page", &number.to_string());
    Ok(Page {
        count,
        next: (number * size < count).then(|| page(number + 1)),
        previous: (number > 1).then(|| page(number - 1)),
        results: listed.into_iter().map(Notification::from).collect(),
    })
}
