//! The way out: statuses, retries, order, and a channel that is out.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::channels::Status;
use andon::simulator::{Bubble, Faults, PostFault, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait as _, Statement};

facts!["deliveries":
    a_reply_is_followed_to_the_phone,
    a_late_sent_receipt_does_not_undo_delivered,
    callbacks_in_any_order_and_number_end_the_same,
    a_refused_reply_says_why,
    a_throttled_reply_is_sent_later_and_once,
    a_failure_told_later_is_kept_with_its_reason,
    a_waiting_reply_holds_up_its_own_line_only,
    wrong_credentials_raise_one_alarm_and_keep_the_queue,
    a_stale_reply_gives_way_to_the_answer_of_a_later_message,
    replies_of_a_long_outage_give_way_to_the_last_one,
    a_long_outage_of_the_channel_does_not_use_attempts_up,
    a_receipt_of_somebody_elses_message_is_harmless,
    a_number_in_a_receipt_is_no_key,
];

/// The deliveries, oldest first: token, status, attempts, error text.
async fn stored(app: &TestApp) -> Vec<(String, String, i32, String)> {
    let query = "SELECT token, status, attempts, COALESCE(error_text, '') AS error FROM deliveries ORDER BY id";
    let statement = Statement::from_string(app.server.app.db.backend(), query.to_owned());
    let rows = app.server.app.db.read().query_all_raw(statement).await.expect("the deliveries can be read");
    rows.into_iter()
        .map(|row| {
            let text = |column: &str| row.try_get::<String>("", column).expect("a text");
            (text("token"), text("status"), row.try_get("", "attempts").expect("a number"), text("error"))
        })
        .collect()
}

fn sends(next: u32, fault: SendFault) -> Faults {
    Faults { sends: Some(Rule { next, fault }), ..Faults::default() }
}

async fn arm(app: &TestApp, faults: Faults) {
    app.simulator().set_faults(faults).await.expect("the faults are within bounds");
}

async fn a_reply_is_followed_to_the_phone(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "hi").await;
    let (_, status, attempts, _) = stored(&app).await.remove(0);
    assert_eq!((status.as_str(), attempts), ("DELIVERED", 1));
    app.simulator().read(&number(OPERATOR));
    app.settle().await;
    assert_eq!(stored(&app).await[0].1, "READ");
    app.end().await;
}

async fn a_late_sent_receipt_does_not_undo_delivered(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "hi").await;
    let (token, ..) = stored(&app).await.remove(0);
    let sid = app.bubbles(OPERATOR)[0].sid.clone();
    for late in ["sent", "queued", "sending", "failed", "undelivered"] {
        assert_eq!(Form::status(&sid, &token, late).post_for_status(&app).await, StatusCode::NO_CONTENT);
        assert_eq!(stored(&app).await[0].1, "DELIVERED", "after a late {late}");
    }
    app.end().await;
}

async fn callbacks_in_any_order_and_number_end_the_same(backend: Backend) {
    let app = TestApp::start(backend).await;
    for fault in [PostFault::Reorder, PostFault::Repeat { times: 3 }, PostFault::Drop] {
        arm(&app, Faults { callbacks: Some(Rule { next: 1, fault }), ..Faults::default() }).await;
        app.says(OPERATOR, "hi").await;
    }
    let statuses: Vec<String> = stored(&app).await.into_iter().map(|delivery| delivery.1).collect();
    assert_eq!(statuses, ["READ", "DELIVERED", "SENDING"], "the provider took the third, and told nothing more");
    app.end().await;
}

async fn a_refused_reply_says_why(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(1, SendFault::Refuse { code: 21211 })).await;
    app.says(OPERATOR, "hi").await;
    let (_, status, attempts, error) = stored(&app).await.remove(0);
    assert_eq!((status.as_str(), attempts), ("FAILED", 1));
    assert!(!error.is_empty() && !error.contains(OPERATOR), "{error}");
    app.says(OPERATOR, "hi").await;
    assert_eq!(stored(&app).await[1].1, "DELIVERED", "the next reply is not held up");
    app.end().await;
}

async fn a_throttled_reply_is_sent_later_and_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(2, SendFault::Respond { status: 429, retry_after_s: Some(3), taken: false })).await;
    assert!(app.says(OPERATOR, "hi").await.is_empty());
    app.pass(TimeDelta::seconds(2)).await;
    assert!(app.bubbles(OPERATOR).is_empty(), "not before the time that the provider asked for");
    app.pass(TimeDelta::seconds(2)).await;
    app.pass(TimeDelta::seconds(4)).await;
    assert_eq!(app.bubbles(OPERATOR).len(), 1);
    let (_, status, attempts, _) = stored(&app).await.remove(0);
    assert_eq!((status.as_str(), attempts), ("DELIVERED", 1), "what was too much does not count");
    assert_eq!(app.count("attempts").await, 1);
    app.end().await;
}

async fn a_failure_told_later_is_kept_with_its_reason(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(1, SendFault::FailLater { code: 63015 })).await;
    app.says(OPERATOR, "hi").await;
    let (_, status, _, error) = stored(&app).await.remove(0);
    assert_eq!(status, "FAILED");
    assert!(error.contains("join"), "{error}");
    app.end().await;
}

