//! One ticket: what it says, how its clocks stand, what was done to it, who was told, and what can be done now.

use super::{ClockShown, actions, clock_shown, status_name};
use crate::attachments::Takers;
use crate::delivery::store::rows::attempt;
use crate::files::attachment;
use crate::files::model::stored_type;
use crate::files::shape;
use crate::inbox;
use crate::kit::error::Kind;
use crate::kit::{Error, Instant, Result};
use crate::notify::api::mark;
use crate::notify::explain::{meaning, read};
use crate::notify::shown::{Medium, Standing};
use crate::notify::store::inbox::Asked;
use crate::notify::store::told;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown as answer};
use crate::pages::form::{Field, FormShown, Outcome, refuse};
use crate::pages::posted::Typed;
use crate::pages::told_in::{Said, advice};
use crate::pages::words::Words;
use crate::sla::Clock;
use crate::tickets::extract::Visible;
use crate::tickets::reading::{self, Shown, Whole};
use crate::tickets::store::Line;
use askama::Template;
use axum::response::Response;
use std::collections::HashMap;

/// The most notifications that are shown.
const MOST_TOLD: u64 = 60;

/// Something that is known of a ticket.
struct Fact {
    label: String,
    value: String,
    /// The value as HTML of our own, where it is an instant.
    html: Option<String>,
}

/// A deadline of it.
pub(in crate::pages) struct Deadline {
    pub(in crate::pages) label: String,
    pub(in crate::pages) clock: ClockShown,
}

/// One thing that was done to it.
pub(in crate::pages) struct Done {
    pub(in crate::pages) who: String,
    pub(in crate::pages) what: String,
    pub(in crate::pages) comment: Option<String>,
    pub(in crate::pages) when: String,
}

/// Something that is attached to it.
struct Attached {
    id: i64,
    name: String,
    size: String,
    is_picture: bool,
    by: String,
    when: String,
    may_go: bool,
}

/// Somebody who was told of it.
struct ToldShown {
    who: String,
    medium: String,
    subject: String,
    status: &'static str,
    status_name: String,
    why: Option<Said>,
    tries: Vec<String>,
    when: String,
}

#[derive(Template)]
#[template(path = "ticket.html")]
struct Ticket {
    page: Page,
    id: i64,
    reference: String,
    title: String,
    description: String,
    status: &'static str,
    status_name: String,
    facts: Vec<Fact>,
    /// Whose conversation it came from, where its reader may read that.
    chat: Option<i64>,
    deadlines: Vec<Deadline>,
    history: Vec<Done>,
    attached: Vec<Attached>,
    told: Vec<ToldShown>,
    sees_all_told: bool,
    forms: Vec<FormShown>,
    attach: Option<FormShown>,
    /// Why what was just sent was refused, and what was typed, where there is no form for it any more.
    refused: Option<String>,
    kept: Option<String>,
}

/// `GET /tickets/{id}`.
pub(in crate::pages) async fn page(mut desk: Desk, seen: Visible) -> Result<Response> {
    let id = seen.shown.row.id;
    if desk.unread.contains(&Some(id)) {
        // Who looks at the ticket has read what they were told of it.
        let asked = Asked { person_id: Some(desk.actor().person_id), ticket_id: Some(id), ..Asked::default() };
        mark(&desk.app, asked, None).await?;
        desk.unread.retain(|ticket| *ticket != Some(id));
    }
    ticket(&desk, seen.shown, None).await
}

/// The same after something was refused: with what was typed, and why.
pub(super) async fn refused(
    desk: &Desk,
    shown: Shown,
    form: &'static str,
    typed: &Typed,
    error: Error,
) -> Result<Response> {
    ticket(desk, shown, Some((form, typed, error))).await
}

