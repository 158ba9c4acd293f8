//! Maintenance: a machine needs mending. A report becomes a ticket of the machine's department with a deadline.
//!
//! Reports come as sets with a fixed number of statements. A report on a machine that does not exist is refused
//! alone; its neighbours are taken.

pub mod model;
mod store;

pub use store::{Down, row};

use crate::channels::{Media, Place};
use crate::db::Tx;
use crate::kit::{Instant, Result, reference};
use crate::machines;
use crate::sla::Policies;
use crate::tickets::model::in_words;
use crate::tickets::{self, Given, Kind, NewTicket, Priority};
use model::{Reliability, Repair};
use sea_orm::ConnectionTrait;
use std::collections::HashMap;

/// What somebody says is wrong.
#[derive(Clone, Debug)]
pub struct Report {
    /// The machine's number.
    pub machine: String,
    /// What sort of problem, `BEARING`; an operator's flow may name sorts of its own.
    pub issue_type: String,
    /// How urgent it is: a [`Priority`] by its stored name.
    pub urgency: String,
    /// Photos.
    pub media: Vec<Media>,
    /// Where whoever reports stands; without it, where the machine does.
    pub place: Option<Place>,
    /// Who reports.
    pub reporter: i64,
}

/// A report that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Its ticket.
    pub ticket_id: i64,
    /// Its ticket's reference.
    pub reference: String,
    /// **Units**: hours that mending may take.
    pub sla_hours: i64,
}

/// Why a report was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such machine.
    #[error("There is no machine {0}. Please check its number.")]
    MachineUnknown(String),
    /// No priority is called so.
    #[error("{0} is no urgency. Please choose LOW, MEDIUM or HIGH.")]
    UrgencyUnknown(String),
}

impl Refusal {
    /// The question whose answer does not do.
    pub fn question(&self) -> Option<&'static str> {
        match self {
            Self::MachineUnknown(_) => Some("machine"),
            Self::UrgencyUnknown(_) => Some("urgency"),
        }
    }

    /// The wording's key.
    pub fn key(&self) -> &'static str {
        match self {
            Self::MachineUnknown(_) => "chat.refused.machine_unknown",
            Self::UrgencyUnknown(_) => "chat.refused.choice_unknown",
        }
    }
}

/// Takes reports in: opens their tickets and starts their clocks. Answers in the reports' order.
pub async fn report(tx: &Tx, policies: &Policies, reports: &[Report]) -> Result<Vec<Result<Reported, Refusal>>> {
    record(tx, policies, reports, &[]).await
}

/// Like [`report`], with what is already known of the n-th report's ticket in the n-th of `given`.
///
/// # Errors
/// A given reference that is taken, or does not begin with `MAINT-`.
pub async fn record(
    tx: &Tx,
    policies: &Policies,
    reports: &[Report],
    given: &[Given],
) -> Result<Vec<Result<Reported, Refusal>>> {
    let numbers: Vec<String> = reports.iter().map(|report| reference::fold(&report.machine)).collect();
    let machines = machines::by_numbers(tx.conn(), &numbers).await?;
    let mut checked = Vec::with_capacity(reports.len());
    let mut new = Vec::new();
    let mut facts = Vec::new();
    for (index, (report, number)) in reports.iter().zip(&numbers).enumerate() {
        let urgency = Priority::named(&reference::fold(&report.urgency));
        checked.push(match (machines.get(number), urgency) {
            (None, _) => Err(Refusal::MachineUnknown(number.clone())),
            (_, None) => Err(Refusal::UrgencyUnknown(report.urgency.clone())),
            (Some(machine), Some(urgency)) => {
                let issue_type = reference::fold(&report.issue_type);
                new.push(NewTicket {
                    kind: Kind::Maintenance,
                    given: given.get(index).cloned().unwrap_or_default(),
                    title: format!("{number}: {}", in_words(&issue_type)),
                    description: format!("{}, {}", machine.name, machine.location),
                    media_json: serde_json::json!(report.media).to_string(),
                    place_json: place(report, machine).map(|place| serde_json::json!(place).to_string()),
                    priority: urgency,
                    requester_id: Some(report.reporter),
                    department: Some(machine.department.clone()),
                    incident: None,
                });
                facts.push((machine.id, issue_type));
                Ok(Kind::Maintenance.policy(policies).resolution_hours(urgency).unwrap_or_default())
            }
        });
    }
    let tickets = tickets::create(tx, policies, new).await?;
    let rows = tickets.iter().zip(facts).map(|(ticket, (machine_id, issue_type))| store::NewMaintenance {
        ticket_id: ticket.id,
        machine_id,
        issue_type,
    });
    store::insert(tx, &rows.collect::<Vec<_>>()).await?;

    let mut made = tickets.into_iter();
    let reported = checked.into_iter().map(|checked| {
        let (sla_hours, ticket) = checked.map(|hours| (hours, made.next()))?;
        Ok(ticket.map(|ticket| Reported { ticket_id: ticket.id, reference: ticket.reference, sla_hours }))
    });
    Ok(reported.filter_map(Result::transpose).collect())
}

