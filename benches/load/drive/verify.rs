//! The reckoning: what the database holds and what reached the provider, against what was written.

use super::ledger::Entries;
use super::script::{self, Effect};
use super::twilio::{message_of, number};
use andon::boms::revision_row;
use andon::chat::store::{conversation, message};
use andon::db::Db;
use andon::delivery::store::rows::row as delivery;
use andon::kit::{Instant, Result};
use andon::orders::hold_row;
use andon::outbox::row as event;
use andon::tickets::{Kind, row as ticket};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The most examples of one fault that are told.
const EXAMPLES: usize = 5;

/// What was found. Only replies that still wait are no fault.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Messages written, and so to be stored.
    pub(crate) messages: usize,
    /// Replies that are queued and have not left.
    pub(crate) waiting: usize,
    /// Messages from the plant that reached the provider again.
    pub(crate) doubled_replies: usize,
    /// Each fault by name, with how often and a few examples.
    pub(crate) faults: BTreeMap<&'static str, (usize, Vec<String>)>,
}

impl Findings {
    pub(crate) fn fault(&mut self, name: &'static str, example: impl FnOnce() -> String) {
        let (count, examples) = self.faults.entry(name).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(example());
        }
    }

    /// One line a fault; empty where all is well.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |(name, (count, examples)): (&&str, &(usize, Vec<String>))| {
            format!("{name}: {count} (such as {})", examples.join("; "))
        };
        self.faults.iter().map(line).collect()
    }
}

/// Where the rows of the people of the script are.
struct Rows {
    /// The message behind each row.
    messages: HashMap<i64, (u32, u32)>,
    /// The person behind each row.
    people: HashMap<i64, u32>,
}

/// Compares everything. The provider's record must be at rest.
pub(crate) async fn verify(db: &Db, entries: &Entries) -> Result<Findings> {
    let mut findings = Findings::default();
    let rows = messages(db, entries, &mut findings).await?;
    conversations(db, entries, &rows, &mut findings).await?;
    effects(db, entries, &rows, &mut findings).await?;
    replies(db, entries, &rows, &mut findings).await?;
    for example in &entries.examples {
        findings.fault("replies in other words", || example.clone());
    }
    if let Some((count, _)) = findings.faults.get_mut("replies in other words") {
        *count = entries.wrong_words;
    }
    Ok(findings)
}

/// Every message is stored once, of one person each, in the order written.
async fn messages(db: &Db, entries: &Entries, findings: &mut Findings) -> Result<Rows> {
    let stored: Vec<(i64, String, i64)> = message::Entity::find()
        .select_only()
        .columns([message::Column::Id, message::Column::ProviderId, message::Column::PersonId])
        .order_by_asc(message::Column::Id)
        .into_tuple()
        .all(db.read())
        .await?;
    let mut rows = Rows { messages: HashMap::with_capacity(stored.len()), people: HashMap::new() };
    let mut next = vec![0_u32; entries.people.len()];
    for (id, sid, person_id) in stored {
        let Some((person, nth)) = message_of(&sid).filter(|(person, _)| (*person as usize) < next.len()) else {
            continue; // a message from before the people of the script
        };
        if *rows.people.entry(person_id).or_insert(person) != person {
            findings.fault("messages of another person", || sid.clone());
        }
        if next[person as usize] != nth {
            let expected = next[person as usize];
            findings.fault("messages lost, doubled or out of order", || {
                format!("{} has message {nth} where {expected} should be", number(person))
            });
        }
        next[person as usize] = nth + 1;
        rows.messages.insert(id, (person, nth));
    }
    for (person, (entry, stored)) in entries.people.iter().zip(next).enumerate() {
        findings.messages += entry.written as usize;
        for nth in stored..entry.written {
            findings.fault("messages lost", || format!("person {person}, message {nth}"));
        }
    }
    Ok(rows)
}

/// Every conversation stands where its last message took it.
async fn conversations(db: &Db, entries: &Entries, rows: &Rows, findings: &mut Findings) -> Result<()> {
    let states: Vec<(i64, String)> = conversation::Entity::find()
        .select_only()
        .columns([conversation::Column::PersonId, conversation::Column::State])
        .into_tuple()
        .all(db.read())
        .await?;
    let states: HashMap<i64, String> = states.into_iter().collect();
    for (person_id, person) in &rows.people {
        let written = entries.people[*person as usize].written;
        let expected = script::step(*person, written - 1).state;
        let found = states.get(person_id).map_or("nowhere", String::as_str);
        if found != expected {
            findings.fault("conversations elsewhere", || {
                format!("{} is at {found} after message {}, not at {expected}", number(*person), written - 1)
            });
        }
    }
    Ok(())
}

/// What the finished forms of one person come to: by the remark where there is one, else as a count.
type Effects = HashMap<(u32, Option<String>), i64>;

