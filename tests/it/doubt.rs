//! What nobody knows: a message that the provider may have, a failure that is told later, a provider that is away.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::channels::Status;
use andon::simulator::{Faults, ListFault, PostFault, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use sea_orm::ConnectionTrait as _;

facts!["doubt":
    what_the_provider_took_before_the_line_broke_is_not_sent_again,
    what_the_provider_never_took_is_sent_after_half_a_minute,
    a_callback_spares_the_question,
    while_the_provider_cannot_be_asked_nothing_is_sent,
    two_of_the_same_text_are_told_apart,
    what_it_holds_in_doubt_keeps_its_line_in_order,
    a_found_message_that_failed_has_failed,
    a_passing_failure_told_later_is_tried_again,
    a_lasting_one_is_given_up_after_a_few_attempts,
    an_outage_before_it_was_taken_does_not_count,
    an_overtaken_reply_is_not_tried_again,
    what_goes_again_holds_nobody_up,
    a_failure_told_while_the_send_is_written_down_counts,
    a_failure_told_while_it_arrives_after_all_is_no_news,
    news_of_an_older_attempt_counts_only_if_it_arrived,
    a_provider_that_is_away_is_tried_with_one_message,
];

/// The attempts, oldest first: of which delivery, by age, and what became of them.
async fn attempts(app: &TestApp) -> Vec<(i64, String)> {
    let rows = app.rows("SELECT delivery_id, outcome FROM attempts ORDER BY id").await;
    let first = rows.iter().filter_map(|row| row.try_get::<i64>("", "delivery_id").ok()).min().unwrap_or(0);
    let outcome = |row: &sea_orm::QueryResult| row.try_get::<String>("", "outcome").expect("a text");
    rows.iter().map(|row| (row.try_get::<i64>("", "delivery_id").expect("a row") - first, outcome(row))).collect()
}

/// The statuses of the deliveries, oldest first.
async fn statuses(app: &TestApp) -> Vec<String> {
    let rows = app.rows("SELECT status FROM deliveries ORDER BY id").await;
    rows.iter().map(|row| row.try_get("", "status").expect("a text")).collect()
}

fn outcomes(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected.iter().map(|(delivery, outcome)| (*delivery, (*outcome).to_owned())).collect()
}

fn sends(next: u32, fault: SendFault) -> Faults {
    Faults { sends: Some(Rule { next, fault }), ..Faults::default() }
}

/// No answer to the next `next` messages, and no callbacks either.
fn silence(next: u32, taken: bool) -> Faults {
    let callbacks = taken.then_some(Rule { next, fault: PostFault::Drop });
    Faults { callbacks, ..sends(next, SendFault::Silent { taken }) }
}

async fn arm(app: &TestApp, faults: Faults) {
    app.simulator().set_faults(faults).await.expect("the faults are within bounds");
}

async fn send_test(app: &TestApp, message: &str) {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("phone_number", OPERATOR).append_pair("message", message);
    let (status, answer) = app.request(Method::POST, &format!("/api/whatsapp/test?{}", query.finish())).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

async fn what_the_provider_took_before_the_line_broke_is_not_sent_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, silence(1, true)).await;
    app.says(OPERATOR, "hi").await;
    app.pass(TimeDelta::seconds(29)).await;
    assert_eq!((statuses(&app).await, attempts(&app).await), (vec!["QUEUED".into()], outcomes(&[(0, "IN_DOUBT")])));
    app.pass(TimeDelta::seconds(2)).await;
    app.pass(TimeDelta::minutes(10)).await;
    assert_eq!(app.bubbles(OPERATOR).len(), 1);
    assert_eq!(attempts(&app).await, outcomes(&[(0, "ACCEPTED")]));
    assert_eq!(statuses(&app).await, ["DELIVERED"], "what the provider's list says of it");
    app.end().await;
}

async fn what_the_provider_never_took_is_sent_after_half_a_minute(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, silence(1, false)).await;
    app.says(OPERATOR, "hi").await;
    app.pass(TimeDelta::seconds(29)).await;
    assert!(app.bubbles(OPERATOR).is_empty());
    app.pass(TimeDelta::seconds(2)).await;
    assert_eq!(app.bubbles(OPERATOR).len(), 1);
    assert_eq!(attempts(&app).await, outcomes(&[(0, "NOT_TAKEN"), (0, "ACCEPTED")]));
    assert_eq!(statuses(&app).await, ["DELIVERED"]);
    app.end().await;
}

