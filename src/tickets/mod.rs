//! Tickets: anything somebody must act on before a deadline, whatever its kind.
//!
//! The use cases write the ticket, its history and its events in the caller's transaction, all or nothing. A
//! reference is never given twice. What a kind of ticket does besides (a closed defect lets go of its order) is
//! done by its [`Follower`], in the same transaction; this module does not know the kinds' own facts.

mod acting;
pub mod action;
pub mod alarms;
pub mod api;
mod edit;
pub mod events;
pub mod extract;
pub mod incident;
pub mod life_cycle;
pub mod list;
mod look_up;
pub mod model;
pub mod reading;
pub mod records;
mod references;
pub mod refusal;
pub mod store;
pub mod views;

pub use acting::{Wish, act, act_all};
pub use action::{Action, Verb};
pub use edit::{Edit, edit, hold_to_edit, note};
pub use incident::{Category, Incident};
pub use life_cycle::{Refusal, Transition, allowed_actions};
pub use look_up::{Read, Seen, look_up, read};
pub use model::{Kind, Priority, Status, Ticket, Viewer, Visibility, may_see};
pub use store::{OnHand, Side, history, on_hand, row, visibilities};

use crate::channels::Media;
use crate::db::Tx;
use crate::files::{self, store::Awaited};
use crate::kit::{Instant, Result};
use crate::sla::Policies;
use events::About;
use futures_util::future::BoxFuture;
use references::references;
use sea_orm::ConnectionTrait;
use std::collections::HashMap;
use store::NewHistory;

/// A ticket to make.
#[derive(Clone, Debug)]
pub struct NewTicket {
    /// What it is about.
    pub kind: Kind,
    /// Its reference and its resolution deadline, where they are given and not made.
    pub given: Given,
    /// One line.
    pub title: String,
    /// As many as it takes.
    pub description: String,
    /// **Shape**: `[{url, content_type}]`, as JSON.
    pub media_json: String,
    /// Where it is. **Shape**: `{latitude, longitude, label}`, as JSON.
    pub place_json: Option<String>,
    /// How much it matters.
    pub priority: Priority,
    /// Who raised or reported it.
    pub requester_id: Option<i64>,
    /// The department that answers for it.
    pub department: Option<String>,
    /// What only an incident says.
    pub incident: Option<Incident>,
}

/// What is usually made for a ticket, but known already where it comes from records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Its reference, with the prefix of its kind.
    pub reference: Option<String>,
    /// Until when it must be resolved; else by policy.
    pub resolution_due_at: Option<Instant>,
}

/// How a ticket is named.
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// By its row.
    Id(i64),
    /// By its reference, in any case and spacing.
    Reference(&'a str),
}

/// A ticket that something was done to.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The ticket as it is now.
    pub ticket: row::Model,
    /// Who has it now.
    pub assigned: Vec<i64>,
    /// What was done.
    pub verb: Verb,
    /// The status before.
    pub from: Status,
}

impl Changed {
    /// Whether it was closed or cancelled just now.
    pub fn ended(&self) -> bool {
        self.ticket.status.is_final() && !self.from.is_final()
    }
}

/// What a kind of ticket does besides, in the same transaction. `catalog.rs` lists them all.
pub type Follower = for<'a> fn(&'a Tx, &'a [Changed]) -> BoxFuture<'a, Result<()>>;

/// Makes tickets, in order, with their deadlines, history and events. A fixed number of statements.
///
/// # Errors
/// A given reference that is taken, or has not its kind's prefix.
pub async fn create(tx: &Tx, policies: &Policies, new: Vec<NewTicket>) -> Result<Vec<row::Model>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let references = references(tx, &new).await?;
    let rows = new.into_iter().zip(&references);
    let rows = rows.map(|(new, reference)| made(tx.now(), policies, new, reference).wound(None, tx.now()));
    let tickets = store::insert(tx, rows.collect(), &references).await?;
    let history = tickets.iter().map(|ticket| NewHistory {
        ticket_id: ticket.id,
        changed_by: ticket.requester_id,
        status_from: None,
        status_to: ticket.status,
        comment: None,
    });
    store::remember(tx, history.collect()).await?;
    await_photos(tx, &tickets).await?;
    let created = tickets.iter().map(|ticket| events::Created { about: about(ticket, ticket.requester_id) });
    events::append(tx, &created.collect::<Vec<_>>()).await?;
    Ok(tickets)
}

