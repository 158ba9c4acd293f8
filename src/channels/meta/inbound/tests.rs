//! What Meta sends, and what it becomes: shapes of its OpenAPI's examples and of captured traffic, numbers made
//! fictional.

use super::*;
use crate::channels::meta::canned::{NUMBER_ID, SECRET, channel};
use axum::http::{HeaderMap, Method};
use serde_json::json;
use url::Url;

const PERSON: &str = "447700900123";

fn posted(body: &[u8], secret: Option<&str>) -> Result<Vec<Signal>, Rejection> {
    let mut headers = HeaderMap::new();
    if let Some(secret) = secret {
        headers.insert(signature::HEADER, signature::sign(secret, body).parse().expect("a header's value"));
    }
    let webhook = Webhook {
        method: &Method::POST,
        path_and_query: "/api/whatsapp/webhook",
        public_urls: &[],
        headers: &headers,
        body,
    };
    accept(&channel(&Url::parse("http://127.0.0.1:9").expect("a URL")), &webhook)
}

fn change(value: Value) -> Value {
    let mut value = value;
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({"display_phone_number": "12025550100", "phone_number_id": NUMBER_ID});
    json!({"field": "messages", "value": value})
}

fn payload(changes: &[Value]) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "200000000000001", "changes": changes}]})
}

fn signals(payload: &Value) -> Vec<Signal> {
    posted(payload.to_string().as_bytes(), Some(SECRET)).expect("rightly signed")
}

/// A message with this content, as Meta sends it.
fn message(content: &Value) -> Value {
    let mut message = json!({"from": PERSON, "id": "wamid.HBgMNDQ3NzAw", "timestamp": "1768746622"});
    message.as_object_mut().expect("an object").extend(content.as_object().expect("an object").clone());
    let contacts = json!([{"profile": {"name": "Night shift"}, "wa_id": PERSON, "user_id": "GB.1349120865530274"}]);
    change(json!({"contacts": contacts, "messages": [message]}))
}

fn plain() -> Inbound {
    Inbound {
        channel: "meta",
        provider_id: "wamid.HBgMNDQ3NzAw".to_owned(),
        medium: Medium::Whatsapp,
        from: Handle::parse("+447700900123").expect("a number"),
        to: Some(NUMBER_ID.to_owned()),
        text: String::new(),
        kind: "text".to_owned(),
        media: Vec::new(),
        tapped: None,
        reply_to: None,
        profile_name: Some("Night shift".to_owned()),
        user_id: Some("GB.1349120865530274".to_owned()),
        place: None,
        sent_at: DateTime::from_timestamp(1_768_746_622, 0),
    }
}

fn photo(content_type: &str) -> Vec<Media> {
    let url = "meta://media/1166846181421424?sha256=3tUfEczXhQ4rsNLbu9FUdLyVNWTBHBLO5BPJOFBBPjM%3D".to_owned();
    vec![Media { url, content_type: content_type.to_owned() }]
}

