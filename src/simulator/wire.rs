//! Requests to Andon as Twilio makes them: form fields in the captured sets, signed, one retry where no
//! connection could be made.
//!
//! **Source** providers.md, sections 1 (inbound), 2 (signature), 3 (retries) and 5.4 (callbacks).

use super::state::Message;
use super::{Incoming, Side};
use crate::channels::{Medium, Status, meta};
use crate::kit::E164;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Twilio gives a webhook 15 seconds in all.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);
/// So many of the last requests are remembered.
const MOST_TOLD: usize = 256;
/// Twilio refuses a longer answer (11750).
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The id of the simulated WhatsApp sender's installation.
const CHANNEL_INSTALL_SID: &str = "XE00000000000000000000000000000000";
/// The API's version, in every request.
pub(super) const API_VERSION: &str = "2010-04-01";

/// A form's fields in their order.
pub(super) type Form = Vec<(String, String)>;

/// A request to Andon that is ready to go, again and again with the same token.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) url: String,
    pub(super) body: Body,
    /// `I-Twilio-Idempotency-Token`: the same for every copy.
    pub(super) token: String,
}

/// What a request says.
#[derive(Clone)]
pub(super) enum Body {
    /// As Twilio says it.
    Form(Form),
    /// As Meta says it.
    Json(String),
}

/// What Andon answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// A request to Andon as it left.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    url: String,
    headers: BTreeMap<&'static str, String>,
    body: String,
}

/// The way to Andon.
pub(super) struct Wire {
    http: reqwest::Client,
    auth_token: SecretString,
    app_secret: Option<SecretString>,
    /// The last requests, oldest first.
    told: Mutex<VecDeque<Told>>,
}

impl Wire {
    pub(super) fn new(http: reqwest::Client, auth_token: SecretString, app_secret: Option<SecretString>) -> Self {
        Self { http, auth_token, app_secret, told: Mutex::default() }
    }

    /// The last requests to Andon, oldest first.
    pub(super) fn told(&self) -> Vec<Told> {
        self.remembered().iter().cloned().collect()
    }

    /// Sends what it says, signed; `None` when there was no answer. One retry where no connection was made.
    pub(super) async fn post(&self, post: &Post) -> Option<Answer> {
        let told = self.signed(post);
        self.remember(told.clone());
        for _ in 0..2 {
            let request = self.http.post(&told.url).timeout(WEBHOOK_TIMEOUT).body(told.body.clone());
            let request = told.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
            match request.send().await {
                Ok(response) => return Some(read(response).await),
                Err(error) if error.is_connect() => tracing::debug!(%error, "simulator: no connection to Andon"),
                Err(error) => {
                    tracing::debug!(%error, "simulator: no answer from Andon");
                    return None;
                }
            }
        }
        None
    }

    /// The request that says it, as its provider writes and signs one.
    fn signed(&self, post: &Post) -> Told {
        let url = post.url.split('#').next().unwrap_or_default().to_owned();
        match &post.body {
            Body::Form(form) => Told {
                headers: BTreeMap::from([
                    ("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
                    ("user-agent", "TwilioProxy/1.1".to_owned()),
                    ("x-twilio-signature", sign(self.auth_token.expose_secret(), &url, form)),
                    ("i-twilio-idempotency-token", post.token.clone()),
                ]),
                body: form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish(),
                url,
            },
            Body::Json(json) => {
                let secret = self.app_secret.as_ref().map(SecretString::expose_secret).unwrap_or_default();
                let headers = BTreeMap::from([
                    ("content-type", "application/json".to_owned()),
                    ("user-agent", "facebookexternalua".to_owned()),
                    (meta::signature::HEADER, meta::signature::sign(secret, json.as_bytes())),
                ]);
                Told { url, headers, body: json.clone() }
            }
        }
    }

    fn remember(&self, told: Told) {
        let mut remembered = self.remembered();
        remembered.push_back(told);
        if remembered.len() > MOST_TOLD {
            remembered.pop_front();
        }
    }

    fn remembered(&self) -> MutexGuard<'_, VecDeque<Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(mut response: reqwest::Response) -> Answer {
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
            bytes.clear();
            break;
        }
        bytes.extend_from_slice(&chunk);
    }
    Answer { status, body: String::from_utf8_lossy(&bytes).into_owned() }
}

/// The signature of a form sent to `url`.
fn sign(auth_token: &str, url: &str, form: &Form) -> String {
    let params: Vec<_> =
        form.iter().map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes())).collect();
    crate::channels::twilio::signature::sign(auth_token, url, &params)
}

