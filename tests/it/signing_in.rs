//! Signing in, refreshing and signing out, and what is told to those who may not.

use crate::facts;
use crate::support::app::{ADMIN_TOKEN, TestApp};
use crate::support::databases::Backend;
use crate::support::user::PASSWORD;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

facts!["signing_in":
    a_name_or_an_address_and_a_password_open_the_desk,
    a_wrong_password_and_an_unknown_name_are_answered_alike,
    an_access_token_holds_two_hours,
    each_refresh_token_is_good_for_one_refresh,
    an_old_refresh_token_ends_the_sign_in,
    a_lost_answer_to_a_refresh_locks_nobody_out,
    two_refreshes_at_once_get_the_same_token,
    who_signs_out_is_out_in_every_process,
    tokens_survive_a_restart_and_a_new_key_ends_them,
    a_body_that_cannot_be_read_is_told_so,
    an_admin_who_is_signed_in_may_use_the_whatsapp_endpoints,
    who_is_signed_in_is_not_limited,
    where_one_signs_in_everybody_is_limited,
    who_tries_passwords_waits_and_locks_nobody_else_out,
    a_token_for_a_program_does_what_its_scope_says,
    a_token_for_a_program_sets_no_password,
    a_token_holds_until_it_runs_out_or_is_revoked,
    sign_ins_are_let_go_long_after_they_ran_out,
];

async fn logs_in(app: &TestApp, username: &str, password: &str) -> (StatusCode, Value) {
    let body = json!({"username": username, "password": password});
    app.anybody(Method::POST, "/api/auth/login/", Some(body)).await
}

async fn refreshes(app: &TestApp, token: &Value) -> (StatusCode, Value) {
    app.anybody(Method::POST, "/api/auth/refresh/", Some(json!({"refresh": token}))).await
}

/// Whether an access token opens anything.
async fn opens(app: &TestApp, access: &Value) -> bool {
    let request = app.http.post(app.url("/api/auth/logout/")).bearer_auth(access.as_str().unwrap_or_default());
    let status = request.json(&json!({"unknown": 1})).send().await.expect("an answer").status();
    assert!(matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED), "{status}");
    status == StatusCode::BAD_REQUEST
}

async fn a_name_or_an_address_and_a_password_open_the_desk(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app.user("dev1", Role::Support).await;
    for name in ["dev1", "DEV1", " dev1@Example.COM "] {
        let (status, answer) = logs_in(&app, name, PASSWORD).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(
            answer["user"],
            json!({
                "id": user.id, "username": "dev1", "email": "dev1@example.com", "first_name": "", "last_name": "",
                "full_name": "dev1", "role": "SUPPORT", "phone_number": null, "whatsapp_number": null,
                "department": "", "language": "en", "is_active": true, "date_joined": "2026-01-18T14:30:22Z",
            })
        );
        assert!(opens(&app, &answer["access"]).await);
        assert!(!opens(&app, &answer["refresh"]).await, "a refresh token opens nothing");
    }
    app.end().await;
}

async fn a_wrong_password_and_an_unknown_name_are_answered_alike(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Support).await;
    let known = logs_in(&app, "dev1", "not the password").await;
    let unknown = logs_in(&app, "nobody", "not the password").await;
    assert_eq!(known, unknown);
    assert_eq!(known.0, StatusCode::UNAUTHORIZED);
    assert_eq!(known.1["detail"], "No active account has this username and this password.");
    app.end().await;
}

