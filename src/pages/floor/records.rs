//! Records as files: out by kind, and in with every line's verdict before it counts.

mod receive;
mod show;

pub(in crate::pages) use receive::receive;
pub(in crate::pages) use show::{let_go, page, take_over};

use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::form::{Field, FormShown};
use crate::pages::posted::Typed;
use crate::people::Keeper;
use crate::records_io::waiting::{self, MOST_BYTES, may_bring_in, may_take_out};
use crate::records_io::{self, Kind};
use crate::web::problem;
use askama::Template;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

/// Where the files are.
pub(super) const HERE: &str = "/floor/records";

/// A kind of file that somebody may take out.
struct Out {
    href: String,
    label: String,
}

#[derive(Template)]
#[template(path = "records.html")]
struct Records {
    page: Page,
    title: String,
    form: FormShown,
    /// A file that they brought in and have not decided about: where, and what it is called.
    waiting: Option<(String, String)>,
    out: Vec<Out>,
}

/// `GET /floor/records`.
pub(in crate::pages) async fn list(desk: Desk, _: Keeper) -> Result<Response> {
    records(&desk, None).await
}

/// The page; or after a file was refused, with why.
async fn records(desk: &Desk, refused: Option<(&Typed, Error)>) -> Result<Response> {
    let (words, actor) = (desk.words(), desk.actor());
    let kinds =
        |may: fn(&crate::people::Actor, Kind) -> bool| Kind::ALL.into_iter().filter(move |kind| may(actor, *kind));
    let out = kinds(may_take_out)
        .map(|kind| Out { href: format!("{HERE}/out/{}.csv", kind.as_str()), label: kind_name(desk, kind) });
    let choices = kinds(may_bring_in).map(|kind| (kind.as_str().to_owned(), kind_name(desk, kind)));
    let most = json!({ "most": (MOST_BYTES / 1_048_576).to_string() });
    let mut form = FormShown::new("bring-in", HERE, words.w("records.look"));
    form = form
        .field(Field::new(words, "select", "kind", 0).value(Kind::Orders.as_str()).choices(choices))
        .field(Field::new(words, "file", "file", 0).hint(words.fill("records.file_says", &most)));
    form.is_multipart = true;
    let mut status = StatusCode::OK;
    if let Some((typed, error)) = refused {
        status = problem::status(error.kind());
        form = form.refused(words, typed, &error);
    }
    let waiting = waiting::latest(desk.app.db.read(), actor, desk.now).await?;
    let title = words.w("tabs.records");
    let page = Records {
        page: desk.page(title.clone()),
        title,
        form,
        waiting: waiting.map(|(id, name)| (format!("{HERE}/{id}"), name)),
        out: out.collect(),
    };
    Ok(shown(status, &page))
}

pub(super) fn kind_name(desk: &Desk, kind: Kind) -> String {
    desk.words().w(format!("records.kind.{}", kind.as_str().replace('-', "_")))
}

/// `GET /floor/records/out/{file}`: all records of a kind, as they can be brought in again.
pub(in crate::pages) async fn take_out(desk: Desk, _: Keeper, Path(file): Path<String>) -> Result<Response> {
    let named = file.strip_suffix(".csv").and_then(|name| Kind::ALL.into_iter().find(|kind| kind.as_str() == name));
    let kind = named.filter(|kind| may_take_out(desk.actor(), *kind));
    let kind = kind.ok_or_else(|| Error::not_found("There is no such file among those you may see."))?;
    let day = desk.now.with_timezone(&desk.app.settings.timezone).format("%Y-%m-%d");
    let name = format!("attachment; filename=\"{}-{day}.csv\"", kind.as_str());
    let mut response = Body::from_stream(records_io::pieces(desk.app.db.clone(), kind)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
