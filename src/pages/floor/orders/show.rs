//! One order: how far it is, what holds it, its defects, what happened to it, and what can be done with it.

use super::history::{self, Line};
use super::{HERE, Row, forms, rows};
use crate::defects;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::orders::api::forms::OrderChange;
use crate::orders::{desk as use_cases, row};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::{FormShown, Outcome, refuse};
use crate::pages::posted::{Posted, Typed};
use crate::pages::tickets::Row as TicketRow;
use crate::people::Seen;
use crate::tickets::reading;
use crate::web::words::Why;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use std::collections::BTreeMap;

/// The most tickets of an order that are shown.
const MOST_TICKETS: u64 = 50;
/// The most holds that are.
const MOST_HOLDS: usize = 50;

#[derive(Template)]
#[template(path = "order.html")]
struct Order {
    page: Page,
    row: Row,
    facts: Vec<(String, String)>,
    /// What is to be known of what holds it.
    says: Option<String>,
    tickets: Vec<TicketRow>,
    /// What happened to it; none where that is not theirs to read.
    history: Option<Vec<Line>>,
    forms: Vec<FormShown>,
    refused: Option<String>,
}

/// `GET /floor/orders/{id}`.
pub(in crate::pages) async fn page(desk: Desk, seen: Seen<row::Model>) -> Result<Response> {
    whole(&desk, seen.record, None).await
}

async fn whole(desk: &Desk, order: row::Model, refused: Option<(&str, &Typed, Error)>) -> Result<Response> {
    let (words, conn) = (desk.words(), desk.app.db.read());
    let holds = use_cases::holds(conn, order.id).await?;
    let mut forms = forms::of_holds(words, &order, &holds);
    forms.push(forms::change(words, &order));
    let Outcome { status, why, .. } = refuse(words, &mut forms, refused);
    let tickets = defects::tickets_of(conn, order.id, MOST_TICKETS).await?;
    let mut tickets = reading::several(conn, &desk.viewer(), &tickets).await?;
    tickets.sort_by_key(|shown| std::cmp::Reverse(shown.row.id));
    let fact = |name: &str, value: String| (words.w(format!("field.{name}")), value);
    let facts = vec![
        fact("customer", order.customer.clone()),
        fact("product", order.product.clone()),
        fact("quantity_ordered", order.quantity_ordered.to_string()),
        fact("quantity_completed", order.quantity_completed.to_string()),
        fact("quantity_rejected", order.quantity_rejected.to_string()),
        fact("starts_on", order.starts_on.to_string()),
        fact("due_on", order.due_on.to_string()),
    ];
    let says = forms::says_of_holds(words, &order, &holds);
    let history = history::of(desk, order.id).await?;
    let title = order.number.clone();
    let mut row = rows(desk, vec![order]).await?.pop().ok_or_else(|| Error::internal("an order is not shown"))?;
    row.limit_holds(MOST_HOLDS);
    let viewer = desk.viewer();
    let page = Order {
        page: desk.page(title),
        row,
        facts,
        says,
        tickets: tickets.into_iter().map(|shown| TicketRow::of(desk, &viewer, shown)).collect(),
        history,
        forms,
        refused: why,
    };
    Ok(shown(status, &page))
}

/// `POST /floor/orders/{id}`.
pub(in crate::pages) async fn change(desk: Desk, seen: Seen<row::Model>, posted: Posted) -> Result<Response> {
    let (actor, order) = (desk.actor(), seen.record);
    let (door, by) = (actor.door, actor.person_id);
    let changing = async {
        posted.must_be_genuine()?;
        let record = forms::changed(&posted.typed)?.read::<OrderChange>()?.record(order.number.clone());
        let db = desk.app.db.through(door);
        db.write_with(record, move |tx, record| Box::pin(use_cases::change(tx, record, by))).await
    };
    match changing.await {
        Ok(order) => Ok(redirect(&format!("{HERE}/{}?done=saved", order.id))),
        Err(error) => whole(&desk, order, Some(("change", &posted.typed, error))).await,
    }
}

/// `POST /floor/orders/{id}/{act}`: hold it, or let it go.
pub(in crate::pages) async fn act(
    desk: Desk,
    seen: Seen<row::Model>,
    Path(path): Path<BTreeMap<String, String>>,
    posted: Posted,
) -> Result<Response> {
    let (order, act) = (seen.record, path.get("act").map(String::as_str).unwrap_or_default());
    match done(&desk, order.id, act, &posted).await {
        Ok(done) => Ok(redirect(&format!("{HERE}/{}?done={done}", order.id))),
        Err(error) if error.kind() == Kind::NotFound => Err(error),
        Err(error) => whole(&desk, order, Some((act, &posted.typed, error))).await,
    }
}

async fn done(desk: &Desk, id: i64, act: &str, posted: &Posted) -> Result<&'static str> {
    if !["hold", "release"].contains(&act) {
        return Err(forms::no_such_action());
    }
    posted.must_be_genuine()?;
    let Why { reason } = posted.typed.read()?;
    let (db, by) = (desk.app.db.through(desk.actor().door), desk.actor().person_id);
    if act == "hold" {
        db.write_with(reason, move |tx, reason| Box::pin(use_cases::hold(tx, id, reason, by))).await?;
        return Ok("order_held");
    }
    db.write_with(reason, move |tx, reason| Box::pin(use_cases::release(tx, id, reason, by))).await?;
    Ok("order_released")
}
