//! What the desk does with BOMs: finding them and their revisions, taking one in, changing it, proposing a change.
//! Deciding about proposed changes is in [`super::review`].

use super::events::Put;
use super::model::{Component, Status};
use super::records::{self, Line, Record, decision};
use super::store::desk as store_desk;
use super::{NewBom, Submitted, Update, revision_row, row, store};
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::outbox;
use crate::people;
use crate::web::page::Part;
use sea_orm::ConnectionTrait;
use std::collections::HashMap;

/// Which BOMs are asked for; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words that are all in the number or the product.
    pub words: Option<String>,
    /// The number.
    pub number: Option<String>,
    /// Whether a revision waits for review.
    pub is_pending: Option<bool>,
}

/// A BOM as a list shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The BOM.
    pub row: row::Model,
    /// The number of the revision in force.
    pub in_force: Option<i32>,
    /// How many revisions wait for review.
    pub pending: i64,
}

/// A revision with the names that go with it.
#[derive(Clone, Debug)]
pub struct Revision {
    /// The revision.
    pub row: revision_row::Model,
    /// Who proposed it.
    pub submitted_by: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
}

/// The BOM with this row.
pub async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<Listed>> {
    let bom = store::by_id(conn, id).await?;
    Ok(listed(conn, bom.into_iter().collect()).await?.pop())
}

/// A page of the BOMs that fit, with one more than are shown.
pub async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<Listed>> {
    let rows = store_desk::list(conn, filter, part).await?;
    listed(conn, rows).await
}

/// How many BOMs fit.
pub async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    store_desk::count(conn, filter).await
}

/// The components of the revision in force; none where there is no such.
pub async fn components_in_force(conn: &impl ConnectionTrait, bom_id: i64) -> Result<Vec<Component>> {
    let approved = store::approved(conn, &[bom_id]).await?;
    match approved.get(&bom_id) {
        Some(revision) => components(conn, revision.id).await,
        None => Ok(Vec::new()),
    }
}

/// The components of a revision, in order.
pub async fn components(conn: &impl ConnectionTrait, revision_id: i64) -> Result<Vec<Component>> {
    Ok(store::components(conn, &[revision_id]).await?.remove(&revision_id).unwrap_or_default())
}

/// The components of several revisions, each in order, by revision. One statement.
pub async fn components_of(conn: &impl ConnectionTrait, ids: &[i64]) -> Result<HashMap<i64, Vec<Component>>> {
    store::components(conn, ids).await
}

/// The number of the revision of a BOM that has waited longest for review.
pub async fn next_to_review(conn: &impl ConnectionTrait, bom_id: i64) -> Result<Option<i32>> {
    store_desk::first_pending(conn, bom_id).await
}

/// A page of a BOM's revisions, the highest number first, with one more than are shown.
pub async fn revisions(
    conn: &impl ConnectionTrait,
    bom_id: i64,
    status: Option<Status>,
    part: &Part,
) -> Result<Vec<Revision>> {
    let rows = store_desk::revisions(conn, bom_id, status, part).await?;
    with_names(conn, rows).await
}

/// How many revisions of a BOM there are.
pub async fn count_revisions(conn: &impl ConnectionTrait, bom_id: i64, status: Option<Status>) -> Result<u64> {
    store_desk::count_revisions(conn, bom_id, status).await
}

/// One revision of a BOM.
pub async fn revision(conn: &impl ConnectionTrait, bom_id: i64, number: i32) -> Result<Option<Revision>> {
    let row = store_desk::revision(conn, bom_id, number).await?;
    Ok(with_names(conn, row.into_iter().collect()).await?.pop())
}