#[test]
fn messages_become_signals() {
    let file = |kind: &str, mime: &str, more: Value| {
        let hash = "3tUfEczXhQ4rsNLbu9FUdLyVNWTBHBLO5BPJOFBBPjM=";
        let mut content = json!({"id": "1166846181421424", "mime_type": mime, "sha256": hash});
        content.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let mut message = json!({"type": kind});
        message[kind] = content;
        message
    };
    let tap = |kind: &str, answer: Value| {
        let mut interactive = json!({"type": kind});
        interactive[kind] = answer;
        json!({"type": "interactive", "interactive": interactive, "context": {"from": "12025550100", "id": "wamid.ours"}})
    };
    let tapped = |text: &str, tapped: Option<&str>, kind: &str| Inbound {
        text: text.to_owned(),
        tapped: tapped.map(str::to_owned),
        kind: kind.to_owned(),
        reply_to: Some("wamid.ours".to_owned()),
        ..plain()
    };
    let of = |kind: &str, text: &str| Inbound { kind: kind.to_owned(), text: text.to_owned(), ..plain() };
    let place =
        |label: Option<&str>| Some(Place { latitude: 52.5, longitude: -13.25, label: label.map(str::to_owned) });
    for (content, expected) in [
        (json!({"type": "text", "text": {"body": " hi 👋\n+ more "}}), of("text", " hi 👋\n+ more ")),
        (json!({"type": "text", "text": {"body": "a\u{0}b"}}), of("text", "a\u{fffd}b")),
        (json!({"type": "text"}), of("text", "")),
        (json!({"type": "text", "text": {"body": "yes"}, "context": {"forwarded": true}}), of("text", "yes")),
        (
            tap("button_reply", json!({"id": "approve:7", "title": "Approve"})),
            tapped("Approve", Some("approve:7"), "interactive"),
        ),
        (
            tap("list_reply", json!({"id": "1", "title": "Create Defect Report", "description": "x"})),
            tapped("Create Defect Report", Some("1"), "interactive"),
        ),
        (
            tap("nfm_reply", json!({"name": "flow", "body": "Sent", "response_json": "{}"})),
            tapped("Sent", None, "interactive"),
        ),
        (tap("hologram", json!(7)), tapped("", None, "interactive")),
        (
            json!({"type": "button", "button": {"payload": "approve:7", "text": "Approve"}, "context": {"id": "wamid.ours"}}),
            tapped("Approve", Some("approve:7"), "button"),
        ),
        (
            file("image", "image/jpeg", json!({"caption": "the crack"})),
            Inbound { media: photo("image/jpeg"), ..of("image", "the crack") },
        ),
        (
            file("audio", "audio/ogg; codecs=opus", json!({"voice": true})),
            Inbound { media: photo("audio/ogg"), ..of("audio", "") },
        ),
        (
            file("document", "application/pdf", json!({"filename": "report.pdf"})),
            Inbound { media: photo("application/pdf"), ..of("document", "") },
        ),
        (
            file("sticker", "image/webp", json!({"animated": false})),
            Inbound { media: photo("image/webp"), ..of("sticker", "") },
        ),
        (json!({"type": "image", "image": {"mime_type": "image/jpeg"}}), of("image", "")),
        (
            json!({"type": "location", "location": {"latitude": 52.5, "longitude": -13.25, "name": "Hall 3", "address": "Plant Road"}}),
            Inbound { place: place(Some("Hall 3, Plant Road")), ..of("location", "") },
        ),
        (
            json!({"type": "location", "location": {"latitude": 52.5, "longitude": -13.25}}),
            Inbound { place: place(None), ..of("location", "") },
        ),
        (json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "x"}}]}), of("contacts", "")),
        (json!({"type": "order", "order": {"catalog_id": "1"}}), of("order", "")),
        (json!({"type": "unsupported", "errors": [{"code": 131_051}]}), of("unsupported", "")),
        (json!({"type": "hologram", "hologram": {"body": "?"}}), of("hologram", "")),
        (json!({}), of("unknown", "")),
    ] {
        assert_eq!(signals(&payload(&[message(&content)])), [Signal::Message(expected)], "{content}");
    }
}

#[test]
fn what_nobody_wrote_is_harmless() {
    for content in [
        json!({"type": "reaction", "reaction": {"message_id": "wamid.ours", "emoji": "👍"}}),
        json!({"type": "reaction", "reaction": {"message_id": "wamid.ours"}}),
        json!({"type": "system", "system": {"type": "user_changed_number", "wa_id": "12025550142"}}),
        json!({"type": "edit", "edit": {}}),
        json!({"type": "revoke", "revoke": {}}),
        json!({"id": "", "type": "text", "text": {"body": "no id"}}),
        json!({"id": 7, "type": "text", "text": {"body": "no id"}}),
        json!({"from": "12025550100", "type": "text", "text": {"body": "our own number"}}),
    ] {
        assert_eq!(signals(&payload(&[message(&content)])), [], "{content}");
    }
    for whole in [
        json!({}),
        json!([]),
        json!({"entry": {"changes": 1}}),
        json!({"object": "page", "entry": [null, 7, {"changes": [null, {"field": 7}, {"field": "messages"}]}]}),
        payload(&[json!({"field": "account_alerts", "value": {"messages": [{"id": "1"}]}})]),
        payload(&[json!({"field": "message_template_status_update", "value": {"event": "APPROVED"}})]),
        payload(&[change(json!({"errors": [{"code": 130_429, "title": "Rate limit hit"}]}))]),
    ] {
        assert_eq!(signals(&whole), [], "{whole}");
    }
}

#[test]
fn another_numbers_messages_are_left_to_it() {
    let mut other = message(&json!({"type": "text", "text": {"body": "hi"}}));
    other["value"]["metadata"]["phone_number_id"] = "100000000000009".into();
    assert_eq!(signals(&payload(&[other])), []);
}

#[test]
fn somebody_who_hides_their_number_is_known_by_their_id() {
    let content = json!({"id": "wamid.1", "timestamp": "1768746622", "type": "text", "text": {"body": "hi"}});
    let contact = json!({"profile": {"name": "Night shift", "username": "night"}, "user_id": "GB.1349120865530274"});
    let mut named = content.clone();
    named["from_user_id"] = "GB.1349120865530274".into();
    for message in [content.clone(), named] {
        let got = signals(&payload(&[change(json!({"contacts": [contact], "messages": [message]}))]));
        let [Signal::Message(got)] = got.as_slice() else { panic!("one message, not {got:?}") };
        assert_eq!(got.from.as_str(), "GB.1349120865530274");
        assert_eq!(
            (got.user_id.as_deref(), got.profile_name.as_deref()),
            (Some("GB.1349120865530274"), Some("Night shift"))
        );
    }
    assert_eq!(signals(&payload(&[change(json!({"messages": [content]}))])), [], "nobody can be answered");
}

