//! The form of a plan, empty or as it is, and taking one in.

use super::super::crew;
use super::{HERE, today};
use crate::kit::rules::{self, LONGEST_KEY, LONGEST_TEXT};
use crate::kit::{Error, Result};
use crate::machines;
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::one_form::one_form;
use crate::pages::posted::{Posted, Typed};
use crate::people::Keeper;
use crate::plans::model::MOST_DAYS;
use crate::plans::records::Wish;
use crate::plans::{Plan, desk as use_cases};
use crate::web::{Fields, Form, problem, read};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// A plan as it was typed; what is emptied is taken away.
pub(super) struct Facts {
    /// None where it has one already, which stays.
    number: Option<String>,
    pub(super) machine: String,
    title: String,
    instructions: String,
    every_days: i32,
    next_on: NaiveDate,
    responsible: Vec<i64>,
}

impl Form for Facts {
    fn read(fields: &mut Fields) -> Option<Self> {
        let number = fields.optional("number", read::ruled(rules::key));
        let machine = fields.required("machine", read::ruled(rules::key));
        let title = fields.required("title", read::ruled(rules::filled(rules::name)));
        let instructions = fields.optional("instructions", read::ruled(rules::text)).unwrap_or_default();
        let every_days = fields.required("every_days", read::whole(1..=MOST_DAYS));
        let next_on = fields.required("next_on", read::ruled(rules::day));
        let responsible = fields.optional("responsible", read::ids).unwrap_or_default();
        Some(Self {
            number,
            machine: machine?,
            title: title?,
            instructions,
            every_days: i32::try_from(every_days?).ok()?,
            next_on: next_on?,
            responsible,
        })
    }
}

impl Facts {
    pub(super) fn wish(self, machine_id: i64) -> Wish {
        Wish {
            machine_id: Some(machine_id),
            title: Some(self.title),
            instructions: Some(self.instructions),
            every_days: Some(self.every_days),
            next_on: Some(self.next_on),
            responsible: Some(self.responsible),
        }
    }

    /// What somebody changed in the form, and nothing that they only saw: whatever others changed meanwhile stays.
    pub(super) fn changed(self, machine_id: i64, typed: &Typed) -> Wish {
        let whole = self.wish(machine_id);
        Wish {
            machine_id: whole.machine_id.filter(|_| typed.is_changed("machine")),
            title: whole.title.filter(|_| typed.is_changed("title")),
            instructions: whole.instructions.filter(|_| typed.is_changed("instructions")),
            every_days: whole.every_days.filter(|_| typed.is_changed("every_days")),
            next_on: whole.next_on.filter(|_| typed.is_changed("next_on")),
            responsible: whole.responsible.filter(|_| typed.is_changed("responsible")),
        }
    }
}

/// `GET /floor/plans/new`.
pub(super) async fn adding(desk: Desk, _: Keeper) -> Result<Response> {
    answer(&desk, None).await
}

/// `POST /floor/plans/new`.
pub(super) async fn add(desk: Desk, keeper: Keeper, posted: Posted) -> Result<Response> {
    match added(&desk, &keeper, &posted).await {
        Ok(plan) => Ok(redirect(&format!("{HERE}/{}?done=saved", plan.row.id))),
        Err(error) => answer(&desk, Some((&posted.typed, error))).await,
    }
}

async fn added(desk: &Desk, keeper: &Keeper, posted: &Posted) -> Result<Plan> {
    posted.must_be_genuine()?;
    let facts: Facts = posted.typed.read()?;
    let number = facts.number.clone().ok_or_else(|| Error::field("number", "is missing"))?;
    let machine = machines::named(desk.app.db.read(), &facts.machine).await?;
    keeper.must_answer_for(&machine.department)?;
    let by = keeper.0.person_id;
    let db = desk.app.db.through(keeper.0.door);
    let adding = db.write_with((number, facts.wish(machine.id)), move |tx, (number, wish)| {
        Box::pin(use_cases::create(tx, number, wish, by))
    });
    adding.await
}

async fn answer(desk: &Desk, refused: Option<(&Typed, Error)>) -> Result<Response> {
    let words = desk.words();
    let mut form = form(desk, None).await?;
    let mut status = StatusCode::OK;
    if let Some((typed, error)) = refused {
        status = problem::status(error.kind());
        form = form.refused(words, typed, &error);
    }
    let title = words.w("plans.add");
    let back = (HERE, words.w("tabs.plans"));
    Ok(one_form(desk, status, title, back, form))
}

/// The form of a plan as it is, or of a new one.
pub(super) async fn form(desk: &Desk, plan: Option<&Plan>) -> Result<FormShown> {
    let words = desk.words();
    let row = plan.map(|plan| &plan.row);
    let machine = match row {
        Some(row) => {
            machines::by_ids(desk.app.db.read(), &BTreeSet::from([row.machine_id])).await?.remove(&row.machine_id)
        }
        None => None,
    };
    let chosen = plan.map(|plan| plan.people.clone()).unwrap_or_default();
    let people = crew::choices(desk, &chosen).await?;
    let chosen: Vec<String> = chosen.iter().map(i64::to_string).collect();
    let text = |name, most, value: Option<&String>| {
        Field::new(words, "text", name, most).value(value.cloned().unwrap_or_default())
    };
    let (to, submit) = match row {
        Some(row) => (format!("{HERE}/{}", row.id), words.w("save")),
        None => (format!("{HERE}/new"), words.w("plans.add")),
    };
    let mut form = FormShown::new("plan", to, submit);
    if row.is_none() {
        form = form.field(text("number", LONGEST_KEY, None).hint(words.w("plans.number_hint")));
    }
    let next_on = row.map_or_else(|| today(desk), |row| row.next_on);
    let instructions = row.map(|row| row.instructions.clone()).unwrap_or_default();
    let every_days = row.map(|row| row.every_days.to_string()).unwrap_or_default();
    let responsible = Field::new(words, "checks", "responsible", 0).value(chosen.join(","));
    form = form
        .field(text("machine", LONGEST_KEY, machine.as_ref().map(|machine| &machine.number)))
        .field(text("title", LONGEST_KEY, row.map(|row| &row.title)))
        .field(Field::new(words, "textarea", "instructions", LONGEST_TEXT).optional().value(instructions))
        .field(Field::new(words, "number", "every_days", 0).value(every_days))
        .field(Field::new(words, "date", "next_on", 0).value(next_on.to_string()))
        .field(responsible.choices(people).hint(words.w("plans.responsible_hint")));
    Ok(if row.is_some() { form.remembering() } else { form })
}
