//! One BOM: the revision in force and another one side by side, who proposed it and why, what can be decided about it,
//! and all revisions there were.
//!
//! Of a revision that waits, what is shown is what would be in force once it is approved: its change, applied to what is in
//! force now. The number of statements is fixed, however many revisions and lines there are.

use super::sides::Sides;
use super::{HERE, decide};
use crate::boms::desk::{self as use_cases, Listed, Revision};
use crate::boms::model::{Change, Status};
use crate::boms::review::{self, Refusal};
use crate::boms::{Component, revision_row};
use crate::kit::decimal::{decimal, signed};
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::form::{FormShown, refusal};
use crate::pages::posted::Typed;
use crate::pages::words::Words;
use crate::people::Seen;
use crate::web::form::missing;
use crate::web::page::{Cursor, Cut, Part};
use crate::web::{Fields, Form, problem, read};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

/// How many revisions the history shows at once.
const MOST_REVISIONS: u64 = 10;
/// The name of their order, as the API has it.
const NEWEST_FIRST: &str = "-number";

/// A revision, as the history has it and as the one that is looked at.
struct Told {
    number: i32,
    name: String,
    status: &'static str,
    status_name: String,
    /// What it changes, in words.
    change: String,
    component: Option<String>,
    reason: Option<String>,
    cost_change: String,
    submitted_by: Option<String>,
    submitted: String,
    decided_by: Option<String>,
    decided: Option<String>,
    /// The word that went with the decision.
    comment: Option<String>,
    /// Whether it is the one that is looked at.
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "bom.html")]
struct Bom {
    page: Page,
    id: i64,
    number: String,
    product: String,
    in_force: Option<String>,
    chosen: Option<Told>,
    /// What the chosen one is called, where it is another than the one in force.
    beside: Option<String>,
    sides: Sides,
    /// What is to be known before deciding.
    hints: Vec<String>,
    forms: Vec<FormShown>,
    refused: Option<String>,
    history: Vec<Told>,
    next: Option<String>,
    previous: Option<String>,
    propose: bool,
}

/// Which revision is looked at, and which part of lines and history.
#[derive(Default)]
pub(super) struct Looked {
    revision: Option<i32>,
    lines: usize,
    cursor: Option<Cursor>,
}

impl Looked {
    pub(super) fn at(revision: i32) -> Self {
        Self { revision: Some(revision), ..Self::default() }
    }
}

impl Form for Looked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let number = |fields: &mut Fields, name| fields.optional(name, read::whole(1..=i64::from(i32::MAX)));
        let revision = number(fields, "revision").and_then(|number| i32::try_from(number).ok());
        let lines = number(fields, "lines").and_then(|page| usize::try_from(page).ok()).unwrap_or(1);
        Some(Self { revision, lines, cursor: Part::read(fields, NEWEST_FIRST).cursor })
    }
}

/// `GET /floor/boms/{id}`.
pub(super) async fn page(desk: Desk, Seen { record: bom, .. }: Seen<Listed>) -> Result<Response> {
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let looked = Fields::of_query(query).into_form()?;
    answer(&desk, bom, looked, None).await
}

/// The page; or after a decision was refused, with what was typed.
pub(super) async fn answer(
    desk: &Desk,
    bom: Listed,
    looked: Looked,
    refused: Option<(&str, &Typed, Error)>,
) -> Result<Response> {
    let (words, conn, id) = (desk.words(), desk.app.db.read(), bom.row.id);
    let first_waiting = use_cases::next_to_review(conn, id).await?;
    let chosen = match looked.revision.or(first_waiting) {
        Some(number) => Some(use_cases::revision(conn, id, number).await?.ok_or_else(|| missing("revision"))?),
        None => None,
    };
    let in_force = match bom.in_force {
        Some(number) => use_cases::revision(conn, id, number).await?,
        None => None,
    };
    let ids: Vec<i64> = in_force.iter().chain(&chosen).map(|revision| revision.row.id).collect();
    let mut components = use_cases::components_of(conn, &ids).await?;
    let own = chosen.as_ref().and_then(|one| components.get(&one.row.id).cloned()).unwrap_or_default();
    let lines = in_force.as_ref().and_then(|one| components.remove(&one.row.id)).unwrap_or_default();
    let waiting = chosen.as_ref().map(|one| &one.row).filter(|row| row.status == Status::PendingReview);
    let outlook = waiting.map(|row| review::outcome(&bom.row.number, row, bom.in_force, &lines));
    let (after, mut hints) = other_side(words, outlook.as_ref(), own, &lines, chosen.is_some());
    if let Some(first) = first_waiting.filter(|first| waiting.is_some_and(|row| row.number > *first)) {
        hints.push(words.fill("boms.earlier", &json!({ "number": first })));
    }
    let forms = match (waiting, &outlook) {
        (Some(row), Some(outlook)) => decide::forms(words, id, row.number, outlook.is_ok()),
        _ => Vec::new(),
    };
    let (forms, status, why) = with_refusal(words, forms, refused);
    let part = Part { size: MOST_REVISIONS, cursor: looked.cursor, is_counted: false };
    let found = use_cases::revisions(conn, id, None, &part).await?;
    let place = |revision: &Revision| Cursor::of_id(NEWEST_FIRST, i64::from(revision.row.number));
    let Cut { rows, next, previous } = part.cut(found, place);
    let at = chosen.as_ref().map(|one| one.row.number);
    let link = |cursor: Option<Cursor>| {
        let at = at.map(|number| format!("revision={number}&")).unwrap_or_default();
        cursor.map(|cursor| format!("{HERE}/{id}?{at}cursor={}#revisions", cursor.written()))
    };
    let page = Bom {
        page: desk.page(bom.row.number.clone()),
        id,
        number: bom.row.number,
        product: bom.row.product,
        in_force: bom.in_force.map(|number| called(words, number)),
        sides: Sides::of(words, &lines, &after, looked.lines),
        beside: at.filter(|at| bom.in_force != Some(*at)).map(|at| called(words, at)),
        hints,
        forms,
        refused: why,
        history: rows.into_iter().map(|one| told(desk, one, at)).collect(),
        chosen: chosen.map(|one| told(desk, one, at)),
        next: link(next),
        previous: link(previous),
        propose: bom.in_force.is_some(),
    };
    Ok(shown(status, &page))
}

