//! The endpoints of machines, for ADMIN and SUPERVISOR; a SUPERVISOR changes those of their department.

use super::desk::{self, Filter};
use super::records::{Position, Record};
use super::row;
use crate::app::App;
use crate::kit::earth::Spot;
use crate::kit::{Instant, Result, rules};
use crate::people::{Keeper, Kept, Seen};
use crate::web::page::{Cursor, Here, Page, Paging, Part};
use crate::web::read::Raw;
use crate::web::refusals::{OfActs, OfCreating, OfLists, OfReading};
use crate::web::{Body, Fields, Form, Query, Said, read};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the one order of this list: by number.
pub const BY_NUMBER: &str = "number";

/// Every endpoint of machines.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change))
}

/// A machine.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Machine)]
pub struct MachineShown {
    id: i64,
    #[schema(example = "MACH-001")]
    number: String,
    #[schema(example = "Press 1")]
    name: String,
    #[schema(example = "Hall 2")]
    location: String,
    /// The department that answers for it.
    #[schema(example = "Machining")]
    department: String,
    /// The spot on the earth, where it is known: the nearest machines are offered to whoever shares a place.
    position: Option<PositionShown>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<row::Model> for MachineShown {
    fn from(row: row::Model) -> Self {
        let position = row.spot().map(PositionShown::from);
        let row::Model { id, number, name, location, department, created_at, updated_at, .. } = row;
        Self { id, number, name, location, department, position, created_at, updated_at }
    }
}

/// A spot on the earth, in degrees; kept to a millionth.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Position)]
#[serde(deny_unknown_fields)]
pub struct PositionShown {
    /// North positive.
    #[schema(example = 50.1109, minimum = -90, maximum = 90)]
    latitude: f64,
    /// East positive.
    #[schema(example = 8.6821, minimum = -180, maximum = 180)]
    longitude: f64,
}

impl From<Spot> for PositionShown {
    fn from(spot: Spot) -> Self {
        let (latitude, longitude) = spot.degrees();
        Self { latitude, longitude }
    }
}

fn position(raw: Raw<'_>) -> Result<Spot, String> {
    let read: Option<PositionShown> = match raw {
        Raw::Json(value) if value.is_object() => PositionShown::deserialize(value).ok(),
        _ => None,
    };
    let spot = read.and_then(|read| Spot::at(read.latitude, read.longitude));
    spot.ok_or_else(|| "must have a latitude from -90 to 90 and a longitude from -180 to 180, in degrees".to_owned())
}

impl Kept for row::Model {
    const NAME: &'static str = "machine";

    async fn by_id(conn: &DatabaseConnection, id: i64) -> Result<Option<Self>> {
        desk::by_id(conn, id).await
    }
}

/// Which machines are asked for.
pub struct Asked {
    /// What must hold of them.
    pub filter: Filter,
    /// Which part of the list.
    pub part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = Filter {
            words: fields.optional("q", read::line(1..=100)),
            number: fields.optional("number", read::ruled(rules::key)),
            department: fields.optional("department", read::ruled(rules::name)),
        };
        Some(Self { filter, part: Part::read(fields, BY_NUMBER) })
    }
}

/// A new machine.
#[derive(ToSchema)]
pub struct NewMachine {
    #[schema(example = "MACH-001", min_length = 1, max_length = 255)]
    number: String,
    #[schema(example = "Press 1", min_length = 1, max_length = 20_000)]
    name: String,
    #[schema(example = "Hall 2", max_length = 20_000)]
    location: Option<String>,
    /// The department that answers for it.
    #[schema(example = "Machining", min_length = 1, max_length = 255)]
    department: String,
    #[schema(value_type = Option<PositionShown>)]
    position: Option<Spot>,
}

impl Form for NewMachine {
    fn read(fields: &mut Fields) -> Option<Self> {
        let number = fields.required("number", read::ruled(rules::key));
        let name = fields.required("name", read::ruled(rules::filled(rules::text)));
        let location = fields.optional("location", read::ruled(rules::text));
        let department = fields.required("department", read::ruled(rules::filled(rules::name)));
        let position = fields.optional("position", position);
        Some(Self { number: number?, name: name?, location, department: department?, position })
    }
}

