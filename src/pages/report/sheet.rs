//! Parts of a report: a plot, and the table that says the same, on the page and as CSV.

use super::range::Range;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::links::Group;
use crate::pages::plot::Plot;
use crate::records_io::harmless;
use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use serde_json::json;
use std::borrow::Cow;

/// A cell: as people read it, and as programs do.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Cell {
    pub(in crate::pages) says: String,
    pub(in crate::pages) plain: String,
    pub(in crate::pages) href: Option<String>,
    /// How much there is, from 0 to 5, where colour says so too.
    pub(in crate::pages) heat: Option<u8>,
}

impl Cell {
    pub(in crate::pages) fn text(says: impl Into<String>) -> Self {
        let says = says.into();
        Self { plain: says.clone(), says, href: None, heat: None }
    }

    pub(in crate::pages) fn number(n: i64) -> Self {
        Self::text(n.to_string())
    }

    pub(in crate::pages) fn percent(percent: Option<i64>) -> Self {
        let says = percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
        Self { plain: percent.map(|percent| percent.to_string()).unwrap_or_default(), ..Self::text(says) }
    }

    /// A stretch of time; for programs in minutes.
    pub(in crate::pages) fn took(desk: &Desk, seconds: Option<i64>) -> Self {
        let says = seconds.map_or_else(|| "–".to_owned(), |seconds| desk.words().left(TimeDelta::seconds(seconds)));
        Self { plain: seconds.map(|seconds| (seconds / 60).to_string()).unwrap_or_default(), ..Self::text(says) }
    }

    /// The same with another text for programs.
    pub(in crate::pages) fn plain(self, plain: impl Into<String>) -> Self {
        Self { plain: plain.into(), ..self }
    }

    pub(in crate::pages) fn href(self, href: Option<String>) -> Self {
        Self { href, ..self }
    }

    pub(in crate::pages) fn heat(self, heat: u8) -> Self {
        Self { heat: Some(heat), ..self }
    }
}

/// A part of a report.
pub(in crate::pages) struct Section {
    /// Unlike any other on the page, and the CSV's name.
    pub(in crate::pages) id: Cow<'static, str>,
    pub(in crate::pages) title: String,
    /// What is counted, where the title does not say it all.
    pub(in crate::pages) note: Option<String>,
    pub(in crate::pages) plot: Option<Plot>,
    /// Of the columns; the first one names the rows.
    pub(in crate::pages) heads: Vec<String>,
    pub(in crate::pages) rows: Vec<Vec<Cell>>,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Report {
    page: Page,
    title: String,
    groups: Vec<Group>,
    here: String,
    range: Range,
    /// Which days these are, and which they are compared with.
    says: String,
    /// How many days are still to be counted, where there are some.
    behind: Option<String>,
    sections: Vec<(Section, String)>,
}

/// The report as a page; or one of its tables, where the query names it: `?csv=in_out`.
pub(in crate::pages) fn answer(
    desk: &Desk,
    title: String,
    mut range: Range,
    still: u64,
    sections: Vec<Section>,
) -> Result<Response> {
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let wanted = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "csv").map(|(_, id)| id);
    if let Some(id) = wanted {
        if let Some(wrong) = range.wrong {
            return Err(Error::new(Kind::BadRequest, wrong));
        }
        let section = sections.into_iter().find(|section| section.id == id);
        let section = section.ok_or_else(|| Error::not_found("There is no such table in this report."))?;
        return table(&section, &range);
    }
    let words = desk.words();
    let (span, before) = (range.span, range.span.before());
    let [from, until, since, to] = [span.from, span.until, before.from, before.until].map(|day| words.date(day));
    let says = words.fill("report.says", &json!({ "from": from, "until": until, "since": since, "to": to }));
    let behind = (still > 0).then(|| words.fill("report.behind", &json!({ "count": still.to_string() })));
    let sections = sections.into_iter().map(|section| {
        let href = range.asking.with("csv", Some(&section.id));
        (section, href)
    });
    let sections = sections.collect();
    let links = std::mem::take(&mut range.offered.links);
    let groups = vec![Group { label: range.offered.label.clone(), links }];
    let here = desk.path.split('?').next().unwrap_or_default().to_owned();
    let status = if range.wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let page = Report { page: desk.page(title.clone()), title, groups, here, range, says, behind, sections };
    Ok(shown(status, &page))
}

/// A table as CSV, of which no spreadsheet computes a cell.
fn table(section: &Section, range: &Range) -> Result<Response> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let mut written = csv.write_record(section.heads.iter().map(|head| harmless(head.trim()).into_owned()));
    for row in &section.rows {
        let cells = row.iter().map(|cell| harmless(cell.plain.trim()).into_owned());
        written = written.and_then(|()| csv.write_record(cells));
    }
    written.map_err(Error::internal)?;
    let body = csv.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    let name = format!("attachment; filename=\"{}-{}-{}.csv\"", section.id, range.span.from, range.span.until);
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, name.as_str()), (CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}