async fn a_callback_spares_the_question(backend: Backend) {
    let app = TestApp::start(backend).await;
    let unasked = Some(Rule { next: 9, fault: ListFault::Respond { status: 500 } });
    arm(&app, Faults { lists: unasked, ..sends(1, SendFault::Silent { taken: true }) }).await;
    app.says(OPERATOR, "hi").await;
    assert_eq!(statuses(&app).await, ["DELIVERED"]);
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!((app.bubbles(OPERATOR).len(), attempts(&app).await), (1, outcomes(&[(0, "ACCEPTED")])));
    assert_eq!(app.simulator().faults().lists, unasked, "nobody asked");
    app.end().await;
}

async fn while_the_provider_cannot_be_asked_nothing_is_sent(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mute = Some(Rule { next: 3, fault: ListFault::Respond { status: 503 } });
    arm(&app, Faults { lists: mute, ..silence(1, true) }).await;
    app.says(OPERATOR, "hi").await;
    for _ in 0..3 {
        app.pass(TimeDelta::seconds(31)).await;
        assert_eq!(attempts(&app).await, outcomes(&[(0, "IN_DOUBT")]));
    }
    app.pass(TimeDelta::minutes(2)).await;
    assert_eq!((app.bubbles(OPERATOR).len(), attempts(&app).await), (1, outcomes(&[(0, "ACCEPTED")])));
    app.end().await;
}

async fn two_of_the_same_text_are_told_apart(backend: Backend) {
    let app = TestApp::start(backend).await;
    let greeting = app.says(OPERATOR, "hi").await.remove(0);
    arm(&app, silence(1, false)).await;
    app.says(OPERATOR, "hi").await;
    arm(&app, silence(1, true)).await;
    send_test(&app, &greeting).await;
    app.settle().await;
    assert_eq!(app.bubbles(OPERATOR).len(), 2, "of two in doubt the provider has one");
    app.pass(TimeDelta::seconds(31)).await;
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(app.bubbles(OPERATOR).len(), 3, "so the other is sent, once");
    assert_eq!(statuses(&app).await, ["DELIVERED"; 3]);
    let taken = "SELECT DISTINCT provider_id AS sid FROM attempts WHERE outcome = 'ACCEPTED'";
    assert_eq!(app.rows(taken).await.len(), 3, "each attempt has a message of its own");

    arm(&app, silence(2, true)).await;
    app.says(OPERATOR, "hi").await;
    send_test(&app, &greeting).await;
    app.settle().await;
    app.pass(TimeDelta::seconds(31)).await;
    assert_eq!((app.bubbles(OPERATOR).len(), app.rows(taken).await.len()), (5, 5));
    app.end().await;
}

async fn what_it_holds_in_doubt_keeps_its_line_in_order(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, silence(1, false)).await;
    app.says(OPERATOR, "hi").await;
    assert!(app.says(OPERATOR, "2").await.is_empty());
    app.pass(TimeDelta::seconds(31)).await;
    let texts: Vec<String> = app.bubbles(OPERATOR).into_iter().map(|bubble| bubble.text).collect();
    assert!(texts.len() == 2 && texts[0].starts_with("👋") && texts[1].contains("Order Number"), "{texts:#?}");
    app.end().await;
}

async fn a_found_message_that_failed_has_failed(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, Faults { window: true, ..silence(1, true) }).await;
    send_test(&app, "Good morning.").await;
    app.settle().await;
    app.pass(TimeDelta::seconds(31)).await;
    assert_eq!(statuses(&app).await, ["FAILED"]);
    let row = app.rows("SELECT error_code FROM deliveries").await.remove(0);
    assert_eq!(row.try_get::<Option<i32>>("", "error_code").expect("a code"), Some(63016));
    app.end().await;
}

