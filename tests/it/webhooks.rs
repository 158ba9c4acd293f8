//! The door in: what is let in, what is turned away, and what is never doubled.

use crate::facts;
use crate::support::app::{ACCOUNT, OPERATOR, PLANT, TestApp, number};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::channels::{Inbound, Medium, Signal};
use reqwest::StatusCode;
use serde_json::Value;

facts!["webhooks":
    a_wrong_or_missing_signature_stores_nothing,
    rubbish_is_told_what_is_missing,
    a_body_over_the_limit_is_refused,
    whatever_a_signed_message_holds_it_is_answered,
    a_redelivered_webhook_changes_nothing,
    both_tokens_verify_during_rotation,
    without_a_token_every_webhook_is_refused,
    a_trailing_slash_is_no_redirect,
    a_bare_get_says_ok_and_a_signed_one_is_a_message,
    messages_of_one_person_are_handled_in_their_order,
    a_text_message_is_stored_and_harms_nothing,
    whatsapp_switched_off_is_said,
];

const SID: &str = "SM00000000000000000000000000000001";

async fn a_wrong_or_missing_signature_stores_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let forms = [
        Form::message(SID, OPERATOR, "hi").unsigned(),
        Form::message(SID, OPERATOR, "hi").signed_with("another token"),
        Form::status(SID, "0123", "delivered").unsigned(),
    ];
    for form in forms {
        let response = form.post(&app).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    assert_eq!(
        (app.count("messages").await, app.count("deliveries").await, app.count("conversations").await),
        (0, 0, 0)
    );
    app.end().await;
}

async fn rubbish_is_told_what_is_missing(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (form, missing) in [
        (Form::message(SID, OPERATOR, "hi").without("From"), "From"),
        (
            Form::message(SID, OPERATOR, "hi").without("MessageSid").without("SmsMessageSid").without("SmsSid"),
            "MessageSid",
        ),
        (Form::message(SID, OPERATOR, "hi").without("From").unsigned(), "From"),
    ] {
        let response = form.post(&app).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let problem: Value = response.json().await.expect("a problem in JSON");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(missing)), "{problem}");
        assert_eq!(problem["detail"], problem["error"]);
    }
    for body in ["", "{\"hello\": 1}", "%%%&&&===", "\u{0}\u{1}\u{2}"] {
        let response = app.http.post(app.url("/api/whatsapp/webhook")).body(body).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body:?}");
    }
    assert_eq!(app.count("messages").await, 0);
    app.end().await;
}

async fn a_body_over_the_limit_is_refused(backend: Backend) {
    let app = TestApp::start(backend).await;
    let response = Form::message(SID, OPERATOR, vec![b'a'; 256 * 1024]).post(&app).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(app.count("messages").await, 0);
    app.end().await;
}

async fn whatever_a_signed_message_holds_it_is_answered(backend: Backend) {
    let app = TestApp::start(backend).await;
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"   \r\n ".to_vec(),
        "x".repeat(100_000).into_bytes(),
        b"a\x00b\x01c\x1b[31m".to_vec(),
        b"\xff\xfe broken \xc3\x28".to_vec(),
        "مرحبا \u{202e}abc".as_bytes().to_vec(),
        "👨‍👩‍👧‍👦 🇿🇦 é ﬁ".as_bytes().to_vec(),
        b"'; DROP TABLE orders; --".to_vec(),
        b"{{ company }} {% raw %}".to_vec(),
        b"%s %d \\u0000".to_vec(),
    ];
    let all = bodies.len();
    for (index, body) in bodies.into_iter().enumerate() {
        let form = Form::message(&format!("SM{index:032}"), OPERATOR, body)
            .with("MessageType", if index % 2 == 0 { "text" } else { "from_the_future" });
        assert_eq!(form.post_for_status(&app).await, StatusCode::OK, "body {index}");
        app.settle().await;
        assert_eq!(app.bubbles(OPERATOR).len(), index + 1, "body {index} is answered once");
    }
    assert_eq!(app.count("messages").await, i64::try_from(all).expect("a small number"));
    app.end().await;
}

async fn a_redelivered_webhook_changes_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    for text in ["hi", "1", "ORD-12345", "1", "3"] {
        app.says(OPERATOR, text).await;
    }
    let form = Form::message(SID, OPERATOR, "Scratched");
    let (one, two, three) =
        tokio::join!(form.post_for_status(&app), form.post_for_status(&app), form.post_for_status(&app));
    assert_eq!([one, two, three], [StatusCode::OK; 3]);
    let before = app.count("tickets").await;
    app.settle().await;
    assert_eq!(form.post_for_status(&app).await, StatusCode::OK);
    app.settle().await;
    assert_eq!(app.count("tickets").await, before);
    assert_eq!(app.count("messages").await, 6);
    assert_eq!(app.bubbles(OPERATOR).len(), 6);
    assert!(app.bubbles(OPERATOR)[5].text.contains("Defect Report Created"));
    app.end().await;
}

