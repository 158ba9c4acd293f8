//! BOMs as another system hands them in: judged first, then taken over, by one and the same rule.
//!
//! A record says all components of its BOM. Where they differ from the approved revision they become the next one,
//! approved at once, since whoever hands records in answers for them; what was approved before stays as it was, and
//! changes that wait for review wait on. What a record does not say of a component stays as it is.

use super::events::Put;
use super::model::{Component, Refusal, Status, cost_change};
use super::store::{self, Draft};
use super::{NewBom, row};
use crate::db::Tx;
use crate::kit::records::{Effect, Judged, Verdict, Wrong, lacking};
use crate::kit::{Error, Result, rules};
use crate::outbox;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A BOM as another system has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, folded.
    pub number: String,
    /// What is made by it.
    pub product: Option<String>,
    /// All its components, in order.
    pub components: Vec<Line>,
}

/// One component as another system has it.
///
/// **Units**: quantity and unit cost in millionths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number, folded.
    pub number: String,
    /// What people call it; its number where nothing is said.
    pub name: Option<String>,
    /// How much of it one product takes.
    pub quantity: Option<i64>,
    /// What one of it costs.
    pub unit_cost: Option<i64>,
}

/// A BOM as it is stored.
pub(super) struct Stored {
    row: row::Model,
    has_approved: bool,
    components: Vec<Component>,
}

/// A BOM as it would be.
pub(super) struct Decided {
    pub(super) product: String,
    /// The next revision's components and what they cost more; none where they stay.
    pub(super) revision: Option<(Vec<Component>, i64)>,
}

/// What taking each of these over would do.
pub async fn judge(conn: &impl ConnectionTrait, records: &[Record]) -> Result<Vec<Judged>> {
    let stored = read(conn, store::by_numbers(conn, &numbers(records)).await?).await?;
    let decided = records.iter().map(|record| decision(record, stored.get(&record.number)));
    Ok(decided.map(|decided| decided.map(|(_, verdict)| verdict)).collect())
}

/// How much of a component one product may take, in millionths, as it is written.
pub fn quantity(typed: &str) -> Result<i64, String> {
    rules::decimal(typed, |quantity| {
        if quantity > 0 { Ok(()) } else { Err("is not more than 0; to take the component out, leave it out") }
    })
}

/// What one of a component may cost, in millionths, as it is written.
pub fn unit_cost(typed: &str) -> Result<i64, String> {
    rules::decimal(typed, |cost| if cost >= 0 { Ok(()) } else { Err("is less than 0; a cost is 0 or more") })
}

/// Takes them over as a set, for the person `by` where one handed them in; one that cannot be is left out. No number
/// twice.
pub async fn put(tx: &Tx, records: &[Record], by: Option<i64>) -> Result<()> {
    let stored = read(tx.conn(), store::by_numbers_locked(tx, &numbers(records)).await?).await?;
    let decided = records.iter().filter_map(|record| {
        let (decided, verdict) = decision(record, stored.get(&record.number)).ok()?;
        (verdict.effect != Effect::Kept).then_some((&record.number, decided))
    });
    let decided: Vec<(&String, Decided)> = decided.collect();
    let boms = decided.iter().map(|(number, decided)| NewBom {
        number: (*number).clone(),
        product: decided.product.clone(),
        components: Vec::new(),
    });
    let ids = store::upsert(tx, &boms.collect::<Vec<_>>()).await?;
    let highest = store::highest_numbers(tx, &ids.values().copied().collect::<Vec<_>>()).await?;
    let mut drafts = Vec::with_capacity(decided.len());
    let mut told = Vec::with_capacity(decided.len());
    for (bom, decided) in decided {
        let bom_id = *ids.get(bom).ok_or_else(|| Error::internal("a BOM just written is not there"))?;
        let number = highest.get(&bom_id).copied().unwrap_or(0) + 1;
        let revision = decided.revision.is_some().then_some(number);
        told.push(Put { bom_id, bom: bom.clone(), revision, by });
        let Some((components, cost_change)) = decided.revision else { continue };
        drafts.push(Draft { bom_id, number, status: Status::Approved, update: None, cost_change, components });
    }
    store::insert_with_components(tx, &drafts).await?;
    outbox::append(tx, &told).await
}

/// The next BOMs in the order of their numbers, as their approved revisions say.
pub async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
    let rows = store::page(conn, after, most).await?;
    let order: Vec<String> = rows.iter().map(|row| row.number.clone()).collect();
    let mut stored = read(conn, rows).await?;
    let records = order.iter().filter_map(|number| stored.remove(number)).map(|stored| Record {
        number: stored.row.number,
        product: Some(stored.row.product),
        components: stored.components.into_iter().map(said).collect(),
    });
    Ok(records.collect())
}

/// A component as a record that says all of it.
pub(super) fn said(component: Component) -> Line {
    let Component { number, name, quantity, unit_cost } = component;
    Line { number, name: Some(name), quantity: Some(quantity), unit_cost: Some(unit_cost) }
}

fn numbers(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.number.clone()).collect()
}

