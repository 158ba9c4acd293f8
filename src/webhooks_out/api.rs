//! The endpoints of webhooks out, for ADMIN: making them, their secrets, and what became of their calls.
//!
//! Nobody is called here: a test and a retry are rows, which the [`super::caller`] makes.

pub mod forms;
mod shapes;

use super::desk;
use super::model::Status;
use super::store::calls::{self, row as call};
use super::store::{self, row};
use crate::app::App;
use crate::kit::{Error, Result};
use crate::people::{Actor, Administrator};
use crate::web::form::{id_in_path, missing};
use crate::web::page::{Cursor, Cut, Here, Page, Paging};
use crate::web::problem::Problem;
use crate::web::refusals::{OfActs, OfCreating, OfLists, OfReading, OfTakingAway};
use crate::web::{Body, Query};
use axum::Json;
use axum::extract::{Extension, FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use forms::{Asked, AskedCalls, NewWebhook, WebhookChange};
use shapes::{CallShown, WebhookMade, WebhookShown};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The order of webhooks: as they were made.
const RISING: &str = "id";
/// The order of calls: the newest first.
const FALLING: &str = "-id";

/// The kinds of events there are.
#[derive(Clone, Copy)]
pub struct Kinds(pub &'static [&'static str]);

/// Every endpoint of webhooks out; `kinds` are the kinds of events there are.
pub fn routes(kinds: &'static [&'static str]) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change, delete))
        .routes(routes!(rotate_secret))
        .routes(routes!(test))
        .routes(routes!(list_calls))
        .routes(routes!(get_call))
        .routes(routes!(retry_call))
        .layer(Extension(Kinds(kinds)))
}

/// The webhook in the path, and the admin who asks for it.
pub struct Seen {
    /// Who asks.
    pub admin: Actor,
    /// The webhook.
    pub webhook: row::Model,
}

impl FromRequestParts<App> for Seen {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Administrator(admin) = Administrator::from_request_parts(parts, app).await?;
        let id = id_in_path(parts, "id", "webhook").await?;
        let webhook = store::by_id(app.db.read(), id).await?;
        Ok(Self { admin, webhook: webhook.ok_or_else(|| missing("webhook"))? })
    }
}

/// The call in the path, with its webhook.
pub struct SeenCall {
    /// Its webhook.
    pub seen: Seen,
    /// The call.
    pub call: call::Model,
}

impl FromRequestParts<App> for SeenCall {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let seen = Seen::from_request_parts(parts, app).await?;
        let id = id_in_path(parts, "call", "call").await?;
        let call = calls::by_id(app.db.read(), seen.webhook.id, id).await?;
        Ok(Self { seen, call: call.ok_or_else(|| missing("call"))? })
    }
}

/// List webhooks, as they were made.
#[utoipa::path(
    get, path = "/api/webhooks", tag = "Webhooks", operation_id = "list_webhooks", params(Paging),
    responses((status = 200, body = Page<WebhookShown>), OfLists), security(("bearer" = [])),
)]
pub async fn list(
    _: Administrator,
    State(app): State<App>,
    here: Here,
    Query(Asked { part }): Query<Asked>,
) -> Result<Json<Page<WebhookShown>>> {
    let rows = store::list(app.db.read(), &part).await?;
    let count = part.counted(store::count(app.db.read())).await?;
    let Cut { rows, next, previous } = part.cut(rows, |webhook| Cursor::of_id(RISING, webhook.id));
    let cut = Cut { rows: shown(&app, rows).await?, next, previous };
    Ok(Json(Page::of(cut, count, &here, |webhook| webhook)))
}

/// Make a webhook: it is told of what happens from now on.
///
/// Its secret is shown this once. Each call is signed with it by the Standard Webhooks scheme: `webhook-id`,
/// `webhook-timestamp`, `webhook-signature`.
#[utoipa::path(
    post, path = "/api/webhooks", tag = "Webhooks", operation_id = "create_webhook", request_body = NewWebhook,
    responses((status = 201, body = WebhookMade), OfCreating), security(("bearer" = [])),
)]
pub async fn create(
    Administrator(admin): Administrator,
    State(app): State<App>,
    Extension(Kinds(kinds)): Extension<Kinds>,
    Body(new): Body<NewWebhook>,
) -> Result<(StatusCode, Json<WebhookMade>)> {
    let (secret, made) = desk::make(&app, &admin, kinds, new.wish()).await?;
    let shown = WebhookShown::of(made, 0, app.clock.now());
    Ok((StatusCode::CREATED, Json(WebhookMade::of(&secret, shown))))
}

/// One webhook.
#[utoipa::path(
    get, path = "/api/webhooks/{id}", tag = "Webhooks", operation_id = "get_webhook",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = WebhookShown), OfReading), security(("bearer" = [])),
)]
pub async fn get(State(app): State<App>, Seen { webhook, .. }: Seen) -> Result<Json<WebhookShown>> {
    one(&app, webhook).await
}

