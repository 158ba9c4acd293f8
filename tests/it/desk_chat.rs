//! The desk by chat: clients and support people do by message what they do over the API, by the same rules.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::databases::Backend;
use andon::people::Role;
use andon::simulator::Incoming;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["desk_chat":
    an_incident_lives_by_chat_from_new_to_closed,
    a_rejection_by_chat_brings_the_ticket_back_with_its_reason,
    a_number_means_the_ticket_that_was_shown_under_it,
    what_is_no_longer_possible_is_told_and_changes_nothing,
    many_who_ask_at_once_are_each_offered_their_own,
    a_report_from_the_floor_is_approved_by_who_reported_it,
];

const SUPPORT: &str = "+12025550104";
const CLIENT: &str = "+12025550105";

/// The last reply to these messages.
async fn says(app: &TestApp, phone: &str, messages: &[&str]) -> String {
    let mut last = Vec::new();
    for message in messages {
        last = app.says(phone, message).await;
    }
    last.join("\n")
}

async fn raise(app: &TestApp, title: &str) {
    let said =
        says(app, CLIENT, &["raise an incident", title, "After paying by card", "Web shop", "bug", "high"]).await;
    assert!(said.contains("Incident Raised") && said.contains("Answer within: 0h 30m"), "{said}");
}

/// The tickets that were raised by chat, the newest first, as an admin reads them.
async fn tickets(app: &TestApp, admin: &crate::support::user::User) -> Vec<Value> {
    let (status, list) = admin.get("/api/tickets/?kind=INCIDENT").await;
    assert_eq!(status, StatusCode::OK, "{list}");
    assert!(app.count("tickets").await > 0);
    list["results"].as_array().expect("a list").clone()
}

async fn assign(app: &TestApp, admin: &crate::support::user::User, ticket: &Value) {
    let rows = app.rows("SELECT id FROM people WHERE role = 'SUPPORT'").await;
    let support: i64 = rows[0].try_get("", "id").expect("an id");
    let path = format!("/api/tickets/{}/assign/", ticket["id"]);
    let (status, done) = admin.post(&path, json!({"assigned_to": support})).await;
    assert_eq!(status, StatusCode::OK, "{done}");
}

async fn an_incident_lives_by_chat_from_new_to_closed(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    raise(&app, "The checkout shows an error").await;
    let ticket = tickets(&app, &admin).await.remove(0);
    assert_eq!(
        (&ticket["project_name"], &ticket["category"], &ticket["priority"], &ticket["created_by_name"]),
        (&json!("Web shop"), &json!("BUG"), &json!("HIGH"), &json!("Client"))
    );
    assign(&app, &admin, &ticket).await;
    let started = says(&app, SUPPORT, &["start work", "1"]).await;
    assert!(started.contains("Work Started"), "{started}");
    let held = says(&app, SUPPORT, &["put on hold", "checkout", "Waiting for the bank"]).await;
    assert!(held.contains("On Hold"), "{held}");
    assert!(says(&app, SUPPORT, &["resume work", "1"]).await.contains("Work Resumed"));
    let finished = says(&app, SUPPORT, &["finish work", "1"]).await;
    assert!(finished.contains("What was done"), "it may be the machine's ticket: {finished}");
    assert!(says(&app, SUPPORT, &["The certificate was renewed"]).await.contains("Work Finished"));
    let shown = says(&app, CLIENT, &["my tickets", "1"]).await;
    assert!(shown.contains("Waiting for approval") && shown.contains("Write *approve* or *reject*"), "{shown}");
    assert!(says(&app, CLIENT, &["approve", "1"]).await.contains("Ticket Closed"));
    let path = format!("/api/tickets/{}/", ticket["id"]);
    let (_, whole) = admin.get(&path).await;
    let lines: Vec<(&str, &str)> = whole["history"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| (line["status_to"].as_str().unwrap_or_default(), line["comment"].as_str().unwrap_or("–")))
        .collect();
    assert_eq!(
        lines,
        [
            ("NEW", "–"),
            ("OPENED", "–"),
            ("IN_PROGRESS", "–"),
            ("ON_HOLD", "Waiting for the bank"),
            ("IN_PROGRESS", "–"),
            ("RESOLVED", "The certificate was renewed"),
            ("CLOSED", "–"),
        ]
    );
    app.end().await;
}

