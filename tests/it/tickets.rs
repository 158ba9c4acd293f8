//! Tickets over the API: the whole life cycle, what each field may be, and the floor's kinds.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

facts!["tickets":
    an_incident_lives_from_new_to_closed,
    a_rejected_incident_is_worked_on_again,
    a_hold_stops_the_resolution_clock,
    all_fields_that_are_wrong_are_told_together,
    a_wrong_status_says_what_is_possible,
    only_active_support_people_are_assigned,
    a_supervisor_runs_the_floors_tickets_of_their_department,
    a_set_of_creations_gives_each_its_own,
    what_is_no_ticket_is_not_found,
];

/// What a client sends.
pub(crate) fn incident() -> Value {
    json!({
        "project_name": "Web shop", "title": "The checkout shows an error", "description": "After paying by card.",
        "priority": "HIGH", "category": "BUG",
    })
}

pub(crate) async fn raised(client: &User) -> i64 {
    let (status, ticket) = client.post("/api/tickets/", incident()).await;
    assert_eq!(status, StatusCode::CREATED, "{ticket}");
    ticket["id"].as_i64().expect("an id")
}

pub(crate) fn path(id: i64, action: &str) -> String {
    format!("/api/tickets/{id}/{action}/")
}

/// Does it, and answers with what came of it.
pub(crate) async fn does(user: &User, id: i64, action: &str, body: Value) -> Value {
    let (status, done) = user.post(&path(id, action), body).await;
    assert_eq!(status, StatusCode::OK, "{action}: {done}");
    done
}

async fn refused(user: &User, id: i64, action: &str, body: Value) -> (u16, Value) {
    let (status, problem) = user.post(&path(id, action), body).await;
    assert!(status.is_client_error(), "{action}: {status} {problem}");
    (status.as_u16(), problem)
}

