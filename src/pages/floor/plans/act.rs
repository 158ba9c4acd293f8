//! One plan: what it says, noting that it was done, changing it, and giving it up.

use super::edit::{Facts, form};
use super::{HERE, Row, rows_of, today};
use crate::kit::rules;
use crate::kit::{Error, Result};
use crate::machines;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::{Field, FormShown, Outcome, refuse};
use crate::pages::posted::{Posted, Typed};
use crate::people::{Keeper, Seen};
use crate::plans::desk::{self as use_cases, Note};
use crate::plans::row;
use crate::web::form::missing;
use crate::web::{Fields, Form, read};
use askama::Template;
use axum::response::Response;

/// The most words, in characters, as the API has it.
const MAX_WORDS: usize = 20_000;

#[derive(Template)]
#[template(path = "plan.html")]
struct One {
    page: Page,
    row: Row,
    department: String,
    forms: Vec<FormShown>,
    refused: Option<String>,
}

/// That something was done, as it was typed.
struct Noted(Note);

impl Form for Noted {
    fn read(fields: &mut Fields) -> Option<Self> {
        let done_on = fields.optional("done_on", read::ruled(rules::day));
        let comment = fields.optional("comment", read::text(0..=MAX_WORDS));
        Some(Self(Note { done_on, comment: comment.filter(|comment| !comment.is_empty()) }))
    }
}

/// `GET /floor/plans/{id}`.
pub(super) async fn page(desk: Desk, Seen { keeper, record: plan }: Seen<row::Model>) -> Result<Response> {
    answer(&desk, &keeper, plan, None).await
}

/// `POST /floor/plans/{id}`.
pub(super) async fn change(
    desk: Desk,
    Seen { keeper, record: plan }: Seen<row::Model>,
    posted: Posted,
) -> Result<Response> {
    let changing = async {
        must_be_theirs(&desk, &keeper, &plan, &posted).await?;
        let facts: Facts = posted.typed.read()?;
        let machine = machines::named(desk.app.db.read(), &facts.machine).await?;
        keeper.must_answer_for(&machine.department)?;
        let (id, by, db) = (plan.id, keeper.0.person_id, desk.app.db.through(keeper.0.door));
        db.write_with(facts.changed(machine.id, &posted.typed), move |tx, wish| {
            Box::pin(use_cases::change(tx, id, wish, by))
        })
        .await
    };
    let outcome = changing.await.map(|_| ());
    lead_on(&desk, &keeper, plan, outcome, "saved", ("plan", &posted.typed)).await
}

/// `POST /floor/plans/{id}/done`.
pub(super) async fn done(
    desk: Desk,
    Seen { keeper, record: plan }: Seen<row::Model>,
    posted: Posted,
) -> Result<Response> {
    let noting = async {
        must_be_theirs(&desk, &keeper, &plan, &posted).await?;
        let Noted(note) = posted.typed.read()?;
        let (id, by, tz) = (plan.id, keeper.0.person_id, desk.app.settings.timezone);
        let db = desk.app.db.through(keeper.0.door);
        db.write_with(note, move |tx, note| Box::pin(use_cases::done(tx, id, note, tz, by))).await
    };
    let outcome = noting.await.map(|_| ());
    lead_on(&desk, &keeper, plan, outcome, "plan_done", ("done", &posted.typed)).await
}

/// `POST /floor/plans/{id}/delete`.
pub(super) async fn delete(
    desk: Desk,
    Seen { keeper, record: plan }: Seen<row::Model>,
    posted: Posted,
) -> Result<Response> {
    let deleting = async {
        must_be_theirs(&desk, &keeper, &plan, &posted).await?;
        let (id, by, db) = (plan.id, keeper.0.person_id, desk.app.db.through(keeper.0.door));
        db.write(move |tx| Box::pin(use_cases::delete(tx, id, by))).await
    };
    match deleting.await {
        Ok(()) => Ok(redirect(&format!("{HERE}?done=plan_deleted"))),
        Err(error) => answer(&desk, &keeper, plan, Some(("delete", &posted.typed, error))).await,
    }
}

/// Lets a form pass that is its sender's own, about a plan of a machine that they answer for.
async fn must_be_theirs(desk: &Desk, keeper: &Keeper, plan: &row::Model, posted: &Posted) -> Result<()> {
    posted.must_be_genuine()?;
    keeper.must_answer_for(&use_cases::department(desk.app.db.read(), plan.machine_id).await?)
}

/// To the plan as it is now; where nothing was done, with what was typed, and why.
async fn lead_on(
    desk: &Desk,
    keeper: &Keeper,
    plan: row::Model,
    outcome: Result<()>,
    done: &str,
    (form, typed): (&str, &Typed),
) -> Result<Response> {
    match outcome {
        Ok(()) => Ok(redirect(&format!("{HERE}/{}?done={done}", plan.id))),
        Err(error) => answer(desk, keeper, plan, Some((form, typed, error))).await,
    }
}

async fn answer(
    desk: &Desk,
    keeper: &Keeper,
    plan: row::Model,
    refused: Option<(&str, &Typed, Error)>,
) -> Result<Response> {
    let (words, conn) = (desk.words(), desk.app.db.read());
    let department = use_cases::department(conn, plan.machine_id).await?;
    let plan = use_cases::with_people(conn, vec![plan]).await?.pop().ok_or_else(|| missing("plan"))?;
    let mut forms = Vec::new();
    if keeper.answers_for(&department) {
        let to = |what: &str| format!("{HERE}/{}/{what}", plan.row.id);
        let done_on = Field::new(words, "date", "done_on", 0).value(today(desk).to_string());
        let comment = Field::new(words, "textarea", "comment", MAX_WORDS).optional();
        let done = FormShown::new("done", to("done"), words.w("plans.done"));
        forms.push(done.title(words.w("plans.done")).intro(words.w("plans.done_says")).field(done_on).field(comment));
        forms.push(form(desk, Some(&plan)).await?.title(words.w("plans.change")).tone("plain"));
        let delete = FormShown::new("delete", to("delete"), words.w("plans.delete"));
        forms.push(delete.title(words.w("plans.delete")).intro(words.w("plans.delete_says")).tone("danger"));
        for form in forms.iter_mut().skip(1) {
            form.is_open = false;
        }
    }
    let Outcome { status, why, .. } = refuse(words, &mut forms, refused);
    let row = rows_of(desk, vec![plan]).await?.pop().ok_or_else(|| missing("plan"))?;
    let title = format!("{} · {}", row.number, row.title);
    Ok(shown(status, &One { page: desk.page(title), row, department, forms, refused: why }))
}
