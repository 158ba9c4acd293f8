//! Counting a day: from the rows that say what happened on it to its figures.

use super::model::{Family, Kept, Measure, Of, Tally, bounds, hour_of, hours};
use super::store::source::{self, Counted};
use crate::chat::went::What;
use crate::kit::{Instant, Result};
use crate::tickets::row::Column;
use crate::tickets::{Kind, Status};
use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use sea_orm::ConnectionTrait;
use std::collections::HashMap;

/// The figures of a day at the plant.
pub(super) async fn day(conn: &impl ConnectionTrait, family: Family, day: NaiveDate, tz: Tz) -> Result<Tally> {
    match family {
        Family::Tickets => tickets(conn, day, tz).await,
        Family::Messages => messages(conn, day, tz).await,
    }
}

async fn tickets(conn: &impl ConnectionTrait, day: NaiveDate, tz: Tz) -> Result<Tally> {
    let (within, mut tally) = (bounds(day, tz), Tally::default());
    let came = source::tickets(conn, Column::CreatedAt, within).await?;
    for ticket in &came {
        tally.add(of(Measure::Came, ticket, ""), 1, 0);
        tally.add(of(Measure::CameAt, ticket, &hour_of(ticket.created_at, tz)), 1, 0);
    }
    let of_kind = |kind: Kind| came.iter().filter(move |ticket| ticket.kind == kind);
    let defects: Vec<i64> = of_kind(Kind::Defect).map(|ticket| ticket.id).collect();
    for (sort, order) in source::defects(conn, &defects).await? {
        tally.add(of_defects(Measure::DefectType, sort), 1, 0);
        tally.add(of_defects(Measure::DefectOrder, order), 1, 0);
    }
    let broken: HashMap<i64, &Counted> = of_kind(Kind::Maintenance).map(|ticket| (ticket.id, ticket)).collect();
    for (id, machine) in source::broken(conn, &broken.keys().copied().collect::<Vec<_>>()).await? {
        if let Some(ticket) = broken.get(&id) {
            tally.add(of(Measure::Breakdown, ticket, &machine), 1, 0);
        }
    }
    for ticket in source::tickets(conn, Column::OpenedAt, within).await? {
        let Some(opened_at) = ticket.opened_at else { continue };
        let kept = Kept::of(ticket.response_due_at, opened_at);
        tally.took(of(Measure::Responded, &ticket, kept.as_str()), seconds(ticket.created_at, opened_at, 0));
    }
    let resolved = source::tickets(conn, Column::ResolvedAt, within).await?;
    let mut dated: HashMap<i64, (&Counted, Kept)> = HashMap::new();
    for ticket in &resolved {
        let Some(resolved_at) = ticket.resolved_at else { continue };
        let kept = Kept::of(ticket.resolution_due_at, resolved_at);
        let took = seconds(ticket.created_at, resolved_at, ticket.paused_micros);
        tally.took(of(Measure::Resolved, ticket, kept.as_str()), took);
        if kept != Kept::Free {
            dated.insert(ticket.id, (ticket, kept));
        }
    }
    for (id, person) in source::holders(conn, &dated.keys().copied().collect::<Vec<_>>()).await? {
        if let Some((ticket, kept)) = dated.get(&id) {
            let measure = if *kept == Kept::Kept { Measure::KeptBy } else { Measure::BrokenBy };
            tally.add(of(measure, ticket, &person.to_string()), 1, 0);
        }
    }
    for ticket in source::tickets(conn, Column::ClosedAt, within).await? {
        let ended = if ticket.status == Status::Cancelled { Status::Cancelled } else { Status::Closed };
        tally.add(of(Measure::Ended, &ticket, ended.as_str()), 1, 0);
    }
    Ok(tally)
}

async fn messages(conn: &impl ConnectionTrait, day: NaiveDate, tz: Tz) -> Result<Tally> {
    let mut tally = Tally::default();
    for (from, until, hour) in hours(day, tz) {
        for (channel, n) in source::received(conn, (from, until)).await? {
            tally.add(by(Measure::Received, &channel, ""), n, 0);
            tally.add(by(Measure::ReceivedAt, &channel, &hour), n, 0);
        }
    }
    for sent in source::sent(conn, bounds(day, tz)).await? {
        match sent.outcome.as_str() {
            "ACCEPTED" => tally.add(by(Measure::Sent, &sent.channel, ""), sent.n, 0),
            "REFUSED" => tally.add(by(Measure::Refused, &sent.channel, ""), sent.n, 0),
            _ => {} // on its way, or to be tried again
        }
        if let (Some(currency), Some(micros)) = (&sent.currency, sent.micros) {
            tally.add(by(Measure::Cost, &sent.channel, currency), sent.n, micros);
        }
    }
    for (what, flow, question, n) in source::turns(conn, bounds(day, tz)).await? {
        match what {
            What::Begun => tally.add(by(Measure::FormBegun, &flow, ""), n, 0),
            What::Done => tally.add(by(Measure::FormDone, &flow, ""), n, 0),
            What::Left => tally.add(by(Measure::FormLeft, &flow, &question), n, 0),
        }
    }
    Ok(tally)
}

fn of(measure: Measure, ticket: &Counted, slice: &str) -> Of {
    let department = ticket.department.clone().unwrap_or_default();
    Of { measure, department, kind: ticket.kind.as_str().to_owned(), slice: slice.to_owned() }
}

/// Defects are of no department: every supervisor answers for them.
fn of_defects(measure: Measure, slice: String) -> Of {
    Of { measure, department: String::new(), kind: Kind::Defect.as_str().to_owned(), slice }
}

fn by(measure: Measure, kind: &str, slice: &str) -> Of {
    // A flow of an operator's own may have any name; the column has room for ours.
    let kind = kind.chars().take(60).collect();
    Of { measure, department: String::new(), kind, slice: slice.to_owned() }
}

fn seconds(from: Instant, until: Instant, paused_micros: i64) -> i64 {
    (until - from - TimeDelta::microseconds(paused_micros)).num_seconds().max(0)
}