/// Takes a BOM in, with its first revision approved.
///
/// # Errors
/// What is wrong with it; [`Kind::Conflict`] where the number is taken.
pub async fn create(tx: &Tx, record: &Record, by: i64) -> Result<Listed> {
    let (decided, _) = decision(record, None).map_err(in_components)?;
    if !store::by_numbers(tx.conn(), std::slice::from_ref(&record.number)).await?.is_empty() {
        let says = format!("There is a BOM {} already. Change that one, or check the number.", record.number);
        return Err(Error::new(Kind::Conflict, says));
    }
    let components = decided.revision.map(|(components, _)| components).unwrap_or_default();
    let bom = NewBom { number: record.number.clone(), product: decided.product, components };
    super::add(tx, &[bom]).await?;
    let listed = stored(tx, &record.number).await?;
    let told = Put { bom_id: listed.row.id, bom: listed.row.number.clone(), revision: Some(1), by: Some(by) };
    outbox::append(tx, &[told]).await?;
    Ok(listed)
}

/// What is to be changed of a BOM; what is `None` stays.
#[derive(Clone, Debug)]
pub struct Change {
    /// What is made by it.
    pub product: Option<String>,
    /// All its components.
    pub components: Option<Vec<Line>>,
}

/// Changes what a BOM says; components that differ from those in force become the next revision, approved at once.
///
/// # Errors
/// What is wrong with it.
pub async fn change(tx: &Tx, bom: &row::Model, change: Change, by: i64) -> Result<Listed> {
    store::by_id_locked(tx, bom.id).await?; // what is in force now stays so until this is written
    let components = match change.components {
        Some(components) => components,
        None => components_in_force(tx.conn(), bom.id).await?.into_iter().map(records::said).collect(),
    };
    let record = &Record { number: bom.number.clone(), product: change.product, components };
    let judged = records::judge(tx.conn(), std::slice::from_ref(record)).await?;
    judged.into_iter().collect::<Result<Vec<_>, _>>().map_err(in_components)?;
    records::put(tx, std::slice::from_ref(record), Some(by)).await?;
    stored(tx, &record.number).await
}

/// Proposes a change.
///
/// # Errors
/// What is wrong with it.
pub async fn submit(tx: &Tx, update: &Update) -> Result<Submitted> {
    let mut outcomes = super::submit(tx, std::slice::from_ref(update)).await?;
    let outcome = outcomes.pop().ok_or_else(|| Error::internal("an update without an answer"))?;
    outcome.map_err(|refusal| match refusal.question() {
        Some(field @ ("component" | "change")) => Error::field(field, refusal.to_string()),
        _ => Error::new(Kind::Conflict, refusal.to_string()),
    })
}

/// What is wrong with a component, said of the field that holds them all.
fn in_components(wrong: crate::kit::records::Wrong) -> Error {
    match wrong.column {
        "component" => {
            let place = wrong.at + 1;
            Error::field("components", format!("number {place}, {}, {}", wrong.value, wrong.reason))
        }
        _ => wrong.into(),
    }
}

async fn stored(tx: &Tx, number: &String) -> Result<Listed> {
    let rows = store::by_numbers(tx.conn(), std::slice::from_ref(number)).await?;
    let mut found = listed(tx.conn(), rows).await?;
    found.pop().ok_or_else(|| Error::internal("a BOM just written is not there"))
}

async fn listed(conn: &impl ConnectionTrait, rows: Vec<row::Model>) -> Result<Vec<Listed>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let in_force = store::approved(conn, &ids).await?;
    let pending: HashMap<i64, i64> = store_desk::pending(conn, &ids).await?;
    let listed = rows.into_iter().map(|row| Listed {
        in_force: in_force.get(&row.id).map(|revision| revision.number),
        pending: pending.get(&row.id).copied().unwrap_or(0),
        row,
    });
    Ok(listed.collect())
}

async fn with_names(conn: &impl ConnectionTrait, rows: Vec<revision_row::Model>) -> Result<Vec<Revision>> {
    let people: Vec<i64> = rows.iter().flat_map(|row| [row.submitted_by, row.decided_by]).flatten().collect();
    let names = people::store::records::names_of(conn, &people).await?;
    let name = |person: Option<i64>| person.and_then(|person| names.get(&person).cloned());
    let revisions = rows.into_iter().map(|row| Revision {
        submitted_by: name(row.submitted_by),
        decided_by: name(row.decided_by),
        row,
    });
    Ok(revisions.collect())
}
