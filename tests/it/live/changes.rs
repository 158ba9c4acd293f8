//! That something changed, told to those at the desk who may see it, and soon.

use super::{Wire, at_the_desk, raise};
use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::redis::Keyspace;
use crate::support::user::User;
use andon::people::Role;
use serde_json::{Value, json};
use std::time::Duration;

facts!["live::changes":
    a_change_is_told_to_those_who_may_see_it,
    what_changes_on_the_floor_is_told_to_who_keeps_it,
    a_change_is_told_within_a_fifth_of_a_second,
];

pub(crate) fn facts_with_redis() -> Vec<crate::Fact> {
    vec![("live::changes::a_change_in_another_process_is_told_too", |backend| {
        Box::pin(a_change_in_another_process_is_told_too(backend))
    })]
}

/// The topics of what changed, and nothing else that was said.
fn changed(said: &[Value]) -> Vec<&str> {
    let changes = said.iter().filter(|said| said["type"] == "changed");
    changes.flat_map(|said| said["topics"].as_array().expect("a list").iter().filter_map(Value::as_str)).collect()
}

async fn a_change_is_told_to_those_who_may_see_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    let (dev, other) = (app.user("dev", Role::Support).await, app.user("other", Role::Client).await);
    let mut wires = Vec::new();
    for user in [&admin, &client, &dev, &other] {
        wires.push(at_the_desk(&app, user, "&changes=true").await);
    }
    let mut deaf = at_the_desk(&app, &admin, "").await;
    let id = raise(&client, "Payments fail").await;
    let ticket = format!("ticket-{id}");
    let steps: [(&User, &str, Value, [bool; 4]); 5] = [
        (&admin, "add_comment", json!({"comment": "We look"}), [true, true, false, false]),
        (&admin, "assign", json!({"assigned_to": dev.id}), [true, true, true, false]),
        (&admin, "set_sla", json!({"resolution_due_at": "2026-01-20T12:00:00Z"}), [true, true, true, false]),
        (&dev, "start_work", json!({}), [true, true, true, false]),
        (&dev, "add_attachment", json!({"file_data": "SGVsbG8h", "filename": "note.txt"}), [true, true, true, false]),
    ];
    app.settle().await;
    for wire in &mut wires {
        wire.rest().await; // that it was raised
    }
    for (who, action, body, hear) in steps {
        let (status, done) = who.post(&format!("/api/tickets/{id}/{action}/"), body).await;
        assert!(status.is_success(), "{action}: {done}");
        app.settle().await;
        for (wire, hears) in wires.iter_mut().zip(hear) {
            let said = wire.rest().await;
            let topics = changed(&said);
            assert_eq!(topics.contains(&ticket.as_str()), hears, "{action}: {said:?}");
            assert_eq!(topics.contains(&"tickets"), hears, "{action}: {said:?}");
        }
    }
    // Who has it no more hears that tickets changed, and not which.
    let dev2 = app.user("dev2", Role::Support).await;
    admin.post(&format!("/api/tickets/{id}/assign/"), json!({"assigned_to": dev2.id})).await;
    app.settle().await;
    assert_eq!(changed(&wires[2].rest().await), ["tickets"]);
    assert!(changed(&wires[3].rest().await).is_empty(), "a foreign ticket is not even hinted at");
    assert!(changed(&deaf.rest().await).is_empty(), "only who asks hears of changes");
    app.end().await;
}

async fn what_changes_on_the_floor_is_told_to_who_keeps_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    let keeper = app.user_of("keeper", Role::Supervisor, Some("Machining")).await;
    let mut wires = Vec::new();
    for user in [&admin, &keeper, &client] {
        wires.push(at_the_desk(&app, user, "&changes=true").await);
    }
    app.settle().await;
    for wire in &mut wires {
        wire.rest().await; // what came with the records
    }
    let order = app.rows("SELECT id FROM orders WHERE number = 'ORD-12345'").await;
    let order: i64 = order[0].try_get("", "id").expect("an id");
    let (hold, look) = (format!("/api/orders/{order}/hold/"), json!({"reason": "A look"}));
    let component = json!({"number": "A", "name": "Housing", "quantity": "2", "unit_cost": "1.50"});
    for (path, body, topic) in [
        (hold.as_str(), look, "orders"),
        ("/api/machines/", json!({"number": "M-9", "name": "Lathe", "department": "Machining"}), "machines"),
        ("/api/boms/", json!({"number": "BOM-9", "product": "Pump", "components": [component]}), "boms"),
        ("/api/shifts/", json!({"person": keeper.id, "starts_at": "2026-02-01T06:00:00Z"}), "shifts"),
        (
            "/api/maintenance_plans/",
            json!({"number": "PM-9", "machine": "M-9", "title": "Oil", "every_days": 30, "next_on": "2026-02-24"}),
            "plans",
        ),
    ] {
        let (status, done) = admin.post(path, body).await;
        assert!(status.is_success(), "{path}: {done}");
        app.settle().await;
        for (wire, hears) in wires.iter_mut().zip([true, true, false]) {
            let said = wire.rest().await;
            assert_eq!(changed(&said).contains(&topic), hears, "{path}: {said:?}");
        }
    }
    app.end().await;
}

async fn a_change_is_told_within_a_fifth_of_a_second(backend: Backend) {
    let app = TestApp::running(backend, &[]).await;
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    let id = raise(&client, "Payments fail").await;
    let mut wire = at_the_desk(&app, &admin, "&changes=true").await;
    let mut waits = Vec::new();
    for nth in 0..21 {
        // The admin does it, so that nobody tells the admin of it.
        let comment = json!({"comment": format!("Number {nth}")});
        admin.post(&format!("/api/tickets/{id}/add_comment/"), comment).await;
        let committed = tokio::time::Instant::now();
        while !changed(&[wire.text().await]).contains(&"tickets") {}
        waits.push(committed.elapsed());
    }
    waits.sort();
    // On an idle machine it is some milliseconds, or the breath between two tellings.
    assert!(waits[10] < Duration::from_millis(200), "{waits:?}");
    app.end().await;
}

async fn a_change_in_another_process_is_told_too(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let redis = Keyspace::new().await;
    let app = TestApp::running(backend, &redis.settings()).await;
    let other = app.process_beside(&redis.settings()).await;
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    let live = tokio::spawn(other.live.clone().run(tokio_util::sync::CancellationToken::new()));
    let (_, issued) = admin.post("/api/ws_ticket/", json!({})).await;
    let query = format!("?ticket={}&changes=true", issued["ticket"].as_str().expect("a ticket"));
    let mut wire = Wire::open(other.address, &query, None).await.expect("a ticket is good at every process");
    wire.text().await;
    let id = raise(&client, "Payments fail").await;
    let ticket = format!("ticket-{id}");
    while !changed(&[wire.text().await]).contains(&ticket.as_str()) {}
    live.abort();
    other.stop().await.expect("it stops");
    app.end().await;
    redis.clear().await;
}
