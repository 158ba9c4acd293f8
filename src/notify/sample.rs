//! Events to try words on: everything that a notice may speak of, with likely values.

use super::words::named;
use crate::wording::Wording;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One name for each kind of notices that speak of something else.
const KINDS: [&str; 8] =
    ["ticket.", "ticket.created.floor", "order.", "sla.", "shift.", "maintenance_plan.", "notices.", "summary."];

/// What any notice may speak of.
pub fn sample() -> Value {
    json!({
        "recipient": "Support", "client": "Client", "actor": "Admin", "company": "Test Plant",
        "reference": "INC-20260118143022", "title": "Payments *fail*", "project": "Shop", "priority": "HIGH",
        "category": "SERVICE_DOWN", "status": "OPENED", "department": "Machining",
        "deadline": "2026-01-20 14:30 UTC", "description": "Nobody can pay.\nSince noon.",
        "comment": "The certificate ran out.", "by_silence": false,
        "decision": "REJECTED", "bom": "BOM-888", "revision": 4, "component": "Gear wheel", "cost_change": "+12.50",
        "reason": "Wear",
        "kind": "INCIDENT", "clock": "RESOLUTION", "due_at": "2026-01-20 14:30 UTC", "time_left": "11h 59m",
    })
}

/// The same with what the words of this file speak of besides, once for each way in which that can be said; never empty.
pub fn samples(file: &str) -> Vec<Value> {
    let machine = json!({"machine": "MACH-001", "machine_name": "CNC lathe", "location": "Hall 1, bay 2"});
    let order = json!({"order": "ORD-12345", "product": "Gearbox", "customer": "Northwind"});
    let besides = if file.strip_suffix("floor").is_some() {
        let defect = with(&order, &json!({"kind": "DEFECT"}));
        let maintenance = with(&machine, &json!({"kind": "MAINTENANCE"}));
        vec![defect, maintenance, json!({"kind": "SOP_FAILURE"})]
    } else if file.starts_with("order.") {
        let counted = json!({"status": "IN_PROGRESS", "quantity_completed": 198, "quantity_ordered": 200});
        let order = with(&order, &counted);
        vec![with(&order, &json!({"reference": null})), with(&order, &json!({"comment": null}))]
    } else if file.starts_with("sla.") {
        vec![json!({}), json!({"clock": "RESPONSE"})]
    } else if file.starts_with("shift.") {
        vec![with(&machine, &json!({"starts_at": "2026-01-19 06:00 UTC", "note": "Bring the gauge."}))]
    } else if file.starts_with("maintenance_plan.") {
        let plan = json!({
            "plan": "PM-001", "title": "Change the hydraulic oil", "due_on": "2026-01-20",
            "instructions": "Drain, rinse, fill 40 l.",
        });
        let plan = with(&machine, &plan);
        ["TOMORROW", "TODAY", "OVERDUE"].map(|when| with(&plan, &json!({"when": when}))).to_vec()
    } else if file.starts_with("notices.") {
        let subjects = ["Work has started on your ticket: Payments fail", "New comment on ticket INC-20260118143022"];
        vec![json!({"count": subjects.len(), "notices": subjects})]
    } else if file.starts_with("summary.") {
        let week = week();
        vec![with(&week, &json!({"has_messages": true, "department": null})), with(&week, &json!({"link": null}))]
    } else if ["ticket.finished", "ticket.approved", "ticket.rejected"].iter().any(|start| file.starts_with(start)) {
        vec![json!({}), json!({"kind": "DEFECT", "project": null, "category": null})]
    } else {
        vec![json!({})]
    };
    besides.iter().map(|besides| with(&sample(), besides)).collect()
}

/// A week in numbers, as a supervisor is told of it; with what only an admin is.
fn week() -> Value {
    json!({
        "week_from": "2026-01-12", "week_until": "2026-01-18", "has_messages": false,
        "link": "https://andon.example.com/reports",
        "open_tickets": 17, "orders_on_hold": 2,
        "came": 42, "came_before": 38, "ended": 40, "ended_before": 41,
        "answer_half": "0h 12m", "answer_half_before": "0h 15m", "answer_most": "1h 40m", "answer_most_before": "2h 05m",
        "answers_kept": 39, "answers_kept_before": 33, "answers_broken": 3, "answers_broken_before": 5,
        "solution_half": "5h 20m", "solution_half_before": "6h 02m", "solution_most": "26h 10m",
        "solution_most_before": "–", "solutions_kept": 36, "solutions_kept_before": 30, "solutions_broken": 4,
        "solutions_broken_before": 11, "downtime": "31h 45m", "downtime_before": "12h 00m",
        "received": 310, "received_before": 296, "sent": 705, "sent_before": 688, "forms_done": 88,
        "forms_done_before": 91, "costs": [{"sum": "12.50", "currency": "USD"}, {"sum": "3.20", "currency": "EUR"}],
        "costs_before": [],
    })
}

/// The same with what is known by a code by its name in this language, as people are told of it.
pub fn samples_in(wording: &Wording, language: &str, file: &str) -> Vec<Value> {
    let has_ticket_status = !file.starts_with("order.");
    samples(file).into_iter().map(|sample| named(wording, language, sample, has_ticket_status)).collect()
}

/// The name of everything that some notice may speak of.
pub fn names() -> BTreeSet<String> {
    let samples = KINDS.into_iter().flat_map(samples);
    samples
        .flat_map(|sample| sample.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect::<Vec<_>>())
        .collect()
}

fn with(sample: &Value, besides: &Value) -> Value {
    let mut sample = sample.clone();
    for (name, value) in besides.as_object().into_iter().flatten() {
        sample[name] = value.clone();
    }
    sample
}
