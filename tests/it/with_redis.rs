//! Redis makes processes quicker to hear of each other and shows sessions to other tools; nothing depends on it.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::databases::Backend;
use crate::support::redis::Keyspace;
use crate::support::twilio::Form;
use andon::bus::Poke;
use andon::people::Role;
use andon::server::Server;
use andon::simulator::Incoming;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;

facts!["redis":
    a_live_session_is_copied_for_as_long_as_it_lives,
    a_cleared_session_leaves_redis,
    a_dormant_session_is_not_copied,
    sessions_are_copied_anew_when_redis_comes_back,
    a_poke_wakes_the_other_process,
    what_an_admin_changes_wakes_the_other_process,
    requests_count_in_every_process,
    failed_sign_ins_count_in_every_process,
    two_processes_send_no_faster_than_one,
    without_redis_each_process_keeps_the_pace_for_itself,
    redis_that_is_away_is_a_word_in_health_and_nothing_else,
    redis_that_never_answers_holds_nothing_up,
    redis_that_refuses_the_password_is_done_without,
];

const HOUR_MS: i64 = 3_600_000;

/// Waits until `/health` is as it should be; answers with what it says of Redis.
async fn until_health_is(app: &TestApp, status: &str) -> Option<String> {
    loop {
        let (code, health) = app.get("/health").await;
        assert_eq!(code, StatusCode::OK, "{health}");
        if health["status"] == status {
            return health["degraded"].as_array().and_then(|words| words.first()?.as_str().map(str::to_owned));
        }
        tokio::task::yield_now().await;
    }
}

async fn a_live_session_is_copied_for_as_long_as_it_lives(backend: Backend) {
    let redis = Keyspace::new().await;
    let app = TestApp::with(backend, &redis.settings()).await;
    app.says(OPERATOR, "hi").await;
    redis.until(OPERATOR, Some("MENU")).await;
    app.pass(TimeDelta::minutes(10)).await;
    for text in ["1", "ORD-12345"] {
        app.says(OPERATOR, text).await;
    }
    redis.until(OPERATOR, Some("create_defect.defect_type")).await;
    let (copy, life_ms) = redis.session(OPERATOR).await.expect("a copy");
    assert_eq!(
        copy,
        json!({
            "state": "create_defect.defect_type",
            "data": {"order": "ORD-12345"},
            "created_at": "2026-01-18T14:30:22Z",
            "updated_at": "2026-01-18T14:40:22Z",
        })
    );
    assert!((HOUR_MS - 120_000..=HOUR_MS).contains(&life_ms), "the time-out, which began just now: {life_ms}");
    app.end().await;
    redis.clear().await;
}

async fn a_cleared_session_leaves_redis(backend: Backend) {
    let redis = Keyspace::new().await;
    let app = TestApp::with(backend, &redis.settings()).await;
    app.says(OPERATOR, "hi").await;
    redis.until(OPERATOR, Some("MENU")).await;
    app.request(Method::DELETE, "/api/whatsapp/sessions/+12025550101").await;
    redis.until(OPERATOR, None).await;
    app.end().await;
    redis.clear().await;
}

async fn a_dormant_session_is_not_copied(backend: Backend) {
    let redis = Keyspace::new().await;
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "hi").await;
    app.pass(TimeDelta::minutes(61)).await;
    app.says("+12025550102", "hi").await;
    let app = app.restart(&redis.settings()).await;
    redis.until("+12025550102", Some("MENU")).await;
    assert_eq!(redis.session(OPERATOR).await, None);
    app.end().await;
    redis.clear().await;
}

async fn sessions_are_copied_anew_when_redis_comes_back(backend: Backend) {
    let redis = Keyspace::new().await;
    let app = TestApp::with(backend, &redis.settings()).await;
    for phone in [OPERATOR, "+12025550102"] {
        app.says(phone, "hi").await;
        redis.until(phone, Some("MENU")).await;
    }
    redis.proxy.cut();
    app.says(OPERATOR, "1").await;
    app.request(Method::DELETE, "/api/whatsapp/sessions/+12025550102").await;
    until_health_is(&app, "degraded").await;
    redis.proxy.mend();
    redis.until(OPERATOR, Some("create_defect.order")).await;
    redis.until("+12025550102", None).await;
    app.end().await;
    redis.clear().await;
}

