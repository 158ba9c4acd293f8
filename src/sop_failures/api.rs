//! The endpoints of SOP failures, for ADMIN and SUPERVISOR. One is known by its ticket's id; what becomes of it is
//! done by the ticket's actions.

use super::Report;
use super::desk::{self, Failure, Filter};
use super::records::{self, Record};
use crate::app::App;
use crate::kit::{Instant, Result, rules};
use crate::people::{Keeper, Kept, Seen};
use crate::tickets::{Status, Viewer};
use crate::web::page::{Cursor, Here, Page, Paging, Part};
use crate::web::refusals::{OfActs, OfCreating, OfLists, OfReading};
use crate::web::{Body, Fields, Form, Query, read};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::DatabaseConnection;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the one order of this list: the newest first.
const NEWEST_FIRST: &str = "-id";

/// Every endpoint of SOP failures.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, report)).routes(routes!(get, change))
}

/// An SOP failure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SopFailure)]
pub struct FailureShown {
    /// Its ticket's id: `/api/tickets/{id}/` has its course.
    id: i64,
    #[schema(example = "SOP-999")]
    reference: String,
    #[schema(example = "Torque check after assembly")]
    procedure: String,
    #[schema(example = "Step skipped")]
    failure_type: String,
    /// The department charged.
    #[schema(example = "Assembly")]
    department: String,
    #[schema(example = "The wrench was not calibrated.")]
    description: String,
    status: Status,
    reported_by: Option<i64>,
    reported_by_name: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    reported_at: Instant,
    /// Until when it must be resolved.
    #[schema(value_type = Option<String>, format = DateTime)]
    resolution_due_at: Option<Instant>,
    /// 0 while nobody was told beyond the department.
    escalation_level: i32,
    #[schema(value_type = Option<String>, format = DateTime)]
    escalated_at: Option<Instant>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<Failure> for FailureShown {
    fn from(failure: Failure) -> Self {
        let Failure { ticket, facts, reported_by } = failure;
        Self {
            id: ticket.id,
            reference: ticket.reference,
            procedure: facts.procedure,
            failure_type: facts.failure_type,
            department: facts.department,
            description: ticket.description,
            status: ticket.status,
            reported_by: ticket.requester_id,
            reported_by_name: reported_by,
            reported_at: ticket.created_at,
            resolution_due_at: ticket.resolution_due_at,
            escalation_level: facts.escalation_level,
            escalated_at: facts.escalated_at,
            updated_at: ticket.updated_at,
        }
    }
}

impl Kept for Failure {
    const NAME: &'static str = "SOP failure";

    async fn by_id(conn: &DatabaseConnection, id: i64) -> Result<Option<Self>> {
        desk::by_id(conn, id).await
    }
}

/// Which failures are asked for.
pub struct Asked {
    /// Which failures.
    pub filter: Filter,
    /// Which part of the list.
    pub part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = Filter {
            words: fields.optional("q", read::line(1..=100)),
            reference: fields.optional("reference", read::ruled(rules::key)),
            status: fields.optional("status", read::one_of(&Status::ALL, Status::as_str)),
            department: fields.optional("department", read::ruled(rules::name)),
            is_escalated: None,
        };
        Some(Self { filter, part: Part::read(fields, NEWEST_FIRST) })
    }
}

/// A failure to report.
#[derive(ToSchema)]
#[schema(as = SopFailureReport)]
pub struct NewFailure {
    /// `SOP-…`; made where nothing is said.
    #[schema(example = "SOP-1001", max_length = 255, pattern = r"^SOP-[0-9A-Z]+$")]
    reference: Option<String>,
    #[schema(example = "Torque check after assembly", min_length = 1, max_length = 20_000)]
    procedure: String,
    #[schema(example = "Step skipped", max_length = 20_000)]
    failure_type: Option<String>,
    /// The department charged.
    #[schema(example = "Assembly", min_length = 1, max_length = 255)]
    department: String,
    #[schema(example = "The wrench was not calibrated.", max_length = 20_000)]
    description: Option<String>,
}

impl Form for NewFailure {
    fn read(fields: &mut Fields) -> Option<Self> {
        let reference = fields.optional("reference", read::ruled(records::reference));
        let procedure = fields.required("procedure", read::ruled(rules::filled(rules::text)));
        let failure_type = fields.optional("failure_type", read::ruled(rules::text));
        let department = fields.required("department", read::ruled(rules::filled(rules::name)));
        let description = fields.optional("description", read::ruled(rules::text));
        Some(Self { reference, procedure: procedure?, failure_type, department: department?, description })
    }
}