async fn a_passing_failure_told_later_is_tried_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(1, SendFault::FailLater { code: 63018 })).await;
    app.says(OPERATOR, "hi").await;
    assert_eq!((statuses(&app).await, attempts(&app).await), (vec!["QUEUED".into()], outcomes(&[(0, "FAILED")])));
    app.pass(TimeDelta::seconds(59)).await;
    assert_eq!(app.bubbles(OPERATOR).len(), 1);
    app.pass(TimeDelta::seconds(2)).await;
    let shown: Vec<Status> = app.bubbles(OPERATOR).into_iter().map(|bubble| bubble.status).collect();
    assert_eq!(shown, [Status::Failed, Status::Delivered]);
    assert_eq!(attempts(&app).await, outcomes(&[(0, "FAILED"), (0, "ACCEPTED")]));
    let row = app.rows("SELECT status, error_code FROM deliveries").await.remove(0);
    assert_eq!(row.try_get::<String>("", "status").expect("a text"), "DELIVERED");
    assert_eq!(row.try_get::<Option<i32>>("", "error_code").expect("a code"), None);
    assert_eq!(app.count("delivery_lines").await, 1, "its own line goes with it");
    app.end().await;
}

async fn a_lasting_one_is_given_up_after_a_few_attempts(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(20, SendFault::FailLater { code: 30003 })).await;
    app.says(OPERATOR, "hi").await;
    for _ in 0..8 {
        app.pass(TimeDelta::minutes(16)).await;
    }
    assert_eq!((statuses(&app).await, attempts(&app).await.len()), (vec!["FAILED".into()], 5));
    app.end().await;
}

async fn an_outage_before_it_was_taken_does_not_count(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(5, SendFault::Respond { status: 500, retry_after_s: None, taken: false })).await;
    app.says(OPERATOR, "hi").await;
    for _ in 0..4 {
        app.pass(TimeDelta::minutes(1)).await;
    }
    assert_eq!((statuses(&app).await, attempts(&app).await.len()), (vec!["QUEUED".into()], 5));
    arm(&app, sends(1, SendFault::FailLater { code: 63018 })).await;
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!((statuses(&app).await, attempts(&app).await.len()), (vec!["QUEUED".into()], 6), "taken once only");
    app.pass(TimeDelta::minutes(2)).await;
    assert_eq!((statuses(&app).await, attempts(&app).await.len()), (vec!["DELIVERED".into()], 7));
    app.end().await;
}

async fn an_overtaken_reply_is_not_tried_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(1, SendFault::FailLater { code: 63018 })).await;
    app.says(OPERATOR, "hi").await;
    assert_eq!(app.says(OPERATOR, "2").await.len(), 1, "the later message is answered at once");
    app.pass(TimeDelta::minutes(2)).await;
    assert_eq!((app.bubbles(OPERATOR).len(), statuses(&app).await), (2, vec!["CANCELLED".into(), "DELIVERED".into()]));
    app.end().await;
}

async fn what_goes_again_holds_nobody_up(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(1, SendFault::FailLater { code: 30003 })).await;
    send_test(&app, "First.").await;
    app.settle().await;
    send_test(&app, "Second.").await;
    app.settle().await;
    assert_eq!(statuses(&app).await, ["QUEUED", "DELIVERED"]);
    app.pass(TimeDelta::minutes(16)).await;
    let texts: Vec<String> = app.bubbles(OPERATOR).into_iter().map(|bubble| bubble.text).collect();
    assert_eq!(
        (texts, statuses(&app).await),
        (["First.", "Second.", "First."].map(str::to_owned).into(), vec!["DELIVERED".to_owned(); 2])
    );
    app.end().await;
}

async fn a_failure_told_while_the_send_is_written_down_counts(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_CHAT_ACCESS", "open")]).await;
    for round in 0..5 {
        arm(&app, sends(60, SendFault::FailLater { code: 30003 })).await;
        for n in 0..60 {
            let form = Form::message(&format!("SM{round:02}{n:030}"), &format!("+12025551{round}{n:02}"), "hi");
            assert_eq!(form.post_for_status(&app).await, StatusCode::OK);
        }
        app.settle().await;
        let lost = "SELECT id FROM deliveries WHERE status = 'SENDING'";
        assert_eq!(app.rows(lost).await.len(), 0, "all were told to have failed, in round {round}");
    }
    app.pass(TimeDelta::minutes(16)).await;
    assert_eq!(statuses(&app).await, ["DELIVERED"; 300]);
    app.end().await;
}

