//! Meta → us: messages and statuses, up to a thousand in one request.
//!
//! A request counts only with the app's signature, over its bytes. Then every entry, change, message and status is read
//! on its own: what cannot be read is left aside and spoils nothing else, what is not known to us is harmless. Broken
//! escapes are repaired after they were verified. What is about another number of the same account is left to whoever
//! it belongs to.
//!
//! **Source**: Meta's OpenAPI `business-messaging-api_v23.0` (webhooks), its pages "Webhooks" and "Business-scoped user
//! IDs", read in November 2026.

mod repair;

use super::{Meta, NAME, media, signature};
use crate::channels::{Inbound, Media, Medium, NOT_BILLED, Place, Receipt, Rejection, Signal, Status, Webhook};
use crate::kit::phone::mask_numbers;
use crate::kit::{E164, Handle, Instant, UserId};
use chrono::DateTime;
use serde_json::Value;

/// The longest id that is taken for one of Meta's, and what a key column holds.
const MAX_ID_CHARS: usize = 250;

/// Meta's words for how far a message got. `played` is of voice messages and `deleted` of taken back ones: no news.
const STATUSES: &[(&str, Status)] =
    &[("sent", Status::Sent), ("delivered", Status::Delivered), ("read", Status::Read), ("failed", Status::Failed)];

/// What nobody wrote, so that nobody is answered: a sign under a message, a changed number, a message edited or taken
/// back.
const NO_MESSAGES: &[&str] = &["reaction", "system", "edit", "revoke", "ephemeral", "request_welcome"];

/// What holds a file.
const FILES: &[&str] = &["image", "video", "document", "audio", "sticker", "voice"];

const NO_SECRET: &str = "WHATSAPP_APP_SECRET is not configured, so no webhook can be proved to come from Meta; it is in \
                         Meta's App Dashboard under App settings > Basic";

/// Reads one webhook; see [`crate::channels::Channel::accept`].
///
/// # Errors
/// [`Rejection::Unproved`] for whatever is not signed with the app secret; then [`Rejection::Malformed`] for what is no
/// JSON.
pub(super) fn accept(meta: &Meta, webhook: &Webhook<'_>) -> Result<Vec<Signal>, Rejection> {
    let secret = meta.app_secret().ok_or_else(|| Rejection::Unproved(NO_SECRET.to_owned()))?;
    let given = webhook.headers.get(signature::HEADER).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let Some(given) = given else {
        let why = "the X-Hub-Signature-256 header is missing: this does not come from Meta, or a proxy in between drops \
                   the header";
        return Err(Rejection::Unproved(why.to_owned()));
    };
    if !signature::verify(secret, webhook.body, &given) {
        let why = "the X-Hub-Signature-256 does not fit the body. Likeliest cause: WHATSAPP_APP_SECRET is not the secret \
                   of the app that the webhook belongs to (App settings > Basic), or a proxy in between changes the body";
        return Err(Rejection::Unproved(why.to_owned()));
    }
    let payload = repair::read(webhook.body)
        .ok_or_else(|| Rejection::Malformed("This is not JSON. Meta sends application/json.".to_owned()))?;
    let mut signals = Vec::new();
    for change in all(&payload["entry"]).flat_map(|entry| all(&entry["changes"])) {
        let field = change["field"].as_str().unwrap_or_default();
        if field == "messages" {
            take(meta, &change["value"], &mut signals);
        } else {
            tracing::debug!(field, "Meta told something that is no message");
        }
    }
    Ok(signals)
}

/// What one change says.
fn take(meta: &Meta, value: &Value, signals: &mut Vec<Signal>) {
    let sender = value["metadata"]["phone_number_id"].as_str();
    if let (Some(ours), Some(theirs)) = (meta.phone_number_id(), sender)
        && ours != theirs
    {
        tracing::debug!("Meta told something of another number of this account; it is left aside");
        return;
    }
    let number = value["metadata"]["display_phone_number"].as_str().and_then(number_of);
    if let Some(number) = &number {
        let _known_already = meta.number.set(number.clone());
    }
    let found = Found { sender, number, contacts: &value["contacts"] };
    for one in all(&value["messages"]) {
        match found.message(one) {
            Ok(message) => signals.push(Signal::Message(message)),
            Err(aside) => aside.tell(),
        }
    }
    for one in all(&value["statuses"]) {
        match found.status(one) {
            Ok(receipt) => signals.push(Signal::Receipt(receipt)),
            Err(aside) => aside.tell(),
        }
    }
    for one in all(&value["errors"]) {
        tracing::warn!(provider.code = one["code"].as_i64(), "Meta tells of a fault in the account");
    }
}

/// The list's members; none where it is no list.
fn all(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Why something rightly signed is taken and yet nothing follows from it.
enum Aside {
    NoId,
    NoWriter,
    NoMessage,
    NoNews,
    Ourselves,
}

impl Aside {
    fn tell(&self) {
        match self {
            Self::NoNews | Self::NoMessage => tracing::debug!("Meta told something that nobody is answered for"),
            Self::NoId => tracing::warn!("something Meta told was left aside: it has no id"),
            Self::NoWriter => {
                tracing::warn!("a message was left aside: it says neither a number nor an id of who wrote");
            }
            Self::Ourselves => tracing::warn!("a message was left aside: it comes from our own number"),
        }
    }
}

/// What holds for everything in one change.
struct Found<'a> {
    /// Our number's id.
    sender: Option<&'a str>,
    /// Our number.
    number: Option<E164>,
    contacts: &'a Value,
}