async fn read(conn: &impl ConnectionTrait, rows: Vec<row::Model>) -> Result<HashMap<String, Stored>> {
    let approved = store::approved(conn, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    let revisions: Vec<i64> = approved.values().map(|revision| revision.id).collect();
    let mut components = store::components(conn, &revisions).await?;
    let stored = rows.into_iter().map(|row| {
        let revision = approved.get(&row.id);
        let components = revision.and_then(|revision| components.remove(&revision.id)).unwrap_or_default();
        (row.number.clone(), Stored { row, has_approved: revision.is_some(), components })
    });
    Ok(stored.collect())
}

pub(super) fn decision(record: &Record, before: Option<&Stored>) -> Result<(Decided, Verdict), Wrong> {
    let kept: &[Component] = before.map(|before| before.components.as_slice()).unwrap_or_default();
    let components = record.components.iter().enumerate().map(|(at, line)| component(at, line, kept));
    let components = components.collect::<Result<Vec<_>, _>>()?;
    let too_large = |refusal: Refusal| Wrong::new("number", &record.number, format!("cannot be added up: {refusal}"));
    let cost_change = cost_change(kept, &components).map_err(too_large)?;
    let product = record.product.clone().or_else(|| before.map(|before| before.row.product.clone()));
    let product = product.ok_or_else(|| Wrong::incomplete("number", &record.number, &["product"]))?;
    let Some(before) = before else {
        let revision = Some((components, cost_change));
        return Ok((Decided { product, revision }, Verdict::plain(Effect::Created)));
    };
    let is_same = components == kept && (before.has_approved || components.is_empty());
    let revision = (!is_same).then_some((components, cost_change));
    let effect = if is_same && product == before.row.product { Effect::Kept } else { Effect::Changed };
    Ok((Decided { product, revision }, Verdict::plain(effect)))
}

/// The component of a line, filled up from the one in force.
fn component(at: usize, line: &Line, kept: &[Component]) -> Result<Component, Wrong> {
    let kept = kept.iter().find(|kept| kept.number == line.number);
    let quantity = line.quantity.or(kept.map(|kept| kept.quantity));
    let unit_cost = line.unit_cost.or(kept.map(|kept| kept.unit_cost));
    let (Some(quantity), Some(unit_cost)) = (quantity, unit_cost) else {
        let lacking = lacking(&[("quantity", quantity.is_some()), ("unit_cost", unit_cost.is_some())]);
        return Err(Wrong { at, ..Wrong::incomplete("component", &line.number, &lacking) });
    };
    let name = line.name.as_ref().or(kept.map(|kept| &kept.name)).filter(|name| !name.is_empty());
    Ok(Component { number: line.number.clone(), name: name.unwrap_or(&line.number).clone(), quantity, unit_cost })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: &str, quantity: i64) -> Line {
        Line { number: number.to_owned(), quantity: Some(quantity), unit_cost: Some(1_000_000), ..Line::default() }
    }

    fn record(components: Vec<Line>) -> Record {
        Record { number: "BOM-1".to_owned(), product: Some("Pump".to_owned()), components }
    }

    fn stored(lines: &[Line]) -> Stored {
        let at = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
        let (number, product) = ("BOM-1".to_owned(), "Pump".to_owned());
        let row = row::Model { id: 1, number, product, created_at: at, updated_at: at };
        let components = lines.iter().map(|line| component(0, line, &[]).expect("a whole line")).collect();
        Stored { row, has_approved: true, components }
    }

    #[test]
    fn only_what_differs_makes_a_revision_and_it_knows_what_it_costs() {
        let before = stored(&[line("A", 2_000_000), line("B", 1_000_000)]);
        for (lines, revised) in [
            (vec![line("A", 2_000_000), line("B", 1_000_000)], None),
            (vec![line("A", 5_000_000), line("B", 1_000_000)], Some(3_000_000)),
            (vec![line("A", 2_000_000)], Some(-1_000_000)),
            (vec![line("B", 1_000_000), line("A", 2_000_000)], Some(0)),
            (vec![], Some(-3_000_000)),
        ] {
            let (decided, verdict) = decision(&record(lines), Some(&before)).expect("it fits");
            assert_eq!(decided.revision.map(|(_, cost)| cost), revised);
            assert_eq!(verdict.effect == Effect::Kept, revised.is_none());
        }
    }

    #[test]
    fn what_is_not_said_of_a_component_stays_and_a_new_one_must_be_whole() {
        let before = stored(&[Line { name: Some("Rotor".to_owned()), ..line("A", 2_000_000) }]);
        let quantity_only = Line { number: "A".to_owned(), quantity: Some(7_000_000), ..Line::default() };
        let (decided, _) = decision(&record(vec![quantity_only.clone()]), Some(&before)).expect("it fits");
        let (components, _) = decided.revision.expect("a revision");
        assert_eq!((components[0].name.as_str(), components[0].unit_cost), ("Rotor", 1_000_000));
        let other = Line { number: "B".to_owned(), ..quantity_only };
        let wrong = decision(&record(vec![line("A", 1), other]), Some(&before)).err().expect("too little");
        assert_eq!((wrong.at, wrong.reason.as_str()), (1, "is new; to add it, say its unit_cost as well"));
    }

    #[test]
    fn a_total_that_cannot_be_computed_is_refused() {
        let vast = Line { unit_cost: Some(i64::MAX), ..line("A", i64::MAX) };
        assert!(decision(&record(vec![vast]), None).is_err_and(|wrong| wrong.reason.contains("too large")));
    }
}
