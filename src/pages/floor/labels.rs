//! Labels with codes for machines and orders: what is to be printed, on which sheet, and from which place of it on.
//!
//! Which they are stands in the address: by number, or those that fit a search, so many at a time.

mod asked;
mod found;

use super::super::desk::Desk;
use super::super::dress::{Page, shown};
use super::super::form::{Field, FormShown};
use super::super::links::Asking;
use super::super::posted::Typed;
use crate::kit::{Error, Result};
use crate::papers::labels::{self, Label, MOST};
use crate::papers::sheets::FORMATS;
use crate::people::Keeper;
use crate::web::{Fields, problem};
use askama::Template;
use asked::{Asked, Kind};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use found::{Found, find};
use serde_json::json;

/// Where the page is, and the file.
const HERE: &str = "/floor/labels";
const FILE: &str = "/floor/labels/sheet.pdf";
/// What of the address is kept.
const KNOWN: [&str; 8] = ["kind", "numbers", "q", "department", "sheet", "start", "to", "cursor"];

#[derive(Template)]
#[template(path = "labels.html")]
struct Choosing {
    page: Page,
    title: String,
    form: FormShown,
    /// The number that codes lead to; none where it is not known.
    plant: Option<String>,
    rows: Vec<Label>,
    /// How many labels there are, and on how many sheets.
    says: Option<String>,
    /// Numbers that are none, and those that are too long for this sheet.
    missing: Option<String>,
    too_long: Option<String>,
    file: Option<String>,
    next: Option<String>,
}

/// `GET /floor/labels`.
pub(super) async fn page(_: Keeper, desk: Desk) -> Result<Response> {
    let query = query(&desk);
    match Fields::of_query(query).into_form::<Asked>() {
        Ok(asked) => {
            let found = find(&desk, &asked).await?;
            Ok(shown(StatusCode::OK, &choosing(&desk, query, Some((&asked, found)), None)))
        }
        Err(error) => {
            let status = problem::status(error.kind());
            Ok(shown(status, &choosing(&desk, query, None, Some(&error))))
        }
    }
}

/// `GET /floor/labels/sheet.pdf`: the labels that the same address would show.
pub(super) async fn sheet(_: Keeper, desk: Desk) -> Result<Response> {
    let asked: Asked = Fields::of_query(query(&desk)).into_form()?;
    let Found { labels, .. } = find(&desk, &asked).await?;
    if labels.is_empty() {
        return Err(Error::bad_request("There is nothing to print: choose machines or orders first."));
    }
    let words = desk.words();
    let about = (words.w("labels.title"), words.language().to_owned());
    let file = labels::draw(&desk.app, asked.format, asked.start, labels, about).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, "inline; filename=\"labels.pdf\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, file).into_response())
}

fn query(desk: &Desk) -> &str {
    desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default()
}

fn choosing(desk: &Desk, query: &str, found: Option<(&Asked, Found)>, refused: Option<&Error>) -> Choosing {
    let words = desk.words();
    let plant = found::plant(&desk.app);
    let typed = Typed::of_query(query);
    let mut form = form(desk, &typed, plant.is_none());
    if let Some(error) = refused {
        form = form.refused(words, &typed, error);
    }
    let title = words.w("labels.title");
    let page = Choosing {
        page: desk.page(title.clone()),
        title,
        form,
        plant: plant.map(|number| number.to_string()),
        rows: Vec::new(),
        says: None,
        missing: None,
        too_long: None,
        file: None,
        next: None,
    };
    let Some((asked, found)) = found else { return page };
    let asking = Asking::of(HERE, &KNOWN, query);
    let listed = |numbers: &[String]| numbers.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
    let told = |key: &str, numbers: &[String]| {
        let values = json!({ "count": numbers.len().to_string(), "numbers": listed(numbers) });
        (!numbers.is_empty()).then(|| words.fill(key, &values))
    };
    let sheets = (asked.start + found.labels.len()).div_ceil(asked.format.places());
    let count =
        json!({ "count": found.labels.len().to_string(), "sheets": sheets.to_string(), "most": MOST.to_string() });
    let is_any = !found.labels.is_empty();
    let is_full = found.next.is_some() || found.has_more_typed;
    let key = if is_full { "labels.count_of_more" } else { "labels.count" };
    let file = asking.with("", None).replacen(HERE, FILE, 1);
    Choosing {
        says: is_any.then(|| words.fill(key, &count)),
        missing: told("labels.missing", &found.missing),
        too_long: told("labels.too_long", &found.too_long),
        file: is_any.then_some(file),
        next: found.next.map(|cursor| asking.with("cursor", Some(&cursor.written()))),
        rows: found.labels,
        ..page
    }
}

fn form(desk: &Desk, typed: &Typed, asks_for_plant: bool) -> FormShown {
    let words = desk.words();
    let field = |kind, name, most| Field::new(words, kind, name, most).optional().value(typed.get(name));
    let or = |name: &str, usual: &str| match typed.get(name) {
        "" => usual.to_owned(),
        value => value.to_owned(),
    };
    let kinds = Kind::ALL.map(|kind| (kind.as_str().to_owned(), words.w(format!("labels.kind.{}", kind.as_str()))));
    let sheets = FORMATS.map(|format| {
        let (wide, high) = format.label;
        let values = json!({ "called": format.called, "count": format.places().to_string(),
            "wide": format!("{wide:.1}"), "high": format!("{high:.1}") });
        (format.name.to_owned(), words.fill("labels.sheet", &values))
    });
    let most = json!({ "most": MOST.to_string() });
    let usual = or("kind", Kind::Machines.as_str());
    let mut form = FormShown::new("labels", HERE, words.w("labels.show"))
        .field(Field::new(words, "select", "kind", 16).called(words.w("labels.of")).value(usual).choices(kinds))
        .field(
            field("textarea", "numbers", 0)
                .called(words.w("labels.numbers"))
                .hint(words.fill("labels.numbers_hint", &most)),
        )
        .field(field("text", "q", 100).called(words.w("labels.search")))
        .field(field("text", "department", 255).hint(words.w("labels.department_hint")))
        .field(
            Field::new(words, "select", "sheet", 16)
                .called(words.w("labels.on"))
                .value(or("sheet", FORMATS[0].name))
                .choices(sheets),
        )
        .field(field("text", "start", 3).called(words.w("labels.start")).hint(words.w("labels.start_hint")));
    if asks_for_plant {
        form = form.field(field("tel", "to", 32).called(words.w("labels.to")).hint(words.w("number.hint")));
    }
    form
}
