//! The list of tickets: filters that are links, an order, a search, and pages by cursor.

use super::{OPEN, Row, actions, may_raise, views as kept_views};
use crate::kit::{Error, Instant, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::form::FormShown;
use crate::pages::links::{Asking, Group, Link};
use crate::pages::posted::Typed;
use crate::people::Role;
use crate::tickets::api::query::Asked;
use crate::tickets::list::Order;
use crate::tickets::{Kind, Priority, Status, reading, views};
use crate::web::page::Cursor;
use crate::web::{Fields, problem};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;

/// Where the list is.
pub(super) const HERE: &str = "/tickets";
/// How many rows a page has.
const SIZE: &str = "50";
/// The longest text that is searched for, in characters.
const MAX_SOUGHT: usize = 100;
/// What says when they were made.
const MADE: [&str; 2] = ["created_since", "created_until"];
/// The orders that are offered.
const ORDERS: [&str; 4] = ["-id", "-updated_at", "resolution_due_at", "-priority"];

#[derive(Template)]
#[template(path = "tickets.html")]
struct List {
    page: Page,
    title: String,
    may_raise: bool,
    sought: String,
    /// What else is asked for, to be kept by a search.
    kept: Vec<(String, String)>,
    /// Views that their owner kept.
    views: Vec<Link>,
    /// What can be done with what is shown as a view.
    view_forms: Vec<FormShown>,
    /// Whether the forms are about a view that is kept.
    is_kept: bool,
    groups: Vec<Group>,
    /// Whom the chosen ones can be given to; empty where that is nothing for their reader.
    workers: Vec<(String, String)>,
    query: String,
    rows: Vec<Row>,
    next: Option<String>,
    previous: Option<String>,
    is_narrowed: bool,
}

/// `GET /tickets`.
pub(in crate::pages) async fn list(desk: Desk) -> Result<Response> {
    let query = desk.path.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    page(&desk, &query, None).await
}

/// The list that this query asks for; or after a form beside it was refused, with what was typed.
pub(super) async fn page(desk: &Desk, query: &str, refused: Option<(&str, &Typed, Error)>) -> Result<Response> {
    let (words, viewer) = (desk.words(), desk.viewer());
    let asking = Asking::of(HERE, &views::KEPT, query);
    let cursor = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "cursor").map(|(_, at)| at);
    let asked = asked(&asking, cursor.as_deref())?;
    let filter = asked.filter(&viewer);
    let found = reading::page(&desk.app.db, &viewer, &filter, asked.order, &asked.part, desk.now).await?;
    let link = |cursor: Option<&Cursor>| cursor.map(|cursor| asking.with("cursor", Some(&cursor.written())));
    let (next, previous) = (link(found.cut.next.as_ref()), link(found.cut.previous.as_ref()));
    let kept = views::kept(query).unwrap_or_default();
    let all = views::of(desk.app.db.read(), viewer.person_id).await?;
    let here = all.iter().find(|view| view.query == kept);
    let (mut view_forms, is_kept) = (kept_views::forms(words, &kept, here), here.is_some());
    let views = all.iter().map(|view| Link {
        href: kept_views::address(&view.query),
        label: view.name.clone(),
        is_on: view.query == kept,
    });
    let mut status = StatusCode::OK;
    if let Some((name, typed, error)) = refused {
        status = problem::status(error.kind());
        let forms = view_forms.into_iter();
        view_forms =
            forms.map(|form| if form.id == name { form.refused(words, typed, &error) } else { form }).collect();
    }
    let gives_work = matches!(desk.actor().role, Role::Admin | Role::Supervisor);
    let title = words.w("tickets.title");
    let page = List {
        page: desk.page(title.clone()),
        title,
        may_raise: may_raise(desk),
        views: views.collect(),
        view_forms,
        is_kept,
        workers: if gives_work { actions::support(desk).await? } else { Vec::new() },
        query: kept,
        sought: asking.get("q").unwrap_or_default().to_owned(),
        kept: asking.kept.iter().filter(|(name, _)| name != "q").cloned().collect(),
        groups: groups(desk, &asking, asked.order),
        rows: found.cut.rows.into_iter().map(|shown| Row::of(desk, &viewer, shown)).collect(),
        next,
        previous,
        is_narrowed: !asking.kept.is_empty(),
    };
    Ok(shown(status, &page))
}

