//! Us → Meta: sending a message.
//!
//! `send` makes one attempt and says what may be done after a failure; it never sends twice by itself. Bodies that are
//! not JSON are survived. The token goes in a header, never into an address.
//!
//! **Source**: Meta's OpenAPI `business-messaging-api_v23.0` (`sendMessage`), and its page "Business-scoped user IDs".

use super::{MAX_CHARS, Meta, errors};
use crate::channels::taps::{Shown, shown};
use crate::channels::{Accepted, Choice, EnclosedKind, Named, Outbound, Place, Recipient, SendError, Status, Template};
use crate::kit::Handle;
use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const NO_TOKEN: &str = "WHATSAPP_ACCESS_TOKEN is not configured. It is the token of a system user, from Meta's \
                                   Business Settings (business.facebook.com) under Users > System users.";
pub(super) const NO_NUMBER: &str = "WHATSAPP_PHONE_NUMBER_ID is not configured. It is the id of your number, in Meta's App \
                                    Dashboard under WhatsApp > API Setup.";

/// The longest caption of a file. **Source**: Meta's page on media messages.
const MAX_CAPTION_CHARS: usize = 1_024;

/// Hands one message to Meta; see [`crate::channels::Channel::send`].
pub(super) async fn send(meta: &Meta, message: &Outbound) -> Result<Accepted, SendError> {
    let sender = meta.phone_number_id().ok_or_else(|| errors::not_configured(NO_NUMBER))?;
    let url = format!("{}/{sender}/messages", meta.api);
    let mut body = body(message)?;
    let answer = match ask(meta, |http| http.post(&url).json(&body)).await {
        Err(refused) if body["type"] == "interactive" && refused.code.is_some_and(is_about_parameters) => {
            tracing::warn!("choices cannot be shown, so the text goes alone: {refused}");
            as_text(&mut body, message);
            ask(meta, |http| http.post(&url).json(&body)).await?
        }
        answer => answer?,
    };
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| errors::unreadable())?;
    let provider_id = answer["messages"][0]["id"].as_str().filter(|id| !id.is_empty());
    let provider_id = provider_id.ok_or_else(errors::unreadable)?.to_owned();
    Ok(Accepted { provider_id, status: Status::Queued })
}

/// The message as Meta takes it; the delivery's token comes back with each of its statuses.
fn body(message: &Outbound) -> Result<Value, SendError> {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "biz_opaque_callback_data": message.token,
    });
    match &message.to {
        Recipient::Whatsapp(Handle::Number(number)) => body["to"] = number.as_str().trim_start_matches('+').into(),
        Recipient::Whatsapp(Handle::UserId(id)) => body["recipient"] = id.as_str().into(),
        Recipient::Sms(_) | Recipient::Email(_) => return Err(errors::refused_here(131_026)),
    }
    match &message.template {
        Some(template) => {
            let named = template.named.as_ref().ok_or_else(|| errors::refused_here(132_001))?;
            body["type"] = "template".into();
            body["template"] = filled_in(named, template);
        }
        None if message.text.chars().count() > MAX_CHARS => return Err(errors::refused_here(131_009)),
        None if message.text.chars().count() <= MAX_CAPTION_CHARS && !message.rich.files.is_empty() => {
            body_of_file(&mut body, message);
        }
        None => {
            if let Some(Place { latitude, longitude, label }) = &message.rich.place {
                body["type"] = "location".into();
                body["location"] = json!({"latitude": latitude, "longitude": longitude, "name": message.text});
                if let Some(label) = label {
                    body["location"]["address"] = label.as_str().into();
                }
            } else if let Some(shown) = shown(message) {
                body["type"] = "interactive".into();
                body["interactive"] = interactive(&shown);
            } else {
                as_text(&mut body, message);
            }
        }
    }
    Ok(body)
}

fn as_text(body: &mut Value, message: &Outbound) {
    if let Some(fields) = body.as_object_mut() {
        fields.remove("interactive");
    }
    body["type"] = "text".into();
    body["text"] = json!({"body": message.text, "preview_url": false});
}

/// Whether a code says that what a message is made of is at fault: then nothing was sent.
fn is_about_parameters(code: i32) -> bool {
    matches!(code, 100 | 131_008 | 131_009)
}

/// Choices as Meta shows them: reply buttons, or a list.
fn interactive(Shown { text, opens, options }: &Shown) -> Value {
    let Some(opens) = opens else {
        let button = |option: &Choice| json!({"type": "reply", "reply": {"id": option.id, "title": option.title}});
        let buttons: Vec<Value> = options.iter().map(button).collect();
        return json!({"type": "button", "body": {"text": text}, "action": {"buttons": buttons}});
    };
    let row = |option: &Choice| {
        let mut row = json!({"id": option.id, "title": option.title});
        if let Some(description) = &option.description {
            row["description"] = description.as_str().into();
        }
        row
    };
    let rows: Vec<Value> = options.iter().map(row).collect();
    json!({"type": "list", "body": {"text": text}, "action": {"button": opens, "sections": [{"rows": rows}]}})
}

/// Marks a message as read, and shows for a while, or until the answer comes, that one is being written.
pub(super) async fn show_reading(meta: &Meta, provider_id: &str) -> Result<(), SendError> {
    let sender = meta.phone_number_id().ok_or_else(|| errors::not_configured(NO_NUMBER))?;
    let url = format!("{}/{sender}/messages", meta.api);
    let body = json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": provider_id,
        "typing_indicator": {"type": "text"},
    });
    ask(meta, |http| http.post(&url).json(&body)).await.map(drop)
}

/// The first file, with the text as its caption; a message holds one.
fn body_of_file(body: &mut Value, message: &Outbound) {
    let Some(file) = message.rich.files.first() else { return };
    let mut shown = json!({"link": file.link, "caption": message.text});
    let kind = match file.kind {
        EnclosedKind::Image => "image",
        EnclosedKind::Document => {
            shown["filename"] = file.name.clone().into();
            "document"
        }
    };
    body["type"] = kind.into();
    body[kind] = shown;
}

fn filled_in(named: &Named, template: &Template) -> Value {
    let values = template.variables.iter().map(|value| json!({"type": "text", "text": on_one_line(value)}));
    let values: Vec<Value> = values.collect();
    let mut filled = json!({"name": named.name, "language": {"code": named.language}});
    if !values.is_empty() {
        filled["components"] = json!([{"type": "body", "parameters": values}]);
    }
    filled
}

/// A value holds no line ends, no tabs and no wide gaps, or Meta refuses the whole message (132018).
fn on_one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asks Meta; the answer's body where it is a success.
pub(super) async fn ask(
    meta: &Meta,
    request: impl FnOnce(&reqwest::Client) -> RequestBuilder,
) -> Result<Vec<u8>, SendError> {
    let token = meta.access_token().ok_or_else(|| errors::not_configured(NO_TOKEN))?;
    let request = request(&meta.http).bearer_auth(token);
    let response = request.send().await.map_err(|error| errors::not_answered(&error))?;
    let (status, wait) = (response.status(), retry_after(&response));
    let body = response.bytes().await;
    if status.is_success() {
        body.map(|bytes| bytes.to_vec()).map_err(|error| errors::not_answered(&error))
    } else {
        Err(errors::refused(status.as_u16(), wait, &body.unwrap_or_default()))
    }
}

/// How long Meta asks to wait.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