async fn an_access_token_holds_two_hours(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app.user("dev1", Role::Support).await;
    app.clock.advance(TimeDelta::hours(2) - TimeDelta::seconds(1));
    assert!(opens(&app, &json!(user.access)).await);
    app.clock.advance(TimeDelta::seconds(1));
    assert!(!opens(&app, &json!(user.access)).await);
    let (status, next) = refreshes(&app, &json!(user.refresh)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(opens(&app, &next["access"]).await);
    app.clock.advance(TimeDelta::days(2));
    assert_eq!(refreshes(&app, &next["refresh"]).await.0, StatusCode::UNAUTHORIZED, "after two days");
    app.end().await;
}

async fn each_refresh_token_is_good_for_one_refresh(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app.user("dev1", Role::Support).await;
    let mut token = json!(user.refresh);
    for _ in 0..4 {
        app.clock.advance(TimeDelta::days(1));
        let (status, next) = refreshes(&app, &token).await;
        assert_eq!(status, StatusCode::OK, "{next}");
        assert_ne!(next["refresh"], token);
        token = next["refresh"].clone();
    }
    assert_eq!(refreshes(&app, &json!(user.access)).await.0, StatusCode::UNAUTHORIZED, "an access token is none");
    app.end().await;
}

async fn an_old_refresh_token_ends_the_sign_in(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app.user("dev1", Role::Support).await;
    let beside = app.anybody(Method::POST, "/api/auth/login/", Some(json!({"username": "dev1", "password": PASSWORD})));
    let (_, beside) = beside.await;
    let (_, next) = refreshes(&app, &json!(user.refresh)).await;
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(refreshes(&app, &json!(user.refresh)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(refreshes(&app, &next["refresh"]).await.0, StatusCode::UNAUTHORIZED, "the newest one went with it");
    assert!(!opens(&app, &next["access"]).await && !opens(&app, &json!(user.access)).await);
    assert!(opens(&app, &beside["access"]).await, "another sign-in of the same person goes on");
    app.end().await;
}

async fn a_lost_answer_to_a_refresh_locks_nobody_out(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app.user("dev1", Role::Support).await;
    let (_, lost) = refreshes(&app, &json!(user.refresh)).await;
    app.clock.advance(TimeDelta::seconds(9));
    let (status, again) = refreshes(&app, &json!(user.refresh)).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    let (status, _) = refreshes(&app, &again["refresh"]).await;
    assert_eq!(status, StatusCode::OK);
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(refreshes(&app, &lost["refresh"]).await.0, StatusCode::UNAUTHORIZED);
    app.end().await;
}

async fn two_refreshes_at_once_get_the_same_token(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app.user("dev1", Role::Support).await;
    let token = json!(user.refresh);
    let all = futures_util::future::join_all((0..8).map(|_| refreshes(&app, &token))).await;
    for (status, answer) in &all {
        assert_eq!((status, &answer["refresh"]), (&StatusCode::OK, &all[0].1["refresh"]));
    }
    app.end().await;
}

async fn who_signs_out_is_out_in_every_process(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app.user("dev1", Role::Support).await;
    let (_, beside) = logs_in(&app, "dev1", PASSWORD).await;
    let (status, answer) = user.post("/api/auth/logout/", json!({})).await;
    assert_eq!((status, &answer["message"]), (StatusCode::OK, &json!("You are signed out.")));
    assert!(!opens(&app, &json!(user.access)).await);
    assert_eq!(refreshes(&app, &json!(user.refresh)).await.0, StatusCode::UNAUTHORIZED);
    assert!(opens(&app, &beside["access"]).await);
    let (_, third) = logs_in(&app, "dev1", PASSWORD).await;
    let everywhere = app.http.post(app.url("/api/auth/logout")).bearer_auth(third["access"].as_str().expect("a token"));
    let status = everywhere.json(&json!({"everywhere": true})).send().await.expect("an answer").status();
    assert_eq!(status, StatusCode::OK);
    assert!(!opens(&app, &beside["access"]).await);
    app.end().await;
}

async fn tokens_survive_a_restart_and_a_new_key_ends_them(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app.user("dev1", Role::Support).await;
    let access = json!(user.access);
    let app = app.restart(&[]).await;
    assert!(opens(&app, &access).await, "the key is kept in the database");
    let app = app.restart(&[("ANDON_JWT_SECRET", "0123456789abcdef0123456789abcdef")]).await;
    assert!(!opens(&app, &access).await);
    app.end().await;
}

async fn a_body_that_cannot_be_read_is_told_so(backend: Backend) {
    let app = TestApp::start(backend).await;
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let large = format!("{{\"username\": \"{}\"}}", "x".repeat(600_000));
    for (content_type, body, status, word) in [
        ("application/json", "{}", StatusCode::BAD_REQUEST, "password, username"),
        ("application/json; charset=utf-8", "{\"username\": 7}", StatusCode::BAD_REQUEST, "password, username"),
        ("application/json", "{\"username\": \"a\", \"password\": \"b\", \"x\": 1}", StatusCode::BAD_REQUEST, "x"),
        ("application/json", "[]", StatusCode::BAD_REQUEST, "object"),
        ("application/json", "{\"username\": \"\\ud800\"}", StatusCode::BAD_REQUEST, "not JSON"),
        ("application/json", "{", StatusCode::BAD_REQUEST, "not JSON"),
        ("application/json", &deep, StatusCode::BAD_REQUEST, "recursion"),
        ("application/json", &large, StatusCode::PAYLOAD_TOO_LARGE, "bytes"),
        ("application/x-www-form-urlencoded", "username=a", StatusCode::UNSUPPORTED_MEDIA_TYPE, "application/json"),
    ] {
        let request = app.http.post(app.url("/api/auth/login")).header("content-type", content_type);
        let response = request.body(body.to_owned()).send().await.expect("an answer");
        assert_eq!(response.status(), status, "{word}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem: Value = response.json().await.expect("JSON");
        assert!(problem["error"].as_str().is_some_and(|text| text.contains(word)), "{problem}");
    }
    let (_, problem) = app.anybody(Method::POST, "/api/auth/login/", Some(json!({"username": "", "y": 1}))).await;
    assert_eq!(
        problem["errors"],
        json!({
            "username": ["must not be empty"], "password": ["is missing"],
            "y": ["is not known here; there are username, password, code"],
        })
    );
    app.end().await;
}

async fn an_admin_who_is_signed_in_may_use_the_whatsapp_endpoints(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client", Role::Client).await);
    assert_eq!(admin.get("/api/whatsapp/sessions").await.0, StatusCode::OK);
    let (status, refused) = client.get("/api/whatsapp/sessions").await;
    assert_eq!((status, &refused["error"]), (StatusCode::FORBIDDEN, &json!("This is for admins only.")));
    let (status, _) = admin.post("/api/whatsapp/test?phone_number=+12025550101&message=Hello", Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    app.says("+12025550101", "hi").await;
    assert_eq!(client.delete("/api/whatsapp/sessions/+12025550101").await.0, StatusCode::FORBIDDEN);
    assert_eq!(admin.delete("/api/whatsapp/sessions/+12025550101").await.0, StatusCode::OK);
    assert_eq!(admin.patch("/api/whatsapp/sessions", json!({})).await.0, StatusCode::METHOD_NOT_ALLOWED);
    app.end().await;
}

async fn who_is_signed_in_is_not_limited(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_REQUEST_LIMIT", "2")]).await;
    let admin = app.user("boss", Role::Admin).await;
    let (_, token) = admin.post("/api/tokens/", json!({"name": "Export", "scope": "read"})).await;
    let token = token["token"].as_str().expect("a token");
    for _ in 0..5 {
        assert_eq!(admin.get("/api/whatsapp/sessions").await.0, StatusCode::OK);
        let by_token = app.http.get(app.url("/api/profiles")).bearer_auth(token).send().await.expect("an answer");
        assert_eq!(by_token.status(), StatusCode::OK);
    }
    let statuses =
        [app.anybody(Method::GET, "/health", None).await.0, app.anybody(Method::GET, "/health", None).await.0];
    assert_eq!(statuses, [StatusCode::OK; 2]);
    assert_eq!(app.anybody(Method::GET, "/health", None).await.0, StatusCode::TOO_MANY_REQUESTS);
    app.end().await;
}

async fn where_one_signs_in_everybody_is_limited(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_REQUEST_LIMIT", "2")]).await;
    let admin = app.user("boss", Role::Admin).await;
    let (_, made) = admin.post("/api/tokens/", json!({"name": "Export", "scope": "read"})).await;
    assert_eq!(admin.delete(&format!("/api/tokens/{}/", made["id"])).await.0, StatusCode::OK);
    let revoked = made["token"].as_str().expect("a token");
    let posts = async |path: &str, token: &str| {
        let request = app.http.post(app.url(path)).bearer_auth(token).json(&json!({}));
        request.send().await.expect("an answer").status()
    };
    for _ in 0..2 {
        assert_eq!(posts("/api/auth/login/", revoked).await, StatusCode::BAD_REQUEST);
    }
    for token in [revoked, &admin.access, ADMIN_TOKEN] {
        for path in ["/api/auth/login/", "/api/auth/login", "/api/auth/refresh", "/setup"] {
            assert_eq!(posts(path, token).await, StatusCode::TOO_MANY_REQUESTS, "{path}");
        }
    }
    assert_eq!(admin.get("/api/profiles/").await.0, StatusCode::OK, "elsewhere who is signed in is free");
    app.end().await;
}

async fn who_tries_passwords_waits_and_locks_nobody_else_out(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_TRUSTED_PROXIES", "127.0.0.1")]).await;
    app.user("dev1", Role::Support).await;
    let tries = async |from: &str, username: &str, password: &str| {
        let request = app.http.post(app.url("/api/auth/login")).header("x-forwarded-for", from);
        let body = json!({"username": username, "password": password});
        request.json(&body).send().await.expect("an answer")
    };
    for (name, other) in [("dev1", "nobody"), ("nobody", "dev1")] {
        for _ in 0..10 {
            assert_eq!(tries("192.0.2.1", name, "guess").await.status(), StatusCode::UNAUTHORIZED, "{name}");
        }
        let refused = tries("192.0.2.1", name, PASSWORD).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{name}, with the right password too");
        assert_eq!(refused.headers()["retry-after"], "60");
        assert_ne!(tries("198.51.100.7", other, "guess").await.status(), StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(
        tries("198.51.100.1", "dev1", PASSWORD).await.status(),
        StatusCode::OK,
        "the owner comes from elsewhere"
    );
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(tries("192.0.2.1", "dev1", PASSWORD).await.status(), StatusCode::OK, "and is forgiven with time");
    app.end().await;
}

async fn a_token_for_a_program_does_what_its_scope_says(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let ask = async |method: Method, path: &str, token: &Value| {
        let request = app.http.request(method, app.url(path)).bearer_auth(token.as_str().unwrap_or_default());
        request.json(&json!({})).send().await.expect("an answer").status()
    };
    let (status, read) = admin.post("/api/tokens/", json!({"name": "Export", "scope": "read"})).await;
    assert_eq!(status, StatusCode::CREATED, "{read}");
    let (_, write) = admin.post("/api/tokens/", json!({"name": "Import", "scope": "write"})).await;
    let (read, write) = (&read["token"], &write["token"]);
    for (token, changes) in [(read, StatusCode::FORBIDDEN), (write, StatusCode::BAD_REQUEST)] {
        assert_eq!(ask(Method::GET, "/api/users", token).await, StatusCode::OK);
        assert_eq!(ask(Method::POST, "/api/users", token).await, changes);
        assert_eq!(ask(Method::GET, "/api/whatsapp/sessions", token).await, StatusCode::OK);
        for path in ["/api/tokens", "/api/auth/logout"] {
            assert_eq!(ask(Method::POST, path, token).await, StatusCode::FORBIDDEN, "{path}");
        }
    }
    let (_, listed) = admin.get("/api/tokens/").await;
    assert_eq!(listed[0]["name"], "Import");
    assert!(listed[0]["last_used_at"].is_string() && listed[0].get("token").is_none(), "{listed}");
    assert!(!app.rows("SELECT hash FROM api_tokens").await.iter().any(|row| {
        let hash: String = row.try_get("", "hash").expect("a hash");
        read.as_str().is_some_and(|token| token.contains(&hash))
    }));
    app.end().await;
}

async fn a_token_for_a_program_sets_no_password(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let (_, made) = admin.post("/api/tokens/", json!({"name": "Import", "scope": "write"})).await;
    let program = admin.with_token(made["token"].as_str().expect("a token"));
    let own = format!("/api/users/{}/", admin.id);
    let password = json!({"password": "another password 1", "password_confirm": "another password 1"});
    assert_eq!(program.patch(&own, json!({"first_name": "Boss"})).await.0, StatusCode::OK);
    assert_eq!(program.patch(&own, password.clone()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(program.post("/api/users/", crate::users::dev()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(logs_in(&app, "boss", PASSWORD).await.0, StatusCode::OK);
    let other = logs_in(&app, "boss", PASSWORD).await.1;
    assert_eq!(admin.patch(&own, password).await.0, StatusCode::OK);
    assert_eq!(admin.get("/api/profiles/").await.0, StatusCode::OK, "the sign-in that set it goes on");
    assert!(!opens(&app, &other["access"]).await, "the others have ended");
    app.end().await;
}

async fn a_token_holds_until_it_runs_out_or_is_revoked(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client", Role::Client).await);
    let holds = async |token: &Value| {
        let request = app.http.get(app.url("/api/profiles")).bearer_auth(token["token"].as_str().unwrap_or_default());
        request.send().await.expect("an answer").status() == StatusCode::OK
    };
    let (_, days) = client.post("/api/tokens/", json!({"name": "A week", "scope": "read", "days": 7})).await;
    let (_, ever) = client.post("/api/tokens/", json!({"name": "For ever", "scope": "read"})).await;
    let (_, theirs) = admin.post("/api/tokens/", json!({"name": "Theirs", "scope": "read"})).await;
    assert!(holds(&days).await && holds(&ever).await);
    let path = |token: &Value| format!("/api/tokens/{}/", token["id"]);
    assert_eq!(client.delete(&path(&theirs)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(client.delete(&path(&ever)).await.0, StatusCode::OK);
    assert_eq!(client.delete(&path(&ever)).await.0, StatusCode::NOT_FOUND);
    assert!(holds(&days).await && !holds(&ever).await);
    app.clock.advance(TimeDelta::days(7));
    assert!(!holds(&days).await && holds(&theirs).await);
    app.end().await;
}

async fn sign_ins_are_let_go_long_after_they_ran_out(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Support).await;
    app.clock.advance(TimeDelta::days(91));
    let sign_ins = async || andon::housekeeping::once(&app.server.app).await.expect("it runs").sign_ins;
    assert_eq!((sign_ins().await, app.count("sign_ins").await), (0, 1));
    app.clock.advance(TimeDelta::days(2));
    assert_eq!((sign_ins().await, app.count("sign_ins").await), (1, 0));
    app.end().await;
}