#[test]
fn a_thousand_updates_are_read_each_on_its_own() {
    let mut messages: Vec<Value> = (0..1_000)
        .map(|nth| json!({"from": PERSON, "id": format!("wamid.{nth}"), "type": "text", "text": {"body": "hi"}}))
        .collect();
    for (nth, broken) in [(3, json!(null)), (5, json!("x")), (7, json!({"id": "wamid.x"})), (9, json!({"type": []}))] {
        messages[nth] = broken;
    }
    let statuses = json!([{"status": "read"}, 7, {"id": "wamid.ours", "status": "delivered"}]);
    let whole = payload(&[json!(null), change(json!({"messages": messages, "statuses": statuses}))]);
    assert_eq!(signals(&whole).len(), 997);
    let half = whole.to_string().replacen("\"body\":\"hi\"", "\"body\":\"\\ud83d\"", 1);
    assert_eq!(
        posted(half.as_bytes(), Some(SECRET)).expect("rightly signed").len(),
        997,
        "half a character spoils nothing"
    );
}

#[test]
fn statuses_become_receipts_by_the_deliverys_own_token() {
    let receipt = |status, error_code, error_text: Option<&str>| {
        vec![Signal::Receipt(Receipt {
            channel: "meta",
            provider_id: "wamid.ours".to_owned(),
            token: Some("tok3n".to_owned()),
            from: Some((Medium::Whatsapp, NUMBER_ID.to_owned())),
            status,
            error_code,
            error_text: error_text.map(str::to_owned),
            category: None,
        })]
    };
    let billed = |status, category: &str| {
        let mut told = receipt(status, None, None);
        if let Some(Signal::Receipt(told)) = told.first_mut() {
            told.category = Some(category.to_owned());
        }
        told
    };
    let pricing = json!({"billable": true, "pricing_model": "PMP", "category": "utility"});
    let failed = |error: Value| json!({"status": "failed", "errors": [error]});
    let details = json!({"code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message",
        "error_data": {"details": "Message to +447700900123 failed to send because more than 24 hours have passed."}, "href": "x"});
    let words = "Message to +…123 failed to send because more than 24 hours have passed.";
    for (content, expected) in [
        (
            json!({"status": "sent", "conversation": {"id": "1", "origin": {"type": "utility"}}, "pricing": pricing}),
            billed(Status::Sent, "utility"),
        ),
        (json!({"status": "delivered", "pricing": pricing}), billed(Status::Delivered, "utility")),
        (
            json!({"status": "delivered", "pricing": {"billable": false, "category": "service"}}),
            billed(Status::Delivered, NOT_BILLED),
        ),
        (json!({"status": "delivered", "pricing": {"category": [1]}}), receipt(Status::Delivered, None, None)),
        (json!({"status": "read"}), receipt(Status::Read, None, None)),
        (json!({"status": "read", "errors": [{"code": 1}]}), receipt(Status::Read, None, None)),
        (failed(details), receipt(Status::Failed, Some(131_047), Some(words))),
        (
            failed(json!({"code": 131_053, "title": "Media upload error"})),
            receipt(Status::Failed, Some(131_053), Some("Media upload error")),
        ),
        (json!({"status": "failed"}), receipt(Status::Failed, None, None)),
        (json!({"status": "played"}), vec![]),
        (json!({"status": "deleted"}), vec![]),
        (json!({"status": "beamed"}), vec![]),
        (json!({}), vec![]),
    ] {
        let mut status = json!({"id": "wamid.ours", "timestamp": "1768746623", "recipient_id": PERSON,
            "recipient_user_id": "GB.1349120865530274", "biz_opaque_callback_data": "tok3n"});
        status.as_object_mut().expect("an object").extend(content.as_object().expect("an object").clone());
        assert_eq!(signals(&payload(&[change(json!({"statuses": [status]}))])), expected, "{content}");
    }
}

#[test]
fn what_is_not_signed_with_the_app_secret_is_turned_away() {
    let body = payload(&[message(&json!({"type": "text", "text": {"body": "hi"}}))]).to_string();
    for secret in [None, Some("another secret"), Some("")] {
        assert!(matches!(posted(body.as_bytes(), secret), Err(Rejection::Unproved(_))), "{secret:?}");
    }
    assert!(matches!(posted(b"MessageSid=SM1", Some(SECRET)), Err(Rejection::Malformed(_))));
    assert!(matches!(posted(b"MessageSid=SM1", None), Err(Rejection::Unproved(_))));
}
