//! Defects: something is wrong with what was made. A defect is a ticket, and holds its order until it is closed.
//!
//! Reports come as sets with a fixed number of statements. A report on an order that does not exist or was
//! cancelled is refused alone; its neighbours are taken.

mod store;

pub use store::row;

use crate::channels::Media;
use crate::db::Tx;
use crate::kit::{Result, reference};
use crate::orders::{self, Hold, Status};
use crate::sla::Policies;
use crate::tickets::model::in_words;
use crate::tickets::{self, Changed, Given, Kind, NewTicket, Priority};
use futures_util::future::BoxFuture;
use sea_orm::ConnectionTrait;
use std::collections::HashMap;

/// What somebody says is wrong.
#[derive(Clone, Debug)]
pub struct Report {
    /// The order's number.
    pub order: String,
    /// What sort of defect, `INTERNAL_REJECT`; an operator's flow may name sorts of its own.
    pub defect_type: String,
    /// How bad it is: a [`Priority`] by its stored name.
    pub severity: String,
    /// In the reporter's words.
    pub description: String,
    /// Photos.
    pub media: Vec<Media>,
    /// Who reports.
    pub reporter: i64,
}

/// A defect that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Its ticket.
    pub ticket_id: i64,
    /// Its ticket's reference.
    pub reference: String,
}

/// Why a report was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such order.
    #[error("There is no order {0}. Please check its number.")]
    OrderUnknown(String),
    /// The order will not be made.
    #[error("Order {0} was cancelled, so it cannot be put on hold. Please check its number.")]
    OrderCancelled(String),
    /// No priority is called so.
    #[error("{0} is no severity. Please choose LOW, MEDIUM or HIGH.")]
    SeverityUnknown(String),
}

impl Refusal {
    /// The question whose answer does not do.
    pub fn question(&self) -> Option<&'static str> {
        match self {
            Self::OrderUnknown(_) | Self::OrderCancelled(_) => Some("order"),
            Self::SeverityUnknown(_) => Some("severity"),
        }
    }

    /// The wording's key.
    pub fn key(&self) -> &'static str {
        match self {
            Self::OrderUnknown(_) => "chat.refused.order_unknown",
            Self::OrderCancelled(_) => "chat.refused.order_cancelled",
            Self::SeverityUnknown(_) => "chat.refused.choice_unknown",
        }
    }
}

/// Takes defects in: opens their tickets and puts their orders on hold. Answers in the reports' order.
pub async fn report(tx: &Tx, policies: &Policies, reports: &[Report]) -> Result<Vec<Result<Reported, Refusal>>> {
    record(tx, policies, reports, &[]).await
}

/// Like [`report`], with what is already known of the n-th report's ticket in the n-th of `given`.
///
/// # Errors
/// A given reference that is taken, or does not begin with `DEF-`.
pub async fn record(
    tx: &Tx,
    policies: &Policies,
    reports: &[Report],
    given: &[Given],
) -> Result<Vec<Result<Reported, Refusal>>> {
    let numbers: Vec<String> = reports.iter().map(|report| reference::fold(&report.order)).collect();
    let orders = orders::by_numbers_locked(tx, &numbers).await?;
    let checked: Vec<Result<(i64, Priority), Refusal>> = reports
        .iter()
        .zip(&numbers)
        .map(|(report, number)| {
            let order = orders.get(number).ok_or_else(|| Refusal::OrderUnknown(number.clone()))?;
            if order.status == Status::Cancelled {
                return Err(Refusal::OrderCancelled(number.clone()));
            }
            let severity = Priority::named(&reference::fold(&report.severity));
            Ok((order.id, severity.ok_or_else(|| Refusal::SeverityUnknown(report.severity.clone()))?))
        })
        .collect();

    let mut taken: Vec<(&Report, i64, &String)> = Vec::new();
    let mut new = Vec::new();
    for (index, (report, number)) in reports.iter().zip(&numbers).enumerate() {
        if let Ok((order_id, severity)) = &checked[index] {
            taken.push((report, *order_id, number));
            new.push(ticket(report, number, *severity, given.get(index).cloned().unwrap_or_default()));
        }
    }
    let tickets = tickets::create(tx, policies, new).await?;
    let mut rows = Vec::with_capacity(tickets.len());
    let mut holds = Vec::with_capacity(tickets.len());
    for (ticket, (report, order_id, number)) in tickets.iter().zip(taken) {
        let defect_type = reference::fold(&report.defect_type);
        let reason = format!("{}: {}", ticket.reference, in_words(&defect_type));
        holds.push(Hold {
            order_id,
            order: number.clone(),
            ticket_id: Some(ticket.id),
            reason,
            held_by: Some(report.reporter),
        });
        rows.push(store::NewDefect { ticket_id: ticket.id, order_id, defect_type });
    }
    store::insert(tx, &rows).await?;
    orders::hold(tx, &holds).await?;

    let mut made = tickets.into_iter();
    let reported = checked.into_iter().map(|checked| {
        let ticket = checked.map(|_| made.next())?;
        Ok(ticket.map(|ticket| Reported { ticket_id: ticket.id, reference: ticket.reference }))
    });
    Ok(reported.filter_map(Result::transpose).collect())
}

/// What the defect of this ticket says beyond it: its order's row, and what sort it is.
pub async fn facts_of(conn: &impl ConnectionTrait, ticket_id: i64) -> Result<Option<(i64, String)>> {
    Ok(store::of_ticket(conn, ticket_id).await?.map(|row| (row.order_id, row.defect_type)))
}

/// Which order each of these tickets' defects is on.
pub async fn orders_of(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<HashMap<i64, i64>> {
    store::orders_of(conn, ticket_ids).await
}

/// The tickets of an order's defects, the newest first, at most so many.
pub async fn tickets_of(conn: &impl ConnectionTrait, order_id: i64, most: u64) -> Result<Vec<i64>> {
    store::tickets_of(conn, order_id, most).await
}

/// Lets go of the orders whose defects were closed or cancelled. The [`tickets::Follower`] of this kind.
pub fn settle<'a>(tx: &'a Tx, changed: &'a [Changed]) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let ended = changed.iter().filter(|done| done.ticket.kind == Kind::Defect && done.ended());
        let ended: Vec<i64> = ended.map(|done| done.ticket.id).collect();
        orders::release_for_tickets(tx, &ended).await
    })
}

fn ticket(report: &Report, number: &str, severity: Priority, given: Given) -> NewTicket {
    NewTicket {
        kind: Kind::Defect,
        given,
        title: format!("Defect on {number}: {}", in_words(&reference::fold(&report.defect_type))),
        description: report.description.clone(),
        media_json: serde_json::json!(report.media).to_string(),
        place_json: None,
        priority: severity,
        requester_id: Some(report.reporter),
        department: None, // orders belong to none; so every supervisor answers for it
        incident: None,
    }
}

#[cfg(test)]
mod tests;
