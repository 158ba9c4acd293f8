//! Preventive maintenance: a machine, what is to be done with it, and every how many days.
//!
//! Who is responsible is reminded the day before it is due and on the day, at seven in the morning by the plant's clock;
//! where nobody is, or only people who are not active any more, the admins and the supervisors of the machine's department
//! are. What was done moves the next day on.

pub mod api;
pub mod desk;
pub mod events;
pub mod model;
pub mod records;
mod store;

pub use store::row;

use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::{machines, outbox, people};
use chrono_tz::Tz;
use events::Due;
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;

/// A plan, and who is responsible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it says.
    pub row: row::Model,
    /// People, in the order of their rows.
    pub people: Vec<i64>,
}

/// Whether a plan is to be looked at by `now`.
pub async fn is_any_due(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    store::is_any_due(conn, now).await
}

/// Reminds of at most so many plans that are to be looked at; answers with how many those were.
pub async fn remind(tx: &Tx, tz: Tz, most: u64) -> Result<usize> {
    let due = store::with_people(tx.conn(), store::due(tx, most).await?).await?;
    let everybody: BTreeSet<i64> = due.iter().flat_map(|plan| plan.people.iter().copied()).collect();
    let at_work = people::store::records::at_work(tx.conn(), &everybody.into_iter().collect::<Vec<_>>()).await?;
    let machines = machines::by_ids(tx.conn(), &due.iter().map(|plan| plan.row.machine_id).collect()).await?;
    let mut told = Vec::new();
    let mut looked_at = Vec::with_capacity(due.len());
    for Plan { row: plan, people } in due {
        let planned = plan.remind_at.unwrap_or(tx.now());
        let look = model::look(plan.next_on, planned, tx.now(), tz);
        let responsible: Vec<i64> = people.into_iter().filter(|person| at_work.contains(person)).collect();
        if let Some(when) = look.say {
            let department = machines.get(&plan.machine_id).map(|machine| machine.department.clone());
            told.push(Due {
                plan_id: plan.id,
                plan: plan.number.clone(),
                machine_id: plan.machine_id,
                title: plan.title.clone(),
                instructions: plan.instructions.clone(),
                due_on: plan.next_on,
                when,
                desk_of: department.filter(|_| responsible.is_empty()),
                responsible,
            });
        }
        looked_at.push(row::Model { remind_at: look.next, ..plan });
    }
    let count = looked_at.len();
    store::upsert(tx, looked_at).await?;
    outbox::append(tx, &told).await?;
    Ok(count)
}
