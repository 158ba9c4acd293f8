//! The endpoints of orders, for ADMIN and SUPERVISOR.

pub mod forms;

use super::desk;
use super::model::{Sla, Status};
use super::{hold_row, row};
use crate::app::App;
use crate::kit::{Instant, Result};
use crate::people::{Keeper, Kept, Seen};
use crate::web::page::{Cursor, Here, Page, Paging};
use crate::web::refusals::{OfActs, OfCreating, OfLists, OfReading};
use crate::web::words::Why;
use crate::web::{Body, Query};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use forms::{Asked, NewOrder, OrderChange};
use sea_orm::DatabaseConnection;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the one order of this list: by number.
const BY_NUMBER: &str = "number";

/// Every endpoint of orders.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change))
        .routes(routes!(hold))
        .routes(routes!(release))
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderShown {
    id: i64,
    #[schema(example = "ORD-12345")]
    number: String,
    #[schema(example = "Northwind")]
    customer: String,
    #[schema(example = "Gearbox")]
    product: String,
    #[schema(example = 200)]
    quantity_ordered: i64,
    #[schema(example = 150)]
    quantity_completed: i64,
    #[schema(example = 2)]
    quantity_rejected: i64,
    /// In whole percent; more than 100 where more was made than ordered.
    #[schema(example = 75)]
    progress: i64,
    starts_on: NaiveDate,
    /// It is due when this day ends in the plant's time zone.
    due_on: NaiveDate,
    /// Whether it will be on time.
    sla: Sla,
    status: Status,
    /// What it gets back when its last hold is released.
    status_before_hold: Option<Status>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

/// An order with what holds it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeOrder {
    #[serde(flatten)]
    order: OrderShown,
    /// Oldest first.
    holds: Vec<HoldShown>,
}

/// Something that holds an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderHold)]
pub struct HoldShown {
    id: i64,
    /// The ticket whose closing releases it; null where somebody laid it by hand.
    ticket: Option<i64>,
    #[schema(example = "The customer asked to wait")]
    reason: String,
    held_by: Option<i64>,
    #[schema(value_type = String, format = DateTime)]
    held_at: Instant,
}

impl Kept for row::Model {
    const NAME: &'static str = "order";

    async fn by_id(conn: &DatabaseConnection, id: i64) -> Result<Option<Self>> {
        desk::by_id(conn, id).await
    }
}

/// List orders, in the order of their numbers.
#[utoipa::path(
    get, path = "/api/orders", tag = "Records", operation_id = "list_orders",
    params(
        ("q" = Option<String>, Query, description = "Words that all are in the number, the customer or the product; 100 characters at most"),
        ("number" = Option<String>, Query, example = "ORD-12345"),
        ("status" = Option<Status>, Query),
        Paging,
    ),
    responses((status = 200, body = Page<OrderShown>), OfLists),
    security(("bearer" = [])),
)]
pub async fn list(
    _: Keeper,
    State(app): State<App>,
    here: Here,
    Query(Asked { filter, part }): Query<Asked>,
) -> Result<Json<Page<OrderShown>>> {
    let rows = desk::list(app.db.read(), &filter, &part).await?;
    let count = part.counted(desk::count(app.db.read(), &filter)).await?;
    let cut = part.cut(rows, |order| Cursor::of_key(BY_NUMBER, &order.number));
    Ok(Json(Page::of(cut, count, &here, |order| shown(order, &app))))
}

/// One order, with what holds it.
#[utoipa::path(
    get, path = "/api/orders/{id}", tag = "Records", operation_id = "get_order", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = WholeOrder), OfReading),
    security(("bearer" = [])),
)]
pub async fn get(State(app): State<App>, Seen { record: order, .. }: Seen<row::Model>) -> Result<Json<WholeOrder>> {
    whole(&app, order).await
}

