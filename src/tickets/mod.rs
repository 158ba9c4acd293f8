//! Tickets: anything somebody must act on before a deadline, whatever its kind.
//!
//! The use cases write the ticket, its history and its events in the caller's transaction, all or nothing. A
//! reference is never given twice. What a kind of ticket does besides (a closed defect lets go of its order) is
//! done by its [`Follower`], in the same transaction; this module does not know the kinds' own facts.

pub mod action;
pub mod events;
pub mod life_cycle;
mod look_up;
pub mod model;
pub mod store;

pub use action::{Action, Verb};
pub use life_cycle::{Refusal, Transition, allowed_actions};
pub use look_up::{Read, Seen, look_up, read};
pub use model::{Kind, Priority, Status, Ticket, Viewer, Visibility, may_see};
pub use store::{history, row};

use crate::db::Tx;
use crate::kit::error::Kind as Failure;
use crate::kit::{Error, Instant, Result, reference};
use events::About;
use futures_util::future::BoxFuture;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::ConnectionTrait;
use std::collections::{BTreeSet, HashMap, HashSet};
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
    /// How much it matters.
    pub priority: Priority,
    /// Who raised or reported it.
    pub requester_id: Option<i64>,
    /// The department that answers for it.
    pub department: Option<String>,
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
pub async fn create(tx: &Tx, new: Vec<NewTicket>) -> Result<Vec<row::Model>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let references = references(tx, &new).await?;
    let rows = new.into_iter().zip(&references).map(|(new, reference)| made(tx.now(), new, reference)).collect();
    let tickets = store::insert(tx, rows, &references).await?;
    let history = tickets.iter().map(|ticket| NewHistory {
        ticket_id: ticket.id,
        changed_by: ticket.requester_id,
        status_from: None,
        status_to: ticket.status,
        comment: None,
    });
    store::remember(tx, history.collect()).await?;
    let created = tickets.iter().map(|ticket| events::Created { about: about(ticket, ticket.requester_id) });
    events::append(tx, &created.collect::<Vec<_>>()).await?;
    Ok(tickets)
}

/// Does something to a ticket, with its history and events, and has the followers do what follows from it.
///
/// # Errors
/// A [`Refusal`] (also as the error's source), where somebody may not or it is not possible now.
pub async fn act(tx: &Tx, viewer: &Viewer, key: Key<'_>, action: &Action, followers: &[Follower]) -> Result<Changed> {
    let before = find(tx.conn(), key).await?.ok_or(Refusal::NotFound)?;
    let holders = store::holders(tx.conn(), &[before.id]).await?;
    let had = before.ticket(holders.iter().map(|holder| holder.person_id).collect());
    let done = life_cycle::apply(&had, viewer, action, tx.now())?;
    if done.verb == Verb::Assign {
        let support = store::support_among(tx.conn(), &done.ticket.assigned).await?;
        let others: Vec<i64> = done.ticket.assigned.iter().copied().filter(|id| !support.contains(id)).collect();
        if !others.is_empty() {
            return Err(Refusal::NotSupport(others).into());
        }
    }
    if !store::save(tx, &before, &done.ticket).await? {
        return Err(Refusal::ChangedMeanwhile.into());
    }
    store::reassign(tx, before.id, &had.assigned, &done.ticket.assigned).await?;
    let line = NewHistory {
        ticket_id: before.id,
        changed_by: Some(viewer.person_id),
        status_from: Some(done.from),
        status_to: done.ticket.status,
        comment: done.words.clone(),
    };
    store::remember(tx, vec![line]).await?;
    tell(tx, about(&before, Some(viewer.person_id)), &done).await?;
    let ticket = find(tx.conn(), Key::Id(before.id)).await?.ok_or(Refusal::NotFound)?;
    let changed = Changed { ticket, assigned: done.ticket.assigned, verb: done.verb, from: done.from };
    follow(tx, std::slice::from_ref(&changed), followers).await?;
    Ok(changed)
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

/// What the rules refuse, as the application says it; the refusal itself is the error's source.
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::NotFound => Failure::NotFound,
            Refusal::NotAllowed { .. } => Failure::Forbidden,
            Refusal::WrongStatus { .. } | Refusal::ChangedMeanwhile => Failure::Conflict,
            Refusal::WordsMissing(_)
            | Refusal::TooManyWords(_)
            | Refusal::NobodyNamed
            | Refusal::NotSupport(_)
            | Refusal::NothingToSet
            | Refusal::DeadlineOutOfReach => Failure::BadRequest,
        };
        Self::new(kind, refusal.to_string()).because(refusal)
    }
}

