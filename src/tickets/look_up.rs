//! Looking tickets up by their references: facts for people, with who may see them, and the nearest existing ones.

use super::model::{Kind, Ticket, Visibility};
use super::{row, store};
use crate::db::nearest_keys;
use crate::kit::nearest::LookedUp;
use crate::kit::{Instant, Result};
use crate::sla::{self, format_instant, format_left};
use chrono_tz::Tz;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// How many nearest references are named for one that does not exist: more than are shown, because the asker may
/// not see them all.
const NEAREST: usize = 10;

/// A ticket with who has it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The stored ticket.
    pub row: row::Model,
    /// The ticket as far as the rules look at it.
    pub ticket: Ticket,
    /// The names of those who have it.
    pub names: Vec<String>,
}

/// The tickets that exist, and the nearest references to those that do not.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// By reference.
    pub found: HashMap<String, Seen>,
    /// For a reference that does not exist, the nearest existing ones, nearest first.
    pub near: HashMap<String, Vec<(String, Visibility)>>,
}

/// The facts of tickets, with who may see them; a fixed number of statements.
///
/// **Shape**: `{reference, kind: "MAINTENANCE", title, status: "IN_PROGRESS", priority: "HIGH", time_left: "44h 32m", clock: "OK",
/// deadline: "2026-01-20 14:30 UTC", holder: "Technician", place: {latitude, longitude, label}}`. `time_left` is null without a deadline and once the
/// ticket is done, `deadline` without one, `holder` while nobody has it.
pub async fn look_up(
    conn: &impl ConnectionTrait,
    keys: &[String],
    now: Instant,
    tz: Tz,
) -> Result<LookedUp<Visibility>> {
    let Read { found, near } = read(conn, keys, &Kind::ALL).await?;
    let found = found.into_iter().map(|(key, seen)| (key, (seen.facts(now, tz), seen.ticket.visibility()))).collect();
    Ok(LookedUp { found, near })
}

/// The tickets of these kinds with these references, and the nearest of these kinds for the others.
pub async fn read(conn: &impl ConnectionTrait, keys: &[String], kinds: &[Kind]) -> Result<Read> {
    let mut rows = store::by_references(conn, keys).await?;
    rows.retain(|row| kinds.contains(&row.kind));
    let existing: HashSet<&str> = rows.iter().map(|row| row.reference.as_str()).collect();
    let missing: Vec<String> = keys.iter().filter(|key| !existing.contains(key.as_str())).cloned().collect();
    let prefix = if let [kind] = kinds { format!("{}-", kind.prefix()) } else { String::new() };
    let mut near = HashMap::new();
    if !missing.is_empty() {
        near = nearest_keys::<row::Entity>(conn, row::Column::Reference, &prefix, &missing, NEAREST).await?;
    }
    let mut others = Vec::new();
    if near.values().any(|references| !references.is_empty()) {
        let references: Vec<String> = near.values().flatten().cloned().collect();
        others = store::by_references(conn, &references).await?;
        others.retain(|row| kinds.contains(&row.kind));
    }
    let ids: Vec<i64> = rows.iter().chain(&others).map(|row| row.id).collect();
    let mut holders: HashMap<i64, Vec<store::Holder>> = HashMap::new();
    for holder in store::holders(conn, &ids).await? {
        holders.entry(holder.ticket_id).or_default().push(holder);
    }
    // A ticket may be both found for one key and near to another, so nobody is taken out.
    let seen = |row: row::Model| {
        let holders = holders.get(&row.id).map_or(&[][..], Vec::as_slice);
        let ticket = row.ticket(holders.iter().map(|holder| holder.person_id).collect());
        let names = holders.iter().filter_map(|holder| holder.name.clone()).collect();
        Seen { row, ticket, names }
    };
    let found = rows.into_iter().map(|row| (row.reference.clone(), seen(row))).collect();
    let others: HashMap<String, Visibility> =
        others.into_iter().map(|row| (row.reference.clone(), seen(row).ticket.visibility())).collect();
    let with_visibility = |reference: String| others.get(&reference).cloned().map(|seen_by| (reference, seen_by));
    let near = near
        .into_iter()
        .map(|(key, references)| (key, references.into_iter().filter_map(with_visibility).collect()))
        .collect();
    Ok(Read { found, near })
}

impl Seen {
    /// The names of those who have it; none while nobody has it.
    pub fn holder(&self) -> Option<String> {
        (!self.names.is_empty()).then(|| self.names.join(", "))
    }

    /// What [`look_up`] answers for it.
    pub fn facts(&self, now: Instant, tz: Tz) -> Value {
        let clock = self.ticket.resolution_clock();
        let state = self.ticket.clock_state(now);
        let running = clock.filter(|_| state != sla::State::Done);
        json!({
            "reference": self.row.reference,
            "kind": self.row.kind.as_str(),
            "title": self.row.title,
            "status": self.row.status.as_str(),
            "priority": self.row.priority.as_str(),
            "time_left": running.map(|clock| format_left(clock.time_left(now))),
            "clock": state.as_str(),
            "deadline": clock.map(|clock| format_instant(clock.due(now), tz)),
            "holder": self.holder(),
            "place": self.row.place(),
        })
    }
}
