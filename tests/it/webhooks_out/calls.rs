//! What becomes of calls: tried again, parked, made by one process, and made again where nobody knows how they ended.

use super::{calls, machines_change, plant, webhook};
use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::receiver::{HERE, Receiver, Reply};
use crate::watching::{doctor, figure, says};
use andon::doctor::Level;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;

facts!["webhooks_out_calls":
    what_fails_is_tried_again_under_the_same_id,
    after_a_day_a_call_is_parked_and_can_be_made_again,
    a_receiver_that_is_gone_is_called_no_more,
    a_redirect_is_not_followed,
    a_receiver_is_left_alone_as_long_as_it_asks,
    two_processes_make_no_call_twice,
    a_call_whose_end_nobody_wrote_down_is_made_again_under_the_same_id,
    a_slow_receiver_holds_up_nobody,
    the_doctor_and_the_figures_tell_what_fails,
];

async fn what_fails_is_tried_again_under_the_same_id(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    let (id, secret) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    receiver.answers_with(500, 1);
    machines_change(&admin, 1).await;
    app.settle().await;
    let told = calls(&admin, id).await;
    assert_eq!((&told[0]["status"], &told[0]["last_status_code"]), (&json!("PENDING"), &json!(500)));
    assert_eq!(told[0]["last_answer"], "It   [31mhas its reasons");
    assert!(told[0]["problem"].as_str().is_some_and(|says| says.contains("a fault of its own (500)")), "{told:?}");
    let (_, shown) = admin.get(&format!("/api/webhooks/{id}/")).await;
    assert_eq!((&shown["failing_since"], &shown["last_failure"]), (&told[0]["last_attempt_at"], &told[0]["problem"]));
    app.pass(TimeDelta::seconds(4)).await;
    assert_eq!(receiver.got().len(), 1);
    app.pass(TimeDelta::seconds(2)).await;
    let got = receiver.got();
    assert_eq!(got.len(), 2);
    assert!(got.iter().all(|got| got.is_signed_with(&secret)));
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    assert_ne!(got[0].header("webhook-timestamp"), got[1].header("webhook-timestamp"), "it is the attempt's");
    assert_eq!(got[0].bytes, got[1].bytes);
    let told = calls(&admin, id).await;
    assert_eq!((&told[0]["status"], &told[0]["attempts"]), (&json!("DELIVERED"), &json!(2)));
    assert!(told[0]["problem"].is_null() && told[0]["next_attempt_at"].is_null(), "{told:?}");
    let (_, shown) = admin.get(&format!("/api/webhooks/{id}/")).await;
    assert!(shown["failing_since"].is_null(), "{shown}");
    app.end().await;
}

async fn after_a_day_a_call_is_parked_and_can_be_made_again(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    let (id, _) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    receiver.answers_with(503, 100);
    machines_change(&admin, 1).await;
    for _ in 0..20 {
        app.pass(TimeDelta::minutes(150)).await;
    }
    let admin = app.user("later", Role::Admin).await;
    let told = calls(&admin, id).await;
    assert_eq!((told.len(), &told[0]["status"]), (1, &json!("PARKED")), "{told:?}");
    let attempts = receiver.got().len();
    assert!((10..20).contains(&attempts) && told[0]["attempts"] == attempts, "{attempts}");
    let (_, shown) = admin.get(&format!("/api/webhooks/{id}/")).await;
    assert!(shown["parked"] == 1 && shown["failing_since"].is_string() && shown["is_active"] == true, "{shown}");
    for (status, count) in [("PARKED", 1), ("PENDING", 0), ("DELIVERED", 0)] {
        let (_, page) = admin.get(&format!("/api/webhooks/{id}/calls/?status={status}&count=true")).await;
        assert_eq!(
            (page["results"].as_array().map(Vec::len), &page["count"]),
            (Some(count), &json!(count)),
            "{status}"
        );
    }
    assert_eq!(admin.get(&format!("/api/webhooks/{id}/calls/?status=LOST")).await.0, StatusCode::BAD_REQUEST);
    let call = &told[0]["id"];
    let (status, again) = admin.post(&format!("/api/webhooks/{id}/calls/{call}/retry/"), json!({})).await;
    assert_eq!((status, &again["status"]), (StatusCode::ACCEPTED, &json!("PENDING")), "{again}");
    app.settle().await;
    assert_eq!(calls(&admin, id).await[0]["status"], "PENDING", "it is tried for a day again");
    receiver.answers([]);
    app.pass(TimeDelta::seconds(6)).await;
    let told = calls(&admin, id).await;
    assert_eq!((&told[0]["status"], &told[0]["attempts"]), (&json!("DELIVERED"), &json!(attempts + 2)));
    let ids: BTreeSet<String> = receiver.got().iter().map(|got| got.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 1);
    app.end().await;
}

