//! Webhooks out: which there are and how they fare; one with its last calls, what they were answered, and a test call.
//!
//! Nobody is called in a request: the page asks, the job calls, and what came of it is seen here.

mod act;
mod edit;

use super::super::desk::Desk;
use super::super::dress::{Page, shown};
use super::super::form::{FormShown, Outcome, refuse};
use super::super::posted::Typed;
use crate::app::App;
use crate::kit::{Error, Result};
use crate::people::Administrator;
use crate::web::page::Part;
use crate::webhooks_out::api::{Kinds, Seen};
use crate::webhooks_out::desk as use_cases;
use crate::webhooks_out::model::{ALL, Status, TEST};
use crate::webhooks_out::origin;
use crate::webhooks_out::sign::Secret;
use crate::webhooks_out::store::calls::row as call;
use crate::webhooks_out::store::row;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};

/// Where the list is.
const HERE: &str = "/settings/webhooks";
/// How many of the last calls are shown.
const LAST: u64 = 20;

/// How a webhook fares: the colour, the word, and since when.
struct Standing {
    tone: &'static str,
    says: String,
    since: Option<String>,
}

/// A webhook in the list.
struct Row {
    id: i64,
    name: String,
    origin: String,
    events: String,
    standing: Standing,
    parked: i64,
}

/// A call, and what became of it.
struct Call {
    id: i64,
    event: String,
    /// Where the log tells of such events; none of a test.
    href: Option<String>,
    tone: &'static str,
    standing: String,
    code: Option<i32>,
    took: Option<i32>,
    attempts: i32,
    when: String,
    next: Option<String>,
    problem: Option<String>,
    answer: Option<String>,
    /// Whether it can be asked for again.
    is_to_retry: bool,
}

#[derive(Template)]
#[template(path = "hooks.html")]
struct List {
    page: Page,
    title: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "hook.html")]
struct One {
    page: Page,
    title: String,
    id: i64,
    url: String,
    standing: Standing,
    is_active: bool,
    last_success: Option<String>,
    last_failure: Option<(String, String)>,
    parked: i64,
    old_secret: Option<String>,
    /// The secret, where it is new.
    secret: Option<String>,
    refused: Option<String>,
    calls: Vec<Call>,
    forms: Vec<FormShown>,
}

/// What the page of a webhook has to tell besides.
#[derive(Default)]
struct Told<'a> {
    secret: Option<Secret>,
    refused: Option<(&'a str, &'a Typed, Error)>,
}

/// The pages of webhooks.
pub(super) fn routes(kinds: &'static [&'static str]) -> Router<App> {
    Router::new()
        .route(HERE, get(list))
        .route("/settings/webhooks/new", get(edit::adding).post(edit::add))
        .route("/settings/webhooks/{id}", get(page).post(act::change))
        .route("/settings/webhooks/{id}/{act}", post(act::act))
        .route("/settings/webhooks/{id}/calls/{call}/retry", post(act::retry))
        .layer(Extension(Kinds(kinds)))
}

/// `GET /settings/webhooks`.
async fn list(desk: Desk, _: Administrator) -> Result<Response> {
    let words = desk.words();
    let row = |(webhook, parked): (row::Model, i64)| Row {
        id: webhook.id,
        name: name(&webhook),
        origin: origin(&webhook.url),
        events: match webhook.kinds() {
            kinds if kinds.iter().any(|kind| kind == ALL) => words.w("hooks.all"),
            kinds => kinds.len().to_string(),
        },
        standing: standing(&desk, &webhook),
        parked,
    };
    let rows = use_cases::all(&desk.app).await?.into_iter().map(row).collect();
    let title = words.w("hooks.title");
    Ok(shown(StatusCode::OK, &List { page: desk.page(title.clone()), title, rows }))
}

/// `GET /settings/webhooks/{id}`.
async fn page(desk: Desk, Seen { webhook, .. }: Seen, Extension(Kinds(kinds)): Extension<Kinds>) -> Result<Response> {
    one(&desk, kinds, webhook, Told::default()).await
}

async fn one(desk: &Desk, kinds: &[&str], webhook: row::Model, told: Told<'_>) -> Result<Response> {
    let words = desk.words();
    let when = |at| words.when(at, desk.now).html();
    let calls =
        use_cases::calls_of(&desk.app, webhook.id, &Part { size: LAST, cursor: None, is_counted: false }).await?;
    let calls = calls.into_iter().take(usize::try_from(LAST).unwrap_or(usize::MAX));
    let parked = use_cases::with_parked(&desk.app, vec![webhook.clone()]).await?;
    let mut forms = edit::forms(desk, kinds, &webhook);
    let Outcome { status, why: refused, .. } = refuse(words, &mut forms, told.refused);
    let title = name(&webhook);
    let page = One {
        page: desk.page(title.clone()),
        title,
        id: webhook.id,
        standing: standing(desk, &webhook),
        is_active: webhook.is_active,
        last_success: webhook.last_success_at.map(when),
        last_failure: webhook.last_failure_at.map(when).zip(webhook.last_failure.clone()),
        parked: parked.first().map(|(_, parked)| *parked).unwrap_or_default(),
        old_secret: webhook.old_until.filter(|until| desk.now < *until).map(when),
        secret: told.secret.map(|secret| secret.shown()),
        refused,
        calls: calls.map(|call| shown_call(desk, &webhook, call)).collect(),
        forms,
        url: webhook.url,
    };
    Ok(shown(status, &page))
}

/// What a webhook is called: what it is for, or whom it calls.
fn name(webhook: &row::Model) -> String {
    if webhook.description.is_empty() { origin(&webhook.url) } else { webhook.description.clone() }
}

fn standing(desk: &Desk, webhook: &row::Model) -> Standing {
    let words = desk.words();
    let (tone, says, since) = if !webhook.is_active {
        ("CANCELLED", "hooks.off", None)
    } else if let Some(since) = webhook.failing_since {
        ("FAILED", "hooks.failing", Some(since))
    } else if webhook.last_success_at.is_some() {
        ("DELIVERED", "hooks.well", None)
    } else {
        ("PENDING", "hooks.not_called", None)
    };
    Standing { tone, says: words.w(says), since: since.map(|at| words.when(at, desk.now).html()) }
}

fn shown_call(desk: &Desk, webhook: &row::Model, call: call::Model) -> Call {
    let words = desk.words();
    let is_under_way = call.is_under_way(desk.now);
    let (tone, says) = match call.status {
        Status::Delivered => ("DELIVERED", "hooks.taken"),
        Status::Parked => ("FAILED", "hooks.parked"),
        Status::Pending if !webhook.is_active => ("PENDING", "hooks.held_up"),
        Status::Pending if call.attempts > 0 && !is_under_way => ("FAILED", "hooks.tried_again"),
        Status::Pending => ("PENDING", "hooks.under_way"),
    };
    let is_waiting = call.status == Status::Pending && webhook.is_active && !is_under_way && call.attempts > 0;
    Call {
        id: call.id,
        href: (call.event != TEST).then(|| format!("/settings/audit?name={}", call.event)),
        tone,
        standing: words.w(says),
        code: call.status_code,
        took: call.took_ms,
        attempts: call.attempts,
        when: words.when(call.last_attempt_at.unwrap_or(call.created_at), desk.now).html(),
        next: call.due_at.filter(|_| is_waiting).map(|at| words.when(at, desk.now).html()),
        problem: call.problem,
        answer: call.answer.filter(|answer| !answer.is_empty()),
        is_to_retry: webhook.is_active && (is_waiting || call.status == Status::Parked),
        event: call.event,
    }
}
