//! The pages of the plant's records: none sends a number of statements that grows with its rows.

use super::{Fact, Statements};
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Who looks, the rows, and what goes with them.
const A_LIST: usize = 14;
/// A BOM: itself, two revisions with their lines, what waits, and all there were.
const A_BOM: usize = 24;
/// Others: themselves, their people, and whom one can choose.
const ONE: usize = 18;
/// How many rows there are.
const SIZES: [usize; 3] = [1, 5, 20];

pub(super) const FACTS: [Fact; 1] =
    [("statements::a_page_of_1_record_costs_what_a_page_of_20_costs", |backend, statements| {
        Box::pin(pages(backend, statements))
    })];

async fn pages(backend: Backend, statements: Statements) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let window = Window::of(&app, "boss").await;
    let body = json!({"number": "BOM-700", "product": "Pump", "components": [
        {"number": "A", "quantity": "1", "unit_cost": "1"}, {"number": "B", "quantity": "1", "unit_cost": "1"}]});
    let bom = made(&admin.post("/api/boms/", body).await);
    let (mut there, mut failure, mut plan, mut shift) = (0, 0, 0, 0);
    let mut costs: BTreeMap<(String, usize), Vec<usize>> = BTreeMap::new();
    for size in SIZES {
        for nth in there..size {
            let worker = app.user_of(&format!("op{nth}"), Role::Operator, Some("Machining")).await;
            let change = json!({"component": "A", "change": "QUANTITY", "value": "2", "reason": "More"});
            assert_eq!(admin.post(&format!("/api/boms/{bom}/revisions/"), change).await.0, StatusCode::CREATED);
            let body = json!({"number": format!("BOM-8{nth:02}"), "product": "Pump", "components": []});
            made(&admin.post("/api/boms/", body).await);
            let body = json!({"procedure": "Torque check", "department": "Assembly"});
            failure = made(&admin.post("/api/sop_failures/", body).await);
            let at = format!("2026-02-01T{nth:02}:00:00Z");
            let body = json!({"person": worker.id, "machine": "MACH-001", "starts_at": at});
            shift = made(&admin.post("/api/shifts/", body).await);
            let body = json!({"number": format!("PM-{nth}"), "machine": "MACH-001", "title": "Oil", "every_days": 30,
                "next_on": "2026-02-01", "responsible": [worker.id]});
            plan = made(&admin.post("/api/maintenance_plans/", body).await);
        }
        there = size;
        app.settle().await;
        for (path, bound) in [
            ("/floor/boms".to_owned(), A_LIST),
            (format!("/floor/boms/{bom}"), A_BOM),
            (format!("/floor/boms/{bom}/propose"), ONE),
            ("/floor/sop-failures".to_owned(), A_LIST),
            (format!("/floor/sop-failures/{failure}"), ONE),
            ("/floor/shifts".to_owned(), A_LIST),
            (format!("/floor/shifts/{shift}"), ONE),
            ("/floor/plans".to_owned(), A_LIST),
            (format!("/floor/plans/{plan}"), ONE),
        ] {
            window.get(&path).await;
            let (cost, seen) = statements.of(window.get(&path)).await;
            assert_eq!(seen.status, StatusCode::OK, "{path}");
            let page = path.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
            costs.entry((page, bound)).or_default().push(cost);
        }
    }
    for ((page, bound), costs) in costs {
        let is_level = costs.iter().all(|cost| *cost == costs[0]) && costs[0] <= bound;
        assert!(is_level, "{page} on {backend}: {costs:?} statements, and {bound} at most");
    }
    app.end().await;
}

fn made((status, body): &(StatusCode, Value)) -> i64 {
    assert_eq!(*status, StatusCode::CREATED, "{body}");
    body["id"].as_i64().expect("an id")
}
