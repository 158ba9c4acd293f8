//! Forms of orders: a new one, changing one, holding it and letting it go.

use super::HERE;
use crate::kit::{Error, Result};
use crate::orders::api::forms::NewOrder;
use crate::orders::{Status, desk as use_cases, hold_row, row};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::one_form::one_form;
use crate::pages::posted::{Posted, Typed};
use crate::pages::words::Words;
use crate::people::Keeper;
use crate::web::problem;
use axum::http::StatusCode;
use axum::response::Response;

/// The longest number, in characters.
const MAX_NUMBER: usize = 255;
/// The longest customer, product and reason, in characters.
const MAX_TEXT: usize = 20_000;
/// What can be changed of an order and may not be emptied.
const NEEDED: [&str; 7] =
    ["customer", "product", "quantity_ordered", "quantity_completed", "quantity_rejected", "starts_on", "due_on"];

/// `GET /floor/orders/new`.
pub(in crate::pages) async fn adding(desk: Desk, _: Keeper) -> Result<Response> {
    Ok(answer(&desk, StatusCode::OK, empty(desk.words())))
}

/// `POST /floor/orders/new`.
pub(in crate::pages) async fn add(desk: Desk, Keeper(actor): Keeper, posted: Posted) -> Result<Response> {
    let adding = async {
        posted.must_be_genuine()?;
        let record = posted.typed.read::<NewOrder>()?.record();
        let db = desk.app.db.through(actor.door);
        db.write_with(record, move |tx, record| Box::pin(use_cases::create(tx, record, actor.person_id))).await
    };
    match adding.await {
        Ok(order) => Ok(redirect(&format!("{HERE}/{}?done=saved", order.id))),
        Err(error) => {
            let form = empty(desk.words()).refused(desk.words(), &posted.typed, &error);
            Ok(answer(&desk, problem::status(error.kind()), form))
        }
    }
}

fn answer(desk: &Desk, status: StatusCode, form: FormShown) -> Response {
    let words = desk.words();
    one_form(desk, status, words.w("order.add"), (HERE, words.w("tabs.orders")), form)
}

fn empty(words: &Words) -> FormShown {
    let form = FormShown::new("order", format!("{HERE}/new"), words.w("order.add"));
    let form = form.field(Field::new(words, "text", "number", MAX_NUMBER));
    facts(words, form, None)
}

/// What may be changed of this order now, besides what holds it.
pub(super) fn change(words: &Words, order: &row::Model) -> FormShown {
    let mut form = FormShown::new("change", format!("{HERE}/{}", order.id), words.w("save"));
    form = facts(words, form.title(words.w("order.change")).tone("plain"), Some(order));
    form.is_open = false;
    form.remembering()
}

/// What somebody changed in the form, and nothing that they only saw: whatever others changed meanwhile stays.
///
/// # Errors
/// What may not be emptied, and is.
pub(super) fn changed(typed: &Typed) -> Result<Typed> {
    typed.must_not_be_blank(&NEEDED)?;
    let unchanged = NEEDED.into_iter().chain(["status"]).filter(|name| !typed.is_changed(name));
    Ok(unchanged.fold(typed.clone(), |only, name| only.with(name, String::new())))
}

/// The fields of an order, as they are or empty.
fn facts(words: &Words, form: FormShown, order: Option<&row::Model>) -> FormShown {
    let text = |name, value: Option<&String>| {
        Field::new(words, "text", name, MAX_TEXT).value(value.cloned().unwrap_or_default())
    };
    let number = |name, value: Option<i64>| {
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        Field::new(words, "number", name, 0).value(value)
    };
    let day = |name, value: Option<chrono::NaiveDate>| {
        Field::new(words, "date", name, 0).value(value.map(|day| day.to_string()).unwrap_or_default())
    };
    let optional = |field: Field| if order.is_none() { field.optional() } else { field };
    form.field(text("customer", order.map(|order| &order.customer)))
        .field(text("product", order.map(|order| &order.product)))
        .field(number("quantity_ordered", order.map(|order| order.quantity_ordered)))
        .field(optional(number("quantity_completed", order.map(|order| order.quantity_completed))))
        .field(optional(number("quantity_rejected", order.map(|order| order.quantity_rejected))))
        .field(day("starts_on", order.map(|order| order.starts_on)))
        .field(day("due_on", order.map(|order| order.due_on)))
        .field(status(words, order))
}

/// Where it stands; of one that is on hold, where it will stand when it is released.
fn status(words: &Words, order: Option<&row::Model>) -> Field {
    let held = order.filter(|order| order.status == Status::OnHold);
    let value = match (order, held) {
        (_, Some(held)) => held.status_before_hold,
        (Some(order), None) => Some(order.status),
        (None, None) => Some(Status::Pending),
    };
    let mut choices: Vec<(String, String)> = Vec::new();
    if value.is_none() {
        choices.push((String::new(), words.w("order.status.ON_HOLD")));
    }
    let named = |status: Status| (status.as_str().to_owned(), words.w(format!("order.status.{}", status.as_str())));
    choices.extend(Status::ALL.into_iter().filter(|status| *status != Status::OnHold).map(named));
    let field = Field::new(words, "select", "status", 0).called(words.w("fact.status"));
    let field = field.value(value.map(Status::as_str).unwrap_or_default()).choices(choices);
    if held.is_some() { field.called(words.w("order.status_after")) } else { field }
}

/// The forms of what holds it: those that are possible now.
pub(super) fn of_holds(words: &Words, order: &row::Model, holds: &[hold_row::Model]) -> Vec<FormShown> {
    let is_by_hand = holds.iter().any(|hold| hold.ticket_id.is_none());
    // One that came on hold can be released where it is known where it stood.
    let may_release = is_by_hand || (order.status == Status::OnHold && holds.is_empty());
    let may_hold = !is_by_hand && order.status != Status::Cancelled;
    let reason = || Field::new(words, "textarea", "reason", MAX_TEXT);
    let form = |name: &'static str| {
        let form = FormShown::new(name, format!("{HERE}/{}/{name}", order.id), words.w(format!("order.{name}")));
        form.title(words.w(format!("order.{name}"))).field(reason())
    };
    let mut forms = Vec::new();
    if may_release && order.status_before_hold.is_some() {
        forms.push(form("release"));
    }
    if may_hold {
        let mut hold = form("hold").tone("danger").intro(words.w("order.hold_says"));
        hold.is_open = false;
        forms.push(hold);
    }
    forms
}

/// An order that was on hold when it came has to be told where it stands.
pub(super) fn says_of_holds(words: &Words, order: &row::Model, holds: &[hold_row::Model]) -> Option<String> {
    let is_unknown = order.status == Status::OnHold && order.status_before_hold.is_none() && holds.is_empty();
    is_unknown.then(|| words.w("order.came_on_hold"))
}

/// Refuses an action that there is not.
pub(super) fn no_such_action() -> Error {
    Error::not_found("There is no such action.")
}
