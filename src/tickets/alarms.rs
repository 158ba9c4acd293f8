//! Deadlines that draw near or pass: told once each, as soon as the clock says so.
//!
//! Each ticket knows when one of its clocks next has something to say (`alarm_at`, which has an index), so what falls due
//! is taken as a set and nothing else is looked at. What was said of a deadline, and the events that tell it, are
//! written together: two processes and a kill change nothing. Somebody who moves a deadline has it said anew.

use super::events::{self, SlaBreached, SlaWarning};
use super::{about, store};
use crate::db::Tx;
use crate::kit::{Instant, Result, stored_enum};
use crate::sla::{Clock, Said};
use sea_orm::ConnectionTrait;

stored_enum! {
    /// Which of a ticket's deadlines.
    pub enum Deadline {
        /// Until it is opened.
        Response = "RESPONSE",
        /// Until it is resolved.
        Resolution = "RESOLUTION",
    }
}

/// Whether some clock has something to say by `now`.
pub async fn is_any_due(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    store::alarms::is_any_due(conn, now).await
}

/// Says what the clocks of at most so many tickets have to say; answers with how many tickets that were.
///
/// Where a deadline passed before its warning was said, only that it passed is told. Of a ticket whose clocks were never
/// looked at (it was there before Andon told of deadlines) what they say now is taken as said.
pub async fn sound(tx: &Tx, most: u64) -> Result<usize> {
    let due = store::alarms::due(tx, most).await?;
    let (mut warnings, mut breaches) = (Vec::new(), Vec::new());
    let mut rows = Vec::with_capacity(due.len());
    for row in due {
        let ticket = row.ticket(Vec::new());
        let mut say = |deadline: Deadline, clock: Option<Clock>, before: Option<i32>| {
            let is = Said::at(clock.as_ref(), tx.now());
            let Some(before) = before.map(Said::read) else { return is };
            if let Some(Clock { due_at, .. }) = clock.filter(|_| is > before) {
                let about = about(&row, None);
                if is == Said::Breach {
                    breaches.push(SlaBreached { about, clock: deadline, due_at });
                } else {
                    let minutes_left = (due_at - tx.now()).num_minutes();
                    warnings.push(SlaWarning { about, clock: deadline, due_at, minutes_left });
                }
            }
            is.max(before)
        };
        let response = say(Deadline::Response, ticket.response_clock(), row.response_said);
        let resolution = say(Deadline::Resolution, ticket.resolution_clock(), row.resolution_said);
        rows.push(row.having_said(&ticket, response, resolution));
    }
    let count = rows.len();
    store::alarms::keep(tx, rows).await?;
    events::append(tx, &warnings).await?;
    events::append(tx, &breaches).await?;
    Ok(count)
}
