//! Beside what is said: whose a conversation is and who has not looked, notes, replies at hand; and what it costs.

use super::inbox::{Desk, in_order};
use crate::facts;
use crate::support::app::OPERATOR;
use crate::support::databases::Backend;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::StatusCode;

facts!["pages::inbox_beside":
    a_conversation_is_given_to_somebody_and_counted_until_they_look,
    a_note_is_seen_at_the_desk_alone,
    a_reply_at_hand_is_filled_in_in_the_persons_language,
];

async fn a_conversation_is_given_to_somebody_and_counted_until_they_look(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    let other = desk.app.at_a_window("boss2", Role::Admin).await;
    let client = desk.app.user("client1", Role::Client).await;
    desk.app.says(OPERATOR, "hi").await;
    let path = desk.of(OPERATOR).await;
    assert!(desk.text("/inbox").await.contains("1 unread"));
    assert!(!desk.text("/now").await.contains("Conversations that wait"), "the bot answered");
    desk.did(&path, "take-over", &[]).await;
    for text in ["Is anybody there?", "Hello?"] {
        desk.app.clock.advance(TimeDelta::seconds(1));
        desk.app.says(OPERATOR, text).await;
    }
    let now = other.1.get("/now").await;
    in_order(&now.text(), &["Inbox", "1", "waiting", "Conversations that wait for you", "They: Hello?"]);
    desk.did(&path, "assign", &[("to", &other.0.id.to_string())]).await;
    assert!(other.1.get("/inbox?which=mine").await.text().contains(OPERATOR));
    assert_eq!(desk.does(&path, "assign", &[("to", &client.id.to_string())]).await.status, StatusCode::BAD_REQUEST);
    desk.app.says(OPERATOR, "Still here").await;
    let request = other.1.request(reqwest::Method::GET, &path).header("x-unseen", "1");
    other.1.send(request).await;
    assert!(other.1.get("/inbox?which=waiting").await.text().contains("1 unread"), "a page that nobody looks at");
    other.1.get(&path).await;
    let waiting = other.1.get("/inbox?which=waiting").await.text();
    assert!(waiting.contains("No conversation fits") && !waiting.contains("unread "), "{waiting}");
    desk.app.clock.advance(TimeDelta::seconds(1));
    desk.did(&path, "assign", &[("to", "")]).await;
    in_order(&desk.text(&path).await, &["boss gave it to boss2", "boss gave it to nobody"]);
    desk.app.end().await;
}

async fn a_note_is_seen_at_the_desk_alone(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    desk.app.says(OPERATOR, "hi").await;
    let path = desk.of(OPERATOR).await;
    let before = desk.app.bubbles(OPERATOR).len();
    desk.did(&path, "note", &[("note", "Known for being late")]).await;
    assert_eq!(desk.app.bubbles(OPERATOR).len(), before);
    in_order(&desk.text(&path).await, &["boss", "note, seen at the desk only", "Known for being late"]);
    assert!(desk.text("/inbox?q=being+late").await.contains(OPERATOR));
    assert!(!desk.app.says(OPERATOR, "1").await.is_empty(), "a note takes nothing over");
    let long = "x".repeat(4001);
    let refused = desk.does(&path, "note", &[("note", &long)]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("Please write 1 to 4000 characters") && refused.html.contains(&long));
    desk.app.end().await;
}

async fn a_reply_at_hand_is_filled_in_in_the_persons_language(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    let window = &desk.admin.1;
    for (language, body) in
        [("en", "Hello {{ name }}, about {{ order }}: {{ nothing }}"), ("es", "Hola {{ name }}, soy {{ me }}")]
    {
        window.get("/inbox/replies").await;
        let fields = [("name", "Greeting"), ("language", language), ("body", body)];
        assert_eq!(window.post("/inbox/replies", &fields).await.leads_to(), "/inbox/replies?done=saved");
    }
    let wrong = window.post("/inbox/replies", &[("name", "Greeting"), ("language", "xx"), ("body", "Kept")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.html.contains("Kept"));
    for text in ["hi", "1", "ORD-12345", "1", "3", "Scratched"] {
        desk.app.says(OPERATOR, text).await;
    }
    let path = desk.of(OPERATOR).await;
    desk.did(&path, "take-over", &[]).await;
    let page = window.get(&path).await;
    let option = page.html.split("<option value=\"").find(|rest| rest.contains("Greeting · en")).expect("the reply");
    let id = option.split('"').next().expect("a number").to_owned();
    let filled = window.post(&format!("{path}/canned"), &[("canned", &id), ("text", "Good morning.")]).await;
    assert_eq!(filled.status, StatusCode::OK, "{}", filled.text());
    assert!(filled.text().contains("Good morning. Hello"), "behind what was typed: {}", filled.text());
    assert!(filled.text().contains("about ORD-12345: {{ nothing }}"), "{}", filled.text());
    desk.app.says(OPERATOR, "x").await;
    crate::notifications::change(&desk.app, "UPDATE people SET language = 'es' WHERE role = 'OPERATOR'").await;
    assert!(window.get(&path).await.html.contains("Greeting · es"), "in the person's own language");
    window.get("/inbox/replies").await;
    for _ in 0..2 {
        let gone = window.post(&format!("/inbox/replies/{id}/delete"), &[]).await;
        assert_eq!(gone.leads_to(), format!("/inbox/replies?done=reply_deleted&undo={id}"));
    }
    desk.app.end().await;
}