/// Where what is broken is: where whoever reports stands, if they shared that, else where the machine does.
fn place(report: &Report, machine: &machines::row::Model) -> Option<Place> {
    let of_machine = || {
        let (latitude, longitude) = machine.spot()?.degrees();
        let label = Some(machine.location.clone()).filter(|location| !location.is_empty());
        Some(Place { latitude, longitude, label })
    };
    report.place.clone().or_else(of_machine)
}

/// Which machine each of these tickets' reports is about.
pub async fn machines_of(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<HashMap<i64, i64>> {
    store::machines_of(conn, ticket_ids).await
}

/// Which of these machines are down, and by what: the reports on them that are not mended. Two statements.
pub async fn down(conn: &impl ConnectionTrait, machine_ids: &[i64]) -> Result<Vec<Down>> {
    store::down(conn, machine_ids).await
}

/// The tickets of a machine's reports, the newest first, at most so many; those that are open, or all.
pub async fn tickets_of(conn: &impl ConnectionTrait, machine_id: i64, is_open: bool, most: u64) -> Result<Vec<i64>> {
    store::tickets_of(conn, machine_id, is_open, most).await
}

/// The most reports of which a machine's figures are made.
pub const MOST_REPORTS: u64 = 5_000;

/// How reliable a machine was between two instants, from its tickets; none where there are more than [`MOST_REPORTS`].
///
/// What happened before the machine was known cannot be told: the time begins when it was taken in, or with the first
/// report on it where that is older.
pub async fn figures(
    conn: &impl ConnectionTrait,
    machine: &machines::row::Model,
    from: Instant,
    until: Instant,
) -> Result<Option<Figures>> {
    let mut reports = store::reports(conn, machine.id, from, until, MOST_REPORTS + 1).await?;
    if reports.len() as u64 > MOST_REPORTS {
        return Ok(None);
    }
    let all = reports.len();
    reports.retain(|report| !report.is_cancelled);
    let repairs: Vec<Repair> = reports.iter().map(|report| report.repair).collect();
    let first = repairs.iter().map(|repair| repair.reported).chain([machine.created_at]).min();
    let known_from = first.filter(|first| *first > from).unwrap_or(from);
    let taken_back = all - repairs.len();
    Ok(Some(Figures { reliability: Reliability::of(&repairs, known_from, until), taken_back }))
}

/// Whose machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of<'a> {
    /// All.
    All,
    /// Those that this department answers for, and those that every one does.
    Department(Option<&'a str>),
}

/// For how long machines were down between two instants, each counted by itself; none where there are more than
/// [`MOST_REPORTS`]. **Units**: minutes.
///
/// # Errors
/// When the database is away.
pub async fn downtime(conn: &impl ConnectionTrait, of: Of<'_>, from: Instant, until: Instant) -> Result<Option<i64>> {
    let repairs = store::repairs(conn, of, (from, until), MOST_REPORTS + 1).await?;
    if repairs.len() as u64 > MOST_REPORTS {
        return Ok(None);
    }
    let mut machines: HashMap<i64, Vec<Repair>> = HashMap::new();
    for (machine_id, repair) in repairs {
        machines.entry(machine_id).or_default().push(repair);
    }
    Ok(Some(machines.values().map(|repairs| Reliability::of(repairs, from, until).down).sum()))
}

/// How reliable a machine was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The figures.
    pub reliability: Reliability,
    /// How many reports were cancelled, and count for nothing.
    pub taken_back: usize,
}

#[cfg(test)]
mod tests;
