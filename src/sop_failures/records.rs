//! SOP failures as another system hands them in: judged first, then taken over, by one and the same rule.
//!
//! A failure that Andon does not know yet is taken in as it stands, with its age and status. Of one that it knows
//! only the words change: when it was reported, by whom, and how far it is, is Andon's own from then on, where each
//! step has its person and its rule.

use super::events::Changed;
use super::store::{self, NewSopFailure};
use super::{Report, row, ticket};
use crate::channels::Medium;
use crate::db::Tx;
use crate::kit::records::{Effect, Judged, Verdict, Wrong, lacking, those};
use crate::kit::{Instant, Result, rules};
use crate::outbox;
use crate::people;
use crate::rules::policies;
use crate::tickets::records::{Arrival, reword, take_in};
use crate::tickets::{self, Kind, Status};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What is said of a failure that has its own course.
const OWN_COURSE: &str =
    "keep the status, the requester and the time of report that Andon has; a file changes only their words";

/// An SOP failure as another system has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its reference, `SOP-999`, folded.
    pub number: String,
    /// Which procedure, in words.
    pub procedure: Option<String>,
    /// What failed, in words; may be empty.
    pub failure_type: Option<String>,
    /// The department charged.
    pub department: Option<String>,
    /// In the reporter's words; may be empty.
    pub description: Option<String>,
    /// When it was reported; now, for a new one where nothing is said.
    pub reported_at: Option<Instant>,
    /// How far it is; NEW for a new one where nothing is said.
    pub status: Option<Status>,
    /// The WhatsApp number of who reported it; an empty one is nobody.
    pub requester: Option<String>,
}

/// What is known of the records' keys and requesters.
struct Known {
    tickets: HashMap<String, tickets::row::Model>,
    failures: HashMap<i64, row::Model>,
    requesters: HashMap<String, i64>,
}

/// What taking each of these over would do.
pub async fn judge(conn: &impl ConnectionTrait, records: &[Record]) -> Result<Vec<Judged>> {
    let known = read(conn, records).await?;
    Ok(records.iter().map(|record| known.verdict(record)).collect())
}

/// A reference that an SOP failure may have, `SOP-999`.
pub fn reference(typed: &str) -> Result<String, String> {
    let prefix = Kind::SopFailure.prefix();
    let key = rules::key(typed)?;
    match key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')) {
        Some(number) if !number.is_empty() => Ok(key),
        _ => Err(format!("is no reference of an SOP failure; write {prefix}-999")),
    }
}

/// Takes them over as a set, for the person `by` where one handed them in; one that cannot be is left out. No number
/// twice.
pub async fn put(tx: &Tx, records: &[Record], by: Option<i64>) -> Result<()> {
    let known = read(tx.conn(), records).await?;
    let mut arrivals = Vec::new();
    let mut rows = Vec::new();
    let mut reworded = Vec::new();
    let mut changed = Vec::new();
    let mut new_ones = Vec::new();
    for record in records {
        match known.verdict(record).map(|verdict| verdict.effect) {
            Ok(Effect::Created) => {
                arrivals.push(known.arrival(record, tx.now()));
                new_ones.push(record);
            }
            Ok(Effect::Changed) => {
                let Some(before) = known.tickets.get(&record.number) else { continue };
                let failure = known.words(record);
                let told = known.changed(before, &failure, by);
                let comment = format!("Corrected: {}", told.fields.join(", "));
                changed.push(told);
                let after = tickets::row::Model {
                    title: ticket(&failure).title,
                    description: failure.description.clone(),
                    department: Some(failure.department.clone()),
                    updated_at: tx.now(),
                    ..before.clone()
                };
                reworded.push((after, comment));
                rows.push(facts(before.id, failure));
            }
            Ok(Effect::Kept) | Err(_) => {}
        }
    }
    reword(tx, reworded, by).await?;
    let made = take_in(tx, &policies(tx.conn()).await?, arrivals).await?;
    rows.extend(made.iter().zip(new_ones).map(|(ticket, record)| facts(ticket.id, known.words(record))));
    store::upsert(tx, &rows).await?;
    outbox::append(tx, &changed).await
}

/// The next SOP failures in the order of their references.
pub async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
    let tickets = tickets::records::page(conn, Kind::SopFailure, after, most).await?;
    let ids: Vec<i64> = tickets.iter().map(|ticket| ticket.id).collect();
    let mut failures = store::by_tickets(conn, &ids).await?;
    let people: Vec<i64> = tickets.iter().filter_map(|ticket| ticket.requester_id).collect();
    let numbers = people::store::records::numbers_of(conn, &people).await?;
    let records = tickets.into_iter().map(|ticket| {
        let failure = failures.remove(&ticket.id);
        let requester = ticket.requester_id.and_then(|id| numbers.get(&id).cloned());
        Record {
            number: ticket.reference,
            procedure: failure.as_ref().map(|failure| failure.procedure.clone()),
            failure_type: failure.as_ref().map(|failure| failure.failure_type.clone()),
            department: failure.map(|failure| failure.department),
            description: Some(ticket.description),
            reported_at: Some(ticket.created_at),
            status: Some(ticket.status),
            requester,
        }
    });
    Ok(records.collect())
}

