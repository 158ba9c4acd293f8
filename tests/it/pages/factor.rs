//! The second factor: set up, shown, used once, recovered from, taken off.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::user::PASSWORD;
use crate::support::window::Window;
use andon::people::Role;
use andon::proof::Authenticator;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

facts!["pages::factor":
    a_second_factor_is_set_up_and_asked_for,
    a_code_is_taken_once,
    a_recovery_code_lets_in_once,
    the_api_asks_for_the_code_too,
    who_tries_codes_waits,
    the_half_way_holds_five_minutes_and_for_one_account,
    it_is_taken_off_by_its_owner_with_a_code_and_by_an_admin,
];

/// What the authenticator shows now.
pub(crate) async fn code(app: &TestApp, person: i64) -> String {
    let rows = app.rows(&format!("SELECT salt FROM second_factors WHERE person_id = {person}")).await;
    let salt: String = rows[0].try_get("", "salt").expect("a salt");
    let authenticator = Authenticator::of(&app.server.app.proof.seed, &salt).expect("an authenticator");
    authenticator.code(app.server.app.clock.now())
}

/// Sets up a second factor; answers with the recovery codes.
pub(crate) async fn set_up(app: &TestApp, window: &Window, person: i64) -> Vec<String> {
    let seen = window.post("/profile/second-factor", &[]).await;
    assert!(seen.status == StatusCode::OK && seen.html.contains("<svg class=\"qr\""), "{}", seen.text());
    let seen = window.post("/profile/second-factor/confirm", &[("code", &code(app, person).await)]).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text());
    let codes = seen.html.split("<code>").skip(1).filter_map(|rest| rest.split('<').next());
    let codes: Vec<String> = codes.map(str::to_owned).collect();
    assert_eq!(codes.len(), 10, "{}", seen.text());
    codes
}

/// Fills in the name and the password, and then this code.
async fn comes_in(window: &Window, username: &str, code: &str) -> crate::support::window::Seen {
    let seen = window.signs_in(username, PASSWORD).await;
    assert!(seen.status == StatusCode::OK && seen.text().contains("second factor"), "{}", seen.text());
    let half = seen.value("half").expect("half a sign-in").to_owned();
    window.post("/sign-in", &[("username", username), ("half", &half), ("code", code)]).await
}

async fn logs_in(app: &TestApp, code: Option<&str>) -> (StatusCode, Value) {
    let body = json!({"username": "dev1", "password": PASSWORD, "code": code});
    app.anybody(Method::POST, "/api/auth/login/", Some(body)).await
}

async fn a_second_factor_is_set_up_and_asked_for(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, window) = app.at_a_window("dev1", Role::Support).await;
    window.post("/profile/second-factor", &[]).await;
    assert_eq!(Window::of(&app, "dev1").await.get("/profile").await.status, StatusCode::OK, "only shown so far");
    let seen = window.post("/profile/second-factor/confirm", &[("code", "000000")]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.text().contains("This code is not right"), "{}", seen.text());
    set_up(&app, &window, user.id).await;
    assert!(window.get("/profile").await.text().contains("You have 10 recovery codes left."));

    app.clock.advance(TimeDelta::minutes(1));
    let fresh = Window::new(&app);
    let wrong = comes_in(&fresh, "dev1", "123456").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().contains("This code is not right"), "{}", wrong.text());
    assert!(fresh.get("/tickets").await.leads_to().starts_with("/sign-in"), "half a sign-in opens nothing");
    let seen = comes_in(&fresh, "dev1", &code(&app, user.id).await).await;
    assert_eq!((seen.status, seen.leads_to()), (StatusCode::SEE_OTHER, "/now"), "{}", seen.text());
    assert_eq!(fresh.get("/tickets").await.status, StatusCode::OK);
    let told = app.rows("SELECT name FROM events WHERE name = 'person.second_factor_on'").await;
    assert_eq!(told.len(), 1, "it can be looked up");
    app.end().await;
}

async fn a_code_is_taken_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, window) = app.at_a_window("dev1", Role::Support).await;
    set_up(&app, &window, user.id).await;
    let first = code(&app, user.id).await;
    assert_eq!(comes_in(&Window::new(&app), "dev1", &first).await.status, StatusCode::UNAUTHORIZED, "it set it up");
    app.clock.advance(TimeDelta::seconds(30));
    let next = code(&app, user.id).await;
    assert_eq!(comes_in(&Window::new(&app), "dev1", &next).await.status, StatusCode::SEE_OTHER);
    assert_eq!(comes_in(&Window::new(&app), "dev1", &next).await.status, StatusCode::UNAUTHORIZED, "once");
    assert_eq!(comes_in(&Window::new(&app), "dev1", &first).await.status, StatusCode::UNAUTHORIZED, "nor an older one");
    assert_eq!(logs_in(&app, Some(&next)).await.0, StatusCode::UNAUTHORIZED, "through no door");
    app.end().await;
}

