//! What needs somebody now, and the log of what was sent.

use super::Stage;
use crate::facts;
use crate::inbox::{Desk, listed};
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::simulator::{Faults, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::log":
    now_shows_each_role_what_needs_them,
    a_failed_delivery_is_found_read_and_sent_again,
    one_reads_ones_own_notifications_alone,
];

async fn now_shows_each_role_what_needs_them(backend: Backend) {
    let stage = Stage::set(backend).await;
    let admin = stage.admin.1.get("/now").await;
    for says in ["New tickets", "The checkout shows an error", "Orders on hold", "ORD-"] {
        assert!(admin.text().contains(says), "{says}: {}", admin.text());
    }
    assert!(admin.text().contains("On time · 0h 30m"), "until when it is to be opened: {}", admin.text());
    assert!(stage.support.1.get("/now").await.text().contains("Nothing needs you right now."));
    let id = stage.ticket;
    let due = json!({"assigned_to": stage.support.0.id, "resolution_due_at": "2026-01-18T15:30:22Z"});
    stage.admin.0.post(&format!("/api/tickets/{id}/assign/"), due).await;
    stage.app.clock.advance(TimeDelta::minutes(50));
    let support = stage.support.1.get("/now").await;
    assert!(support.text().contains("Due soon") && support.text().contains("Due soon · 0h 10m"), "{}", support.text());
    stage.app.clock.advance(TimeDelta::minutes(20));
    for window in [&stage.support.1, &stage.admin.1] {
        let seen = window.get("/now").await;
        assert!(seen.text().contains("Overdue · -0h 10m"), "{}", seen.text());
    }
    stage.support.0.post(&format!("/api/tickets/{id}/start_work/"), json!({})).await;
    stage.support.0.post(&format!("/api/tickets/{id}/finish_work/"), json!({"comment": "Done"})).await;
    let client = stage.client.1.get("/now").await;
    assert!(client.text().contains("Waiting for your word") && !client.text().contains("Orders"), "{}", client.text());
    stage.app.end().await;
}

async fn a_failed_delivery_is_found_read_and_sent_again(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    let sends = Some(Rule { next: 1, fault: SendFault::FailLater { code: 63005 } });
    desk.app.simulator().set_faults(Faults { sends, ..Faults::default() }).await.expect("within bounds");
    desk.opened("Payments fail").await;
    let username = desk.app.rows(&format!("SELECT username FROM people WHERE id = {}", desk.admin.id)).await;
    let username: String = username[0].try_get("", "username").expect("a name");
    let window = Window::of(&desk.app, &username).await;
    let now = window.get("/now").await;
    assert!(now.text().contains("Did not arrive"), "{}", now.text());
    let list = window.get("/notifications?status=FAILED").await;
    let link = list.html.split("href=\"/notifications/").nth(1).and_then(|rest| rest.split('"').next());
    let path = format!("/notifications/{}", link.expect("a failed one"));
    let story = window.get(&path).await;
    for says in ["Failed", "1. twilio: FAILED (63005)", "WhatsApp did not accept the message's content.", "Send again"]
    {
        assert!(story.text().replace("&#39;", "'").contains(says), "{says}: {}", story.text());
    }
    let forged = window.post_just(&format!("{path}/retry"), &[("token", "forged")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let seen = window.post(&format!("{path}/retry"), &[]).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=sent_again"), "{}", seen.text());
    desk.app.settle().await;
    let story = window.get(&path).await;
    assert!(story.text().contains("2. twilio: ACCEPTED"), "{}", story.text());
    assert_eq!(window.post(&format!("{path}/retry"), &[]).await.status, StatusCode::CONFLICT, "it arrived");
    desk.app.end().await;
}

async fn one_reads_ones_own_notifications_alone(backend: Backend) {
    let stage = Stage::set(backend).await;
    stage.admin.0.post(&format!("/api/tickets/{}/open_ticket/", stage.ticket), json!({})).await;
    stage.app.settle().await;
    let told = listed(&stage.client.0, "?notification_type=SYSTEM").await;
    let id = told["results"][0]["id"].as_i64().expect("a notification");
    let path = format!("/notifications/{id}");
    for (window, status) in
        [(&stage.client.1, StatusCode::OK), (&stage.admin.1, StatusCode::OK), (&stage.support.1, StatusCode::NOT_FOUND)]
    {
        assert_eq!(window.get(&path).await.status, status);
    }
    for what in ["retry", "cancel"] {
        assert_eq!(stage.client.1.post(&format!("{path}/{what}"), &[]).await.status, StatusCode::FORBIDDEN, "{what}");
    }
    let mine = stage.client.1.get("/notifications").await;
    assert!(mine.html.contains(&format!("href=\"{path}\"")), "{}", mine.text());
    assert!(!stage.support.1.get("/notifications").await.html.contains(&path));
    stage.app.end().await;
}
