//! What is lost when something is away: nothing.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::reconcile;
use andon::simulator::{Faults, Incoming, PostFault, Rule};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;

facts!["outages":
    a_message_whose_webhook_was_lost_is_fetched,
    what_came_while_andon_was_down_is_fetched_at_start,
    a_database_that_is_away_loses_nothing,
];

async fn catch_up(app: &TestApp) -> usize {
    let missed = reconcile::once(&app.server.app, &app.server.door).await.expect("the provider can be asked");
    app.settle().await;
    missed
}

async fn lose_webhooks(app: &TestApp, next: u32) {
    let faults = Faults { webhooks: Some(Rule { next, fault: PostFault::Drop }), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("within bounds");
}

async fn a_message_whose_webhook_was_lost_is_fetched(backend: Backend) {
    let app = TestApp::start(backend).await;
    assert_eq!(catch_up(&app).await, 0, "the first look only sets the mark");
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(app.says(OPERATOR, "hi").await.len(), 1);
    lose_webhooks(&app, 1).await;
    assert!(app.says(OPERATOR, "2").await.is_empty());
    app.pass(TimeDelta::minutes(5)).await;
    assert_eq!(catch_up(&app).await, 1);
    assert!(app.bubbles(OPERATOR)[1].text.contains("Order Number"));
    assert_eq!(catch_up(&app).await, 0, "and only once");
    assert_eq!((app.count("messages").await, app.bubbles(OPERATOR).len()), (2, 2));
    app.end().await;
}

async fn what_came_while_andon_was_down_is_fetched_at_start(backend: Backend) {
    let app = TestApp::start(backend).await;
    catch_up(&app).await;
    lose_webhooks(&app, 2).await;
    for text in ["hi", "2"] {
        app.pass(TimeDelta::minutes(1)).await;
        app.simulator().send(Incoming::text(&crate::support::app::number(OPERATOR), text)).await;
    }
    app.pass(TimeDelta::hours(3)).await;
    assert_eq!(catch_up(&app).await, 2);
    let texts: Vec<String> = app.bubbles(OPERATOR).into_iter().map(|bubble| bubble.text).collect();
    assert!(texts.len() == 2 && texts[0].starts_with("👋") && texts[1].contains("Order Number"), "{texts:?}");
    app.end().await;
}

async fn a_database_that_is_away_loses_nothing(backend: Backend) {
    let (app, database) = TestApp::with_a_database_to_take_away(backend).await;
    catch_up(&app).await;
    app.says(OPERATOR, "hi").await;
    database.take_away().await;
    let refused = Form::message("SM00000000000000000000000000000001", OPERATOR, "menu").post(&app).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    let text = refused.text().await.expect("a body");
    assert!(text.contains("database") && !text.contains("sqlx") && !text.contains("127.0.0.1"), "{text}");
    let (sent, replies) = app.sends_into_the_dark(OPERATOR, "2").await;
    assert_eq!((sent.webhook, replies), (Some(503), 0));
    if backend != Backend::Sqlite {
        let (status, health) = app.get("/health").await;
        assert_eq!((status, &health["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("down")));
    }
    database.bring_back().await;
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(catch_up(&app).await, 1, "what the provider received meanwhile is taken in");
    assert!(app.bubbles(OPERATOR)[1].text.contains("Order Number"));
    assert_eq!(app.get("/health").await.1["status"], "ok");
    app.end().await;
}
