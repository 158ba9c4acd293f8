//! Reporting an SOP failure: its ticket opens, and its time begins.

use super::HERE;
use crate::kit::rules::{LONGEST_KEY, LONGEST_TEXT};
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::one_form::one_form;
use crate::pages::posted::{Posted, Typed};
use crate::people::Keeper;
use crate::sop_failures::api::NewFailure;
use crate::sop_failures::desk as use_cases;
use crate::web::problem;
use axum::http::StatusCode;
use axum::response::Response;

/// `GET /floor/sop-failures/new`.
pub(super) async fn page(desk: Desk, keeper: Keeper) -> Response {
    answer(&desk, &keeper, None)
}

/// `POST /floor/sop-failures/new`.
pub(super) async fn report(desk: Desk, keeper: Keeper, posted: Posted) -> Response {
    let reporting = async {
        posted.must_be_genuine()?;
        let report = posted.typed.read::<NewFailure>()?.report(keeper.0.person_id);
        let (db, policies) = (desk.app.db.through(keeper.0.door), desk.app.rules().policies);
        let wish = (policies, report);
        db.write_with(wish, move |tx, (policies, report)| Box::pin(use_cases::report(tx, policies, report.clone())))
            .await
    };
    let reported: Result<_> = reporting.await;
    match reported {
        Ok(failure) => redirect(&format!("{HERE}/{}?done=sop_reported", failure.ticket.id)),
        Err(error) => answer(&desk, &keeper, Some((&posted.typed, error))),
    }
}

fn answer(desk: &Desk, keeper: &Keeper, refused: Option<(&Typed, Error)>) -> Response {
    let words = desk.words();
    let own = keeper.0.department.clone().unwrap_or_default();
    let line = |name, most| Field::new(words, "text", name, most);
    let mut form = FormShown::new("report", format!("{HERE}/new"), words.w("sop.report"))
        .field(line("procedure", LONGEST_TEXT))
        .field(line("failure_type", LONGEST_TEXT).optional().hint(words.w("sop.type_hint")))
        .field(line("department", LONGEST_KEY).value(own).hint(words.w("sop.department_hint")))
        .field(Field::new(words, "textarea", "description", LONGEST_TEXT).optional())
        .field(line("reference", LONGEST_KEY).optional().hint(words.w("sop.reference_hint")));
    let mut status = StatusCode::OK;
    if let Some((typed, error)) = refused {
        status = problem::status(error.kind());
        form = form.refused(words, typed, &error);
    }
    let title = words.w("sop.report");
    let back = (HERE, words.w("tabs.sop_failures"));
    one_form(desk, status, title, back, form)
}
