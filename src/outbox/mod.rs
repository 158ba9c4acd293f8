//! Events: what happened, written in the transaction in which it happened.
//!
//! A feature names its events in its own `events.rs`, each with those who are told of it, and appends them here; the job
//! that tells people takes them by their mark (`handled_at`), so that none is lost and none is told twice.
//!
//! Whoever reads them as a log reads them by their `position`. The rows' ids are given out when they are written, and
//! with several writers a lower one may be committed later; positions are given out to what is committed already, by
//! one hand at a time ([`number`]). So a position never appears below one that was seen.

mod store;
mod urgency;

pub use store::row;
pub use urgency::Urgency;

use crate::channels::Medium;
use crate::db::{Change, Db, Door, Topic, Tx, after_commit};
use crate::kit::Instant;
use crate::kit::Result;
use sea_orm::ConnectionTrait;
use serde::Serialize;

/// How many events get their positions in one transaction: some milliseconds' work.
const AT_ONCE: u64 = 500;

/// Something that happened, named in the past tense.
pub trait Event: Serialize {
    /// The stored name, `ticket.opened`.
    const NAME: &'static str;

    /// The name that the desk's clients know it by, `ticket_opened`; the stored one where it is not given.
    const SHOWN_AS: &'static str = Self::NAME;

    /// Who is told, and in which words; whoever is in two of these groups is told the words of the first.
    const TELLS: &'static [Told] = &[];

    /// How soon they must know. Of a ticket of high priority, what is normal is urgent.
    const URGENCY: Urgency = Urgency::Normal;

    /// The one medium that it goes by, at once and not at the desk; none: the desk, and each one's wishes.
    const ONLY_BY: Option<Medium> = None;

    /// What it happened to.
    fn subject(&self) -> Subject;

    /// The ticket it is about, if it is about one.
    fn ticket_id(&self) -> Option<i64> {
        let Subject { kind, id } = self.subject();
        (kind == TICKET).then_some(id)
    }

    /// The person who did it; none where time did, or somebody at the command line.
    fn actor_id(&self) -> Option<i64>;
}

/// The kind of the subjects that are tickets.
pub const TICKET: &str = "ticket";
/// The kind of the subjects that are orders.
pub const ORDER: &str = "order";
/// The same of machines.
pub const MACHINE: &str = "machine";
/// The same of BOMs.
pub const BOM: &str = "bom";
/// The same of shifts.
pub const SHIFT: &str = "shift";
/// The same of plans of preventive maintenance.
pub const MAINTENANCE_PLAN: &str = "maintenance_plan";

/// What an event happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What it is, in the singular: `order`.
    pub kind: &'static str,
    /// Its row.
    pub id: i64,
}

impl Subject {
    /// The subject of this kind with this row.
    pub fn new(kind: &'static str, id: i64) -> Self {
        Self { kind, id }
    }
}

/// Some of those whom an event concerns, and the words that they are told it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who.
    pub whom: Whom,
    /// The file's name in `wording/<language>/`, without its ending.
    pub words: &'static str,
    /// The same for the floor's tickets, where an incident's words would read wrongly of them.
    pub floor_words: Option<&'static str>,
}

impl Told {
    /// These are told it in these words.
    pub const fn new(whom: Whom, words: &'static str) -> Self {
        Self { whom, words, floor_words: None }
    }

    /// And of the floor's tickets in these.
    #[must_use]
    pub const fn of_the_floor(self, words: &'static str) -> Self {
        Self { floor_words: Some(words), ..self }
    }

    /// The files of its words.
    pub fn files(&self) -> impl Iterator<Item = &'static str> + use<> {
        [Some(self.words), self.floor_words].into_iter().flatten()
    }
}