/// Two pieces of news of one message, taken in by two processes at once.
async fn a_failure_told_while_it_arrives_after_all_is_no_news(backend: Backend) {
    let waiting = match backend {
        Backend::Sqlite => return, // there they are taken in one after the other
        Backend::Postgres => "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        Backend::MariaDb => {
            "information_schema.global_status \
             WHERE variable_name = 'Innodb_row_lock_current_waits' AND variable_value > 0"
        }
    };
    let app = TestApp::start(backend).await;
    arm(&app, Faults { callbacks: Some(Rule { next: 1, fault: PostFault::Drop }), ..Faults::default() }).await;
    app.says(OPERATOR, "hi").await;
    let token: String = app.rows("SELECT token FROM deliveries").await[0].try_get("", "token").expect("a text");
    let sid = app.bubbles(OPERATOR)[0].sid.clone();
    let arriving = app.connection().await;
    arriving.execute_unprepared("BEGIN").await.expect("a transaction");
    let arrived = "UPDATE deliveries SET status = 'DELIVERED', status_rank = 5";
    arriving.execute_unprepared(arrived).await.expect("a change");
    let form = Form::status(&sid, &token, "undelivered").with("ErrorCode", "30003");
    let committing = async {
        while app.count(waiting).await == 0 {
            tokio::task::yield_now().await;
        }
        arriving.execute_unprepared("COMMIT").await.expect("it is written");
    };
    let (answer, ()) = tokio::join!(form.post_for_status(&app), committing);
    assert_eq!(answer, StatusCode::NO_CONTENT);
    assert_eq!((statuses(&app).await, attempts(&app).await), (vec!["DELIVERED".into()], outcomes(&[(0, "ACCEPTED")])));
    app.pass(TimeDelta::minutes(16)).await;
    assert_eq!((app.bubbles(OPERATOR).len(), app.count("delivery_lines").await), (1, 1), "it is not sent again");
    app.end().await;
}

async fn news_of_an_older_attempt_counts_only_if_it_arrived(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, sends(1, SendFault::FailLater { code: 63018 })).await;
    app.says(OPERATOR, "hi").await;
    arm(&app, Faults { callbacks: Some(Rule { next: 1, fault: PostFault::Drop }), ..Faults::default() }).await;
    let token: String = app.rows("SELECT token FROM deliveries").await[0].try_get("", "token").expect("a text");
    let first = app.bubbles(OPERATOR)[0].sid.clone();
    for (late, expected) in [("sent", "QUEUED"), ("undelivered", "QUEUED")] {
        let form = Form::status(&first, &token, late).with("ErrorCode", "63018");
        assert_eq!(form.post_for_status(&app).await, StatusCode::NO_CONTENT);
        assert_eq!(statuses(&app).await, [expected], "waits for its next attempt after {late}");
    }
    app.pass(TimeDelta::seconds(61)).await;
    for (late, expected) in [("sent", "SENDING"), ("failed", "SENDING"), ("delivered", "DELIVERED")] {
        assert_eq!(Form::status(&first, &token, late).post_for_status(&app).await, StatusCode::NO_CONTENT);
        assert_eq!(statuses(&app).await, [expected], "after a late {late}");
    }
    assert_eq!(app.bubbles(OPERATOR).len(), 2);
    app.end().await;
}

async fn a_provider_that_is_away_is_tried_with_one_message(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_CHAT_ACCESS", "open")]).await;
    arm(&app, sends(1_000, SendFault::Respond { status: 502, retry_after_s: None, taken: false })).await;
    for n in 0..30 {
        let form = Form::message(&format!("SM{n:032}"), &format!("+120255511{n:02}"), "hi");
        assert_eq!(form.post_for_status(&app).await, StatusCode::OK);
        app.settle().await;
    }
    assert_eq!(app.count("attempts").await, 20, "then it counts as away");
    let (_, health) = app.get("/health").await;
    assert!(health["degraded"][0].as_str().is_some_and(|text| text.contains("twilio is out")), "{health}");
    app.pass(TimeDelta::seconds(6)).await;
    assert_eq!(app.count("attempts").await, 21, "one is tried, the others wait");
    arm(&app, Faults::default()).await;
    app.pass(TimeDelta::seconds(6)).await;
    app.pass(TimeDelta::minutes(2)).await;
    assert_eq!(statuses(&app).await, ["DELIVERED"; 30]);
    assert_eq!(app.get("/health").await.1["status"], "ok");
    app.end().await;
}