/// Change a webhook, switch it off or on.
///
/// While it is off it is told of nothing, and calls that wait stay; switched on, these go, and it is told of what
/// happens from then on.
#[utoipa::path(
    patch, path = "/api/webhooks/{id}", tag = "Webhooks", operation_id = "change_webhook",
    params(("id" = i64, Path, minimum = 1)), request_body = WebhookChange,
    responses((status = 200, body = WebhookShown), OfActs), security(("bearer" = [])),
)]
pub async fn change(
    State(app): State<App>,
    Seen { admin, webhook }: Seen,
    Extension(Kinds(kinds)): Extension<Kinds>,
    Body(change): Body<WebhookChange>,
) -> Result<Json<WebhookShown>> {
    let changed = desk::alter(&app, &admin, kinds, webhook.id, change.wish()).await?;
    one(&app, changed).await
}

/// Take a webhook away, with its calls.
#[utoipa::path(
    delete, path = "/api/webhooks/{id}", tag = "Webhooks", operation_id = "delete_webhook",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "It is taken away"), OfTakingAway), security(("bearer" = [])),
)]
pub async fn delete(State(app): State<App>, Seen { admin, webhook }: Seen) -> Result<StatusCode> {
    desk::take_away(&app, &admin, webhook.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook another secret, shown this once.
///
/// For a day calls carry two signatures, by the new secret and by the one before.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/rotate_secret", tag = "Webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = WebhookMade), OfActs), security(("bearer" = [])),
)]
pub async fn rotate_secret(State(app): State<App>, Seen { admin, webhook }: Seen) -> Result<Json<WebhookMade>> {
    let (secret, rotated) = desk::another_secret(&app, &admin, webhook.id).await?;
    let Json(shown) = one(&app, rotated).await?;
    Ok(Json(WebhookMade::of(&secret, shown)))
}

/// Call a webhook to see whether it takes calls: `webhook.test`, tried once.
///
/// The answer is then in the call: `GET /api/webhooks/{id}/calls/{call}/`.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/test", tag = "Webhooks", operation_id = "test_webhook",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 202, body = CallShown), OfActs), security(("bearer" = [])),
)]
pub async fn test(State(app): State<App>, Seen { admin, webhook }: Seen) -> Result<(StatusCode, Json<CallShown>)> {
    let made = desk::try_out(&app, &admin, webhook.id).await?;
    Ok((StatusCode::ACCEPTED, Json(CallShown::of(made, &webhook, app.clock.now()))))
}

/// List the calls of a webhook, the newest first. They are kept for 30 days.
#[utoipa::path(
    get, path = "/api/webhooks/{id}/calls", tag = "Webhooks", operation_id = "list_webhook_calls",
    params(
        ("id" = i64, Path, minimum = 1),
        ("status" = Option<Status>, Query, description = "How they stand"),
        Paging,
    ),
    responses((status = 200, body = Page<CallShown>), OfLists, (status = 404, body = Problem)),
    security(("bearer" = [])),
)]
pub async fn list_calls(
    State(app): State<App>,
    Seen { webhook, .. }: Seen,
    here: Here,
    Query(AskedCalls { status, part }): Query<AskedCalls>,
) -> Result<Json<Page<CallShown>>> {
    let rows = calls::list(app.db.read(), webhook.id, status, &part).await?;
    let count = part.counted(calls::count(app.db.read(), webhook.id, status)).await?;
    let cut = part.cut(rows, |call| Cursor::of_id(FALLING, call.id));
    let now = app.clock.now();
    Ok(Json(Page::of(cut, count, &here, |call| CallShown::of(call, &webhook, now))))
}

/// One call of a webhook.
#[utoipa::path(
    get, path = "/api/webhooks/{id}/calls/{call}", tag = "Webhooks", operation_id = "get_webhook_call",
    params(("id" = i64, Path, minimum = 1), ("call" = i64, Path, minimum = 1)),
    responses((status = 200, body = CallShown), OfReading), security(("bearer" = [])),
)]
pub async fn get_call(State(app): State<App>, SeenCall { seen, call }: SeenCall) -> Json<CallShown> {
    Json(CallShown::of(call, &seen.webhook, app.clock.now()))
}

/// Make a call again, under the same id: at once, and then for a day like a new one.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/calls/{call}/retry", tag = "Webhooks", operation_id = "retry_webhook_call",
    params(("id" = i64, Path, minimum = 1), ("call" = i64, Path, minimum = 1)),
    responses((status = 202, body = CallShown), OfActs), security(("bearer" = [])),
)]
pub async fn retry_call(
    State(app): State<App>,
    SeenCall { seen: Seen { admin, webhook }, call }: SeenCall,
) -> Result<(StatusCode, Json<CallShown>)> {
    let again = desk::again(&app, &admin, webhook.id, call.id).await?;
    Ok((StatusCode::ACCEPTED, Json(CallShown::of(again, &webhook, app.clock.now()))))
}

async fn one(app: &App, webhook: row::Model) -> Result<Json<WebhookShown>> {
    let shown = shown(app, vec![webhook]).await?.pop();
    shown.map(Json).ok_or_else(|| Error::internal("one webhook is shown as none"))
}

/// These webhooks as they are shown: one statement.
async fn shown(app: &App, webhooks: Vec<row::Model>) -> Result<Vec<WebhookShown>> {
    let now = app.clock.now();
    let all = desk::with_parked(app, webhooks).await?;
    Ok(all.into_iter().map(|(webhook, parked)| WebhookShown::of(webhook, parked, now)).collect())
}
