//! Doing something to tickets: the one use case behind the API, the chat and the pages, for one ticket or a set.
//!
//! A set costs as many statements as one, and one more for each kind of action in it. Wishes are taken in their order,
//! each upon what those before it made of its ticket; one that is refused spoils only itself.

use super::action::{Action, Verb};
use super::events::{self, About};
use super::life_cycle::{self, Transition};
use super::model::{Ticket, Viewer, may_see};
use super::refusal::Refusal;
use super::store::{self, NewHistory};
use super::{Changed, Follower, Key, about, by_ticket, follow, row};
use crate::db::{Change, Tx};
use crate::kit::error::Kind as Failure;
use crate::kit::{Error, Result, reference};
use crate::outbox::Event;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Something that somebody wants to be done to a ticket.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Who.
    pub viewer: &'a Viewer,
    /// To which ticket.
    pub key: Key<'a>,
    /// What.
    pub action: &'a Action,
    /// The version that they looked at, where they say.
    pub version: Option<i32>,
}

/// Does something to a ticket, with its history and events, and has the followers do what follows from it.
///
/// `version` is the version that the asker looked at, where they say.
///
/// # Errors
/// A [`Refusal`] (also as the error's source), where somebody may not or it is not possible now.
pub async fn act(
    tx: &Tx,
    viewer: &Viewer,
    key: Key<'_>,
    action: &Action,
    version: Option<i32>,
    followers: &[Follower],
) -> Result<Changed> {
    let outcome = act_all(tx, &[Wish { viewer, key, action, version }], followers).await?.pop();
    Ok(outcome.unwrap_or(Err(Refusal::NotFound))?)
}

/// The same for a set; answers in the wishes' order.
///
/// # Errors
/// When the database is away, and what a follower refuses.
pub async fn act_all(tx: &Tx, wishes: &[Wish<'_>], followers: &[Follower]) -> Result<Vec<Result<Changed, Refusal>>> {
    let mut held = Held::of(tx, wishes.iter().map(|wish| wish.key)).await?;
    let support = support(tx, wishes).await?;
    let mut told: Vec<(About, Transition)> = Vec::new();
    let mut history = Vec::new();
    let mut outcomes = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let outcome = held.get(wish.key, wish.viewer, wish.version).and_then(|(row, ticket)| {
            let done = life_cycle::apply(ticket, wish.viewer, wish.action, tx.now())?;
            let others = |id: &i64| done.verb == Verb::Assign && !support.contains(id);
            let others: Vec<i64> = done.ticket.assigned.iter().copied().filter(others).collect();
            if others.is_empty() {
                Ok((after(row, wish.action, &done, tx), done))
            } else {
                Err(Refusal::NotSupport(others))
            }
        });
        outcomes.push(outcome.map(|(row, done)| {
            history.push(NewHistory {
                ticket_id: row.id,
                changed_by: Some(wish.viewer.person_id),
                status_from: Some(done.from),
                status_to: done.ticket.status,
                comment: done.words.clone(),
            });
            held.put(row.clone(), done.ticket.clone());
            told.push((about(&row, Some(wish.viewer.person_id)), done.clone()));
            Changed { ticket: row, assigned: done.ticket.assigned, verb: done.verb, from: done.from }
        }));
    }
    held.keep(tx).await?;
    store::remember(tx, history).await?;
    tell(tx, &told).await?;
    let changed: Vec<Changed> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok().cloned()).collect();
    if !changed.is_empty() {
        follow(tx, &changed, followers).await?;
    }
    Ok(outcomes)
}

/// Tickets that are held until the transaction ends.
pub(super) struct Held {
    tickets: BTreeMap<i64, (row::Model, Ticket)>,
    by_reference: HashMap<String, i64>,
    /// Who had them: by ticket and person the row that says so.
    had: BTreeMap<(i64, i64), i64>,
    /// Those that were changed.
    changed: BTreeSet<i64>,
}

