//! A plant after a year: a hundred thousand orders, shifts and plans, and what its tickets say of orders and machines.

use andon::chat::store::turn;
use andon::chat::went::What;
use andon::db::{Db, Tx};
use andon::kit::{Instant, Result};
use andon::orders::{Status, hold_row as hold, row as order};
use andon::tickets::Kind;
use andon::{defects, machines, maintenance, plans, shifts, sop_failures};
use chrono::{Days, TimeDelta};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait as _, QueryOrder as _, QuerySelect as _};

/// How long it has been running.
pub(super) const YEAR: TimeDelta = TimeDelta::days(365);
/// How many orders there are, of which most are made.
const ORDERS: u32 = 100_000;
/// One order in so many is still to be made, and one in so many stands.
const STILL_OPEN: u32 = 50;
const HELD: u32 = 500;
/// How many people begin work, at how many machines something is to be done, and how many forms were begun.
const SHIFTS: u32 = 5_000;
const PLANS: u32 = 200;
const FORMS: u32 = 100_000;
/// How many rows are stored with one statement.
const AT_ONCE: usize = 500;

const DEFECT_TYPES: [&str; 7] = ["SCRATCH", "CRACK", "DENT", "POROSITY", "WRONG_SIZE", "MISSING_PART", "OTHER"];
const ISSUES: [&str; 4] = ["MECHANICAL", "ELECTRICAL", "HYDRAULIC", "OTHER"];
const DEPARTMENTS: [&str; 4] = ["Machining", "Assembly", "Painting", "Packing"];

/// The records that tickets are about.
pub(super) struct Floor {
    orders: Vec<i64>,
    /// Machines and their departments.
    machines: Vec<(i64, String)>,
}

/// Stores the records; `people` begin work.
pub(super) async fn fill(db: &Db, people: &[i64]) -> Result<Floor> {
    let people = people.to_vec();
    db.write(move |tx| {
        let people = people.clone();
        Box::pin(async move {
            store_orders(tx).await?;
            store_work(tx, &people).await?;
            store_forms(tx).await?;
            let orders = order::Entity::find().select_only().column(order::Column::Id);
            let machines = machines::row::Entity::find()
                .select_only()
                .columns([machines::row::Column::Id, machines::row::Column::Department]);
            Ok(Floor {
                orders: orders.order_by_asc(order::Column::Id).into_tuple().all(tx.conn()).await?,
                machines: machines.order_by_asc(machines::row::Column::Id).into_tuple().all(tx.conn()).await?,
            })
        })
    })
    .await
}

async fn store_orders(tx: &Tx) -> Result<()> {
    let today = tx.now().date_naive();
    let row = |nth: u32| {
        let status = match nth {
            _ if nth.is_multiple_of(HELD) => Status::OnHold,
            _ if nth.is_multiple_of(STILL_OPEN) => Status::InProgress,
            _ => Status::Completed,
        };
        let due_on = today + Days::new(20) - Days::new(u64::from(nth) * 385 / u64::from(ORDERS));
        order::ActiveModel {
            number: Set(format!("WO-{:07}", 1_000_000 + nth)),
            customer: Set("Harbour Marine".to_owned()),
            product: Set(format!("Gearbox GX-{}", 20 + nth % 7)),
            quantity_ordered: Set(200),
            quantity_completed: Set(if status == Status::Completed { 200 } else { i64::from(nth % 200) }),
            quantity_rejected: Set(i64::from(nth % 5)),
            starts_on: Set(due_on - Days::new(14)),
            due_on: Set(due_on),
            status: Set(status),
            status_before_hold: Set((status == Status::OnHold).then_some(Status::InProgress)),
            created_at: Set(tx.now() - TimeDelta::days(30)),
            updated_at: Set(tx.now()),
            ..Default::default()
        }
    };
    let rows: Vec<_> = (0..ORDERS).map(row).collect();
    for some in rows.chunks(AT_ONCE) {
        order::Entity::insert_many(some.to_vec()).exec_without_returning(tx.conn()).await?;
    }
    let held = order::Entity::find().select_only().columns([order::Column::Id, order::Column::Status]);
    let held: Vec<(i64, Status)> = held.into_tuple().all(tx.conn()).await?;
    let holds = held.into_iter().filter(|(_, status)| *status == Status::OnHold).map(|(id, _)| hold::ActiveModel {
        order_id: Set(id),
        reason: Set("Material is missing".to_owned()),
        held_at: Set(tx.now() - TimeDelta::hours(3)),
        ..Default::default()
    });
    hold::Entity::insert_many(holds).exec_without_returning(tx.conn()).await?;
    Ok(())
}

