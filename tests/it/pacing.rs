//! The pace of sending: as fast as a sender may, replies first, slower where the provider says so.

use crate::facts;
use crate::notifications::{change, raise};
use crate::support::app::{OPERATOR, PLANT, STRANGER, TestApp, number};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::channels::Medium;
use andon::delivery::store;
use andon::delivery::waiting::{self, Reason};
use andon::simulator::{Faults, Incoming, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};

facts!["pacing":
    a_slow_sender_sends_one_after_the_other_and_in_order,
    replies_go_before_notices_that_wait_for_their_turn,
    a_sender_that_was_too_fast_pauses_and_no_other_does,
    a_refusal_that_is_told_later_halves_the_rate,
    one_person_is_not_written_to_without_end,
    without_a_rate_everything_goes_at_once,
];

/// The plant, open to everybody, with this many messages in so many seconds.
async fn plant(backend: Backend, rate: &str) -> TestApp {
    TestApp::with(backend, &[("ANDON_CHAT_ACCESS", "open"), ("ANDON_WHATSAPP_RATE", rate)]).await
}

fn phone(n: usize) -> String {
    format!("+447700900{n:03}")
}

/// The n-th person writes; nothing is sent yet.
async fn hear(app: &TestApp, n: usize) {
    let form = Form::message(&format!("SM{n:032}"), &phone(n), "hi");
    assert_eq!(form.post_for_status(app).await, StatusCode::OK);
    app.clock.advance(TimeDelta::milliseconds(1));
}

/// To whom something was sent, in that order, one column of it.
async fn sent(app: &TestApp, column: &str) -> Vec<String> {
    let query = format!(
        "SELECT {column} AS told FROM attempts t JOIN deliveries d ON d.id = t.delivery_id \
         JOIN addresses a ON a.id = d.address_id ORDER BY t.id"
    );
    app.rows(&query).await.iter().map(|row| row.try_get("", "told").expect("a text")).collect()
}

async fn reasons(app: &TestApp) -> Vec<Reason> {
    let db = &app.server.app.db;
    let rows = store::what_waits(db.read(), 100, &app.server.app.channels).await.expect("the database answers");
    waiting::reasons(&rows, db.now(), |_| true)
}