async fn a_rejection_by_chat_brings_the_ticket_back_with_its_reason(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    raise(&app, "The checkout shows an error").await;
    let ticket = tickets(&app, &admin).await.remove(0);
    assign(&app, &admin, &ticket).await;
    says(&app, SUPPORT, &["start work", "1", "finish work", "1", "Done"]).await;
    let rejected = says(&app, CLIENT, &["reject", "1", "The error is still there"]).await;
    assert!(rejected.contains("Ticket Rejected"), "{rejected}");
    let (_, whole) = admin.get(&format!("/api/tickets/{}/", ticket["id"])).await;
    assert_eq!(
        (&whole["status"], &whole["history"][4]["comment"]),
        (&json!("IN_PROGRESS"), &json!("The error is still there"))
    );
    app.end().await;
}

async fn a_report_from_the_floor_is_approved_by_who_reported_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let menu = says(&app, OPERATOR, &["hi"]).await;
    assert!(menu.contains("6️⃣") && !menu.contains("7️⃣"), "{menu}");
    assert!(says(&app, OPERATOR, &["approve"]).await.contains("No ticket of yours waits for approval"));
    says(&app, OPERATOR, &["3", "MACH-001", "Bearing", "High"]).await;
    let rows = app.rows("SELECT MAX(id) AS id FROM tickets").await;
    let ticket = json!({"id": rows[0].try_get::<i64>("", "id").expect("an id")});
    assign(&app, &admin, &ticket).await;
    let (_, whole) = admin.get(&format!("/api/tickets/{}/", ticket["id"])).await;
    let reference = whole["reference"].as_str().expect("a reference");
    says(&app, SUPPORT, &["start work", reference, "finish work", reference, "Greased"]).await;
    let told = app.replies(&number(OPERATOR)).pop().unwrap_or_default();
    assert!(told.contains("*approve* or *reject*"), "{told}");
    let rejected = says(&app, OPERATOR, &["Reject a Ticket", "1", "It still squeaks"]).await;
    assert!(rejected.contains("Ticket Rejected"), "{rejected}");
    says(&app, SUPPORT, &["finish work", reference, "Replaced"]).await;
    assert!(says(&app, OPERATOR, &["approve", "1"]).await.contains("Ticket Closed"));
    app.end().await;
}

async fn a_number_means_the_ticket_that_was_shown_under_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    raise(&app, "First").await;
    raise(&app, "Second").await;
    let offered = says(&app, CLIENT, &["add a comment"]).await;
    assert!(offered.contains("1️⃣ Second") && offered.contains("2️⃣ First"), "{offered}");
    // Meanwhile the list changes.
    let second = tickets(&app, &admin).await.remove(0);
    let (status, _) = admin.post(&format!("/api/tickets/{}/cancel/", second["id"]), json!({"reason": "Twice"})).await;
    assert_eq!(status, StatusCode::OK);
    says(&app, CLIENT, &["2", "Any news?"]).await;
    let first = tickets(&app, &admin).await.remove(1);
    assert_eq!(first["title"], "First");
    let (_, whole) = admin.get(&format!("/api/tickets/{}/", first["id"])).await;
    assert_eq!(whole["history"][1]["comment"], "Any news?");
    app.end().await;
}

async fn what_is_no_longer_possible_is_told_and_changes_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    raise(&app, "The checkout shows an error").await;
    let ticket = tickets(&app, &admin).await.remove(0);
    assert!(says(&app, CLIENT, &["approve"]).await.contains("No ticket of yours waits for approval"));
    assign(&app, &admin, &ticket).await;
    says(&app, SUPPORT, &["start work"]).await;
    let path = format!("/api/tickets/{}/cancel/", ticket["id"]);
    assert_eq!(admin.post(&path, json!({"reason": "Raised twice"})).await.0, StatusCode::OK);
    let told = says(&app, SUPPORT, &["1"]).await;
    assert!(told.contains("is Cancelled now"), "{told}");
    assert_eq!(tickets(&app, &admin).await[0]["status"], "CANCELLED");
    app.end().await;
}

async fn many_who_ask_at_once_are_each_offered_their_own(backend: Backend) {
    let app = TestApp::start(backend).await;
    raise(&app, "The checkout shows an error").await;
    let asks = |phone| app.simulator().send(Incoming::text(&number(phone), "my tickets"));
    tokio::join!(asks(CLIENT), asks(SUPPORT));
    app.settle().await;
    let last = |phone| app.replies(&number(phone)).pop().unwrap_or_default();
    let (client, support) = (last(CLIENT), last(SUPPORT));
    assert!(client.contains("The checkout shows an error"), "{client}");
    assert!(!support.contains("The checkout") && support.contains("1️⃣"), "{support}");
    app.end().await;
}
