//! The plant's records over the API: who may keep them, by which rules, and what is told of it.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::people::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

facts!["records_api":
    an_order_is_taken_in_changed_and_found,
    an_order_goes_by_the_rules_of_a_file,
    an_order_held_by_hand_is_released_by_hand,
    no_hand_releases_an_order_that_a_ticket_holds,
    a_supervisor_keeps_the_machines_of_their_department,
    a_supervisor_reports_an_sop_failure_against_any_department,
    the_words_of_an_sop_failure_are_corrected_by_its_tickets_rules,
    a_bom_that_changes_gets_its_next_revision,
    a_new_name_for_a_bom_undoes_no_approval,
    a_proposed_change_is_applied_to_what_is_in_force_when_it_is_approved,
    a_decision_is_made_once,
    records_are_kept_by_admins_and_supervisors_only,
    links_lead_back_to_where_the_list_was_asked_for,
    pages_of_records_show_each_once_both_ways,
];

async fn id_of(user: &User, path: &str, number: &str) -> i64 {
    let key = if path.contains("sop") { "reference" } else { "number" };
    let (_, page) = user.get(&format!("{path}?{key}={number}")).await;
    page["results"][0]["id"].as_i64().expect(number)
}

fn order(number: &str) -> Value {
    json!({"number": number, "customer": "Northwind", "product": "Gearbox", "quantity_ordered": 200,
        "starts_on": "2026-01-12", "due_on": "2026-01-25"})
}

async fn an_order_is_taken_in_changed_and_found(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let (status, made) = admin.post("/api/orders/", order(" ord-777 ")).await;
    assert_eq!((status, &made["number"], &made["status"]), (StatusCode::CREATED, &json!("ORD-777"), &json!("PENDING")));
    let path = format!("/api/orders/{}/", made["id"]);
    let change = json!({"quantity_completed": 150, "status": "IN_PROGRESS"});
    let (status, changed) = admin.patch(&path, change).await;
    assert_eq!((status, &changed["progress"], &changed["customer"]), (StatusCode::OK, &json!(75), &json!("Northwind")));
    assert_eq!(admin.get(&path).await.1["status"], "IN_PROGRESS");
    let (_, found) = admin.get("/api/orders/?q=north%20777&count=true").await;
    assert_eq!((&found["count"], &found["results"][0]["number"]), (&json!(1), &json!("ORD-777")));
    assert_eq!(admin.get("/api/orders/?q=100%25").await.1["results"], json!([]));

    let (status, taken) = admin.post("/api/orders/", order("ORD-777")).await;
    assert_eq!(status, StatusCode::CONFLICT, "{taken}");
    let (_, events) = admin.get(&format!("/api/events/?subject_kind=order&subject_id={}&sort=id", made["id"])).await;
    let told: Vec<_> = events["results"].as_array().expect("a list").iter().collect();
    assert_eq!(told.iter().map(|event| &event["name"]).collect::<Vec<_>>(), ["order.created", "order.changed"]);
    assert_eq!(told[1]["details"]["fields"], json!(["quantity_completed", "status"]));
    assert!(told.iter().all(|event| event["actor"] == admin.id && event["door"] == "API"), "{events}");
    app.end().await;
}

