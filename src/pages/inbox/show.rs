//! One conversation: what was said, who has it, and what the desk can do in it now.

use super::bubbles::{Bubble, bubbles, standing_at};
use super::{HERE, left};
use crate::app::App;
use crate::attachments;
use crate::inbox::api::{read_place, written};
use crate::inbox::{self, Canned, Conversation, Head, Listed, Offered, Place, Window};
use crate::kit::{Error, Result, token};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::form::{Field, FormShown, refusal};
use crate::pages::posted::Typed;
use crate::pages::tickets::Row as TicketRow;
use crate::tickets::list::{By, Filter, Order};
use crate::tickets::reading;
use crate::web::form::missing;
use crate::web::page::Part;
use crate::web::problem;
use crate::web::read::Raw;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

/// With this header the script says that nobody looks at the page just now.
const UNSEEN: &str = "x-unseen";
/// The most tickets that are shown.
const MOST_TICKETS: u64 = 6;
/// The longest message that is typed; what is longer the use case refuses.
const MAX_TYPED: usize = 8000;

/// A template that may go, with the form for it.
struct TemplateShown {
    called: String,
    form: FormShown,
}

#[derive(Template)]
#[template(path = "conversation.html")]
struct Show {
    page: Page,
    id: i64,
    called: String,
    number: String,
    /// Where more is known of them; none where they have no role.
    person: Option<String>,
    role: String,
    department: String,
    is_taken: bool,
    taken_by: String,
    holder: String,
    doing: String,
    window: Option<String>,
    window_until: String,
    opted_out: bool,
    bubbles: Vec<Bubble>,
    /// Where what was said before is; none where this is the beginning.
    older: Option<String>,
    /// Whether this is the end of the transcript, where one writes.
    is_latest: bool,
    write: Option<FormShown>,
    canned: Vec<Canned>,
    templates: Vec<TemplateShown>,
    note: FormShown,
    assign: FormShown,
    tickets: Vec<TicketRow>,
    all_tickets: String,
    refused: Option<String>,
    typing: String,
    /// Where an admin says that they are somebody else.
    merge: Option<String>,
}

/// What was just tried and refused, or filled in to be sent.
pub(super) struct Tried<'a> {
    pub(super) form: &'static str,
    pub(super) typed: &'a Typed,
    pub(super) error: Option<Error>,
}

/// `GET /inbox/{id}`.
pub(super) async fn page(desk: Desk, headers: HeaderMap, seen: Conversation) -> Result<Response> {
    let is_looked_at = headers.get(UNSEEN).is_none();
    let (unread, id) = (seen.head.unread, seen.head.person_id);
    let response = conversation(&desk, seen.head, None).await?;
    if is_looked_at && !desk.path.contains("before=") {
        inbox::look(&desk.app, desk.actor(), id, unread).await?;
    }
    Ok(response)
}

/// The page, perhaps with what was tried on it.
pub(super) async fn conversation(desk: &Desk, head: Head, tried: Option<Tried<'_>>) -> Result<Response> {
    let (words, app, now) = (desk.words(), &desk.app, desk.now);
    let before = before(&desk.path);
    let transcript = inbox::transcript(&app.db, head.person_id, before).await?;
    let Listed { head, holder, window, .. } = inbox::one(app, head).await?.ok_or_else(|| missing("conversation"))?;
    let is_latest = before.is_none();
    let candidates = inbox::candidates(&app.db, &head).await?;
    let taken_by = head.taken_by.and_then(|by| candidates.iter().find(|(id, _)| *id == by));
    let taken_by = taken_by.map(|(_, name)| name.clone()).unwrap_or_default();
    let may_write = head.is_taken() && is_latest;
    let mut write = (may_write && window != Window::Shut).then(|| write_form(desk, &head));
    let mut templates: Vec<TemplateShown> = if may_write && window == Window::Shut {
        inbox::offered(app, &head.language).into_iter().map(|one| template(desk, &head, one)).collect()
    } else {
        Vec::new()
    };
    let canned = if write.is_some() { inbox::canned(app).await? } else { Vec::new() };
    let mut note = note_form(desk, &head);
    let mut assign = assign_form(desk, &head, candidates);
    let (mut status, mut refused) = (StatusCode::OK, None);
    if let Some(Tried { form, typed, error }) = tried {
        if let Some(error) = &error {
            status = problem::status(error.kind());
        }
        let keep = |shown: FormShown| match &error {
            Some(error) => shown.refused(words, typed, error),
            None => filled(shown, typed),
        };
        match (form, write.take()) {
            ("write", Some(shown)) => write = Some(keep(shown)),
            ("note", shown) => (write, note) = (shown, keep(note)),
            ("assign", shown) => (write, assign) = (shown, keep(assign)),
            (_, shown) => {
                write = shown;
                refused = error.as_ref().map(|error| refusal(words, error));
                let kept = typed.get("text");
                if let Some(note_field) = note.fields.first_mut().filter(|_| !kept.is_empty() && write.is_none()) {
                    // The form is gone with the window or the conversation; the words are not.
                    kept.clone_into(&mut note_field.value);
                }
                if form == "template" {
                    let chosen = typed.get("template").to_owned();
                    let place = templates
                        .iter()
                        .position(|one: &TemplateShown| one.form.hidden.iter().any(|(_, v)| *v == chosen));
                    if let Some(place) = place {
                        let shown = templates.remove(place);
                        templates.insert(place, TemplateShown { form: keep(shown.form), ..shown });
                    }
                }
            }
        }
    }
    let theirs = Filter { created_by: Some(head.person_id), ..Filter::default() };
    let viewer = desk.viewer();
    let part = Part { size: MOST_TICKETS, cursor: None, is_counted: false };
    let order = Order { by: By::Changed, is_descending: true };
    let tickets = reading::page(&app.db, &viewer, &theirs, order, &part, now).await?.cut.rows;
    let called = head.called().to_owned();
    let page = Show {
        page: desk.page(called.clone()),
        id: head.person_id,
        number: head.value.clone(),
        person: head.role().map(|_| format!("/people/{}", head.person_id)),
        role: head.role().map(|role| words.w(format!("role.{}", role.as_str()))).unwrap_or_default(),
        department: head.department.clone().unwrap_or_default(),
        is_taken: head.is_taken(),
        taken_by,
        holder: holder.unwrap_or_default(),
        doing: standing_at(desk, &head.state),
        window: left(words, window, now),
        window_until: if let Window::Open(until) = window { words.exact(until) } else { String::new() },
        opted_out: head.opted_out_at.is_some(),
        bubbles: bubbles(desk, head.person_id, &called, transcript.items),
        older: transcript.before.map(|place| format!("{HERE}/{}?before={}", head.person_id, written(place))),
        is_latest,
        canned: inbox::canned_in(canned, &head.language, words.language()),
        write,
        templates,
        note,
        assign,
        tickets: tickets.into_iter().map(|shown| TicketRow::of(desk, &viewer, shown)).collect(),
        all_tickets: format!("/tickets?created_by={}", head.person_id),
        refused,
        merge: desk.actor().is_admin().then(|| format!("{HERE}/{}/merge", head.person_id)),
        typing: words.fill("inbox.typing", &json!({ "name": "%" })),
        called,
    };
    Ok(shown(status, &page))
}

