//! Plans as another system hands them in: judged first, then taken over, by one and the same rule.
//!
//! What a record does not say stays as it is.

use super::events::{Changed, Created};
use super::{Plan, row, store};
use crate::db::Tx;
use crate::kit::records::{Effect, Judged, Verdict, Wrong, distinct, lacking, those};
use crate::kit::{Instant, Result};
use crate::people::store::records::{numbers_of, people_with};
use crate::{machines, outbox};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A plan as another system has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, folded.
    pub number: String,
    /// The number of its machine.
    pub machine: Option<String>,
    /// What is to be done, in a line.
    pub title: Option<String>,
    /// How; may be empty.
    pub instructions: Option<String>,
    /// Every how many days.
    pub every_days: Option<i32>,
    /// The day on which it is due next.
    pub next_on: Option<NaiveDate>,
    /// The WhatsApp numbers of who is responsible; none means nobody.
    pub responsible: Option<Vec<String>>,
}

/// What is said of a plan, with rows for what it refers to; what is not said stays.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Its machine.
    pub machine_id: Option<i64>,
    /// What is to be done, in a line.
    pub title: Option<String>,
    /// How; may be empty.
    pub instructions: Option<String>,
    /// Every how many days.
    pub every_days: Option<i32>,
    /// The day on which it is due next.
    pub next_on: Option<NaiveDate>,
    /// Who is responsible; nobody where there is none in it.
    pub responsible: Option<Vec<i64>>,
}

/// What the records refer to.
struct Known {
    machines: HashMap<String, i64>,
    people: HashMap<String, i64>,
}

/// What taking each of these over would do.
pub async fn judge(conn: &impl ConnectionTrait, records: &[Record], now: Instant) -> Result<Vec<Judged>> {
    let stored = store::by_numbers(conn, &numbers(records)).await?;
    let stored = by_number(store::with_people(conn, stored).await?);
    let known = known(conn, records).await?;
    let judged = records.iter().map(|record| {
        let wish = wish(record, &known)?;
        decision(&record.number, &wish, stored.get(&record.number), now).map(|(_, verdict)| verdict)
    });
    Ok(judged.collect())
}

/// Takes them over as a set; one that cannot be is left out. No number twice.
pub async fn put(tx: &Tx, records: &[Record]) -> Result<()> {
    let stored = store::by_numbers_locked(tx, &numbers(records)).await?;
    let before = by_number(store::with_people(tx.conn(), stored).await?);
    let known = known(tx.conn(), records).await?;
    let decided = records.iter().filter_map(|record| {
        let wish = wish(record, &known).ok()?;
        decision(&record.number, &wish, before.get(&record.number), tx.now()).ok()
    });
    let taken = decided.filter(|(_, verdict)| verdict.effect != Effect::Kept);
    let taken: BTreeMap<String, Plan> = taken.map(|(plan, _)| (plan.row.number.clone(), plan)).collect();
    store::upsert(tx, taken.values().map(|plan| plan.row.clone()).collect()).await?;
    let written = store::by_numbers(tx.conn(), &taken.keys().cloned().collect::<Vec<_>>()).await?;
    let (mut created, mut told, mut handed_over) = (Vec::new(), Vec::new(), Vec::new());
    for row in written {
        let Some(plan) = taken.get(&row.number) else { continue };
        match before.get(&row.number) {
            Some(before) => told.extend(changed(before, plan, None)),
            None => created.push(Created { plan_id: row.id, plan: row.number, by: None }),
        }
        handed_over.push((row.id, plan.people.as_slice()));
    }
    store::hand_over(tx, &handed_over).await?;
    outbox::append(tx, &created).await?;
    outbox::append(tx, &told).await
}

/// What changed of a plan; none where nothing did.
pub(super) fn changed(before: &Plan, after: &Plan, by: Option<i64>) -> Option<Changed> {
    let has_other_people = before.people != after.people;
    let (before, after) = (&before.row, &after.row);
    let fields = those(&[
        ("machine", before.machine_id != after.machine_id),
        ("title", before.title != after.title),
        ("instructions", before.instructions != after.instructions),
        ("every_days", before.every_days != after.every_days),
        ("next_on", before.next_on != after.next_on),
        ("responsible", has_other_people),
    ]);
    (!fields.is_empty()).then(|| Changed { plan_id: before.id, plan: before.number.clone(), fields, by })
}

