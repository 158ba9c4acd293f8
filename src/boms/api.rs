//! The endpoints of BOMs, for ADMIN and SUPERVISOR. Their revisions are in [`revisions`].

pub mod forms;
pub mod revisions;

use super::desk::{self, Change, Listed};
use super::model::Component;
use super::records::Record;
use super::row;
use crate::app::App;
use crate::kit::decimal::decimal;
use crate::kit::{Instant, Result};
use crate::people::{Keeper, Kept, Seen};
use crate::web::page::{Cursor, Here, Page, Paging};
use crate::web::refusals::{OfActs, OfCreating, OfLists, OfReading};
use crate::web::{Body, Query};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use forms::{Asked, BomChange, NewBom};
use sea_orm::DatabaseConnection;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the one order of this list: by number.
const BY_NUMBER: &str = "number";

/// Every endpoint of BOMs.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change)).merge(revisions::routes())
}

/// A BOM.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bom)]
pub struct BomShown {
    id: i64,
    #[schema(example = "BOM-888")]
    number: String,
    #[schema(example = "Gearbox")]
    product: String,
    /// The number of the revision in force; null where none is approved.
    revision: Option<i32>,
    /// How many revisions wait for review.
    pending_revisions: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<Listed> for BomShown {
    fn from(listed: Listed) -> Self {
        let Listed { row, in_force, pending } = listed;
        let row::Model { id, number, product, created_at, updated_at } = row;
        Self { id, number, product, revision: in_force, pending_revisions: pending, created_at, updated_at }
    }
}

/// A BOM with its components in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeBom {
    #[serde(flatten)]
    bom: BomShown,
    /// In order.
    components: Vec<ComponentShown>,
}

/// A component.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Component)]
pub struct ComponentShown {
    #[schema(example = "BRG-6204")]
    number: String,
    #[schema(example = "Bearing")]
    name: String,
    /// How much of it one product takes; up to six decimals.
    #[schema(example = "4")]
    quantity: String,
    /// What one of it costs; two to six decimals.
    #[schema(example = "12.50")]
    unit_cost: String,
}

impl From<Component> for ComponentShown {
    fn from(component: Component) -> Self {
        let Component { number, name, quantity, unit_cost } = component;
        Self { number, name, quantity: decimal(quantity, 0), unit_cost: decimal(unit_cost, 2) }
    }
}

impl Kept for Listed {
    const NAME: &'static str = "BOM";

    async fn by_id(conn: &DatabaseConnection, id: i64) -> Result<Option<Self>> {
        desk::by_id(conn, id).await
    }
}

/// List BOMs, in the order of their numbers.
#[utoipa::path(
    get, path = "/api/boms", tag = "Records", operation_id = "list_boms",
    params(
        ("q" = Option<String>, Query, description = "Words that all are in the number or the product; 100 characters at most"),
        ("number" = Option<String>, Query, example = "BOM-888"),
        ("pending" = Option<bool>, Query, description = "`true`: those with a revision that waits for review; `false`: the others"),
        Paging,
    ),
    responses((status = 200, body = Page<BomShown>), OfLists),
    security(("bearer" = [])),
)]
pub async fn list(
    _: Keeper,
    State(app): State<App>,
    here: Here,
    Query(Asked { filter, part }): Query<Asked>,
) -> Result<Json<Page<BomShown>>> {
    let rows = desk::list(app.db.read(), &filter, &part).await?;
    let count = part.counted(desk::count(app.db.read(), &filter)).await?;
    let cut = part.cut(rows, |bom| Cursor::of_key(BY_NUMBER, &bom.row.number));
    Ok(Json(Page::of(cut, count, &here, BomShown::from)))
}

/// One BOM, with the components in force.
#[utoipa::path(
    get, path = "/api/boms/{id}", tag = "Records", operation_id = "get_bom", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = WholeBom), OfReading),
    security(("bearer" = [])),
)]
pub async fn get(State(app): State<App>, Seen { record: bom, .. }: Seen<Listed>) -> Result<Json<WholeBom>> {
    whole(&app, bom).await
}

/// Take a BOM in; its first revision is approved.
#[utoipa::path(
    post, path = "/api/boms", tag = "Records", operation_id = "create_bom", request_body = NewBom,
    responses((status = 201, body = WholeBom), OfCreating),
    security(("bearer" = [])),
)]
pub async fn create(
    Keeper(actor): Keeper,
    State(app): State<App>,
    Body(new): Body<NewBom>,
) -> Result<(StatusCode, Json<WholeBom>)> {
    let NewBom { number, product, components } = new;
    let record = Record { number, product: Some(product), components };
    let bom = app
        .db
        .through(actor.door)
        .write_with(record, move |tx, record| Box::pin(desk::create(tx, record, actor.person_id)))
        .await?;
    Ok((StatusCode::CREATED, whole(&app, bom).await?))
}

/// Change a BOM.
///
/// Components that differ from those in force become the next revision, approved at once; what is not said of a
/// component that is there stays. Changes that wait for review wait on.
#[utoipa::path(
    patch, path = "/api/boms/{id}", tag = "Records", operation_id = "change_bom", params(("id" = i64, Path, minimum = 1)), request_body = BomChange,
    responses((status = 200, body = WholeBom), OfActs),
    security(("bearer" = [])),
)]
pub async fn change(
    State(app): State<App>,
    Seen { keeper: Keeper(actor), record: bom }: Seen<Listed>,
    Body(BomChange { product, components }): Body<BomChange>,
) -> Result<Json<WholeBom>> {
    let change = Change { product, components };
    let bom = app
        .db
        .through(actor.door)
        .write_with((bom.row, change), move |tx, (row, change)| {
            Box::pin(desk::change(tx, row, change.clone(), actor.person_id))
        })
        .await?;
    whole(&app, bom).await
}

async fn whole(app: &App, bom: Listed) -> Result<Json<WholeBom>> {
    let components = desk::components_in_force(app.db.read(), bom.row.id).await?;
    let components = components.into_iter().map(ComponentShown::from).collect();
    Ok(Json(WholeBom { bom: bom.into(), components }))
}
