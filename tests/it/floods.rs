//! Somebody writes faster than people are answered.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::reconcile;
use andon::simulator::{Faults, PostFault, Rule};
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use sea_orm::ConnectionTrait as _;

facts!["floods":
    who_writes_too_fast_is_answered_late_in_order_and_nobody_else_waits,
    what_waits_is_answered_after_a_restart,
    what_waits_is_answered_once_by_two_processes,
    past_all_bounds_messages_are_kept_and_not_answered,
    opting_out_holds_in_a_flood_too,
    a_cleared_session_lets_go_of_what_waits,
    without_a_limit_nobody_waits,
    what_was_fetched_is_no_flood,
    a_message_that_can_never_be_answered_holds_up_no_other,
];

const OTHER: &str = "+12025550102";
const SLOW_DOWN: &str = "🐢";
const TOO_MUCH: &str = "✋";

/// Posts these texts one after the other, without time for an answer in between.
async fn pours(app: &TestApp, phone: &str, texts: impl IntoIterator<Item = impl Into<Vec<u8>>>) {
    for (n, text) in texts.into_iter().enumerate() {
        let form = Form::message(&format!("SM{}{n:020}", phone.trim_start_matches('+')), phone, text);
        assert_eq!(form.post_for_status(app).await, StatusCode::OK, "a signed message is always stored");
    }
    app.settle().await;
}

fn texts(app: &TestApp, phone: &str) -> Vec<String> {
    app.bubbles(phone).into_iter().map(|bubble| bubble.text).collect()
}

/// How many messages say this of themselves.
fn beginning_with(texts: &[String], beginning: &str) -> usize {
    texts.iter().filter(|text| text.starts_with(beginning)).count()
}

async fn who_writes_too_fast_is_answered_late_in_order_and_nobody_else_waits(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_SENDER_LIMIT", "3")]).await;
    let defects = app.count("defects").await;
    pours(&app, OPERATOR, ["hi", "2", "ORD-12345", "1", "ORD-12345", "return", "high", "It is bent."]).await;
    let before = texts(&app, OPERATOR);
    assert_eq!(before.len(), 4, "{before:#?}");
    assert!(before[2].contains("ORD-12345") && before[3].starts_with(SLOW_DOWN), "{before:#?}");
    assert_eq!(app.says(OTHER, "hi").await.len(), 1, "others are answered at once");
    app.pass(TimeDelta::seconds(20)).await;
    assert_eq!(texts(&app, OPERATOR).len(), 5, "one answer comes back in a third of a minute");
    assert!(app.says(OPERATOR, "hi").await.is_empty(), "what comes now waits behind the others");
    for _ in 0..5 {
        app.pass(TimeDelta::seconds(20)).await;
    }
    let after = texts(&app, OPERATOR);
    assert_eq!(after.len(), 10, "{after:#?}");
    assert!(after[8].contains("Defect Report Created") && after[9].starts_with("👋 Welcome"), "{after:#?}");
    assert_eq!(app.count("defects").await, defects + 1);
    assert_eq!((beginning_with(&after, SLOW_DOWN), app.count("waiting_messages").await), (1, 0));
    app.end().await;
}

async fn what_waits_is_answered_after_a_restart(backend: Backend) {
    let limit = [("ANDON_SENDER_LIMIT", "1")];
    let app = TestApp::with(backend, &limit).await;
    pours(&app, OPERATOR, ["hi", "3", "MACH-001"]).await;
    assert_eq!(app.count("waiting_messages").await, 2);
    let app = app.restart(&limit).await;
    app.settle().await;
    assert_eq!(app.count("waiting_messages").await, 2, "the limit is remembered");
    app.pass(TimeDelta::minutes(1)).await;
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("report_maintenance.issue_type"));
    assert_eq!(app.count("waiting_messages").await, 0);
    app.end().await;
}

async fn what_waits_is_answered_once_by_two_processes(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // one process a file
    }
    let limit = [("ANDON_SENDER_LIMIT", "2")];
    let app = TestApp::with(backend, &limit).await;
    let other = app.process_beside(&limit).await;
    pours(&app, OPERATOR, ["hi", "3", "MACH-001", "bearing", "high", "hi"]).await;
    for _ in 0..2 {
        app.clock.advance(TimeDelta::minutes(1));
        let (one, two) = tokio::join!(app.server.late.once(), other.late.once());
        assert_eq!(one.expect("it answers") + two.expect("it answers"), 2);
        app.settle().await;
    }
    let replies = texts(&app, OPERATOR);
    assert!(replies.len() == 7 && replies[5].contains("Maintenance Ticket Created"), "{replies:#?}");
    other.stop().await.expect("it stops");
    app.end().await;
}