/// The next plans in the order of their numbers; who has no WhatsApp number is not named.
pub async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
    let plans = store::with_people(conn, store::page(conn, after, most).await?).await?;
    let people: BTreeSet<i64> = plans.iter().flat_map(|plan| plan.people.iter().copied()).collect();
    let people = numbers_of(conn, &people.into_iter().collect::<Vec<_>>()).await?;
    let machines = machines::by_ids(conn, &plans.iter().map(|plan| plan.row.machine_id).collect()).await?;
    let records = plans.into_iter().map(|Plan { row: plan, people: responsible }| Record {
        machine: machines.get(&plan.machine_id).map(|machine| machine.number.clone()),
        responsible: Some(responsible.iter().filter_map(|person| people.get(person).cloned()).collect()),
        number: plan.number,
        title: Some(plan.title),
        instructions: Some(plan.instructions),
        every_days: Some(plan.every_days),
        next_on: Some(plan.next_on),
    });
    Ok(records.collect())
}

fn numbers(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.number.clone()).collect()
}

fn by_number(plans: Vec<Plan>) -> HashMap<String, Plan> {
    plans.into_iter().map(|plan| (plan.row.number.clone(), plan)).collect()
}

async fn known(conn: &impl ConnectionTrait, records: &[Record]) -> Result<Known> {
    let machines = distinct(records.iter().filter_map(|record| record.machine.as_ref()));
    let machines = machines::by_numbers(conn, &machines).await?;
    let machines = machines.into_iter().map(|(number, machine)| (number, machine.id)).collect();
    let people = distinct(records.iter().filter_map(|record| record.responsible.as_ref()).flatten());
    Ok(Known { machines, people: people_with(conn, &people).await? })
}

fn wish(record: &Record, known: &Known) -> Result<Wish, Wrong> {
    let machine = |number: &String| {
        let found = known.machines.get(number).copied();
        found.ok_or_else(|| Wrong::new("machine", number, "is no machine that Andon knows; import machines first"))
    };
    let person = |number: &String| {
        let reason = "is nobody with a role that Andon knows; import people first, or leave the cell empty";
        known.people.get(number).copied().ok_or_else(|| Wrong::new("responsible", number, reason))
    };
    let people = |numbers: &Vec<String>| numbers.iter().map(person).collect::<Result<Vec<i64>, Wrong>>();
    Ok(Wish {
        machine_id: record.machine.as_ref().map(machine).transpose()?,
        title: record.title.clone(),
        instructions: record.instructions.clone(),
        every_days: record.every_days,
        next_on: record.next_on,
        responsible: record.responsible.as_ref().map(people).transpose()?,
    })
}

/// The plan as it would be, and what that does. A new day is looked at at once.
pub(super) fn decision(
    number: &str,
    wish: &Wish,
    before: Option<&Plan>,
    now: Instant,
) -> Result<(Plan, Verdict), Wrong> {
    let people = wish.responsible.clone().map(|mut people| {
        people.sort_unstable();
        people.dedup();
        people
    });
    let Some(Plan { row: before, people: people_before }) = before else {
        let plan = Plan { row: new_row(number, wish, now)?, people: people.unwrap_or_default() };
        return Ok((plan, Verdict::plain(Effect::Created)));
    };
    let mut row = row::Model {
        machine_id: wish.machine_id.unwrap_or(before.machine_id),
        title: wish.title.clone().unwrap_or_else(|| before.title.clone()),
        instructions: wish.instructions.clone().unwrap_or_else(|| before.instructions.clone()),
        every_days: wish.every_days.unwrap_or(before.every_days),
        next_on: wish.next_on.unwrap_or(before.next_on),
        ..before.clone()
    };
    let people = people.unwrap_or_else(|| people_before.clone());
    let effect = if row == *before && people == *people_before { Effect::Kept } else { Effect::Changed };
    if row.next_on != before.next_on {
        row.remind_at = Some(now);
    }
    row.updated_at = now;
    Ok((Plan { row, people }, Verdict::plain(effect)))
}

fn new_row(number: &str, wish: &Wish, now: Instant) -> Result<row::Model, Wrong> {
    let Wish { machine_id: Some(machine_id), title: Some(title), every_days: Some(every_days), .. } = wish else {
        return Err(incomplete(number, wish));
    };
    let Some(next_on) = wish.next_on else { return Err(incomplete(number, wish)) };
    Ok(row::Model {
        id: 0,
        number: number.to_owned(),
        machine_id: *machine_id,
        title: title.clone(),
        instructions: wish.instructions.clone().unwrap_or_default(),
        every_days: *every_days,
        next_on,
        last_done_on: None,
        remind_at: Some(now),
        created_at: now,
        updated_at: now,
    })
}

fn incomplete(number: &str, wish: &Wish) -> Wrong {
    let lacking = lacking(&[
        ("machine", wish.machine_id.is_some()),
        ("title", wish.title.is_some()),
        ("every_days", wish.every_days.is_some()),
        ("next_on", wish.next_on.is_some()),
    ]);
    Wrong::incomplete("number", number, &lacking)
}
