//! Everything that can be told to go wrong does so.

use super::*;

#[tokio::test]
async fn armed_sends_fail_as_told_and_then_all_is_well() {
    let (simulator, andon) = start().await;
    let cases = [
        (json!({"kind": "refuse", "code": 63016}), 400, Some(63016)),
        (json!({"kind": "refuse", "code": 20003}), 401, Some(20003)),
        (json!({"kind": "respond", "status": 429, "retry_after_s": 2}), 429, Some(20429)),
        (json!({"kind": "respond", "status": 503}), 503, None),
        (json!({"kind": "delay", "ms": 1}), 201, None),
    ];
    for (fault, expected, code) in cases {
        arm(&simulator, json!({"sends": {"next": 1, "fault": fault}})).await;
        let (status, answer) = send_text(&simulator, &andon, "x").await;
        assert_eq!((status.as_u16(), answer["code"].as_i64()), (expected, code), "{fault}");
    }
    simulator.settle().await;
    assert_eq!(simulator.transcript(&worker()).len(), 1, "only the delayed one went out");
    assert_eq!(send_text(&simulator, &andon, "well again").await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn an_answer_that_is_lost_may_hide_a_message_that_went_out() {
    let (simulator, andon) = start().await;
    arm(&simulator, json!({"sends": {"next": 1, "fault": {"kind": "respond", "status": 500, "taken": true}}})).await;
    let (status, _) = send_text(&simulator, &andon, "in doubt").await;
    simulator.settle().await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(simulator.transcript(&worker())[0].text, "in doubt");
    assert_eq!(andon.field("/api/whatsapp/status", "MessageStatus"), ["sent", "delivered"]);
}

#[tokio::test]
async fn a_silent_send_ends_without_an_answer() {
    let (simulator, andon) = start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url =
        format!("http://{}/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json", listener.local_addr().expect("bound"));
    let router = simulator.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    arm(&simulator, json!({"sends": {"next": 1, "fault": {"kind": "silent"}}})).await;
    let form = [("To", "whatsapp:+12025550101"), ("From", "whatsapp:+12025550100"), ("Body", "x")];
    let client = crate::kit::http::client().expect("a client");
    let request = client.post(url).basic_auth(ACCOUNT, Some(TOKEN)).form(&form);
    let error = request.send().await.expect_err("no answer");
    assert!(!error.is_connect() && error.status().is_none(), "{error:?}");
    assert!(simulator.transcript(&worker()).is_empty() && andon.told().is_empty());
}

#[tokio::test]
async fn a_late_failure_comes_by_callback_with_its_code() {
    let (simulator, andon) = start().await;
    for (code, statuses) in [(63016, &["undelivered"][..]), (30003, &["sent", "undelivered"][..])] {
        arm(&simulator, json!({"sends": {"next": 1, "fault": {"kind": "fail_later", "code": code}}})).await;
        let before = andon.told().len();
        assert_eq!(send_text(&simulator, &andon, "x").await.0, StatusCode::CREATED);
        simulator.settle().await;
        assert_eq!(andon.field("/api/whatsapp/status", "MessageStatus")[before..], *statuses);
        assert_eq!(andon.field("/api/whatsapp/status", "ErrorCode").last(), Some(&code.to_string()));
    }
}

#[tokio::test]
async fn a_shut_window_sends_free_text_back_until_the_phone_writes() {
    let (simulator, andon) = start().await;
    arm(&simulator, json!({"window": true})).await;
    send_text(&simulator, &andon, "too early").await;
    simulator.settle().await;
    simulator.say(&worker(), "hi").await;
    send_text(&simulator, &andon, "in time").await;
    simulator.settle().await;
    let outcome: Vec<_> = simulator.transcript(&worker()).iter().map(|b| (b.text.clone(), b.status)).collect();
    let expected = [("too early", Status::Failed), ("hi", Status::Delivered), ("in time", Status::Delivered)];
    assert_eq!(outcome, expected.map(|(text, status)| (text.to_owned(), status)));
}

#[tokio::test]
async fn webhooks_are_dropped_repeated_and_swapped_as_told() {
    let (simulator, andon) = start().await;
    let told = || andon.field("/api/whatsapp/webhook", "Body");
    arm(&simulator, json!({"webhooks": {"next": 1, "fault": {"kind": "drop"}}})).await;
    assert_eq!(simulator.say(&worker(), "lost").await.webhook, None);
    arm(&simulator, json!({"webhooks": {"next": 1, "fault": {"kind": "repeat", "times": 2}}})).await;
    simulator.say(&worker(), "thrice").await;
    arm(&simulator, json!({"webhooks": {"next": 2, "fault": {"kind": "reorder"}}})).await;
    simulator.say(&worker(), "first").await;
    simulator.say(&worker(), "second").await;
    simulator.settle().await;
    assert_eq!(told(), ["thrice", "thrice", "thrice", "second", "first"]);
    let sids = andon.field("/api/whatsapp/webhook", "MessageSid");
    assert_eq!((&sids[0], &sids[0]), (&sids[1], &sids[2]), "a repeated webhook is the same message");

    arm(&simulator, json!({"webhooks": {"next": 1, "fault": {"kind": "reorder"}}})).await;
    simulator.say(&worker(), "held").await;
    assert_eq!(told().len(), 5);
    simulator.set_faults(Faults::default()).await.expect("always within bounds");
    assert_eq!(told().last().map(String::as_str), Some("held"), "what was held goes when all is well again");
}

#[tokio::test]
async fn callbacks_are_dropped_repeated_and_turned_round_as_told() {
    let (simulator, andon) = start().await;
    let cases = [
        (json!({"kind": "drop"}), &[][..]),
        (json!({"kind": "repeat", "times": 1}), &["sent", "sent", "delivered", "delivered"][..]),
        (json!({"kind": "reorder"}), &["read", "delivered", "sent"][..]),
    ];
    for (fault, expected) in cases {
        let before = andon.told().len();
        arm(&simulator, json!({"callbacks": {"next": 1, "fault": fault}})).await;
        send_text(&simulator, &andon, "x").await;
        simulator.settle().await;
        assert_eq!(andon.field("/api/whatsapp/status", "MessageStatus")[before..], *expected, "{fault}");
    }
}

#[tokio::test]
async fn a_message_that_andon_does_not_take_says_so() {
    let (simulator, andon) = start().await;
    andon.answer(403, "");
    assert_eq!(simulator.say(&worker(), "hi").await.webhook, Some(403));
    let bubble = &simulator.transcript(&worker())[0];
    assert_eq!((bubble.status, bubble.note.as_deref()), (Status::Sent, Some("Not delivered: Andon answered 403.")));

    let nowhere = super::simulator("http://127.0.0.1:1/");
    assert_eq!(nowhere.say(&worker(), "hi").await.webhook, None);
    assert_eq!(nowhere.transcript(&worker())[0].note.as_deref(), Some("Not delivered: Andon did not answer."));
}
