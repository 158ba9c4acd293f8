//! Notifications: the log with its filters, and one delivery's whole story with what to do about it.
//!
//! One sees one's own, an admin everybody's; an admin has one sent again or takes it back. All by the API's rules.

use super::desk::Desk;
use super::dress::{Page, redirect, shown};
use super::form::refusal;
use super::links::{Asking, Group, Link};
use super::posted::Posted;
use super::told_in::{self, Said};
use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::notify::acts;
use crate::notify::api::{Filter, Seen, mark};
use crate::notify::detail::Whole;
use crate::notify::explain::{explained, meaning};
use crate::notify::shown::{Medium, Standing};
use crate::notify::store::inbox::{self, Asked};
use crate::web::form::missing;
use crate::web::{Fields, problem};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// Where the log is.
const HERE: &str = "/notifications";
/// How many rows a page has.
const SIZE: u64 = 50;

/// A notification as the log shows it.
struct Row {
    id: i64,
    subject: String,
    medium: String,
    status: &'static str,
    status_name: String,
    /// Whether its reader, whose it is, has not read it.
    is_unread: bool,
    when: String,
}

#[derive(Template)]
#[template(path = "notifications.html")]
struct Log {
    page: Page,
    title: String,
    groups: Vec<Group>,
    rows: Vec<Row>,
    next: Option<String>,
    previous: Option<String>,
    /// Whether something of the reader's own is unread.
    has_unread: bool,
}

/// One attempt.
struct Tried {
    says: String,
    id: Option<String>,
    meaning: Option<Said>,
    when: String,
}

#[derive(Template)]
#[template(path = "notification.html")]
struct Story {
    page: Page,
    id: i64,
    subject: String,
    medium: String,
    status: &'static str,
    status_name: String,
    recipient: String,
    ticket: Option<(i64, String)>,
    text: String,
    when: String,
    explanation: Option<Said>,
    tries: Vec<Tried>,
    may_retry: bool,
    may_cancel: bool,
    /// Why what was asked for was not done.
    refused: Option<String>,
}

/// `GET /notifications`.
pub(super) async fn list(desk: Desk) -> Result<Response> {
    let (words, actor) = (desk.words(), desk.actor());
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let filter: Filter = Fields::of_query(query).into_form()?;
    // What is read or not is one's own affair, an admin's too.
    let is_own = !actor.is_admin() || filter.is_read.is_some();
    let asked = Asked {
        person_id: is_own.then_some(actor.person_id),
        medium: filter.notification_type.map(Medium::stored),
        statuses: filter.status.map(Standing::stored),
        is_read: filter.is_read,
        ticket_id: filter.ticket,
    };
    let number = filter.page.unwrap_or(1).unsigned_abs();
    let (listed, count) = inbox::page(desk.app.db.read(), &asked, SIZE, (number - 1) * SIZE).await?;
    let asking = Asking::of(HERE, &["status", "notification_type", "ticket", "is_read"], query);
    let with = |name: &str, value: Option<&str>| asking.with(name, value);
    let page_link = |number: u64| with("page", Some(&number.to_string()));
    let rows = listed.into_iter().map(|one| {
        let status = Standing::of(&one.status).as_str();
        Row {
            id: one.id,
            subject: one.subject.unwrap_or_default(),
            medium: words.w(format!("medium.{}", Medium::of(&one.medium).as_str())),
            status,
            status_name: words.w(format!("standing.{status}")),
            is_unread: is_own && one.unread.is_some(),
            when: words.when(one.created_at, desk.now).html(),
        }
    });
    let group = |label: &str, name: &'static str, table: &str, all: Vec<&'static str>, chosen: Option<&'static str>| {
        let any = Link { href: with(name, None), label: words.w("tickets.any"), is_on: chosen.is_none() };
        let each = all.into_iter().map(|value| Link {
            href: with(name, Some(value)),
            label: words.w(format!("{table}.{value}")),
            is_on: chosen == Some(value),
        });
        Group { label: words.w(label), links: [any].into_iter().chain(each).collect() }
    };
    let standings = Standing::ALL.map(Standing::as_str).to_vec();
    let media = Medium::ALL.map(Medium::as_str).to_vec();
    let unread = [(None, "tickets.any"), (Some("false"), "notices.unread_mine")];
    let unread = unread.map(|(value, label)| Link {
        href: with("is_read", value),
        label: words.w(label),
        is_on: filter.is_read.map(|is_read| if is_read { "true" } else { "false" }) == value,
    });
    let groups = vec![
        Group { label: words.w("notices.by_read"), links: unread.into() },
        group("tickets.by_status", "status", "standing", standings, filter.status.map(Standing::as_str)),
        group("notices.by_medium", "notification_type", "medium", media, filter.notification_type.map(Medium::as_str)),
    ];
    let title = words.w("notices.title");
    let page = Log {
        page: desk.page(title.clone()),
        title,
        groups,
        rows: rows.collect(),
        next: count.filter(|count| number * SIZE < *count).map(|_| page_link(number + 1)),
        previous: (number > 1).then(|| page_link(number - 1)),
        has_unread: !desk.unread.is_empty(),
    };
    Ok(shown(StatusCode::OK, &page))
}

