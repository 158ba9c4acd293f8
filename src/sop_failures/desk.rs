//! What the desk does with SOP failures: finding them, reporting one, correcting its words. What becomes of it is the
//! ticket's course, by the ticket's actions.

use super::events::Escalated;
use super::records::{self, Record};
use super::{Report, row, store};
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::sla::Policies;
use crate::tickets::{self, Status, Viewer};
use crate::web::page::Part;
use crate::{outbox, people};
use sea_orm::ConnectionTrait;

/// Which failures are asked for; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words that are all in the reference, the procedure, the failure type or the description.
    pub words: Option<String>,
    /// The reference.
    pub reference: Option<String>,
    /// How far it is.
    pub status: Option<Status>,
    /// The department charged.
    pub department: Option<String>,
    /// Whether more than the department was told of it.
    pub is_escalated: Option<bool>,
}

/// A failure with its ticket.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its ticket.
    pub ticket: tickets::row::Model,
    /// What it says beyond its ticket.
    pub facts: row::Model,
    /// The name of who reported it.
    pub reported_by: Option<String>,
}

/// The failure whose ticket has this row.
pub async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<Failure>> {
    let ticket = store::ticket(conn, id).await?;
    Ok(with_facts(conn, ticket.into_iter().collect()).await?.pop())
}

/// A page of the failures that fit, with one more than are shown.
pub async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<Failure>> {
    let tickets = store::list(conn, filter, part).await?;
    with_facts(conn, tickets).await
}

/// How many failures fit.
pub async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    store::count(conn, filter).await
}

/// Takes a failure in: opens its ticket and starts its clock.
///
/// # Errors
/// What is wrong with it; a given reference that is taken.
pub async fn report(tx: &Tx, policies: &Policies, report: Report) -> Result<Failure> {
    let mut reported = super::report(tx, policies, &[report]).await?;
    let reported = reported.pop().ok_or_else(|| Error::internal("a report without an answer"))?;
    let reported = reported.map_err(|refusal| {
        let field = refusal.question().unwrap_or("procedure");
        Error::field(field, refusal.to_string())
    })?;
    stored(tx, reported.ticket_id).await
}

/// Corrects the words of a failure, while its ticket can be edited.
///
/// # Errors
/// What is wrong with them; the ticket's refusal.
pub async fn change(tx: &Tx, id: i64, record: &Record, viewer: &Viewer) -> Result<Failure> {
    tickets::hold_to_edit(tx, viewer, id).await?;
    records::put(tx, std::slice::from_ref(record), Some(viewer.person_id)).await?;
    stored(tx, id).await
}

/// Escalates a failure: every admin and the department's supervisors are told, with the reason, which its ticket's history
/// keeps. Once.
///
/// # Errors
/// The ticket's refusal, where somebody does not answer for it or it is over; [`Kind::Conflict`] where it is escalated
/// already.
pub async fn escalate(tx: &Tx, id: i64, reason: &str, viewer: &Viewer) -> Result<Failure> {
    tickets::hold_to_edit(tx, viewer, id).await?;
    let Failure { ticket, facts, .. } = stored(tx, id).await?;
    if facts.escalation_level > 0 {
        return Err(Error::new(Kind::Conflict, "This failure is escalated already.").with("escalated", true));
    }
    store::escalate(tx, id).await?;
    tickets::note(tx, &ticket, reason, viewer.person_id).await?;
    let told = Escalated {
        ticket_id: id,
        reference: ticket.reference,
        procedure: facts.procedure,
        reason: reason.to_owned(),
        by: viewer.person_id,
    };
    outbox::append(tx, &[told]).await?;
    stored(tx, id).await
}

async fn stored(tx: &Tx, id: i64) -> Result<Failure> {
    by_id(tx.conn(), id).await?.ok_or_else(|| Error::internal("an SOP failure just written is not there"))
}

async fn with_facts(conn: &impl ConnectionTrait, tickets: Vec<tickets::row::Model>) -> Result<Vec<Failure>> {
    let ids: Vec<i64> = tickets.iter().map(|ticket| ticket.id).collect();
    let mut facts = store::by_tickets(conn, &ids).await?;
    let people: Vec<i64> = tickets.iter().filter_map(|ticket| ticket.requester_id).collect();
    let names = people::store::records::names_of(conn, &people).await?;
    let failures = tickets.into_iter().filter_map(|ticket| {
        let reported_by = ticket.requester_id.and_then(|person| names.get(&person).cloned());
        Some(Failure { facts: facts.remove(&ticket.id)?, reported_by, ticket })
    });
    Ok(failures.collect())
}
