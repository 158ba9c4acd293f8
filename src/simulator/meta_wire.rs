//! Requests to Andon as Meta makes them: JSON in the shapes of its examples, signed with the app's secret, with what is not
//! ASCII, and slashes, escaped as Meta escapes them.
//!
//! **Source** providers.md, section 6.

use super::state::Message;
use super::{Incoming, MetaSetup};
use crate::channels::Status;
use crate::kit::{E164, UserId};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What a made-up id of somebody begins with; their number follows.
const USER_ID: &str = "US.9";

/// The body of a message that a phone wrote.
pub(super) fn inbound(
    message: &Message,
    incoming: &Incoming,
    profile_name: &str,
    setup: &MetaSetup,
    sender: &E164,
) -> String {
    let (number, user_id) = (digits(&message.phone), user_id(&message.phone));
    let mut contact = json!({"profile": {"name": profile_name}, "user_id": user_id});
    let mut told =
        json!({"id": message.sid, "timestamp": message.created_at.timestamp().to_string(), "from_user_id": user_id});
    if !incoming.hides_number {
        contact["wa_id"] = number.into();
        told["from"] = number.into();
    }
    if let Some(quoted) = &message.quoted {
        told["context"] = json!({"from": digits(sender), "id": quoted});
    }
    let (kind, content) = content(message, incoming);
    told["type"] = kind.into();
    told[kind] = content;
    webhook(setup, sender, &json!({"contacts": [contact], "messages": [told]}))
}

fn content<'a>(message: &Message, incoming: &'a Incoming) -> (&'a str, Value) {
    if let Some(kind) = &incoming.kind {
        return (kind, json!({}));
    }
    if let Some(button) = &incoming.button {
        let answer = json!({"id": button.payload, "title": button.text});
        let kind = if button.is_row { "list_reply" } else { "button_reply" };
        return ("interactive", json!({"type": kind, kind: answer}));
    }
    if let Some(place) = &message.place {
        return ("location", json!({"latitude": place.latitude, "longitude": place.longitude, "name": place.label}));
    }
    let Some(file) = message.media.first() else { return ("text", json!({"body": message.text})) };
    let kind = match file.content_type.split('/').next() {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "document",
    };
    let mut content = json!({"id": file.sid, "mime_type": file.content_type});
    if let Some(bytes) = incoming.media.first() {
        content["sha256"] = super::meta_api::hash(&bytes.bytes).into();
    }
    if kind == "document" {
        content["filename"] = "document.pdf".into();
    }
    if !message.text.is_empty() {
        content["caption"] = message.text.as_str().into();
    }
    (kind, content)
}

/// The body of a status.
pub(super) fn status(message: &Message, status: Status, setup: &MetaSetup, sender: &E164) -> String {
    let word = match status {
        Status::Delivered => "delivered",
        Status::Read => "read",
        Status::Failed => "failed",
        _ => "sent",
    };
    let mut told = json!({
        "id": message.sid,
        "status": word,
        "timestamp": message.updated_at.timestamp().to_string(),
        "recipient_id": digits(&message.phone),
        "recipient_user_id": user_id(&message.phone),
    });
    if let Some(opaque) = &message.opaque {
        told["biz_opaque_callback_data"] = opaque.as_str().into();
    }
    match (&message.error, status) {
        (Some((code, text)), Status::Failed) => {
            told["errors"] = json!([{"code": code, "title": text, "message": text, "error_data": {"details": text}}]);
        }
        _ if message.is_template => {
            told["pricing"] =
                json!({"billable": true, "pricing_model": "PMP", "category": "utility", "type": "regular"});
        }
        _ => {
            told["pricing"] = json!({
                "billable": false, "pricing_model": "PMP", "category": "service", "type": "free_customer_service",
            });
        }
    }
    let contact = json!({"wa_id": digits(&message.phone), "user_id": user_id(&message.phone)});
    webhook(setup, sender, &json!({"contacts": [contact], "statuses": [told]}))
}

fn webhook(setup: &MetaSetup, sender: &E164, value: &Value) -> String {
    let mut value = value.clone();
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({"display_phone_number": digits(sender), "phone_number_id": setup.phone_number_id});
    let change = json!({"field": "messages", "value": value});
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": setup.account_id, "changes": [change]}]});
    escaped(&body.to_string())
}

/// Meta's way to write JSON.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '/' => escaped.push_str("\\/"),
            ascii if ascii.is_ascii() => escaped.push(ascii),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
    }
    escaped
}

fn digits(number: &E164) -> &str {
    number.as_str().trim_start_matches('+')
}

/// An id of somebody's, made up from the number.
pub(super) fn user_id(phone: &E164) -> String {
    format!("{USER_ID}{}", digits(phone))
}

/// Whose id this is.
pub(super) fn phone_of(id: &UserId) -> Option<E164> {
    id.as_str().strip_prefix(USER_ID).and_then(|digits| E164::parse(&format!("+{digits}")).ok())
}