async fn both_tokens_verify_during_rotation(backend: Backend) {
    let app = TestApp::with(backend, &[("TWILIO_AUTH_TOKEN_NEXT", "the-next-token")]).await;
    let next = Form::message(SID, OPERATOR, "hi").signed_with("the-next-token");
    assert_eq!(next.post_for_status(&app).await, StatusCode::OK);
    assert_eq!(Form::message("SM2", OPERATOR, "hi").post_for_status(&app).await, StatusCode::OK);
    assert_eq!(app.count("messages").await, 2);
    app.end().await;
}

async fn without_a_token_every_webhook_is_refused(backend: Backend) {
    let app = TestApp::with(backend, &[("TWILIO_AUTH_TOKEN", " "), ("ANDON_SIMULATOR", "false")]).await;
    assert_eq!(Form::message(SID, OPERATOR, "hi").signed_with("").post_for_status(&app).await, StatusCode::FORBIDDEN);
    assert_eq!(app.count("messages").await, 0);
    let (status, health) = app.get("/health").await;
    assert_eq!((status, &health["status"]), (StatusCode::OK, &Value::from("degraded")));
    assert!(
        health["degraded"][0].as_str().is_some_and(|text| text.contains("TWILIO_AUTH_TOKEN not configured")),
        "{health}"
    );
    app.end().await;
}

async fn a_trailing_slash_is_no_redirect(backend: Backend) {
    let app = TestApp::start(backend).await;
    let form = Form::message(SID, OPERATOR, "hi").at("/api/whatsapp/webhook/");
    let response = form.post(&app).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/xml; charset=utf-8");
    assert!(response.text().await.expect("a body").ends_with("<Response/>"));
    assert_eq!(app.count("messages").await, 1);
    let with_query = Form::message("SM2", OPERATOR, "hi").at("/api/whatsapp/webhook/?plant=1&x=%20y");
    assert_eq!(with_query.post_for_status(&app).await, StatusCode::OK);
    app.end().await;
}

async fn a_bare_get_says_ok_and_a_signed_one_is_a_message(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (status, body) = app.get("/api/whatsapp/webhook").await;
    assert_eq!((status, body), (StatusCode::OK, serde_json::json!({"status": "ok"})));
    let form = Form::message(SID, OPERATOR, "hi");
    assert_eq!(form.get(&app).await.status(), StatusCode::OK);
    assert_eq!(Form::message("SM2", OPERATOR, "hi").unsigned().get(&app).await.status(), StatusCode::FORBIDDEN);
    app.settle().await;
    assert_eq!((app.count("messages").await, app.bubbles(OPERATOR).len()), (1, 1));
    app.end().await;
}

async fn messages_of_one_person_are_handled_in_their_order(backend: Backend) {
    let app = TestApp::start(backend).await;
    let texts = ["hi", "1", "ord 12345", "internal reject", "high", "Scratched on the left"];
    let message = |index: usize, text: &str| {
        Signal::Message(Inbound {
            channel: "twilio",
            provider_id: format!("SM{index:032}"),
            medium: Medium::Whatsapp,
            from: number(OPERATOR).into(),
            to: Some(PLANT.to_owned()),
            text: text.to_owned(),
            kind: "text".to_owned(),
            media: Vec::new(),
            tapped: None,
            reply_to: None,
            profile_name: None,
            user_id: None,
            place: None,
            sent_at: None,
        })
    };
    let all = texts.iter().enumerate().map(|(index, text)| message(index, text)).collect();
    app.server.door.take(all).await.expect("all are stored");
    app.settle().await;
    let replies = app.replies(&number(OPERATOR));
    assert_eq!(replies.len(), texts.len());
    assert!(replies[0].starts_with("👋"), "{replies:#?}");
    assert!(replies[5].contains("Reference: DEF-20260118143022"), "{replies:#?}");
    app.end().await;
}

async fn a_text_message_is_stored_and_harms_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let form = Form::message(SID, OPERATOR, "hi").with("From", OPERATOR).with("To", PLANT).with("AccountSid", ACCOUNT);
    assert_eq!(form.without("WaId").without("MessageType").post_for_status(&app).await, StatusCode::OK);
    app.settle().await;
    assert_eq!(app.count("messages").await, 1, "it is stored");
    assert_eq!(app.count("deliveries").await, 0, "no channel here carries text messages, so none waits for ever");
    app.end().await;
}

async fn whatsapp_switched_off_is_said(backend: Backend) {
    let app = TestApp::with(backend, &[("ENABLE_WHATSAPP", "false")]).await;
    let response = Form::message(SID, OPERATOR, "hi").post(&app).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(app.count("messages").await, 0);
    app.end().await;
}
