//! Tickets of the past: raised one after the other, handed out, most of them closed, each with its history and events.

use super::floor::{Floor, YEAR};
use super::people::People;
use andon::db::{Db, Tx};
use andon::kit::{Instant, Result};
use andon::outbox::row as event;
use andon::sla::{Clock, Said};
use andon::tickets::store::assignment;
use andon::tickets::{Category, Kind, Priority, Status, history, row as ticket};
use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use std::sync::Arc;

/// How many are stored with one statement.
const AT_ONCE: u32 = 500;
/// How many are committed together.
const IN_ONE: u32 = 5_000;
/// How each twentieth ticket stands.
const STATUSES: [Status; 20] = {
    use Status::{Cancelled, Closed, InProgress, New, OnHold, Opened, Resolved};
    [
        Closed, Closed, New, Closed, InProgress, Closed, Opened, Closed, Closed, Resolved, Closed, InProgress, Closed,
        OnHold, Closed, New, Closed, Opened, Cancelled, InProgress,
    ]
};
/// One description in so many has the rare word.
const RARE: u32 = 2_500;
/// At a plant, what is older than this is done with.
const DONE_AFTER: TimeDelta = TimeDelta::days(60);

/// What the tickets are about, and how far apart they are.
pub(super) enum Course {
    /// Incidents, a minute apart.
    Incidents,
    /// Incidents and what the floor reports, over a year.
    Plant(Floor),
}

/// What all of them have in common.
struct Common {
    tickets: u32,
    clients: Vec<i64>,
    support: Vec<i64>,
    course: Course,
}

/// Stores so many.
pub(super) async fn fill(db: &Db, people: &People, tickets: u32, course: Course) -> Result<()> {
    let (clients, support) = (people.clients.clone(), people.support.clone());
    let common = Arc::new(Common { tickets, clients, support, course });
    for first in (0..tickets).step_by(IN_ONE as usize) {
        let common = Arc::clone(&common);
        db.write(move |tx| {
            let common = Arc::clone(&common);
            Box::pin(async move {
                for first in (first..tickets.min(first + IN_ONE)).step_by(AT_ONCE as usize) {
                    let nths = first..tickets.min(first + AT_ONCE);
                    let past: Vec<Past> = nths.clone().map(|nth| Past::new(tx.now(), nth, &common)).collect();
                    let ids = store(tx, past).await?;
                    if let Course::Plant(floor) = &common.course {
                        floor.store(tx, &ids.into_iter().zip(nths).collect::<Vec<_>>()).await?;
                    }
                }
                Ok(())
            })
        })
        .await?;
    }
    Ok(())
}

/// One of them.
struct Past {
    reference: String,
    kind: Kind,
    department: Option<String>,
    status: Status,
    priority: Priority,
    title: String,
    description: String,
    requester: i64,
    holder: i64,
    raised_at: Instant,
    now: Instant,
}

impl Past {
    fn new(now: Instant, nth: u32, common: &Common) -> Self {
        let Common { tickets, clients, support, course } = common;
        let before = i32::try_from(tickets - nth).unwrap_or(i32::MAX);
        let (ago, kind, department) = match course {
            Course::Incidents => (TimeDelta::minutes(1) * before, Kind::Incident, None),
            Course::Plant(floor) => {
                let all = i32::try_from(*tickets).unwrap_or(i32::MAX);
                (YEAR * before / all, Floor::kind(nth), floor.department(nth))
            }
        };
        let is_done_with = matches!(course, Course::Plant(_)) && ago > DONE_AFTER;
        let status = if is_done_with { Status::Closed } else { STATUSES[nth as usize % STATUSES.len()] };
        let what = ["checkout", "sign-in page", "order list", "printed label", "monthly report"][nth as usize % 5];
        let rare = if nth % RARE == RARE / 2 { " needle" } else { "" };
        Self {
            reference: format!("INC-20200101000000-{}", nth + 1),
            kind,
            department,
            status,
            // Not in step with the statuses.
            priority: Priority::ALL[(nth / 7) as usize % Priority::ALL.len()],
            title: format!("The {what} shows an error, number {nth}"),
            description: format!(
                "Since this morning the {what} shows an error after the address was entered. It happens with every \
                 browser that we tried, and customers call us about it.{rare}"
            ),
            requester: clients[nth as usize % clients.len()],
            holder: support[(nth / 3) as usize % support.len()],
            raised_at: now - ago,
            now,
        }
    }

    /// Every status on the way to the present one.
    fn way(&self) -> Vec<Status> {
        use Status::{Cancelled, Closed, InProgress, New, OnHold, Opened, Resolved};
        match self.status {
            New => vec![New],
            Opened => vec![New, Opened],
            InProgress => vec![New, Opened, InProgress],
            OnHold => vec![New, Opened, InProgress, OnHold],
            Resolved => vec![New, Opened, InProgress, Resolved],
            Closed => vec![New, Opened, InProgress, Resolved, Closed],
            Cancelled => vec![New, Cancelled],
        }
    }

    /// The clock that runs: until somebody opens it, then until it is resolved.
    fn clock(&self) -> Option<Clock> {
        let allowed = match self.status {
            Status::New => TimeDelta::minutes(30),
            Status::Opened | Status::InProgress => TimeDelta::days(7),
            _ => return None,
        };
        let due_at = self.raised_at + allowed;
        let (paused_for, paused_at, stopped_at) = (TimeDelta::zero(), None, None);
        Some(Clock { started_at: self.raised_at, due_at, paused_for, paused_at, stopped_at })
    }

