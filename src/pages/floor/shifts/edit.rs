//! Planning a shift, changing it, and taking it off the plan.

use super::super::crew;
use super::HERE;
use crate::kit::rules::{self, LONGEST_KEY, LONGEST_TEXT};
use crate::kit::{Error, Instant, Result};
use crate::machines;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::{Field, FormShown, Outcome, refuse};
use crate::pages::posted::{Posted, Typed};
use crate::pages::tickets::in_utc;
use crate::people::{Keeper, Seen};
use crate::shifts::desk::{self as use_cases, Change, New};
use crate::shifts::row;
use crate::web::{Fields, Form, Said, read};
use askama::Template;
use axum::response::Response;
use std::collections::BTreeSet;

/// A shift as it was typed; what is emptied is taken away.
struct Facts {
    person_id: i64,
    starts_at: Instant,
    machine: Option<String>,
    note: String,
}

impl Form for Facts {
    fn read(fields: &mut Fields) -> Option<Self> {
        let person = fields.required("person", read::id);
        let starts_at = fields.required("starts_at", read::instant);
        let machine = fields.optional("machine", read::ruled(rules::key));
        let note = fields.optional("note", read::ruled(rules::text)).unwrap_or_default();
        Some(Self { person_id: person?, starts_at: starts_at?, machine, note })
    }
}

#[derive(Template)]
#[template(path = "floor_forms.html")]
struct Editing {
    page: Page,
    title: String,
    back: (String, String),
    forms: Vec<FormShown>,
    refused: Option<String>,
}

/// `GET /floor/shifts/new`.
pub(super) async fn adding(desk: Desk, _: Keeper) -> Result<Response> {
    answer(&desk, None, None).await
}

/// `POST /floor/shifts/new`.
pub(super) async fn add(desk: Desk, keeper: Keeper, posted: Posted) -> Result<Response> {
    let adding = async {
        let Facts { person_id, starts_at, machine, note } = facts(&desk, &posted)?;
        let (new, by) = (New { person_id, starts_at, machine, note }, keeper.0.person_id);
        let db = desk.app.db.through(keeper.0.door);
        db.write_with(new, move |tx, new| Box::pin(use_cases::create(tx, new, by))).await
    };
    match adding.await {
        Ok(_) => Ok(redirect(&format!("{HERE}?done=shift_added"))),
        Err(error) => answer(&desk, None, Some(("shift", &posted.typed, error))).await,
    }
}

/// `GET /floor/shifts/{id}`.
pub(super) async fn page(desk: Desk, Seen { record: shift, .. }: Seen<row::Model>) -> Result<Response> {
    answer(&desk, Some(shift), None).await
}

/// `POST /floor/shifts/{id}`.
pub(super) async fn change(
    desk: Desk,
    Seen { keeper, record: shift }: Seen<row::Model>,
    posted: Posted,
) -> Result<Response> {
    let changing = async {
        let Facts { person_id, starts_at, machine, note } = facts(&desk, &posted)?;
        let is_changed = |field| posted.typed.is_changed(field);
        let machine = machine.map_or(Said::Null, Said::Is);
        let change = Change {
            person_id: is_changed("person").then_some(person_id),
            starts_at: is_changed("starts_at").then_some(starts_at),
            machine: if is_changed("machine") { machine } else { Said::Nothing },
            note: is_changed("note").then_some(note),
        };
        let (id, by, db) = (shift.id, keeper.0.person_id, desk.app.db.through(keeper.0.door));
        db.write_with(change, move |tx, change| Box::pin(use_cases::change(tx, id, change, by))).await
    };
    match changing.await {
        Ok(_) => Ok(redirect(&format!("{HERE}?done=saved"))),
        Err(error) => answer(&desk, Some(shift), Some(("shift", &posted.typed, error))).await,
    }
}

/// `POST /floor/shifts/{id}/delete`.
pub(super) async fn delete(
    desk: Desk,
    Seen { keeper, record: shift }: Seen<row::Model>,
    posted: Posted,
) -> Result<Response> {
    let deleting = async {
        posted.must_be_genuine()?;
        let (id, by, db) = (shift.id, keeper.0.person_id, desk.app.db.through(keeper.0.door));
        db.write(move |tx| Box::pin(use_cases::delete(tx, id, by))).await
    };
    match deleting.await {
        Ok(()) => Ok(redirect(&format!("{HERE}?done=shift_deleted"))),
        Err(error) => answer(&desk, Some(shift), Some(("delete", &posted.typed, error))).await,
    }
}

/// What was typed. A browser sends the time that stands on the plant's wall.
fn facts(desk: &Desk, posted: &Posted) -> Result<Facts> {
    posted.must_be_genuine()?;
    in_utc(posted.typed.clone(), &["starts_at"], desk.app.settings.timezone).read()
}

async fn answer(desk: &Desk, shift: Option<row::Model>, refused: Option<(&str, &Typed, Error)>) -> Result<Response> {
    let words = desk.words();
    let mut forms = vec![form(desk, shift.as_ref()).await?];
    if let Some(shift) = &shift {
        let delete = FormShown::new("delete", format!("{HERE}/{}/delete", shift.id), words.w("shifts.delete"));
        forms.push(delete.intro(words.w("shifts.delete_says")).tone("danger"));
    }
    let Outcome { status, why, .. } = refuse(words, &mut forms, refused);
    let title = words.w(if shift.is_some() { "shifts.change" } else { "shifts.add" });
    let back = (HERE.to_owned(), words.w("tabs.shifts"));
    Ok(shown(status, &Editing { page: desk.page(title.clone()), title, back, forms, refused: why }))
}

async fn form(desk: &Desk, shift: Option<&row::Model>) -> Result<FormShown> {
    let (words, tz) = (desk.words(), desk.app.settings.timezone);
    let chosen: Vec<i64> = shift.iter().map(|shift| shift.person_id).collect();
    let people = crew::choices(desk, &chosen).await?;
    let machine = match shift.and_then(|shift| shift.machine_id) {
        Some(id) => machines::by_ids(desk.app.db.read(), &BTreeSet::from([id])).await?.remove(&id),
        None => None,
    };
    let starts = shift.map(|shift| shift.starts_at.with_timezone(&tz).format("%Y-%m-%dT%H:%M").to_string());
    let to = shift.map_or_else(|| format!("{HERE}/new"), |shift| format!("{HERE}/{}", shift.id));
    let submit = words.w(if shift.is_some() { "save" } else { "shifts.submit" });
    let person = Field::new(words, "select", "person", 0).value(chosen.first().map(i64::to_string).unwrap_or_default());
    let number = machine.map(|machine| machine.number).unwrap_or_default();
    let note = shift.map(|shift| shift.note.clone()).unwrap_or_default();
    let form = FormShown::new("shift", to, submit)
        .field(person.choices(people))
        .field(Field::new(words, "datetime-local", "starts_at", 0).value(starts.unwrap_or_default()))
        .field(
            Field::new(words, "text", "machine", LONGEST_KEY)
                .optional()
                .value(number)
                .hint(words.w("shifts.machine_hint")),
        )
        .field(Field::new(words, "textarea", "note", LONGEST_TEXT).optional().value(note));
    Ok(if shift.is_some() { form.remembering() } else { form })
}
