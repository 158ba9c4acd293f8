//! Deciding about an SOP failure, escalating it, and correcting its words.

use super::{HERE, show};
use crate::kit::rules::{self, LONGEST_TEXT};
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::posted::Posted;
use crate::pages::tickets::{Followers, do_to};
use crate::people::{Keeper, Seen};
use crate::sop_failures::desk::{self as use_cases, Failure};
use crate::sop_failures::records::Record;
use crate::tickets::extract::Visible;
use crate::tickets::{Verb, Viewer};
use crate::web::words::Why;
use crate::web::{Fields, Form, read};
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use std::collections::BTreeMap;

/// What a failure is to say; what is emptied is taken away.
struct Corrected(Record);

impl Form for Corrected {
    fn read(fields: &mut Fields) -> Option<Self> {
        let text = |fields: &mut Fields, name| fields.optional(name, read::text(0..=LONGEST_TEXT)).unwrap_or_default();
        let procedure = fields.required("procedure", read::ruled(rules::filled(rules::text)));
        let failure_type = Some(text(fields, "failure_type"));
        let department = fields.optional("department", read::ruled(rules::filled(rules::name)));
        let description = Some(text(fields, "description"));
        let procedure = Some(procedure?);
        Some(Self(Record { procedure, failure_type, department, description, ..Record::default() }))
    }
}

/// `POST /floor/sop-failures/{id}/{action}`: what the ticket's rules let its reader do.
pub(super) async fn act(
    desk: Desk,
    Seen { keeper, .. }: Seen<Failure>,
    seen: Visible,
    Path(path): Path<BTreeMap<String, String>>,
    Extension(followers): Extension<Followers>,
    posted: Posted,
) -> Result<Response> {
    let verb = path.get("action").and_then(|name| Verb::named(name));
    let verb = verb.ok_or_else(|| Error::not_found("There is no such action."))?;
    let id = seen.shown.row.id;
    match do_to(&desk, &seen, verb, &posted, followers).await {
        Ok(()) => Ok(redirect(&format!("{HERE}/{id}?done={}", verb.as_str()))),
        Err(error) => show::refused(&desk, &keeper, id, (verb.as_str(), &posted.typed, error)).await,
    }
}

/// `POST /floor/sop-failures/{id}/escalate`.
pub(super) async fn escalate(
    desk: Desk,
    Seen { keeper, record: failure }: Seen<Failure>,
    posted: Posted,
) -> Result<Response> {
    let id = failure.ticket.id;
    let escalating = async {
        posted.must_be_genuine()?;
        keeper.must_answer_for(&failure.facts.department)?;
        let Why { reason } = posted.typed.read()?;
        let db = desk.app.db.through(keeper.0.door);
        let writing = db.write_with((reason, Viewer::from(&keeper.0)), move |tx, (reason, viewer)| {
            Box::pin(use_cases::escalate(tx, id, reason, viewer))
        });
        writing.await
    };
    match escalating.await {
        Ok(_) => Ok(redirect(&format!("{HERE}/{id}?done=sop_escalated"))),
        Err(error) => show::refused(&desk, &keeper, id, ("escalate", &posted.typed, error)).await,
    }
}

/// `POST /floor/sop-failures/{id}/correct`.
pub(super) async fn correct(
    desk: Desk,
    Seen { keeper, record: failure }: Seen<Failure>,
    posted: Posted,
) -> Result<Response> {
    let id = failure.ticket.id;
    match corrected(&desk, &keeper, &failure, &posted).await {
        Ok(_) => Ok(redirect(&format!("{HERE}/{id}?done=saved"))),
        Err(error) => show::refused(&desk, &keeper, id, ("correct", &posted.typed, error)).await,
    }
}

async fn corrected(desk: &Desk, keeper: &Keeper, failure: &Failure, posted: &Posted) -> Result<Failure> {
    posted.must_be_genuine()?;
    let Corrected(record) = posted.typed.read()?;
    keeper.must_answer_for(&failure.facts.department)?;
    keeper.must_answer_for(record.department.as_ref().unwrap_or(&failure.facts.department))?;
    let is_changed = |field| posted.typed.is_changed(field);
    let record = Record {
        number: failure.ticket.reference.clone(),
        procedure: record.procedure.filter(|_| is_changed("procedure")),
        failure_type: record.failure_type.filter(|_| is_changed("failure_type")),
        department: record.department.filter(|_| is_changed("department")),
        description: record.description.filter(|_| is_changed("description")),
        ..Record::default()
    };
    let (id, viewer) = (failure.ticket.id, Viewer::from(&keeper.0));
    let db = desk.app.db.through(keeper.0.door);
    let writing = db
        .write_with((record, viewer), move |tx, (record, viewer)| Box::pin(use_cases::change(tx, id, record, viewer)));
    writing.await
}
