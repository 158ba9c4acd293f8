//! The endpoints of shifts, for ADMIN and SUPERVISOR.

use super::desk::{self, Change, Filter, New};
use super::row;
use crate::app::App;
use crate::kit::{Error, Instant, Result, rules};
use crate::machines;
use crate::people::store::records::names_of;
use crate::people::{Keeper, Kept, Seen};
use crate::web::page::{Cursor, Cut, Here, Page, Paging, Part};
use crate::web::read::Raw;
use crate::web::refusals::{OfActs, OfCreating, OfLists, OfReading, OfTakingAway};
use crate::web::{Body, Fields, Form, Query, Said, read};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::DatabaseConnection;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the one order of this list: by start.
const BY_START: &str = "starts_at";

/// Every endpoint of shifts.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change, delete))
}

/// A shift.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Shift)]
pub struct ShiftShown {
    id: i64,
    /// Whose it is: a user's id.
    #[schema(example = 4)]
    person: i64,
    #[schema(example = "Operator")]
    person_name: Option<String>,
    /// The person is reminded a quarter of an hour before.
    #[schema(value_type = String, format = DateTime)]
    starts_at: Instant,
    /// The number of its machine.
    #[schema(example = "MACH-001")]
    machine: Option<String>,
    #[schema(example = "Bring the gauge")]
    note: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl Kept for row::Model {
    const NAME: &'static str = "shift";

    async fn by_id(conn: &DatabaseConnection, id: i64) -> Result<Option<Self>> {
        desk::by_id(conn, id).await
    }
}

/// Which shifts are asked for.
pub struct Asked {
    /// Which shifts.
    pub filter: Filter,
    /// Which part of the list.
    pub part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = Filter {
            person_id: fields.optional("person", read::id),
            machine: fields.optional("machine", read::ruled(rules::key)),
            since: fields.optional("since", read::instant),
            until: fields.optional("until", read::instant),
        };
        let part = Part::read(fields, BY_START);
        let is_place = |cursor: &Cursor| cursor.key.as_deref().is_some_and(|key| read::instant(Raw::Text(key)).is_ok());
        if part.cursor.as_ref().is_some_and(|cursor| !is_place(cursor)) {
            fields.wrong("cursor", "must be the cursor of a page's next or previous");
        }
        Some(Self { filter, part })
    }
}

/// A new shift.
#[derive(ToSchema)]
pub struct NewShift {
    /// Whose it is: the id of a user who is active.
    #[schema(example = 4, minimum = 1)]
    person: i64,
    /// When it begins; a person begins at one moment once.
    #[schema(value_type = String, format = DateTime)]
    starts_at: Instant,
    /// The number of a machine.
    #[schema(example = "MACH-001", min_length = 1, max_length = 255)]
    machine: Option<String>,
    #[schema(example = "Bring the gauge", max_length = 20_000)]
    note: Option<String>,
}

impl Form for NewShift {
    fn read(fields: &mut Fields) -> Option<Self> {
        let person = fields.required("person", read::id);
        let starts_at = fields.required("starts_at", read::instant);
        let machine = fields.optional("machine", read::ruled(rules::key));
        let note = fields.optional("note", read::ruled(rules::text));
        Some(Self { person: person?, starts_at: starts_at?, machine, note })
    }
}

/// What is to be changed of a shift; what is not said stays.
#[derive(ToSchema)]
pub struct ShiftChange {
    /// The id of a user who is active.
    #[schema(example = 4, minimum = 1)]
    person: Option<i64>,
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Instant>,
    /// The number of a machine; null for none.
    #[schema(value_type = Option<String>, example = "MACH-002", min_length = 1, max_length = 255)]
    machine: Said<String>,
    #[schema(max_length = 20_000)]
    note: Option<String>,
}

impl Form for ShiftChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            person: fields.optional("person", read::id),
            starts_at: fields.optional("starts_at", read::instant),
            machine: fields.said("machine", read::ruled(rules::key)),
            note: fields.optional("note", read::ruled(rules::text)),
        })
    }
}

