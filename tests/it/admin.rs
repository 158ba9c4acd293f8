//! The admin's endpoints, health, the contract, and the paths that lead nowhere.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp, beginning};
use crate::support::databases::Backend;
use andon::chat::store;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

facts!["admin":
    a_test_message_is_a_delivery,
    a_test_without_what_it_needs_is_told_so,
    sessions_are_listed_and_cleared,
    without_the_token_nothing_is_shown,
    a_dormant_session_is_not_listed,
    the_number_of_sessions_is_true_also_where_the_list_is_cut,
    a_path_that_is_no_utf8_is_a_problem,
    the_simulators_page_has_a_path_with_and_without_a_slash,
    health_the_contract_and_its_page_are_there,
    a_path_that_leads_nowhere_says_where_to_look,
    a_second_server_on_the_same_file_refuses_to_start,
    the_simulator_is_closed_to_tunnels_and_proxies,
    who_asks_too_often_without_a_token_waits,
];

async fn a_test_message_is_a_delivery(backend: Backend) {
    let app = TestApp::start(backend).await;
    for query in [
        "phone_number=%2B12025550101&message=One",
        "phone_number=+12025550101&message=Two",
        "phone_number=whatsapp:+12025550101&message=Three%20%F0%9F%91%8B",
    ] {
        let (status, answer) = app.request(Method::POST, &format!("/api/whatsapp/test?{query}")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!((&answer["success"], &answer["phone"]), (&json!(true), &json!(OPERATOR)));
    }
    app.settle().await;
    let texts: Vec<String> = app.bubbles(OPERATOR).into_iter().map(|bubble| bubble.text).collect();
    assert_eq!(texts, ["One", "Two", "Three 👋"]);
    app.end().await;
}

async fn a_test_without_what_it_needs_is_told_so(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (query, word) in [
        ("message=Hello", "phone_number"),
        ("phone_number=%2B12025550101", "message"),
        ("phone_number=%2B12025550101&message=%20", "message"),
        ("phone_number=020%207946&message=Hello", "E.164"),
        ("phone_number=442079460018&message=Hello", "+442079460018"),
        (&format!("phone_number=%2B12025550101&message={}", "x".repeat(5000)), "4096"),
    ] {
        let (status, answer) = app.request(Method::POST, &format!("/api/whatsapp/test?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["detail"].as_str().is_some_and(|detail| detail.contains(word)), "{answer}");
    }
    assert_eq!(app.count("deliveries").await, 0);
    app.end().await;
}

async fn sessions_are_listed_and_cleared(backend: Backend) {
    let app = TestApp::start(backend).await;
    for text in ["hi", "1", "ORD-12345"] {
        app.says(OPERATOR, text).await;
    }
    let (status, sessions) = app.get("/api/whatsapp/sessions").await;
    assert_eq!((status, &sessions["total_sessions"]), (StatusCode::OK, &json!(1)));
    let session = &sessions["sessions"]["whatsapp:+12025550101"];
    assert_eq!((&session["state"], &session["data_keys"]), (&json!("create_defect.defect_type"), &json!(["order"])));
    assert_eq!(session["created_at"], "2026-01-18T14:30:22Z");
    for path in ["/api/whatsapp/sessions/+12025550101", "/api/whatsapp/sessions/whatsapp:%2B12025550101/"] {
        let (status, answer) = app.request(Method::DELETE, path).await;
        assert_eq!((status, answer), (StatusCode::OK, json!({"success": true, "message": "Session cleared"})));
        app.says(OPERATOR, "hi").await;
    }
    app.request(Method::DELETE, "/api/whatsapp/sessions/+12025550101").await;
    let (status, _) = app.request(Method::DELETE, "/api/whatsapp/sessions/+12025550101").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    app.end().await;
}

async fn without_the_token_nothing_is_shown(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "hi").await;
    for (method, path) in [
        (Method::GET, "/api/whatsapp/sessions"),
        (Method::DELETE, "/api/whatsapp/sessions/+12025550101"),
        (Method::POST, "/api/whatsapp/test?phone_number=+12025550101&message=x"),
    ] {
        for token in [None, Some(""), Some("wrong"), Some("an-admin-token-for-test"), Some("an-admin-token-for-tests-")]
        {
            let mut request = app.http.request(method.clone(), app.url(path)).header("x-forwarded-for", "127.0.0.1");
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let response = request.send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path} {token:?}");
            assert!(!response.text().await.expect("a body").contains(OPERATOR));
        }
    }
    let app = app.restart(&[("ANDON_ADMIN_TOKEN", "")]).await;
    let (status, _) = app.get("/api/whatsapp/sessions").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "no token set means nobody, not everybody");
    app.end().await;
}

async fn a_dormant_session_is_not_listed(backend: Backend) {
    let app = TestApp::with(backend, &[("WHATSAPP_SESSION_TIMEOUT", "60")]).await;
    app.says(OPERATOR, "hi").await;
    app.pass(chrono::TimeDelta::seconds(59)).await;
    assert_eq!(app.get("/api/whatsapp/sessions").await.1["total_sessions"], 1);
    app.pass(chrono::TimeDelta::seconds(2)).await;
    assert_eq!(app.get("/api/whatsapp/sessions").await.1["total_sessions"], 0);
    app.end().await;
}

