//! The endpoints of a BOM's revisions: finding them, proposing a change, approving and rejecting one.

use super::forms::{AskedRevisions, NEWEST_FIRST, Proposal};
use super::{ComponentShown, Listed};
use crate::app::App;
use crate::boms::desk::{self, Revision};
use crate::boms::model::Status;
use crate::boms::review;
use crate::kit::decimal::signed;
use crate::kit::{Error, Instant, Result};
use crate::people::{Keeper, Seen};
use crate::web::form::{id_in_path, missing};
use crate::web::page::{Cursor, Here, Page, Paging};
use crate::web::refusals::{OfActs, OfReading};
use crate::web::words::{Why, Word};
use crate::web::{Body, Query};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, submit))
        .routes(routes!(get))
        .routes(routes!(approve))
        .routes(routes!(reject))
}

/// A revision of a BOM.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revision)]
pub struct RevisionShown {
    /// Its number; with the BOM's id it stands in its address.
    number: i32,
    status: Status,
    /// The component that it changes; null where it came as a whole.
    #[schema(example = "BRG-6204")]
    component: Option<String>,
    reason: Option<String>,
    /// What the product costs more by it than before.
    #[schema(example = "+12.50")]
    cost_change: String,
    submitted_by: Option<i64>,
    submitted_by_name: Option<String>,
    decided_by: Option<i64>,
    decided_by_name: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Instant>,
    /// The word that went with the decision: why, where it was rejected.
    decision_comment: Option<String>,
}

impl From<Revision> for RevisionShown {
    fn from(revision: Revision) -> Self {
        let Revision { row, submitted_by, decided_by } = revision;
        Self {
            number: row.number,
            status: row.status,
            component: row.component,
            reason: row.reason,
            cost_change: signed(row.cost_change_micros),
            submitted_by: row.submitted_by,
            submitted_by_name: submitted_by,
            decided_by: row.decided_by,
            decided_by_name: decided_by,
            created_at: row.created_at,
            decided_at: row.decided_at,
            decision_comment: row.decision_comment,
        }
    }
}

/// A revision with its components.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeRevision {
    #[serde(flatten)]
    revision: RevisionShown,
    /// In order.
    components: Vec<ComponentShown>,
}

/// A revision in the path, of a BOM that the asker may see.
pub struct SeenRevision {
    /// Who asks.
    pub keeper: Keeper,
    /// The BOM.
    pub bom: Listed,
    /// The revision.
    pub revision: Revision,
}

impl FromRequestParts<App> for SeenRevision {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Seen { keeper, record: bom } = Seen::<Listed>::from_request_parts(parts, app).await?;
        let number = i32::try_from(id_in_path(parts, "number", "revision").await?).map_err(|_| missing("revision"))?;
        let revision = desk::revision(app.db.read(), bom.row.id, number).await?;
        Ok(Self { keeper, bom, revision: revision.ok_or_else(|| missing("revision"))? })
    }
}

/// List a BOM's revisions, the highest number first.
#[utoipa::path(
    get, path = "/api/boms/{id}/revisions", tag = "Records", operation_id = "list_bom_revisions",
    params(("id" = i64, Path, minimum = 1), ("status" = Option<Status>, Query), Paging),
    responses((status = 200, body = Page<RevisionShown>), OfActs),
    security(("bearer" = [])),
)]
pub async fn list(
    State(app): State<App>,
    Seen { record: bom, .. }: Seen<Listed>,
    here: Here,
    Query(AskedRevisions { status, part }): Query<AskedRevisions>,
) -> Result<Json<Page<RevisionShown>>> {
    let rows = desk::revisions(app.db.read(), bom.row.id, status, &part).await?;
    let count = part.counted(desk::count_revisions(app.db.read(), bom.row.id, status)).await?;
    let cut = part.cut(rows, |revision| Cursor::of_id(NEWEST_FIRST, i64::from(revision.row.number)));
    Ok(Json(Page::of(cut, count, &here, RevisionShown::from)))
}