/// What is asked for, by the API's rule; where nothing is said of the status, those that are open.
fn asked(asking: &Asking, cursor: Option<&str>) -> Result<Asked> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &asking.kept {
        // More is not looked for; it is what is typed by hand, so it is no mistake.
        let value: String = value.chars().take(MAX_SOUGHT).collect();
        if (name, value.as_str()) != (&"status".to_owned(), "ALL") {
            query.append_pair(name, &value);
        }
    }
    if asking.get("status").is_none() {
        query.append_pair("status", &OPEN.map(Status::as_str).join(","));
    }
    query.append_pair("page_size", SIZE);
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    Fields::of_query(&query.finish()).into_form()
}

fn groups(desk: &Desk, asking: &Asking, order: Order) -> Vec<Group> {
    let words = desk.words();
    let one = |name: &str, value: Option<&str>, label: String| Link {
        href: asking.with(name, value),
        label,
        is_on: asking.get(name) == value,
    };
    let mut statuses = vec![one("status", None, words.w("tickets.open"))];
    statuses.extend(Status::ALL.map(|status| {
        let name = status.as_str();
        one("status", Some(name), words.w(format!("status.{name}")))
    }));
    statuses.push(one("status", Some("ALL"), words.w("tickets.all")));
    let mut whose = vec![one("assigned_to", None, words.w("tickets.anybody"))];
    whose.push(one("assigned_to", Some("me"), words.w("tickets.mine")));
    whose.push(one(
        "created_by",
        if asking.get("created_by").is_some() { None } else { Some("me") },
        words.w("tickets.raised"),
    ));
    if let Some(raised) = whose.last_mut() {
        raised.is_on = asking.get("created_by") == Some("me");
    }
    whose.extend([("overdue", "tickets.overdue"), ("due_soon", "now.soon")].map(|(name, label)| {
        let is_on = asking.get(name) == Some("true");
        Link { href: asking.with(name, (!is_on).then_some("true")), label: words.w(label), is_on }
    }));
    let any = |name: &'static str| one(name, None, words.w("tickets.any"));
    let mut priorities = vec![any("priority")];
    priorities.extend(Priority::ALL.iter().rev().map(|priority| {
        let name = priority.as_str();
        one("priority", Some(name), words.w(format!("priority.{name}")))
    }));
    let mut made = Vec::new();
    if let Some(says) = made_says(desk, asking) {
        made.push(Link { href: asking.without(&MADE), label: words.w("tickets.any"), is_on: false });
        made.push(Link { href: asking.with("cursor", None), label: says, is_on: true });
    }
    let mut kinds = vec![any("kind")];
    kinds.extend(Kind::ALL.map(|kind| one("kind", Some(kind.as_str()), words.w(format!("kind.{}", kind.as_str())))));
    let orders = ORDERS.map(|name| Link {
        href: asking.with("sort", Some(name)),
        label: words.w(format!("sort.{}", name.trim_start_matches('-'))),
        is_on: order.as_str() == name,
    });
    let all = [("status", statuses), ("whose", whose), ("priority", priorities), ("kind", kinds), ("made", made)];
    all.into_iter()
        .chain([("sort", orders.into())])
        .filter(|(_, links)| !links.is_empty())
        .map(|(label, links)| Group { label: words.w(format!("tickets.by_{label}")), links })
        .collect()
}

/// In which days those that are shown were made, where that is asked.
fn made_says(desk: &Desk, asking: &Asking) -> Option<String> {
    let instant = |name: &str| asking.get(name).and_then(|at| at.parse::<Instant>().ok());
    let words = desk.words();
    let [since, until] = MADE.map(instant);
    let from = since.map(|at| words.day(at));
    // The moment before which they were made is the end of their last day.
    let last = until.map(|at| words.day(at - TimeDelta::microseconds(1)));
    (from.is_some() || last.is_some()).then(|| [from, last].map(Option::unwrap_or_default).join(" – "))
}