async fn arm(app: &TestApp, fault: SendFault) {
    let faults = Faults { sends: Some(Rule { next: 1, fault }), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("the faults are within bounds");
}

async fn a_slow_sender_sends_one_after_the_other_and_in_order(backend: Backend) {
    let app = plant(backend, "1/3").await;
    for n in 0..4 {
        hear(&app, n).await;
    }
    app.settle().await;
    assert_eq!(sent(&app, "a.value").await, [phone(0)]);
    assert_eq!(reasons(&app).await, [Reason::Due, Reason::Paced, Reason::Paced]);
    for n in 1..4 {
        app.pass(TimeDelta::milliseconds(2_999)).await;
        assert_eq!(app.count("attempts").await, n, "one in three seconds, and nothing is tried in between");
        app.pass(TimeDelta::milliseconds(1)).await;
    }
    assert_eq!(sent(&app, "a.value").await, [0, 1, 2, 3].map(phone));
    app.end().await;
}

async fn replies_go_before_notices_that_wait_for_their_turn(backend: Backend) {
    let app = plant(backend, "1/3").await;
    change(&app, "UPDATE people SET username = LOWER(role) WHERE role IS NOT NULL AND language = 'en'").await;
    for title in ["First", "Second", "Third"] {
        raise(&app, title).await;
        app.clock.advance(TimeDelta::milliseconds(1));
    }
    app.settle().await;
    for n in 0..2 {
        hear(&app, n).await;
    }
    for _ in 0..4 {
        app.pass(TimeDelta::seconds(3)).await;
    }
    assert_eq!(sent(&app, "d.kind").await, ["NOTICE", "REPLY", "REPLY", "NOTICE", "NOTICE"]);
    app.end().await;
}

async fn a_sender_that_was_too_fast_pauses_and_no_other_does(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_CHAT_ACCESS", "open"), ("TWILIO_SMS_NUMBER", PLANT)]).await;
    arm(&app, SendFault::Respond { status: 429, retry_after_s: Some(60), taken: false }).await;
    for n in 0..3 {
        hear(&app, n).await;
        app.settle().await;
    }
    assert_eq!(app.count("attempts").await, 1, "the others wait and cost nothing");
    assert_eq!(reasons(&app).await, [Reason::Paced, Reason::Paced, Reason::Retry]);
    app.sends(Incoming { medium: Medium::Sms, ..Incoming::text(&number(STRANGER), "hi") }).await;
    assert_eq!(app.bubbles(STRANGER).len(), 1, "text messages go on");
    let elsewhere = Form::message("SM99999999999999999999999999999999", OPERATOR, "hi");
    let elsewhere = elsewhere.with("To", "whatsapp:+12025550111");
    assert_eq!(elsewhere.post_for_status(&app).await, StatusCode::OK);
    app.pass(TimeDelta::seconds(5)).await;
    let tried = "attempts t JOIN deliveries d ON d.id = t.delivery_id WHERE d.sender = '+12025550111'";
    assert_eq!(app.count(tried).await, 1, "and so does another number of ours");
    app.pass(TimeDelta::seconds(54)).await;
    assert!(app.bubbles(&phone(0)).is_empty() && app.bubbles(&phone(1)).is_empty(), "a minute was asked for");
    app.pass(TimeDelta::seconds(2)).await;
    for n in 0..3 {
        assert_eq!(app.bubbles(&phone(n)).len(), 1, "{n}");
    }
    let attempts = "deliveries WHERE kind = 'REPLY' AND attempts = 1";
    assert_eq!(app.count(attempts).await, 5, "the attempt that was too much does not count");
    app.end().await;
}

async fn a_refusal_that_is_told_later_halves_the_rate(backend: Backend) {
    let app = plant(backend, "20").await;
    arm(&app, SendFault::FailLater { code: 63018 }).await;
    app.says(OPERATOR, "hi").await;
    for n in 0..12 {
        let form = Form::message(&format!("SM{n:032}"), &phone(n), "hi");
        assert_eq!(form.post_for_status(&app).await, StatusCode::OK);
    }
    app.settle().await;
    assert_eq!(app.count("attempts").await, 2, "it goes on with one");
    app.pass(TimeDelta::seconds(1)).await;
    assert_eq!(app.count("attempts").await, 12, "and with ten a second");
    app.pass(TimeDelta::seconds(1)).await;
    assert_eq!(app.count("attempts").await, 13);
    app.end().await;
}

async fn one_person_is_not_written_to_without_end(backend: Backend) {
    let app = plant(backend, "1000").await;
    let path = format!("/api/whatsapp/test?phone_number=%2B{}&message=Hello", OPERATOR.trim_start_matches('+'));
    for _ in 0..47 {
        assert_eq!(app.request(Method::POST, &path).await.0, StatusCode::OK);
    }
    app.settle().await;
    assert_eq!(app.bubbles(OPERATOR).len(), 45);
    assert_eq!(app.says(STRANGER, "hi").await.len(), 1, "somebody else is answered");
    for count in [46, 47] {
        app.pass(TimeDelta::seconds(6)).await;
        assert_eq!(app.bubbles(OPERATOR).len(), count);
    }
    assert_eq!(app.count("attempts").await, 48, "nothing was tried in vain");
    app.end().await;
}

async fn without_a_rate_everything_goes_at_once(backend: Backend) {
    let app = plant(backend, "0").await;
    for n in 0..200 {
        hear(&app, n).await;
    }
    app.settle().await;
    assert_eq!(app.count("deliveries WHERE status = 'DELIVERED'").await, 200);
    app.end().await;
}
