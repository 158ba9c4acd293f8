//! Proposing a change of a BOM at the desk; it waits for review like one from the chat.

use super::HERE;
use crate::boms::api::forms::Proposal;
use crate::boms::desk::{self as use_cases, Listed};
use crate::kit::rules::LONGEST_KEY;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::one_form::one_form;
use crate::pages::posted::{Posted, Typed};
use crate::people::Seen;
use crate::web::problem;
use axum::http::StatusCode;
use axum::response::Response;

/// What can be changed about a component, as the API has it.
const CHANGES: [&str; 4] = ["QUANTITY", "UNIT_COST", "REPLACE", "REMOVE"];
/// Of more components than so many one types the number.
const MOST_CHOICES: usize = 200;
/// The most words, in characters, as the API has it.
const MAX_WORDS: usize = 20_000;
/// The longest figure: twelve digits, a point, six digits.
const MAX_FIGURE: usize = 19;

/// `GET /floor/boms/{id}/propose`.
pub(super) async fn page(desk: Desk, Seen { record: bom, .. }: Seen<Listed>) -> Result<Response> {
    answer(&desk, &bom, None).await
}

/// `POST /floor/boms/{id}/propose`.
pub(super) async fn submit(desk: Desk, Seen { keeper, record: bom }: Seen<Listed>, posted: Posted) -> Result<Response> {
    let submitting = async {
        posted.must_be_genuine()?;
        let update = posted.typed.read::<Proposal>()?.update(bom.row.number.clone(), keeper.0.person_id);
        let db = desk.app.db.through(keeper.0.door);
        db.write_with(update, move |tx, update| Box::pin(use_cases::submit(tx, update))).await
    };
    match submitting.await {
        Ok(submitted) => {
            Ok(redirect(&format!("{HERE}/{}?revision={}&done=bom_submitted", bom.row.id, submitted.revision)))
        }
        Err(error) => answer(&desk, &bom, Some((&posted.typed, error))).await,
    }
}

async fn answer(desk: &Desk, bom: &Listed, refused: Option<(&Typed, Error)>) -> Result<Response> {
    let words = desk.words();
    let lines = use_cases::components_in_force(desk.app.db.read(), bom.row.id).await?;
    let component = if lines.len() > MOST_CHOICES {
        Field::new(words, "text", "component", LONGEST_KEY)
    } else {
        let named = lines.into_iter().map(|line| {
            let label = if line.name == line.number { line.name } else { format!("{} · {}", line.number, line.name) };
            (line.number, label)
        });
        Field::new(words, "select", "component", 0).choices(named)
    };
    let changes = CHANGES.map(|name| (name.to_owned(), words.w(format!("boms.to.{name}"))));
    let mut form = FormShown::new("propose", format!("{HERE}/{}/propose", bom.row.id), words.w("boms.submit"))
        .intro(words.w("boms.propose_says"))
        .field(component)
        .field(Field::new(words, "select", "change", 0).choices(changes))
        .field(Field::new(words, "text", "value", MAX_FIGURE).optional().hint(words.w("boms.value_hint")))
        .field(Field::new(words, "text", "replacement", LONGEST_KEY).optional().hint(words.w("boms.replacement_hint")))
        .field(Field::new(words, "textarea", "reason", MAX_WORDS));
    let mut status = StatusCode::OK;
    if let Some((typed, error)) = refused {
        status = problem::status(error.kind());
        form = form.refused(words, typed, &error);
    }
    let title = words.w("boms.propose");
    let back = (format!("{HERE}/{}", bom.row.id), bom.row.number.clone());
    Ok(one_form(desk, status, title, back, form))
}
