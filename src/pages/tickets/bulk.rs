//! Giving several tickets of the list to somebody: the API's rule and use case for each, in a transaction of its own, and
//! what was refused said line by line.

use super::Followers;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::refusal;
use crate::pages::posted::Posted;
use crate::tickets::{Action, Changed, Key, act, reading, views};
use crate::web::{Fields, Form, problem, read};
use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use std::collections::BTreeMap;

/// The most tickets at once: a page of the list.
const MOST: usize = 50;
/// The most digits of what is chosen.
const MAX_CHOSEN: usize = 2_000;

/// What is sent with the list's form.
struct Asked {
    /// Each ticket with the version that was looked at.
    tickets: Vec<(i64, i32)>,
    assigned_to: i64,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let tickets = fields.required("ticket", |raw| chosen(&read::line(1..=MAX_CHOSEN)(raw)?));
        let assigned_to = fields.required("assigned_to", read::id);
        fields.optional("query", read::line(0..=views::MAX_QUERY));
        Some(Self { tickets: tickets?, assigned_to: assigned_to? })
    }
}

/// `7-3,9-0`: tickets with the versions that were looked at.
fn chosen(text: &str) -> Result<Vec<(i64, i32)>, String> {
    let one =
        |part: &str| part.split_once('-').and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)));
    let tickets: Option<Vec<(i64, i32)>> = text.split(',').map(one).collect();
    tickets.filter(|tickets| tickets.len() <= MOST).ok_or_else(|| "must be tickets of the list".to_owned())
}

/// What became of one ticket.
struct Outcome {
    id: i64,
    reference: String,
    title: String,
    /// Why it was refused; none where it was done.
    refused: Option<String>,
}

#[derive(Template)]
#[template(path = "assigned.html")]
struct Assigned {
    page: Page,
    title: String,
    outcomes: Vec<Outcome>,
    /// Back to the list.
    list: String,
    /// Why nothing was done at all.
    refused: Option<String>,
}

/// `POST /tickets/assign`.
pub(in crate::pages) async fn assign(
    desk: Desk,
    Extension(followers): Extension<Followers>,
    posted: Posted,
) -> Result<Response> {
    let query = views::kept(posted.typed.get("query")).unwrap_or_default();
    let list = if query.is_empty() { "/tickets".to_owned() } else { format!("/tickets?{query}") };
    let asked: Result<Asked> = posted.must_be_genuine().and_then(|()| posted.typed.read());
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => {
            let is_choice = error.details().is_some_and(|details| details.fields.contains_key("ticket"));
            let why = if is_choice { desk.words().w("bulk.none") } else { refusal(desk.words(), &error) };
            return Ok(answer(&desk, problem::status(error.kind()), Vec::new(), list, Some(why)));
        }
    };
    let mut refused: BTreeMap<i64, Error> = BTreeMap::new();
    for (id, version) in &asked.tickets {
        if let Err(error) = give(&desk, *id, *version, asked.assigned_to, followers).await {
            refused.insert(*id, error);
        }
    }
    if refused.is_empty() {
        let and = if query.is_empty() { "?" } else { "&" };
        return Ok(redirect(&format!("{list}{and}done=assign_several")));
    }
    let ids: Vec<i64> = asked.tickets.iter().map(|(id, _)| *id).collect();
    let seen = reading::several(desk.app.db.read(), &desk.viewer(), &ids).await?;
    let mut names: BTreeMap<i64, (String, String)> =
        seen.into_iter().map(|shown| (shown.row.id, (shown.row.reference, shown.row.title))).collect();
    let outcomes = ids.into_iter().map(|id| {
        let (reference, title) = names.remove(&id).unwrap_or_default();
        let refused = refused.get(&id).map(|error| refusal(desk.words(), error));
        Outcome { id, reference, title, refused }
    });
    Ok(answer(&desk, StatusCode::OK, outcomes.collect(), list, None))
}

async fn give(desk: &Desk, id: i64, version: i32, person: i64, followers: Followers) -> Result<Changed> {
    let action = Action::Assign { people: vec![person], resolution_due_at: None, estimate: None };
    let db = desk.app.db.through(desk.actor().door);
    let giving = db.write_with((desk.viewer(), action), move |tx, (viewer, action)| {
        Box::pin(act(tx, viewer, Key::Id(id), action, Some(version), followers.0))
    });
    giving.await
}

fn answer(desk: &Desk, status: StatusCode, outcomes: Vec<Outcome>, list: String, refused: Option<String>) -> Response {
    let title = desk.words().w("bulk.title");
    shown(status, &Assigned { page: desk.page(title.clone()), title, outcomes, list, refused })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_names_tickets_with_their_versions() {
        assert_eq!(chosen("7-3,9-0"), Ok(vec![(7, 3), (9, 0)]));
        for wrong in ["", "7", "7-", "-3", "7-x", "7-3,,9-0"] {
            assert!(chosen(wrong).is_err(), "{wrong}");
        }
        assert!(chosen(&vec!["7-3"; MOST + 1].join(",")).is_err());
    }
}
