//! The endpoints of plans of preventive maintenance, for ADMIN and SUPERVISOR; a SUPERVISOR changes those of the machines
//! of their department.

pub mod forms;

use super::desk::{self, Note};
use super::records::Wish;
use super::{Plan, row};
use crate::app::App;
use crate::kit::{Error, Instant, Result};
use crate::machines;
use crate::people::store::records::names_of;
use crate::people::{Keeper, Kept, Seen};
use crate::web::page::{Cursor, Cut, Here, Page, Paging};
use crate::web::refusals::{OfActs, OfCreating, OfLists, OfReading, OfTakingAway};
use crate::web::{Body, Query};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use forms::{Asked, MaintenanceDone, MaintenancePlanChange, NewMaintenancePlan};
use sea_orm::DatabaseConnection;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the one order of this list: by number.
const BY_NUMBER: &str = "number";

/// Every endpoint of plans.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change, delete)).routes(routes!(done))
}

/// A plan of preventive maintenance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MaintenancePlan)]
pub struct PlanShown {
    id: i64,
    #[schema(example = "PM-001")]
    number: String,
    /// The number of the machine.
    #[schema(example = "MACH-001")]
    machine: String,
    /// The department that answers for the machine.
    #[schema(example = "Machining")]
    department: String,
    #[schema(example = "Change the hydraulic oil")]
    title: String,
    #[schema(example = "Drain, rinse, fill 40 l of HLP 46")]
    instructions: String,
    #[schema(example = 90)]
    every_days: i32,
    /// The day on which it is due next; people are reminded the day before and on the day.
    next_on: NaiveDate,
    /// The day on which it was last done.
    last_done_on: Option<NaiveDate>,
    /// Who is reminded; where nobody is in it, the admins and the supervisors of the department are.
    responsible: Vec<Responsible>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

/// Somebody who is responsible for a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Responsible {
    /// A user's id.
    #[schema(example = 4)]
    id: i64,
    #[schema(example = "Support")]
    name: Option<String>,
}

impl Kept for row::Model {
    const NAME: &'static str = "plan";

    async fn by_id(conn: &DatabaseConnection, id: i64) -> Result<Option<Self>> {
        desk::by_id(conn, id).await
    }
}

/// List plans of preventive maintenance, in the order of their numbers.
#[utoipa::path(
    get, path = "/api/maintenance_plans", tag = "Records", operation_id = "list_maintenance_plans",
    params(
        ("q" = Option<String>, Query, description = "Words that all are in the number, the title or the instructions; 100 characters at most"),
        ("number" = Option<String>, Query, example = "PM-001"),
        ("machine" = Option<String>, Query, max_length = 255, example = "MACH-001", description = "The number of the machine"),
        ("due_by" = Option<String>, Query, format = Date, example = "2026-01-31", description = "They are due on this day or before"),
        Paging,
    ),
    responses((status = 200, body = Page<PlanShown>), OfLists),
    security(("bearer" = [])),
)]
pub async fn list(
    _: Keeper,
    State(app): State<App>,
    here: Here,
    Query(Asked { filter, part }): Query<Asked>,
) -> Result<Json<Page<PlanShown>>> {
    let rows = desk::list(app.db.read(), &filter, &part).await?;
    let count = part.counted(desk::count(app.db.read(), &filter)).await?;
    let Cut { rows, next, previous } = part.cut(rows, |plan| Cursor::of_key(BY_NUMBER, &plan.number));
    let plans = desk::with_people(app.db.read(), rows).await?;
    let cut = Cut { rows: shown(&app, plans).await?, next, previous };
    Ok(Json(Page::of(cut, count, &here, |plan| plan)))
}

/// One plan of preventive maintenance.
#[utoipa::path(
    get, path = "/api/maintenance_plans/{id}", tag = "Records", operation_id = "get_maintenance_plan",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = PlanShown), OfReading),
    security(("bearer" = [])),
)]
pub async fn get(State(app): State<App>, Seen { record: plan, .. }: Seen<row::Model>) -> Result<Json<PlanShown>> {
    let plan = desk::with_people(app.db.read(), vec![plan]).await?.pop();
    one(&app, plan.ok_or_else(|| Error::internal("one plan is read as none"))?).await
}

/// Take a plan of preventive maintenance in; a SUPERVISOR one for a machine of their department.
#[utoipa::path(
    post, path = "/api/maintenance_plans", tag = "Records", operation_id = "create_maintenance_plan",
    request_body = NewMaintenancePlan,
    responses((status = 201, body = PlanShown), OfCreating),
    security(("bearer" = [])),
)]
pub async fn create(
    keeper: Keeper,
    State(app): State<App>,
    Body(new): Body<NewMaintenancePlan>,
) -> Result<(StatusCode, Json<PlanShown>)> {
    let machine = machines::named(app.db.read(), &new.machine).await?;
    keeper.must_answer_for(&machine.department)?;
    let by = keeper.0.person_id;
    let plan = app
        .db
        .through(keeper.0.door)
        .write_with((new.number.clone(), new.wish(machine.id)), move |tx, (number, wish)| {
            Box::pin(desk::create(tx, number, wish, by))
        })
        .await?;
    Ok((StatusCode::CREATED, one(&app, plan).await?))
}