async fn ticket(desk: &Desk, shown: Shown, refused: Option<(&'static str, &Typed, Error)>) -> Result<Response> {
    let (words, now, viewer, conn) = (desk.words(), desk.now, desk.viewer(), desk.app.db.read());
    let mut forms = actions::forms(desk, &viewer, &shown).await?;
    let attached = shape::of_ticket(conn, shown.row.id).await?;
    let takers = Takers::of(conn, desk.actor(), attached.iter().filter_map(|(row, _)| row.uploaded_by)).await?;
    let attached =
        attached.into_iter().map(|(row, shown)| Attached::of(desk, &takers, &row, shown.uploader())).collect();
    let Whole { shown, history, .. } = reading::with_history(conn, shown).await?;
    let told = told(desk, shown.row.id).await?;
    let mut attach = FormShown::new("attach", format!("/tickets/{}/attach", shown.row.id), words.w("attach.submit"));
    attach = attach.tone("plain").field(Field::new(words, "file", "file", 0));
    attach.is_multipart = true;
    forms.push(attach);
    let Outcome { status, why, kept } = refuse(words, &mut forms, refused);
    let attach = forms.pop();
    let page = Ticket {
        page: desk.page(format!("{} · {}", shown.row.reference, shown.row.title)),
        status_name: status_name(desk, &viewer, &shown),
        facts: facts(desk, &shown),
        chat: chat(desk, &shown).await?,
        deadlines: deadlines(desk, &shown),
        history: history.into_iter().map(|line| done(words, now, line)).collect(),
        attached,
        told,
        sees_all_told: desk.actor().is_admin(),
        forms,
        attach,
        refused: why,
        kept,
        id: shown.row.id,
        status: shown.row.status.as_str(),
        reference: shown.row.reference,
        title: shown.row.title,
        description: shown.row.description,
    };
    Ok(answer(status, &page))
}

/// Whose conversation the ticket came from, where its reader may read that.
async fn chat(desk: &Desk, shown: &Shown) -> Result<Option<i64>> {
    let actor = desk.actor();
    let Some(person_id) = shown.row.requester_id.filter(|_| actor.role.sees_conversations()) else { return Ok(None) };
    match inbox::head(&desk.app, actor, person_id).await {
        Ok(_) => Ok(Some(person_id)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn facts(desk: &Desk, shown: &Shown) -> Vec<Fact> {
    let (words, now, row) = (desk.words(), desk.now, &shown.row);
    let fact = |name: &str, value: Option<String>| {
        let value = value.filter(|value| !value.is_empty())?;
        Some(Fact { label: words.w(format!("fact.{name}")), value, html: None })
    };
    let at = |name: &str, at: Option<Instant>| {
        let html = Some(words.when(at?, now).html());
        Some(Fact { label: words.w(format!("fact.{name}")), value: String::new(), html })
    };
    let holders: Vec<String> = shown.holders.iter().filter_map(|holder| holder.name.clone()).collect();
    let all = [
        fact("kind", Some(words.w(format!("kind.{}", row.kind.as_str())))),
        fact("priority", Some(words.w(format!("priority.{}", row.priority.as_str())))),
        fact("category", row.category.map(|category| words.w(format!("category.{}", category.as_str())))),
        fact("project_name", row.project_name.clone()),
        fact("department", row.department.clone()),
        fact("requester", shown.requester_name.clone()),
        fact("holders", Some(holders.join(", "))),
        fact("estimate", row.estimated_resolution_time.clone()),
        fact("notes", row.admin_notes.clone()),
        at("created", Some(row.created_at)),
        at("opened", row.opened_at),
        at("started", row.started_at),
        at("resolved", row.resolved_at),
        at("closed", row.closed_at),
    ];
    all.into_iter().flatten().collect()
}

/// Its deadlines, as they stand now.
pub(in crate::pages) fn deadlines(desk: &Desk, shown: &Shown) -> Vec<Deadline> {
    let (words, now, ticket) = (desk.words(), desk.now, shown.ticket());
    let deadline = |name: &str, clock: Option<Clock>| {
        let clock = clock?;
        let clock = clock_shown(desk, clock.state(now), clock.time_left(now), clock.due(now));
        Some(Deadline { label: words.w(format!("fact.{name}")), clock })
    };
    let all = [deadline("response", ticket.response_clock()), deadline("resolution", ticket.resolution_clock())];
    all.into_iter().flatten().collect()
}

/// A line of its history.
pub(in crate::pages) fn done(words: &Words, now: Instant, line: Line) -> Done {
    let Line { row, changed_by_name } = line;
    let to = words.w(format!("status.{}", row.status_to.as_str()));
    let what = match row.status_from {
        None => words.w("history.made"),
        Some(from) if from == row.status_to => words.w("history.said"),
        Some(from) => {
            let arrow = if words.direction() == "rtl" { '←' } else { '→' };
            format!("{} {arrow} {to}", words.w(format!("status.{}", from.as_str())))
        }
    };
    let who = changed_by_name.unwrap_or_else(|| words.w("history.time"));
    Done { who, what, comment: row.comment, when: words.when(row.at, now).html() }
}

impl Attached {
    fn of(desk: &Desk, takers: &Takers, row: &attachment::Model, by: Option<&str>) -> Self {
        let is_shown = stored_type(&row.content_type).is_some_and(|kind| kind.is_shown);
        Self {
            id: row.id,
            name: row.filename.clone(),
            size: size(row.size),
            is_picture: is_shown && row.content_type.starts_with("image/"),
            by: by.unwrap_or_default().to_owned(),
            when: desk.words().when(row.uploaded_at, desk.now).html(),
            may_go: takers.may_take(row.uploaded_by),
        }
    }
}

/// `1.4 MB`.
fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// Who was told, as far as the reader may know it: an admin everybody, others what went to themselves.
async fn told(desk: &Desk, ticket_id: i64) -> Result<Vec<ToldShown>> {
    let (words, conn, actor) = (desk.words(), desk.app.db.read(), desk.actor());
    let whose = (!actor.is_admin()).then_some(actor.person_id);
    let rows = told::of_ticket(conn, ticket_id, whose, MOST_TOLD).await?;
    let carriers: Vec<i64> = rows.iter().map(|row| row.digest_id.unwrap_or(row.id)).collect();
    let mut attempts: HashMap<i64, Vec<attempt::Model>> = HashMap::new();
    for attempt in told::attempts(conn, &carriers).await? {
        attempts.entry(attempt.delivery_id).or_default().push(attempt);
    }
    let shown = rows.into_iter().map(|row| {
        let tries = || attempts.get(&row.digest_id.unwrap_or(row.id)).into_iter().flatten();
        let why = row.error_text.as_deref().filter(|text| !text.is_empty());
        let why =
            why.map(|text| tries().last().and_then(|last| meaning(&desk.app, last)).unwrap_or_else(|| read(text)));
        let status = Standing::of(&row.status).as_str();
        ToldShown {
            who: row.person_name.unwrap_or_default(),
            medium: words.w(format!("medium.{}", Medium::of(&row.medium).as_str())),
            subject: row.subject.unwrap_or_default(),
            status,
            status_name: words.w(format!("standing.{status}")),
            why: why.map(|why| advice(words, &why)),
            tries: tries().map(|attempt| tried(words, attempt)).collect(),
            when: words.when(row.created_at, desk.now).html(),
        }
    });
    Ok(shown.collect())
}

/// `1. twilio: ACCEPTED, 2026-01-18 14:30 UTC`.
fn tried(words: &Words, attempt: &attempt::Model) -> String {
    let code = attempt.error_code.map(|code| format!(" ({code})")).unwrap_or_default();
    let at = words.exact(attempt.started_at);
    format!("{}. {}: {}{code}, {at}", attempt.number, attempt.channel, attempt.outcome)
}