/// The form of a message that a phone wrote.
pub(super) fn inbound(
    message: &Message,
    incoming: &Incoming,
    profile_name: &str,
    account: &str,
    sender: &E164,
) -> Form {
    let whatsapp = message.medium == Medium::Whatsapp;
    let mut form = Form::new();
    let mut field = |name: &str, value: &str| form.push((name.to_owned(), value.to_owned()));
    for name in ["SmsMessageSid", "SmsSid", "MessageSid"] {
        field(name, &message.sid);
    }
    field("NumMedia", &message.media.len().to_string());
    field("SmsStatus", "received");
    let is_document = message.text.is_empty()
        && message.media.first().is_some_and(|file| file.content_type.starts_with("application/"));
    field("Body", if is_document { "document.pdf" } else { &message.text });
    field("To", &address(message.medium, sender));
    field("From", &address(message.medium, &message.phone));
    field("NumSegments", "1");
    field("AccountSid", account);
    field("ApiVersion", API_VERSION);
    for (nth, file) in message.media.iter().enumerate() {
        field(&format!("MediaUrl{nth}"), &file.url);
        field(&format!("MediaContentType{nth}"), &file.content_type);
    }
    if whatsapp {
        let wa_id = message.phone.as_str().trim_start_matches('+');
        let context = serde_json::json!({"ProfileName": profile_name, "WaId": wa_id});
        field("ProfileName", profile_name);
        field("MessageType", kind(message, incoming));
        field("WaId", wa_id);
        field("ReferralNumMedia", "0");
        field("ChannelMetadata", &serde_json::json!({"type": "whatsapp", "data": {"context": context}}).to_string());
        field("ExternalUserId", &external_user_id(&message.phone));
    }
    if let Some(place) = &message.place {
        field("Latitude", &place.latitude.to_string());
        field("Longitude", &place.longitude.to_string());
        if let Some(label) = &place.label {
            field("Label", label);
        }
    }
    if let Some(button) = &incoming.button {
        let [text, payload] = if button.is_row { ["ListTitle", "ListId"] } else { ["ButtonText", "ButtonPayload"] };
        field(text, &button.text);
        field(payload, &button.payload);
    }
    if let Some(quoted) = &message.quoted {
        field("OriginalRepliedMessageSid", quoted);
        field("OriginalRepliedMessageSender", &address(message.medium, sender));
        field("Forwarded", "false");
        field("FrequentlyForwarded", "false");
    }
    form
}

/// The form of a status callback.
pub(super) fn callback(message: &Message, status: Status, account: &str, sender: &E164) -> Form {
    let word = status_word(status);
    let mut form = Form::new();
    let mut field = |name: &str, value: &str| form.push((name.to_owned(), value.to_owned()));
    if message.medium == Medium::Whatsapp {
        field("ChannelPrefix", "whatsapp");
        field("ChannelInstallSid", CHANNEL_INSTALL_SID);
        field("ChannelToAddress", &masked(&message.phone));
        match status {
            Status::Sent => field("StructuredMessage", "false"),
            Status::Delivered | Status::Read => field("ExternalUserId", &external_user_id(&message.phone)),
            _ => {}
        }
    }
    field("ApiVersion", API_VERSION);
    field("MessageStatus", word);
    field("SmsStatus", word);
    field("MessageSid", &message.sid);
    field("SmsSid", &message.sid);
    field("To", &address(message.medium, &message.phone));
    field("From", &address(message.medium, sender));
    field("AccountSid", account);
    if let (Status::Failed, Some((code, text))) = (status, &message.error) {
        field("ErrorCode", &code.to_string());
        field("ErrorMessage", text);
    }
    form
}

/// Twilio's word for how far one of our messages got. What failed here failed after it was taken: `undelivered`.
pub(super) fn status_word(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Sending => "sending",
        Status::Sent => "sent",
        Status::Failed => "undelivered",
        Status::Cancelled => "canceled",
        Status::Delivered => "delivered",
        Status::Read => "read",
    }
}

/// `whatsapp:+1…`, or the bare number for SMS.
pub(super) fn address(medium: Medium, number: &E164) -> String {
    if medium == Medium::Whatsapp { format!("whatsapp:{number}") } else { number.to_string() }
}

/// The texts of the `<Message>`s in a `TwiML` answer; empty for the usual `<Response/>`.
pub(super) fn twiml_messages(xml: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for part in xml.split("<Message").skip(1) {
        let Some((attributes, rest)) = part.split_once('>') else { continue };
        if attributes.ends_with('/') {
            continue;
        }
        let inner = rest.split("</Message>").next().unwrap_or_default();
        let body =
            inner.split_once("<Body>").map_or(inner, |(_, body)| body.split("</Body>").next().unwrap_or_default());
        let text = body.split('<').next().unwrap_or_default().trim();
        if !text.is_empty() {
            let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
            texts.push(plain.replace("&amp;", "&"));
        }
    }
    texts
}

fn kind<'a>(message: &Message, incoming: &'a Incoming) -> &'a str {
    debug_assert!(message.side == Side::Out, "only phones write inbound messages");
    if let Some(kind) = &incoming.kind {
        return kind;
    }
    if incoming.button.is_some() {
        return "interactive";
    }
    if message.place.is_some() {
        return "location";
    }
    match message.media.first().map(|file| file.content_type.split('/').next().unwrap_or_default()) {
        None => "text",
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        Some("text") => "contacts",
        Some(_) => "document",
    }
}

/// Meta's business-scoped user id, made up from the number.
fn external_user_id(phone: &E164) -> String {
    format!("whatsapp:US.9{}", phone.as_str().trim_start_matches('+'))
}

/// As Twilio masks `ChannelToAddress`: the last four digits hidden.
fn masked(phone: &E164) -> String {
    let number = phone.as_str();
    format!("{}XXXX", &number[..number.len() - 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_in_twiml_are_found() {
        let cases: [(&str, &[&str]); 5] = [
            ("<Response/>", &[]),
            (r#"<?xml version="1.0"?><Response></Response>"#, &[]),
            ("<Response><Message>Hello &amp; welcome &lt;3</Message></Response>", &["Hello & welcome <3"]),
            (
                r#"<Response><Message to="x"><Body>One</Body></Message><Message>Two</Message></Response>"#,
                &["One", "Two"],
            ),
            ("<Response><Message/></Response>", &[]),
        ];
        for (xml, texts) in cases {
            assert_eq!(twiml_messages(xml), texts, "{xml}");
        }
    }

    #[test]
    fn a_callback_hides_the_last_four_digits() {
        assert_eq!(masked(&E164::parse("+12025550101").expect("well formed")), "+1202555XXXX");
    }
}