/// Every finished form brought about what it should, once, with its events.
async fn effects(db: &Db, entries: &Entries, rows: &Rows, findings: &mut Findings) -> Result<()> {
    let tickets: Vec<(Kind, Option<i64>, String)> = ticket::Entity::find()
        .select_only()
        .columns([ticket::Column::Kind, ticket::Column::RequesterId, ticket::Column::Description])
        .into_tuple()
        .all(db.read())
        .await?;
    let revisions: Vec<(Option<i64>, Option<String>)> = revision_row::Entity::find()
        .select_only()
        .columns([revision_row::Column::SubmittedBy, revision_row::Column::Reason])
        .filter(revision_row::Column::SubmittedBy.is_not_null())
        .into_tuple()
        .all(db.read())
        .await?;
    let holds: Vec<i64> =
        hold_row::Entity::find().select_only().column(hold_row::Column::OrderId).into_tuple().all(db.read()).await?;
    let names: Vec<String> =
        event::Entity::find().select_only().column(event::Column::Name).into_tuple().all(db.read()).await?;
    let told = |name: &str| names.iter().filter(|told| *told == name).count();
    let defects = tickets.iter().filter(|(kind, ..)| *kind == Kind::Defect).count();
    for (what, found, expected) in [
        ("holds that fit no defect", holds.len(), defects),
        ("events that fit no ticket", told("ticket.created"), tickets.len()),
        ("events that fit no hold", told("order.held"), holds.len()),
        ("events that fit no revision", told("bom.revision_submitted"), revisions.len()),
    ] {
        if found != expected {
            findings.fault(what, || format!("{found} for {expected}"));
        }
    }

    let person = |id: &Option<i64>| id.and_then(|id| rows.people.get(&id)).copied();
    let mut found = Effects::new();
    for (kind, requester, description) in tickets {
        if let Some(person) = person(&requester) {
            *found.entry((person, (kind == Kind::Defect).then_some(description))).or_default() += 1;
        }
    }
    for (submitter, reason) in revisions {
        if let Some(person) = person(&submitter) {
            *found.entry((person, reason)).or_default() += 1;
        }
    }
    for (person, entry) in (0..).zip(&entries.people) {
        for step in (0..entry.written).map(|nth| script::step(person, nth)) {
            if let Some(effect) = step.effect {
                *found.entry((person, (effect != Effect::Maintenance).then_some(step.text))).or_default() -= 1;
            }
        }
    }
    for ((person, remark), count) in found.into_iter().filter(|(_, count)| *count != 0) {
        let name = if count > 0 { "effects doubled" } else { "effects lost" };
        findings.fault(name, || format!("{} {}", number(person), remark.as_deref().unwrap_or("maintenance")));
    }
    Ok(())
}

/// A delivery: its token, the message that it answers or the event that it tells of, and when it is due.
type Sent = (String, Option<i64>, Option<i64>, Option<Instant>);

/// Every message has one reply, at the provider once and in order, or still on its way there.
async fn replies(db: &Db, entries: &Entries, rows: &Rows, findings: &mut Findings) -> Result<()> {
    let deliveries: Vec<Sent> = delivery::Entity::find()
        .select_only()
        .columns([delivery::Column::Token, delivery::Column::MessageId, delivery::Column::EventId])
        .column(delivery::Column::DueAt)
        .into_tuple()
        .all(db.read())
        .await?;
    let mut answered: HashMap<(u32, u32), u32> = HashMap::with_capacity(deliveries.len());
    let mut answers: HashMap<&str, (u32, u32)> = HashMap::with_capacity(deliveries.len());
    let mut notices: HashSet<&str> = HashSet::new();
    for (token, message_id, event_id, due_at) in &deliveries {
        if event_id.is_some() {
            notices.insert(token);
        }
        let Some(&message) = message_id.and_then(|id| rows.messages.get(&id)) else { continue };
        *answered.entry(message).or_default() += 1;
        answers.insert(token, message);
        if !entries.arrivals.contains_key(token) {
            if due_at.is_some() {
                findings.waiting += 1;
            } else {
                findings.fault("replies closed unsent", || format!("{message:?}"));
            }
        }
    }
    for message in rows.messages.values() {
        let count = answered.get(message).copied().unwrap_or(0);
        if count != 1 {
            findings.fault("messages without one reply", || format!("{message:?} has {count}"));
        }
    }
    let mut last: HashMap<u32, u32> = HashMap::new();
    let mut seen = HashSet::new();
    for reply in &entries.replies {
        let token = reply.token.as_str();
        if !seen.insert(token) {
            findings.doubled_replies += 1;
            continue;
        }
        if notices.contains(token) {
            continue; // somebody of the desk was told
        }
        let Some(&(person, nth)) = answers.get(token) else {
            findings.fault("replies to nothing", || reply.body.clone());
            continue;
        };
        if person != reply.to {
            findings.fault("replies to somebody else", || number(person));
        }
        if let Some(before) = last.insert(person, nth).filter(|before| *before > nth) {
            findings.fault("replies out of order", || format!("{} got {before} before {nth}", number(person)));
        }
    }
    Ok(())
}
