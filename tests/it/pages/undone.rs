//! What was taken away by a press of a button, and is put back by another.

use super::Stage;
use crate::facts;
use crate::support::databases::Backend;
use crate::support::window::{Seen, Window};
use andon::housekeeping;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::undone":
    a_view_that_was_deleted_is_put_back,
    a_reply_that_was_deleted_is_put_back,
    an_attachment_that_was_taken_away_is_put_back_by_whoever_may,
    what_was_taken_away_is_gone_after_a_day,
];

/// Where the page offers to undo.
fn undo(seen: &Seen) -> String {
    let form = seen.html.split("class=\"done\"").nth(1).and_then(|rest| rest.split("action=\"").nth(1));
    form.and_then(|rest| rest.split('"').next()).ok_or_else(|| seen.text()).expect("an offer to undo").to_owned()
}

/// Does it, and goes where that leads.
async fn does(window: &Window, path: &str) -> Seen {
    let seen = window.post(path, &[]).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{path}: {}", seen.text());
    window.get(seen.leads_to()).await
}

async fn a_view_that_was_deleted_is_put_back(backend: Backend) {
    let stage = Stage::set(backend).await;
    let admin = &stage.admin.1;
    let (_, kept) = stage.admin.0.post("/api/ticket_views/", json!({"name": "Late", "query": "overdue=true"})).await;
    let undo = undo(&does(admin, &format!("/tickets/views/{}/delete", kept["id"])).await);
    assert_eq!(stage.client.1.post(&undo, &[]).await.status, StatusCode::NOT_FOUND, "it is nobody else's");
    let forged = admin.post_just(&undo, &[("token", "forged")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert!(does(admin, &undo).await.text().contains("It is back."));
    assert_eq!(stage.admin.0.get("/api/ticket_views/").await.1, json!([kept]));
    assert_eq!(admin.post(&undo, &[]).await.status, StatusCode::NOT_FOUND, "it is there already");
    stage.app.end().await;
}

async fn a_reply_that_was_deleted_is_put_back(backend: Backend) {
    let stage = Stage::set(backend).await;
    let admin = &stage.admin.1;
    let reply = |body| [("name", "Greeting"), ("language", "en"), ("body", body)];
    admin.post("/inbox/replies", &reply("Good morning")).await;
    let page = admin.get("/inbox/replies").await;
    let delete =
        page.html.split("action=\"").find(|rest| rest.contains("/delete\"")).and_then(|at| at.split('"').next());
    let delete = delete.expect("it can be deleted").to_owned();
    let gone = does(admin, &delete).await;
    assert!(!gone.text().contains("Good morning"), "{}", gone.text());
    let back = does(admin, &undo(&gone)).await;
    assert!(back.text().contains("Good morning"), "{}", back.text());

    let gone = does(admin, &delete).await;
    admin.post("/inbox/replies", &reply("Good evening")).await;
    assert_eq!(admin.post(&undo(&gone), &[]).await.status, StatusCode::NOT_FOUND, "another has its name");
    assert!(admin.get("/inbox/replies").await.text().contains("Good evening"));
    stage.app.end().await;
}

async fn an_attachment_that_was_taken_away_is_put_back_by_whoever_may(backend: Backend) {
    let stage = Stage::set(backend).await;
    let path = format!("/tickets/{}", stage.ticket);
    let file = json!({"file_data": "SGVsbG8h", "filename": "note.txt"});
    let (_, added) = stage.client.0.post(&format!("/api{path}/add_attachment/"), file).await;
    let of_client = format!("{path}/attachments/{}", added["attachment_id"]);
    let gone = does(&stage.client.1, &format!("{of_client}/delete")).await;
    assert!(!gone.text().contains("note.txt"), "{}", gone.text());
    assert_eq!(stage.client.1.get(&of_client).await.status, StatusCode::NOT_FOUND);
    let undo = undo(&gone);
    assert_eq!(stage.admin.1.post(&undo, &[]).await.status, StatusCode::FORBIDDEN, "it is the client's");
    assert_eq!(stage.support.1.post(&undo, &[]).await.status, StatusCode::NOT_FOUND, "the ticket is none of theirs");
    let back = does(&stage.client.1, &undo).await;
    assert!(back.text().contains("note.txt"), "{}", back.text());
    assert_eq!(stage.client.1.get(&of_client).await.text(), "Hello!");
    let (_, told) = stage.admin.0.get(&format!("/api/events/?ticket={}&sort=id", stage.ticket)).await;
    let names =
        told["results"].as_array().expect("events").iter().map(|event| event["name"].as_str().unwrap_or_default());
    let names: Vec<&str> = names.filter(|name| name.contains("tached")).collect();
    assert_eq!(names, ["ticket.attached", "ticket.detached", "ticket.attached"]);
    stage.app.end().await;
}

async fn what_was_taken_away_is_gone_after_a_day(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (_, kept) = stage.admin.0.post("/api/ticket_views/", json!({"name": "Late", "query": "overdue=true"})).await;
    does(&stage.admin.1, &format!("/tickets/views/{}/delete", kept["id"])).await;
    stage.app.clock.advance(TimeDelta::hours(23));
    assert_eq!(housekeeping::once(&stage.app.server.app).await.expect("tidied").taken_away, 0);
    stage.app.clock.advance(TimeDelta::hours(2));
    assert_eq!(housekeeping::once(&stage.app.server.app).await.expect("tidied").taken_away, 1);
    assert_eq!(stage.app.count("ticket_views").await, 0);
    stage.app.end().await;
}
