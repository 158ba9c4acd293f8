//! What the desk does in a conversation, by forms: take over, hand back, write, note, assign.

use super::HERE;
use super::show::{Tried, conversation};
use crate::app::App;
use crate::chat::Ways;
use crate::inbox::{self, Conversation};
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::live::TOKEN;
use crate::pages::posted::{Posted, Typed, stale};
use crate::web::{Fields, Form, read};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use std::collections::BTreeMap;

/// The forms of the page, by the last part of their path.
const FORMS: [&str; 7] = ["take-over", "hand-back", "start-over", "write", "template", "note", "assign"];
/// The longest key of a form.
const MAX_ONCE: usize = 64;

/// Words to somebody.
struct Written {
    text: String,
    once: String,
}

impl Form for Written {
    fn read(fields: &mut Fields) -> Option<Self> {
        let text = fields.required("text", read::text(1..=100_000));
        let once = fields.required("once", read::line(1..=MAX_ONCE));
        Some(Self { text: text?, once: once? })
    }
}

/// Words for the desk alone.
struct Noted {
    note: String,
    once: String,
}

impl Form for Noted {
    fn read(fields: &mut Fields) -> Option<Self> {
        let note = fields.required("note", read::text(1..=100_000));
        let once = fields.required("once", read::line(1..=MAX_ONCE));
        Some(Self { note: note?, once: once? })
    }
}

/// `POST /inbox/{id}/{act}`.
pub(super) async fn act(
    desk: Desk,
    seen: Conversation,
    Path(path): Path<BTreeMap<String, String>>,
    Extension(ways): Extension<Ways>,
    posted: Posted,
) -> Result<Response> {
    let asked = path.get("act").map(String::as_str).unwrap_or_default();
    if asked == "canned" {
        return canned(&desk, seen, &posted).await;
    }
    let form = FORMS.into_iter().find(|form| *form == asked);
    let form = form.ok_or_else(|| Error::not_found("There is no such action."))?;
    let id = seen.head.person_id;
    match done(&desk, &ways, &seen, form, &posted).await {
        Ok(()) => Ok(redirect(&format!("{HERE}/{id}#write"))),
        Err(error) if error.kind() == Kind::NotFound => Err(error),
        Err(error) => {
            let head = inbox::head(&desk.app, desk.actor(), id).await?;
            conversation(&desk, head, Some(Tried { form, typed: &posted.typed, error: Some(error) })).await
        }
    }
}

async fn done(desk: &Desk, ways: &Ways, seen: &Conversation, form: &str, posted: &Posted) -> Result<()> {
    posted.must_be_genuine()?;
    let (app, actor, id, typed) = (&desk.app, &seen.actor, seen.head.person_id, &posted.typed);
    match form {
        "take-over" => inbox::take_over(app, actor, id).await,
        "hand-back" | "start-over" => inbox::hand_back(app, ways, actor, id, form == "start-over").await,
        "write" => {
            let Written { text, once } = typed.read()?;
            inbox::write(app, actor, id, text, once).await
        }
        "template" => {
            let once = once(typed)?;
            inbox::write_by_template(app, actor, id, typed.get("template"), typed.each("value"), once).await
        }
        "note" => {
            let Noted { note, once } = typed.read()?;
            inbox::note(app, actor, id, note, once).await
        }
        _ => {
            let to = match typed.get("to") {
                "" => None,
                to => Some(to.parse().map_err(|_| Error::field("to", "must be one of those who see it"))?),
            };
            inbox::assign(app, actor, &seen.head, to).await
        }
    }
}

fn once(typed: &Typed) -> Result<String> {
    let once = typed.get("once");
    let is_one = (1..=MAX_ONCE).contains(&once.len());
    if is_one { Ok(once.to_owned()) } else { Err(Error::bad_request("The form has no key of its own.")) }
}

/// Puts a reply that is kept at hand behind what was typed, filled in; nothing is sent.
async fn canned(desk: &Desk, seen: Conversation, posted: &Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    let all = inbox::canned(&desk.app).await?;
    let chosen = posted.typed.get("canned");
    let body = all.into_iter().find(|canned| canned.id.to_string() == chosen).map(|canned| canned.body);
    let body = body.ok_or_else(|| Error::not_found("There is no such reply."))?;
    let values = inbox::values(&desk.app, desk.actor(), &seen.head).await?;
    let so_far = posted.typed.get("text").trim_end();
    let reply = inbox::filled_in(&body, &values);
    let text = if so_far.is_empty() { reply } else { format!("{so_far}\n{reply}") };
    let typed = posted.typed.clone().with("text", text);
    conversation(desk, seen.head, Some(Tried { form: "write", typed: &typed, error: None })).await
}

/// `POST /inbox/{id}/typing`: the script says that somebody types.
pub(super) async fn typing(
    desk: Desk,
    seen: Conversation,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    crate::pages::session::must_be_ours(&app, &axum::http::Method::POST, &headers)?;
    let token = headers.get(TOKEN).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !desk.visitor.knows(token) {
        return Err(stale());
    }
    inbox::typing(&app, &seen.actor, seen.head.person_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
