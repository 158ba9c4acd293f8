//! What is sent to make records, each with a number of its own.

use super::plant::{OURS, THEIRS, Whose};
use crate::support::app::{OPERATOR, TestApp};
use serde_json::{Value, json};

/// What is somebody's own: a token, or a view of the list of tickets.
pub(super) fn owned(path: &str) -> Value {
    if path.contains("tokens") {
        return json!({"name": "Export", "scope": "read"});
    }
    json!({"name": "Late", "query": "overdue=true"})
}

pub(super) fn order(nth: u32) -> Value {
    json!({"number": format!("ORD-9{nth}"), "customer": "Northwind", "product": "Gearbox", "quantity_ordered": 20_000,
        "starts_on": "2026-01-12", "due_on": "2026-01-25"})
}

pub(super) fn machine(nth: u32, department: &str) -> Value {
    json!({"number": format!("MACH-9{nth}"), "name": "Press", "department": department})
}

pub(super) fn shift(nth: u32, person: i64) -> Value {
    json!({"person": person, "starts_at": format!("2026-02-01T{:02}:{:02}:00Z", nth / 60 % 24, nth % 60)})
}

/// On one of the demo's machines.
pub(super) fn plan(nth: u32, whose: Whose) -> Value {
    let machine = if whose == Whose::Own { "MACH-001" } else { "MACH-004" };
    json!({"number": format!("PM-9{nth}"), "machine": machine, "title": "Change the oil", "every_days": 30,
        "next_on": "2026-02-01"})
}

pub(super) fn bom(nth: u32) -> Value {
    json!({"number": format!("BOM-9{nth}"), "product": "Gearbox",
        "components": [{"number": "BRG-6204", "name": "Bearing", "quantity": "4", "unit_cost": "12.50"}]})
}

pub(super) fn revision() -> Value {
    json!({"component": "BRG-6204", "change": "QUANTITY", "value": "6", "reason": "Two more on the new shaft"})
}

/// Nobody listens there.
pub(super) fn webhook() -> Value {
    json!({"url": "http://127.0.0.1:9/hooks", "events": ["order.held"]})
}

pub(super) fn failure(department: &str) -> Value {
    json!({"procedure": "Torque check after assembly", "failure_type": "Step skipped", "department": department})
}

/// A number to make one's own.
pub(super) fn own_number() -> Value {
    json!({"whatsapp_number": "+12025550142"})
}

/// The conversation of somebody of one's own department, or of another one's, in which the last part of the path is
/// possible.
pub(super) async fn conversation(app: &TestApp, path: &str, whose: Whose) -> i64 {
    let (phone, department) = match whose {
        Whose::Own => (OPERATOR, OURS),
        Whose::Foreign => ("+12025550102", THEIRS),
    };
    app.says(phone, "hi").await;
    let id = crate::pages::inbox::person(app, phone).await;
    let is_written = path.ends_with("/messages");
    let taken = if is_written { "last_at" } else { "NULL" };
    for statement in [
        format!("UPDATE people SET department = '{department}', role = 'OPERATOR' WHERE id = {id}"),
        format!(
            "UPDATE conversations SET taken_at = {taken}, desk_at = {taken}, taken_by = NULL WHERE person_id = {id}"
        ),
    ] {
        crate::notifications::change(app, &statement).await;
    }
    id
}

/// What is sent to a conversation.
pub(super) fn of_conversation(last: &str) -> Option<Value> {
    match last {
        "messages" | "notes" => Some(json!({"text": "Which press is it?"})),
        "assign" => Some(json!({"to": null})),
        _ => None,
    }
}
