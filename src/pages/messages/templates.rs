//! The approved templates of each notice, in one language: what they are called at each provider, and how they read.

use super::{direction, language};
use crate::channels::Medium;
use crate::config::TemplateOf;
use crate::kit::Result;
use crate::notify::gather::GATHERED;
use crate::notify::sample::samples_in;
use crate::notify::words::Telling;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::links::{Asking, Group};
use crate::pages::listed::group;
use crate::people::Keeper;
use crate::texts::preview::as_template;
use crate::wording::html::paragraphs;
use crate::wording::{FALLBACK, Wording};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

/// Where the page is.
const HERE: &str = "/messages/templates";

/// The template of one notice's words.
struct Row {
    words: String,
    /// Where its words are.
    href: String,
    /// What Twilio and Meta know it by; `Err` where it is missing there though the provider is used.
    twilio: Result<String, bool>,
    meta: Result<String, bool>,
    /// What fills it: the value's name, and a likely value.
    values: Vec<(String, String)>,
    /// How it reads; none where there is no template.
    html: Option<String>,
    /// In which languages there is one.
    languages: String,
}

#[derive(Template)]
#[template(path = "message_templates.html")]
struct Templates {
    page: Page,
    title: String,
    groups: Vec<Group>,
    language: String,
    direction: &'static str,
    is_set: bool,
    says: String,
    rows: Vec<Row>,
}

/// `GET /messages/templates`.
pub(super) async fn page(desk: Desk, _: Keeper) -> Result<Response> {
    let words = desk.words();
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let asking = Asking::of(HERE, &["language"], query);
    let language = language(&desk, asking.get("language"));
    let wording = desk.app.wording();
    // What goes together is sent within the 24 hours only.
    let files = wording.notices(FALLBACK).into_iter().filter(|file| *file != GATHERED);
    let rows: Vec<Row> = files.map(|file| row(&desk, &wording, &language, file)).collect();
    let missing = rows.iter().filter(|row| row.html.is_none()).count();
    let title = words.w("tabs.templates");
    let all = words.languages();
    let mut languages = group(
        &asking,
        words.w("field.language"),
        "language",
        all.iter().map(|(code, name)| (Some(code.clone()), name.clone())).collect(),
    );
    for (link, (code, _)) in languages.links.iter_mut().zip(&all) {
        link.is_on = *code == language;
    }
    let page = Templates {
        page: desk.page(title.clone()),
        title,
        groups: vec![languages],
        direction: direction(&language),
        language,
        is_set: !desk.app.settings.notices.templates.all().is_empty(),
        says: words.fill("templates.missing_of", &json!({ "missing": missing, "all": rows.len() })),
        rows,
    };
    Ok(shown(StatusCode::OK, &page))
}

fn row(desk: &Desk, wording: &Wording, language: &str, file: &str) -> Row {
    let templates = &desk.app.settings.notices.templates;
    let template = templates.of(file, language);
    let carriers = desk.app.carriers(Medium::Whatsapp);
    let is_used = |channel: &str| carriers.iter().any(|carrier| carrier.name() == channel);
    let sample = samples_in(wording, language, file).into_iter().next().unwrap_or_default();
    let telling = Telling { wording, language, file, vars: &sample };
    let filled = template.map(|template| as_template(telling, template));
    let (values, text) = filled.unzip();
    let others = templates.all().into_iter().filter(|template| template.words == file);
    Row {
        words: file.to_owned(),
        href: super::texts::href(language, &format!("notice.{file}.text")),
        twilio: template.and_then(|template| template.content_sid.clone()).ok_or(is_used("twilio")),
        meta: template
            .and_then(TemplateOf::named)
            .map(|named| format!("{} ({})", named.name, named.language))
            .ok_or(is_used("meta")),
        values: values.unwrap_or_default(),
        html: text.map(|text: String| paragraphs(&text)),
        languages: others.map(|template| template.language.as_str()).collect::<Vec<_>>().join(", "),
    }
}
