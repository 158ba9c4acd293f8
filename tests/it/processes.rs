//! Two processes on one database, of which one is gone, for good or for a while.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::server::Server;
use andon::simulator::{Faults, PostFault, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::StatusCode;

facts!["processes":
    what_a_killed_process_had_is_taken_over_within_seconds,
    a_process_that_was_only_paused_tells_what_it_knows,
    a_process_that_was_only_paused_does_not_undo_its_successor,
    a_process_that_stops_leaves_nothing_behind,
];

/// The provider takes the next message at once, but its answer is late, and it tells nothing more of it.
async fn answer_late(app: &TestApp, ms: u64) {
    let sends = Some(Rule { next: 1, fault: SendFault::Delay { ms, taken: true } });
    let callbacks = Some(Rule { next: 1, fault: PostFault::Drop });
    let faults = Faults { sends, callbacks, ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("within bounds");
}

async fn hear(app: &TestApp, other: &Server, n: usize, phone: &str, text: &str) {
    let form = Form::message(&format!("SM{n:032}"), phone, text);
    assert_eq!(form.post_to(app, other.address).await, StatusCode::OK);
}

/// Until the provider has the first message of the other process.
async fn until_taken(app: &TestApp) {
    while app.bubbles(OPERATOR).is_empty() {
        tokio::task::yield_now().await;
    }
}

async fn outcomes(app: &TestApp) -> Vec<String> {
    let rows = app.rows("SELECT outcome FROM attempts ORDER BY id").await;
    rows.iter().map(|row| row.try_get("", "outcome").expect("a text")).collect()
}

async fn what_a_killed_process_had_is_taken_over_within_seconds(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let app = TestApp::start(backend).await;
    answer_late(&app, 30_000).await;
    let doomed = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let other = app.process_beside_in(&doomed).await;
    hear(&app, &other, 1, OPERATOR, "hi").await;
    let dispatcher = other.dispatcher.clone();
    doomed.spawn(async move { dispatcher.drain().await });
    until_taken(&app).await;
    hear(&app, &other, 2, OPERATOR, "2").await;
    hear(&app, &other, 3, "+12025550102", "hi").await;
    doomed.shutdown_background();

    app.settle().await;
    assert_eq!(app.bubbles("+12025550102").len(), 1, "what only waited goes on at once");
    app.pass(TimeDelta::seconds(5)).await;
    assert_eq!(outcomes(&app).await, ["STARTED", "ACCEPTED"], "a process may be silent for a moment");
    app.pass(TimeDelta::seconds(2)).await;
    assert_eq!(outcomes(&app).await, ["IN_DOUBT", "ACCEPTED"]);
    app.pass(TimeDelta::seconds(24)).await;
    let texts: Vec<String> = app.bubbles(OPERATOR).into_iter().map(|bubble| bubble.text).collect();
    assert!(texts.len() == 2 && texts[0].starts_with("👋") && texts[1].contains("Order Number"), "{texts:#?}");
    assert_eq!(outcomes(&app).await, ["ACCEPTED"; 3]);
    app.end().await;
}

async fn a_process_that_was_only_paused_tells_what_it_knows(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let app = TestApp::start(backend).await;
    let other = app.process_beside(&[]).await;
    answer_late(&app, 1_500).await;
    hear(&app, &other, 1, OPERATOR, "hi").await;
    let dispatcher = other.dispatcher.clone();
    let sending = tokio::spawn(async move { dispatcher.drain().await });
    until_taken(&app).await;
    app.pass(TimeDelta::seconds(7)).await;
    assert_eq!(outcomes(&app).await, ["IN_DOUBT"], "taken over");
    sending.await.expect("no panic").expect("recorded");
    assert_eq!(outcomes(&app).await, ["ACCEPTED"], "its answer counts all the same");
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!((app.bubbles(OPERATOR).len(), outcomes(&app).await.len()), (1, 1));
    hear(&app, &other, 2, OPERATOR, "2").await;
    other.settle().await.expect("it goes on under a new name");
    assert_eq!(app.bubbles(OPERATOR).len(), 2);
    other.stop().await.expect("it stops");
    app.end().await;
}

async fn a_process_that_was_only_paused_does_not_undo_its_successor(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let app = TestApp::start(backend).await;
    let other = app.process_beside(&[]).await;
    let lost = Some(Rule { next: 1, fault: SendFault::Delay { ms: 1_500, taken: false } });
    app.simulator().set_faults(Faults { sends: lost, ..Faults::default() }).await.expect("within bounds");
    hear(&app, &other, 1, OPERATOR, "hi").await;
    let dispatcher = other.dispatcher.clone();
    let sending = tokio::spawn(async move { dispatcher.drain().await });
    while app.simulator().faults().sends.is_some() {
        tokio::task::yield_now().await; // until the provider has been turned to
    }
    app.pass(TimeDelta::seconds(7)).await;
    // The successor's message fails for an hour; what the other comes to know meanwhile ends that.
    let busy =
        Some(Rule { next: 9, fault: SendFault::Respond { status: 429, retry_after_s: Some(600), taken: false } });
    app.simulator().set_faults(Faults { sends: busy, ..Faults::default() }).await.expect("within bounds");
    app.pass(TimeDelta::seconds(24)).await;
    assert_eq!(outcomes(&app).await, ["NOT_TAKEN", "RETRY"]);
    sending.await.expect("no panic").expect("recorded");
    app.settle().await;
    assert_eq!(outcomes(&app).await, ["ACCEPTED", "RETRY"]);
    app.simulator().set_faults(Faults::default()).await.expect("within bounds");
    app.pass(TimeDelta::minutes(20)).await;
    assert_eq!((app.bubbles(OPERATOR).len(), outcomes(&app).await.len()), (1, 2), "nothing is sent any more");
    other.stop().await.expect("it stops");
    app.end().await;
}

async fn a_process_that_stops_leaves_nothing_behind(backend: Backend) {
    let app = TestApp::running(backend, &[]).await;
    while app.count("processes").await == 0 {
        tokio::task::yield_now().await;
    }
    let app = app.restart(&[]).await;
    assert_eq!(app.count("processes").await, 0);
    app.end().await;
}