async fn an_order_goes_by_the_rules_of_a_file(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let (status, refused) = admin.post("/api/orders/", json!({"number": " ", "customer": "A\u{7}", "extra": 1})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let named: Vec<&String> = refused["errors"].as_object().expect("fields").keys().collect();
    assert_eq!(named, ["customer", "due_on", "extra", "number", "product", "quantity_ordered", "starts_on"]);
    let mut late = order("ORD-1");
    late["due_on"] = json!("2026-01-11");
    late["status"] = json!("ON_HOLD");
    let (_, refused) = admin.post("/api/orders/", late.clone()).await;
    assert!(refused["errors"]["status"][0].as_str().is_some_and(|why| why.contains("/hold/")), "{refused}");
    late["status"] = json!("PENDING");
    let (status, refused) = admin.post("/api/orders/", late).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let why = "is before the order begins (2026-01-12); correct one of the two";
    assert_eq!(refused["errors"]["due_on"], json!([why]));
    assert_eq!(admin.get("/api/orders/?number=ORD-1").await.1["results"], json!([]));
    app.end().await;
}

async fn an_order_held_by_hand_is_released_by_hand(backend: Backend) {
    let app = TestApp::start(backend).await;
    let supervisor = app.user_of("sup1", Role::Supervisor, Some("Assembly")).await;
    let path = format!("/api/orders/{}", id_of(&supervisor, "/api/orders/", "ORD-12345").await);
    let (status, refused) = supervisor.post(&format!("{path}/hold/"), json!({})).await;
    assert_eq!((status, &refused["errors"]["reason"]), (StatusCode::BAD_REQUEST, &json!(["is missing"])));
    let (status, held) = supervisor.post(&format!("{path}/hold/"), json!({"reason": "Drawing is wrong"})).await;
    assert_eq!((status, &held["status"]), (StatusCode::OK, &json!("ON_HOLD")));
    assert_eq!(held["status_before_hold"], "IN_PROGRESS");
    assert_eq!((&held["holds"][0]["reason"], &held["holds"][0]["ticket"]), (&json!("Drawing is wrong"), &Value::Null));
    let (status, again) = supervisor.post(&format!("{path}/hold/"), json!({"reason": "Again"})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(again["error"].as_str().is_some_and(|why| why.contains("Drawing is wrong")), "{again}");
    let (_, released) = supervisor.post(&format!("{path}/release/"), json!({"reason": "Mended"})).await;
    assert_eq!((&released["status"], &released["holds"]), (&json!("IN_PROGRESS"), &json!([])));
    let (status, _) = supervisor.post(&format!("{path}/release/"), json!({"reason": "Mended"})).await;
    assert_eq!(status, StatusCode::CONFLICT, "it is not on hold");
    app.end().await;
}

async fn no_hand_releases_an_order_that_a_ticket_holds(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    for text in ["hi", "1", "ORD-12345", "Other", "High", "Cracked"] {
        app.says(OPERATOR, text).await;
    }
    let path = format!("/api/orders/{}", id_of(&admin, "/api/orders/", "ORD-12345").await);
    assert_eq!(admin.get(&path).await.1["status"], "ON_HOLD");
    let (status, refused) = admin.post(&format!("{path}/release/"), json!({"reason": "I say so"})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(refused["error"].as_str().is_some_and(|why| why.contains("DEF-")), "{refused}");
    // A hold by hand on top: letting it go leaves the ticket's.
    admin.post(&format!("{path}/hold/"), json!({"reason": "Also this"})).await;
    let (status, released) = admin.post(&format!("{path}/release/"), json!({"reason": "Not this"})).await;
    assert_eq!((status, &released["status"]), (StatusCode::OK, &json!("ON_HOLD")));
    assert_eq!(released["holds"].as_array().map(Vec::len), Some(1));
    let (_, changed) = admin.patch(&path, json!({"status": "COMPLETED"})).await;
    assert_eq!((&changed["status"], &changed["status_before_hold"]), (&json!("ON_HOLD"), &json!("COMPLETED")));
    app.end().await;
}

async fn a_supervisor_keeps_the_machines_of_their_department(backend: Backend) {
    let app = TestApp::start(backend).await;
    let supervisor = app.user_of("sup1", Role::Supervisor, Some("Paint shop")).await;
    let admin = app.user("admin", Role::Admin).await;
    let new = json!({"number": "MACH-900", "name": "Booth", "department": "Paint shop"});
    let (status, made) = supervisor.post("/api/machines/", new.clone()).await;
    assert_eq!((status, &made["location"]), (StatusCode::CREATED, &json!("")));
    let path = format!("/api/machines/{}/", made["id"]);
    let (status, changed) = supervisor.patch(&path, json!({"location": "Hall 9"})).await;
    assert_eq!((status, &changed["location"]), (StatusCode::OK, &json!("Hall 9")));
    let (status, _) = supervisor.patch(&path, json!({"department": "Other"})).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "handing it to another department is for admins");
    assert_eq!(admin.patch(&path, json!({"department": "Other"})).await.0, StatusCode::OK);
    let (status, refused) = supervisor.patch(&path, json!({"name": "Mine"})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(refused["error"].as_str().is_some_and(|why| why.contains("Other")), "{refused}");
    assert_eq!(supervisor.get(&path).await.0, StatusCode::OK, "all may be seen");
    assert_eq!(supervisor.post("/api/machines/", new).await.0, StatusCode::CONFLICT);
    app.end().await;
}

async fn a_supervisor_reports_an_sop_failure_against_any_department(backend: Backend) {
    let app = TestApp::start(backend).await;
    let supervisor = app.user_of("sup1", Role::Supervisor, Some("Assembly")).await;
    let other = app.user_of("sup2", Role::Supervisor, Some("Machining")).await;
    let report = json!({"procedure": "Torque check", "failure_type": "Skipped", "department": "Machining"});
    let (status, made) = supervisor.post("/api/sop_failures/", report).await;
    assert_eq!((status, &made["status"]), (StatusCode::CREATED, &json!("NEW")), "{made}");
    assert!(made["reference"].as_str().is_some_and(|reference| reference.starts_with("SOP-")));
    assert_eq!(
        (&made["reported_by"], &made["resolution_due_at"]),
        (&json!(supervisor.id), &json!("2026-01-19T14:30:22Z"))
    );
    let path = format!("/api/sop_failures/{}/", made["id"]);
    assert_eq!(supervisor.patch(&path, json!({"description": "x"})).await.0, StatusCode::FORBIDDEN);
    let (status, changed) = other.patch(&path, json!({"failure_type": "Done late"})).await;
    assert_eq!((status, &changed["failure_type"]), (StatusCode::OK, &json!("Done late")));
    assert_eq!(changed["procedure"], "Torque check");
    let (_, found) = other.get("/api/sop_failures/?department=Machining&q=torque").await;
    assert_eq!(found["results"][0]["id"], made["id"]);
    let (_, refused) = other.post("/api/sop_failures/", json!({"reference": "MAINT-1", "procedure": "A"})).await;
    assert_eq!(
        refused["errors"].as_object().map(|fields| fields.keys().collect::<Vec<_>>().len()),
        Some(2),
        "{refused}"
    );
    app.end().await;
}

async fn the_words_of_an_sop_failure_are_corrected_by_its_tickets_rules(backend: Backend) {
    let app = TestApp::start(backend).await;
    let supervisor = app.user_of("sup1", Role::Supervisor, Some("Machining")).await;
    let admin = app.user("boss", Role::Admin).await;
    let report = json!({"procedure": "Torque check", "failure_type": "Skipped", "department": "Machining"});
    let id = supervisor.post("/api/sop_failures/", report).await.1["id"].clone();
    let (path, ticket) = (format!("/api/sop_failures/{id}/"), format!("/api/tickets/{id}/"));
    let words = json!({"procedure": "Torque check II", "description": "Station 4"});
    assert_eq!(supervisor.patch(&path, words).await.0, StatusCode::OK);
    let (_, whole) = admin.get(&ticket).await;
    let line = &whole["history"][1];
    assert_eq!(
        (&line["comment"], &line["changed_by"]),
        (&json!("Corrected: procedure, description"), &json!(supervisor.id))
    );
    assert_eq!(supervisor.patch(&path, json!({"department": "Assembly"})).await.0, StatusCode::FORBIDDEN);
    let (status, problem) = admin.patch(&ticket, json!({"title": "Another"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["error"].as_str().is_some_and(|why| why.contains("/api/sop_failures/")), "{problem}");
    assert_eq!(admin.post(&format!("{ticket}cancel/"), json!({"reason": "Twice"})).await.0, StatusCode::OK);
    let (status, problem) = supervisor.patch(&path, json!({"description": "x"})).await;
    assert_eq!((status, &problem["current_status"]), (StatusCode::CONFLICT, &json!("CANCELLED")), "{problem}");
    app.end().await;
}

fn bom(number: &str) -> Value {
    json!({"number": number, "product": "Pump", "components": [
        {"number": "A", "name": "Housing", "quantity": "2", "unit_cost": "1.50"},
        {"number": "B", "quantity": "0.5", "unit_cost": "4"},
    ]})
}

async fn a_bom_that_changes_gets_its_next_revision(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let (status, made) = admin.post("/api/boms/", bom("BOM-700")).await;
    assert_eq!((status, &made["revision"]), (StatusCode::CREATED, &json!(1)), "{made}");
    assert_eq!(made["components"][1], json!({"number": "B", "name": "B", "quantity": "0.5", "unit_cost": "4.00"}));
    let path = format!("/api/boms/{}/", made["id"]);
    let (_, renamed) = admin.patch(&path, json!({"product": "Pump II"})).await;
    assert_eq!((&renamed["product"], &renamed["revision"]), (&json!("Pump II"), &json!(1)));
    let (_, changed) = admin.patch(&path, json!({"components": [{"number": "A", "quantity": "3"}]})).await;
    assert_eq!((&changed["revision"], changed["components"].as_array().map(Vec::len)), (&json!(2), Some(1)));
    assert_eq!(changed["components"][0]["name"], "Housing", "what is not said stays");
    let (status, refused) = admin.patch(&path, json!({"components": [{"number": "C", "quantity": "0"}]})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        refused["errors"]["components"][0].as_str().is_some_and(|why| why.contains("number 1: quantity")),
        "{refused}"
    );
    let (_, refused) = admin.patch(&path, json!({"components": [{"number": "C", "quantity": "1"}]})).await;
    assert!(refused["errors"]["components"][0].as_str().is_some_and(|why| why.contains("unit_cost")), "{refused}");
    let (_, revisions) = admin.get(&format!("{path}revisions/?count=true")).await;
    assert_eq!((&revisions["count"], &revisions["results"][0]["cost_change"]), (&json!(2), &json!("-0.50")));
    app.end().await;
}

async fn a_new_name_for_a_bom_undoes_no_approval(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let id = admin.post("/api/boms/", bom("BOM-700")).await.1["id"].clone();
    let (path, revisions) = (format!("/api/boms/{id}/"), format!("/api/boms/{id}/revisions/"));
    for round in 2..12 {
        let change = json!({"component": "A", "change": "QUANTITY", "value": round.to_string(), "reason": "More"});
        let number = admin.post(&revisions, change).await.1["number"].clone();
        let approve = format!("{revisions}{number}/approve/");
        let name = json!({"product": format!("Pump {round}")});
        let (approved, renamed) = tokio::join!(admin.post(&approve, json!({})), admin.patch(&path, name));
        assert_eq!((approved.0, renamed.0), (StatusCode::OK, StatusCode::OK), "{}", approved.1);
        let (_, bom) = admin.get(&path).await;
        assert_eq!((&bom["revision"], &bom["components"][0]["quantity"]), (&number, &json!(round.to_string())));
    }
    app.end().await;
}

async fn a_proposed_change_is_applied_to_what_is_in_force_when_it_is_approved(backend: Backend) {
    let app = TestApp::start(backend).await;
    let supervisor = app.user_of("sup1", Role::Supervisor, Some("Assembly")).await;
    let id = supervisor.post("/api/boms/", bom("BOM-700")).await.1["id"].clone();
    let revisions = format!("/api/boms/{id}/revisions/");
    let more = json!({"component": "A", "change": "QUANTITY", "value": "4", "reason": "Two more"});
    let (status, second) = supervisor.post(&revisions, more).await;
    assert_eq!((status, &second["number"]), (StatusCode::CREATED, &json!(2)), "{second}");
    assert_eq!((&second["status"], &second["cost_change"]), (&json!("PENDING_REVIEW"), &json!("+3.00")));
    let dearer = json!({"component": "B", "change": "UNIT_COST", "value": "6", "reason": "New price"});
    supervisor.post(&revisions, dearer).await;
    assert_eq!(supervisor.get("/api/boms/?pending=true").await.1["results"][0]["pending_revisions"], 2);
    for number in [2, 3] {
        let (status, approved) = supervisor.post(&format!("{revisions}{number}/approve/"), json!({})).await;
        assert_eq!((status, &approved["status"]), (StatusCode::OK, &json!("APPROVED")), "{approved}");
    }
    let (_, bom) = supervisor.get(&format!("/api/boms/{id}")).await;
    assert_eq!((&bom["revision"], &bom["pending_revisions"]), (&json!(3), &json!(0)));
    let quantities: Vec<_> = bom["components"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| (&line["quantity"], &line["unit_cost"]))
        .collect();
    assert_eq!(quantities, [(&json!("4"), &json!("1.50")), (&json!("0.5"), &json!("6.00"))], "the first change stays");
    app.end().await;
}

async fn a_decision_is_made_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let id = admin.post("/api/boms/", bom("BOM-700")).await.1["id"].clone();
    let revisions = format!("/api/boms/{id}/revisions/");
    for _ in 0..2 {
        admin.post(&revisions, json!({"component": "B", "change": "REMOVE", "reason": "Not needed"})).await;
    }
    let (status, rejected) = admin.post(&format!("{revisions}2/reject/"), json!({"reason": "It is"})).await;
    assert_eq!((status, &rejected["decided_by"]), (StatusCode::OK, &json!(admin.id)), "{rejected}");
    assert_eq!(rejected["decision_comment"], "It is");
    let (status, again) = admin.post(&format!("{revisions}2/approve/"), json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(again["error"].as_str().is_some_and(|why| why.contains("REJECTED")), "{again}");
    // What came in as a whole meanwhile is later than the change that waits.
    admin.patch(&format!("/api/boms/{id}/"), json!({"components": [{"number": "A"}]})).await;
    let (status, overtaken) = admin.post(&format!("{revisions}3/approve/"), json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{overtaken}");
    assert_eq!(admin.post(&format!("{revisions}9/approve/"), json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(admin.get(&format!("{revisions}x/")).await.0, StatusCode::NOT_FOUND);
    app.end().await;
}

async fn records_are_kept_by_admins_and_supervisors_only(backend: Backend) {
    let app = TestApp::start(backend).await;
    let lists = [
        "/api/orders/",
        "/api/machines/",
        "/api/shifts/",
        "/api/maintenance_plans/",
        "/api/boms/",
        "/api/sop_failures/",
    ];
    for role in Role::ALL {
        let user = app.user(&role.as_str().to_lowercase(), role).await;
        let may = matches!(role, Role::Admin | Role::Supervisor);
        let expected = if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
        for list in lists {
            assert_eq!(user.get(list).await.0, expected, "{role:?} {list}");
            let expected = if may { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
            assert_eq!(user.get(&format!("{list}999999/")).await.0, expected, "{role:?} {list}");
        }
    }
    for list in lists {
        let (status, problem) = app.anybody(Method::GET, list, None).await;
        assert_eq!((status, &problem["status"]), (StatusCode::UNAUTHORIZED, &json!(401)), "{list}");
    }
    app.end().await;
}

async fn links_lead_back_to_where_the_list_was_asked_for(backend: Backend) {
    let webhook = ("WHATSAPP_WEBHOOK_URL", "https://andon.example.com/api/whatsapp/webhook");
    let app = TestApp::with(backend, &[webhook]).await;
    let admin = app.user("boss", Role::Admin).await;
    let (_, page) = admin.get("/api/orders/?page_size=1").await;
    let next = page["next"].as_str().expect("a link");
    assert!(next.starts_with(&app.url("/api/orders/?")), "the world's webhooks come in elsewhere: {next}");
    let app = app.restart(&[webhook, ("ANDON_PUBLIC_URL", "https://desk.example.com")]).await;
    let (_, page) = app.user("boss2", Role::Admin).await.get("/api/orders/?page_size=1").await;
    assert!(
        page["next"].as_str().is_some_and(|next| next.starts_with("https://desk.example.com/api/orders/?")),
        "{page}"
    );
    app.end().await;
}

async fn pages_of_records_show_each_once_both_ways(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    for number in 0..5 {
        admin.post("/api/machines/", json!({"number": format!("M-{number}"), "name": "X", "department": "D"})).await;
    }
    let mut path = "/api/machines/?department=D&page_size=2".to_owned();
    let mut seen = Vec::new();
    let back = loop {
        let (status, page) = admin.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        seen.extend(page["results"].as_array().expect("a list").iter().map(|machine| machine["number"].clone()));
        let Some(next) = page["next"].as_str() else { break page["previous"].clone() };
        next[next.find("/api/").expect("an address")..].clone_into(&mut path);
    };
    assert_eq!(seen, ["M-0", "M-1", "M-2", "M-3", "M-4"]);
    let back = back.as_str().expect("an address").to_owned();
    let (_, page) = admin.get(&back[back.find("/api/").expect("an address")..]).await;
    let numbers: Vec<_> =
        page["results"].as_array().expect("a list").iter().map(|machine| &machine["number"]).collect();
    assert_eq!(numbers, ["M-2", "M-3"]);
    for wrong in ["page_size=0", "page_size=101", "cursor=x", "cursor=e30"] {
        assert_eq!(admin.get(&format!("/api/machines/?{wrong}")).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
    app.end().await;
}
