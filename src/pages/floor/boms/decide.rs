//! Approving and rejecting a revision that waits for review, by the API's rules.

use super::{HERE, show};
use crate::boms::api::revisions::SeenRevision;
use crate::boms::{desk as use_cases, review};
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::posted::Posted;
use crate::pages::words::Words;
use crate::web::form::missing;
use crate::web::words::{Why, Word};
use axum::extract::Path;
use axum::response::Response;
use std::collections::BTreeMap;

/// The most words, in characters, as the API has it.
const MAX_WORDS: usize = 20_000;

/// What can be decided about a revision; one that cannot be approved any more can be rejected.
pub(super) fn forms(words: &Words, bom: i64, number: i32, can_be_approved: bool) -> Vec<FormShown> {
    let to = |decision: &str| format!("{HERE}/{bom}/revisions/{number}/{decision}");
    let text = |name| Field::new(words, "textarea", name, MAX_WORDS);
    let approve = FormShown::new("approve", to("approve"), words.w("boms.approve"))
        .title(words.w("boms.approve"))
        .field(text("comment").optional());
    let mut reject = FormShown::new("reject", to("reject"), words.w("boms.reject"))
        .title(words.w("boms.reject"))
        .field(text("reason"))
        .tone("danger");
    reject.is_open = !can_be_approved;
    can_be_approved.then_some(approve).into_iter().chain([reject]).collect()
}

/// `POST /floor/boms/{id}/revisions/{number}/{decision}`.
pub(super) async fn decide(
    desk: Desk,
    seen: SeenRevision,
    Path(path): Path<BTreeMap<String, String>>,
    posted: Posted,
) -> Result<Response> {
    let decision = path.get("decision").map(String::as_str).unwrap_or_default();
    let (id, number) = (seen.bom.row.id, seen.revision.row.number);
    match decided(&desk, &seen, decision, &posted).await {
        Ok(done) => Ok(redirect(&format!("{HERE}/{id}?revision={number}&done={done}"))),
        Err(error) if error.kind() == crate::kit::error::Kind::NotFound => Err(error),
        Err(error) => {
            let now = use_cases::by_id(desk.app.db.read(), id).await?.ok_or_else(|| missing("BOM"))?;
            show::answer(&desk, now, show::Looked::at(number), Some((decision, &posted.typed, error))).await
        }
    }
}

async fn decided(desk: &Desk, seen: &SeenRevision, decision: &str, posted: &Posted) -> Result<&'static str> {
    let (id, number, actor) = (seen.bom.row.id, seen.revision.row.number, &seen.keeper.0);
    let (db, by) = (desk.app.db.through(actor.door), actor.person_id);
    match decision {
        "approve" => {
            posted.must_be_genuine()?;
            let Word { comment } = posted.typed.read()?;
            db.write(move |tx| Box::pin(review::approve(tx, id, number, comment.clone(), by))).await?;
            Ok("bom_approved")
        }
        "reject" => {
            posted.must_be_genuine()?;
            let Why { reason } = posted.typed.read()?;
            db.write(move |tx| Box::pin(review::reject(tx, id, number, reason.clone(), by))).await?;
            Ok("bom_rejected")
        }
        _ => Err(Error::not_found("There is no such decision.")),
    }
}