async fn a_recovery_code_lets_in_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, window) = app.at_a_window("dev1", Role::Support).await;
    let codes = set_up(&app, &window, user.id).await;
    let typed = codes[3].to_uppercase().replace('-', " ");
    assert_eq!(comes_in(&Window::new(&app), "dev1", &typed).await.status, StatusCode::SEE_OTHER);
    assert_eq!(comes_in(&Window::new(&app), "dev1", &codes[3]).await.status, StatusCode::UNAUTHORIZED);
    assert!(window.get("/profile").await.text().contains("You have 9 recovery codes left."));
    let kept = app.rows("SELECT hash FROM recovery_codes").await;
    assert!(kept.iter().all(|row| row.try_get::<String>("", "hash").is_ok_and(|hash| hash.len() == 64)));
    app.end().await;
}

async fn the_api_asks_for_the_code_too(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, window) = app.at_a_window("dev1", Role::Support).await;
    set_up(&app, &window, user.id).await;
    app.clock.advance(TimeDelta::seconds(30));
    let (status, answer) = logs_in(&app, None).await;
    assert_eq!((status, &answer["code"]), (StatusCode::UNAUTHORIZED, &json!("required")), "{answer}");
    let (status, answer) = logs_in(&app, Some("123456")).await;
    assert_eq!((status, &answer["code"]), (StatusCode::UNAUTHORIZED, &json!("wrong")), "{answer}");
    let (status, answer) = logs_in(&app, Some(&code(&app, user.id).await)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let body = json!({"username": "dev1", "password": "not it", "code": code(&app, user.id).await});
    let (status, answer) = app.anybody(Method::POST, "/api/auth/login/", Some(body)).await;
    assert_eq!(
        (status, &answer["code"]),
        (StatusCode::UNAUTHORIZED, &Value::Null),
        "without the password nothing shows"
    );
    app.end().await;
}

async fn who_tries_codes_waits(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, window) = app.at_a_window("dev1", Role::Support).await;
    set_up(&app, &window, user.id).await;
    for _ in 0..10 {
        // Asking for the code's page in between forgives nothing.
        assert_eq!(logs_in(&app, None).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(logs_in(&app, Some("123456")).await.0, StatusCode::UNAUTHORIZED);
    }
    app.clock.advance(TimeDelta::seconds(30));
    let right = code(&app, user.id).await;
    assert_eq!(logs_in(&app, Some(&right)).await.0, StatusCode::TOO_MANY_REQUESTS);
    app.end().await;
}

async fn the_half_way_holds_five_minutes_and_for_one_account(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, window) = app.at_a_window("dev1", Role::Support).await;
    let (other, beside) = app.at_a_window("dev2", Role::Support).await;
    set_up(&app, &window, user.id).await;
    set_up(&app, &beside, other.id).await;
    app.clock.advance(TimeDelta::minutes(1));
    let fresh = Window::new(&app);
    let half = fresh.signs_in("dev1", PASSWORD).await.value("half").expect("half").to_owned();
    let code_of_other = code(&app, other.id).await;
    let fields = [("username", "dev2"), ("half", half.as_str()), ("code", code_of_other.as_str())];
    assert_eq!(fresh.post("/sign-in", &fields).await.status, StatusCode::UNAUTHORIZED, "it is dev1's");
    app.clock.advance(TimeDelta::minutes(5));
    let late = code(&app, user.id).await;
    let seen = fresh.post("/sign-in", &[("username", "dev1"), ("half", half.as_str()), ("code", late.as_str())]).await;
    assert_eq!(seen.status, StatusCode::UNAUTHORIZED);
    assert!(seen.html.contains("type=\"password\""), "the password is asked for again: {}", seen.text());
    app.end().await;
}

async fn it_is_taken_off_by_its_owner_with_a_code_and_by_an_admin(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let (user, window) = app.at_a_window("dev1", Role::Support).await;
    set_up(&app, &window, user.id).await;
    app.clock.advance(TimeDelta::seconds(30));
    let seen = window.post("/profile/second-factor/off", &[("code", "123456")]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{}", seen.text());
    let seen = window.post("/profile/second-factor/off", &[("code", &code(&app, user.id).await)]).await;
    assert_eq!(seen.leads_to(), "/profile?done=factor_off", "{}", seen.text());
    assert_eq!(logs_in(&app, None).await.0, StatusCode::OK);

    set_up(&app, &window, user.id).await;
    assert_eq!(logs_in(&app, None).await.0, StatusCode::UNAUTHORIZED);
    let (status, done) = admin.delete(&format!("/api/users/{}/second_factor/", user.id)).await;
    assert_eq!((status, &done["message"]), (StatusCode::OK, &json!("dev1 has no second factor any more.")));
    assert_eq!(logs_in(&app, None).await.0, StatusCode::OK);
    app.end().await;
}