/// How often this may be asked until it is refused; at most `most` times.
async fn asked_until_refused(request: impl Fn() -> reqwest::RequestBuilder, most: u32) -> u32 {
    let mut times = 1;
    while request().send().await.expect("the server answers").status() != StatusCode::TOO_MANY_REQUESTS {
        times += 1;
        assert!(times <= most, "it was never refused");
    }
    times
}

async fn requests_count_in_every_process(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // one process a file
    }
    let redis = Keyspace::new().await;
    let settings = [redis.settings().as_slice(), &[("ANDON_REQUEST_LIMIT", "200")]].concat();
    let first = TestApp::with(backend, &settings).await;
    let second = first.process_beside(&settings).await;
    until_both_hear(&first, &second).await;
    let there = format!("http://{}/api/openapi.json", second.address);
    assert_eq!(asked_until_refused(|| first.http.get(first.url("/api/openapi.json")), 300).await, 201);
    assert!(asked_until_refused(|| first.http.get(&there), 200).await <= 200, "before it counted so many itself");
    second.stop().await.expect("it stops");
    first.end().await;
    redis.clear().await;
}

async fn failed_sign_ins_count_in_every_process(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // one process a file
    }
    let redis = Keyspace::new().await;
    let first = TestApp::with(backend, &redis.settings()).await;
    let second = first.process_beside(&redis.settings()).await;
    until_both_hear(&first, &second).await;
    let wrong = json!({"username": "boss", "password": "not the password"});
    let there = format!("http://{}/api/auth/login/", second.address);
    assert_eq!(asked_until_refused(|| first.http.post(first.url("/api/auth/login/")).json(&wrong), 11).await, 11);
    assert!(asked_until_refused(|| first.http.post(&there).json(&wrong), 10).await <= 10);
    second.stop().await.expect("it stops");
    first.end().await;
    redis.clear().await;
}

async fn two_processes_send_no_faster_than_one(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // one process a file
    }
    let redis = Keyspace::new().await;
    let paced = [("ANDON_WHATSAPP_RATE", "10"), ("ANDON_CHAT_ACCESS", "open")];
    let settings = [redis.settings().as_slice(), &paced].concat();
    let first = TestApp::with(backend, &settings).await;
    let second = first.process_beside(&settings).await;
    until_both_hear(&first, &second).await;
    for n in 0..30 {
        let form = Form::message(&format!("SM{n:032}"), &format!("+447700900{n:03}"), "hi");
        assert_eq!(form.post_for_status(&first).await, StatusCode::OK);
    }
    let (began, mut by_second, mut count) = (std::time::Instant::now(), 0, 0);
    while count < 30 {
        by_second += second.dispatcher.drain().await.expect("the database answers");
        first.server.dispatcher.drain().await.expect("the database answers");
        // Redis goes by its own clock; this one says when it is asked again.
        first.clock.advance(TimeDelta::milliseconds(60));
        count = first.count("attempts").await;
    }
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(1_900), "30 at 10 a second, of which 10 at once: {took:?}");
    assert!(by_second > 0, "both send");
    assert_eq!(first.count("attempts WHERE outcome = 'ACCEPTED'").await, 30);
    second.stop().await.expect("it stops");
    first.end().await;
    redis.clear().await;
}

async fn without_redis_each_process_keeps_the_pace_for_itself(backend: Backend) {
    let redis = Keyspace::new().await;
    redis.proxy.cut();
    let settings = [redis.settings().as_slice(), &[("ANDON_WHATSAPP_RATE", "1/3")]].concat();
    let app = TestApp::with(backend, &settings).await;
    until_health_is(&app, "degraded").await;
    assert_eq!(app.says(OPERATOR, "hi").await.len(), 1);
    assert_eq!(app.says("+12025550102", "hi").await.len(), 0, "it is not its turn");
    app.pass(TimeDelta::seconds(3)).await;
    assert_eq!(app.bubbles("+12025550102").len(), 1);
    redis.proxy.mend();
    until_health_is(&app, "ok").await;
    app.pass(TimeDelta::seconds(3)).await;
    assert_eq!(app.says(OPERATOR, "2").await.len(), 1, "from here on Redis keeps it");
    app.end().await;
    redis.clear().await;
}

