//! Twilio → us: messages and status callbacks.
//!
//! A request counts only with Twilio's signature; what cannot be a message at all is told so before that. A
//! rightly signed message is never turned away for what is in it: unknown fields are signed and ignored,
//! unknown kinds keep their name, broken UTF-8 is repaired after it was verified as bytes.
//!
//! Source: Twilio's "webhook request" page, its OpenAPI's message statuses, and captured sandbox traffic.

use super::{NAME, Twilio, WHATSAPP_PREFIX, read_address, signature};
use crate::channels::{Inbound, Media, Place, Receipt, Rejection, Signal, Status, Webhook};
use crate::kit::phone::mask_numbers;
use axum::http::{HeaderMap, Method, header::CONTENT_TYPE};
use signature::Param;

/// How many media one message may carry (text messages; WhatsApp has one).
const MAX_MEDIA: usize = 10;

/// The longest id that is taken for one of Twilio's; theirs have 34 characters.
const MAX_SID_CHARS: usize = 64;

/// Twilio's words for how far a message got. `receiving` and `received` are of messages to us: no news.
const STATUSES: &[(&str, Status)] = &[
    ("queued", Status::Queued),
    ("accepted", Status::Queued),
    ("scheduled", Status::Queued),
    ("sending", Status::Sending),
    ("sent", Status::Sent),
    ("delivered", Status::Delivered),
    ("partially_delivered", Status::Delivered),
    ("read", Status::Read),
    ("failed", Status::Failed),
    ("undelivered", Status::Failed),
    ("canceled", Status::Cancelled),
];

/// Reads one webhook; see [`crate::channels::Channel::accept`].
///
/// # Errors
/// Without a configured token always [`Rejection::Unproved`]; then [`Rejection::Malformed`] for what is no
/// message of Twilio's; then [`Rejection::Unproved`] for a signature that does not fit.
pub(super) fn accept(twilio: &Twilio, webhook: &Webhook<'_>) -> Result<Vec<Signal>, Rejection> {
    let tokens = twilio.tokens();
    if tokens.is_empty() {
        return Err(Rejection::Unproved(NO_TOKEN.to_owned()));
    }
    let (path, query) = match webhook.path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (webhook.path_and_query, None),
    };
    let in_query = signature::parse_form(query.unwrap_or_default().as_bytes());
    let in_body = match *webhook.method {
        Method::GET => None,
        _ if is_form(webhook.headers) => Some(signature::parse_form(webhook.body)),
        _ => return Err(Rejection::Malformed(NO_FORM.to_owned())),
    };
    let form = Form(in_body.as_deref().unwrap_or(&in_query));

    let sid = form.first(&["MessageSid", "SmsMessageSid", "SmsSid"]).ok_or_else(|| missing("MessageSid"))?;
    if sid.len() > MAX_SID_CHARS || !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Rejection::Malformed(NO_SID.to_owned()));
    }
    let signal = if is_status_callback(path, &form) {
        let status = form.first(&["MessageStatus", "SmsStatus"]).ok_or_else(|| missing("MessageStatus"))?;
        receipt(sid, &status, Form(&in_query).text("d"), &form)
    } else {
        let from = form.text("From").ok_or_else(|| missing("From"))?;
        message(twilio, sid, &from, &form)
    };

    let given = webhook.headers.get(signature::HEADER).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let urls = signature::candidates(webhook.public_urls, query);
    // A GET has no form: its fields are signed as part of the URL.
    let params = in_body.as_deref().unwrap_or_default();
    if !given.as_ref().is_some_and(|given| signature::verify(&tokens, &urls, params, given)) {
        return Err(Rejection::Unproved(why_unproved(twilio, webhook, given.is_some(), &form)));
    }
    match &signal {
        Ok(_) => {}
        Err(Aside::NoNews) => tracing::debug!("a status callback with no news for us"),
        Err(Aside::NoNumber) => tracing::warn!(
            "a signed message was left aside: its sender is no phone number (a short code, a name or a user id)"
        ),
        Err(Aside::Ourselves) => tracing::warn!(
            "a signed message was left aside: it comes from a number of ours, so an answer would go to ourselves"
        ),
    }
    Ok(signal.into_iter().collect())
}

/// Why a signed request is taken and yet nothing follows from it.
enum Aside {
    /// The status is unknown or of no interest.
    NoNews,
    /// The sender cannot be written to by number.
    NoNumber,
    /// The sender is our own number; Twilio refuses an answer (21266).
    Ourselves,
}

/// The status that a word of Twilio's stands for; `None` for those of incoming messages and unknown ones.
pub(super) fn status_named(word: &str) -> Option<Status> {
    STATUSES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, status)| *status)
}

/// The kind of a message for which Twilio names none, by its first medium.
pub(super) fn kind_of(media: &[Media]) -> String {
    let Some(first) = media.first() else { return "text".to_owned() };
    match first.content_type.split('/').next() {
        Some(kind @ ("image" | "audio" | "video")) => kind.to_owned(),
        _ if first.content_type.starts_with("text/vcard") => "contacts".to_owned(),
        _ => "document".to_owned(),
    }
}

/// Valid UTF-8 without U+0000, which PostgreSQL cannot keep; whatever was broken becomes U+FFFD.
pub(super) fn repaired(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

/// The fields of a request, by name.
struct Form<'a>(&'a [Param]);

impl Form<'_> {
    /// The field's text; `None` when it is missing or empty.
    fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name.as_bytes())?;
        (!value.is_empty()).then(|| repaired(value))
    }

    /// The first of these fields that has a text.
    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name))
    }
}

