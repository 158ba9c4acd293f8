//! Values to try the chat's texts on: everything that a built-in text speaks of, with likely values.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What a text of the chat may speak of, where choices stand in the text and where they are tapped.
pub(super) fn samples(key: &str, company: &str) -> [Value; 2] {
    let mut sample = sample(company);
    // The same names mean a record where one was found, and its number or name where all is said at the end.
    if key.rsplit('.').next() == Some("found") {
        sample["component"] = json!({"number": "BRG-7", "name": "Bearing"});
    } else {
        sample["bom"] = json!("BOM-888");
    }
    let tapped = json!({"taps": true});
    let with_taps = with(&sample, &tapped);
    [sample, with_taps]
}

/// The names of these values.
pub(super) fn names() -> BTreeSet<String> {
    sample("").as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

fn sample(company: &str) -> Value {
    let ticket = |keycap: &str, title: &str, status: &str| {
        json!({
            "keycap": keycap, "title": title, "status": status, "reference": "INC-20260118143022",
            "priority": "HIGH", "deadline": "2026-01-20 14:30 UTC", "time_left": "44h 32m", "clock": "OK",
            "holder": "Support",
        })
    };
    let (one, two) = ("1\u{FE0F}\u{20E3}", "2\u{FE0F}\u{20E3}");
    let many = json!({
        "taps": false, "photos": true, "company": company, "code": "7KQ2M9XB", "key": "ORD-12345", "label": "Hall 1",
        "reference": "DEF-20260118143022", "title": "Payments fail", "status": "CLOSED", "flow": "create_defect",
        "number": 2, "count": 4, "limit": 10, "length": 2400, "min": 1, "max": 100,
        "names": ["English", "Español"], "near": ["ORD-12354", "ORD-12435"],
        "sla_hours": 24, "response_time": "0h 30m", "bom": {"number": "BOM-888", "product": "Gearbox"},
        "revision": "4", "component": "Bearing", "cost_change": "12.50",
    });
    let records = json!({
        "options": [
            {"keycap": one, "flow": "create_defect", "label": "chat.ticket.priority.LOW"},
            {"keycap": two, "flow": "order_status", "label": "chat.ticket.priority.HIGH"},
        ],
        "order": {
            "number": "ORD-12345", "status": "IN_PROGRESS", "progress": 75, "expected": "2026-01-25", "sla": "ON_TRACK",
        },
        "machine": {"number": "MACH-001", "name": "CNC lathe"},
        "machines": [
            {"keycap": one, "reference": "MACH-001", "title": "CNC lathe", "metres": 40},
            {"keycap": two, "reference": "MACH-002", "title": "Press 1", "metres": 120},
        ],
        "components": [
            {"number": "BRG-7", "name": "Bearing", "quantity": "2", "unit_cost": "3.50"},
            {"number": "GW-12", "name": "Gear wheel", "quantity": "1", "unit_cost": "18.00"},
        ],
        "ticket": ticket(one, "Payments fail", "WAITING_APPROVAL"),
        "tickets": [
            ticket(one, "Payments fail", "IN_PROGRESS"),
            ticket(two, "Label printer prints blank labels", "OPENED"),
        ],
        "sop_failure": {
            "number": "SOP-999", "status": "OPENED", "failure_type": "Step left out", "procedure": "Torque check",
            "reported": "2026-01-18 14:30 UTC", "holder": "Support", "escalation_level": 1,
            "escalated_at": "2026-01-18 16:30 UTC",
        },
    });
    with(&many, &records)
}

fn with(sample: &Value, besides: &Value) -> Value {
    let mut all: Map<String, Value> = sample.as_object().cloned().unwrap_or_default();
    all.extend(besides.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Wording;
    use crate::wording::desk::Written;

    #[test]
    fn every_text_of_the_chat_can_be_tried() {
        let wording = Wording::load(None).expect("the built-in texts are right");
        let mut tried = 0;
        for language in wording.languages() {
            for key in wording.keys(language).into_iter().filter(|key| key.starts_with("chat.")) {
                if !matches!(wording.written_as(language, key), Some(Written::Text(_))) {
                    continue;
                }
                for sample in samples(key, "Test Plant") {
                    let filled = wording.check(language, key, &sample);
                    assert!(filled.is_ok(), "{language} {key}: {filled:?}");
                }
                tried += 1;
            }
        }
        assert!(tried > 1_000, "only {tried} were tried");
    }
}
