//! Proving one's own number, by a code from the phone or to it.

use crate::facts;
use crate::support::app::{OPERATOR, PLANT, TestApp};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["numbers":
    a_code_from_the_phone_is_confirmed_at_the_desk,
    a_code_to_the_phone_is_typed_at_the_desk,
    a_code_holds_ten_minutes_and_once,
    five_wrong_codes_and_none_is_looked_at_for_an_hour,
    somebody_elses_number_cannot_be_proved,
    a_registered_persons_text_is_never_taken_for_a_code,
];

const OWN: &str = "+12025550142";

async fn shown_code(user: &User) -> String {
    let (status, shown) = user.post("/api/profile/whatsapp/code/", json!({})).await;
    assert_eq!((status, &shown["send_to"]), (StatusCode::CREATED, &json!(PLANT)), "{shown}");
    shown["code"].as_str().expect("a code").to_owned()
}

/// The code in the last message to this phone.
fn sent_code(app: &TestApp, phone: &str) -> String {
    let text = app.bubbles(phone).pop().expect("a message").text;
    text.split_whitespace().find(|word| word.len() == 8).expect("a code").to_owned()
}

async fn number_of(user: &User) -> Value {
    user.get("/api/profile/whatsapp").await.1["whatsapp_number"].clone()
}

async fn a_code_from_the_phone_is_confirmed_at_the_desk(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client", Role::Client).await;
    let code = shown_code(&client).await.to_lowercase();
    let replies = app.says(OWN, &format!("{}-{}", &code[..4], &code[4..])).await;
    assert!(replies[0].contains("confirm"), "{replies:?}");
    assert_eq!(number_of(&client).await, Value::Null, "not before it is confirmed");
    let (_, standing) = client.get("/api/profile/whatsapp/").await;
    assert_eq!(standing["came_from"], OWN);
    let wrong = json!({"whatsapp_number": "+12025550143"});
    assert_eq!(client.post("/api/profile/whatsapp/confirm/", wrong).await.0, StatusCode::CONFLICT);
    let (status, profile) = client.post("/api/profile/whatsapp/confirm/", json!({"whatsapp_number": OWN})).await;
    assert_eq!((status, &profile["whatsapp_number"]), (StatusCode::OK, &json!(OWN)));
    assert!(app.says(OWN, "hi").await[0].contains("Welcome"));
    app.end().await;
}

async fn a_code_to_the_phone_is_typed_at_the_desk(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client", Role::Client).await;
    let (status, sent) = client.post("/api/profile/whatsapp/send/", json!({"whatsapp_number": OWN})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{sent}");
    app.settle().await;
    let code = sent_code(&app, OWN);
    assert_eq!(client.get("/api/profile/whatsapp/").await.1["sent_to"], OWN);
    let (status, profile) = client.post("/api/profile/whatsapp/verify/", json!({"code": code.to_lowercase()})).await;
    assert_eq!((status, &profile["whatsapp_number"]), (StatusCode::OK, &json!(OWN)), "{profile}");
    for (number, word) in [("+15550001111", "no valid number"), ("0049", "E.164"), (OPERATOR, "belongs to")] {
        let (status, problem) = client.post("/api/profile/whatsapp/send/", json!({"whatsapp_number": number})).await;
        let why = problem["errors"]["whatsapp_number"][0].as_str().unwrap_or_default();
        assert!(status == StatusCode::BAD_REQUEST && why.contains(word), "{problem}");
    }
    for _ in 0..4 {
        let (status, _) = client.post("/api/profile/whatsapp/send/", json!({"whatsapp_number": OWN})).await;
        assert_eq!(status, StatusCode::ACCEPTED);
    }
    let (status, _) = client.post("/api/profile/whatsapp/send/", json!({"whatsapp_number": OWN})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "nobody's phone is flooded");
    app.end().await;
}

async fn a_code_holds_ten_minutes_and_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, other) = (app.user("client", Role::Client).await, app.user("other", Role::Client).await);
    let late = shown_code(&client).await;
    app.clock.advance(TimeDelta::minutes(10));
    assert!(!app.says(OWN, &late).await[0].contains("confirm"));
    let before = shown_code(&client).await;
    let code = shown_code(&client).await;
    assert!(!app.says(OWN, &before).await[0].contains("confirm"), "the newer one took its place");
    assert!(app.says(OWN, &code).await[0].contains("confirm"));
    assert!(!app.says("+12025550143", &code).await[0].contains("confirm"), "it came from a phone already");
    let own = json!({"whatsapp_number": OWN});
    assert_eq!(other.post("/api/profile/whatsapp/confirm/", own.clone()).await.0, StatusCode::CONFLICT);
    assert_eq!(client.post("/api/profile/whatsapp/confirm/", own.clone()).await.0, StatusCode::OK);
    assert_eq!(client.post("/api/profile/whatsapp/confirm/", own).await.0, StatusCode::CONFLICT);
    assert_eq!(client.post("/api/profile/whatsapp/verify/", json!({"code": code})).await.0, StatusCode::CONFLICT);
    app.end().await;
}

async fn five_wrong_codes_and_none_is_looked_at_for_an_hour(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client", Role::Client).await;
    for _ in 0..5 {
        assert!(!app.says(OWN, "00000000").await[0].contains("confirm"));
    }
    let code = shown_code(&client).await;
    assert!(!app.says(OWN, &code).await[0].contains("confirm"), "right, but too late");
    app.clock.advance(TimeDelta::hours(1));
    let code = shown_code(&client).await;
    assert!(app.says(OWN, &code).await[0].contains("confirm"));

    client.post("/api/profile/whatsapp/send/", json!({"whatsapp_number": "+12025550143"})).await;
    app.settle().await;
    let code = sent_code(&app, "+12025550143");
    for _ in 0..5 {
        let (status, problem) = client.post("/api/profile/whatsapp/verify/", json!({"code": "00000000"})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    }
    let (status, _) = client.post("/api/profile/whatsapp/verify/", json!({"code": code})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    app.end().await;
}

async fn somebody_elses_number_cannot_be_proved(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client", Role::Client).await);
    let code = shown_code(&client).await;
    app.says(OWN, &code).await;
    let path = format!("/api/users/{}", app.user("dev", Role::Support).await.id);
    assert_eq!(admin.patch(&path, json!({"whatsapp_number": OWN})).await.0, StatusCode::OK);
    let (status, problem) = client.post("/api/profile/whatsapp/confirm/", json!({"whatsapp_number": OWN})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "an admin gave it to somebody meanwhile: {problem}");
    app.end().await;
}

async fn a_registered_persons_text_is_never_taken_for_a_code(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client", Role::Client).await;
    let code = shown_code(&client).await;
    let replies = app.says(OPERATOR, &code).await;
    assert!(!replies[0].contains("confirm"), "{replies:?}");
    assert_eq!(client.get("/api/profile/whatsapp").await.1["came_from"], Value::Null);
    app.end().await;
}