async fn past_all_bounds_messages_are_kept_and_not_answered(backend: Backend) {
    let app = TestApp::start(backend).await;
    let flood: Vec<String> = (0..140).map(|n| format!("message {n}")).collect();
    pours(&app, OPERATOR, flood.clone()).await;
    assert_eq!((app.count("messages").await, app.count("waiting_messages").await), (140, 100));
    let replies = texts(&app, OPERATOR);
    assert_eq!(replies.len(), 32, "thirty answers, and two words about the rest");
    assert!(replies[30].starts_with(SLOW_DOWN) && replies[31].starts_with(TOO_MUCH), "{replies:#?}");
    pours(&app, OPERATOR, flood).await; // once more, as a provider may
    assert_eq!((app.count("messages").await, app.count("waiting_messages").await), (140, 100));
    for _ in 0..4 {
        app.pass(TimeDelta::minutes(1)).await;
    }
    assert_eq!((texts(&app, OPERATOR).len(), app.count("waiting_messages").await), (132, 0));
    assert_eq!(app.count("messages WHERE is_unanswered").await, 10);
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(app.says(OPERATOR, "menu").await.len(), 1, "and then everything is as before");
    app.end().await;
}

async fn opting_out_holds_in_a_flood_too(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_SENDER_LIMIT", "1")]).await;
    pours(&app, OPERATOR, (0..102).map(|n| format!("message {n}"))).await;
    assert!(app.says(OPERATOR, "STOP").await.is_empty());
    assert_eq!(app.count("addresses WHERE opted_out_at IS NOT NULL").await, 1);
    app.end().await;
}

async fn a_cleared_session_lets_go_of_what_waits(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_SENDER_LIMIT", "1")]).await;
    pours(&app, OPERATOR, ["hi", "1", "2", "3"]).await;
    let path = format!("/api/whatsapp/sessions/{OPERATOR}");
    assert_eq!(app.request(Method::DELETE, &path).await.0, StatusCode::OK);
    assert_eq!(app.count("waiting_messages").await, 0);
    assert_eq!(app.count("messages WHERE is_unanswered").await, 3);
    let replies = app.says(OPERATOR, "hi").await;
    assert!(replies.len() == 1 && replies[0].starts_with("👋"), "{replies:?}");
    app.end().await;
}

async fn without_a_limit_nobody_waits(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_SENDER_LIMIT", "0")]).await;
    pours(&app, OPERATOR, (0..40).map(|_| "hi")).await;
    assert_eq!((texts(&app, OPERATOR).len(), app.count("waiting_messages").await), (40, 0));
    app.end().await;
}

async fn what_was_fetched_is_no_flood(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_SENDER_LIMIT", "1")]).await;
    let fetch = async || reconcile::once(&app.server.app, &app.server.door).await.expect("the provider can be asked");
    fetch().await;
    let faults = Faults { webhooks: Some(Rule { next: 3, fault: PostFault::Drop }), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("within bounds");
    for text in ["hi", "2", "ORD-12345"] {
        app.says(OPERATOR, text).await;
        app.pass(TimeDelta::minutes(2)).await;
    }
    assert_eq!(fetch().await, 3);
    app.settle().await;
    app.pass(TimeDelta::minutes(1)).await;
    app.pass(TimeDelta::minutes(1)).await;
    let replies = texts(&app, OPERATOR);
    assert!(replies.len() == 3 && replies[2].contains("ORD-12345"), "nobody is told to slow down: {replies:#?}");
    app.end().await;
}

async fn a_message_that_can_never_be_answered_holds_up_no_other(backend: Backend) {
    if backend != Backend::Sqlite {
        return; // each database has triggers of its own kind
    }
    let app = TestApp::with(backend, &[("ANDON_SENDER_LIMIT", "1")]).await;
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON deliveries WHEN NEW.body LIKE '%66666%' \
                  BEGIN SELECT RAISE(ABORT, 'no'); END";
    app.connection().await.execute_unprepared(refuse).await.expect("the trigger is there");
    pours(&app, OPERATOR, ["hi", "2", "ORD-66666", "menu"]).await;
    pours(&app, OTHER, ["hi", "hi"]).await;
    for _ in 0..3 {
        app.pass(TimeDelta::minutes(1)).await;
    }
    assert_eq!(app.count("messages WHERE is_unanswered").await, 1);
    assert_eq!((app.count("waiting_messages").await, app.count("conversations WHERE waiting > 0").await), (0, 0));
    assert!(texts(&app, OPERATOR).last().is_some_and(|last| last.starts_with("👋")), "the one behind it is answered");
    assert_eq!(texts(&app, OTHER).len(), 3, "two answers and a word about the pace");
    app.end().await;
}