async fn read(conn: &impl ConnectionTrait, records: &[Record]) -> Result<Known> {
    let references: Vec<String> = records.iter().map(|record| record.number.clone()).collect();
    let tickets = tickets::by_references(conn, &references).await?;
    let ids: Vec<i64> = tickets.values().map(|ticket| ticket.id).collect();
    let failures = store::by_tickets(conn, &ids).await?;
    let requesters: Vec<String> = records.iter().filter_map(|record| record.requester.clone()).collect();
    let requesters = people::store::by_addresses(conn, Medium::Whatsapp, &requesters).await?;
    let requesters = requesters.into_iter().map(|(number, known)| (number, known.person_id)).collect();
    Ok(Known { tickets, failures, requesters })
}

fn facts(ticket_id: i64, report: Report) -> NewSopFailure {
    let Report { procedure, failure_type, department, .. } = report;
    NewSopFailure { ticket_id, procedure, failure_type, department }
}

impl Known {
    fn verdict(&self, record: &Record) -> Judged {
        let requester = record.requester.as_ref().filter(|number| !number.is_empty());
        if let Some(number) = requester.filter(|number| !self.requesters.contains_key(*number)) {
            let reason = "is nobody that Andon knows; import people first, or leave the cell empty";
            return Err(Wrong::new("requester", number, reason));
        }
        let Some(before) = self.tickets.get(&record.number) else {
            if record.procedure.is_some() && record.department.is_some() {
                return Ok(Verdict::plain(Effect::Created));
            }
            let lacking =
                lacking(&[("procedure", record.procedure.is_some()), ("department", record.department.is_some())]);
            return Err(Wrong::incomplete("number", &record.number, &lacking));
        };
        let said = self.words(record);
        let is_kept = self.failures.get(&before.id).is_some_and(|kept| {
            (&kept.procedure, &kept.failure_type, &kept.department)
                == (&said.procedure, &said.failure_type, &said.department)
        }) && before.description.trim() == said.description.trim();
        let is_followed = record.status.is_none_or(|status| status == before.status)
            && record.reported_at.is_none_or(|at| at == before.created_at)
            && record
                .requester
                .as_ref()
                .is_none_or(|number| self.requesters.get(number).copied() == before.requester_id);
        let effect = if is_kept { Effect::Kept } else { Effect::Changed };
        Ok(Verdict { effect, note: (!is_followed).then_some(OWN_COURSE) })
    }

    /// What the record says, filled up from what is stored.
    fn words(&self, record: &Record) -> Report {
        let ticket = self.tickets.get(&record.number);
        let failure = ticket.and_then(|ticket| self.failures.get(&ticket.id));
        let or_kept =
            |said: &Option<String>, kept: Option<&String>| said.as_ref().or(kept).cloned().unwrap_or_default();
        Report {
            reference: Some(record.number.clone()),
            procedure: or_kept(&record.procedure, failure.map(|failure| &failure.procedure)),
            failure_type: or_kept(&record.failure_type, failure.map(|failure| &failure.failure_type)),
            department: or_kept(&record.department, failure.map(|failure| &failure.department)),
            description: or_kept(&record.description, ticket.map(|ticket| &ticket.description)),
            media: Vec::new(),
            reporter: record.requester.as_ref().and_then(|number| self.requesters.get(number).copied()),
        }
    }

    fn changed(&self, ticket: &tickets::row::Model, said: &Report, by: Option<i64>) -> Changed {
        let kept = self.failures.get(&ticket.id);
        let differs = |kept: Option<&String>, said: &String| kept != Some(said);
        let fields = those(&[
            ("procedure", differs(kept.map(|kept| &kept.procedure), &said.procedure)),
            ("failure_type", differs(kept.map(|kept| &kept.failure_type), &said.failure_type)),
            ("department", differs(kept.map(|kept| &kept.department), &said.department)),
            ("description", differs(Some(&ticket.description), &said.description)),
        ]);
        Changed { ticket_id: ticket.id, reference: ticket.reference.clone(), fields, by }
    }

    fn arrival(&self, record: &Record, now: Instant) -> Arrival {
        Arrival {
            ticket: ticket(&self.words(record)),
            reported_at: record.reported_at.unwrap_or(now),
            status: record.status.unwrap_or(Status::New),
        }
    }
}
