//! What notices say of the plant's records: the order or the machine that an event or its ticket is about.

use crate::db::Tx;
use crate::kit::Result;
use crate::notify::model::{Concerned, Happened};
use crate::tickets::Kind;
use crate::{defects, machines, maintenance, orders};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};

/// By the names that notices have for them.
pub(in crate::notify) type Facts = Map<String, Value>;

/// The facts for each of these events that has some, by the event's row: at most four statements.
pub(in crate::notify) async fn of(
    tx: &Tx,
    happened: &[Happened<'_>],
    tickets: &HashMap<i64, Concerned>,
) -> Result<HashMap<i64, Facts>> {
    let of_kind = |kind: Kind| {
        let ids = tickets.values().map(|ticket| &ticket.row).filter(|row| row.kind == kind).map(|row| row.id);
        ids.collect::<Vec<i64>>()
    };
    let held = defects::orders_of(tx.conn(), &of_kind(Kind::Defect)).await?;
    let broken = maintenance::machines_of(tx.conn(), &of_kind(Kind::Maintenance)).await?;
    let order = |one: &Happened<'_>| {
        let own = one.payload.get("order_id").and_then(Value::as_i64);
        own.or_else(|| held.get(&one.ticket_id?).copied())
    };
    let machine = |one: &Happened<'_>| {
        let own = one.payload.get("machine_id").and_then(Value::as_i64);
        own.or_else(|| broken.get(&one.ticket_id?).copied())
    };
    let order_ids: BTreeSet<i64> = happened.iter().filter_map(order).collect();
    let machine_ids: BTreeSet<i64> = happened.iter().filter_map(machine).collect();
    let orders = orders::by_ids(tx.conn(), &order_ids).await?;
    let machines = machines::by_ids(tx.conn(), &machine_ids).await?;
    let facts = happened.iter().filter_map(|one| {
        let mut facts = Facts::new();
        if let Some(order) = order(one).and_then(|id| orders.get(&id)) {
            facts.insert("order".to_owned(), json!(order.number));
            facts.insert("product".to_owned(), json!(order.product));
            facts.insert("customer".to_owned(), json!(order.customer));
        }
        if let Some(machine) = machine(one).and_then(|id| machines.get(&id)) {
            facts.insert("machine".to_owned(), json!(machine.number));
            facts.insert("machine_name".to_owned(), json!(machine.name));
            facts.insert("location".to_owned(), json!(machine.location));
        }
        (!facts.is_empty()).then_some((one.event_id, facts))
    });
    Ok(facts.collect())
}
