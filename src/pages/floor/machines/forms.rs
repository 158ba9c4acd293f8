//! Forms of machines: a new one, and changing one. An admin changes all, a supervisor those of their department.

use super::HERE;
use crate::kit::earth::Spot;
use crate::kit::{Result, rules};
use crate::machines::records::{Position, Record};
use crate::machines::{desk as use_cases, row};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::one_form::one_form;
use crate::pages::posted::{Posted, Typed};
use crate::people::Keeper;
use crate::web::{Fields, Form, problem, read};
use axum::http::StatusCode;
use axum::response::Response;

/// The longest number and department, in characters.
const MAX_KEY: usize = 255;
/// The longest name and location, in characters.
const MAX_TEXT: usize = 20_000;
/// A machine as the form has it.
struct Said {
    /// None where the form does not ask.
    number: Option<String>,
    name: String,
    location: String,
    department: String,
    spot: Option<Spot>,
}

impl Form for Said {
    fn read(fields: &mut Fields) -> Option<Self> {
        let number = fields.optional("number", read::ruled(rules::key));
        let name = fields.required("name", read::ruled(rules::filled(rules::text)));
        let location = fields.optional("location", read::ruled(rules::text)).unwrap_or_default();
        let department = fields.required("department", read::ruled(rules::filled(rules::name)));
        let latitude = fields.optional("latitude", read::ruled(rules::latitude));
        let longitude = fields.optional("longitude", read::ruled(rules::longitude));
        let spot = match (latitude, longitude) {
            (Some(latitude), Some(longitude)) => Some(Spot { latitude, longitude }),
            (Some(_), None) if !fields.has("longitude") => {
                fields.wrong("longitude", "is missing");
                None
            }
            (None, Some(_)) if !fields.has("latitude") => {
                fields.wrong("latitude", "is missing");
                None
            }
            _ => None,
        };
        Some(Self { number, name: name?, location, department: department?, spot })
    }
}

/// `GET /floor/machines/new`.
pub(in crate::pages) async fn adding(desk: Desk, keeper: Keeper) -> Result<Response> {
    Ok(answer(&desk, StatusCode::OK, empty(&desk, &keeper)))
}

/// `POST /floor/machines/new`.
pub(in crate::pages) async fn add(desk: Desk, keeper: Keeper, posted: Posted) -> Result<Response> {
    let adding = async {
        posted.must_be_genuine()?;
        let Said { number, name, location, department, spot } = posted.typed.read()?;
        let number = number.ok_or_else(|| crate::kit::Error::field("number", "is missing"))?;
        keeper.must_answer_for(&department)?;
        let (name, location, department) = (Some(name), Some(location), Some(department));
        let record = Record { number, name, location, department, position: Some(spot.into()) };
        let (db, by) = (desk.app.db.through(keeper.0.door), keeper.0.person_id);
        db.write_with(record, move |tx, record| Box::pin(use_cases::create(tx, record, by))).await
    };
    match adding.await {
        Ok(machine) => Ok(redirect(&format!("{HERE}/{}?done=saved", machine.id))),
        Err(error) => {
            let form = empty(&desk, &keeper).refused(desk.words(), &posted.typed, &error);
            Ok(answer(&desk, problem::status(error.kind()), form))
        }
    }
}

fn answer(desk: &Desk, status: StatusCode, form: FormShown) -> Response {
    let words = desk.words();
    one_form(desk, status, words.w("machine.add"), (HERE, words.w("tabs.machines")), form)
}

fn empty(desk: &Desk, keeper: &Keeper) -> FormShown {
    let words = desk.words();
    let form = FormShown::new("machine", format!("{HERE}/new"), words.w("machine.add"));
    let mut form = facts(desk, form.field(Field::new(words, "text", "number", MAX_KEY)), None);
    // A supervisor takes in machines of their own department.
    if let Some(field) = form.fields.iter_mut().find(|field| field.name == "department") {
        field.value = keeper.0.department.clone().unwrap_or_default();
    }
    form
}

/// What may be changed of this machine.
pub(super) fn change(desk: &Desk, machine: &row::Model) -> FormShown {
    let words = desk.words();
    let form = FormShown::new("change", format!("{HERE}/{}", machine.id), words.w("save"));
    let mut form = facts(desk, form.title(words.w("machine.change")).tone("plain"), Some(machine));
    form.is_open = false;
    form.remembering()
}

/// What somebody changed in the form, and nothing that they only saw: whatever others changed meanwhile stays.
///
/// # Errors
/// What is wrong with it.
pub(super) fn changed(typed: &Typed, number: String) -> Result<Record> {
    let Said { name, location, department, spot, .. } = typed.read()?;
    let is_changed = |field| typed.is_changed(field);
    let is_moved = is_changed("latitude") || is_changed("longitude");
    Ok(Record {
        number,
        name: is_changed("name").then_some(name),
        location: is_changed("location").then_some(location),
        department: is_changed("department").then_some(department),
        position: is_moved.then(|| Position::from(spot)),
    })
}

/// The fields of a machine, as they are or empty.
fn facts(desk: &Desk, form: FormShown, machine: Option<&row::Model>) -> FormShown {
    let words = desk.words();
    let text = |name, most, value: Option<&String>| {
        Field::new(words, "text", name, most).value(value.cloned().unwrap_or_default())
    };
    let degrees = machine.and_then(row::Model::spot).map(crate::kit::earth::Spot::degrees);
    let degree = |name, value: Option<f64>| {
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        Field::new(words, "text", name, 16).optional().value(value)
    };
    form.field(text("name", MAX_TEXT, machine.map(|machine| &machine.name)))
        .field(text("location", MAX_TEXT, machine.map(|machine| &machine.location)).optional())
        .field(text("department", MAX_KEY, machine.map(|machine| &machine.department)))
        .field(degree("latitude", degrees.map(|(latitude, _)| latitude)).hint(words.w("machine.place_says")))
        .field(degree("longitude", degrees.map(|(_, longitude)| longitude)))
}
