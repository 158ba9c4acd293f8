//! SOP failures: a standard operating procedure was not kept. Each is a ticket that names the procedure, what
//! failed, and the department charged, whose supervisor decides it within 24 hours.
//!
//! Reports and look-ups come as sets with a fixed number of statements.

pub mod api;
pub mod desk;
pub mod events;
pub mod records;
mod store;

pub use store::row;

use crate::channels::Media;
use crate::db::Tx;
use crate::kit::nearest::LookedUp;
use crate::kit::{Instant, Result};
use crate::sla::{Policies, format_instant};
use crate::tickets::{self, Given, Kind, NewTicket, Priority, Seen, Visibility};
use chrono_tz::Tz;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use store::NewSopFailure;

/// A title is cut after so many characters. **Source**: desk.md, "Create".
const MAX_TITLE: usize = 300;

/// What somebody says was not kept.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its reference where it has one already, `SOP-999`.
    pub reference: Option<String>,
    /// Which procedure, in words.
    pub procedure: String,
    /// What failed, in words.
    pub failure_type: String,
    /// The department charged.
    pub department: String,
    /// In the reporter's words.
    pub description: String,
    /// Photos.
    pub media: Vec<Media>,
    /// Who reports; none where it comes from records.
    pub reporter: Option<i64>,
}

/// A failure that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Its ticket.
    pub ticket_id: i64,
    /// Its ticket's reference.
    pub reference: String,
}

/// Why a report was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing says which procedure.
    #[error("Please say which procedure was not kept.")]
    ProcedureMissing,
    /// Nothing says whose.
    #[error("Please say which department is charged.")]
    DepartmentMissing,
}

impl Refusal {
    /// The question whose answer does not do.
    pub fn question(&self) -> Option<&'static str> {
        match self {
            Self::ProcedureMissing => Some("procedure"),
            Self::DepartmentMissing => Some("department"),
        }
    }

    /// The wording's key.
    pub fn key(&self) -> &'static str {
        match self {
            Self::ProcedureMissing => "chat.refused.procedure_missing",
            Self::DepartmentMissing => "chat.refused.department_missing",
        }
    }
}

/// Takes failures in: opens their tickets and starts their clocks. Answers in the reports' order.
///
/// # Errors
/// A given reference that is taken, or does not begin with `SOP-`.
pub async fn report(tx: &Tx, policies: &Policies, reports: &[Report]) -> Result<Vec<Result<Reported, Refusal>>> {
    let checked: Vec<Result<(), Refusal>> = reports.iter().map(check).collect();
    let taken: Vec<&Report> = reports.iter().zip(&checked).filter(|(_, ok)| ok.is_ok()).map(|(r, _)| r).collect();
    let tickets = tickets::create(tx, policies, taken.iter().map(|report| ticket(report)).collect()).await?;
    let rows = tickets.iter().zip(taken).map(|(ticket, report)| NewSopFailure {
        ticket_id: ticket.id,
        procedure: report.procedure.trim().to_owned(),
        failure_type: report.failure_type.trim().to_owned(),
        department: report.department.trim().to_owned(),
    });
    store::upsert(tx, &rows.collect::<Vec<_>>()).await?;
    let mut made = tickets.into_iter();
    let reported = checked.into_iter().map(|checked| {
        let ticket = checked.map(|()| made.next())?;
        Ok(ticket.map(|ticket| Reported { ticket_id: ticket.id, reference: ticket.reference }))
    });
    Ok(reported.filter_map(Result::transpose).collect())
}

/// The facts of SOP failures, with who may see them; a fixed number of statements.
///
/// **Shape**: `{number: "SOP-999", procedure, failure_type, department, status: "OPENED",
/// reported: "2026-01-17 09:05 UTC", holder: "Technician", escalation: "Not escalated"}`; `holder` is null while
/// nobody has it, and `escalation` may read `Level 1 since 2026-01-18 09:05 UTC`, which `escalation_level` (0: not) and
/// `escalated_at` say apart. With `clock` and `time_left` as
/// [`tickets::look_up`] has them.
pub async fn look_up(
    conn: &impl ConnectionTrait,
    keys: &[String],
    now: Instant,
    tz: Tz,
) -> Result<LookedUp<Visibility>> {
    let tickets::Read { found, near } = tickets::read(conn, keys, &[Kind::SopFailure]).await?;
    let ids: Vec<i64> = found.values().map(|seen| seen.row.id).collect();
    let failures = store::by_tickets(conn, &ids).await?;
    let found = found.into_iter().filter_map(|(key, seen)| {
        let facts = facts(&seen, failures.get(&seen.row.id)?, now, tz);
        Some((key, (facts, seen.ticket.visibility())))
    });
    Ok(LookedUp { found: found.collect(), near })
}

fn check(report: &Report) -> Result<(), Refusal> {
    if report.procedure.trim().is_empty() {
        return Err(Refusal::ProcedureMissing);
    }
    if report.department.trim().is_empty() {
        return Err(Refusal::DepartmentMissing);
    }
    Ok(())
}

fn ticket(report: &Report) -> NewTicket {
    let title = format!("{}: {}", report.procedure.trim(), report.failure_type.trim());
    NewTicket {
        kind: Kind::SopFailure,
        given: Given { reference: report.reference.clone(), resolution_due_at: None },
        title: title.chars().take(MAX_TITLE).collect(),
        description: report.description.clone(),
        media_json: json!(report.media).to_string(),
        place_json: None,
        priority: Priority::High,
        requester_id: report.reporter,
        department: Some(report.department.trim().to_owned()),
        incident: None,
    }
}

fn facts(seen: &Seen, failure: &row::Model, now: Instant, tz: Tz) -> Value {
    let mut facts = seen.facts(now, tz);
    let escalation = match (failure.escalation_level, failure.escalated_at) {
        (level, Some(at)) if level > 0 => format!("Level {level} since {}", format_instant(at, tz)),
        (level, None) if level > 0 => format!("Level {level}"),
        _ => "Not escalated".to_owned(),
    };
    json!({
        "number": seen.row.reference,
        "procedure": failure.procedure,
        "failure_type": failure.failure_type,
        "department": failure.department,
        "status": seen.row.status.as_str(),
        "reported": format_instant(seen.row.created_at, tz),
        "holder": seen.holder(),
        "escalation": escalation,
        "escalation_level": failure.escalation_level,
        "escalated_at": failure.escalated_at.map(|at| format_instant(at, tz)),
        "clock": facts["clock"].take(),
        "time_left": facts["time_left"].take(),
    })
}

#[cfg(test)]
mod tests;