/// What is to be changed of a machine; what is not said stays.
#[derive(ToSchema)]
pub struct MachineChange {
    #[schema(min_length = 1, max_length = 20_000)]
    name: Option<String>,
    #[schema(example = "Hall 3", max_length = 20_000)]
    location: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    department: Option<String>,
    /// Null where it is not known any more.
    #[schema(value_type = Option<PositionShown>)]
    position: Option<Position>,
}

impl Form for MachineChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            name: fields.optional("name", read::ruled(rules::filled(rules::text))),
            location: fields.optional("location", read::ruled(rules::text)),
            department: fields.optional("department", read::ruled(rules::filled(rules::name))),
            position: match fields.said("position", position) {
                Said::Nothing => None,
                Said::Null => Some(Position::Unknown),
                Said::Is(spot) => Some(Position::At(spot)),
            },
        })
    }
}

/// List machines, in the order of their numbers.
#[utoipa::path(
    get, path = "/api/machines", tag = "Records", operation_id = "list_machines",
    params(
        ("q" = Option<String>, Query, description = "Words that all are in the number, the name or the location; 100 characters at most"),
        ("number" = Option<String>, Query, example = "MACH-001"),
        ("department" = Option<String>, Query, max_length = 255),
        Paging,
    ),
    responses((status = 200, body = Page<MachineShown>), OfLists),
    security(("bearer" = [])),
)]
pub async fn list(
    _: Keeper,
    State(app): State<App>,
    here: Here,
    Query(Asked { filter, part }): Query<Asked>,
) -> Result<Json<Page<MachineShown>>> {
    let rows = desk::list(app.db.read(), &filter, &part).await?;
    let count = part.counted(desk::count(app.db.read(), &filter)).await?;
    let cut = part.cut(rows, |machine| Cursor::of_key(BY_NUMBER, &machine.number));
    Ok(Json(Page::of(cut, count, &here, MachineShown::from)))
}

/// One machine.
#[utoipa::path(
    get, path = "/api/machines/{id}", tag = "Records", operation_id = "get_machine", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = MachineShown), OfReading),
    security(("bearer" = [])),
)]
pub async fn get(Seen { record: machine, .. }: Seen<row::Model>) -> Json<MachineShown> {
    Json(machine.into())
}

/// Take a machine in; a SUPERVISOR one of their department.
#[utoipa::path(
    post, path = "/api/machines", tag = "Records", operation_id = "create_machine", request_body = NewMachine,
    responses((status = 201, body = MachineShown), OfCreating),
    security(("bearer" = [])),
)]
pub async fn create(
    keeper: Keeper,
    State(app): State<App>,
    Body(new): Body<NewMachine>,
) -> Result<(StatusCode, Json<MachineShown>)> {
    keeper.must_answer_for(&new.department)?;
    let NewMachine { number, name, location, department, position } = new;
    let (name, department) = (Some(name), Some(department));
    let record = Record { number, name, location, department, position: Some(position.into()) };
    let machine = app
        .db
        .through(keeper.0.door)
        .write_with(record, move |tx, record| Box::pin(desk::create(tx, record, keeper.0.person_id)))
        .await?;
    Ok((StatusCode::CREATED, Json(machine.into())))
}

/// Change a machine; a SUPERVISOR one of their department, and only an ADMIN hands it to another.
#[utoipa::path(
    patch, path = "/api/machines/{id}", tag = "Records", operation_id = "change_machine", params(("id" = i64, Path, minimum = 1)),
    request_body = MachineChange,
    responses((status = 200, body = MachineShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn change(
    State(app): State<App>,
    Seen { keeper, record: machine }: Seen<row::Model>,
    Body(change): Body<MachineChange>,
) -> Result<Json<MachineShown>> {
    keeper.must_answer_for(&machine.department)?;
    keeper.must_answer_for(change.department.as_ref().unwrap_or(&machine.department))?;
    let MachineChange { name, location, department, position } = change;
    let record = Record { number: machine.number, name, location, department, position };
    let machine = app
        .db
        .through(keeper.0.door)
        .write_with(record, move |tx, record| Box::pin(desk::change(tx, record, keeper.0.person_id)))
        .await?;
    Ok(Json(machine.into()))
}