impl Held {
    pub(super) async fn of(tx: &Tx, keys: impl Iterator<Item = Key<'_>>) -> Result<Self> {
        let (mut ids, mut references) = (Vec::new(), Vec::new());
        for key in keys {
            match key {
                Key::Id(id) => ids.push(id),
                Key::Reference(typed) => references.push(reference::fold(typed)),
            }
        }
        let rows = store::locked(tx, &ids, &references).await?;
        let numbers: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let holders = store::holders(tx.conn(), &numbers).await?;
        let had = holders.iter().map(|holder| ((holder.ticket_id, holder.person_id), holder.id)).collect();
        let mut assigned = by_ticket(holders);
        let by_reference = rows.iter().map(|row| (row.reference.clone(), row.id)).collect();
        let tickets = rows.into_iter().map(|row| {
            let ticket = row.ticket(assigned.remove(&row.id).unwrap_or_default());
            (row.id, (row, ticket))
        });
        Ok(Self { tickets: tickets.collect(), by_reference, had, changed: BTreeSet::new() })
    }

    /// The ticket as it is now, where this person may see it and has seen its present version.
    pub(super) fn get(
        &self,
        key: Key<'_>,
        viewer: &Viewer,
        version: Option<i32>,
    ) -> Result<(&row::Model, &Ticket), Refusal> {
        let id = match key {
            Key::Id(id) => Some(id),
            Key::Reference(typed) => self.by_reference.get(&reference::fold(typed)).copied(),
        };
        let (row, ticket) = id.and_then(|id| self.tickets.get(&id)).ok_or(Refusal::NotFound)?;
        match version {
            _ if !may_see(viewer, &ticket.visibility()) => Err(Refusal::NotFound),
            Some(version) if version != row.version => Err(Refusal::Outdated { current: row.version }),
            _ => Ok((row, ticket)),
        }
    }

    /// What became of it.
    pub(super) fn put(&mut self, row: row::Model, ticket: Ticket) {
        self.changed.insert(row.id);
        self.tickets.insert(row.id, (row, ticket));
    }

    /// Writes what was changed; who stays keeps the instant from which they had it.
    pub(super) async fn keep(&self, tx: &Tx) -> Result<()> {
        let changed = || self.changed.iter().filter_map(|id| self.tickets.get(id));
        store::save(tx, changed().map(|(row, _)| row.clone()).collect()).await?;
        let has = |ticket: &i64, person: &i64| {
            self.tickets.get(ticket).is_none_or(|(_, ticket)| ticket.assigned.contains(person))
        };
        let gone = self.had.iter().filter(|((ticket, person), _)| !has(ticket, person));
        let (taken_from, gone): (BTreeSet<i64>, Vec<i64>) = gone.map(|((_, person), id)| (*person, *id)).unzip();
        for person in taken_from {
            tx.tell_desk(Change::TakenFrom(person));
        }
        let have = changed().flat_map(|(row, ticket)| ticket.assigned.iter().map(|person| (row.id, *person)));
        let new: Vec<(i64, i64)> = have.filter(|have| !self.had.contains_key(have)).collect();
        store::reassign(tx, &gone, &new).await
    }
}

/// The stored ticket after an action, with what the action says of it.
fn after(before: &row::Model, action: &Action, done: &Transition, tx: &Tx) -> row::Model {
    let mut after = before.after(&done.ticket, tx.now());
    match action {
        Action::Open { .. } => after.admin_notes = done.words.clone().or(after.admin_notes),
        Action::Assign { estimate: Some(estimate), .. } => after.estimated_resolution_time = Some(estimate.clone()),
        _ => {}
    }
    after
}

