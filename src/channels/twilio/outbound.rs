//! Us → Twilio: sending a message.
//!
//! `send` makes one attempt and says what may be done after a failure; it never sends twice by itself, save
//! that a refused token is followed by the next one during a rotation. Bodies that are not JSON are survived.
//!
//! Source: Twilio's OpenAPI (`Messages.json`).

use super::inbound::status_named;
use super::{MAX_CHARS, Twilio, choices, errors, written};
use crate::channels::{Accepted, Medium, Outbound, Place, Recipient, SendError, Status, Template};
use crate::config::SmsSender;
use crate::kit::{E164, Handle};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{RequestBuilder, StatusCode, header::RETRY_AFTER};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) const NO_CREDENTIALS: &str = "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN not configured. Both are in the Twilio Console \
                              (console.twilio.com) under Account Info.";
const NO_SENDER: &str = "TWILIO_WHATSAPP_NUMBER not configured. It is the number of your WhatsApp sender in the Twilio \
                         Console; for the Sandbox +14155238886.";
const NO_SMS_SENDER: &str = "Neither TWILIO_SMS_NUMBER nor TWILIO_MESSAGING_SERVICE_SID configured. One of them says from \
                             what text messages come; both are in the Twilio Console.";

/// Hands one message to Twilio; see [`crate::channels::Channel::send`].
pub(super) async fn send(twilio: &Twilio, message: &Outbound) -> Result<Accepted, SendError> {
    let messages = messages_url(twilio)?;
    let (to, sender) = (recipient(message)?, sender(twilio, message)?);
    let mut form = vec![("To", to), sender];
    let content = message.made.clone().zip(choices::variables(message));
    if let Some(template) = &message.template {
        form.push(("ContentSid", template.id.clone().ok_or_else(|| errors::refused_here(21655))?));
        form.push(("ContentVariables", variables(template)));
    } else if let Some((sid, variables)) = content.filter(|_| message.rich.files.is_empty()) {
        form.extend([("ContentSid", sid), ("ContentVariables", variables)]);
    } else {
        form.push(("Body", body(message)?));
        form.extend(message.rich.files.iter().map(|file| ("MediaUrl", file.link.clone())));
        form.extend(message.rich.place.as_ref().map(|place| ("PersistentAction", geo(place))));
    }
    if let Some(callback) = &twilio.status_callback {
        form.push(("StatusCallback", with_token(callback, &message.token)));
    }
    let answer = match ask(twilio, || twilio.http.post(&messages).form(&form)).await {
        Err(refused) if message.template.is_none() && refused.code.is_some_and(is_about_content) => {
            tracing::warn!("choices cannot be shown, so the text goes alone: {refused}");
            form.retain(|(field, _)| !field.starts_with("Content"));
            form.push(("Body", body(message)?));
            ask(twilio, || twilio.http.post(&messages).form(&form)).await?
        }
        answer => answer?,
    };
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| errors::unreadable())?;
    let provider_id = answer["sid"].as_str().filter(|sid| !sid.is_empty()).ok_or_else(errors::unreadable)?;
    let status = answer["status"].as_str().and_then(status_named).unwrap_or(Status::Queued);
    Ok(Accepted { provider_id: provider_id.to_owned(), status })
}

/// The text that goes alone.
fn body(message: &Outbound) -> Result<String, SendError> {
    let is_too_long = message.text.chars().count() > MAX_CHARS;
    if is_too_long { Err(errors::refused_here(21617)) } else { Ok(message.text.clone()) }
}

/// A place as Twilio takes it, `geo:50.1109,8.6821|Hall 2`.
fn geo(Place { latitude, longitude, label }: &Place) -> String {
    let label = label.as_ref().map(|label| format!("|{label}")).unwrap_or_default();
    format!("geo:{latitude},{longitude}{label}")
}

/// Whether a code says that a content, or what fills it in, is at fault: then nothing was sent.
fn is_about_content(code: i32) -> bool {
    (21654..=21656).contains(&code)
}

/// `{"1": "Press 7", "2": "ORD-12345"}`.
fn variables(template: &Template) -> String {
    let numbered = template.variables.iter().enumerate();
    let variables: BTreeMap<String, &str> =
        numbered.map(|(at, value)| ((at + 1).to_string(), value.as_str())).collect();
    json!(variables).to_string()
}

/// To whom, as Twilio writes it.
pub(super) fn recipient(message: &Outbound) -> Result<String, SendError> {
    match &message.to {
        Recipient::Whatsapp(Handle::Number(number)) | Recipient::Sms(number) => {
            Ok(written(message.to.medium(), number))
        }
        Recipient::Whatsapp(Handle::UserId(_)) | Recipient::Email(_) => Err(errors::refused_here(21211)),
    }
}

/// From what of ours the message comes: the field of Twilio's form, and its value.
pub(super) fn sender(twilio: &Twilio, message: &Outbound) -> Result<(&'static str, String), SendError> {
    let medium = message.to.medium();
    if let Some(number) = message.from.as_deref().and_then(|name| E164::parse(name).ok()) {
        return Ok(("From", written(medium, &number)));
    }
    if medium == Medium::Whatsapp {
        let number = twilio.whatsapp_sender.as_ref().ok_or_else(|| errors::not_configured(NO_SENDER))?;
        return Ok(("From", written(medium, number)));
    }
    match &twilio.sms_sender {
        Some(SmsSender::Number(number)) => Ok(("From", written(medium, number))),
        Some(SmsSender::Service(sid)) => Ok(("MessagingServiceSid", sid.clone())),
        None => Err(errors::not_configured(NO_SMS_SENDER)),
    }
}

/// Asks Twilio, with the account's token, and with the next one where the first is refused (then nothing was
/// done yet). The answer's body where it is a success.
pub(super) async fn ask(
    twilio: &Twilio,
    request: impl Fn() -> RequestBuilder + Send + Sync,
) -> Result<Vec<u8>, SendError> {
    let sid = twilio.account_sid().ok_or_else(|| errors::not_configured(NO_CREDENTIALS))?;
    let mut tokens = twilio.tokens().into_iter().peekable();
    while let Some(token) = tokens.next() {
        let response = request().basic_auth(sid, Some(token)).send().await.map_err(|e| errors::not_answered(&e))?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED && tokens.peek().is_some() {
            continue;
        }
        let retry_after = retry_after(&response);
        let body = response.bytes().await;
        return if status.is_success() {
            body.map(|bytes| bytes.to_vec()).map_err(|e| errors::not_answered(&e))
        } else {
            Err(errors::refused(status.as_u16(), retry_after, &body.unwrap_or_default()))
        };
    }
    Err(errors::not_configured(NO_CREDENTIALS))
}

/// How long Twilio asks to wait.
pub(super) fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map(Duration::from_secs)
}

/// The URL of the account's messages.
pub(super) fn messages_url(twilio: &Twilio) -> Result<String, SendError> {
    let sid = twilio.account_sid().ok_or_else(|| errors::not_configured(NO_CREDENTIALS))?;
    Ok(format!("{}/2010-04-01/Accounts/{}/Messages.json", twilio.api_base, encoded(sid)))
}

pub(super) fn encoded(segment: &str) -> String {
    utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string()
}

/// The callback's URL with the delivery's token; a fragment (Twilio's connection overrides) stays at the end.
fn with_token(callback: &str, token: &str) -> String {
    let (url, fragment) = callback.find('#').map_or((callback, ""), |at| callback.split_at(at));
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}d={}{fragment}", encoded(token))
}

#[cfg(test)]
mod tests;