async fn an_incident_lives_from_new_to_closed(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let support = app.user_of("dev1", Role::Support, Some("Web")).await;
    let (status, ticket) = client.post("/api/tickets/", incident()).await;
    assert_eq!(status, StatusCode::CREATED, "{ticket}");
    let id = ticket["id"].as_i64().expect("an id");
    let mut expected = json!({
        "id": id, "reference": "INC-20260118143022", "kind": "INCIDENT", "project_name": "Web shop",
        "title": "The checkout shows an error", "description": "After paying by card.",
        "priority": "HIGH", "priority_display": "High", "category": "BUG", "category_display": "Bug",
        "status": "NEW", "status_display": "New", "created_by": client.id, "created_by_name": "client1",
        "assigned_to": [], "assigned_to_names": [], "assigned_team": null, "department": null,
    });
    let more = json!({
        "response_due_at": "2026-01-18T15:00:22Z", "resolution_due_at": null, "response_breached": false,
        "resolution_breached": false, "response_sla_minutes": 30, "estimated_resolution_time": null,
        "created_at": "2026-01-18T14:30:22Z", "updated_at": "2026-01-18T14:30:22Z", "opened_at": null, "place": null,
        "started_at": null, "resolved_at": null, "closed_at": null, "version": 0, "admin_notes": null,
        "history": [{
            "id": ticket["history"][0]["id"], "ticket": id, "changed_by": client.id, "changed_by_name": "client1",
            "status_from": null, "status_from_display": null, "status_to": "NEW", "status_to_display": "New",
            "comment": null, "timestamp": "2026-01-18T14:30:22Z",
        }],
        "allowed_actions": ["cancel", "add_comment"],
    });
    expected.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let mut without_files = ticket.clone();
    without_files.as_object_mut().expect("an object").remove("attachments");
    assert_eq!(without_files, expected);
    assert_eq!(client.get(&format!("/api/tickets/{id}/")).await, (StatusCode::OK, ticket));

    app.clock.advance(TimeDelta::minutes(10));
    let opened = does(&admin, id, "open_ticket", json!({"admin_notes": "Looking into it"})).await;
    assert_eq!(
        opened,
        json!({
            "message": "Ticket opened", "id": id, "reference": "INC-20260118143022",
            "title": "The checkout shows an error", "status": "OPENED", "status_display": "Opened", "assigned_to": [],
            "assigned_to_names": [], "estimated_resolution_time": null, "response_due_at": "2026-01-18T15:00:22Z",
            "resolution_due_at": null, "version": 1,
            "allowed_actions": ["assign", "set_sla", "cancel", "add_comment"],
        })
    );
    let assigned = does(
        &admin,
        id,
        "assign",
        json!({
            "assigned_to": support.id, "resolution_due_at": "2026-01-20T12:00:00Z",
            "estimated_resolution_time": "2 days",
        }),
    );
    let assigned = assigned.await;
    assert_eq!(
        (&assigned["assigned_to"], &assigned["assigned_to_names"], &assigned["resolution_due_at"]),
        (&json!([support.id]), &json!(["dev1"]), &json!("2026-01-20T12:00:00Z"))
    );
    let started = does(&support, id, "start_work", json!({})).await;
    assert_eq!((&started["status"], &started["estimated_resolution_time"]), (&json!("IN_PROGRESS"), &json!("2 days")));
    does(&client, id, "add_comment", json!({"comment": "Any news?"})).await;
    let finished = does(&support, id, "finish_work", json!({"comment": "The certificate was renewed"})).await;
    assert_eq!(finished["status_display"], "Resolved");
    let (_, waiting) = client.get(&format!("/api/tickets/{id}/")).await;
    assert_eq!((&waiting["status"], &waiting["status_display"]), (&json!("RESOLVED"), &json!("Waiting for Approval")));
    assert_eq!(waiting["allowed_actions"], json!(["approve", "reject", "add_comment"]));
    assert_eq!((&waiting["assigned_team"], &waiting["admin_notes"]), (&json!("Web"), &json!("Looking into it")));
    let closed = does(&client, id, "approve", json!({})).await;
    assert_eq!((&closed["status"], &closed["allowed_actions"]), (&json!("CLOSED"), &json!(["add_comment"])));

    let (status, history) = admin.get(&path(id, "history")).await;
    assert_eq!(status, StatusCode::OK);
    let lines: Vec<[&str; 4]> = history
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| {
            ["changed_by_name", "status_from", "status_to", "comment"].map(|key| line[key].as_str().unwrap_or("–"))
        })
        .collect();
    assert_eq!(
        lines,
        [
            ["client1", "–", "NEW", "–"],
            ["boss", "NEW", "OPENED", "Looking into it"],
            ["boss", "OPENED", "OPENED", "–"],
            ["dev1", "OPENED", "IN_PROGRESS", "–"],
            ["client1", "IN_PROGRESS", "IN_PROGRESS", "Any news?"],
            ["dev1", "IN_PROGRESS", "RESOLVED", "The certificate was renewed"],
            ["client1", "RESOLVED", "CLOSED", "–"],
        ]
    );
    let events = app.rows(&format!("SELECT name FROM events WHERE ticket_id = {id} ORDER BY id")).await;
    let names: Vec<String> = events.iter().map(|row| row.try_get("", "name").expect("a name")).collect();
    let told = ["created", "opened", "assigned", "started", "commented", "finished", "approved"];
    assert_eq!(names, told.map(|name| format!("ticket.{name}")));
    app.end().await;
}

async fn a_rejected_incident_is_worked_on_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let support = app.user("dev1", Role::Support).await;
    let id = raised(&client).await;
    let opened = does(&admin, id, "assign", json!({"assigned_to": [support.id]})).await;
    assert_eq!(opened["status"], "OPENED", "being assigned opens it");
    does(&support, id, "start_work", json!({})).await;
    does(&support, id, "finish_work", json!({"comment": "Done"})).await;
    let (status, problem) = refused(&client, id, "reject", json!({})).await;
    assert_eq!((status, &problem["errors"]), (400, &json!({"comment": ["is missing"]})));
    let rejected = does(&client, id, "reject", json!({"comment": "The error is still there"})).await;
    assert_eq!(rejected["status"], "IN_PROGRESS");
    does(&support, id, "finish_work", json!({"comment": "Now it is"})).await;
    does(&client, id, "approve", json!({"comment": "Thank you"})).await;
    app.end().await;
}