/// Those whom an event may concern. Who did it is never told, nor is anybody who is not active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whom {
    /// Who answers for the ticket: every admin, and for the floor's kinds the supervisors of its department (every
    /// supervisor where it has none). Without a ticket: every admin and every supervisor.
    Desk,
    /// The desk, as long as nobody has the ticket.
    DeskWhileUnassigned,
    /// The desk, where the event is about no ticket: where it follows from a ticket, the ticket's own notice says it.
    DeskUnlessTicket,
    /// Every admin, and the supervisors of the department in this field of the event's own; nobody where it is empty.
    DeskOf(&'static str),
    /// Who raised or reported the ticket.
    Requester,
    /// Who has the ticket now.
    Assigned,
    /// Those in this field of the event's own: one, or a list.
    Listed(&'static str),
}

/// What the job that tells people knows of a kind of event.
#[derive(Clone, Copy, Debug)]
pub struct Notice {
    /// The event's stored name.
    pub event: &'static str,
    /// The name that the desk's clients know it by.
    pub shown_as: &'static str,
    /// Who is told.
    pub tells: &'static [Told],
    /// How soon they must know.
    pub urgency: Urgency,
    /// The one medium that it goes by, if there is but one.
    pub only_by: Option<Medium>,
}

impl Notice {
    /// That of this kind of event.
    pub const fn of<E: Event>() -> Self {
        Self { event: E::NAME, shown_as: E::SHOWN_AS, tells: E::TELLS, urgency: E::URGENCY, only_by: E::ONLY_BY }
    }
}

/// Writes a set of events of one kind, in order, with the transaction's instant and door; once they are committed, the
/// log tells of each, those at the desk hear of it, and the job that tells people is called. Of what a hushed transaction does, people are not told.
/// An empty set is no error.
pub async fn append<E: Event>(tx: &Tx, events: &[E]) -> Result<()> {
    for event in events {
        let (ticket_id, actor_id) = (event.ticket_id(), event.actor_id());
        after_commit(move || tracing::info!(ticket.id = ticket_id, person.id = actor_id, "{}", E::NAME));
        if let Some(id) = ticket_id {
            tx.tell_desk(Change::Ticket(id));
        }
    }
    // What a kind of events is about is the same kind of things for each.
    if let Some(topic) = events.first().and_then(|event| topic(event.subject().kind)) {
        tx.tell_desk(Change::Some(topic));
    }
    if !events.is_empty() && !E::TELLS.is_empty() && !tx.is_hushed() {
        tx.call_herald();
    }
    store::insert(tx, events).await
}

/// What those at the desk hear about as a whole when something happens to a subject of this kind.
fn topic(kind: &str) -> Option<Topic> {
    match kind {
        ORDER => Some(Topic::Orders),
        MACHINE => Some(Topic::Machines),
        BOM => Some(Topic::Boms),
        SHIFT => Some(Topic::Shifts),
        MAINTENANCE_PLAN => Some(Topic::Plans),
        _ => None,
    }
}

/// What is asked of the log; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The kind of what it happened to.
    pub subject_kind: Option<String>,
    /// The row of what it happened to.
    pub subject_id: Option<i64>,
    /// The ticket it is about.
    pub ticket_id: Option<i64>,
    /// Who did it.
    pub actor_id: Option<i64>,
    /// What happened.
    pub name: Option<String>,
    /// By which door.
    pub door: Option<Door>,
    /// Not before.
    pub since: Option<Instant>,
    /// Before.
    pub until: Option<Instant>,
}

/// A stretch of the log.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// It begins behind this position; none is the log's end in the direction that is read from.
    pub from: Option<i64>,
    /// Whether positions rise.
    pub is_rising: bool,
    /// The most events.
    pub most: u64,
}

/// The events that have a position, in its order. Call [`number`] before, to have those committed since.
pub async fn read(conn: &impl ConnectionTrait, filter: &Filter, stretch: Stretch) -> Result<Vec<row::Model>> {
    store::read(conn, filter, stretch).await
}

/// How many events fit, of those that have a position.
pub async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    store::count(conn, filter).await
}

/// The events at these places of the log, in no order.
pub async fn at(conn: &impl ConnectionTrait, positions: &[i64]) -> Result<Vec<row::Model>> {
    store::at(conn, positions).await
}

/// The last place of the log that is given out; 0 where there is none yet.
pub async fn last_position(conn: &impl ConnectionTrait) -> Result<i64> {
    store::last_position(conn).await
}

/// Gives every event that is committed and has no position yet the next ones; answers with how many there were.
///
/// # Errors
/// When the database is away.
pub async fn number(db: &Db) -> Result<u64> {
    number_up_to(db, u64::MAX).await
}

/// The same for whoever waits for an answer: where very many have no position, as after a large import, they get theirs from
/// the jobs meanwhile.
///
/// # Errors
/// When the database is away.
pub async fn number_some(db: &Db) -> Result<u64> {
    number_up_to(db, AT_ONCE).await
}

async fn number_up_to(db: &Db, most: u64) -> Result<u64> {
    let mut numbered = 0;
    while numbered < most && store::has_unnumbered(db.read()).await? {
        let some = db.write(|tx| Box::pin(store::number(tx, AT_ONCE))).await?;
        numbered += some;
        if some == 0 {
            break; // another process was faster
        }
    }
    Ok(numbered)
}

#[cfg(test)]
mod tests;