/// Those of the people to be assigned who are active and do the work.
async fn support(tx: &Tx, wishes: &[Wish<'_>]) -> Result<HashSet<i64>> {
    let named = wishes.iter().filter_map(|wish| match wish.action {
        Action::Assign { people, .. } => Some(people),
        _ => None,
    });
    let named: Vec<i64> = named.flatten().copied().collect();
    if named.is_empty() { Ok(HashSet::new()) } else { store::support_among(tx.conn(), &named).await }
}

/// Appends the events of what was done; being assigned from NEW is two.
async fn tell(tx: &Tx, told: &[(About, Transition)]) -> Result<()> {
    let opened = told.iter().filter(|(_, done)| done.opened());
    let opened = opened.map(|(about, done)| events::Opened { about: about.clone(), notes: done.words.clone() });
    events::append(tx, &opened.collect::<Vec<_>>()).await?;
    for verb in Verb::ALL {
        let of_verb: Vec<&(About, Transition)> = told.iter().filter(|(_, done)| done.verb == verb).collect();
        if !of_verb.is_empty() {
            tell_of(tx, verb, &of_verb).await?;
        }
    }
    Ok(())
}

async fn tell_of(tx: &Tx, verb: Verb, told: &[&(About, Transition)]) -> Result<()> {
    use events as e;
    match verb {
        Verb::Open | Verb::Edit => Ok(()),
        Verb::Assign => {
            let people = |done: &Transition| (done.ticket.assigned.clone(), done.newly_assigned.clone());
            append(tx, told, |about, done| {
                let (assigned, newly_assigned) = people(done);
                e::Assigned { about, assigned, newly_assigned }
            })
            .await
        }
        Verb::SetSla => {
            append(tx, told, |about, done| {
                let Ticket { response_due_at, resolution_due_at, .. } = done.ticket;
                e::SlaSet { about, response_due_at, resolution_due_at }
            })
            .await
        }
        Verb::Start => append(tx, told, |about, _| e::Started { about }).await,
        Verb::Hold => append(tx, told, |about, done| e::Held { about, reason: said(done) }).await,
        Verb::Resume => append(tx, told, |about, _| e::Resumed { about }).await,
        Verb::Finish => append(tx, told, |about, done| e::Finished { about, comment: said(done) }).await,
        Verb::Approve => {
            let approved =
                |about, done: &Transition| e::Approved { about, comment: done.words.clone(), by_silence: false };
            append(tx, told, approved).await
        }
        Verb::Reject => append(tx, told, |about, done| e::Rejected { about, comment: said(done) }).await,
        Verb::Cancel => append(tx, told, |about, done| e::Cancelled { about, reason: said(done) }).await,
        Verb::Comment => append(tx, told, |about, done| e::Commented { about, comment: said(done) }).await,
    }
}

async fn append<E: Event>(
    tx: &Tx,
    told: &[&(About, Transition)],
    event: impl Fn(About, &Transition) -> E,
) -> Result<()> {
    let events: Vec<E> = told.iter().map(|(about, done)| event(about.clone(), done)).collect();
    events::append(tx, &events).await
}

fn said(done: &Transition) -> String {
    done.words.clone().unwrap_or_default()
}

/// What the rules refuse, as the application says it; the refusal itself is the error's source.
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        let error = match &refusal {
            Refusal::NotFound => Self::not_found(text),
            Refusal::NotAllowed { .. } => Self::new(Failure::Forbidden, text),
            Refusal::WrongStatus { status, allowed, .. } => {
                let allowed: Vec<&str> = allowed.iter().map(|verb| verb.as_str()).collect();
                let conflict = Self::new(Failure::Conflict, text);
                conflict.with("current_status", status.as_str()).with("allowed_actions", allowed)
            }
            Refusal::Outdated { current } => Self::new(Failure::Outdated, text).with("version", *current),
            Refusal::NobodyNamed | Refusal::NotSupport(_) => Self::field("assigned_to", text),
            Refusal::WordsMissing(_)
            | Refusal::TooManyWords(_)
            | Refusal::NothingToSet
            | Refusal::NoIncident
            | Refusal::TitleOfProcedure
            | Refusal::DeadlineOutOfReach => Self::bad_request(text),
        };
        error.because(refusal)
    }
}
