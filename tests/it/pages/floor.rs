//! The floor: orders that a planner reads from the top, holds, machines and their figures.

use super::Stage;
use crate::facts;
use crate::notifications::change;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::window::{Seen, Window};
use andon::people::Role;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::floor":
    orders_are_listed_by_the_day_they_are_due_and_found_by_words,
    every_order_is_on_one_page_of_the_list_and_on_one_only,
    an_order_is_held_and_released_by_hand_with_a_reason,
    what_holds_an_order_is_told_with_its_ticket,
    a_change_leaves_what_others_changed_meanwhile,
    an_order_is_taken_in_and_what_is_wrong_is_told_beside_its_field,
    a_machine_is_down_while_a_report_on_it_is_not_mended,
    a_machines_figures_are_those_of_its_tickets,
    a_supervisor_changes_the_machines_of_their_department_only,
    what_is_in_orders_and_machines_does_nothing_in_a_page,
];

const ATTACK: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";

fn at(seen: &Seen, what: &str) -> usize {
    seen.html.find(what).ok_or_else(|| format!("{what} is not there: {}", seen.text())).expect("a place")
}

/// The page of the order with this number.
async fn order(app: &TestApp, number: &str) -> String {
    let found = app.rows(&format!("SELECT id FROM orders WHERE number = '{number}'")).await;
    format!("/floor/orders/{}", found[0].try_get::<i64>("", "id").expect("an id"))
}

async fn machine(app: &TestApp, number: &str) -> String {
    let found = app.rows(&format!("SELECT id FROM machines WHERE number = '{number}'")).await;
    format!("/floor/machines/{}", found[0].try_get::<i64>("", "id").expect("an id"))
}

async fn orders_are_listed_by_the_day_they_are_due_and_found_by_words(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let seen = window.get("/floor/orders").await;
    assert_eq!(seen.status, StatusCode::OK);
    let places = ["ORD-12348", "ORD-12347", "ORD-12345", "ORD-12350"].map(|number| at(&seen, number));
    assert!(places.is_sorted(), "what is overdue stands first: {places:?}");
    assert!(!seen.html.contains("ORD-12349"), "what is finished is not asked for");
    assert!(seen.text().contains("Overdue") && seen.text().contains("75 % made · "), "{}", seen.text());
    assert!(seen.html.contains("aria-label=\"75 % made · "), "the bar is told in words too");
    for (query, there, not_there) in [
        ("?status=ON_HOLD", "ORD-12351", "ORD-12345"),
        ("?status=COMPLETED", "ORD-12349", "ORD-12345"),
        ("?all=true", "ORD-12352", "nothing"),
        ("?q=harbour+gx", "ORD-12345", "ORD-12349"),
        ("?q=ord-12350", "ORD-12350", "ORD-12345"),
        ("?sort=number", "ORD-12345", "nothing"),
    ] {
        let seen = window.get(&format!("/floor/orders{query}")).await;
        assert!(seen.html.contains(there) && !seen.html.contains(not_there), "{query}: {}", seen.text());
    }
    assert!(window.get("/floor/orders?q=nowhere").await.text().contains("No order fits."));
    assert_eq!(window.get("/floor/orders?cursor=e30").await.status, StatusCode::BAD_REQUEST);
    for other in [&stage.client.1, &stage.support.1] {
        assert_eq!(other.get("/floor/orders").await.status, StatusCode::FORBIDDEN);
        assert_eq!(other.get(&order(&stage.app, "ORD-12345").await).await.status, StatusCode::FORBIDDEN);
    }
    stage.app.end().await;
}

async fn every_order_is_on_one_page_of_the_list_and_on_one_only(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (admin, window) = &stage.admin;
    for nth in 0..130 {
        let body = json!({"number": format!("PAGE-{nth:03}"), "customer": "Northwind", "product": "Gearbox",
            "quantity_ordered": 1, "starts_on": "2026-01-01", "due_on": format!("2026-02-{:02}", 1 + nth % 3),
            "status": (["PENDING", "IN_PROGRESS"][nth % 2])});
        let (status, told) = admin.post("/api/orders/", body).await;
        assert_eq!(status, StatusCode::CREATED, "{told}");
    }
    for sort in ["due_on", "number"] {
        let mut path = format!("/floor/orders?q=PAGE&sort={sort}");
        let mut found = Vec::new();
        for page in 1..=3 {
            let seen = window.get(&path).await;
            let numbers = seen.html.split("dir=\"ltr\"><a href=\"/floor/orders/").skip(1);
            let numbers = numbers.filter_map(|rest| Some(rest.split_once('>')?.1.split_once('<')?.0.to_owned()));
            found.extend(numbers);
            let next = seen.html.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
            let Some(next) = next else { break };
            assert!(page < 3, "three pages");
            path = next.replace("&amp;", "&").replace("&#38;", "&");
        }
        let count = found.len();
        found.sort();
        found.dedup();
        assert_eq!((count, found.len()), (130, 130), "by {sort}");
    }
    stage.app.end().await;
}