/// Change a plan of preventive maintenance; of another day people are reminded anew.
#[utoipa::path(
    patch, path = "/api/maintenance_plans/{id}", tag = "Records", operation_id = "change_maintenance_plan",
    params(("id" = i64, Path, minimum = 1)), request_body = MaintenancePlanChange,
    responses((status = 200, body = PlanShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn change(
    State(app): State<App>,
    Seen { keeper, record: plan }: Seen<row::Model>,
    Body(change): Body<MaintenancePlanChange>,
) -> Result<Json<PlanShown>> {
    keeper.must_answer_for(&desk::department(app.db.read(), plan.machine_id).await?)?;
    let mut machine_id = None;
    if let Some(number) = &change.machine {
        let machine = machines::named(app.db.read(), number).await?;
        keeper.must_answer_for(&machine.department)?;
        machine_id = Some(machine.id);
    }
    let (wish, by) = (Wish { machine_id, ..change.wish() }, keeper.0.person_id);
    let plan = app
        .db
        .through(keeper.0.door)
        .write_with(wish, move |tx, wish| Box::pin(desk::change(tx, plan.id, wish, by)))
        .await?;
    one(&app, plan).await
}

/// Give a plan of preventive maintenance up.
#[utoipa::path(
    delete, path = "/api/maintenance_plans/{id}", tag = "Records", operation_id = "delete_maintenance_plan",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "It is given up"), OfTakingAway),
    security(("bearer" = [])),
)]
pub async fn delete(State(app): State<App>, Seen { keeper, record: plan }: Seen<row::Model>) -> Result<StatusCode> {
    keeper.must_answer_for(&desk::department(app.db.read(), plan.machine_id).await?)?;
    let by = keeper.0.person_id;
    app.db.through(keeper.0.door).write(move |tx| Box::pin(desk::delete(tx, plan.id, by))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Note that what was planned was done; it is due again so many days after that day.
#[utoipa::path(
    post, path = "/api/maintenance_plans/{id}/done", tag = "Records", operation_id = "maintenance_plan_done",
    params(("id" = i64, Path, minimum = 1)), request_body = MaintenanceDone,
    responses((status = 200, body = PlanShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn done(
    State(app): State<App>,
    Seen { keeper, record: plan }: Seen<row::Model>,
    Body(MaintenanceDone { done_on, comment }): Body<MaintenanceDone>,
) -> Result<Json<PlanShown>> {
    keeper.must_answer_for(&desk::department(app.db.read(), plan.machine_id).await?)?;
    let (by, tz) = (keeper.0.person_id, app.settings.timezone);
    let plan = app
        .db
        .through(keeper.0.door)
        .write_with(Note { done_on, comment }, move |tx, note| Box::pin(desk::done(tx, plan.id, note, tz, by)))
        .await?;
    one(&app, plan).await
}

async fn one(app: &App, plan: Plan) -> Result<Json<PlanShown>> {
    let shown = shown(app, vec![plan]).await?.pop();
    shown.map(Json).ok_or_else(|| Error::internal("one plan is shown as none"))
}

/// These plans as they are shown, in their order: two statements.
async fn shown(app: &App, plans: Vec<Plan>) -> Result<Vec<PlanShown>> {
    let people: BTreeSet<i64> = plans.iter().flat_map(|plan| plan.people.iter().copied()).collect();
    let names = names_of(app.db.read(), &people.into_iter().collect::<Vec<_>>()).await?;
    let machines = machines::by_ids(app.db.read(), &plans.iter().map(|plan| plan.row.machine_id).collect()).await?;
    let shown = plans.into_iter().map(|Plan { row: plan, people }| {
        let machine = machines.get(&plan.machine_id);
        let responsible = people.into_iter().map(|id| Responsible { id, name: names.get(&id).cloned() });
        PlanShown {
            id: plan.id,
            number: plan.number,
            machine: machine.map(|machine| machine.number.clone()).unwrap_or_default(),
            department: machine.map(|machine| machine.department.clone()).unwrap_or_default(),
            title: plan.title,
            instructions: plan.instructions,
            every_days: plan.every_days,
            next_on: plan.next_on,
            last_done_on: plan.last_done_on,
            responsible: responsible.collect(),
            created_at: plan.created_at,
            updated_at: plan.updated_at,
        }
    });
    Ok(shown.collect())
}