/// List shifts, in the order of their starts.
#[utoipa::path(
    get, path = "/api/shifts", tag = "Records", operation_id = "list_shifts",
    params(
        ("person" = Option<i64>, Query, minimum = 1, description = "Whose they are: a user's id"),
        ("machine" = Option<String>, Query, max_length = 255, example = "MACH-001", description = "The number of the machine they are at"),
        ("since" = Option<String>, Query, format = DateTime, example = "2026-01-18T00:00:00Z", description = "They begin at this instant or later"),
        ("until" = Option<String>, Query, format = DateTime, example = "2026-01-19T00:00:00Z", description = "They begin before this instant"),
        Paging,
    ),
    responses((status = 200, body = Page<ShiftShown>), OfLists),
    security(("bearer" = [])),
)]
pub async fn list(
    _: Keeper,
    State(app): State<App>,
    here: Here,
    Query(Asked { filter, part }): Query<Asked>,
) -> Result<Json<Page<ShiftShown>>> {
    let rows = desk::list(app.db.read(), &filter, &part).await?;
    let count = part.counted(desk::count(app.db.read(), &filter)).await?;
    let place =
        |shift: &row::Model| Cursor { key: Some(shift.starts_at.to_rfc3339()), ..Cursor::of_id(BY_START, shift.id) };
    let Cut { rows, next, previous } = part.cut(rows, place);
    let cut = Cut { rows: shown(&app, rows).await?, next, previous };
    Ok(Json(Page::of(cut, count, &here, |shift| shift)))
}

/// One shift.
#[utoipa::path(
    get, path = "/api/shifts/{id}", tag = "Records", operation_id = "get_shift", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = ShiftShown), OfReading),
    security(("bearer" = [])),
)]
pub async fn get(State(app): State<App>, Seen { record: shift, .. }: Seen<row::Model>) -> Result<Json<ShiftShown>> {
    one(&app, shift).await
}

/// Plan a shift.
#[utoipa::path(
    post, path = "/api/shifts", tag = "Records", operation_id = "create_shift", request_body = NewShift,
    responses((status = 201, body = ShiftShown), OfCreating),
    security(("bearer" = [])),
)]
pub async fn create(
    Keeper(actor): Keeper,
    State(app): State<App>,
    Body(new): Body<NewShift>,
) -> Result<(StatusCode, Json<ShiftShown>)> {
    let NewShift { person, starts_at, machine, note } = new;
    let new = New { person_id: person, starts_at, machine, note: note.unwrap_or_default() };
    let shift = app
        .db
        .through(actor.door)
        .write_with(new, move |tx, new| Box::pin(desk::create(tx, new, actor.person_id)))
        .await?;
    Ok((StatusCode::CREATED, one(&app, shift).await?))
}

/// Change a shift; of another person or another start its person is reminded anew.
#[utoipa::path(
    patch, path = "/api/shifts/{id}", tag = "Records", operation_id = "change_shift", params(("id" = i64, Path, minimum = 1)),
    request_body = ShiftChange,
    responses((status = 200, body = ShiftShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn change(
    State(app): State<App>,
    Seen { keeper: Keeper(actor), record: shift }: Seen<row::Model>,
    Body(change): Body<ShiftChange>,
) -> Result<Json<ShiftShown>> {
    let ShiftChange { person, starts_at, machine, note } = change;
    let change = Change { person_id: person, starts_at, machine, note };
    let shift = app
        .db
        .through(actor.door)
        .write_with(change, move |tx, change| Box::pin(desk::change(tx, shift.id, change, actor.person_id)))
        .await?;
    one(&app, shift).await
}

/// Take a shift off the plan.
#[utoipa::path(
    delete, path = "/api/shifts/{id}", tag = "Records", operation_id = "delete_shift", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "It is off the plan"), OfTakingAway),
    security(("bearer" = [])),
)]
pub async fn delete(
    State(app): State<App>,
    Seen { keeper: Keeper(actor), record: shift }: Seen<row::Model>,
) -> Result<StatusCode> {
    let (id, by) = (shift.id, actor.person_id);
    app.db.through(actor.door).write(move |tx| Box::pin(desk::delete(tx, id, by))).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn one(app: &App, shift: row::Model) -> Result<Json<ShiftShown>> {
    let shown = shown(app, vec![shift]).await?.pop();
    shown.map(Json).ok_or_else(|| Error::internal("one shift is shown as none"))
}

/// These shifts as they are shown, in their order: two statements.
async fn shown(app: &App, shifts: Vec<row::Model>) -> Result<Vec<ShiftShown>> {
    let people: BTreeSet<i64> = shifts.iter().map(|shift| shift.person_id).collect();
    let names = names_of(app.db.read(), &people.into_iter().collect::<Vec<_>>()).await?;
    let machines = shifts.iter().filter_map(|shift| shift.machine_id).collect();
    let machines = machines::by_ids(app.db.read(), &machines).await?;
    let shown = shifts.into_iter().map(|shift| ShiftShown {
        id: shift.id,
        person: shift.person_id,
        person_name: names.get(&shift.person_id).cloned(),
        starts_at: shift.starts_at,
        machine: shift.machine_id.and_then(|id| machines.get(&id)).map(|machine| machine.number.clone()),
        note: shift.note,
        created_at: shift.created_at,
        updated_at: shift.updated_at,
    });
    Ok(shown.collect())
}