/// `GET /notifications/{id}`. Whose it is has read it by that.
pub(super) async fn story(mut desk: Desk, seen: Seen) -> Result<Response> {
    let person_id = desk.actor().person_id;
    if seen.whole.person_id == person_id && seen.whole.listed.unread.is_some() {
        let asked = Asked { person_id: Some(person_id), ..Asked::default() };
        mark(&desk.app, asked, Some(seen.whole.listed.id)).await?;
        let ticket = seen.whole.listed.ticket_id;
        if let Some(place) = desk.unread.iter().position(|unread| *unread == ticket) {
            desk.unread.remove(place);
        }
    }
    Ok(told(&desk, seen.whole, None))
}

/// `POST /notifications/read`: all of one's own.
pub(super) async fn read(desk: Desk, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    let asked = Asked { person_id: Some(desk.actor().person_id), ..Asked::default() };
    mark(&desk.app, asked, None).await?;
    Ok(redirect(&format!("{HERE}?done=all_read")))
}

fn told(desk: &Desk, seen: inbox::Whole, refused: Option<&Error>) -> Response {
    let (words, is_admin) = (desk.words(), desk.actor().is_admin());
    let ticket = seen.listed.ticket_id.zip(seen.ticket_title.clone());
    let (id, created_at) = (seen.listed.id, seen.listed.created_at);
    let standing = Standing::of(&seen.listed.status);
    let medium = Medium::of(&seen.listed.medium).as_str();
    let subject = seen.listed.subject.clone().unwrap_or_default();
    let explanation = explained(&desk.app, &seen).map(|explanation| told_in::explanation(desk, &explanation));
    let meanings: Vec<Option<Said>> =
        seen.attempts.iter().map(|one| meaning(&desk.app, one).map(|advice| told_in::advice(words, &advice))).collect();
    let whole = Whole::of(&desk.app, seen, is_admin);
    let tries = whole.attempts.into_iter().zip(meanings).map(|(attempt, meaning)| {
        let code = attempt.error_code.map(|code| format!(" ({code})")).unwrap_or_default();
        let took = attempt.took_ms.map(|took| format!(" · {took} ms")).unwrap_or_default();
        let cost = attempt.cost.zip(attempt.currency).map(|(cost, of)| format!(" · {cost} {of}")).unwrap_or_default();
        Tried {
            says: format!("{}. {}: {}{code}{took}{cost}", attempt.number, attempt.channel, attempt.outcome),
            id: attempt.provider_id,
            meaning,
            when: words.when(attempt.started_at, desk.now).html(),
        }
    });
    let page = Story {
        page: desk.page(subject.clone()),
        id,
        subject,
        medium: words.w(format!("medium.{medium}")),
        status: standing.as_str(),
        status_name: words.w(format!("standing.{}", standing.as_str())),
        recipient: whole.recipient_name,
        ticket,
        text: whole.message,
        when: words.when(created_at, desk.now).html(),
        explanation,
        tries: tries.collect(),
        may_retry: is_admin && matches!(standing, Standing::Failed | Standing::Cancelled),
        may_cancel: is_admin && standing == Standing::Pending,
        refused: refused.map(|error| refusal(words, error)),
    };
    shown(refused.map_or(StatusCode::OK, |error| problem::status(error.kind())), &page)
}

/// `POST /notifications/{id}/retry`.
pub(super) async fn retry(desk: Desk, seen: Seen, State(app): State<App>, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    let id = seen.whole.listed.id;
    let done = acts::retry(seen, State(app)).await.map(drop);
    answer(&desk, id, done, "sent_again").await
}

/// `POST /notifications/{id}/cancel`.
pub(super) async fn cancel(desk: Desk, seen: Seen, State(app): State<App>, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    let id = seen.whole.listed.id;
    let done = acts::cancel(seen, State(app)).await.map(drop);
    answer(&desk, id, done, "taken_back").await
}

/// The story as it is now; where nothing could be done, with the reason.
async fn answer(desk: &Desk, id: i64, outcome: Result<()>, done: &str) -> Result<Response> {
    let error = match outcome {
        Ok(()) => return Ok(redirect(&format!("/notifications/{id}?done={done}"))),
        Err(error) if error.kind() == Kind::Conflict => error,
        Err(error) => return Err(error),
    };
    let whole = inbox::one(desk.app.db.read(), id).await?.ok_or_else(|| missing("notification"))?;
    Ok(told(desk, whole, Some(&error)))
}
