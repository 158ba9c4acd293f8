//! Changing what a ticket says: what changes by actions only, who may change what, and who is overtaken.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::tickets::{does, incident, path, raised};
use andon::people::Role;
use reqwest::header::{ETAG, IF_MATCH};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

facts!["ticket_changes":
    status_and_people_change_by_actions_only,
    a_client_changes_what_they_raised_while_it_is_new,
    a_new_priority_moves_the_promise_that_follows_from_it,
    who_read_an_older_version_changes_nothing,
];

async fn status_and_people_change_by_actions_only(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let id = raised(&client).await;
    let (status, problem) = admin
        .patch(&format!("/api/tickets/{id}/"), json!({"status": "CLOSED", "assigned_to": [1], "title": "New"}))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let why = |field: &str| problem["errors"][field][0].as_str().unwrap_or_default().to_owned();
    assert!(why("status").contains("open_ticket"), "{problem}");
    assert!(why("assigned_to").contains("/assign/"), "{problem}");
    let at = format!("/api/tickets/{id}/");
    let (_, ticket) = admin.get(&at).await;
    assert_eq!(
        (&ticket["status"], &ticket["title"], &ticket["version"]),
        (&json!("NEW"), &incident()["title"], &json!(0))
    );
    does(&admin, id, "open_ticket", json!({})).await;
    let (status, problem) = client.patch(&at, json!({"status": "CLOSED"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "also for who may not change it now: {problem}");
    app.end().await;
}

async fn a_client_changes_what_they_raised_while_it_is_new(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let id = raised(&client).await;
    let at = format!("/api/tickets/{id}/");
    let change = json!({"title": "The shop is down", "category": "SERVICE_DOWN", "project_name": "Shop"});
    let (status, ticket) = client.patch(&at, change.clone()).await;
    assert_eq!(status, StatusCode::OK, "{ticket}");
    for (field, value) in change.as_object().expect("an object") {
        assert_eq!(&ticket[field], value);
    }
    assert_eq!(
        ticket["history"][1]["comment"],
        "Title: The checkout shows an error → The shop is down\nProject: Web shop → Shop\nCategory: Bug → Service Down"
    );
    let (_, again) = client.patch(&at, change).await;
    assert_eq!(again["version"], ticket["version"], "what is so already changes nothing");
    does(&admin, id, "open_ticket", json!({})).await;
    assert_eq!(client.patch(&at, json!({"title": "Too late"})).await.0, StatusCode::FORBIDDEN);
    assert_eq!(admin.patch(&at, json!({"title": "An admin may"})).await.0, StatusCode::OK);
    app.end().await;
}

async fn a_new_priority_moves_the_promise_that_follows_from_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let id = raised(&client).await;
    let at = format!("/api/tickets/{id}/");
    let (_, ticket) = admin.patch(&at, json!({"priority": "LOW"})).await;
    assert_eq!(
        (&ticket["response_due_at"], &ticket["response_sla_minutes"]),
        (&json!("2026-01-19T14:30:22Z"), &json!(1440))
    );
    does(&admin, id, "set_sla", json!({"response_due_at": "2026-01-18T15:30:22Z"})).await;
    let (_, ticket) = admin.patch(&at, json!({"priority": "MEDIUM"})).await;
    assert_eq!(ticket["response_due_at"], "2026-01-18T15:30:22Z", "what an admin set stays");
    app.end().await;
}

async fn who_read_an_older_version_changes_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let id = raised(&client).await;
    let at = format!("/api/tickets/{id}/");
    let read = admin.request(Method::GET, &at).send().await.expect("an answer");
    assert_eq!(read.headers()[ETAG], "\"0\"");
    does(&admin, id, "open_ticket", json!({"version": 0})).await;
    for (method, at, header, body) in [
        (Method::PATCH, at.clone(), Some("\"0\""), json!({"title": "Mine"})),
        (Method::PATCH, at.clone(), None, json!({"title": "Mine", "version": 0})),
        (Method::POST, path(id, "cancel"), Some("\"0\""), json!({"reason": "Mine"})),
        (Method::POST, path(id, "cancel"), None, json!({"reason": "Mine", "version": 0})),
    ] {
        let mut request = admin.request(method.clone(), &at).json(&body);
        if let Some(tag) = header {
            request = request.header(IF_MATCH, tag);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let problem: Value = response.json().await.expect("a problem");
        assert_eq!(
            (status, &problem["version"]),
            (StatusCode::PRECONDITION_FAILED, &json!(1)),
            "{method} {at} {problem}"
        );
    }
    let request =
        admin.request(Method::PATCH, &at).header(IF_MATCH, "\"1\"").json(&json!({"title": "Mine", "version": 0}));
    assert_eq!(request.send().await.expect("an answer").status(), StatusCode::BAD_REQUEST, "they differ");
    let request = admin.request(Method::PATCH, &at).header(IF_MATCH, "\"1\"").json(&json!({"title": "Mine"}));
    let changed = request.send().await.expect("an answer");
    assert_eq!((changed.status(), &changed.headers()[ETAG]), (StatusCode::OK, &"\"2\"".parse().expect("a header")));
    app.end().await;
}
