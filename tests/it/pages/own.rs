//! One's own page: name, number, devices and tokens.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use reqwest::StatusCode;

facts!["pages::own":
    a_name_is_changed_and_a_wrong_password_told_beside_its_field,
    a_number_is_proved_by_a_code_from_the_phone,
    another_browser_is_shown_and_ended,
    a_token_is_shown_once_and_revoked,
];

const PHONE: &str = "+12025550177";

async fn a_name_is_changed_and_a_wrong_password_told_beside_its_field(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, window) = app.at_a_window("dev1", Role::Support).await;
    let seen = window.post("/profile", &[("first_name", "Floor"), ("last_name", "Two"), ("language", "en")]).await;
    assert_eq!(seen.leads_to(), "/profile?done=saved", "{}", seen.text());
    let page = window.get(seen.leads_to()).await;
    assert!(page.text().contains("Saved.") && page.html.contains("<span>Floor Two</span>"), "{}", page.text());
    for (password, again, says) in [
        ("short", "short", "Please write 8 to 128 characters."),
        ("password123", "password123", "among the first that anybody would try"),
        ("a longer battery", "another battery", "The two passwords differ."),
        ("", "", "Please fill this in."),
    ] {
        let seen = window.post("/profile/password", &[("password", password), ("password_confirm", again)]).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{password}");
        assert!(seen.text().contains(says), "{password}: {}", seen.text());
        assert!(seen.html.contains("aria-invalid=\"true\""), "{password}");
    }
    app.end().await;
}

async fn a_number_is_proved_by_a_code_from_the_phone(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, window) = app.at_a_window("dev1", Role::Support).await;
    let seen = window.post("/profile/number/code", &[]).await;
    let code = seen.html.split("class=\"secret\" dir=\"ltr\">").nth(1).and_then(|rest| rest.split('<').next());
    let code = code.expect("a code").to_owned();
    assert!(seen.text().contains("Send this code by WhatsApp to +12025550100"), "{}", seen.text());
    app.says(PHONE, &code).await;
    let seen = window.get("/profile").await;
    assert!(seen.text().contains(&format!("Your code came from {PHONE}. Is this your number?")), "{}", seen.text());
    let seen = window.post("/profile/number/confirm", &[("whatsapp_number", PHONE)]).await;
    assert_eq!(seen.leads_to(), "/profile?done=number", "{}", seen.text());
    assert!(window.get("/profile").await.text().contains(&format!("Your number is {PHONE}.")));
    let seen = window.post("/profile/number/send", &[("whatsapp_number", "0049 30")]).await;
    assert!(seen.status == StatusCode::BAD_REQUEST && seen.html.contains("value=\"0049 30\""), "{}", seen.text());
    app.end().await;
}

async fn another_browser_is_shown_and_ended(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, here) = app.at_a_window("dev1", Role::Support).await;
    let (_, stranger) = app.at_a_window("dev2", Role::Support).await;
    let there = Window::of(&app, "dev1").await;
    let page = here.get("/profile").await;
    assert!(page.text().contains("This one") && page.text().contains("A program, by the API"), "{}", page.text());
    let rows = app.rows("SELECT id FROM sign_ins WHERE cookie_hash IS NOT NULL ORDER BY id DESC").await;
    let id: i64 = rows[0].try_get("", "id").expect("an id");
    let id = id.to_string();
    assert_eq!(stranger.post("/profile/devices/end", &[("id", &id)]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(there.get("/profile").await.status, StatusCode::OK);
    assert_eq!(here.post("/profile/devices/end", &[("id", &id)]).await.leads_to(), "/profile?done=ended");
    assert_eq!(there.get("/profile").await.status, StatusCode::SEE_OTHER);
    app.end().await;
}

async fn a_token_is_shown_once_and_revoked(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, window) = app.at_a_window("dev1", Role::Support).await;
    let (_, stranger) = app.at_a_window("boss", Role::Admin).await;
    let seen = window.post("/profile/tokens", &[("name", "Nightly"), ("scope", "read"), ("days", "7")]).await;
    let token = seen.html.split("class=\"secret\" dir=\"ltr\">").nth(1).and_then(|rest| rest.split('<').next());
    let token = token.expect("a token").to_owned();
    let program = user.with_token(&token);
    assert_eq!(program.get("/api/tickets/").await.0, StatusCode::OK);
    let page = window.get("/profile").await;
    assert!(page.text().contains("Nightly") && !page.html.contains(&token), "{}", page.text());
    let rows = app.rows("SELECT id FROM api_tokens").await;
    let id = rows[0].try_get::<i64>("", "id").expect("an id").to_string();
    assert_eq!(stranger.post("/profile/tokens/revoke", &[("id", &id)]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(window.post("/profile/tokens/revoke", &[("id", &id)]).await.leads_to(), "/profile?done=revoked");
    assert_eq!(program.get("/api/tickets/").await.0, StatusCode::UNAUTHORIZED);
    app.end().await;
}
