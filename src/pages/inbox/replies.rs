//! Replies kept at hand: all of them, and one form to make or change one.

use super::HERE;
use crate::inbox::{self, Canned, Desker, Edited, FIELDS};
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::{Field, FormShown};
use crate::pages::posted::{Posted, Typed};
use crate::web::problem;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

#[derive(Template)]
#[template(path = "replies.html")]
struct Replies {
    page: Page,
    title: String,
    rows: Vec<Canned>,
    form: FormShown,
    fields: String,
}

/// `GET /inbox/replies`; `?edit=7` to change one.
pub(super) async fn page(desk: Desk, _: Desker) -> Result<Response> {
    replies(&desk, None).await
}

async fn replies(desk: &Desk, refused: Option<(&Typed, Error)>) -> Result<Response> {
    let words = desk.words();
    let rows = inbox::canned(&desk.app).await?;
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let chosen = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "edit").map(|(_, id)| id);
    let edited = rows.iter().find(|row| chosen.as_deref() == Some(row.id.to_string().as_str()));
    let value = |of: fn(&Canned) -> &String| edited.map(|row| of(row).clone()).unwrap_or_default();
    let language = edited.map_or_else(|| words.language().to_owned(), |row| row.language.clone());
    let mut form = FormShown::new("reply", format!("{HERE}/replies"), words.w("save"))
        .field(Field::new(words, "text", "name", 60).value(value(|row| &row.name)))
        .field(Field::new(words, "select", "language", 16).value(language).choices(words.languages()))
        .field(
            Field::new(words, "textarea", "body", 2000)
                .called(words.w("inbox.reply_body"))
                .value(value(|row| &row.body)),
        );
    let mut status = StatusCode::OK;
    if let Some((typed, error)) = refused {
        status = problem::status(error.kind());
        form = form.refused(words, typed, &error);
    }
    let title = words.w("inbox.replies");
    let fields = FIELDS.map(|field| format!("{{{{ {field} }}}}")).join(" ");
    let fields = words.fill("inbox.reply_fields", &json!({ "fields": fields }));
    Ok(shown(status, &Replies { page: desk.page(title.clone()), title, rows, form, fields }))
}

/// `POST /inbox/replies`.
pub(super) async fn edit(desk: Desk, Desker(actor): Desker, posted: Posted) -> Result<Response> {
    let editing = async {
        posted.must_be_genuine()?;
        let edited: Edited = posted.typed.read()?;
        inbox::edit(&desk.app, &actor, edited).await
    };
    match editing.await {
        Ok(()) => Ok(redirect(&format!("{HERE}/replies?done=saved"))),
        Err(error) => replies(&desk, Some((&posted.typed, error))).await,
    }
}

/// `POST /inbox/replies/{id}/delete`.
pub(super) async fn delete(desk: Desk, Desker(actor): Desker, Path(id): Path<i64>, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    match inbox::remove(&desk.app, &actor, id).await {
        // Sent twice, it is gone all the same.
        Err(error) if error.kind() != Kind::NotFound => Err(error),
        _ => Ok(redirect(&format!("{HERE}/replies?done=reply_deleted&undo={id}"))),
    }
}

/// `POST /inbox/replies/{id}/restore`.
pub(super) async fn restore(
    desk: Desk,
    Desker(actor): Desker,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response> {
    posted.must_be_genuine()?;
    inbox::put_back(&desk.app, &actor, id).await?;
    Ok(redirect(&format!("{HERE}/replies?done=put_back")))
}