/// A form with what was typed in it, to be sent yet.
fn filled(mut form: FormShown, typed: &Typed) -> FormShown {
    for field in &mut form.fields {
        field.value = typed.get(field.name).to_owned();
    }
    form
}

fn form(desk: &Desk, head: &Head, id: &'static str) -> FormShown {
    let submit = desk.words().w(format!("inbox.{id}"));
    FormShown::new(id, format!("{HERE}/{}/{id}", head.person_id), submit).hidden("once", token::fresh())
}

fn write_form(desk: &Desk, head: &Head) -> FormShown {
    let words = desk.words();
    let label = words.fill("inbox.write_to", &json!({ "name": head.called() }));
    form(desk, head, "write").field(Field::new(words, "textarea", "text", MAX_TYPED).called(label))
}

fn note_form(desk: &Desk, head: &Head) -> FormShown {
    let field =
        Field::new(desk.words(), "textarea", "note", inbox::MAX_NOTE).called(desk.words().w("inbox.note_label"));
    form(desk, head, "note").tone("plain").field(field)
}

fn assign_form(desk: &Desk, head: &Head, candidates: Vec<(i64, String)>) -> FormShown {
    let words = desk.words();
    let nobody = (String::new(), words.w("inbox.nobody"));
    let all = candidates.into_iter().map(|(id, name)| (id.to_string(), name));
    let value = head.assigned_to.map(|id| id.to_string()).unwrap_or_default();
    let mut field = Field::new(words, "select", "to", 20).called(words.w("inbox.assigned_to")).value(value.clone());
    field = field.choices(std::iter::once(nobody).chain(all));
    for choice in &mut field.choices {
        choice.is_chosen = choice.value == value;
    }
    form(desk, head, "assign").tone("plain").field(field)
}

fn template(desk: &Desk, head: &Head, offered: Offered) -> TemplateShown {
    let words = desk.words();
    let mut form = form(desk, head, "template").hidden("template", offered.key);
    for (place, variable) in offered.variables.iter().enumerate() {
        let mut field = Field::new(words, "text", "value", 200).called(variable.replace('_', " "));
        if variable == "recipient" || variable == "client" {
            field = field.value(head.called());
        }
        form = form.field(field);
        if let Some(field) = form.fields.last_mut() {
            field.id = format!("{}-{place}", field.id);
        }
    }
    TemplateShown { called: format!("{} · {}", offered.words, offered.language), form }
}

/// Before which place the transcript is asked for.
fn before(path: &str) -> Option<Place> {
    let query = path.split_once('?').map(|(_, query)| query)?;
    let (_, text) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "before")?;
    read_place(Raw::Text(&text)).ok()
}

/// `GET /inbox/{id}/media/{message}/{place}`: a file that came in a message.
pub(super) async fn medium(
    seen: Conversation,
    State(app): State<App>,
    Path((id, message, place)): Path<(i64, i64, i32)>,
) -> Result<Response> {
    let file = inbox::one_medium(app.db.read(), id, message, place).await?;
    let here = file.and_then(|file| file.hash.zip(file.content_type));
    let (hash, content_type) = here.ok_or_else(|| missing("file"))?;
    let ending = crate::files::model::stored_type(&content_type).map_or("bin", |kind| kind.ending);
    let name = format!("chat-{message}-{place}.{ending}");
    attachments::api::going_out(&app, seen.actor.person_id, &hash, &content_type, &name).await
}