async fn store_work(tx: &Tx, people: &[i64]) -> Result<()> {
    let machines = machines::row::Entity::find().select_only().column(machines::row::Column::Id);
    let machines: Vec<i64> = machines.into_tuple().all(tx.conn()).await?;
    let of = |nth: u32, all: &[i64]| all[nth as usize % all.len()];
    let rows: Vec<_> = (0..SHIFTS)
        .map(|nth| shifts::row::ActiveModel {
            person_id: Set(of(nth, people)),
            starts_at: Set(tx.now() - YEAR + TimeDelta::hours(2) * i32::try_from(nth).unwrap_or(i32::MAX)),
            machine_id: Set(Some(of(nth, &machines))),
            note: Set(String::new()),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .collect();
    for some in rows.chunks(AT_ONCE) {
        shifts::row::Entity::insert_many(some.to_vec()).exec_without_returning(tx.conn()).await?;
    }
    let plans = (0..PLANS).map(|nth| plans::row::ActiveModel {
        number: Set(format!("PM-{nth:04}")),
        machine_id: Set(of(nth, &machines)),
        title: Set("Change the oil".to_owned()),
        instructions: Set("Two litres, at rest.".to_owned()),
        every_days: Set(90),
        next_on: Set(tx.now().date_naive() + Days::new(u64::from(nth) % 90)),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    });
    plans::row::Entity::insert_many(plans).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// How forms went: of ten that were begun, eight were done and one was left at one of five questions.
async fn store_forms(tx: &Tx) -> Result<()> {
    let turns = (0..FORMS).flat_map(|nth| {
        let at = tx.now() - YEAR * i32::try_from(nth).unwrap_or(i32::MAX) / i32::try_from(FORMS).unwrap_or(i32::MAX);
        let ended = match nth % 10 {
            0..8 => Some(What::Done),
            8 => Some(What::Left),
            _ => None,
        };
        let turn = move |what: What| turn::row::ActiveModel {
            what: Set(what),
            flow: Set(["defect_report", "maintenance", "order_status", "sop", "bom"][nth as usize % 5].to_owned()),
            question: Set(if what == What::Left { format!("question_{}", nth / 10 % 5) } else { String::new() }),
            at: Set(at),
            ..Default::default()
        };
        std::iter::once(turn(What::Begun)).chain(ended.map(turn))
    });
    let turns: Vec<turn::row::ActiveModel> = turns.collect();
    for some in turns.chunks(AT_ONCE) {
        turn::Entity::insert_many(some.to_vec()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

impl Floor {
    /// Of which kind each ticket is: half are incidents.
    pub(super) fn kind(nth: u32) -> Kind {
        match nth / 13 % 10 {
            0..5 => Kind::Incident,
            5..7 => Kind::Defect,
            7..9 => Kind::Maintenance,
            _ => Kind::SopFailure,
        }
    }

    pub(super) fn department(&self, nth: u32) -> Option<String> {
        match Self::kind(nth) {
            Kind::Maintenance => Some(self.machine(nth).1.clone()),
            Kind::SopFailure => Some(DEPARTMENTS[nth as usize % DEPARTMENTS.len()].to_owned()),
            _ => None,
        }
    }

    fn machine(&self, nth: u32) -> &(i64, String) {
        &self.machines[(nth / 3) as usize % self.machines.len()]
    }

    /// Stores what these tickets say beyond what all say: each with which of them it is.
    pub(super) async fn store(&self, tx: &Tx, tickets: &[(i64, u32)]) -> Result<()> {
        let of = |kind: Kind| tickets.iter().copied().filter(move |(_, nth)| Self::kind(*nth) == kind);
        let defects = of(Kind::Defect).map(|(id, nth)| defects::row::ActiveModel {
            ticket_id: Set(id),
            order_id: Set(self.orders[(nth as usize * 7) % self.orders.len()]),
            // The first sorts are the most.
            defect_type: Set(DEFECT_TYPES[(nth % 7).min(nth / 7 % 7) as usize].to_owned()),
            ..Default::default()
        });
        defects::row::Entity::insert_many(defects).exec_without_returning(tx.conn()).await?;
        let broken = of(Kind::Maintenance).map(|(id, nth)| maintenance::row::ActiveModel {
            ticket_id: Set(id),
            machine_id: Set(self.machine(nth).0),
            issue_type: Set(ISSUES[nth as usize % ISSUES.len()].to_owned()),
            ..Default::default()
        });
        maintenance::row::Entity::insert_many(broken).exec_without_returning(tx.conn()).await?;
        let failures = of(Kind::SopFailure).map(|(id, nth)| sop_failures::row::ActiveModel {
            ticket_id: Set(id),
            procedure: Set(format!("SOP-{:03}", nth % 40)),
            failure_type: Set("STEP_SKIPPED".to_owned()),
            department: Set(self.department(nth).unwrap_or_default()),
            escalation_level: Set(0),
            escalated_at: Set(None::<Instant>),
            ..Default::default()
        });
        sop_failures::row::Entity::insert_many(failures).exec_without_returning(tx.conn()).await?;
        Ok(())
    }
}