/// The photos that came with these are fetched afterwards, by a job of their own.
async fn await_photos(tx: &Tx, tickets: &[row::Model]) -> Result<()> {
    let awaited = tickets.iter().filter_map(|ticket| {
        let media: Vec<Media> = serde_json::from_str(&ticket.media).unwrap_or_default();
        (!media.is_empty()).then_some(Awaited { ticket_id: ticket.id, sent_by: ticket.requester_id, media })
    });
    files::store::await_media(tx, &awaited.collect::<Vec<_>>()).await
}

/// Closes floor tickets whose reporters have neither approved nor rejected in time, at most so many at once.
pub async fn approve_unanswered(tx: &Tx, most: u64, followers: &[Follower]) -> Result<Vec<Changed>> {
    let waiting = store::unanswered(tx, tx.now() - life_cycle::SILENCE_APPROVES_AFTER, most).await?;
    let ids: Vec<i64> = waiting.iter().map(|ticket| ticket.id).collect();
    let mut assigned = by_ticket(store::holders(tx.conn(), &ids).await?);
    let mut changed = Vec::new();
    for ticket in waiting {
        let assigned = assigned.remove(&ticket.id).unwrap_or_default();
        if let Some(done) = life_cycle::approve_by_silence(&ticket.ticket(assigned), tx.now()) {
            let ticket = row::Model {
                status: done.ticket.status,
                closed_at: done.ticket.closed_at,
                version: ticket.version + 1,
                updated_at: tx.now(),
                ..ticket
            };
            changed.push(Changed { ticket, assigned: done.ticket.assigned, verb: done.verb, from: done.from });
        }
    }
    if changed.is_empty() {
        return Ok(changed);
    }
    store::close(tx, &changed.iter().map(|done| done.ticket.id).collect::<Vec<_>>()).await?;
    let history = changed.iter().map(|done| NewHistory {
        ticket_id: done.ticket.id,
        changed_by: None,
        status_from: Some(done.from),
        status_to: done.ticket.status,
        comment: None,
    });
    store::remember(tx, history.collect()).await?;
    let approved = changed.iter().map(|done| events::Approved {
        about: about(&done.ticket, None),
        comment: None,
        by_silence: true,
    });
    events::append(tx, &approved.collect::<Vec<_>>()).await?;
    follow(tx, &changed, followers).await?;
    Ok(changed)
}

/// The tickets with these references; those that do not exist are left out.
pub async fn by_references(conn: &impl ConnectionTrait, references: &[String]) -> Result<HashMap<String, row::Model>> {
    let rows = store::by_references(conn, references).await?;
    Ok(rows.into_iter().map(|row| (row.reference.clone(), row)).collect())
}

/// A ticket's history, oldest first. Ask [`may_see`] before showing it.
pub async fn history_of(conn: &impl ConnectionTrait, ticket_id: i64) -> Result<Vec<history::Model>> {
    store::history_of(conn, ticket_id).await
}

async fn follow(tx: &Tx, changed: &[Changed], followers: &[Follower]) -> Result<()> {
    for follower in followers {
        follower(tx, changed).await?;
    }
    Ok(())
}

fn by_ticket(holders: Vec<store::Holder>) -> HashMap<i64, Vec<i64>> {
    let mut people: HashMap<i64, Vec<i64>> = HashMap::new();
    for holder in holders {
        people.entry(holder.ticket_id).or_default().push(holder.person_id);
    }
    people
}

fn about(ticket: &row::Model, actor_id: Option<i64>) -> About {
    About { ticket_id: ticket.id, reference: ticket.reference.clone(), kind: ticket.kind, actor_id }
}

fn made(now: Instant, policies: &Policies, new: NewTicket, reference: &str) -> row::Model {
    let policy = new.kind.policy(policies);
    let resolution_due_at = new.given.resolution_due_at.or_else(|| policy.resolution_due(new.priority, now));
    row::Model {
        id: 0,
        reference: reference.to_owned(),
        kind: new.kind,
        status: Status::New,
        priority: new.priority,
        title: new.title,
        description: new.description,
        media: new.media_json,
        place: new.place_json,
        requester_id: new.requester_id,
        department: new.department,
        category: new.incident.as_ref().map(|incident| incident.category),
        project_name: new.incident.map(|incident| incident.project_name),
        admin_notes: None,
        estimated_resolution_time: None,
        response_due_at: policy.response_due(new.priority, now),
        resolution_due_at,
        opened_at: None,
        started_at: None,
        resolved_at: None,
        closed_at: None,
        paused_at: None,
        paused_micros: 0,
        version: 0,
        created_at: now,
        updated_at: now,
        response_said: None,
        resolution_said: None,
        alarm_at: None,
        next_due_at: None,
        soon_at: None,
    }
}

#[cfg(test)]
mod tests;