fn message(twilio: &Twilio, sid: String, from: &str, form: &Form<'_>) -> Result<Signal, Aside> {
    let (medium, from) = read_address(from).ok_or(Aside::NoNumber)?;
    if twilio.whatsapp_sender.as_ref() == Some(&from) || twilio.sms_number() == Some(&from) {
        return Err(Aside::Ourselves);
    }
    let media: Vec<Media> = (0..MAX_MEDIA)
        .map_while(|nth| {
            let url = form.text(&format!("MediaUrl{nth}"))?;
            let content_type = form.text(&format!("MediaContentType{nth}"));
            Some(Media { url, content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()) })
        })
        .collect();
    let place = place(form);
    let kind = form.text("MessageType").unwrap_or_else(|| match &place {
        Some(_) => "location".to_owned(),
        None => kind_of(&media),
    });
    let user_id = form.text("ExternalUserId").map(|id| id.strip_prefix(WHATSAPP_PREFIX).unwrap_or(&id).to_owned());
    Ok(Signal::Message(Inbound {
        channel: NAME,
        provider_id: sid,
        medium,
        from: from.into(),
        to: form.text("To").and_then(|to| read_address(&to)).map(|(_, number)| number.to_string()),
        text: form.text("Body").filter(|text| kind != "document" || !is_file_name(text)).unwrap_or_default(),
        kind,
        media,
        tapped: form.first(&["ButtonPayload", "ListId"]),
        reply_to: form.text("OriginalRepliedMessageSid"),
        profile_name: form.text("ProfileName"),
        user_id,
        place,
        sent_at: None,
    }))
}

/// Whether a document's text is its file's name, which stands there where nobody wrote anything: one line that ends in an
/// extension. **Source** providers.md, section 1.
fn is_file_name(text: &str) -> bool {
    let is_extension = |end: &str| (1..=5).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric());
    !text.contains('\n') && text.rsplit_once('.').is_some_and(|(name, end)| !name.is_empty() && is_extension(end))
}

fn place(form: &Form<'_>) -> Option<Place> {
    let degrees = |name: &str| form.text(name)?.trim().parse::<f64>().ok().filter(|degrees| degrees.is_finite());
    let label = match (form.text("Label"), form.text("Address")) {
        (Some(label), Some(address)) => Some(format!("{label}, {address}")),
        (label, address) => label.or(address),
    };
    Some(Place { latitude: degrees("Latitude")?, longitude: degrees("Longitude")?, label })
}

fn receipt(sid: String, status: &str, token: Option<String>, form: &Form<'_>) -> Result<Signal, Aside> {
    let status = status_named(status).ok_or(Aside::NoNews)?;
    let failed = status == Status::Failed;
    let error_code = form.text("ErrorCode").and_then(|code| code.trim().parse().ok()).filter(|code| *code != 0);
    let error_text = form.first(&["ErrorMessage", "ChannelStatusMessage"]).map(|text| mask_numbers(&text));
    Ok(Signal::Receipt(Receipt {
        channel: NAME,
        provider_id: sid,
        token,
        from: form
            .text("From")
            .and_then(|from| read_address(&from))
            .map(|(medium, number)| (medium, number.to_string())),
        status,
        error_code: error_code.filter(|_| failed),
        error_text: error_text.filter(|_| failed),
        category: None,
    }))
}

/// Whether this is news of a message of ours: by its path, or, where somebody gave Twilio the webhook's URL for
/// both, by a field that only such news has. Read as a message it would begin a chat with our own sender.
fn is_status_callback(path: &str, form: &Form<'_>) -> bool {
    path.trim_end_matches('/').ends_with("/status")
        || form.text("MessageStatus").is_some_and(|status| !matches!(status.as_str(), "received" | "receiving"))
}

fn is_form(headers: &HeaderMap) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

const NO_TOKEN: &str = "TWILIO_AUTH_TOKEN is not configured, so no webhook can be proved to come from Twilio; it is in \
                        the Twilio Console (console.twilio.com) under Account Info";
const NO_SID: &str = "MessageSid is no id of Twilio's: those are letters and digits, 34 of them.";
const NO_FORM: &str = "This is not a form. Twilio sends application/x-www-form-urlencoded.";

fn missing(field: &str) -> Rejection {
    Rejection::Malformed(format!("{field} is missing or empty. Twilio sends it with every message."))
}

/// What was tried, and the likeliest cause. Queries and user names are left out: they may hold secrets.
fn why_unproved(twilio: &Twilio, webhook: &Webhook<'_>, was_given: bool, form: &Form<'_>) -> String {
    if !was_given {
        return "the X-Twilio-Signature header is missing: this does not come from Twilio, or a proxy in between \
                drops the header"
            .to_owned();
    }
    if webhook.public_urls.is_empty() {
        return "no public URL is known to check the signature against; set ANDON_PUBLIC_URL to the address that \
                Twilio calls"
            .to_owned();
    }
    let tried: Vec<String> = webhook.public_urls.iter().map(|url| without_secrets(url)).collect();
    let other_account = form
        .text("AccountSid")
        .zip(twilio.account_sid())
        .is_some_and(|(theirs, ours)| !theirs.eq_ignore_ascii_case(ours));
    let cause = if other_account {
        "the request names another account than TWILIO_ACCOUNT_SID; TWILIO_AUTH_TOKEN must be that account's"
    } else {
        "Twilio calls another URL than these; set ANDON_PUBLIC_URL to the origin that stands in the Twilio Console. \
         If it is the same, TWILIO_AUTH_TOKEN is not the account's primary token"
    };
    format!(
        "the X-Twilio-Signature fits none of the URLs tried: {} (each with and without port, with the query as it \
         came). Likeliest cause: {cause}",
        tried.join(", ")
    )
}

fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://").map(|(scheme, rest)| (scheme, rest.split_once('@'))) {
        Some((scheme, Some((before, host)))) if !before.contains('/') => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
