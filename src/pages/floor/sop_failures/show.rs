//! One SOP failure: what was not kept, its clock, its history, and what its reader may decide now.

use super::HERE;
use crate::kit::rules::{LONGEST_KEY, LONGEST_TEXT};
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown as answer};
use crate::pages::form::{Field, FormShown, Outcome, refuse};
use crate::pages::posted::Typed;
use crate::pages::tickets::{Deadline, Done, deadlines, done, forms as ticket_forms};
use crate::people::{Keeper, Seen};
use crate::sop_failures::desk::{self as use_cases, Failure};
use crate::sop_failures::row;
use crate::tickets::life_cycle::{MAX_WORDS, check};
use crate::tickets::reading::{self, Shown, Whole};
use crate::tickets::{Verb, Viewer};
use crate::web::form::missing;
use askama::Template;
use axum::response::Response;

/// What is decided here; the rest is on the ticket's page.
const DECISIONS: [Verb; 5] = [Verb::Open, Verb::Assign, Verb::Approve, Verb::Reject, Verb::Cancel];

#[derive(Template)]
#[template(path = "sop_failure.html")]
struct One {
    page: Page,
    id: i64,
    reference: String,
    facts: row::Model,
    description: String,
    status: &'static str,
    status_name: String,
    deadlines: Vec<Deadline>,
    reported_by: Option<String>,
    reported: String,
    holders: String,
    escalated: Option<String>,
    is_escalated: bool,
    forms: Vec<FormShown>,
    history: Vec<Done>,
    refused: Option<String>,
    /// What was typed, where there is no form for it any more.
    kept: Option<String>,
}

/// `GET /floor/sop-failures/{id}`.
pub(super) async fn page(desk: Desk, Seen { keeper, record: failure }: Seen<Failure>) -> Result<Response> {
    failure_page(&desk, &keeper, failure, None).await
}

/// The same after something was refused, as it is now: with what was typed, and why.
pub(super) async fn refused(desk: &Desk, keeper: &Keeper, id: i64, why: (&str, &Typed, Error)) -> Result<Response> {
    let failure = use_cases::by_id(desk.app.db.read(), id).await?.ok_or_else(|| missing("SOP failure"))?;
    failure_page(desk, keeper, failure, Some(why)).await
}

async fn failure_page(
    desk: &Desk,
    keeper: &Keeper,
    failure: Failure,
    refused: Option<(&str, &Typed, Error)>,
) -> Result<Response> {
    let (words, now, viewer, conn) = (desk.words(), desk.now, desk.viewer(), desk.app.db.read());
    let Failure { ticket, facts, reported_by } = failure;
    let id = ticket.id;
    let shown = reading::one(conn, id).await?.ok_or_else(|| missing("SOP failure"))?;
    let mut forms = forms(desk, keeper, &viewer, &shown, &facts).await?;
    let Outcome { status, why, kept } = refuse(words, &mut forms, refused);
    let holders: Vec<String> = shown.holders.iter().filter_map(|holder| holder.name.clone()).collect();
    let deadlines = deadlines(desk, &shown);
    let Whole { history, .. } = reading::with_history(conn, shown).await?;
    let page = One {
        page: desk.page(format!("{} · {}", ticket.reference, facts.procedure)),
        id,
        status: ticket.status.as_str(),
        status_name: words.w(format!("status.{}", ticket.status.as_str())),
        deadlines,
        reported_by,
        reported: words.when(ticket.created_at, now).html(),
        holders: holders.join(", "),
        is_escalated: facts.escalation_level > 0,
        escalated: facts.escalated_at.map(|at| words.when(at, now).html()),
        forms,
        history: history.into_iter().map(|line| done(words, now, line)).collect(),
        refused: why,
        kept,
        reference: ticket.reference,
        description: ticket.description,
        facts,
    };
    Ok(answer(status, &page))
}

/// What this person may do to the failure now.
async fn forms(
    desk: &Desk,
    keeper: &Keeper,
    viewer: &Viewer,
    shown: &Shown,
    facts: &row::Model,
) -> Result<Vec<FormShown>> {
    let (words, id) = (desk.words(), shown.row.id);
    let is_here = |form: &FormShown| DECISIONS.iter().any(|verb| verb.as_str() == form.id);
    let all = ticket_forms(desk, viewer, shown).await?.into_iter().filter(is_here);
    let mut forms: Vec<FormShown> =
        all.map(|form| FormShown { action: format!("{HERE}/{id}/{}", form.id), ..form }).collect();
    if check(&shown.ticket(), viewer, Verb::Edit).is_err() || !keeper.answers_for(&facts.department) {
        return Ok(forms);
    }
    if facts.escalation_level == 0 {
        let mut form = FormShown::new("escalate", format!("{HERE}/{id}/escalate"), words.w("sop.escalate"))
            .title(words.w("sop.escalate"))
            .intro(words.w("sop.escalate_says"))
            .field(Field::new(words, "textarea", "reason", MAX_WORDS));
        form.is_open = false;
        forms.push(form);
    }
    let text = |name, value: &str| Field::new(words, "text", name, LONGEST_TEXT).value(value);
    let mut form = FormShown::new("correct", format!("{HERE}/{id}/correct"), words.w("save"))
        .title(words.w("sop.correct"))
        .tone("plain")
        .field(text("procedure", &facts.procedure))
        .field(text("failure_type", &facts.failure_type).optional());
    if desk.actor().is_admin() {
        form = form.field(Field::new(words, "text", "department", LONGEST_KEY).value(&facts.department));
    }
    let description = Field::new(words, "textarea", "description", LONGEST_TEXT).optional();
    let mut form = form.field(description.value(&shown.row.description)).remembering();
    form.is_open = false;
    forms.push(form);
    Ok(forms)
}
