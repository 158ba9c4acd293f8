//! The inbox: the list of conversations, one of them with what the desk does in it, and replies kept at hand.
//!
//! All by the use cases of [`crate::inbox`]: whoever may not see conversations is refused as everywhere, and one that is
//! not theirs to see is not there.

mod act;
mod bubbles;
mod merge;
mod replies;
mod show;

use super::desk::Desk;
use super::dress::{Page, shown};
use super::links::{Asking, Group, Link};
use super::words::Words;
use crate::app::App;
use crate::inbox::{self, Desker, LATEST, Listed, Which, Who, Window};
use crate::kit::Result;
use crate::web::page::{Cursor, Part};
use crate::web::{Fields, Form, read};
use crate::wording::{plain, shortened};
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

/// Where the list is.
const HERE: &str = "/inbox";
/// How many rows a page has.
const SIZE: u64 = 30;
/// How much of the last words a row shows, in characters.
const MAX_LAST: usize = 140;

/// Every page of the inbox.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/inbox", get(list))
        .route("/inbox/replies", get(replies::page).post(replies::edit))
        .route("/inbox/replies/{id}/delete", post(replies::delete))
        .route("/inbox/replies/{id}/restore", post(replies::restore))
        .route("/inbox/{id}", get(show::page))
        .route("/inbox/{id}/media/{message}/{place}", get(show::medium))
        .route("/inbox/{id}/typing", post(act::typing))
        .route("/inbox/{id}/merge", get(merge::page).post(merge::merge))
        .route("/inbox/{id}/{act}", post(act::act))
}

/// A conversation as a list shows it.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) name: String,
    number: String,
    /// Who said what last.
    pub(super) last: String,
    pub(super) when: String,
    pub(super) unread: i32,
    unread_says: String,
    is_taken: bool,
    holder: String,
    doing: String,
    window: Option<String>,
    standing: Option<(&'static str, String)>,
}

impl Row {
    pub(super) fn of(desk: &Desk, listed: Listed) -> Self {
        let (words, now) = (desk.words(), desk.now);
        let Listed { head, last, holder, window } = listed;
        let said =
            last.as_ref().map(|last| format!("{}: {}", who(words, &last.who), preview(words, &last.kind, &last.text)));
        let standing = last.as_ref().and_then(|last| last.status.as_deref()).map(|status| {
            let standing = crate::notify::shown::Standing::of(status).as_str();
            (standing, words.w(format!("standing.{standing}")))
        });
        Self {
            id: head.person_id,
            name: head.called().to_owned(),
            number: head.value.clone(),
            last: said.unwrap_or_default(),
            when: last.map(|last| words.when(last.at, now).html()).unwrap_or_default(),
            unread: head.unread,
            unread_says: words.fill("inbox.unread_count", &json!({ "count": head.unread.to_string() })),
            is_taken: head.is_taken(),
            holder: holder.unwrap_or_default(),
            doing: doing(words, &head.state),
            window: left(words, window, now),
            standing,
        }
    }
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct List {
    page: Page,
    title: String,
    sought: String,
    which: &'static str,
    groups: Vec<Group>,
    rows: Vec<Row>,
    next: Option<String>,
    previous: Option<String>,
    is_narrowed: bool,
}

/// What is asked of the list.
struct Asked {
    which: Which,
    words: Option<String>,
    cursor: Option<Cursor>,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let which = fields.optional("which", read::one_of(&Which::ALL, Which::as_str)).unwrap_or_default();
        let words = fields.optional("q", read::line(1..=100));
        let cursor = fields.optional("cursor", Cursor::read);
        if cursor.as_ref().is_some_and(|cursor| cursor.order != LATEST) {
            fields.wrong("cursor", "belongs to another list");
        }
        Some(Self { which, words, cursor })
    }
}

/// `GET /inbox`.
async fn list(desk: Desk, Desker(actor): Desker) -> Result<Response> {
    let words = desk.words();
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let asked: Asked = Fields::of_query(query).into_form()?;
    let part = Part { size: SIZE, cursor: asked.cursor, is_counted: false };
    let sought = asked.words.as_deref();
    let found = inbox::list(&desk.app.db, &actor, asked.which, sought, &part, desk.now).await?;
    let asking = Asking::of(HERE, &["which", "q"], query);
    let with = |name: &str, value: Option<&str>| asking.with(name, value);
    let links = Which::ALL.map(|which| Link {
        href: with("which", (which != Which::All).then_some(which.as_str())),
        label: words.w(format!("inbox.which.{}", which.as_str())),
        is_on: which == asked.which,
    });
    let beside = |cursor: Option<Cursor>| cursor.map(|cursor| with("cursor", Some(&cursor.written())));
    let title = words.w("inbox.title");
    let page = List {
        page: desk.page(title.clone()),
        title,
        which: asked.which.as_str(),
        groups: vec![Group { label: words.w("inbox.by_which"), links: links.into() }],
        next: beside(found.next),
        previous: beside(found.previous),
        is_narrowed: asked.which != Which::All || asked.words.is_some(),
        sought: asked.words.unwrap_or_default(),
        rows: found.rows.into_iter().map(|listed| Row::of(&desk, listed)).collect(),
    };
    Ok(shown(StatusCode::OK, &page))
}

/// Who said something.
fn who(words: &Words, who: &Who) -> String {
    match who {
        Who::Desk(Some(name)) => name.clone(),
        other => words.w(format!("inbox.who.{}", other.as_str())),
    }
}

/// Words in one line; what had none is called what it was.
fn preview(words: &Words, kind: &str, text: &str) -> String {
    let line = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { kind_name(words, kind) } else { shortened(&line, MAX_LAST) }
}

/// What a message without words is called.
fn kind_name(words: &Words, kind: &str) -> String {
    let key = format!("inbox.kind.{}", kind.split('/').next().unwrap_or_default());
    if words.has(&key) { words.w(key) } else { words.w("inbox.kind.other") }
}

/// At which form and question the bot is; empty at the menu.
fn doing(words: &Words, state: &str) -> String {
    let Some((flow, question)) = state.split_once('.') else { return String::new() };
    let title = words.of_table(&format!("chat.{flow}.title")).unwrap_or_else(|| flow.to_owned());
    format!("{title} · {}", question.replace('_', " "))
}

/// How much longer words of our own may go there; none where they may not.
fn left(words: &Words, window: Window, now: crate::kit::Instant) -> Option<String> {
    match window {
        Window::Open(until) => Some(words.left(until - now)),
        Window::Shut => None,
    }
}
