//! What the desk does with shifts: finding them, planning one, changing it, taking it off the plan.

use super::events::{Changed, Created, Deleted};
use super::model::remind_at;
use super::{row, store};
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::records::those;
use crate::kit::{Error, Instant, Result};
use crate::people;
use crate::web::Said;
use crate::web::page::Part;
use crate::{machines, outbox};
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;

/// Which shifts are asked for; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose they are.
    pub person_id: Option<i64>,
    /// The number of the machine that they are at.
    pub machine: Option<String>,
    /// They begin at this moment or later.
    pub since: Option<Instant>,
    /// They begin before this moment.
    pub until: Option<Instant>,
}

/// A shift to plan.
#[derive(Clone, Debug)]
pub struct New {
    /// Whose it is.
    pub person_id: i64,
    /// When it begins.
    pub starts_at: Instant,
    /// The number of its machine.
    pub machine: Option<String>,
    /// What goes with it.
    pub note: String,
}

/// What is to be changed of a shift; what is not said stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Whose it is.
    pub person_id: Option<i64>,
    /// When it begins.
    pub starts_at: Option<Instant>,
    /// The number of its machine; null for none.
    pub machine: Said<String>,
    /// What goes with it.
    pub note: Option<String>,
}

/// The shift with this row.
pub async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    store::by_id(conn, id).await
}

/// A page of the shifts that fit, with one more than are shown.
pub async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<row::Model>> {
    store::list(conn, filter, part).await
}

/// How many shifts fit.
pub async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    store::count(conn, filter).await
}

/// Plans a shift.
///
/// # Errors
/// A person or a machine that there is not; [`Kind::Conflict`] where the person begins at that moment already.
pub async fn create(tx: &Tx, new: &New, by: i64) -> Result<row::Model> {
    must_be_at_work(tx, new.person_id).await?;
    let machine_id = match &new.machine {
        Some(number) => Some(machines::named(tx.conn(), number).await?.id),
        None => None,
    };
    must_be_free(tx, new.person_id, new.starts_at).await?;
    let shift = row::Model {
        id: 0,
        person_id: new.person_id,
        starts_at: new.starts_at,
        machine_id,
        note: new.note.clone(),
        remind_at: remind_at(new.starts_at, tx.now()),
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    store::insert_new(tx, shift).await?;
    let shift = at(tx, new.person_id, new.starts_at).await?;
    let shift = shift.ok_or_else(|| Error::internal("a shift just written is not there"))?;
    let (shift_id, person_id, starts_at) = (shift.id, shift.person_id, shift.starts_at);
    outbox::append(tx, &[Created { shift_id, person_id, starts_at, by: Some(by) }]).await?;
    Ok(shift)
}

/// Changes a shift; of another person or another start its person is reminded anew.
///
/// # Errors
/// As [`create`].
pub async fn change(tx: &Tx, id: i64, change: &Change, by: i64) -> Result<row::Model> {
    let before = locked(tx, id).await?;
    let mut after = before.clone();
    if let Some(person) = change.person_id.filter(|person| *person != before.person_id) {
        must_be_at_work(tx, person).await?;
        after.person_id = person;
    }
    after.starts_at = change.starts_at.unwrap_or(before.starts_at);
    after.machine_id = match &change.machine {
        Said::Nothing => before.machine_id,
        Said::Null => None,
        Said::Is(number) => Some(machines::named(tx.conn(), number).await?.id),
    };
    if let Some(note) = &change.note {
        after.note.clone_from(note);
    }
    let fields = those(&[
        ("person", before.person_id != after.person_id),
        ("starts_at", before.starts_at != after.starts_at),
        ("machine", before.machine_id != after.machine_id),
        ("note", before.note != after.note),
    ]);
    if fields.is_empty() {
        return Ok(before);
    }
    if (before.person_id, before.starts_at) != (after.person_id, after.starts_at) {
        must_be_free(tx, after.person_id, after.starts_at).await?;
        after.remind_at = remind_at(after.starts_at, tx.now());
    }
    after.updated_at = tx.now();
    store::save(tx, &after).await?;
    outbox::append(tx, &[Changed { shift_id: id, fields, by: Some(by) }]).await?;
    Ok(after)
}

/// Takes a shift off the plan.
///
/// # Errors
/// [`Kind::NotFound`] where somebody else just did.
pub async fn delete(tx: &Tx, id: i64, by: i64) -> Result<()> {
    let shift = locked(tx, id).await?;
    store::delete(tx, id).await?;
    let deleted = Deleted { shift_id: id, person_id: shift.person_id, starts_at: shift.starts_at, by };
    outbox::append(tx, &[deleted]).await
}

async fn locked(tx: &Tx, id: i64) -> Result<row::Model> {
    store::by_id_locked(tx, id).await?.ok_or_else(|| Error::not_found("There is no such shift."))
}

async fn at(tx: &Tx, person: i64, starts_at: Instant) -> Result<Option<row::Model>> {
    Ok(store::among(tx.conn(), &BTreeSet::from([person]), &BTreeSet::from([starts_at])).await?.pop())
}

async fn must_be_free(tx: &Tx, person: i64, starts_at: Instant) -> Result<()> {
    match at(tx, person, starts_at).await? {
        Some(taken) => {
            let says = format!("That person has a shift at that moment already, number {}. Change that one.", taken.id);
            Err(Error::new(Kind::Conflict, says))
        }
        None => Ok(()),
    }
}

async fn must_be_at_work(tx: &Tx, person: i64) -> Result<()> {
    if people::store::records::at_work(tx.conn(), &[person]).await?.contains(&person) {
        return Ok(());
    }
    Err(Error::field("person", "is nobody who is active and has a role; choose one of GET /api/users/"))
}
