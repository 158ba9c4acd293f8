//! Shifts as another system hands them in: judged first, then taken over, by one and the same rule.
//!
//! A shift is known by its person's WhatsApp number and its start. What a record does not say stays as it is.

use super::events::{Changed, Created};
use super::model::remind_at;
use super::{row, store};
use crate::db::Tx;
use crate::kit::records::{Effect, Judged, Verdict, Wrong, distinct, those};
use crate::kit::{Instant, Result};
use crate::people::store::records::{numbers_of, people_with};
use crate::{machines, outbox};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// A shift as another system has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What no other record has: [`Record::key_of`] one that comes in, its place for one that goes out.
    pub key: String,
    /// The person's WhatsApp number, in E.164.
    pub person: String,
    /// When it begins.
    pub starts_at: Option<Instant>,
    /// The number of its machine; an empty one takes it away.
    pub machine: Option<String>,
    /// What goes with it; may be empty.
    pub note: Option<String>,
}

impl Record {
    /// What a shift is known by; empty where one of the two is not known.
    pub fn key_of(person: &str, starts_at: Option<Instant>) -> String {
        starts_at.filter(|_| !person.is_empty()).map(|at| format!("{person} {}", at.to_rfc3339())).unwrap_or_default()
    }
}

/// What the records refer to, and the shifts that are there.
struct Known {
    people: HashMap<String, i64>,
    machines: HashMap<String, i64>,
    shifts: HashMap<(i64, Instant), row::Model>,
}

/// What taking each of these over would do.
pub async fn judge(conn: &impl ConnectionTrait, records: &[Record], now: Instant) -> Result<Vec<Judged>> {
    let known = known(conn, records).await?;
    let decided = records.iter().map(|record| decision(record, &known, now).map(|(_, verdict)| verdict));
    Ok(decided.collect())
}

/// Takes them over as a set; one that cannot be is left out. No person and start twice.
pub async fn put(tx: &Tx, records: &[Record]) -> Result<()> {
    let known = known(tx.conn(), records).await?;
    let decided = records.iter().filter_map(|record| decision(record, &known, tx.now()).ok());
    let taken = decided.filter(|(_, verdict)| verdict.effect != Effect::Kept);
    let taken: Vec<row::Model> = taken.map(|(row, _)| row).collect();
    let is_new = |row: &&row::Model| !known.shifts.contains_key(&(row.person_id, row.starts_at));
    let new: Vec<(i64, Instant)> = taken.iter().filter(is_new).map(|row| (row.person_id, row.starts_at)).collect();
    let changed = taken.iter().filter_map(|row| {
        let before = known.shifts.get(&(row.person_id, row.starts_at))?;
        let fields = those(&[("machine", before.machine_id != row.machine_id), ("note", before.note != row.note)]);
        Some(Changed { shift_id: before.id, fields, by: None })
    });
    let changed: Vec<Changed> = changed.collect();
    store::upsert(tx, taken).await?;
    let (people, starts): (BTreeSet<i64>, BTreeSet<Instant>) = new.iter().copied().unzip();
    let stored = by_key(store::among(tx.conn(), &people, &starts).await?);
    let created = new.iter().filter_map(|key| stored.get(key)).map(|shift| Created {
        shift_id: shift.id,
        person_id: shift.person_id,
        starts_at: shift.starts_at,
        by: None,
    });
    outbox::append(tx, &created.collect::<Vec<_>>()).await?;
    outbox::append(tx, &changed).await
}

/// The next shifts, in the order of their starts, of people with a WhatsApp number.
pub async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
    let after = after.and_then(|place| {
        let (starts_at, id) = place.split_once(' ')?;
        Some((starts_at.parse().ok()?, id.parse().ok()?))
    });
    let shifts = store::page(conn, after, most).await?;
    let people: BTreeSet<i64> = shifts.iter().map(|shift| shift.person_id).collect();
    let numbers = numbers_of(conn, &people.into_iter().collect::<Vec<_>>()).await?;
    let machines = machines::by_ids(conn, &shifts.iter().filter_map(|shift| shift.machine_id).collect()).await?;
    let records = shifts.into_iter().map(|shift| Record {
        key: format!("{} {}", shift.starts_at.to_rfc3339(), shift.id),
        person: numbers.get(&shift.person_id).cloned().unwrap_or_default(),
        starts_at: Some(shift.starts_at),
        machine: shift.machine_id.and_then(|id| machines.get(&id)).map(|machine| machine.number.clone()),
        note: Some(shift.note),
    });
    Ok(records.collect())
}

async fn known(conn: &impl ConnectionTrait, records: &[Record]) -> Result<Known> {
    let numbers: Vec<String> = distinct(records.iter().map(|record| &record.person));
    let people = people_with(conn, &numbers).await?;
    let machines = distinct(records.iter().filter_map(|record| record.machine.as_ref()));
    let machines = machines::by_numbers(conn, &machines).await?;
    let machines = machines.into_iter().map(|(number, machine)| (number, machine.id)).collect();
    let starts: BTreeSet<Instant> = records.iter().filter_map(|record| record.starts_at).collect();
    let shifts = store::among(conn, &people.values().copied().collect(), &starts).await?;
    Ok(Known { people, machines, shifts: by_key(shifts) })
}

fn by_key(shifts: Vec<row::Model>) -> HashMap<(i64, Instant), row::Model> {
    shifts.into_iter().map(|shift| ((shift.person_id, shift.starts_at), shift)).collect()
}

/// The row as it would be, and what that does.
fn decision(record: &Record, known: &Known, now: Instant) -> Result<(row::Model, Verdict), Wrong> {
    let person_id = *known.people.get(&record.person).ok_or_else(|| {
        Wrong::new("person", record.person.clone(), "is nobody with a role that Andon knows; import people first")
    })?;
    let starts_at = record.starts_at.ok_or_else(|| Wrong::new("starts_at", "", "is empty; every shift needs one"))?;
    let machine_id = match record.machine.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(number) => Some(Some(*known.machines.get(number).ok_or_else(|| {
            let reason = "is no machine that Andon knows; import machines first, or leave the cell empty";
            Wrong::new("machine", number, reason)
        })?)),
    };
    let Some(before) = known.shifts.get(&(person_id, starts_at)) else {
        let row = row::Model {
            id: 0,
            person_id,
            starts_at,
            machine_id: machine_id.flatten(),
            note: record.note.clone().unwrap_or_default(),
            remind_at: remind_at(starts_at, now),
            created_at: now,
            updated_at: now,
        };
        return Ok((row, Verdict::plain(Effect::Created)));
    };
    let mut row = row::Model {
        machine_id: machine_id.unwrap_or(before.machine_id),
        note: record.note.clone().unwrap_or_else(|| before.note.clone()),
        ..before.clone()
    };
    let effect = if row == *before { Effect::Kept } else { Effect::Changed };
    row.updated_at = now;
    Ok((row, Verdict::plain(effect)))
}
