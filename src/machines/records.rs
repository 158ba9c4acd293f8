//! Machines as another system hands them in: judged first, then taken over, by one and the same rule.
//!
//! What a record does not say stays as it is.

use super::events::{Changed, Created};
use super::{row, store};
use crate::db::Tx;
use crate::kit::earth::Spot;
use crate::kit::records::{Effect, Judged, Verdict, Wrong, lacking, those};
use crate::kit::{Instant, Result};
use crate::outbox;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A machine as another system has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, folded.
    pub number: String,
    /// What people call it.
    pub name: Option<String>,
    /// Where it stands; may be empty.
    pub location: Option<String>,
    /// The department that answers for it.
    pub department: Option<String>,
    /// The spot on the earth.
    pub position: Option<Position>,
}

/// What is said of the spot on the earth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    /// It is not known.
    Unknown,
    /// Here.
    At(Spot),
}

impl Position {
    /// The spot, where it is known.
    pub fn spot(self) -> Option<Spot> {
        if let Self::At(spot) = self { Some(spot) } else { None }
    }
}

impl From<Option<Spot>> for Position {
    fn from(spot: Option<Spot>) -> Self {
        spot.map_or(Self::Unknown, Self::At)
    }
}

/// What taking each of these over would do.
pub async fn judge(conn: &impl ConnectionTrait, records: &[Record], now: Instant) -> Result<Vec<Judged>> {
    let stored = by_number(store::by_numbers(conn, &numbers(records)).await?);
    let decided = records.iter().map(|record| decision(record, stored.get(&record.number), now));
    Ok(decided.map(|decided| decided.map(|(_, verdict)| verdict)).collect())
}

/// Takes them over as a set, for the person `by` where one handed them in; one that cannot be is left out. No number
/// twice.
pub async fn put(tx: &Tx, records: &[Record], by: Option<i64>) -> Result<()> {
    let before = by_number(store::by_numbers_locked(tx, &numbers(records)).await?);
    let decided = records.iter().map(|record| decision(record, before.get(&record.number), tx.now()));
    let taken = decided.flatten().filter(|(_, verdict)| verdict.effect != Effect::Kept);
    let taken: Vec<row::Model> = taken.map(|(row, _)| row).collect();
    let changed = taken.iter().filter_map(|row| Some(changed(before.get(&row.number)?, row, by)));
    let changed: Vec<Changed> = changed.collect();
    let new: Vec<String> = taken.iter().map(|row| row.number.clone()).filter(|key| !before.contains_key(key)).collect();
    store::upsert(tx, taken).await?;
    let created = store::by_numbers(tx.conn(), &new).await?;
    let created: Vec<Created> =
        created.into_iter().map(|row| Created { machine_id: row.id, machine: row.number, by }).collect();
    outbox::append(tx, &created).await?;
    outbox::append(tx, &changed).await
}

fn changed(before: &row::Model, after: &row::Model, by: Option<i64>) -> Changed {
    let fields = those(&[
        ("name", before.name != after.name),
        ("location", before.location != after.location),
        ("department", before.department != after.department),
        ("position", before.spot() != after.spot()),
    ]);
    Changed { machine_id: before.id, machine: before.number.clone(), fields, by }
}

/// The next machines in the order of their numbers.
pub async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
    let rows = store::page(conn, after, most).await?;
    let records = rows.into_iter().map(|row| Record {
        position: Some(row.spot().into()),
        number: row.number,
        name: Some(row.name),
        location: Some(row.location),
        department: Some(row.department),
    });
    Ok(records.collect())
}

fn numbers(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.number.clone()).collect()
}

fn by_number(rows: Vec<row::Model>) -> HashMap<String, row::Model> {
    rows.into_iter().map(|row| (row.number.clone(), row)).collect()
}

/// The row as it would be, and what that does.
pub(super) fn decision(
    record: &Record,
    before: Option<&row::Model>,
    now: Instant,
) -> Result<(row::Model, Verdict), Wrong> {
    let Some(before) = before else {
        return Ok((new_row(record, now)?, Verdict::plain(Effect::Created)));
    };
    let said = |said: &Option<String>, kept: &String| said.as_ref().unwrap_or(kept).clone();
    let spot = record.position.map_or(before.spot(), Position::spot);
    let mut row = row::Model {
        latitude: spot.map(|spot| spot.latitude),
        longitude: spot.map(|spot| spot.longitude),
        name: said(&record.name, &before.name),
        location: said(&record.location, &before.location),
        department: said(&record.department, &before.department),
        ..before.clone()
    };
    let effect = if row == *before { Effect::Kept } else { Effect::Changed };
    row.updated_at = now;
    Ok((row, Verdict::plain(effect)))
}

fn new_row(record: &Record, now: Instant) -> Result<row::Model, Wrong> {
    let (Some(name), Some(department)) = (&record.name, &record.department) else {
        let lacking = lacking(&[("name", record.name.is_some()), ("department", record.department.is_some())]);
        return Err(Wrong::incomplete("number", &record.number, &lacking));
    };
    let spot = record.position.and_then(Position::spot);
    Ok(row::Model {
        id: 0,
        latitude: spot.map(|spot| spot.latitude),
        longitude: spot.map(|spot| spot.longitude),
        number: record.number.clone(),
        name: name.clone(),
        location: record.location.clone().unwrap_or_default(),
        department: department.clone(),
        created_at: now,
        updated_at: now,
    })
}
