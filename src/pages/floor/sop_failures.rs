//! SOP failures: the list, one with its clock and history and what can be decided about it, and reporting one.
//!
//! One is known by its ticket's id. What becomes of it is done by the ticket's actions, by their rules; the ticket's own
//! page has the rest: who was told, attachments, comments.

mod act;
mod report;
mod show;

use crate::app::App;
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::listed::{Frame, Head, asked, group};
use crate::pages::tickets::{ClockShown, clock_shown};
use crate::people::Keeper;
use crate::sop_failures::api::Asked;
use crate::sop_failures::desk::{self as use_cases, Failure};
use crate::tickets::Status;
use crate::web::page::Cursor;
use crate::web::{Fields, Form, read};
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

/// Where the list is.
const HERE: &str = "/floor/sop-failures";
/// The name of the list's order, as the API has it.
const NEWEST_FIRST: &str = "-id";

/// A failure in the list.
struct Row {
    id: i64,
    reference: String,
    procedure: String,
    failure_type: String,
    department: String,
    status: &'static str,
    status_name: String,
    clock: Option<ClockShown>,
    is_escalated: bool,
    reported: String,
}

#[derive(Template)]
#[template(path = "sop_failures.html")]
struct List {
    page: Page,
    around: Frame,
    rows: Vec<Row>,
}

/// What the API's list is asked for, and whether they are escalated.
struct Wanted(Asked);

impl Form for Wanted {
    fn read(fields: &mut Fields) -> Option<Self> {
        let is_escalated = fields.optional("escalated", read::boolean);
        let mut asked = Asked::read(fields)?;
        asked.filter.is_escalated = is_escalated;
        Some(Self(asked))
    }
}

/// The pages of SOP failures.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(HERE, get(list))
        .route("/floor/sop-failures/new", get(report::page).post(report::report))
        .route("/floor/sop-failures/{id}", get(show::page))
        .route("/floor/sop-failures/{id}/escalate", post(act::escalate))
        .route("/floor/sop-failures/{id}/correct", post(act::correct))
        .route("/floor/sop-failures/{id}/{action}", post(act::act))
}

/// `GET /floor/sop-failures`.
async fn list(desk: Desk, keeper: Keeper) -> Result<Response> {
    let words = desk.words();
    let (asking, Wanted(Asked { filter, part })) = asked(&desk, HERE, &["q", "status", "department", "escalated"])?;
    let found = use_cases::list(desk.app.db.read(), &filter, &part).await?;
    let cut = part.cut(found, |failure| Cursor::of_id(NEWEST_FIRST, failure.ticket.id));
    let any = || (None, words.w("tickets.any"));
    let named = |name: &str| (Some(name.to_owned()), words.w(format!("status.{name}")));
    let statuses = [any()].into_iter().chain(Status::ALL.map(|status| named(status.as_str()))).collect();
    let escalated = vec![
        any(),
        (Some("true".to_owned()), words.w("sop.escalated")),
        (Some("false".to_owned()), words.w("sop.not_escalated")),
    ];
    // One's own department, and the one that is asked for: of the others the plant may have any number.
    let mut departments = vec![any()];
    let own = keeper.0.department.as_deref().filter(|own| !own.is_empty());
    let chosen = asking.get("department").filter(|chosen| Some(*chosen) != own);
    departments.extend(own.into_iter().chain(chosen).map(|name| (Some(name.to_owned()), name.to_owned())));
    let mut groups = vec![group(&asking, words.w("tickets.by_status"), "status", statuses)];
    if departments.len() > 1 {
        groups.push(group(&asking, words.w("fact.department"), "department", departments));
    }
    groups.push(group(&asking, words.w("sop.escalation"), "escalated", escalated));
    let title = words.w("tabs.sop_failures");
    let head = Head::new(&asking, HERE, title.clone(), words.w("sop.search"));
    let head = head.add(format!("{HERE}/new"), words.w("sop.report"));
    let around = Frame::new(&desk, &asking, head, "sop", &cut).groups(groups);
    let rows = cut.rows.into_iter().map(|failure| row(&desk, failure)).collect();
    Ok(shown(StatusCode::OK, &List { page: desk.page(title), around, rows }))
}

fn row(desk: &Desk, failure: Failure) -> Row {
    let (words, now) = (desk.words(), desk.now);
    let Failure { ticket, facts, .. } = failure;
    let clock = ticket.ticket(Vec::new()).resolution_clock().filter(|clock| clock.stopped_at.is_none());
    Row {
        id: ticket.id,
        procedure: facts.procedure,
        failure_type: facts.failure_type,
        department: facts.department,
        status: ticket.status.as_str(),
        status_name: words.w(format!("status.{}", ticket.status.as_str())),
        clock: clock.map(|clock| clock_shown(desk, clock.state(now), clock.time_left(now), clock.due(now))),
        is_escalated: facts.escalation_level > 0,
        reported: words.when(ticket.created_at, now).html(),
        reference: ticket.reference,
    }
}
