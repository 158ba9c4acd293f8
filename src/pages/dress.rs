//! What all pages share: the frame around them, the headers that they are sent with, and refusals as pages.

use super::assets;
use super::session::Visitor;
use super::words::Words;
use crate::app::App;
use crate::kit::Error;
use crate::people::Role;
use crate::web::refusals::PROBLEM_TYPE;
use askama::Template;
use axum::body::to_bytes;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    RETRY_AFTER,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What a page may load and where it may send: its own files, its own host.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The largest refusal that is read.
const MAX_PROBLEM: usize = 64 * 1024;
/// Refusals that have words of their own.
const TOLD: [u16; 9] = [400, 403, 404, 405, 409, 412, 413, 429, 503];

/// Where a link around a page leads.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) href: &'static str,
    /// Of its words.
    pub(super) name: &'static str,
    /// The letter behind `g` that leads there; empty where none does.
    pub(super) key: &'static str,
    /// For whom it is.
    roles: &'static [Role],
}

impl Place {
    pub(super) const fn new(href: &'static str, name: &'static str, roles: &'static [Role]) -> Self {
        Self { href, name, key: "", roles }
    }

    pub(super) const fn key(self, key: &'static str) -> Self {
        Self { key, ..self }
    }
}

/// A link around a page.
pub(super) struct NavLink {
    pub(super) to: Place,
    pub(super) is_here: bool,
}

/// The frame around a page.
pub(super) struct Page {
    pub(super) words: Words,
    pub(super) title: String,
    pub(super) theme: &'static str,
    /// Who looks, where they are signed in.
    pub(super) person: Option<String>,
    pub(super) role: String,
    pub(super) links: Vec<NavLink>,
    /// The pages beside this one, where it belongs to a section that has several.
    pub(super) tabs: Vec<NavLink>,
    /// How many notices they have not read, where there are any.
    pub(super) unread: Option<String>,
    /// How many conversations wait for the desk; none for those who see none.
    pub(super) waiting: Option<u64>,
    /// What forms carry.
    pub(super) token: String,
    /// Where one is, to come back to.
    pub(super) path: String,
    /// What was just done.
    pub(super) done: Option<String>,
    /// Where a form undoes it, where it can be undone.
    pub(super) undo: Option<String>,
    pub(super) company: String,
    pub(super) stylesheet: String,
    pub(super) script: String,
}

impl Page {
    pub(super) fn new(app: &App, visitor: &Visitor, path_and_query: &str, title: String) -> Self {
        let words = visitor.words.clone();
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let person = visitor.person.as_ref();
        let actor = person.map(|person| &person.signed_in.actor);
        let of = |all: &[Place]| actor.map_or_else(Vec::new, |actor| links(all, actor.role, path));
        let section = super::SECTIONS.iter().find(|(start, _)| is_below(path, start));
        let role = actor.map(|actor| words.w(format!("role.{}", actor.role.as_str()))).unwrap_or_default();
        let asked = |of: &str| form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == of).map(|(_, is)| is);
        let done = asked("done");
        let is_word = |done: &str| {
            done.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && words.has(&format!("done.{done}"))
        };
        let undo = done.as_deref().zip(asked("undo")).and_then(|(done, id)| undo(path, done, id.parse().ok()?));
        let done = done.filter(|done| is_word(done)).map(|done| words.w(format!("done.{done}")));
        Self {
            title,
            theme: visitor.theme.unwrap_or("system"),
            person: person.map(|person| person.name.clone()),
            role,
            links: of(super::NAVIGATION),
            tabs: section.map(|(_, tabs)| of(tabs)).unwrap_or_default(),
            unread: None,
            waiting: visitor.waiting,
            token: visitor.written_token(),
            path: path.to_owned(),
            done,
            undo,
            company: app.settings.company.clone(),
            stylesheet: assets::address("desk.css"),
            script: assets::address("desk.js"),
            words,
        }
    }
}

