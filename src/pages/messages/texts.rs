//! All texts that people are sent, in one language: searched, and those that were changed by themselves.

use super::{direction, language};
use crate::kit::Result;
use crate::kit::typed::{plain, unaccented};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::links::{Asking, Group};
use crate::pages::listed::{Head, group};
use crate::people::Keeper;
use crate::texts::model::{is_for_people, notice_of};
use crate::wording::Wording;
use crate::wording::desk::{Source, Written};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Where the list is.
pub(super) const HERE: &str = "/messages/texts";
/// What an address of the list keeps.
const KEPT: [&str; 4] = ["q", "language", "of", "changed"];
/// How many texts a page has.
const SIZE: usize = 50;
/// The longest text that is searched for, in characters.
const MAX_SOUGHT: usize = 100;
/// The longest beginning of a text in the list, in characters.
const LONGEST_SHOWN: usize = 160;

/// A text in the list.
struct Row {
    key: String,
    href: String,
    text: String,
    source: Option<(&'static str, String)>,
}

/// Texts that belong together.
struct Chapter {
    name: String,
    /// What it is called, where it is called something.
    title: Option<String>,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "texts.html")]
struct Texts {
    page: Page,
    head: Head,
    groups: Vec<Group>,
    language: String,
    direction: &'static str,
    chapters: Vec<Chapter>,
    next: Option<String>,
    previous: Option<String>,
}

/// `GET /messages/texts`.
pub(super) async fn list(desk: Desk, _: Keeper) -> Result<Response> {
    let words = desk.words();
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let asking = Asking::of(HERE, &KEPT, query);
    let language = language(&desk, asking.get("language"));
    let wording = desk.app.wording();
    let found = found(&wording, &language, &asking);
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "page");
    let at: usize = asked.and_then(|(_, page)| page.parse().ok()).unwrap_or(1).max(1);
    let pages = found.len().div_ceil(SIZE).max(1);
    let at = at.min(pages);
    let beside = |at: usize| (1..=pages).contains(&at).then(|| asking.with("page", Some(&at.to_string())));
    let mut chapters: Vec<Chapter> = Vec::new();
    for key in found.iter().skip((at - 1) * SIZE).take(SIZE) {
        let name = chapter(key);
        if chapters.last().is_none_or(|last| last.name != name) {
            let title = words.of_table(&format!("{name}.title"));
            chapters.push(Chapter { name: name.to_owned(), title, rows: Vec::new() });
        }
        if let Some(last) = chapters.last_mut() {
            last.rows.push(row(&desk, &wording, &language, key));
        }
    }
    let title = words.w("tabs.texts");
    let page = Texts {
        page: desk.page(title.clone()),
        head: Head::new(&asking, HERE, title, words.w("texts.search")),
        groups: groups(&desk, &asking, &language),
        direction: direction(&language),
        language,
        chapters,
        next: beside(at + 1),
        previous: beside(at - 1),
    };
    Ok(shown(StatusCode::OK, &page))
}

/// The keys that are asked for, in order.
fn found<'a>(wording: &'a Wording, language: &str, asking: &Asking) -> Vec<&'a str> {
    let made_plain = |text: &str| unaccented(&plain(text));
    let sought = asking.get("q").map(|sought| made_plain(&sought.chars().take(MAX_SOUGHT).collect::<String>()));
    let is_sought = |key: &str| {
        let Some(sought) = &sought else { return true };
        let text = wording.written_as(language, key).map(Written::joined);
        key.to_lowercase().contains(sought.as_str())
            || text.is_some_and(|text| made_plain(&text).contains(sought.as_str()))
    };
    let is_of = |key: &str| match asking.get("of") {
        Some("notices") => notice_of(key).is_some(),
        Some("chat") => notice_of(key).is_none(),
        _ => true,
    };
    let is_changed = |key: &str| match asking.get("changed") {
        Some("desk") => wording.source(language, key) == Some(Source::Desk),
        Some("folder") => wording.source(language, key) == Some(Source::Folder),
        _ => true,
    };
    let keys = wording.keys(language).into_iter().filter(|key| is_for_people(key));
    keys.filter(|key| is_of(key) && is_changed(key) && is_sought(key)).collect()
}

fn groups(desk: &Desk, asking: &Asking, language: &str) -> Vec<Group> {
    let words = desk.words();
    let languages = words.languages().into_iter().map(|(code, name)| (Some(code), name)).collect();
    let mut by_language = group(asking, words.w("field.language"), "language", languages);
    for (link, (code, _)) in by_language.links.iter_mut().zip(words.languages()) {
        link.is_on = code == language;
    }
    let any = || (None, words.w("tickets.any"));
    let of = |name: &str, label: String| (Some(name.to_owned()), label);
    let kinds = vec![any(), of("chat", words.w("texts.chat")), of("notices", words.w("texts.notices"))];
    let changed = vec![any(), of("desk", words.w("texts.source.DESK")), of("folder", words.w("texts.source.FOLDER"))];
    vec![
        by_language,
        group(asking, words.w("texts.of"), "of", kinds),
        group(asking, words.w("texts.from"), "changed", changed),
    ]
}

/// The part of the key that texts share which belong together.
fn chapter(key: &str) -> &str {
    if notice_of(key).is_some() {
        return key.rsplit_once('.').map_or(key, |(start, _)| start);
    }
    key.match_indices('.').nth(1).map_or(key.split('.').next().unwrap_or(key), |(end, _)| &key[..end])
}

fn row(desk: &Desk, wording: &Wording, language: &str, key: &str) -> Row {
    let whole = wording.written_as(language, key).map(Written::joined).unwrap_or_default();
    let mut text: String = whole.chars().take(LONGEST_SHOWN).collect();
    if text.len() < whole.len() {
        text.push('…');
    }
    let source = wording.source(language, key);
    Row {
        key: key.to_owned(),
        href: href(language, key),
        text,
        source: (source != Some(Source::BuiltIn)).then(|| named(desk, source)),
    }
}

/// Where a text's own page is.
pub(super) fn href(language: &str, key: &str) -> String {
    let key = utf8_percent_encode(key, NON_ALPHANUMERIC).to_string().replace("%2E", ".").replace("%5F", "_");
    format!("{HERE}/{key}?language={language}")
}

/// Which layer a text comes from: its stored name and its words.
pub(super) fn named(desk: &Desk, source: Option<Source>) -> (&'static str, String) {
    let words = desk.words();
    match source {
        Some(Source::BuiltIn) => ("BUILT_IN", words.w("texts.source.BUILT_IN")),
        Some(Source::Folder) => ("FOLDER", words.w("texts.source.FOLDER")),
        Some(Source::Desk) => ("DESK", words.w("texts.source.DESK")),
        None => ("ENGLISH", words.w("texts.source.ENGLISH")),
    }
}
