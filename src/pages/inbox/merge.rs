//! Two people who are one: whose number it is, what would move, and then that it does.

use super::HERE;
use crate::chat::Ways;
use crate::inbox::{self, Conversation, Head, Moves};
use crate::kit::{E164, Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::{Field, FormShown, refusal};
use crate::pages::posted::{Posted, Typed};
use crate::web::{Fields, Form, problem, read};
use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

#[derive(Template)]
#[template(path = "merge.html")]
struct Merge {
    page: Page,
    id: i64,
    title: String,
    called: String,
    number: String,
    /// Who the other is.
    other: String,
    /// What would move, a line each.
    moves: Vec<String>,
    /// To look for the other, or to say that it is they.
    form: FormShown,
    refused: Option<String>,
}

/// Whose number was typed.
struct Sought(Option<E164>);

impl Form for Sought {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self(fields.optional("number", read::phone)))
    }
}

/// Who it is.
struct Chosen(i64);

impl Form for Chosen {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.required("into", read::id).map(Self)
    }
}

/// `GET /inbox/{id}/merge`; `?number=+…` shows what would move.
pub(super) async fn page(desk: Desk, seen: Conversation, Extension(ways): Extension<Ways>) -> Result<Response> {
    desk.actor().must_be_admin("merge people")?;
    let query = desk.path.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    let asking = async {
        let Sought(number) = Fields::of_query(&query).into_form()?;
        let Some(number) = number else { return Ok(None) };
        let into = inbox::by_number(&desk.app, &number).await?;
        inbox::what_moves(&desk.app, &ways, desk.actor(), &seen.head, into).await.map(Some)
    };
    match asking.await {
        Ok(Some(moves)) => Ok(confirm(&desk, &seen.head, &moves)),
        Ok(None) => Ok(ask(&desk, &seen.head, None)),
        Err(error) => Ok(ask(&desk, &seen.head, Some((&typed(&query), &error)))),
    }
}

/// `POST /inbox/{id}/merge`.
pub(super) async fn merge(
    desk: Desk,
    seen: Conversation,
    Extension(ways): Extension<Ways>,
    posted: Posted,
) -> Result<Response> {
    desk.actor().must_be_admin("merge people")?;
    let merging = async {
        posted.must_be_genuine()?;
        let Chosen(into) = posted.typed.read()?;
        inbox::merge(&desk.app, &ways, desk.actor(), seen.head.person_id, into).await.map(|()| into)
    };
    match merging.await {
        Ok(into) => Ok(redirect(&format!("{HERE}/{into}?done=merged"))),
        Err(error) => Ok(ask(&desk, &seen.head, Some((&posted.typed, &error)))),
    }
}

fn typed(query: &str) -> Typed {
    let number = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "number");
    Typed::default().with("number", number.map(|(_, number)| number.into_owned()).unwrap_or_default())
}

fn ask(desk: &Desk, head: &Head, refused: Option<(&Typed, &Error)>) -> Response {
    let words = desk.words();
    let field =
        Field::new(words, "tel", "number", 32).called(words.w("inbox.merge.number")).hint(words.w("number.hint"));
    let action = format!("{HERE}/{}/merge", head.person_id);
    let mut form = FormShown::new("merge", action, words.w("inbox.merge.look")).field(field);
    let (mut status, mut why) = (StatusCode::OK, None);
    if let Some((typed, error)) = refused {
        status = problem::status(error.kind());
        form = form.refused(words, typed, error);
        why = form
            .error
            .take()
            .or_else(|| form.fields.iter().all(|field| field.error.is_none()).then(|| refusal(words, error)));
    }
    shown(status, &of(desk, head, form, String::new(), Vec::new(), why))
}

fn confirm(desk: &Desk, head: &Head, moves: &Moves) -> Response {
    let words = desk.words();
    let line = |key: &str, count: u64| words.fill(format!("inbox.merge.{key}"), &json!({ "count": count.to_string() }));
    let numbers = words.fill("inbox.merge.numbers", &json!({ "numbers": moves.numbers.join(", ") }));
    let mut lines = vec![numbers, line("messages", moves.messages + moves.deliveries), line("tickets", moves.tickets)];
    lines.push(words.w(format!("inbox.merge.form.{}", moves.form.as_str())));
    let action = format!("{HERE}/{}/merge", head.person_id);
    let form = FormShown::new("merge", action, words.w("inbox.merge.submit")).tone("danger");
    let form = form.hidden("into", moves.into.to_string()).intro(words.w("inbox.merge.no_way_back"));
    let other = format!("{} · {}", moves.into_called, moves.into_numbers.join(", "));
    shown(StatusCode::OK, &of(desk, head, form, other, lines, None))
}

fn of(desk: &Desk, head: &Head, form: FormShown, other: String, moves: Vec<String>, refused: Option<String>) -> Merge {
    let title = desk.words().w("inbox.merge.title");
    Merge {
        page: desk.page(title.clone()),
        id: head.person_id,
        title,
        called: head.called().to_owned(),
        number: head.value.clone(),
        other,
        moves,
        form,
        refused,
    }
}
