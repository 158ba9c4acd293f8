//! Tickets that began elsewhere: taken in with the age and the status that they have, and telling nobody.

use super::store::{self, NewHistory};
use super::{NewTicket, Status, made, references, row};
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::sla::Policies;
use sea_orm::ConnectionTrait;

/// A ticket that began elsewhere.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// What it says.
    pub ticket: NewTicket,
    /// When it was reported; its deadlines count from there.
    pub reported_at: Instant,
    /// How far it is.
    pub status: Status,
}

/// Takes tickets in, in order, with their history. A fixed number of statements.
///
/// How far a ticket is is known, but not since when: what happened to it before counts as of this moment.
///
/// # Errors
/// A given reference that is taken, or has not its kind's prefix.
pub async fn take_in(tx: &Tx, policies: &Policies, arrivals: Vec<Arrival>) -> Result<Vec<row::Model>> {
    if arrivals.is_empty() {
        return Ok(Vec::new());
    }
    let states: Vec<(Instant, Status)> = arrivals.iter().map(|new| (new.reported_at, new.status)).collect();
    let tickets: Vec<NewTicket> = arrivals.into_iter().map(|new| new.ticket).collect();
    let references = references(tx, &tickets).await?;
    let rows = tickets.into_iter().zip(&references).zip(&states);
    let rows =
        rows.map(|((new, reference), (at, status))| arrived(made(*at, policies, new, reference), *status, tx.now()));
    let tickets = store::insert(tx, rows.collect(), &references).await?;
    let history = tickets.iter().map(|ticket| NewHistory {
        ticket_id: ticket.id,
        changed_by: ticket.requester_id,
        status_from: None,
        status_to: ticket.status,
        comment: None,
    });
    store::remember(tx, history.collect()).await?;
    Ok(tickets)
}

/// Writes what these tickets say: title, description and department, and in their history what was corrected. All of
/// them exist.
pub async fn reword(tx: &Tx, tickets: Vec<(row::Model, String)>, by: Option<i64>) -> Result<()> {
    let history = tickets.iter().map(|(ticket, comment)| NewHistory {
        ticket_id: ticket.id,
        changed_by: by,
        status_from: Some(ticket.status),
        status_to: ticket.status,
        comment: Some(comment.clone()),
    });
    store::remember(tx, history.collect()).await?;
    store::reword(tx, tickets.into_iter().map(|(ticket, _)| ticket).collect()).await
}

/// The next tickets of one kind in the order of their references.
pub async fn page(
    conn: &impl ConnectionTrait,
    kind: super::Kind,
    after: Option<&str>,
    most: u64,
) -> Result<Vec<row::Model>> {
    store::page(conn, kind, after, most).await
}

fn arrived(row: row::Model, status: Status, now: Instant) -> row::Model {
    use Status::{Cancelled, Closed, InProgress, New, OnHold, Resolved};
    let since = |is_so: bool| is_so.then_some(now);
    let row = row::Model {
        status,
        opened_at: since(!matches!(status, New | Cancelled)),
        started_at: since(matches!(status, InProgress | OnHold | Resolved | Closed)),
        resolved_at: since(matches!(status, Resolved | Closed)),
        closed_at: since(matches!(status, Closed | Cancelled)),
        paused_at: since(status == OnHold),
        updated_at: now,
        ..row
    };
    row.wound(None, now)
}