async fn an_order_is_held_and_released_by_hand_with_a_reason(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let path = order(&stage.app, "ORD-12345").await;
    assert!(window.get(&path).await.text().contains("Nothing holds it."));
    let seen = window.post(&format!("{path}/hold"), &[("reason", " ")]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.text().contains("Please fill this in."), "{}", seen.text());
    let forged = window.post_just(&format!("{path}/hold"), &[("token", "forged"), ("reason", "No")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(stage.app.count("order_holds").await, 1, "that of the seed alone");

    let held = window.post(&format!("{path}/hold"), &[("reason", "The customer asked to wait")]).await;
    assert_eq!(held.leads_to(), format!("{path}?done=order_held"), "{}", held.text());
    let page = window.get(&path).await;
    for what in ["On hold", "Held by hand", "The customer asked to wait", "boss", "Put on hold"] {
        assert!(page.text().contains(what), "{what}: {}", page.text());
    }
    let again = window.post(&format!("{path}/hold"), &[("reason", "Once more")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let supervisor = stage.app.at_a_window("shift1", Role::Supervisor).await.1;
    let theirs = supervisor.get(&path).await;
    assert!(theirs.html.contains("id=\"release\"") && !theirs.html.contains("id=\"order-story\""), "no log for them");
    let freed = supervisor.post(&format!("{path}/release"), &[("reason", "They want it now")]).await;
    assert_eq!(freed.leads_to(), format!("{path}?done=order_released"), "{}", freed.text());
    let page = window.get(&path).await.text();
    assert!(page.contains("Released: In progress") && page.contains("They want it now"), "{page}");
    let doors = stage.app.rows("SELECT door FROM events WHERE name = 'order.released'").await;
    assert_eq!(doors[0].try_get::<String>("", "door").expect("a door"), "PAGE");
    assert_eq!(window.post(&format!("{path}/burn"), &[]).await.status, StatusCode::NOT_FOUND);
    stage.app.end().await;
}

async fn what_holds_an_order_is_told_with_its_ticket(backend: Backend) {
    let stage = Stage::set(backend).await;
    let path = order(&stage.app, "ORD-12351").await;
    let seen = stage.admin.1.get(&path).await;
    assert!(seen.html.contains("href=\"/tickets/") && seen.text().contains("DEF-"), "{}", seen.text());
    assert!(!seen.html.contains("id=\"release\""), "a ticket's hold is not released by hand");
    let refused = stage.admin.1.post(&format!("{path}/release"), &[("reason", "Now")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text().contains("is held by tickets"), "{}", refused.text());
    stage.app.end().await;
}

async fn a_change_leaves_what_others_changed_meanwhile(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (admin, window) = &stage.admin;
    let path = order(&stage.app, "ORD-12345").await;
    let seen = window.get(&path).await;
    let form = seen.form(&path).with("product", "Gearbox GX-21");
    let api = path.replace("/floor/orders", "/api/orders");
    admin.patch(&format!("{api}/"), json!({"quantity_completed": 160})).await;
    let seen = window.sends_form(&form).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=saved"), "{}", seen.text());
    let (_, now) = admin.get(&format!("{api}/")).await;
    assert_eq!((now["product"].as_str(), now["quantity_completed"].as_i64()), (Some("Gearbox GX-21"), Some(160)));
    let seen = window.sends_form(&form.with("due_on", "2020-01-01")).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(
        seen.html.contains("value=\"2020-01-01\"") && seen.text().contains("before the work begins"),
        "{}",
        seen.text()
    );
    stage.app.end().await;
}

async fn an_order_is_taken_in_and_what_is_wrong_is_told_beside_its_field(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let mut new = vec![
        ("number", "ord-77"),
        ("customer", "Northwind"),
        ("product", "Gearbox"),
        ("quantity_ordered", "ten"),
        ("starts_on", "2026-01-20"),
        ("due_on", "2026-01-10"),
    ];
    let seen = window.post("/floor/orders/new", &new).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.text().contains("whole number") && seen.html.contains("value=\"ord-77\""), "{}", seen.text());
    new[3].1 = "10";
    assert!(window.post("/floor/orders/new", &new).await.text().contains("before the work begins"));
    new[5].1 = "2026-02-10";
    let seen = window.post("/floor/orders/new", &new).await;
    assert_eq!(seen.leads_to(), format!("{}?done=saved", order(&stage.app, "ORD-77").await));
    let seen = window.post("/floor/orders/new", &new).await;
    assert_eq!(seen.status, StatusCode::CONFLICT, "the number is taken");
    assert_eq!(stage.support.1.post("/floor/orders/new", &new).await.status, StatusCode::FORBIDDEN);
    stage.app.end().await;
}

/// Reports a machine by WhatsApp; answers with the ticket.
async fn reports(app: &TestApp, machine: &str) -> i64 {
    for text in ["hi", "3", machine, "Hydraulic", "High"] {
        app.says(crate::support::app::OPERATOR, text).await;
    }
    crate::attachments::newest_ticket(app).await
}

async fn a_machine_is_down_while_a_report_on_it_is_not_mended(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (app, window) = (&stage.app, &stage.admin.1);
    let path = machine(app, "MACH-005").await;
    assert!(window.get(&path).await.text().contains("Nothing reported"));
    let ticket = reports(app, "MACH-005").await;
    let list = window.get("/floor/machines?q=paint").await;
    assert!(list.text().contains("Down MAINT-") && !list.html.contains("MACH-001"), "{}", list.text());
    let page = window.get(&path).await;
    assert!(page.html.contains(&format!("href=\"/tickets/{ticket}\"")) && page.text().contains("Down MAINT-"));
    let reference = app.rows(&format!("SELECT reference FROM tickets WHERE id = {ticket}")).await;
    let reference: String = reference[0].try_get("", "reference").expect("a reference");
    change(app, &format!("UPDATE tickets SET status = 'CLOSED' WHERE reference = '{reference}'")).await;
    assert!(window.get(&path).await.text().contains("Nothing reported"));
    assert!(window.get("/floor/machines?department=Finishing").await.html.contains("MACH-005"));
    assert!(!window.get("/floor/machines?department=Finishing").await.html.contains("MACH-001"));
    assert_eq!(stage.support.1.get(&path).await.status, StatusCode::FORBIDDEN);
    stage.app.end().await;
}

async fn a_machines_figures_are_those_of_its_tickets(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (app, window) = (&stage.app, &stage.admin.1);
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(reports(app, "MACH-005").await);
    }
    // One before the first day and mended in the time; one within; one still open; one cancelled.
    let stories = [
        ("2026-01-04 23:00:00", Some("2026-01-05 01:00:00"), "CLOSED"),
        ("2026-01-08 10:00:00", Some("2026-01-08 11:30:00"), "RESOLVED"),
        ("2026-01-11 22:00:00", None, "IN_PROGRESS"),
        ("2026-01-07 22:00:00", None, "CANCELLED"),
    ];
    let text = |at: &str| match backend {
        Backend::Sqlite => format!("'{}+00:00'", at.replace(' ', "T")),
        Backend::Postgres => format!("'{at}+00'"),
        Backend::MariaDb => format!("'{at}'"),
    };
    for (ticket, (reported, resolved, status)) in tickets.iter().zip(stories) {
        let resolved = resolved.map_or("NULL".to_owned(), text);
        let set = format!("created_at = {}, resolved_at = {resolved}, status = '{status}'", text(reported));
        change(app, &format!("UPDATE tickets SET {set} WHERE id = {ticket}")).await;
    }
    let path = machine(app, "MACH-005").await;
    let seen = window.get(&format!("{path}?from=2026-01-05&until=2026-01-11")).await.text();
    // Seven days are 10,080 minutes; down for 60 + 90 + 120; up 9,810 over two failures; repairs of 120 and 90 minutes.
    for what in [
        "Failures 2 ",
        "Repairs completed 2 ",
        "Time down 270 min",
        "Time up 9810 min",
        "MTTR: mean time to repair 105 min",
        "MTBF: mean time between failures 4905 min",
        "still open at the end: 1.",
        "began before the first day: 1.",
        "cancelled: 1.",
    ] {
        assert!(seen.contains(what), "{what}: {seen}");
    }
    let usual = window.get(&path).await.text();
    assert!(usual.contains("Failures 3 ") && usual.contains("known since 2026-01-04"), "{usual}");
    let wrong = window.get(&format!("{path}?from=2026-01-11&until=2026-01-05")).await;
    assert_eq!(wrong.status, StatusCode::OK);
    assert!(wrong.text().contains("before the first day") && wrong.html.contains("value=\"2026-01-11\""));
    assert!(window.get(&format!("{path}?from=soon")).await.text().contains("Please give a date."));
    stage.app.end().await;
}

async fn a_supervisor_changes_the_machines_of_their_department_only(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    app.user_of("shift1", Role::Supervisor, Some("Machining")).await;
    let window = Window::of(app, "shift1").await;
    let (own, other) = (machine(app, "MACH-001").await, machine(app, "MACH-005").await);
    assert!(window.get(&own).await.html.contains("id=\"change\""));
    assert!(!window.get(&other).await.html.contains("id=\"change\""));
    let fields = [("name", "Lathe"), ("department", "Machining")];
    assert_eq!(window.post(&other, &fields).await.status, StatusCode::FORBIDDEN);
    let form = window.get(&own).await.form(&own).with("name", "Lathe").with("location", "");
    let given = window.sends_form(&form.clone().with("department", "Finishing")).await;
    assert_eq!(given.status, StatusCode::FORBIDDEN, "nor give one away");
    assert_eq!(window.sends_form(&form).await.leads_to(), format!("{own}?done=saved"));
    let rows = app.rows("SELECT name, location, latitude FROM machines WHERE number = 'MACH-001'").await;
    let text = |column: &str| rows[0].try_get::<String>("", column).expect("text");
    assert_eq!((text("name"), text("location")), ("Lathe".to_owned(), String::new()));
    assert!(rows[0].try_get::<Option<i64>>("", "latitude").expect("a place").is_some(), "what was not said stays");
    let new = [("number", "mach-90"), ("name", "Saw"), ("department", "Machining"), ("latitude", "50.1")];
    let seen = window.post("/floor/machines/new", &new).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST, "half a place is none: {}", seen.text());
    let seen = window.post("/floor/machines/new", &new[..3]).await;
    assert_eq!(seen.leads_to(), format!("{}?done=saved", machine(app, "MACH-90").await));
    let foreign = [("number", "mach-91"), ("name", "Saw"), ("department", "Finishing")];
    assert_eq!(window.post("/floor/machines/new", &foreign).await.status, StatusCode::FORBIDDEN);
    stage.app.end().await;
}

async fn what_is_in_orders_and_machines_does_nothing_in_a_page(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (app, (admin, window)) = (&stage.app, &stage.admin);
    let body = json!({"number": ATTACK, "customer": ATTACK, "product": ATTACK, "quantity_ordered": 1,
        "starts_on": "2026-01-01", "due_on": "2026-01-02"});
    let (_, order) = admin.post("/api/orders/", body).await;
    let order = format!("/floor/orders/{}", order["id"]);
    window.post(&format!("{order}/hold"), &[("reason", ATTACK)]).await;
    let body = json!({"number": ATTACK, "name": ATTACK, "location": ATTACK, "department": ATTACK});
    let (_, machine) = admin.post("/api/machines/", body).await;
    let machine = format!("/floor/machines/{}", machine["id"]);
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", ATTACK).finish();
    let dates = url::form_urlencoded::Serializer::new(String::new()).append_pair("from", ATTACK).finish();
    for path in [
        order.clone(),
        machine.clone(),
        "/floor/orders".to_owned(),
        "/floor/machines".to_owned(),
        format!("/floor/orders?{query}"),
        format!("/floor/machines?{query}"),
        format!("{machine}?{dates}"),
    ] {
        let seen = window.get(&path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        assert!(!seen.html.contains("<script>alert") && !seen.html.contains("<img src=x"), "{path}");
        assert!(seen.html.to_lowercase().contains("alert(1)"), "{path} shows it as text");
    }
    app.settle().await;
    stage.app.end().await;
}
