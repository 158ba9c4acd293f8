//! Plans of preventive maintenance: the list with what falls due, one with what can be done with it, and taking one in.

mod act;
mod edit;

use crate::app::App;
use crate::kit::Result;
use crate::machines;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::listed::{Frame, Head, asked, group};
use crate::people::Keeper;
use crate::people::store::records::names_of;
use crate::plans::Plan;
use crate::plans::api::forms::Asked;
use crate::plans::desk as use_cases;
use crate::web::page::Cursor;
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{Days, NaiveDate};
use serde_json::json;
use std::collections::BTreeSet;

/// Where the list is.
const HERE: &str = "/floor/plans";
/// The name of the list's order, as the API has it.
const BY_NUMBER: &str = "number";

/// A plan as the list and its own page show it.
struct Row {
    id: i64,
    number: String,
    title: String,
    machine: String,
    every: String,
    /// The day on which it is due next, and how far that is.
    on: String,
    next: String,
    /// Whether that day has passed.
    is_overdue: bool,
    last_done: Option<String>,
    responsible: String,
    instructions: String,
}

#[derive(Template)]
#[template(path = "plans.html")]
struct List {
    page: Page,
    around: Frame,
    rows: Vec<Row>,
}

/// The pages of plans.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(HERE, get(list))
        .route("/floor/plans/new", get(edit::adding).post(edit::add))
        .route("/floor/plans/{id}", get(act::page).post(act::change))
        .route("/floor/plans/{id}/done", post(act::done))
        .route("/floor/plans/{id}/delete", post(act::delete))
}

/// The day it is at the plant.
fn today(desk: &Desk) -> NaiveDate {
    desk.now.with_timezone(&desk.app.settings.timezone).date_naive()
}

/// `GET /floor/plans`.
async fn list(desk: Desk, _: Keeper) -> Result<Response> {
    let words = desk.words();
    let (asking, Asked { filter, part }) = asked(&desk, HERE, &["q", "machine", "due_by"])?;
    let found = use_cases::list(desk.app.db.read(), &filter, &part).await?;
    let cut = part.cut(found, |plan| Cursor::of_key(BY_NUMBER, &plan.number));
    let today = today(&desk);
    let by = |day: Option<NaiveDate>, label: &str| (day.map(|day| day.to_string()), words.w(label));
    let due = vec![
        by(None, "tickets.any"),
        by(today.pred_opt(), "tickets.overdue"),
        by(today.checked_add_days(Days::new(7)), "plans.in_a_week"),
        by(today.checked_add_days(Days::new(30)), "plans.in_a_month"),
    ];
    let title = words.w("tabs.plans");
    let head = Head::new(&asking, HERE, title.clone(), words.w("plans.search"));
    let head = head.add(format!("{HERE}/new"), words.w("plans.add"));
    let around = Frame::new(&desk, &asking, head, "plans", &cut).groups(vec![group(
        &asking,
        words.w("plans.due"),
        "due_by",
        due,
    )]);
    let rows = rows_of(&desk, use_cases::with_people(desk.app.db.read(), cut.rows).await?).await?;
    Ok(shown(StatusCode::OK, &List { page: desk.page(title), around, rows }))
}

/// These plans as they are shown, in their order. Two statements.
async fn rows_of(desk: &Desk, plans: Vec<Plan>) -> Result<Vec<Row>> {
    let (words, conn, today) = (desk.words(), desk.app.db.read(), today(desk));
    let people: BTreeSet<i64> = plans.iter().flat_map(|plan| plan.people.iter().copied()).collect();
    let names = names_of(conn, &people.into_iter().collect::<Vec<_>>()).await?;
    let machines = machines::by_ids(conn, &plans.iter().map(|plan| plan.row.machine_id).collect()).await?;
    let rows = plans.into_iter().map(|Plan { row: plan, people }| {
        let responsible: Vec<String> = people.iter().filter_map(|person| names.get(person).cloned()).collect();
        Row {
            id: plan.id,
            machine: machines.get(&plan.machine_id).map(|machine| machine.number.clone()).unwrap_or_default(),
            every: words.fill("time.days", &json!({ "count": plan.every_days.to_string() })),
            on: words.date(plan.next_on),
            next: words.days_to(plan.next_on, today),
            is_overdue: plan.next_on < today,
            last_done: plan.last_done_on.map(|day| words.days_to(day, today)),
            responsible: responsible.join(", "),
            number: plan.number,
            title: plan.title,
            instructions: plan.instructions,
        }
    });
    Ok(rows.collect())
}