async fn a_waiting_reply_holds_up_its_own_line_only(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(1, SendFault::Respond { status: 503, retry_after_s: Some(60), taken: false })).await;
    assert!(app.says(OPERATOR, "hi").await.is_empty());
    assert_eq!(app.says("+12025550102", "hi").await.len(), 1, "somebody else is answered");
    assert!(app.says(OPERATOR, "2").await.is_empty(), "the later reply waits for the earlier one");
    app.pass(TimeDelta::seconds(61)).await;
    let texts: Vec<String> = app.bubbles(OPERATOR).into_iter().map(|bubble: Bubble| bubble.text).collect();
    assert!(texts.len() == 2 && texts[0].starts_with("👋") && texts[1].contains("Order Number"), "{texts:#?}");
    app.end().await;
}

async fn wrong_credentials_raise_one_alarm_and_keep_the_queue(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(2, SendFault::Refuse { code: 20003 })).await;
    app.says(OPERATOR, "hi").await;
    for phone in ["+12025550102", "+12025550103"] {
        app.says(phone, "hi").await;
    }
    let (status, health) = app.get("/health").await;
    assert_eq!((status, health["status"].as_str()), (StatusCode::OK, Some("degraded")));
    assert!(health["degraded"][0].as_str().is_some_and(|text| text.contains("twilio")), "{health}");
    assert_eq!(health["queue"]["waiting"], 3, "nothing was burnt");
    app.pass(TimeDelta::seconds(31)).await; // still refused
    app.pass(TimeDelta::seconds(31)).await; // works again
    app.pass(TimeDelta::seconds(31)).await;
    let (_, health) = app.get("/health").await;
    assert_eq!((health["status"].as_str(), &health["queue"]["waiting"]), (Some("ok"), &0.into()), "{health}");
    assert_eq!(app.bubbles(OPERATOR).len(), 1);
    app.end().await;
}

async fn a_stale_reply_gives_way_to_the_answer_of_a_later_message(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(1, SendFault::Respond { status: 503, retry_after_s: Some(900), taken: false })).await;
    app.says(OPERATOR, "hi").await;
    app.pass(TimeDelta::minutes(11)).await;
    assert_eq!(app.says(OPERATOR, "2").await.len(), 1, "the later message is answered at once");
    let statuses: Vec<String> = stored(&app).await.into_iter().map(|delivery| delivery.1).collect();
    assert_eq!(statuses, ["CANCELLED", "DELIVERED"]);
    app.end().await;
}

async fn a_receipt_of_somebody_elses_message_is_harmless(backend: Backend) {
    let app = TestApp::start(backend).await;
    assert_eq!(Form::status("SM404", "no-such-token", "delivered").post_for_status(&app).await, StatusCode::NO_CONTENT);
    assert_eq!(Form::status("SM404", "", "no_such_status").post_for_status(&app).await, StatusCode::NO_CONTENT);
    assert_eq!(app.bubbles(OPERATOR).iter().filter(|bubble| bubble.status == Status::Read).count(), 0);
    app.end().await;
}

async fn a_number_in_a_receipt_is_no_key(backend: Backend) {
    let app = TestApp::start(backend).await;
    let supervisor = "+12025550102";
    for phone in [OPERATOR, supervisor] {
        app.says(phone, "hi").await;
    }
    let tokens: Vec<String> = stored(&app).await.into_iter().map(|delivery| delivery.0).collect();
    let sid = app.bubbles(OPERATOR)[0].sid.clone();
    // Both numbers are masked alike, and what is not masked is somebody else's.
    let read = Form::status(&sid, &tokens[0], "read")
        .with("ChannelToAddress", "+1202555XXXX")
        .with("To", &format!("whatsapp:{supervisor}"));
    assert_eq!(read.post_for_status(&app).await, StatusCode::NO_CONTENT);
    let masked = Form::status("SM404", "", "read").with("ChannelToAddress", "+1202555XXXX");
    assert_eq!(masked.post_for_status(&app).await, StatusCode::NO_CONTENT);
    let statuses: Vec<String> = stored(&app).await.into_iter().map(|delivery| delivery.1).collect();
    assert_eq!(statuses, ["READ", "DELIVERED"]);
    app.end().await;
}

async fn replies_of_a_long_outage_give_way_to_the_last_one(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(1, SendFault::Respond { status: 503, retry_after_s: Some(720), taken: false })).await;
    app.says(OPERATOR, "hi").await;
    app.pass(TimeDelta::minutes(5)).await;
    app.says(OPERATOR, "2").await;
    app.pass(TimeDelta::minutes(7)).await;
    let statuses: Vec<String> = stored(&app).await.into_iter().map(|delivery| delivery.1).collect();
    assert_eq!(statuses, ["CANCELLED", "DELIVERED"]);
    app.end().await;
}

async fn a_long_outage_of_the_channel_does_not_use_attempts_up(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(30, SendFault::Refuse { code: 20003 })).await;
    app.says(OPERATOR, "hi").await;
    for _ in 0..30 {
        app.pass(TimeDelta::seconds(31)).await;
    }
    let (_, status, attempts, _) = stored(&app).await.remove(0);
    assert_eq!((status.as_str(), attempts), ("DELIVERED", 1));
    app.end().await;
}