/// Waits until a poke of the first wakes the second: then they are connected.
async fn until_both_hear(first: &TestApp, second: &Server) {
    let bus = second.app.bus.clone();
    let woken = tokio::spawn(async move { bus.wait(Poke::Dispatch, Duration::from_hours(1)).await });
    // A poke may be lost while the second still connects: the timer is for that, and here a later one.
    while !woken.is_finished() {
        first.server.app.bus.poke(Poke::Dispatch);
        tokio::task::yield_now().await;
    }
}

async fn a_poke_wakes_the_other_process(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // one process a file
    }
    let redis = Keyspace::new().await;
    let first = TestApp::with(backend, &redis.settings()).await;
    let second = first.process_beside(&redis.settings()).await;
    until_both_hear(&first, &second).await;
    assert_eq!(first.simulator().send(Incoming::text(&number(OPERATOR), "hi")).await.webhook, Some(200));
    while second.dispatcher.drain().await.expect("the database answers") == 0 {
        second.app.bus.wait(Poke::Dispatch, Duration::from_hours(1)).await;
    }
    assert_eq!(first.bubbles(OPERATOR).len(), 1);
    second.stop().await.expect("the second stops");
    first.end().await;
    redis.clear().await;
}

async fn what_an_admin_changes_wakes_the_other_process(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // one process a file
    }
    let redis = Keyspace::new().await;
    let first = TestApp::with(backend, &redis.settings()).await;
    let (_, window) = first.at_a_window("boss", Role::Admin).await;
    let second = first.process_beside(&redis.settings()).await;
    until_both_hear(&first, &second).await;
    let text = [("language", "en"), ("seen", ""), ("act", "save"), ("text", "Pardon?")];
    let hours = ["answer_high", "answer_medium", "answer_low", "solution_high", "solution_medium", "solution_low"];
    let deadlines = hours.map(|field| (field, "9"));
    for (poke, path, fields) in [
        (Poke::Texts, "/messages/texts/chat.miss.menu", &text[..]),
        (Poke::Rules, "/settings/rules/deadlines_incident", &deadlines[..]),
    ] {
        let bus = second.app.bus.clone();
        let woken = tokio::spawn(async move { bus.wait(poke, Duration::from_hours(1)).await });
        let kept = window.post(path, fields).await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text());
        tokio::time::timeout(Duration::from_mins(1), woken).await.expect("it is woken").expect("no panic");
    }
    second.settle().await.expect("it looks");
    assert_eq!(second.app.wording().render("en", "chat.miss.menu", &json!(null)), "Pardon?");
    assert_eq!(second.app.rules(), first.server.app.rules());
    assert_ne!(*second.app.rules(), andon::config::Rules::of(&second.app.settings));
    second.stop().await.expect("the second stops");
    first.end().await;
    redis.clear().await;
}

async fn redis_that_is_away_is_a_word_in_health_and_nothing_else(backend: Backend) {
    let redis = Keyspace::new().await;
    redis.proxy.cut();
    let app = TestApp::with(backend, &redis.settings()).await;
    let told = until_health_is(&app, "degraded").await.unwrap_or_default();
    assert!(told.starts_with("Redis is away since 2026-01-18 14:30:22 UTC. Everything works without it"), "{told}");
    assert_eq!(app.says(OPERATOR, "hi").await.len(), 1);
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("MENU"));
    redis.proxy.mend();
    until_health_is(&app, "ok").await;
    app.end().await;
    redis.clear().await;
}

async fn redis_that_never_answers_holds_nothing_up(backend: Backend) {
    let deaf = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}", deaf.local_addr().expect("a bound address"));
    let app = TestApp::with(backend, &[("WHATSAPP_USE_REDIS", "true"), ("REDIS_URL", &url)]).await;
    for text in ["hi", "2", "ORD-12345"] {
        assert_eq!(app.says(OPERATOR, text).await.len(), 1);
    }
    until_health_is(&app, "degraded").await;
    app.end().await;
}

async fn redis_that_refuses_the_password_is_done_without(backend: Backend) {
    let redis = Keyspace::new().await;
    let mut settings = redis.settings().map(|(name, value)| (name, value.to_owned()));
    settings[1].1 = settings[1].1.replacen("redis://", "redis://nobody:a-wrong-password@", 1);
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let app = TestApp::with(backend, &settings).await;
    until_health_is(&app, "degraded").await;
    let (_, health) = app.get("/health").await;
    assert!(!health.to_string().contains("a-wrong-password"), "{health}");
    assert_eq!(app.says(OPERATOR, "hi").await.len(), 1);
    app.end().await;
    redis.clear().await;
}