/// Propose a change: it becomes a revision that waits for review.
#[utoipa::path(
    post, path = "/api/boms/{id}/revisions", tag = "Records", operation_id = "submit_bom_revision", params(("id" = i64, Path, minimum = 1)),
    request_body = Proposal,
    responses((status = 201, body = WholeRevision), OfActs),
    security(("bearer" = [])),
)]
pub async fn submit(
    State(app): State<App>,
    Seen { keeper: Keeper(actor), record: bom }: Seen<Listed>,
    Body(proposal): Body<Proposal>,
) -> Result<(StatusCode, Json<WholeRevision>)> {
    let update = proposal.update(bom.row.number, actor.person_id);
    let submitted =
        app.db.through(actor.door).write_with(update, move |tx, update| Box::pin(desk::submit(tx, update))).await?;
    let revision = submitted.revision;
    Ok((StatusCode::CREATED, whole(&app, bom.row.id, revision).await?))
}

/// One revision, with its components.
#[utoipa::path(
    get, path = "/api/boms/{id}/revisions/{number}", tag = "Records", operation_id = "get_bom_revision",
    params(("id" = i64, Path, minimum = 1), ("number" = i32, Path, minimum = 1)),
    responses((status = 200, body = WholeRevision), OfReading),
    security(("bearer" = [])),
)]
pub async fn get(State(app): State<App>, seen: SeenRevision) -> Result<Json<WholeRevision>> {
    whole(&app, seen.bom.row.id, seen.revision.row.number).await
}

/// Put a revision in force.
///
/// What is approved is its change, applied to what is in force now. 409 where it was decided already, where a later one
/// is in force, and where the change no longer fits.
#[utoipa::path(
    post, path = "/api/boms/{id}/revisions/{number}/approve", tag = "Records", operation_id = "approve_bom_revision",
    params(("id" = i64, Path, minimum = 1), ("number" = i32, Path, minimum = 1)), request_body = Word,
    responses((status = 200, body = WholeRevision), OfActs),
    security(("bearer" = [])),
)]
pub async fn approve(
    State(app): State<App>,
    seen: SeenRevision,
    Body(Word { comment }): Body<Word>,
) -> Result<Json<WholeRevision>> {
    let (bom_id, number, actor) = (seen.bom.row.id, seen.revision.row.number, seen.keeper.0);
    app.db
        .through(actor.door)
        .write(move |tx| Box::pin(review::approve(tx, bom_id, number, comment.clone(), actor.person_id)))
        .await?;
    whole(&app, bom_id, number).await
}

/// Turn a revision down.
#[utoipa::path(
    post, path = "/api/boms/{id}/revisions/{number}/reject", tag = "Records", operation_id = "reject_bom_revision",
    params(("id" = i64, Path, minimum = 1), ("number" = i32, Path, minimum = 1)), request_body = Why,
    responses((status = 200, body = WholeRevision), OfActs),
    security(("bearer" = [])),
)]
pub async fn reject(
    State(app): State<App>,
    seen: SeenRevision,
    Body(Why { reason }): Body<Why>,
) -> Result<Json<WholeRevision>> {
    let (bom_id, number, actor) = (seen.bom.row.id, seen.revision.row.number, seen.keeper.0);
    app.db
        .through(actor.door)
        .write(move |tx| Box::pin(review::reject(tx, bom_id, number, reason.clone(), actor.person_id)))
        .await?;
    whole(&app, bom_id, number).await
}

async fn whole(app: &App, bom_id: i64, number: i32) -> Result<Json<WholeRevision>> {
    let revision = desk::revision(app.db.read(), bom_id, number).await?.ok_or_else(|| missing("revision"))?;
    let components = desk::components(app.db.read(), revision.row.id).await?;
    let components = components.into_iter().map(ComponentShown::from).collect();
    Ok(Json(WholeRevision { revision: revision.into(), components }))
}