async fn find(conn: &impl ConnectionTrait, key: Key<'_>) -> Result<Option<row::Model>> {
    match key {
        Key::Id(id) => store::by_id(conn, id).await,
        Key::Reference(typed) => Ok(store::by_references(conn, &[reference::fold(typed)]).await?.pop()),
    }
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

/// Appends the events of one transition; being assigned from NEW is two.
async fn tell(tx: &Tx, about: About, done: &Transition) -> Result<()> {
    let words = done.words.clone();
    let said = done.words.clone().unwrap_or_default();
    if done.opened() {
        let notes = words.clone();
        events::append(tx, &[events::Opened { about: about.clone(), notes }]).await?;
    }
    match done.verb {
        Verb::Open => Ok(()),
        Verb::Assign => {
            let (assigned, newly_assigned) = (done.ticket.assigned.clone(), done.newly_assigned.clone());
            events::append(tx, &[events::Assigned { about, assigned, newly_assigned }]).await
        }
        Verb::SetSla => {
            let (response_due_at, resolution_due_at) = (done.ticket.response_due_at, done.ticket.resolution_due_at);
            events::append(tx, &[events::SlaSet { about, response_due_at, resolution_due_at }]).await
        }
        Verb::Start => events::append(tx, &[events::Started { about }]).await,
        Verb::Hold => events::append(tx, &[events::Held { about, reason: said }]).await,
        Verb::Resume => events::append(tx, &[events::Resumed { about }]).await,
        Verb::Finish => events::append(tx, &[events::Finished { about, comment: said }]).await,
        Verb::Approve => events::append(tx, &[events::Approved { about, comment: words, by_silence: false }]).await,
        Verb::Reject => events::append(tx, &[events::Rejected { about, comment: said }]).await,
        Verb::Cancel => events::append(tx, &[events::Cancelled { about, reason: said }]).await,
        Verb::Comment => events::append(tx, &[events::Commented { about, comment: said }]).await,
    }
}

/// A reference for each: the given one, or the next free one of this second.
async fn references(tx: &Tx, new: &[NewTicket]) -> Result<Vec<String>> {
    let given: Vec<Option<String>> = new.iter().map(given_reference).collect::<Result<_>>()?;
    let bases: BTreeSet<String> = new.iter().map(|new| reference::base(new.kind.prefix(), tx.now())).collect();
    let asked: Vec<&str> = given.iter().flatten().map(String::as_str).collect();
    let mut taken = store::taken(tx, &bases, &asked).await?;
    for reference in given.iter().flatten() {
        if !taken.insert(reference.clone()) {
            return Err(Error::new(Failure::Conflict, format!("The reference {reference} is taken already.")));
        }
    }
    let mut last: HashMap<&str, u32> = HashMap::new();
    let mut references = Vec::with_capacity(new.len());
    for (new, given) in new.iter().zip(given) {
        references.push(given.unwrap_or_else(|| {
            let prefix = new.kind.prefix();
            let nth = last.entry(prefix).or_insert_with(|| highest(&reference::base(prefix, tx.now()), &taken));
            *nth += 1;
            reference::numbered(prefix, tx.now(), *nth)
        }));
    }
    Ok(references)
}

fn given_reference(new: &NewTicket) -> Result<Option<String>> {
    let Some(given) = new.given.reference.as_deref().map(reference::fold) else { return Ok(None) };
    let number = given.strip_prefix(new.kind.prefix()).and_then(|rest| rest.strip_prefix('-'));
    match number {
        Some(number) if !number.is_empty() => Ok(Some(given)),
        _ => Err(Error::bad_request(format!("The reference {given} must begin with {}-.", new.kind.prefix()))),
    }
}

/// The highest number that a reference with this base has: the base itself is number 1.
fn highest(base: &str, taken: &HashSet<String>) -> u32 {
    let number = |reference: &String| match reference.strip_prefix(base)? {
        "" => Some(1),
        suffix => suffix.strip_prefix('-')?.parse().ok(),
    };
    taken.iter().filter_map(number).max().unwrap_or(0)
}

fn made(now: Instant, new: NewTicket, reference: &str) -> row::ActiveModel {
    let policy = new.kind.policy();
    let resolution_due_at = new.given.resolution_due_at.or_else(|| policy.resolution_due(new.priority, now));
    row::ActiveModel {
        id: NotSet,
        reference: Set(reference.to_owned()),
        kind: Set(new.kind),
        status: Set(Status::New),
        priority: Set(new.priority),
        title: Set(new.title),
        description: Set(new.description),
        media: Set(new.media_json),
        requester_id: Set(new.requester_id),
        department: Set(new.department),
        response_due_at: Set(policy.response_due(new.priority, now)),
        resolution_due_at: Set(resolution_due_at),
        opened_at: Set(None),
        started_at: Set(None),
        resolved_at: Set(None),
        closed_at: Set(None),
        paused_at: Set(None),
        paused_micros: Set(0),
        version: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

#[cfg(test)]
mod tests;