async fn a_receiver_that_is_gone_is_called_no_more(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    let (id, _) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    receiver.answers_with(410, 1);
    machines_change(&admin, 1).await;
    app.settle().await;
    let (_, shown) = admin.get(&format!("/api/webhooks/{id}/")).await;
    assert_eq!((&shown["is_active"], &shown["parked"]), (&json!(false), &json!(1)), "{shown}");
    let (_, events) = admin.get("/api/events/?name=webhook.switched_off").await;
    assert_eq!((&events["results"][0]["subject_id"], &events["results"][0]["actor"]), (&json!(id), &Value::Null));
    machines_change(&admin, 1).await;
    app.pass(TimeDelta::hours(1)).await;
    assert_eq!(receiver.got().len(), 1);
    let call = calls(&admin, id).await[0]["id"].clone();
    for path in [format!("/api/webhooks/{id}/test/"), format!("/api/webhooks/{id}/calls/{call}/retry/")] {
        let (status, problem) = admin.post(&path, json!({})).await;
        assert_eq!(status, StatusCode::CONFLICT, "{path}");
        assert!(problem["detail"].as_str().is_some_and(|says| says.contains("is_active")), "{problem}");
    }
    admin.patch(&format!("/api/webhooks/{id}/"), json!({"is_active": true})).await;
    let (status, _) = admin.post(&format!("/api/webhooks/{id}/test/"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    app.settle().await;
    assert_eq!(receiver.got()[1].body()["data"], json!({"webhook": id}));
    assert_eq!(receiver.got()[1].event(), "webhook.test");
    app.end().await;
}

async fn a_redirect_is_not_followed(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    let (id, _) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    receiver.answers([Reply::With(302, Some(("location", "/elsewhere")))]);
    machines_change(&admin, 1).await;
    app.settle().await;
    assert_eq!(receiver.got().len(), 1);
    let told = calls(&admin, id).await;
    assert_eq!((&told[0]["status"], &told[0]["last_status_code"]), (&json!("PENDING"), &json!(302)));
    assert!(told[0]["problem"].as_str().is_some_and(|says| says.contains("redirect")), "{told:?}");
    app.end().await;
}

async fn a_receiver_is_left_alone_as_long_as_it_asks(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    receiver.answers([Reply::With(429, Some(("retry-after", "600")))]);
    machines_change(&admin, 1).await;
    app.settle().await;
    app.pass(TimeDelta::seconds(599)).await;
    assert_eq!(receiver.got().len(), 1);
    app.pass(TimeDelta::seconds(122)).await;
    assert_eq!(receiver.got().len(), 2);
    app.end().await;
}

async fn two_processes_make_no_call_twice(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let (app, admin, receiver) = plant(backend).await;
    let other = app.process_beside(&[HERE]).await;
    let (id, _) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    machines_change(&admin, 40).await;
    let (one, two) = tokio::join!(app.server.caller.drain(), other.caller.drain());
    let _called = one.expect("the database answers") + two.expect("the database answers");
    app.settle().await;
    let ids: Vec<String> = receiver.got().iter().map(|got| got.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (40, 40));
    assert_eq!(app.count(&format!("webhook_calls WHERE webhook_id = {id} AND status = 'DELIVERED'")).await, 40);
    other.stop().await.expect("it stops");
    app.end().await;
}

async fn a_call_whose_end_nobody_wrote_down_is_made_again_under_the_same_id(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    let (id, _) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    receiver.answers([Reply::Late]);
    machines_change(&admin, 1).await;
    let doomed = tokio::spawn({
        let caller = app.server.caller.clone();
        async move { caller.drain().await }
    });
    receiver.until(1).await;
    let call = calls(&admin, id).await[0].clone();
    assert!(call["attempts"] == 1 && call["next_attempt_at"].is_null(), "{call}");
    let (status, _) = admin.post(&format!("/api/webhooks/{id}/calls/{}/retry/", call["id"]), json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "it is being made");
    doomed.abort();
    assert!(doomed.await.is_err_and(|error| error.is_cancelled()));
    receiver.lets_go();
    app.pass(TimeDelta::seconds(59)).await;
    assert_eq!(receiver.got().len(), 1, "it may still be under way");
    app.pass(TimeDelta::seconds(2)).await;
    let got = receiver.got();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    let call = &calls(&admin, id).await[0];
    assert_eq!((&call["status"], &call["attempts"]), (&json!("DELIVERED"), &json!(2)));
    app.end().await;
}

async fn a_slow_receiver_holds_up_nobody(backend: Backend) {
    const EVENTS: usize = 8;
    let app = TestApp::running(backend, &[HERE]).await;
    let admin = app.user("admin", Role::Admin).await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    webhook(&admin, &slow.url(), &["machine.changed"]).await;
    webhook(&admin, &quick.url(), &["machine.changed"]).await;
    slow.answers([Reply::Late; EVENTS]);
    machines_change(&admin, EVENTS).await;
    slow.until(4).await;
    quick.until(EVENTS).await;
    assert_eq!(slow.got().len(), 4, "it has four places");
    slow.lets_go();
    slow.until(EVENTS).await;
    app.end().await;
}

async fn the_doctor_and_the_figures_tell_what_fails(backend: Backend) {
    let (app, admin, receiver) = plant(backend).await;
    assert!(says(&doctor(&app, &[]).await, Level::Fine, "None are set up."));
    let (id, _) = webhook(&admin, &receiver.url(), &["machine.changed"]).await;
    let (well, _) = webhook(&admin, &receiver.url(), &["order.held"]).await;
    receiver.answers_with(503, 1);
    admin.post(&format!("/api/webhooks/{id}/test/"), json!({})).await;
    app.settle().await;
    admin.post(&format!("/api/webhooks/{well}/test/"), json!({})).await;
    app.settle().await;
    for (outcome, count) in [("parked", 1.0), ("delivered", 1.0)] {
        let name = format!("andon_webhook_calls_total{{outcome=\"{outcome}\"}}");
        assert_eq!(figure(&app, &name).await, Some(count), "{outcome}");
    }
    let report = doctor(&app, &[]).await;
    for found in
        ["fails since 2026-01-18 14:30 UTC: It has a fault of its own (503)", "has 1 call given up", "status=PARKED"]
    {
        assert!(says(&report, Level::Look, found), "{found}: {report:#?}");
    }
    assert!(says(&report, Level::Fine, "1 of 2 work."), "{report:#?}");
    assert!(!format!("{report:?}").contains("/hooks/andon"), "the report may be shown to others");
    app.end().await;
}
