//! BOMs: what a product is made of. Changes come in as revisions that wait for review; what is approved never
//! changes under anybody's hands.
//!
//! Everything works on sets with a fixed number of statements. Quantities and money are whole millionths.

pub mod api;
pub mod compare;
pub mod desk;
pub mod events;
pub mod model;
pub mod records;
pub mod review;
mod store;

pub use model::{Change, Component, Refusal, Status};
pub use store::{component_row, revision_row, row};

use crate::db::{Tx, with_nearest};
use crate::kit::decimal::{decimal, signed};
use crate::kit::nearest::LookedUp;
use crate::kit::reference::fold;
use crate::kit::{Error, Result};
use crate::outbox;
use events::RevisionSubmitted;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use store::Draft;

/// How a BOM's number begins, for people who type only its digits.
const PREFIX: &str = "BOM-";

/// A BOM as another system or a person hands it in; it comes with its first revision, approved.
#[derive(Clone, Debug)]
pub struct NewBom {
    /// Its number, `BOM-888`.
    pub number: String,
    /// What is made by it.
    pub product: String,
    /// Its lines, in order.
    pub components: Vec<Component>,
}

/// A change that somebody proposes.
#[derive(Clone, Debug)]
pub struct Update {
    /// The BOM's number.
    pub bom: String,
    /// The number of the component to change.
    pub component: String,
    /// What changes.
    pub change: Change,
    /// Why.
    pub reason: String,
    /// Who proposes it.
    pub submitted_by: i64,
}

/// What came of a proposed change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The number of the revision, which is now pending review.
    pub revision: i32,
    /// The new total less the approved one, `+12.50`, `-3.00`, `0.00`.
    pub cost_change: String,
}

/// The facts of the BOMs that exist, as their latest approved revision says, and the nearest numbers to the others.
///
/// **Shape**: `{number, product, revision: 3, components: [{number, name, quantity: "4", unit_cost: "12.50"}]}`;
/// where no revision is approved, `revision` is null and there are no components.
pub async fn look_up(conn: &impl ConnectionTrait, keys: &[String]) -> Result<LookedUp> {
    let boms = store::by_numbers(conn, keys).await?;
    let approved = store::approved(conn, &boms.iter().map(|bom| bom.id).collect::<Vec<_>>()).await?;
    let mut components = store::components(conn, &approved.values().map(|r| r.id).collect::<Vec<_>>()).await?;
    let mut found = Vec::with_capacity(boms.len());
    for bom in boms {
        let revision = approved.get(&bom.id);
        let lines = revision.and_then(|revision| components.remove(&revision.id)).unwrap_or_default();
        found.push((bom.number.clone(), facts(&bom, revision, &lines)));
    }
    with_nearest::<row::Entity>(conn, row::Column::Number, PREFIX, keys, found).await
}

fn facts(bom: &row::Model, revision: Option<&revision_row::Model>, lines: &[Component]) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "number": line.number,
                "name": line.name,
                "quantity": decimal(line.quantity, 0),
                "unit_cost": decimal(line.unit_cost, 2),
            })
        })
        .collect();
    json!({
        "number": bom.number,
        "product": bom.product,
        "revision": revision.map(|revision| revision.number),
        "components": lines,
    })
}