/// Where somebody with this role has something to look at.
fn links(all: &[Place], role: Role, path: &str) -> Vec<NavLink> {
    let seen = all.iter().filter(|place| place.roles.contains(&role));
    let mut links: Vec<NavLink> =
        seen.map(|place| NavLink { to: *place, is_here: is_below(path, place.href) }).collect();
    // `/tickets/board` lies below `/tickets` too: only the nearest is where one is.
    if let Some(nearest) = links.iter().filter(|link| link.is_here).map(|link| link.to.href.len()).max() {
        for link in &mut links {
            link.is_here &= link.to.href.len() == nearest;
        }
    }
    links
}

fn is_below(path: &str, start: &str) -> bool {
    path == start || path.strip_prefix(start).is_some_and(|rest| rest.starts_with('/'))
}

/// Where what was just done to this row is undone.
fn undo(path: &str, done: &str, id: i64) -> Option<String> {
    match done {
        "view_deleted" => Some(format!("/tickets/views/{id}/restore")),
        "reply_deleted" => Some(format!("/inbox/replies/{id}/restore")),
        "detached" => Some(format!("{path}/attachments/{id}/restore")),
        _ => None,
    }
}

/// A page as it is sent.
pub(super) fn shown(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let mut response = (status, html).into_response();
            dress(response.headers_mut());
            response
        }
        Err(error) => Error::internal(error.to_string()).into_response(),
    }
}

/// The headers of every page.
fn dress(headers: &mut HeaderMap) {
    let all: [(HeaderName, &'static str); 5] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// To another page, by GET.
pub(super) fn redirect(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(LOCATION, to);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Refusal {
    page: Page,
    status: u16,
    title: String,
    says: String,
    /// In English, from the rules themselves.
    detail: Option<String>,
    /// Where somebody can sign in, where that is what is missing.
    sign_in: Option<String>,
}

/// Whether this is somebody in front of a browser, not a program.
pub(super) fn is_a_person(parts: &Parts) -> bool {
    let path = parts.uri.path();
    let is_for_programs = ["/api", "/ws", "/health", "/metrics", "/files"].iter().any(|start| path.starts_with(start));
    let accepts = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    !is_for_programs && accepts.contains("text/html")
}

/// A refusal as a page; anything else as it is.
pub(super) async fn dressed(app: &App, visitor: &Visitor, asked: &Parts, response: Response) -> Response {
    let is_problem =
        response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes() == PROBLEM_TYPE.as_bytes());
    if !is_problem || !is_a_person(asked) {
        return response;
    }
    let status = response.status();
    let here = asked.uri.path_and_query().map_or("/", |path| path.as_str());
    let sign_in = || format!("/sign-in?next={}", utf8_percent_encode(here, NON_ALPHANUMERIC));
    if status == StatusCode::UNAUTHORIZED && asked.method == Method::GET {
        return redirect(&sign_in());
    }
    let retry_after = response.headers().get(RETRY_AFTER).cloned();
    let body = to_bytes(response.into_body(), MAX_PROBLEM).await.unwrap_or_default();
    let detail =
        serde_json::from_slice::<Value>(&body).ok().and_then(|problem| Some(problem["detail"].as_str()?.to_owned()));
    let words = &visitor.words;
    let key = if status == StatusCode::UNAUTHORIZED {
        "401".to_owned()
    } else if TOLD.contains(&status.as_u16()) {
        status.as_u16().to_string()
    } else {
        "500".to_owned()
    };
    let title = words.w(format!("refusal.{key}.title"));
    let refusal = Refusal {
        page: Page::new(app, visitor, here, title.clone()),
        status: status.as_u16(),
        title,
        says: words.w(format!("refusal.{key}.says")),
        detail: detail.filter(|_| words.is_english() && !status.is_server_error()),
        sign_in: (status == StatusCode::UNAUTHORIZED).then(sign_in),
    };
    let mut response = shown(status, &refusal);
    if let Some(retry_after) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, retry_after);
    }
    response
}