impl NewFailure {
    /// The same as a report of somebody's.
    pub fn report(self, reporter: i64) -> Report {
        Report {
            reference: self.reference,
            procedure: self.procedure,
            failure_type: self.failure_type.unwrap_or_default(),
            department: self.department,
            description: self.description.unwrap_or_default(),
            media: Vec::new(),
            reporter: Some(reporter),
        }
    }
}

/// What is to be corrected of a failure; what is not said stays.
#[derive(ToSchema)]
#[schema(as = SopFailureChange)]
pub struct FailureChange {
    #[schema(min_length = 1, max_length = 20_000)]
    procedure: Option<String>,
    #[schema(example = "Tool not calibrated", max_length = 20_000)]
    failure_type: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    department: Option<String>,
    #[schema(max_length = 20_000)]
    description: Option<String>,
}

impl Form for FailureChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            procedure: fields.optional("procedure", read::ruled(rules::filled(rules::text))),
            failure_type: fields.optional("failure_type", read::ruled(rules::text)),
            department: fields.optional("department", read::ruled(rules::filled(rules::name))),
            description: fields.optional("description", read::ruled(rules::text)),
        })
    }
}

/// List SOP failures, the newest first.
#[utoipa::path(
    get, path = "/api/sop_failures", tag = "Records", operation_id = "list_sop_failures",
    params(
        ("q" = Option<String>, Query, description = "Words that all are in the reference, the procedure, the failure type or the description; 100 characters at most"),
        ("reference" = Option<String>, Query, example = "SOP-999"),
        ("status" = Option<Status>, Query),
        ("department" = Option<String>, Query, max_length = 255),
        Paging,
    ),
    responses((status = 200, body = Page<FailureShown>), OfLists),
    security(("bearer" = [])),
)]
pub async fn list(
    _: Keeper,
    State(app): State<App>,
    here: Here,
    Query(Asked { filter, part }): Query<Asked>,
) -> Result<Json<Page<FailureShown>>> {
    let rows = desk::list(app.db.read(), &filter, &part).await?;
    let count = part.counted(desk::count(app.db.read(), &filter)).await?;
    let cut = part.cut(rows, |failure| Cursor::of_id(NEWEST_FIRST, failure.ticket.id));
    Ok(Json(Page::of(cut, count, &here, FailureShown::from)))
}

/// One SOP failure.
#[utoipa::path(
    get, path = "/api/sop_failures/{id}", tag = "Records", operation_id = "get_sop_failure", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = FailureShown), OfReading),
    security(("bearer" = [])),
)]
pub async fn get(Seen { record: failure, .. }: Seen<Failure>) -> Json<FailureShown> {
    Json(failure.into())
}

/// Report an SOP failure: its ticket opens, and its time begins.
#[utoipa::path(
    post, path = "/api/sop_failures", tag = "Records", operation_id = "report_sop_failure", request_body = NewFailure,
    responses((status = 201, body = FailureShown), OfCreating),
    security(("bearer" = [])),
)]
pub async fn report(
    Keeper(actor): Keeper,
    State(app): State<App>,
    Body(new): Body<NewFailure>,
) -> Result<(StatusCode, Json<FailureShown>)> {
    let report = new.report(actor.person_id);
    let (db, wish) = (app.db.through(actor.door), (app.rules().policies, report));
    let reporting =
        db.write_with(wish, move |tx, (policies, report)| Box::pin(desk::report(tx, policies, report.clone())));
    let failure = reporting.await?;
    Ok((StatusCode::CREATED, Json(failure.into())))
}

/// Correct the words of an SOP failure.
///
/// Until it is closed; a SUPERVISOR those of their department, and only an ADMIN charges another.
#[utoipa::path(
    patch, path = "/api/sop_failures/{id}", tag = "Records", operation_id = "change_sop_failure", params(("id" = i64, Path, minimum = 1)),
    request_body = FailureChange,
    responses((status = 200, body = FailureShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn change(
    State(app): State<App>,
    Seen { keeper, record: failure }: Seen<Failure>,
    Body(change): Body<FailureChange>,
) -> Result<Json<FailureShown>> {
    keeper.must_answer_for(&failure.facts.department)?;
    keeper.must_answer_for(change.department.as_ref().unwrap_or(&failure.facts.department))?;
    let FailureChange { procedure, failure_type, department, description } = change;
    let number = failure.ticket.reference;
    let record = Record { number, procedure, failure_type, department, description, ..Record::default() };
    let (id, viewer) = (failure.ticket.id, Viewer::from(&keeper.0));
    let changed = app
        .db
        .through(keeper.0.door)
        .write_with((record, viewer), move |tx, (record, viewer)| Box::pin(desk::change(tx, id, record, viewer)))
        .await?;
    Ok(Json(changed.into()))
}