async fn a_hold_stops_the_resolution_clock(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let support = app.user("dev1", Role::Support).await;
    let id = raised(&client).await;
    does(&admin, id, "assign", json!({"assigned_to": [support.id]})).await;
    let set = does(&admin, id, "set_sla", json!({"resolution_due_at": "2026-01-18T15:00:22Z"})).await;
    assert_eq!((&set["resolution_due_at"], &set["status"]), (&json!("2026-01-18T15:00:22Z"), &json!("OPENED")));
    does(&support, id, "start_work", json!({})).await;
    does(&support, id, "hold", json!({"reason": "Waiting for a spare part"})).await;
    app.clock.advance(TimeDelta::hours(1));
    let (_, held) = client.get(&format!("/api/tickets/{id}/")).await;
    assert_eq!(
        (&held["resolution_due_at"], &held["resolution_breached"]),
        (&json!("2026-01-18T16:00:22Z"), &json!(false))
    );
    let resumed = does(&support, id, "resume", json!({})).await;
    assert_eq!(
        (&resumed["status"], &resumed["resolution_due_at"]),
        (&json!("IN_PROGRESS"), &json!("2026-01-18T16:00:22Z"))
    );
    app.clock.advance(TimeDelta::minutes(45));
    let (_, late) = client.get("/api/tickets/?overdue=true").await;
    assert_eq!((&late["results"][0]["id"], &late["results"][0]["resolution_breached"]), (&json!(id), &json!(true)));
    app.end().await;
}

async fn all_fields_that_are_wrong_are_told_together(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client1", Role::Client).await;
    let wrong = json!({
        "title": "", "description": "x".repeat(20_001), "priority": "URGENT", "category": 7, "colour": "red",
    });
    let (status, problem) = client.post("/api/tickets/", wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        problem["errors"],
        json!({
            "project_name": ["is missing"],
            "title": ["must not be empty"],
            "description": ["must have 1 to 20000 characters; these are 20001"],
            "priority": ["must be one of LOW, MEDIUM, HIGH"],
            "category": ["must be one of BUG, PROBLEM, SERVICE_DOWN, NEW_FEATURE"],
            "colour": ["is not known here; there are project_name, title, description, priority, category"],
        })
    );
    assert_eq!(problem["error"], problem["detail"]);
    assert_eq!(client.get("/api/tickets/?count=true").await.1["count"], 0);
    app.end().await;
}

async fn a_wrong_status_says_what_is_possible(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let id = raised(&client).await;
    let (status, problem) = refused(&client, id, "approve", json!({})).await;
    assert_eq!(
        (status, &problem["current_status"], &problem["allowed_actions"]),
        (409, &json!("NEW"), &json!(["cancel", "add_comment"]))
    );
    assert_eq!(problem["status"], 409);
    let (status, problem) = refused(&client, id, "open_ticket", json!({})).await;
    assert_eq!((status, &problem["detail"]), (403, &json!("A ticket can be opened only by an admin.")));
    does(&client, id, "cancel", json!({"reason": "Raised twice"})).await;
    let (status, problem) = refused(&admin, id, "open_ticket", json!({"unknown": 1})).await;
    assert_eq!(
        (status, &problem["current_status"]),
        (409, &json!("CANCELLED")),
        "said before what is wrong with the body"
    );
    app.end().await;
}

async fn only_active_support_people_are_assigned(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let (one, two) = (app.user("dev1", Role::Support).await, app.user("dev2", Role::Support).await);
    let id = raised(&client).await;
    for people in [json!([one.id, client.id]), json!(client.id), json!([]), json!("dev1"), json!([999_999])] {
        let (status, problem) = refused(&admin, id, "assign", json!({"assigned_to": people})).await;
        assert_eq!((status, problem["errors"]["assigned_to"].is_array()), (400, true), "{people}: {problem}");
    }
    does(&admin, id, "assign", json!({"assigned_to": [one.id, two.id]})).await;
    let (_, mine) = two.get("/api/tickets/").await;
    assert_eq!(mine["results"][0]["assigned_to"], json!([one.id, two.id]));
    does(&admin, id, "assign", json!({"assigned_to": two.id})).await;
    assert_eq!(one.get(&format!("/api/tickets/{id}/")).await.0, StatusCode::NOT_FOUND);
    app.end().await;
}