async fn the_number_of_sessions_is_true_also_where_the_list_is_cut(backend: Backend) {
    let app = TestApp::start(backend).await;
    for phone in [OPERATOR, "+12025550102", "+12025550103"] {
        app.says(phone, "hi").await;
    }
    assert_eq!(app.get("/api/whatsapp/sessions").await.1["total_sessions"], 3);
    let (db, since) = (app.server.app.db.read(), beginning());
    let listed = store::live(db, since, 2).await.expect("the sessions can be read");
    assert_eq!((listed.len(), store::count_live(db, since).await.expect("they can be counted")), (2, 3));
    let later = since + chrono::TimeDelta::seconds(1);
    assert_eq!(store::count_live(db, later).await.expect("they can be counted"), 0);
    app.end().await;
}

async fn a_path_that_is_no_utf8_is_a_problem(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (status, problem) = app.request(Method::DELETE, "/api/whatsapp/sessions/%ff").await;
    assert_eq!((status, &problem["status"]), (StatusCode::BAD_REQUEST, &json!(400)), "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("UTF-8")), "{problem}");
    app.end().await;
}

async fn the_simulators_page_has_a_path_with_and_without_a_slash(backend: Backend) {
    let app = TestApp::start(backend).await;
    for path in ["/simulator", "/simulator/", "/simulator/?phone=1"] {
        let page = app.http.get(app.url(path)).send().await.expect("an answer");
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        assert!(page.text().await.expect("a page").contains("Andon simulator"), "{path}");
    }
    app.end().await;
}

async fn health_the_contract_and_its_page_are_there(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (status, health) = app.get("/health").await;
    assert_eq!((status, &health["status"], &health["database"]), (StatusCode::OK, &json!("ok"), &json!("ok")));
    let (status, contract) = app.get("/api/openapi.json").await;
    assert_eq!(status, StatusCode::OK);
    for path in
        ["/api/whatsapp/webhook", "/api/whatsapp/status", "/api/whatsapp/test", "/api/whatsapp/sessions", "/health"]
    {
        assert!(contract["paths"][path].is_object(), "{path} is in the contract");
    }
    let page = app.http.get(app.url("/docs/")).send().await.expect("an answer");
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.expect("a page");
    assert!(page.contains("swagger") && !page.contains("https://"), "vendored, no CDN");
    app.end().await;
}

async fn a_path_that_leads_nowhere_says_where_to_look(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (status, problem) = app.get("/api/nowhere").await;
    assert_eq!(
        (status, &problem["status"], &problem["title"]),
        (StatusCode::NOT_FOUND, &json!(404), &json!("Not Found"))
    );
    let (status, _) = app.request(Method::PUT, "/api/whatsapp/sessions").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    let (status, problem): (StatusCode, Value) = app.request(Method::DELETE, "/api/whatsapp/sessions/nobody").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    app.end().await;
}

async fn a_second_server_on_the_same_file_refuses_to_start(backend: Backend) {
    if backend != Backend::Sqlite {
        return; // the other databases are there to be shared
    }
    let app = TestApp::start(backend).await;
    let refused = app.second_server().await.expect("a second server on the same file");
    assert!(refused.contains("Another andon is running"), "{refused}");
    app.end().await;
}

async fn the_simulator_is_closed_to_tunnels_and_proxies(backend: Backend) {
    let app = TestApp::start(backend).await;
    let own = app.http.get(app.url("/simulator/api/phones")).send().await.expect("an answer");
    assert_eq!(own.status(), StatusCode::OK);
    for (name, value) in [
        ("host", "plant.example"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=::1"),
        ("origin", "https://plant.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        for path in [
            "/simulator",
            "/simulator/",
            "/simulator/api/phones",
            "/simulator/twilio/2010-04-01/Accounts/x/Messages.json",
        ] {
            let request = app.http.get(app.url(path)).header(name, value);
            assert_eq!(request.send().await.expect("an answer").status(), StatusCode::FORBIDDEN, "{path} with {name}");
        }
    }
    app.end().await;
}

async fn who_asks_too_often_without_a_token_waits(backend: Backend) {
    use crate::support::twilio::Form;
    let app = TestApp::with(backend, &[("ANDON_REQUEST_LIMIT", "4")]).await;
    let asks = async |path: &str, token: &str| {
        app.http.get(app.url(path)).bearer_auth(token).send().await.expect("the server answers")
    };
    for path in ["/health", "/api/whatsapp/sessions", "/api/openapi.json", "/nowhere"] {
        assert_ne!(asks(path, "wrong").await.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    for path in ["/health", "/api/whatsapp/sessions/", "/docs/", "/nowhere", "/"] {
        let refused = asks(path, "wrong").await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(refused.headers()["retry-after"], "15");
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
    }
    assert_eq!(app.get("/api/whatsapp/sessions").await.0, StatusCode::OK, "an admin is not limited");
    assert_eq!(asks("/simulator/", "wrong").await.status(), StatusCode::OK, "nor is the phone");
    for n in 0..6 {
        let form = Form::message(&format!("SM{n}"), OPERATOR, "hi");
        assert_eq!(form.post_for_status(&app).await, StatusCode::OK, "nor is the provider");
        assert_eq!(form.signed_with("wrong").post_for_status(&app).await, StatusCode::FORBIDDEN);
    }
    app.pass(TimeDelta::seconds(15)).await;
    assert_eq!(asks("/health", "wrong").await.status(), StatusCode::OK);
    app.end().await;
}