/// Submits changes for review: each becomes a revision of its own, made from the BOM's approved one.
///
/// Answers one outcome an update, in their order; a refused one writes nothing. Two updates of one BOM get two
/// revision numbers, both made from the same approved revision. Keys are folded on the way in.
pub async fn submit(tx: &Tx, updates: &[Update]) -> Result<Vec<Result<Submitted, Refusal>>> {
    let updates: Vec<Update> = updates.iter().map(folded).collect();
    let numbers: Vec<String> = updates.iter().map(|update| update.bom.clone()).collect();
    let boms: HashMap<String, row::Model> =
        store::by_numbers_locked(tx, &numbers).await?.into_iter().map(|bom| (bom.number.clone(), bom)).collect();
    let ids: Vec<i64> = boms.values().map(|bom| bom.id).collect();
    let mut highest = store::highest_numbers(tx, &ids).await?;
    let approved = store::approved(tx.conn(), &ids).await?;
    let components = store::components(tx.conn(), &approved.values().map(|r| r.id).collect::<Vec<_>>()).await?;

    let mut drafts = Vec::new();
    let mut outcomes = Vec::with_capacity(updates.len());
    for update in &updates {
        let drafted = draft(update, boms.get(&update.bom), &approved, &components).map(|mut draft| {
            let highest = highest.entry(draft.bom_id).or_default();
            *highest += 1;
            draft.number = *highest;
            let submitted = Submitted { revision: draft.number, cost_change: signed(draft.cost_change) };
            drafts.push(draft);
            submitted
        });
        outcomes.push(drafted);
    }
    store::insert_with_components(tx, &drafts).await?;
    let events: Vec<RevisionSubmitted> = updates
        .iter()
        .zip(&outcomes)
        .filter_map(|(update, outcome)| Some(submitted_event(update, outcome.as_ref().ok()?, boms.get(&update.bom)?)))
        .collect();
    outbox::append(tx, &events).await?;
    Ok(outcomes)
}

fn folded(update: &Update) -> Update {
    let mut update = update.clone();
    update.bom = fold(&update.bom);
    update.component = fold(&update.component);
    if let Change::Replace { number, .. } = &mut update.change {
        *number = fold(number);
    }
    update
}

fn draft<'a>(
    update: &'a Update,
    bom: Option<&row::Model>,
    approved: &HashMap<i64, revision_row::Model>,
    components: &HashMap<i64, Vec<Component>>,
) -> Result<Draft<'a>, Refusal> {
    let bom = bom.ok_or_else(|| Refusal::UnknownBom(update.bom.clone()))?;
    let base = approved.get(&bom.id).ok_or_else(|| Refusal::NoApprovedRevision(update.bom.clone()))?;
    let lines = components.get(&base.id).map(Vec::as_slice).unwrap_or_default();
    let (components, cost_change) = model::revise(&bom.number, lines, &update.component, &update.change)?;
    Ok(Draft {
        bom_id: bom.id,
        number: 0,
        status: Status::PendingReview,
        update: Some(update),
        cost_change,
        components,
    })
}

fn submitted_event(update: &Update, submitted: &Submitted, bom: &row::Model) -> RevisionSubmitted {
    RevisionSubmitted {
        bom_id: bom.id,
        bom: bom.number.clone(),
        revision: submitted.revision,
        component: update.component.clone(),
        cost_change: submitted.cost_change.clone(),
        reason: update.reason.clone(),
        submitted_by: update.submitted_by,
    }
}

/// Adds the BOMs whose numbers are new, each with revision 1 approved; leaves the others untouched. Answers how many
/// were new.
pub async fn add(tx: &Tx, boms: &[NewBom]) -> Result<usize> {
    let numbers: Vec<String> = boms.iter().map(|bom| bom.number.clone()).collect();
    let known: HashSet<String> =
        store::by_numbers_locked(tx, &numbers).await?.into_iter().map(|row| row.number).collect();
    let new: Vec<&NewBom> = boms.iter().filter(|bom| !known.contains(&bom.number)).collect();
    let ids = store::insert(tx, &new).await?;
    let mut drafts = Vec::with_capacity(new.len());
    for bom in &new {
        let id = *ids.get(&bom.number).ok_or_else(|| Error::internal("a BOM just added is not there"))?;
        let components = bom.components.clone();
        let status = Status::Approved;
        drafts.push(Draft { bom_id: id, number: 1, status, update: None, cost_change: 0, components });
    }
    store::insert_with_components(tx, &drafts).await?;
    Ok(new.len())
}

#[cfg(test)]
mod tests;