/// A revision as it would be in force, with its cost; none where it says nothing of that.
type Outlook = Result<Option<(Vec<Component>, i64)>, Refusal>;

/// What stands beside what is in force, and what is to be known of it.
fn other_side(
    words: &Words,
    outlook: Option<&Outlook>,
    own: Vec<Component>,
    in_force: &[Component],
    is_chosen: bool,
) -> (Vec<Component>, Vec<String>) {
    match outlook {
        None if !is_chosen => (in_force.to_vec(), Vec::new()),
        None | Some(Ok(None)) => (own, Vec::new()),
        Some(Ok(Some((after, _)))) if *after == own => (own, Vec::new()),
        Some(Ok(Some((after, _)))) => (after.clone(), vec![words.w("boms.rebased")]),
        Some(Err(refusal)) => (own, vec![refusal_in_words(words, refusal)]),
    }
}

/// `Revision 3`.
fn called(words: &Words, number: i32) -> String {
    words.fill("boms.revision", &json!({ "number": number }))
}

fn refusal_in_words(words: &Words, refused: &Refusal) -> String {
    refusal(words, &Error::from(refused.clone()))
}

/// The forms, the status of the answer, and why, where no form is there to say it.
fn with_refusal(
    words: &Words,
    forms: Vec<FormShown>,
    refused: Option<(&str, &Typed, Error)>,
) -> (Vec<FormShown>, StatusCode, Option<String>) {
    let Some((name, typed, error)) = refused else { return (forms, StatusCode::OK, None) };
    let status = problem::status(error.kind());
    let why = (!forms.iter().any(|form| form.id == name)).then(|| refusal(words, &error));
    let told = |form: FormShown| if form.id == name { form.refused(words, typed, &error) } else { form };
    (forms.into_iter().map(told).collect(), status, why)
}

fn told(desk: &Desk, revision: Revision, chosen: Option<i32>) -> Told {
    let words = desk.words();
    let Revision { row, submitted_by, decided_by } = revision;
    let change = change_in_words(words, &row);
    let status = row.status.as_str();
    Told {
        number: row.number,
        name: called(words, row.number),
        status,
        status_name: words.w(format!("boms.status.{status}")),
        change,
        cost_change: words.number(&signed(row.cost_change_micros)),
        component: row.component,
        reason: row.reason,
        submitted_by,
        submitted: words.when(row.created_at, desk.now).html(),
        decided_by,
        decided: row.decided_at.map(|at| words.when(at, desk.now).html()),
        comment: row.decision_comment,
        is_chosen: chosen == Some(row.number),
    }
}

/// `Quantity 6`.
fn change_in_words(words: &Words, row: &revision_row::Model) -> String {
    let number = |micros: i64, least| words.number(&decimal(micros, least));
    match review::change_of(row) {
        None => words.w("boms.change.WHOLE"),
        Some((_, Change::Quantity(micros))) => {
            words.fill("boms.change.QUANTITY", &json!({ "value": number(micros, 0) }))
        }
        Some((_, Change::UnitCost(micros))) => {
            words.fill("boms.change.UNIT_COST", &json!({ "value": number(micros, 2) }))
        }
        Some((_, Change::Replace { number: other, unit_cost })) => {
            words.fill("boms.change.REPLACE", &json!({ "number": other, "value": number(unit_cost, 2) }))
        }
        Some((_, Change::Remove)) => words.w("boms.change.REMOVE"),
    }
}
