//! What the desk does with plans: finding them, taking one in, changing it, giving it up, and noting that it was done.

use super::events::{Created, Deleted, Done};
use super::records::{self, Wish};
use super::{Plan, model, row, store};
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::web::page::Part;
use crate::{machines, outbox, people};
use chrono::NaiveDate;
use chrono_tz::Tz;
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;

/// Which plans are asked for; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words that are all in the number, the title or the instructions.
    pub words: Option<String>,
    /// The number.
    pub number: Option<String>,
    /// The number of the machine.
    pub machine: Option<String>,
    /// They are due on this day or before.
    pub due_by: Option<NaiveDate>,
}

/// That something was done.
#[derive(Clone, Debug)]
pub struct Note {
    /// On which day; today where nothing is said.
    pub done_on: Option<NaiveDate>,
    /// A word with it.
    pub comment: Option<String>,
}

/// The plan with this row.
pub async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    store::by_id(conn, id).await
}

/// A page of the plans that fit, with one more than are shown.
pub async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<row::Model>> {
    store::list(conn, filter, part).await
}

/// How many plans fit.
pub async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    store::count(conn, filter).await
}

/// The department that answers for the machine with this row.
pub async fn department(conn: &impl ConnectionTrait, machine: i64) -> Result<String> {
    let mut found = machines::by_ids(conn, &BTreeSet::from([machine])).await?;
    let machine = found.remove(&machine).ok_or_else(|| Error::internal("a plan's machine is not there"))?;
    Ok(machine.department)
}

/// These plans with who is responsible for each.
pub async fn with_people(conn: &impl ConnectionTrait, rows: Vec<row::Model>) -> Result<Vec<Plan>> {
    store::with_people(conn, rows).await
}

/// Takes a plan in.
///
/// # Errors
/// What is wrong with it; [`Kind::Conflict`] where the number is taken.
pub async fn create(tx: &Tx, number: &str, wish: &Wish, by: i64) -> Result<Plan> {
    must_be_at_work(tx, wish).await?;
    let (plan, _) = records::decision(number, wish, None, tx.now())?;
    let numbers = [number.to_owned()];
    if !store::by_numbers(tx.conn(), &numbers).await?.is_empty() {
        let says = format!("There is a plan {number} already. Change that one, or check the number.");
        return Err(Error::new(Kind::Conflict, says));
    }
    store::insert_new(tx, plan.row).await?;
    let row = store::by_numbers(tx.conn(), &numbers).await?.pop();
    let row = row.ok_or_else(|| Error::internal("a plan just written is not there"))?;
    store::hand_over(tx, &[(row.id, plan.people.as_slice())]).await?;
    outbox::append(tx, &[Created { plan_id: row.id, plan: row.number.clone(), by: Some(by) }]).await?;
    Ok(Plan { row, people: plan.people })
}

/// Changes a plan; of another day people are reminded anew.
///
/// # Errors
/// What is wrong with it.
pub async fn change(tx: &Tx, id: i64, wish: &Wish, by: i64) -> Result<Plan> {
    let before = locked(tx, id).await?;
    must_be_at_work(tx, wish).await?;
    let (after, _) = records::decision(&before.row.number, wish, Some(&before), tx.now())?;
    let Some(changed) = records::changed(&before, &after, Some(by)) else { return Ok(before) };
    store::upsert(tx, vec![after.row.clone()]).await?;
    store::hand_over(tx, &[(id, after.people.as_slice())]).await?;
    outbox::append(tx, &[changed]).await?;
    Ok(after)
}

/// Notes that what was planned was done: the next day is so many days after that one.
///
/// # Errors
/// A day in the future.
pub async fn done(tx: &Tx, id: i64, note: &Note, tz: Tz, by: i64) -> Result<Plan> {
    let Plan { row: before, people } = locked(tx, id).await?;
    let today = tx.now().with_timezone(&tz).date_naive();
    let done_on = note.done_on.unwrap_or(today);
    if done_on > today {
        return Err(Error::field("done_on", format!("is in the future; today is {today}")));
    }
    let next_on = model::next_after(done_on, before.every_days);
    let (last_done_on, remind_at) = (Some(done_on), Some(tx.now()));
    let row = row::Model { next_on, last_done_on, remind_at, updated_at: tx.now(), ..before };
    store::upsert(tx, vec![row.clone()]).await?;
    let (plan, comment) = (row.number.clone(), note.comment.clone());
    outbox::append(tx, &[Done { plan_id: id, plan, done_on, next_on, comment, by }]).await?;
    Ok(Plan { row, people })
}

/// Gives a plan up.
///
/// # Errors
/// [`Kind::NotFound`] where somebody else just did.
pub async fn delete(tx: &Tx, id: i64, by: i64) -> Result<()> {
    let plan = locked(tx, id).await?.row.number;
    store::delete(tx, id).await?;
    outbox::append(tx, &[Deleted { plan_id: id, plan, by }]).await
}

async fn locked(tx: &Tx, id: i64) -> Result<Plan> {
    let row = store::by_id_locked(tx, id).await?;
    let plan = store::with_people(tx.conn(), row.into_iter().collect()).await?.pop();
    plan.ok_or_else(|| Error::not_found("There is no such plan."))
}

async fn must_be_at_work(tx: &Tx, wish: &Wish) -> Result<()> {
    let people = wish.responsible.as_deref().unwrap_or_default();
    let at_work = people::store::records::at_work(tx.conn(), people).await?;
    match people.iter().find(|person| !at_work.contains(person)) {
        Some(person) => {
            let says = format!("{person} is nobody who is active and has a role; choose of GET /api/users/");
            Err(Error::field("responsible", says))
        }
        None => Ok(()),
    }
}