    /// What was said of its deadline.
    fn said(&self) -> Said {
        Said::at(self.clock().as_ref(), self.now)
    }

    fn soon_at(&self) -> Option<Instant> {
        self.clock().filter(|_| self.said() < Said::Breach).map(|clock| clock.warns_at())
    }

    fn next_due_at(&self) -> Option<Instant> {
        self.clock()?.breaks_at()
    }

    fn resolution_due_at(&self) -> Option<Instant> {
        (self.status != Status::New).then(|| self.raised_at + TimeDelta::days(7))
    }

    fn row(&self) -> ticket::ActiveModel {
        let at = |status: Status| {
            let nth = self.way().iter().position(|passed| *passed == status)?;
            Some(self.raised_at + TimeDelta::minutes(20) * i32::try_from(nth).unwrap_or(i32::MAX))
        };
        let is_new = self.status == Status::New;
        ticket::ActiveModel {
            reference: Set(self.reference.clone()),
            kind: Set(self.kind),
            department: Set(self.department.clone()),
            status: Set(self.status),
            priority: Set(self.priority),
            title: Set(self.title.clone()),
            description: Set(self.description.clone()),
            media: Set("[]".to_owned()),
            requester_id: Set(Some(self.requester)),
            category: Set((self.kind == Kind::Incident).then_some(Category::Bug)),
            project_name: Set((self.kind == Kind::Incident).then(|| "Web shop".to_owned())),
            response_due_at: Set(Some(self.raised_at + TimeDelta::minutes(30))),
            resolution_due_at: Set(self.resolution_due_at()),
            next_due_at: Set(self.next_due_at()),
            soon_at: Set(self.soon_at()),
            opened_at: Set(at(Status::Opened)),
            started_at: Set(at(Status::InProgress)),
            resolved_at: Set(at(Status::Resolved)),
            closed_at: Set(at(Status::Closed)),
            paused_at: Set(at(Status::OnHold)),
            paused_micros: Set(0),
            response_said: Set(Some(if is_new { self.said() } else { Said::Nothing }.stored())),
            resolution_said: Set(Some(if is_new { Said::Nothing } else { self.said() }.stored())),
            version: Set(i32::try_from(self.way().len()).unwrap_or(i32::MAX) - 1),
            created_at: Set(self.raised_at),
            updated_at: Set(self.raised_at + TimeDelta::minutes(80)),
            ..Default::default()
        }
    }
}

/// Stores these; answers with their rows, in the same order.
async fn store(tx: &Tx, past: Vec<Past>) -> Result<Vec<i64>> {
    ticket::Entity::insert_many(past.iter().map(Past::row)).exec_without_returning(tx.conn()).await?;
    let ids: Vec<i64> = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Id)
        .filter(ticket::Column::Reference.is_in(past.iter().map(|past| past.reference.clone())))
        .order_by_asc(ticket::Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let held = ids.iter().zip(&past).filter(|(_, past)| past.way().contains(&Status::InProgress));
    let assignments = held.map(|(id, past)| assignment::ActiveModel {
        ticket_id: Set(*id),
        person_id: Set(past.holder),
        assigned_at: Set(past.raised_at + TimeDelta::minutes(20)),
        status: Set(Some(past.status)),
        resolution_due_at: Set(past.resolution_due_at()),
        next_due_at: Set(past.next_due_at()),
        soon_at: Set(past.soon_at()),
        ..Default::default()
    });
    assignment::Entity::insert_many(assignments).exec_without_returning(tx.conn()).await?;
    let steps = || {
        ids.iter().zip(&past).flat_map(|(id, past)| {
            past.way().into_iter().enumerate().map(move |(nth, status)| {
                let at = past.raised_at + TimeDelta::minutes(20) * i32::try_from(nth).unwrap_or(i32::MAX);
                let before = nth.checked_sub(1).map(|before| past.way()[before]);
                (*id, past, before, status, at)
            })
        })
    };
    let lines = steps().map(|(id, past, before, status, at)| history::ActiveModel {
        ticket_id: Set(id),
        changed_by: Set(Some(if status == Status::New { past.requester } else { past.holder })),
        status_from: Set(before),
        status_to: Set(status),
        comment: Set((status == Status::Resolved).then(|| "The address is read again now.".to_owned())),
        at: Set(at),
        ..Default::default()
    });
    history::Entity::insert_many(lines).exec_without_returning(tx.conn()).await?;
    let events = steps().map(|(id, past, _, status, at)| event::ActiveModel {
        name: Set(if status == Status::New { "ticket.created" } else { "ticket.changed" }.to_owned()),
        ticket_id: Set(Some(id)),
        actor_id: Set(Some(past.requester)),
        payload: Set(format!(r#"{{"ticket_id":{id}}}"#)),
        at: Set(at),
        handled_at: Set(Some(at)),
        subject_kind: Set(Some("ticket".to_owned())),
        subject_id: Set(Some(id)),
        ..Default::default()
    });
    event::Entity::insert_many(events).exec_without_returning(tx.conn()).await?;
    Ok(ids)
}
