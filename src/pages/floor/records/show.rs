//! A file that waits: what would come of each of its lines, and taking it over or letting it go.

use super::{HERE, kind_name};
use crate::kit::error::Kind as Failure;
use crate::kit::records::Effect;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::{refusal, told};
use crate::pages::posted::Posted;
use crate::pages::told_in::Said;
use crate::people::Keeper;
use crate::records_io::waiting::{self, Line, Preview, Verdict, Waiting};
use crate::web::form::missing;
use crate::web::problem;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use std::collections::BTreeMap;

/// How many lines a page has.
const LINES: usize = 200;
/// The most wrong lines that are shown before all others.
const MOST_WRONG: usize = 100;

/// A line as it is shown.
struct LineShown {
    number: u64,
    key: String,
    /// `CREATED`, `CHANGED`, `KEPT`, `WRONG` or `SPOILED`, for the mark's colour, and the word for it.
    verdict: &'static str,
    verdict_name: String,
    /// The column at fault and what stands there.
    at: Option<(&'static str, String)>,
    why: Option<Said>,
}

#[derive(Template)]
#[template(path = "verdicts.html")]
struct Verdicts {
    page: Page,
    id: i64,
    title: String,
    name: String,
    until: String,
    /// Each sum with its word.
    sums: Vec<(String, String)>,
    warnings: Vec<String>,
    notes: Vec<String>,
    is_foreign: bool,
    /// Whether all of it can be taken over.
    is_right: bool,
    /// Whether something would change.
    does_something: bool,
    wrong: Vec<LineShown>,
    more_wrong: Option<String>,
    lines: Vec<LineShown>,
    next: Option<String>,
    previous: Option<String>,
    /// Why nothing was taken over; or why the file is none of its kind.
    refused: Option<Said>,
}

/// `GET /floor/records/{id}`.
pub(in crate::pages) async fn page(
    desk: Desk,
    keeper: Keeper,
    path: Path<BTreeMap<String, String>>,
) -> Result<Response> {
    let waiting = theirs(&desk, &keeper, &path).await?;
    verdicts(&desk, &waiting, None).await
}

/// `POST /floor/records/{id}/take`: all of it counts from here on.
pub(in crate::pages) async fn take_over(
    desk: Desk,
    keeper: Keeper,
    path: Path<BTreeMap<String, String>>,
    posted: Posted,
) -> Result<Response> {
    let waiting = theirs(&desk, &keeper, &path).await?;
    let taking = async {
        posted.must_be_genuine()?;
        waiting::take_over(&desk.app, &keeper.0, waiting.clone()).await
    };
    match taking.await {
        Ok(_) => Ok(redirect(&format!("{HERE}?done=taken_over"))),
        Err(error) => verdicts(&desk, &waiting, Some(error)).await,
    }
}

/// `POST /floor/records/{id}/drop`: nothing of it counts.
pub(in crate::pages) async fn let_go(
    desk: Desk,
    keeper: Keeper,
    path: Path<BTreeMap<String, String>>,
    posted: Posted,
) -> Result<Response> {
    let waiting = theirs(&desk, &keeper, &path).await?;
    if let Err(error) = posted.must_be_genuine() {
        return verdicts(&desk, &waiting, Some(error)).await;
    }
    waiting::let_go(&desk.app, &keeper.0, waiting.id).await?;
    Ok(redirect(&format!("{HERE}?done=file_let_go")))
}

async fn theirs(desk: &Desk, keeper: &Keeper, path: &Path<BTreeMap<String, String>>) -> Result<Waiting> {
    let id = path.get("id").and_then(|id| id.parse().ok()).unwrap_or_default();
    waiting::one(desk.app.db.read(), &keeper.0, id, desk.now).await?.ok_or_else(|| missing("file"))
}

async fn verdicts(desk: &Desk, waiting: &Waiting, refused: Option<Error>) -> Result<Response> {
    let words = desk.words();
    let mut status = StatusCode::OK;
    let mut why = None;
    if let Some(error) = refused {
        status = problem::status(error.kind());
        let is_ours = error.details().is_some_and(|details| details.members.contains_key("bad_lines"));
        let text = if is_ours { words.w("records.has_wrong") } else { refusal(words, &error) };
        why = Some(Said { text, is_foreign: false });
    }
    let preview = match waiting::preview(&desk.app, waiting).await {
        Ok(preview) => preview,
        // A file that is no table of its kind: the rule says what it lacks.
        Err(error) if matches!(error.kind(), Failure::BadRequest | Failure::Setting) => {
            status = StatusCode::UNPROCESSABLE_ENTITY;
            why = Some(Said { text: error.public().to_owned(), is_foreign: !words.is_english() });
            Preview::default()
        }
        Err(error) => return Err(error),
    };
    Ok(shown(status, &answer(desk, waiting, &preview, why)))
}

fn answer(desk: &Desk, waiting: &Waiting, preview: &Preview, refused: Option<Said>) -> Verdicts {
    let (words, imported) = (desk.words(), &preview.imported);
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "from").map(|(_, from)| from);
    let from = asked.and_then(|from| from.parse::<usize>().ok()).unwrap_or_default().min(preview.lines.len());
    let here = |from: usize| format!("{HERE}/{}?from={from}", waiting.id);
    let is_wrong = |line: &&Line| matches!(line.verdict, Verdict::Wrong(_));
    let wrong = preview.lines.iter().filter(is_wrong);
    let count = wrong.clone().count();
    let more = count.saturating_sub(MOST_WRONG);
    let sum = |name: &str, count: u64| (words.w(format!("records.verdict.{name}")), count.to_string());
    let notes = imported.notes.iter().map(|(note, count)| format!("{count} {note}"));
    let does_something = imported.created + imported.changed > 0;
    Verdicts {
        page: desk.page(words.w("records.preview")),
        id: waiting.id,
        title: kind_name(desk, waiting.kind),
        name: waiting.name.clone(),
        until: words.when(waiting.until, desk.now).html(),
        sums: vec![
            sum("CREATED", imported.created),
            sum("CHANGED", imported.changed),
            sum("KEPT", imported.kept),
            sum("WRONG", imported.bad),
        ],
        warnings: preview.warnings.clone(),
        notes: notes.collect(),
        is_foreign: !words.is_english(),
        is_right: imported.bad == 0 && !preview.lines.is_empty(),
        does_something,
        wrong: wrong.take(MOST_WRONG).map(|line| line_shown(desk, line)).collect(),
        more_wrong: (more > 0).then(|| words.fill("records.more_wrong", &json!({ "count": more.to_string() }))),
        lines: preview.lines.iter().skip(from).take(LINES).map(|line| line_shown(desk, line)).collect(),
        next: (from + LINES < preview.lines.len()).then(|| here(from + LINES)),
        previous: (from > 0).then(|| here(from.saturating_sub(LINES))),
        refused,
    }
}

fn line_shown(desk: &Desk, line: &Line) -> LineShown {
    let words = desk.words();
    let verdict = match &line.verdict {
        Verdict::Does(Effect::Created) => "CREATED",
        Verdict::Does(Effect::Changed) => "CHANGED",
        Verdict::Does(Effect::Kept) => "KEPT",
        Verdict::Wrong(_) => "WRONG",
        Verdict::Spoiled => "SPOILED",
    };
    let (at, why) = match &line.verdict {
        Verdict::Wrong(bad) => {
            let at = bad.column.map(|column| (column, bad.value.clone()));
            (at, Some(told(words, &bad.reason)))
        }
        Verdict::Does(_) => (None, None),
        Verdict::Spoiled => (None, Some(Said { text: words.w("records.spoiled"), is_foreign: false })),
    };
    LineShown {
        number: line.number,
        key: line.key.clone(),
        verdict,
        verdict_name: words.w(format!("records.verdict.{verdict}")),
        at,
        why,
    }
}