impl Found<'_> {
    fn message(&self, message: &Value) -> Result<Inbound, Aside> {
        let provider_id = id(&message["id"]).ok_or(Aside::NoId)?;
        let kind = message["type"].as_str().unwrap_or("unknown");
        if NO_MESSAGES.contains(&kind) {
            return Err(Aside::NoMessage);
        }
        let contact = self.contact(message);
        let user_id = [&message["from_user_id"], &contact["user_id"]].into_iter().find_map(|id| id.as_str());
        let user_id = user_id.and_then(UserId::parse);
        let number = message["from"].as_str().or_else(|| contact["wa_id"].as_str()).and_then(number_of);
        if number.is_some() && number == self.number {
            return Err(Aside::Ourselves);
        }
        let from = number.map(Handle::Number).or_else(|| user_id.clone().map(Handle::UserId)).ok_or(Aside::NoWriter)?;
        let said = said(kind, &message[kind]);
        Ok(Inbound {
            channel: NAME,
            provider_id,
            medium: Medium::Whatsapp,
            from,
            to: self.sender.map(str::to_owned),
            text: said.text,
            kind: clean(kind),
            media: if FILES.contains(&kind) { file(&message[kind]).into_iter().collect() } else { Vec::new() },
            tapped: said.tapped,
            reply_to: id(&message["context"]["id"]),
            profile_name: text(&contact["profile"]["name"]),
            user_id: user_id.map(|id| id.as_str().to_owned()),
            place: (kind == "location").then(|| place(&message[kind])).flatten(),
            sent_at: instant(&message["timestamp"]),
        })
    }

    /// Who wrote, as the request introduces them: by number, by id, or because there is nobody else.
    fn contact(&self, message: &Value) -> &Value {
        let is_writer = |contact: &&Value| {
            let is_same = |theirs: &str, ours: &str| contact[ours].is_string() && contact[ours] == message[theirs];
            is_same("from", "wa_id") || is_same("from_user_id", "user_id")
        };
        let only = all(self.contacts).next().filter(|_| all(self.contacts).count() == 1);
        all(self.contacts).find(is_writer).or(only).unwrap_or(&Value::Null)
    }

    fn status(&self, status: &Value) -> Result<Receipt, Aside> {
        let provider_id = id(&status["id"]).ok_or(Aside::NoId)?;
        let word = status["status"].as_str().unwrap_or_default();
        let (_, reached) = STATUSES.iter().find(|(name, _)| *name == word).ok_or(Aside::NoNews)?;
        let error = if *reached == Status::Failed { &status["errors"][0] } else { &Value::Null };
        let words = [&error["error_data"]["details"], &error["message"], &error["title"]];
        Ok(Receipt {
            channel: NAME,
            provider_id,
            token: id(&status["biz_opaque_callback_data"]),
            from: self.sender.map(|sender| (Medium::Whatsapp, sender.to_owned())),
            status: *reached,
            error_code: error["code"].as_i64().and_then(|code| i32::try_from(code).ok()),
            error_text: words.into_iter().find_map(|words| words.as_str()).map(mask_numbers),
            category: category(&status["pricing"]),
        })
    }
}

/// As what a message is billed: a category, or nothing where it is not.
fn category(pricing: &Value) -> Option<String> {
    if pricing["billable"] == Value::Bool(false) {
        return Some(NOT_BILLED.to_owned());
    }
    id(&pricing["category"])
}

/// What somebody said, whatever it was wrapped in.
#[derive(Default)]
struct Said {
    text: String,
    tapped: Option<String>,
}

fn said(kind: &str, content: &Value) -> Said {
    let tap = |label: &Value, meant: &Value| Said { text: text(label).unwrap_or_default(), tapped: text(meant) };
    match kind {
        "text" => Said { text: text(&content["body"]).unwrap_or_default(), tapped: None },
        "button" => tap(&content["text"], &content["payload"]),
        "interactive" => {
            let answer = &content[content["type"].as_str().unwrap_or_default()];
            let label = if answer["title"].is_string() { &answer["title"] } else { &answer["body"] };
            tap(label, &answer["id"])
        }
        _ if FILES.contains(&kind) => {
            // A file's name is nothing that somebody said.
            Said { text: text(&content["caption"]).unwrap_or_default(), tapped: None }
        }
        _ => Said::default(),
    }
}

fn file(content: &Value) -> Option<Media> {
    let url = media::address(content["id"].as_str()?, content["sha256"].as_str().unwrap_or_default())?;
    // `audio/ogg; codecs=opus`
    let content_type = content["mime_type"].as_str().and_then(|named| named.split(';').next()).map(clean);
    Some(Media { url, content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()) })
}

fn place(content: &Value) -> Option<Place> {
    let label = match (text(&content["name"]), text(&content["address"])) {
        (Some(name), Some(address)) => Some(format!("{name}, {address}")),
        (name, address) => name.or(address),
    };
    Some(Place { latitude: content["latitude"].as_f64()?, longitude: content["longitude"].as_f64()?, label })
}

/// A text, unless it is empty.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(clean).filter(|text| !text.is_empty())
}

/// Without U+0000, which PostgreSQL cannot keep.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// An id that can be kept: of a message, or a delivery's token.
fn id(value: &Value) -> Option<String> {
    let is_one = |id: &&str| (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    value.as_str().filter(is_one).map(str::to_owned)
}

/// `447700900123`, and as people read it `+44 7700 900123`.
fn number_of(text: &str) -> Option<E164> {
    let digits: String = text.chars().filter(|c| !matches!(c, '+' | ' ' | '-' | '(' | ')')).collect();
    E164::parse(&format!("+{digits}")).ok()
}

/// Seconds since 1970, as a text or as a number.
fn instant(value: &Value) -> Option<Instant> {
    let seconds = value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_i64())?;
    DateTime::from_timestamp(seconds, 0)
}

#[cfg(test)]
mod tests;
