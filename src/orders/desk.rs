//! What the desk does with orders: finding them, taking one in, changing it, holding it and letting it go.
//!
//! What an order must be is said in [`super::records`], for files and people alike. A hold by hand lasts until it is
//! released by hand; one that a ticket laid, until the ticket is closed.

use super::events::{Created, HoldReleased, Released};
use super::model::Status;
use super::records::{self, Record, decision};
use super::{Hold, hold_row, row, store};
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::outbox;
use crate::web::page::Part;
use sea_orm::ConnectionTrait;
use std::collections::HashSet;

/// Which orders are asked for; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words that are all in the number, the customer or the product.
    pub words: Option<String>,
    /// The number.
    pub number: Option<String>,
    /// Where it stands.
    pub status: Option<Status>,
}

/// Why something is not possible with an order as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The number is taken.
    #[error("There is an order {0} already. Change that one, or check the number.")]
    Taken(String),
    /// It will not be made.
    #[error("Order {0} was cancelled, so it cannot be put on hold.")]
    Cancelled(String),
    /// Somebody holds it by hand already.
    #[error("Order {0} is held by hand already: {1}. Release it first.")]
    HeldAlready(String, String),
    /// Nothing holds it.
    #[error("Order {0} is not on hold.")]
    NotHeld(String),
    /// Only tickets hold it.
    #[error("Order {0} is held by tickets, and is released when they are closed: {1}.")]
    HeldByTickets(String, String),
    /// It came on hold, and nobody said from where.
    #[error("Order {0} was on hold when it came, so its status before is not known. Set its status instead.")]
    StatusUnknown(String),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(Kind::Conflict, refusal.to_string()).because(refusal)
    }
}

/// The order with this row.
pub async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    store::by_id(conn, id).await
}

/// A page of the orders that fit, with one more than are shown.
pub async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<row::Model>> {
    store::list(conn, filter, part).await
}

/// How many orders fit.
pub async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    store::count(conn, filter).await
}

/// What holds an order now, oldest first.
pub async fn holds(conn: &impl ConnectionTrait, id: i64) -> Result<Vec<hold_row::Model>> {
    store::open_holds(conn, id).await
}

/// What holds these orders now, oldest first.
pub async fn holds_of(conn: &impl ConnectionTrait, ids: &[i64]) -> Result<Vec<hold_row::Model>> {
    store::open_holds_of(conn, ids).await
}

/// Orders on hold, the first due first, so many at most.
pub async fn on_hold(conn: &impl ConnectionTrait, most: u64) -> Result<Vec<row::Model>> {
    store::in_status(conn, Status::OnHold, most).await
}

/// Takes an order in.
///
/// # Errors
/// What is wrong with it; [`Refusal::Taken`].
pub async fn create(tx: &Tx, record: &Record, by: i64) -> Result<row::Model> {
    let (order, _) = decision(record, None, false, tx.now())?;
    let is_taken = !store::by_numbers(tx.conn(), std::slice::from_ref(&record.number)).await?.is_empty();
    if is_taken {
        return Err(Refusal::Taken(record.number.clone()).into());
    }
    store::insert_new(tx, order).await?;
    let order = stored(tx, &record.number).await?;
    let created = Created { order_id: order.id, order: order.number.clone(), by: Some(by) };
    outbox::append(tx, &[created]).await?;
    Ok(order)
}

/// Changes an order to what the record says of it. The status of one that is held is the one it gets back.
///
/// # Errors
/// What is wrong with it.
pub async fn change(tx: &Tx, record: &Record, by: i64) -> Result<row::Model> {
    let judged = records::judge(tx.conn(), std::slice::from_ref(record), tx.now()).await?;
    judged.into_iter().collect::<Result<Vec<_>, _>>()?;
    records::put(tx, std::slice::from_ref(record), Some(by)).await?;
    stored(tx, &record.number).await
}

/// Holds an order by hand.
///
/// # Errors
/// A [`Refusal`].
pub async fn hold(tx: &Tx, id: i64, reason: &str, by: i64) -> Result<row::Model> {
    let order = locked(tx, id).await?;
    if order.status == Status::Cancelled {
        return Err(Refusal::Cancelled(order.number).into());
    }
    let open = store::open_holds(tx.conn(), id).await?;
    if let Some(by_hand) = open.into_iter().find(|hold| hold.ticket_id.is_none()) {
        return Err(Refusal::HeldAlready(order.number, by_hand.reason).into());
    }
    let hold = Hold {
        order_id: id,
        order: order.number.clone(),
        ticket_id: None,
        reason: reason.to_owned(),
        held_by: Some(by),
    };
    super::hold(tx, &[hold]).await?;
    stored(tx, &order.number).await
}

/// Releases the hold that somebody laid by hand; where no other holds the order, it gets back the status it had.
///
/// # Errors
/// A [`Refusal`].
pub async fn release(tx: &Tx, id: i64, reason: &str, by: i64) -> Result<row::Model> {
    let order = locked(tx, id).await?;
    if order.status != Status::OnHold {
        return Err(Refusal::NotHeld(order.number).into());
    }
    let held = store::open_holds(tx.conn(), id).await?;
    let (by_hand, by_tickets): (Vec<_>, Vec<_>) = held.into_iter().partition(|hold| hold.ticket_id.is_none());
    if by_hand.is_empty() && !by_tickets.is_empty() {
        let reasons: Vec<String> = by_tickets.into_iter().map(|hold| hold.reason).collect();
        return Err(Refusal::HeldByTickets(order.number, reasons.join("; ")).into());
    }
    let Some(status) = order.status_before_hold else { return Err(Refusal::StatusUnknown(order.number).into()) };
    store::release_by_hand(tx, id).await?;
    let (order_id, number, reason) = (order.id, order.number.clone(), reason.to_owned());
    if by_tickets.is_empty() {
        store::give_back_status(tx, &HashSet::from([id])).await?;
        let released = Released {
            ticket_id: None,
            order_id,
            order: number,
            status: Some(status),
            reason: Some(reason),
            released_by: Some(by),
        };
        outbox::append(tx, &[released]).await?;
    } else {
        outbox::append(tx, &[HoldReleased { order_id, order: number, reason, released_by: by }]).await?;
    }
    stored(tx, &order.number).await
}

async fn locked(tx: &Tx, id: i64) -> Result<row::Model> {
    let mut found = store::by_ids_locked(tx, &HashSet::from([id])).await?;
    found.pop().ok_or_else(|| Error::not_found("There is no such order."))
}

async fn stored(tx: &Tx, number: &String) -> Result<row::Model> {
    let mut found = store::by_numbers(tx.conn(), std::slice::from_ref(number)).await?;
    found.pop().ok_or_else(|| Error::internal("an order just written is not there"))
}