async fn a_supervisor_runs_the_floors_tickets_of_their_department(backend: Backend) {
    let app = TestApp::start(backend).await;
    let support = app.user("dev1", Role::Support).await;
    for text in ["3", "MACH-001", "electrical", "high"] {
        app.says(OPERATOR, text).await;
    }
    let boss = app.user("boss", Role::Admin).await;
    let (_, list) = boss.get("/api/tickets/?kind=MAINTENANCE&sort=-id").await;
    let ticket = &list["results"][0];
    let (id, department) =
        (ticket["id"].as_i64().expect("an id"), ticket["department"].as_str().expect("a department"));
    let theirs = app.user_of("super1", Role::Supervisor, Some(department)).await;
    let others = app.user_of("super2", Role::Supervisor, Some("Another")).await;
    let (status, _) = refused(&others, id, "open_ticket", json!({})).await;
    assert_eq!(status, 403);
    does(&theirs, id, "open_ticket", json!({})).await;
    does(&theirs, id, "assign", json!({"assigned_to": support.id})).await;
    does(&support, id, "start_work", json!({})).await;
    does(&support, id, "finish_work", json!({"comment": "New bearing"})).await;
    does(&theirs, id, "reject", json!({"comment": "It still rattles"})).await;
    does(&support, id, "finish_work", json!({"comment": "Tightened"})).await;
    does(&theirs, id, "approve", json!({})).await;
    let (status, problem) = boss.patch(&format!("/api/tickets/{id}/"), json!({"category": "BUG"})).await;
    assert_eq!(status, StatusCode::CONFLICT, "it is closed: {problem}");
    app.end().await;
}

async fn a_set_of_creations_gives_each_its_own(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (one, two) = (app.user("client1", Role::Client).await, app.user("client2", Role::Client).await);
    let both = (0..20).map(|nth| {
        let (client, name) = if nth % 2 == 0 { (&one, "client1") } else { (&two, "client2") };
        async move {
            let body = json!({
                "project_name": "Web shop", "title": format!("Ticket {nth}"), "description": "x", "priority": "LOW",
                "category": "BUG",
            });
            let (status, ticket) = client.post("/api/tickets/", body).await;
            assert_eq!(status, StatusCode::CREATED, "{ticket}");
            assert_eq!(ticket["title"], format!("Ticket {nth}"));
            assert_eq!((&ticket["created_by"], &ticket["created_by_name"]), (&json!(client.id), &json!(name)));
            assert_eq!(ticket["history"].as_array().map(Vec::len), Some(1));
            ticket["reference"].as_str().expect("a reference").to_owned()
        }
    });
    let references = futures_util::future::join_all(both).await;
    let distinct: std::collections::HashSet<&String> = references.iter().collect();
    assert_eq!(distinct.len(), 20);
    app.end().await;
}

async fn what_is_no_ticket_is_not_found(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    raised(&client).await;
    for id in ["0", "-1", "999999", "x", "99999999999999999999", "1.0", "%00", "INC-20260118143022"] {
        for user in [&client, &admin] {
            assert_eq!(user.get(&format!("/api/tickets/{id}/")).await.0, StatusCode::NOT_FOUND, "{id}");
            let (status, _) = user.post(&format!("/api/tickets/{id}/cancel/"), json!({"reason": "x"})).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{id}");
        }
    }
    let (status, _) = app.anybody(Method::GET, "/api/tickets/", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let support = app.user("dev1", Role::Support).await;
    assert_eq!(support.post("/api/tickets/", incident()).await.0, StatusCode::FORBIDDEN);
    app.end().await;
}
