//! Raising an incident.

use super::actions::{categories, priorities};
use crate::kit::error::Kind as Failure;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::one_form::one_form;
use crate::pages::posted::Posted;
use crate::tickets;
use crate::tickets::api::forms::Create;
use crate::tickets::incident::{MAX_DESCRIPTION, MAX_PROJECT, MAX_TITLE};
use crate::web::problem;
use axum::http::StatusCode;
use axum::response::Response;

/// `GET /tickets/new`.
pub(in crate::pages) async fn form(desk: Desk) -> Result<Response> {
    must_raise(&desk)?;
    Ok(answer(&desk, StatusCode::OK, empty(&desk)))
}

/// `POST /tickets/new`.
pub(in crate::pages) async fn raise(desk: Desk, posted: Posted) -> Result<Response> {
    must_raise(&desk)?;
    let raising = async {
        posted.must_be_genuine()?;
        let new = posted.typed.read::<Create>()?.by(desk.actor().person_id);
        let db = desk.app.db.through(desk.actor().door);
        let wish = (desk.app.rules().policies, new);
        db.write_with(wish, move |tx, (policies, new)| Box::pin(tickets::create(tx, policies, vec![new.clone()]))).await
    };
    match raising.await {
        Ok(made) => {
            let id = made.first().map(|ticket| ticket.id).ok_or_else(|| Error::internal("a ticket was not made"))?;
            Ok(redirect(&format!("/tickets/{id}?done=raised")))
        }
        Err(error) => {
            let form = empty(&desk).refused(desk.words(), &posted.typed, &error);
            Ok(answer(&desk, problem::status(error.kind()), form))
        }
    }
}

fn must_raise(desk: &Desk) -> Result<()> {
    let says = "Incidents are raised by clients and admins only.";
    if super::may_raise(desk) { Ok(()) } else { Err(Error::new(Failure::Forbidden, says)) }
}

fn answer(desk: &Desk, status: StatusCode, form: FormShown) -> Response {
    let words = desk.words();
    one_form(desk, status, words.w("raise.title"), ("/tickets", words.w("tickets.title")), form)
}

fn empty(desk: &Desk) -> FormShown {
    let words = desk.words();
    FormShown::new("raise", "/tickets/new", words.w("raise.submit"))
        .field(Field::new(words, "text", "title", MAX_TITLE))
        .field(Field::new(words, "textarea", "description", MAX_DESCRIPTION))
        .field(Field::new(words, "text", "project_name", MAX_PROJECT))
        .field(Field::new(words, "select", "priority", 6).value("MEDIUM").choices(priorities(words)))
        .field(Field::new(words, "select", "category", 16).value("PROBLEM").choices(categories(words)))
}
