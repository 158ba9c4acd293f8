//! A plant with records that people named as they liked.

use andon::chat::{RecordKind, Records};
use andon::kit::decimal::decimal;
use andon::orders::model::Status;
use andon::tickets;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// The records that exist; a message finds them or it does not.
pub(crate) const KEYS: [(RecordKind, &str); 8] = [
    (RecordKind::Order, "ORD-12345"),
    (RecordKind::Order, "ORD-7"),
    (RecordKind::Machine, "MACH-001"),
    (RecordKind::Ticket, "MAINT-555"),
    (RecordKind::Ticket, "DEF-7"),
    (RecordKind::Ticket, "SOP-999"),
    (RecordKind::SopFailure, "SOP-999"),
    (RecordKind::Bom, "BOM-888"),
];
/// A key that is asked for often and does not exist.
const NEARLY: &str = "ORD-12999";

/// A name that somebody gave: mostly harmless.
pub(crate) fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Za-z0-9 -]{0,30}",
        1 => "\\PC{0,60}",
        1 => any::<String>(),
        1 => select(vec!["*bold*\n_under_", "\u{202E}desrever", "a\r\nStatus: CLOSED", "{{ company }}", "{% if %}", ""])
            .prop_map(str::to_owned),
    ]
}

/// Facts in every shape in which the features give them.
pub(crate) fn any_records() -> impl Strategy<Value = Records> {
    let facts: Vec<BoxedStrategy<Option<Value>>> =
        KEYS.iter().map(|(kind, key)| proptest::option::weighted(0.9, any_facts(*kind, key)).boxed()).collect();
    (facts, vec(any_name(), 0..5)).prop_map(|(facts, near)| {
        let mut records = Records::new();
        for ((kind, key), facts) in KEYS.iter().zip(facts) {
            if let Some(facts) = facts {
                records.found(*kind, *key, facts);
            }
        }
        records.nearest(RecordKind::Order, NEARLY, near);
        records
    })
}

fn any_facts(kind: RecordKind, key: &'static str) -> BoxedStrategy<Value> {
    let name = any_name;
    match kind {
        RecordKind::Order => {
            use Status::{Cancelled, Completed, InProgress, OnHold, Pending, Scheduled};
            let statuses = [Pending, Scheduled, InProgress, OnHold, Completed, Cancelled].map(Status::as_str);
            let sla = select(vec!["ON_TRACK", "AT_RISK", "OVERDUE"]);
            (name(), name(), select(statuses.to_vec()), 0..=100, sla)
                .prop_map(move |(customer, product, status, progress, sla)| {
                    json!({
                        "number": key, "customer": customer, "product": product, "status": status,
                        "progress": progress, "expected": "2026-01-25", "sla": sla,
                    })
                })
                .boxed()
        }
        RecordKind::Machine => (name(), name(), name())
            .prop_map(move |(name, location, department)| {
                json!({"number": key, "name": name, "location": location, "department": department})
            })
            .boxed(),
        RecordKind::Ticket => (name(), any_status(), any_clock(), proptest::option::of(name()))
            .prop_map(move |(title, status, (clock, left), holder)| {
                json!({
                    "reference": key, "kind": "MAINTENANCE", "title": title, "priority": "HIGH", "status": status,
                    "time_left": left,
                    "clock": clock, "deadline": left.map(|_| "2026-01-20 14:30 UTC"), "holder": holder,
                })
            })
            .boxed(),
        RecordKind::SopFailure => (name(), name(), any_status(), any_clock(), proptest::option::of(name()))
            .prop_map(move |(procedure, failure_type, status, (clock, left), holder)| {
                json!({
                    "number": key, "procedure": procedure, "failure_type": failure_type, "department": "Assembly",
                    "status": status, "reported": "2026-01-18 14:30 UTC", "holder": holder,
                    "escalation": "Not escalated", "clock": clock, "time_left": left,
                })
            })
            .boxed(),
        RecordKind::Bom => (name(), proptest::option::weighted(0.9, 1..99), any_components())
            .prop_map(move |(product, revision, components)| {
                let components = if revision.is_some() { components } else { Vec::new() };
                json!({"number": key, "product": product, "revision": revision, "components": components})
            })
            .boxed(),
    }
}

fn any_status() -> impl Strategy<Value = &'static str> {
    let mut statuses = tickets::model::Status::ALL.map(tickets::model::Status::as_str).to_vec();
    statuses.push(tickets::model::WAITING_APPROVAL);
    select(statuses)
}

fn any_clock() -> impl Strategy<Value = (&'static str, Option<&'static str>)> {
    select(vec![
        ("OK", Some("44h 32m")),
        ("WARNING", Some("0h 10m")),
        ("BREACHED", Some("-1h 06m")),
        ("PAUSED", Some("3h 00m")),
        ("DONE", None),
    ])
}

/// A few as a rule; now and then more than one message lists.
fn any_components() -> impl Strategy<Value = Vec<Value>> {
    prop_oneof![9 => vec(any_component(), 0..4), 1 => vec(any_component(), 30..40)]
}

fn any_component() -> impl Strategy<Value = Value> {
    let number = prop_oneof![select(vec!["BRG-6", "SEAL-12", "BRG-7"]).prop_map(str::to_owned), any_name()];
    (number, any_name(), 1..i64::MAX, 0..i64::MAX).prop_map(|(number, name, quantity, unit_cost)| {
        json!({
            "number": number, "name": name, "quantity": decimal(quantity, 0), "unit_cost": decimal(unit_cost, 2),
        })
    })
}
