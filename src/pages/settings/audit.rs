//! What happened: the log of events, the newest first, with filters.

use crate::audit::{self, Asked, Auditor, EventShown};
use crate::db::Door;
use crate::kit::Result;
use crate::outbox::{Event, TICKET};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::links::{Asking, Group, Link};
use crate::people::events::PERSON;
use crate::web::Fields;
use crate::webhooks_out;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

/// Where the log is.
const HERE: &str = "/settings/audit";
/// How many rows a page has.
const SIZE: &str = "50";
/// What becomes of a webhook that has no page any more.
const DELETED: &str = <webhooks_out::events::Deleted as Event>::NAME;
/// What an address of the log keeps.
const KEPT: [&str; 8] = ["name", "door", "actor", "subject_kind", "subject_id", "ticket", "since", "until"];

/// Something that happened.
struct Row {
    name: String,
    /// What it happened to: where that has a page, and what it is called.
    href: Option<String>,
    what: String,
    who: Option<(String, String)>,
    door: String,
    details: String,
    when: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Log {
    page: Page,
    title: String,
    name: String,
    kept: Vec<(String, String)>,
    groups: Vec<Group>,
    rows: Vec<Row>,
    next: Option<String>,
    previous: Option<String>,
    is_narrowed: bool,
}

/// `GET /settings/audit`.
pub(super) async fn page(desk: Desk, _: Auditor) -> Result<Response> {
    let words = desk.words();
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let asking = Asking::of(HERE, &KEPT, query);
    let asked: Asked = Fields::of_query(&asked_of(query)).into_form()?;
    let cut = audit::page(&desk.app, &asked).await?;
    let cursor = |at: Option<crate::web::page::Cursor>| at.map(|at| asking.with("cursor", Some(&at.written())));
    let link = |door: Option<Door>| Link {
        href: asking.with("door", door.map(Door::as_str)),
        label: door.map_or_else(|| words.w("tickets.any"), |door| words.w(format!("door.{}", door.as_str()))),
        is_on: asking.get("door") == door.map(Door::as_str),
    };
    let doors = [None].into_iter().chain(Door::ALL.map(Some)).map(link).collect();
    let title = words.w("settings.audit");
    let page = Log {
        page: desk.page(title.clone()),
        title,
        name: asking.get("name").unwrap_or_default().to_owned(),
        kept: asking.kept.iter().filter(|(name, _)| name != "name").cloned().collect(),
        groups: vec![Group { label: words.w("settings.door"), links: doors }],
        next: cursor(cut.next),
        previous: cursor(cut.previous),
        rows: cut.rows.into_iter().map(|event| row(&desk, &asking, event)).collect(),
        is_narrowed: !asking.kept.is_empty(),
    };
    Ok(shown(StatusCode::OK, &page))
}

/// What is asked of the log: in pages of a length of our own, without what a form leaves empty.
fn asked_of(query: &str) -> String {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let pairs = pairs.filter(|(name, value)| name != "page_size" && !value.trim().is_empty());
    let mut asked = form_urlencoded::Serializer::new(String::new());
    asked.extend_pairs(pairs).append_pair("page_size", SIZE).finish()
}

fn row(desk: &Desk, asking: &Asking, event: EventShown) -> Row {
    let words = desk.words();
    let subject = event.subject_kind.clone().zip(event.subject_id);
    let href = subject.as_ref().and_then(|(kind, id)| match kind.as_str() {
        TICKET => Some(format!("/tickets/{id}")),
        PERSON => Some(format!("/people/{id}")),
        "webhook" if event.name != DELETED => Some(format!("/settings/webhooks/{id}")),
        _ => None,
    });
    let who = event.actor.zip(event.actor_name.clone());
    Row {
        href,
        what: subject.map(|(kind, id)| format!("{kind} {id}")).unwrap_or_default(),
        who: who.map(|(id, name)| (asking.with("actor", Some(&id.to_string())), name)),
        door: event.door.map(|door| words.w(format!("door.{}", door.as_str()))).unwrap_or_default(),
        details: event.details.to_string(),
        when: words.when(event.at, desk.now).html(),
        name: event.name,
    }
}