/// Take an order in.
#[utoipa::path(
    post, path = "/api/orders", tag = "Records", operation_id = "create_order", request_body = NewOrder,
    responses((status = 201, body = WholeOrder), OfCreating),
    security(("bearer" = [])),
)]
pub async fn create(
    Keeper(actor): Keeper,
    State(app): State<App>,
    Body(new): Body<NewOrder>,
) -> Result<(StatusCode, Json<WholeOrder>)> {
    let record = new.record();
    let order = app
        .db
        .through(actor.door)
        .write_with(record, move |tx, record| Box::pin(desk::create(tx, record, actor.person_id)))
        .await?;
    Ok((StatusCode::CREATED, whole(&app, order).await?))
}

/// Change an order.
#[utoipa::path(
    patch, path = "/api/orders/{id}", tag = "Records", operation_id = "change_order", params(("id" = i64, Path, minimum = 1)), request_body = OrderChange,
    responses((status = 200, body = WholeOrder), OfActs),
    security(("bearer" = [])),
)]
pub async fn change(
    State(app): State<App>,
    Seen { keeper: Keeper(actor), record: order }: Seen<row::Model>,
    Body(change): Body<OrderChange>,
) -> Result<Json<WholeOrder>> {
    let record = change.record(order.number);
    let order = app
        .db
        .through(actor.door)
        .write_with(record, move |tx, record| Box::pin(desk::change(tx, record, actor.person_id)))
        .await?;
    whole(&app, order).await
}

/// Put an order on hold.
#[utoipa::path(
    post, path = "/api/orders/{id}/hold", tag = "Records", operation_id = "hold_order", params(("id" = i64, Path, minimum = 1)), request_body = Why,
    responses((status = 200, body = WholeOrder), OfActs),
    security(("bearer" = [])),
)]
pub async fn hold(
    State(app): State<App>,
    Seen { keeper: Keeper(actor), record: order }: Seen<row::Model>,
    Body(Why { reason }): Body<Why>,
) -> Result<Json<WholeOrder>> {
    let order = app
        .db
        .through(actor.door)
        .write_with(reason, move |tx, reason| Box::pin(desk::hold(tx, order.id, reason, actor.person_id)))
        .await?;
    whole(&app, order).await
}

/// Release the hold that was laid on an order by hand.
///
/// Where a ticket holds it as well, it stays on hold until that is closed.
#[utoipa::path(
    post, path = "/api/orders/{id}/release", tag = "Records", operation_id = "release_order", params(("id" = i64, Path, minimum = 1)), request_body = Why,
    responses((status = 200, body = WholeOrder), OfActs),
    security(("bearer" = [])),
)]
pub async fn release(
    State(app): State<App>,
    Seen { keeper: Keeper(actor), record: order }: Seen<row::Model>,
    Body(Why { reason }): Body<Why>,
) -> Result<Json<WholeOrder>> {
    let order = app
        .db
        .through(actor.door)
        .write_with(reason, move |tx, reason| Box::pin(desk::release(tx, order.id, reason, actor.person_id)))
        .await?;
    whole(&app, order).await
}

async fn whole(app: &App, order: row::Model) -> Result<Json<WholeOrder>> {
    let holds = desk::holds(app.db.read(), order.id).await?;
    let shown_hold = |hold: hold_row::Model| HoldShown {
        id: hold.id,
        ticket: hold.ticket_id,
        reason: hold.reason,
        held_by: hold.held_by,
        held_at: hold.held_at,
    };
    let holds = holds.into_iter().map(shown_hold).collect();
    Ok(Json(WholeOrder { order: shown(order, app), holds }))
}

fn shown(order: row::Model, app: &App) -> OrderShown {
    let course = order.course();
    OrderShown {
        progress: course.progress(),
        sla: course.sla(app.clock.now(), app.settings.timezone),
        id: order.id,
        number: order.number,
        customer: order.customer,
        product: order.product,
        quantity_ordered: order.quantity_ordered,
        quantity_completed: order.quantity_completed,
        quantity_rejected: order.quantity_rejected,
        starts_on: order.starts_on,
        due_on: order.due_on,
        status: order.status,
        status_before_hold: order.status_before_hold,
        created_at: order.created_at,
        updated_at: order.updated_at,
    }
}
