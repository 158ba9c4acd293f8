//! What people are told of orders: on hold, released, completed.

use crate::facts;
use crate::notifications::{ADMIN, SUPERVISOR, act, news, start};
use crate::reminders::take;
use crate::support::app::{OPERATOR, number};
use crate::support::databases::Backend;
use andon::people::Role;
use andon::records_io::Kind;
use andon::tickets::Action;
use serde_json::json;
use std::collections::BTreeMap;

facts!["order_notices":
    an_order_on_hold_is_told_once_and_its_release_too,
    an_order_that_is_completed_is_told_unless_a_file_says_so,
];

async fn an_order_on_hold_is_told_once_and_its_release_too(backend: Backend) {
    let app = start(backend).await;
    let boss = app.user("boss", Role::Admin).await;
    let mut seen = BTreeMap::new();
    for text in ["1", "ORD-12345", "return", "high", "It is bent."] {
        app.says(OPERATOR, text).await;
    }
    let told = news(&app, &mut seen).await;
    let told: Vec<&String> = told.iter().filter(|line| !line.starts_with("operator")).collect();
    assert_eq!(
        told,
        ["supervisor: ⚠️ *New Defect Reported*", "admin: ⚠️ *New Defect Reported*"],
        "and not of the hold"
    );
    let defect = app.replies(&number(SUPERVISOR)).pop().expect("a notice");
    assert!(defect.contains("*Order:* ORD-12345\n*Severity:* High\n"), "{defect}");
    assert!(defect.contains("The order is on hold until this defect is closed."), "{defect}");
    let row = &app.rows("SELECT id FROM tickets WHERE description = 'It is bent.'").await[0];
    let ticket: i64 = row.try_get("", "id").expect("an id");
    act(&app, Role::Admin, ticket, Action::Cancel { reason: "It is not".to_owned() }).await;
    let told = news(&app, &mut seen).await;
    let heads = ["operator: ❌ *Ticket Cancelled*", "supervisor: ▶️ *Order Released*", "admin: ▶️ *Order Released*"];
    assert_eq!(told, heads);
    let released = app.replies(&number(ADMIN)).pop().expect("a notice");
    assert!(released.contains("*Status:* In Progress\n"), "{released}");
    assert!(released.contains("Its last hold ended with ticket DEF-"), "{released}");

    let row = &app.rows("SELECT id FROM orders WHERE number = 'ORD-12345'").await[0];
    let path = format!("/api/orders/{}", row.try_get::<i64>("", "id").expect("an id"));
    boss.post(&format!("{path}/hold/"), json!({"reason": "The customer asked to wait"})).await;
    assert_eq!(news(&app, &mut seen).await, ["supervisor: ⏸️ *Order On Hold*", "admin: ⏸️ *Order On Hold*"]);
    let held = app.replies(&number(ADMIN)).pop().expect("a notice");
    assert!(held.ends_with("*Reason:*\nThe customer asked to wait\n\n_Incident Management System_"), "{held}");
    boss.post(&format!("{path}/release/"), json!({"reason": "It may go on"})).await;
    assert_eq!(news(&app, &mut seen).await, ["supervisor: ▶️ *Order Released*", "admin: ▶️ *Order Released*"]);
    app.end().await;
}

async fn an_order_that_is_completed_is_told_unless_a_file_says_so(backend: Backend) {
    let app = start(backend).await;
    let boss = app.user("boss", Role::Admin).await;
    let mut seen = BTreeMap::new();
    let row = &app.rows("SELECT id FROM orders WHERE number = 'ORD-12345'").await[0];
    let path = format!("/api/orders/{}/", row.try_get::<i64>("", "id").expect("an id"));
    boss.patch(&path, json!({"quantity_completed": 200})).await;
    assert!(news(&app, &mut seen).await.is_empty());
    for _ in 0..2 {
        boss.patch(&path, json!({"status": "COMPLETED"})).await;
    }
    assert_eq!(news(&app, &mut seen).await, ["supervisor: 🏁 *Order Completed*", "admin: 🏁 *Order Completed*"]);
    let told = app.replies(&number(ADMIN)).pop().expect("a notice");
    assert!(told.contains("*Product:* Gearbox GX-20\n*Customer:* Harbour Marine\n*Made:* 200 of 200\n"), "{told}");
    let file = "number,status\nORD-12346,COMPLETED\n";
    take(&app, Kind::Orders, file).await;
    assert!(news(&app, &mut seen).await.is_empty());
    assert_eq!(app.count("events WHERE name = 'order.completed'").await, 2, "the log has both");
    app.end().await;
}
