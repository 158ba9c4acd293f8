//! Webhooks out: what happens reaches other programs, signed, and only where it may go.

pub(crate) mod calls;

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::receiver::{Got, HERE, Receiver};
use crate::support::user::User;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::StatusCode;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

facts!["webhooks_out":
    an_event_is_told_once_and_signed_by_the_standard,
    what_happened_before_is_not_told_and_what_is_committed_late_is,
    a_secret_is_changed_without_missing_a_call,
    with_another_key_no_call_is_made_and_it_says_why,
    only_addresses_that_may_be_called_are,
    what_is_wrong_with_a_webhook_is_told_by_field,
    there_are_fifty_webhooks_at_most,
    what_is_taken_away_is_told_nothing,
];

/// Makes a webhook for these kinds of events; answers with its id and its secret.
pub(crate) async fn webhook(admin: &User, url: &str, events: &[&str]) -> (i64, String) {
    let (status, made) = admin.post("/api/webhooks/", json!({"url": url, "events": events})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    (made["id"].as_i64().expect("a number"), made["secret"].as_str().expect("a secret").to_owned())
}

/// Something happens to a machine, so many times.
pub(super) async fn machines_change(admin: &User, times: usize) {
    for nth in 0..times {
        let location = format!("Hall {nth} {}", rand::random::<u32>());
        let (status, changed) = admin.patch("/api/machines/1/", json!({"location": location})).await;
        assert_eq!(status, StatusCode::OK, "{changed}");
    }
}

/// A plant with an admin whose webhooks may call a receiver here.
pub(super) async fn plant(backend: Backend) -> (TestApp, User, Receiver) {
    let app = TestApp::with(backend, &[HERE]).await;
    let admin = app.user("admin", Role::Admin).await;
    (app, admin, Receiver::start().await)
}

/// The calls of a webhook, the newest first.
pub(super) async fn calls(admin: &User, webhook: i64) -> Vec<Value> {
    let (status, page) = admin.get(&format!("/api/webhooks/{webhook}/calls/")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page["results"].as_array().expect("a list").clone()
}

async fn an_event_is_told_once_and_signed_by_the_standard(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    let (id, secret) = webhook(&admin, &receiver.url(), &["order.held"]).await;
    machines_change(&admin, 1).await;
    admin.post("/api/orders/1/hold/", json!({"reason": "Crack found"})).await;
    app.settle().await;
    app.settle().await;
    let got = receiver.got();
    assert_eq!(got.len(), 1, "{got:?}");
    assert_eq!((got[0].path.as_str(), got[0].header("content-type")), ("/hooks/andon?key=1", "application/json"));
    assert!(got[0].is_signed_with(&secret) && !got[0].is_signed_with("whsec_AAAA"));
    assert_eq!(got[0].header("webhook-timestamp"), app.clock.now().timestamp().to_string());
    let (_, events) = admin.get("/api/events/?name=order.held").await;
    let event = &events["results"][0];
    assert_eq!(got[0].body(), json!({"type": "order.held", "timestamp": event["at"], "data": event}));
    let told = calls(&admin, id).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["message_id"], got[0].header("webhook-id"));
    assert_eq!((&told[0]["event_id"], &told[0]["status"]), (&event["id"], &json!("DELIVERED")));
    assert_eq!((&told[0]["attempts"], &told[0]["last_status_code"]), (&json!(1), &json!(200)));
    assert_eq!(told[0]["last_answer"], "It   [31mhas its reasons");
    let (_, shown) = admin.get(&format!("/api/webhooks/{id}/")).await;
    assert!(shown["failing_since"].is_null() && shown["last_success_at"].is_string(), "{shown}");
    assert!(shown["secret"].is_null(), "a secret is shown once");
    app.end().await;
}

async fn what_happened_before_is_not_told_and_what_is_committed_late_is(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    machines_change(&admin, 3).await;
    let (id, _) = webhook(&admin, &receiver.url(), &["*"]).await;
    app.settle().await;
    let told: Vec<String> = receiver.got().iter().map(Got::event).collect();
    assert_eq!(told, ["webhook.created"]);
    // Rows' ids as several writers get them and commit them: not in their order.
    let connection = app.connection().await;
    for batch in [[5_001, 5_003], [5_002, 5_000], [5_004, 4_999]] {
        for row in batch {
            let event = format!(
                "INSERT INTO events (id, name, payload, at, door, subject_kind, subject_id) \
                 VALUES ({row}, 'machine.changed', '{{}}', '2026-01-18 14:30:22', 'JOB', 'machine', {row})"
            );
            connection.execute_unprepared(&event).await.expect("it is committed");
        }
        app.settle().await;
    }
    let mut told: Vec<i64> =
        receiver.got()[1..].iter().filter_map(|got| got.body()["data"]["subject_id"].as_i64()).collect();
    told.sort_unstable();
    assert_eq!(told, [4_999, 5_000, 5_001, 5_002, 5_003, 5_004], "each once");
    // While it is switched off it is told of nothing, and what happened meanwhile is not told later.
    admin.patch(&format!("/api/webhooks/{id}/"), json!({"is_active": false})).await;
    machines_change(&admin, 2).await;
    app.settle().await;
    let (_, shown) =
        admin.patch(&format!("/api/webhooks/{id}/"), json!({"is_active": true, "events": ["machine.changed"]})).await;
    assert_eq!(shown["events"], json!(["machine.changed"]));
    app.settle().await;
    assert_eq!(receiver.got().len(), 7);
    machines_change(&admin, 1).await;
    app.settle().await;
    assert_eq!(receiver.got().len(), 8);
    app.end().await;
}

async fn a_secret_is_changed_without_missing_a_call(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    let (id, old) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    let (status, rotated) = admin.post(&format!("/api/webhooks/{id}/rotate_secret/"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{rotated}");
    let new = rotated["secret"].as_str().expect("a secret");
    assert!(new != old && rotated["old_secret_until"].is_string(), "{rotated}");
    machines_change(&admin, 1).await;
    app.settle().await;
    let got = receiver.got();
    assert!(got[0].is_signed_with(&old) && got[0].is_signed_with(new));
    assert_eq!(got[0].header("webhook-signature").split(' ').count(), 2);
    app.pass(TimeDelta::days(1)).await;
    let admin = app.user("later", Role::Admin).await;
    machines_change(&admin, 1).await;
    app.settle().await;
    let got = receiver.got();
    assert!(!got[1].is_signed_with(&old) && got[1].is_signed_with(new));
    let (_, shown) = admin.get(&format!("/api/webhooks/{id}/")).await;
    assert!(shown["old_secret_until"].is_null(), "{shown}");
    app.end().await;
}

async fn with_another_key_no_call_is_made_and_it_says_why(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    let (id, _) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    let app = app.restart(&[HERE, ("ANDON_JWT_SECRET", "another key of thirty-two chars.")]).await;
    let admin = app.user("later", Role::Admin).await;
    machines_change(&admin, 1).await;
    app.settle().await;
    assert!(receiver.got().is_empty());
    let told = calls(&admin, id).await;
    assert_eq!(told[0]["status"], "PENDING");
    assert!(told[0]["problem"].as_str().is_some_and(|says| says.contains("ANDON_JWT_SECRET")), "{told:?}");
    let (_, rotated) = admin.post(&format!("/api/webhooks/{id}/rotate_secret/"), json!({})).await;
    app.pass(TimeDelta::seconds(6)).await;
    assert!(receiver.got()[0].is_signed_with(rotated["secret"].as_str().expect("a secret")));
    app.end().await;
}

async fn only_addresses_that_may_be_called_are(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, receiver) = (app.user("admin", Role::Admin).await, Receiver::start().await);
    let port = receiver.address.port();
    for (url, says) in [
        (format!("http://127.0.0.1:{port}/"), "must begin with https://"),
        (format!("https://127.0.0.1:{port}/"), "no public address"),
        (format!("https://2130706433:{port}/"), "no public address"),
        (format!("https://0177.1:{port}/"), "no public address"),
        (format!("https://[::ffff:7f00:1]:{port}/"), "no public address"),
        ("https://169.254.169.254/latest/meta-data/".to_owned(), "no public address"),
    ] {
        let (status, problem) = admin.post("/api/webhooks/", json!({"url": url, "events": ["*"]})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{url}");
        assert!(problem["errors"]["url"][0].as_str().is_some_and(|why| why.contains(says)), "{url}: {problem}");
    }
    // What a name leads to is known only when it is called.
    let (id, _) = webhook(&admin, &format!("https://localhost:{port}/"), &["order.held"]).await;
    let (status, test) = admin.post(&format!("/api/webhooks/{id}/test/"), json!({})).await;
    assert_eq!((status, &test["status"]), (StatusCode::ACCEPTED, &json!("PENDING")));
    app.settle().await;
    let (_, test) = admin.get(&format!("/api/webhooks/{id}/calls/{}/", test["id"])).await;
    assert_eq!((&test["status"], &test["attempts"]), (&json!("PARKED"), &json!(1)), "a test is tried once");
    let problem = test["problem"].as_str().expect("words");
    assert!(problem.contains("no public address") && problem.contains("ANDON_WEBHOOK_NETWORKS"), "{problem}");
    assert!(receiver.got().is_empty());
    // A setting that was taken back holds for webhooks that are there.
    let app = app.restart(&[HERE]).await;
    let admin = app.user("later", Role::Admin).await;
    let (id, _) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    let app = app.restart(&[]).await;
    let admin = app.user("even.later", Role::Admin).await;
    machines_change(&admin, 1).await;
    app.settle().await;
    let told = calls(&admin, id).await;
    assert!(told[0]["problem"].as_str().is_some_and(|says| says.contains("It was not called")), "{told:?}");
    assert!(receiver.got().is_empty());
    app.end().await;
}

async fn what_is_wrong_with_a_webhook_is_told_by_field(backend: Backend) {
    let (app, admin, _) = plant(backend).await;
    let good = "https://erp.plant.example/";
    for (body, field, says) in [
        (json!({"events": ["*"]}), "url", "is missing"),
        (json!({"url": "erp.plant.example", "events": ["*"]}), "url", "is no web address"),
        (json!({"url": "https://me:pw@erp.plant.example/", "events": ["*"]}), "url", "must not hold a user name"),
        (json!({"url": "https://erp.plant.example/#x", "events": ["*"]}), "url", "must not hold a fragment"),
        (json!({"url": format!("{good}{}", "x".repeat(2_000)), "events": ["*"]}), "url", "must have 1 to 2000"),
        (json!({"url": good}), "events", "is missing"),
        (json!({"url": good, "events": []}), "events", "must list 1 to 100"),
        (json!({"url": good, "events": "*"}), "events", "must be a list"),
        (json!({"url": good, "events": [7]}), "events", "must be text"),
        (json!({"url": good, "events": ["ticket.openned"]}), "events", "nearest are ticket.opened"),
        (json!({"url": good, "events": ["*"], "secret": "mine"}), "secret", "is not known here"),
    ] {
        let (status, problem) = admin.post("/api/webhooks/", body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        let why = problem["errors"][field][0].as_str().unwrap_or_default();
        assert!(why.contains(says), "{body}: {problem}");
        assert!(!problem.to_string().contains("pw@"), "what may be a secret is not repeated");
    }
    assert_eq!(app.count("webhooks").await, 0);
    for path in ["/api/webhooks/1/", "/api/webhooks/x/", "/api/webhooks/1/calls/", "/api/webhooks/1/calls/1/"] {
        assert_eq!(admin.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    app.end().await;
}

async fn there_are_fifty_webhooks_at_most(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    for _ in 0..50 {
        webhook(&admin, &receiver.url(), &["order.held"]).await;
    }
    let body = json!({"url": receiver.url(), "events": ["*"]});
    let (status, problem) = admin.post("/api/webhooks/", body).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    let (_, page) = admin.get("/api/webhooks/?page_size=20&count=true").await;
    assert_eq!((page["count"].as_i64(), page["results"].as_array().map(Vec::len)), (Some(50), Some(20)));
    let next = page["next"].as_str().expect("there is more").split_once("/api/").expect("a path").1;
    let (_, second) = admin.get(&format!("/api/{next}")).await;
    assert_eq!(second["results"][0]["id"].as_i64(), page["results"][19]["id"].as_i64().map(|id| id + 1));
    // All of them are told, beside one another.
    admin.post("/api/orders/1/hold/", json!({"reason": "Crack found"})).await;
    app.settle().await;
    assert_eq!(receiver.got().len(), 50);
    app.end().await;
}

async fn what_is_taken_away_is_told_nothing(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    let (id, _) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    let (other, _) = webhook(&admin, &receiver.url(), &["order.held"]).await;
    machines_change(&admin, 2).await;
    app.settle().await;
    receiver.answers_with(500, 1);
    machines_change(&admin, 1).await;
    app.settle().await;
    assert_eq!(admin.delete(&format!("/api/webhooks/{id}/")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&format!("/api/webhooks/{id}/")).await.0, StatusCode::NOT_FOUND);
    machines_change(&admin, 1).await;
    app.pass(TimeDelta::minutes(10)).await;
    assert_eq!(receiver.got().len(), 3, "what waited is not told either");
    assert_eq!(app.count("webhook_calls").await, 3);
    let gone = andon::housekeeping::once(&app.server.app).await.expect("the database answers");
    assert_eq!((gone.calls, app.count("webhook_calls").await, app.count("webhooks").await), (3, 0, 1));
    admin.post("/api/orders/1/hold/", json!({"reason": "Crack found"})).await;
    app.settle().await;
    assert_eq!(calls(&admin, other).await.len(), 1);
    app.pass(TimeDelta::days(30) + TimeDelta::seconds(1)).await;
    let gone = andon::housekeeping::once(&app.server.app).await.expect("the database answers");
    assert_eq!((gone.calls, app.count("webhook_calls").await), (1, 0));
    app.end().await;
}
