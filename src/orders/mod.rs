//! Orders: where they stand, and holding them while a defect is open.
//!
//! Everything works on sets with a fixed number of statements. What is held keeps the status it had, and gets it
//! back when its last hold is released.

pub mod api;
pub mod desk;
pub mod events;
pub mod listing;
pub mod model;
pub mod records;
mod store;
pub mod timeline;

pub use model::{Sla, Status};
pub use store::{hold_row, order_row as row};

use crate::db::{Tx, with_nearest};
use crate::kit::nearest::LookedUp;
use crate::kit::{Instant, Result};
use crate::outbox;
use chrono::NaiveDate;
use chrono_tz::Tz;
use events::{Held, Released};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How an order's number begins, for people who type only its digits.
const PREFIX: &str = "ORD-";

/// An order as another system or a person hands it in.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Its number, `ORD-12345`.
    pub number: String,
    /// Who ordered.
    pub customer: String,
    /// What is made.
    pub product: String,
    /// How many pieces were ordered.
    pub quantity_ordered: i64,
    /// How many good pieces are made.
    pub quantity_completed: i64,
    /// How many pieces were rejected.
    pub quantity_rejected: i64,
    /// The day on which work begins.
    pub starts_on: NaiveDate,
    /// The day at whose end it is due, in the plant's time zone.
    pub due_on: NaiveDate,
    /// Where it stands.
    pub status: Status,
}

/// A hold to lay on an order.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The order.
    pub order_id: i64,
    /// Its number.
    pub order: String,
    /// The ticket that holds it, and whose closing releases it; none where somebody holds it by hand.
    pub ticket_id: Option<i64>,
    /// Why.
    pub reason: String,
    /// Who reported it.
    pub held_by: Option<i64>,
}

/// The facts of the orders that exist, and the nearest numbers to those that do not.
///
/// **Shape**: `{number, customer, product, status: "IN_PROGRESS", progress: 75, expected: "2026-01-25",
/// sla: "ON_TRACK"}`; `progress` is in whole percent, `expected` the due day.
pub async fn look_up(conn: &impl ConnectionTrait, keys: &[String], now: Instant, tz: Tz) -> Result<LookedUp> {
    let rows = store::by_numbers(conn, keys).await?;
    let found = rows.into_iter().map(|row| (row.number.clone(), facts(&row, now, tz)));
    with_nearest::<row::Entity>(conn, row::Column::Number, PREFIX, keys, found).await
}

fn facts(row: &row::Model, now: Instant, tz: Tz) -> Value {
    let course = row.course();
    json!({
        "number": row.number,
        "customer": row.customer,
        "product": row.product,
        "status": row.status.as_str(),
        "progress": course.progress(),
        "expected": row.due_on.to_string(),
        "sla": course.sla(now, tz).as_str(),
    })
}

/// The order with this number.
pub async fn by_number(conn: &impl ConnectionTrait, number: &str) -> Result<Option<row::Model>> {
    Ok(store::by_numbers(conn, &[number.to_owned()]).await?.pop())
}

/// The orders with these numbers, by number.
pub async fn by_numbers(conn: &impl ConnectionTrait, numbers: &[String]) -> Result<HashMap<String, row::Model>> {
    let rows = store::by_numbers(conn, numbers).await?;
    Ok(rows.into_iter().map(|row| (row.number.clone(), row)).collect())
}

/// The orders with these numbers, locked in the order of their numbers until the transaction ends.
pub async fn by_numbers_locked(tx: &Tx, numbers: &[String]) -> Result<HashMap<String, row::Model>> {
    let rows = store::by_numbers_locked(tx, numbers).await?;
    Ok(rows.into_iter().map(|row| (row.number.clone(), row)).collect())
}

/// The orders with these rows, by row.
pub async fn by_ids(conn: &impl ConnectionTrait, ids: &BTreeSet<i64>) -> Result<HashMap<i64, row::Model>> {
    Ok(store::by_ids(conn, ids).await?.into_iter().map(|row| (row.id, row)).collect())
}

/// Lays holds on orders: each goes `ON_HOLD` and keeps the status it had; one on hold gets one hold more.
///
/// The orders are those that [`by_numbers_locked`] gave to this transaction, so they are not read again.
pub async fn hold(tx: &Tx, holds: &[Hold]) -> Result<()> {
    if holds.is_empty() {
        return Ok(());
    }
    let ids: HashSet<i64> = holds.iter().map(|hold| hold.order_id).collect();
    store::insert_holds(tx, holds).await?;
    store::put_on_hold(tx, &ids).await?;
    let events: Vec<Held> = holds
        .iter()
        .map(|hold| Held {
            ticket_id: hold.ticket_id,
            order_id: hold.order_id,
            order: hold.order.clone(),
            reason: hold.reason.clone(),
            held_by: hold.held_by,
        })
        .collect();
    outbox::append(tx, &events).await
}

/// Releases the holds of these tickets; an order with no other open hold gets back the status it had before.
///
/// An order that somebody put on hold by hand, without a ticket, stays on hold.
pub async fn release_for_tickets(tx: &Tx, ticket_ids: &[i64]) -> Result<()> {
    let open = store::open_holds_of_tickets(tx, ticket_ids).await?;
    if open.is_empty() {
        return Ok(());
    }
    let ids: HashSet<i64> = open.iter().map(|hold| hold.order_id).collect();
    // The orders are locked before the holds are counted: of two tickets that close at the same moment the
    // second must see that the first has let go.
    let orders = store::by_ids_locked(tx, &ids).await?;
    store::mark_released(tx, ticket_ids).await?;
    let still_held = store::still_held(tx.conn(), &ids).await?;
    let free: Vec<&row::Model> = orders
        .iter()
        .filter(|order| order.status == Status::OnHold && order.status_before_hold.is_some())
        .filter(|order| !still_held.contains(&order.id))
        .collect();
    store::give_back_status(tx, &free.iter().map(|order| order.id).collect()).await?;
    let last_ticket: HashMap<i64, Option<i64>> = open.iter().map(|hold| (hold.order_id, hold.ticket_id)).collect();
    let events: Vec<Released> = free
        .iter()
        .map(|order| Released {
            ticket_id: last_ticket.get(&order.id).copied().flatten(),
            order_id: order.id,
            order: order.number.clone(),
            status: order.status_before_hold,
            reason: None,
            released_by: None,
        })
        .collect();
    outbox::append(tx, &events).await
}

/// Adds the orders whose numbers are new and leaves the others untouched; answers how many were new.
pub async fn add(tx: &Tx, orders: &[NewOrder]) -> Result<usize> {
    let numbers: Vec<String> = orders.iter().map(|order| order.number.clone()).collect();
    let known: HashSet<String> =
        store::by_numbers_locked(tx, &numbers).await?.into_iter().map(|row| row.number).collect();
    let new: Vec<&NewOrder> = orders.iter().filter(|order| !known.contains(&order.number)).collect();
    store::insert(tx, &new).await?;
    Ok(new.len())
}

#[cfg(test)]
mod tests;
