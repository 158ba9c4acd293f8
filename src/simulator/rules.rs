//! What Twilio checks of a message before it takes it, in Twilio's order and with Twilio's codes.
//!
//! Pure: a form goes in, a [`Send`] or a [`Refusal`] comes out. A rule that needs a carrier (63016, 30003 and
//! their like) is not here: Twilio finds those out after its 201.
//!
//! **Source** providers.md 5.1 and 5.3.

use crate::channels::taps::Shown;
use crate::channels::{Medium, Place, meta};
use crate::kit::E164;
use crate::kit::earth::Spot;

/// Characters that one message may have.
const MAX_BODY_CHARS: usize = 1_600;
/// Files that one message may have.
const MAX_MEDIA: usize = 10;

/// Twilio's codes that are answered at once: code, HTTP status, Twilio's words.
const REFUSALS: &[(i32, u16, &str)] = &[
    (20001, 400, "Invalid parameter: a date must be given as YYYY-MM-DD"),
    (20003, 401, "Authenticate"),
    (20404, 404, "The requested resource was not found"),
    (20429, 429, "Too Many Requests"),
    (21211, 400, "The 'To' number is not a valid phone number."),
    (21212, 400, "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID."),
    (21266, 400, "'To' and 'From' number cannot be the same"),
    (21408, 400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    (21602, 400, "Message body is required."),
    (21603, 400, "A 'From' phone number is required."),
    (21604, 400, "A 'To' phone number is required."),
    (21606, 400, "The 'From' phone number provided is not a valid message-capable Twilio phone number"),
    (21608, 400, "The number is unverified. Trial accounts cannot send messages to unverified numbers"),
    (21609, 400, "The 'StatusCallback' URL is not a valid URL."),
    (21610, 400, "Attempt to send to unsubscribed recipient"),
    (21611, 400, "This 'From' number has exceeded the maximum number of queued messages"),
    (21612, 400, "The 'To' phone number is not currently reachable using the 'From' phone number"),
    (21614, 400, "'To' number is not a valid mobile number"),
    (21617, 400, "The concatenated message body exceeds the 1600 character limit"),
    (21619, 400, "A text message body or media urls must be specified."),
    (21620, 400, "Invalid media URL(s)"),
    (21623, 400, "Number of media files exceeds allowed limit"),
    (21654, 400, "ContentSid Required"),
    (21655, 400, "The ContentSid is Invalid"),
    (21656, 400, "The ContentVariables Parameter is invalid"),
    (21701, 400, "The Messaging Service does not exist"),
    (21910, 400, "Invalid From and To pair. From and To should be of the same channel"),
    (63007, 400, "Twilio could not find a Channel with the specified From address"),
];

/// Codes that come after the 201, in a callback: code and Twilio's words.
const FAILURES: &[(i32, &str)] = &[
    (30003, "Unreachable destination handset"),
    (30004, "Message blocked"),
    (30005, "Unknown destination handset"),
    (30006, "Landline or unreachable carrier"),
    (30007, "Message filtered"),
    (30008, "Unknown error"),
    (63003, "Channel could not find To address"),
    (63005, "Channel did not accept given content"),
    (63013, "This message send failed because it violates Channel provider's policy"),
    (63014, "This message failed to be delivered to the user because it was blocked by a user action"),
    (63015, "Channel Sandbox can only send messages to phone numbers that have joined the Sandbox"),
    (63016, "Failed to send freeform message because you are outside the allowed window"),
    (63018, "Rate limit exceeded for Channel"),
    (63024, "Invalid message recipient"),
];

/// Numbers that Twilio answers with a code, whoever asks.
const MAGIC_TO: &[(&str, i32)] = &[
    ("+15005550001", 21211),
    ("+15005550002", 21612),
    ("+15005550003", 21408),
    ("+15005550004", 21610),
    ("+15005550009", 21614),
];
/// Senders that Twilio answers with a code.
const MAGIC_FROM: &[(&str, i32)] = &[("+15005550001", 21212), ("+15005550007", 21606), ("+15005550008", 21611)];

/// A message that Twilio would take.
#[derive(Debug, PartialEq)]
pub(super) struct Send {
    pub(super) to: E164,
    pub(super) medium: Medium,
    pub(super) text: String,
    /// What may be tapped under it.
    pub(super) choices: Option<Shown>,
    /// A template may be sent at any time; free text wants an open window.
    pub(super) is_template: bool,
    pub(super) media_urls: Vec<String>,
    pub(super) place: Option<Place>,
    pub(super) callback: Option<String>,
    pub(super) messaging_service: Option<String>,
}

/// Twilio's no.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: i32,
    pub(super) status: u16,
    pub(super) message: &'static str,
}

impl Refusal {
    /// The refusal with this code; a code that is not in the table is a plain 400.
    pub(super) fn new(code: i32) -> Self {
        let known = REFUSALS.iter().find(|(known, ..)| *known == code);
        known.map_or(Self { code, status: 400, message: failure_text(code) }, |(code, status, message)| Self {
            code: *code,
            status: *status,
            message,
        })
    }
}

/// Twilio's words for a message that failed after it was taken.
pub(super) fn failure_text(code: i32) -> &'static str {
    let metas = || meta::errors::known(code).map_or("Simulated failure", |known| known.name);
    FAILURES.iter().find(|(known, _)| *known == code).map_or_else(metas, |(_, text)| text)
}

/// Checks a `Messages.json` form as Twilio does; `sender` is the only number of ours on each medium.
pub(super) fn check<'a>(form: &[(String, String)], sender: impl Fn(Medium) -> &'a E164) -> Result<Send, Refusal> {
    let given = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let filled = |name: &str| given(name).filter(|value| !value.is_empty());

    let to = filled("To").ok_or(Refusal::new(21604))?;
    let service = filled("MessagingServiceSid");
    let from = filled("From");
    if from.is_none() && service.is_none() {
        return Err(Refusal::new(21603));
    }
    if service.is_some_and(|sid| !is_sid("MG", sid)) {
        return Err(Refusal::new(21701));
    }
    let (medium, to) = recipient(to)?;
    if let Some(from) = from {
        check_from(from, medium, &to, &sender)?;
    }
    if to == *sender(medium) {
        return Err(Refusal::new(21266));
    }

    let template = filled("ContentSid");
    let variables = filled("ContentVariables");
    check_template(template, variables)?;
    let media_urls: Vec<String> =
        form.iter().filter(|(key, _)| key == "MediaUrl").map(|(_, value)| value.clone()).collect();
    if media_urls.len() > MAX_MEDIA {
        return Err(Refusal::new(21623));
    }
    if media_urls.iter().any(|url| !is_web_url(url)) {
        return Err(Refusal::new(21620));
    }
    let place = filled("PersistentAction").filter(|_| medium == Medium::Whatsapp);
    let place = place.map(|action| place_of(action).ok_or(Refusal::new(63005))).transpose()?;
    let body = given("Body");
    if media_urls.is_empty() && template.is_none() && body.unwrap_or_default().is_empty() {
        return Err(Refusal::new(if body.is_some() { 21602 } else { 21619 }));
    }
    let text = body.unwrap_or_default();
    if text.chars().count() > MAX_BODY_CHARS {
        return Err(Refusal::new(21617));
    }
    let callback = filled("StatusCallback");
    if callback.is_some_and(|url| !is_web_url(url)) {
        return Err(Refusal::new(21609));
    }
    let text = match template {
        Some(sid) => format!("[template {sid}] {}", variables.unwrap_or_default()).trim_end().to_owned(),
        None => text.to_owned(),
    };
    Ok(Send {
        to,
        medium,
        text,
        choices: None,
        is_template: template.is_some(),
        media_urls,
        place,
        callback: callback.map(str::to_owned),
        messaging_service: service.map(str::to_owned),
    })
}

fn recipient(to: &str) -> Result<(Medium, E164), Refusal> {
    let (medium, number) = to.strip_prefix("whatsapp:").map_or((Medium::Sms, to), |number| (Medium::Whatsapp, number));
    let number = E164::parse(number).ok().filter(|parsed| parsed.as_str() == number).ok_or(Refusal::new(21211))?;
    let magic = MAGIC_TO.iter().find(|(magic, _)| *magic == number.as_str());
    magic.map_or(Ok((medium, number)), |(_, code)| Err(Refusal::new(*code)))
}

fn check_from<'a>(from: &str, medium: Medium, to: &E164, sender: impl Fn(Medium) -> &'a E164) -> Result<(), Refusal> {
    let (from_medium, number) =
        from.strip_prefix("whatsapp:").map_or((Medium::Sms, from), |number| (Medium::Whatsapp, number));
    if let Some((_, code)) = MAGIC_FROM.iter().find(|(magic, _)| *magic == number) {
        return Err(Refusal::new(*code));
    }
    if number == to.as_str() && from_medium == medium {
        return Err(Refusal::new(21266));
    }
    if number != sender(from_medium).as_str() {
        let code = match from_medium {
            Medium::Whatsapp => 63007,
            _ if E164::parse(number).is_err() => 21212,
            _ => 21606,
        };
        return Err(Refusal::new(code));
    }
    if from_medium == medium { Ok(()) } else { Err(Refusal::new(21910)) }
}

fn check_template(template: Option<&str>, variables: Option<&str>) -> Result<(), Refusal> {
    if template.is_some_and(|sid| !is_sid("HX", sid)) {
        return Err(Refusal::new(21655));
    }
    let Some(variables) = variables else { return Ok(()) };
    if template.is_none() {
        return Err(Refusal::new(21654));
    }
    let object: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(variables).ok();
    let all_filled =
        object.is_some_and(|object| object.values().all(|value| value.as_str().is_some_and(|text| !text.is_empty())));
    if all_filled { Ok(()) } else { Err(Refusal::new(21656)) }
}

/// The place of `geo:50.1109,8.6821|Hall 2`.
fn place_of(action: &str) -> Option<Place> {
    let action = action.strip_prefix("geo:")?;
    let (spot, label) = action.split_once('|').map_or((action, None), |(spot, label)| (spot, Some(label.to_owned())));
    let (latitude, longitude) = spot.split_once(',')?;
    let (latitude, longitude) = (latitude.trim().parse().ok()?, longitude.trim().parse().ok()?);
    Spot::at(latitude, longitude)?;
    Some(Place { latitude, longitude, label })
}

/// `prefix` and 32 hexadecimal digits.
fn is_sid(prefix: &str, sid: &str) -> bool {
    let digits = sid.strip_prefix(prefix).unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An absolute http(s) URL whose host has no underscore.
fn is_web_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.contains('_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "whatsapp:+12025550100";
    const THEIRS: &str = "whatsapp:+12025550101";
    const TEMPLATE: &str = "HX0123456789abcdef0123456789abcdef";

    fn judged(form: &[(&str, &str)]) -> Result<Send, i32> {
        let form: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let ours = E164::parse("+12025550100").expect("well formed");
        check(&form, |_| &ours).map_err(|refusal| refusal.code)
    }

    #[test]
    fn twilio_refuses_what_it_refuses() {
        let long = "ü".repeat(MAX_BODY_CHARS + 1);
        let cases: &[(i32, &[(&str, &str)])] = &[
            (21604, &[("From", OURS), ("Body", "x")]),
            (21604, &[("To", ""), ("From", OURS), ("Body", "x")]),
            (21603, &[("To", THEIRS), ("Body", "x")]),
            (21701, &[("To", THEIRS), ("MessagingServiceSid", "MG1"), ("Body", "x")]),
            (21211, &[("To", "whatsapp:12025550101"), ("From", OURS), ("Body", "x")]),
            (21211, &[("To", "whatsapp: 12025550101"), ("From", OURS), ("Body", "x")]),
            (21211, &[("To", "nobody"), ("From", OURS), ("Body", "x")]),
            (21211, &[("To", "+15005550001"), ("From", "+12025550100"), ("Body", "x")]),
            (21612, &[("To", "+15005550002"), ("From", "+12025550100"), ("Body", "x")]),
            (21408, &[("To", "+15005550003"), ("From", "+12025550100"), ("Body", "x")]),
            (21610, &[("To", "+15005550004"), ("From", "+12025550100"), ("Body", "x")]),
            (21614, &[("To", "+15005550009"), ("From", "+12025550100"), ("Body", "x")]),
            (21212, &[("To", "+12025550101"), ("From", "+15005550001"), ("Body", "x")]),
            (21606, &[("To", "+12025550101"), ("From", "+15005550007"), ("Body", "x")]),
            (21611, &[("To", "+12025550101"), ("From", "+15005550008"), ("Body", "x")]),
            (63007, &[("To", THEIRS), ("From", "whatsapp:+12025550142"), ("Body", "x")]),
            (21606, &[("To", "+12025550101"), ("From", "+12025550142"), ("Body", "x")]),
            (21212, &[("To", "+12025550101"), ("From", "0"), ("Body", "x")]),
            (21910, &[("To", "+12025550101"), ("From", OURS), ("Body", "x")]),
            (21266, &[("To", OURS), ("From", OURS), ("Body", "x")]),
            (21619, &[("To", THEIRS), ("From", OURS)]),
            (21602, &[("To", THEIRS), ("From", OURS), ("Body", "")]),
            (21617, &[("To", THEIRS), ("From", OURS), ("Body", &long)]),
            (21620, &[("To", THEIRS), ("From", OURS), ("MediaUrl", "photo.jpg")]),
            (
                21623,
                &[("To", THEIRS), ("From", OURS)]
                    .iter()
                    .copied()
                    .chain([("MediaUrl", "https://a.example/"); 11])
                    .collect::<Vec<_>>(),
            ),
            (21609, &[("To", THEIRS), ("From", OURS), ("Body", "x"), ("StatusCallback", "/status")]),
            (21609, &[("To", THEIRS), ("From", OURS), ("Body", "x"), ("StatusCallback", "https://a_b.example/")]),
            (21655, &[("To", THEIRS), ("From", OURS), ("ContentSid", "HX1")]),
            (21654, &[("To", THEIRS), ("From", OURS), ("Body", "x"), ("ContentVariables", "{}")]),
            (21656, &[("To", THEIRS), ("From", OURS), ("ContentSid", TEMPLATE), ("ContentVariables", r#"{"1":""}"#)]),
            (21656, &[("To", THEIRS), ("From", OURS), ("ContentSid", TEMPLATE), ("ContentVariables", "[]")]),
        ];
        for (code, form) in cases {
            assert_eq!(judged(form), Err(*code), "{form:?}");
        }
    }

    #[test]
    fn a_right_message_is_taken_as_it_is() {
        let exactly = "ü".repeat(MAX_BODY_CHARS);
        let callback = "http://127.0.0.1:8000/api/whatsapp/status?d=abc";
        let sent = judged(&[("To", THEIRS), ("From", OURS), ("Body", &exactly), ("StatusCallback", callback)]);
        let sent = sent.expect("taken");
        assert_eq!((sent.text, sent.callback.as_deref(), sent.medium), (exactly, Some(callback), Medium::Whatsapp));
        let service = "MG0123456789abcdef0123456789abcdef";
        let sent = judged(&[("To", "+12025550101"), ("MessagingServiceSid", service), ("Body", "x")]).expect("taken");
        assert_eq!((sent.medium, sent.messaging_service.as_deref()), (Medium::Sms, Some(service)));
        let sent =
            judged(&[("To", THEIRS), ("From", OURS), ("ContentSid", TEMPLATE), ("ContentVariables", r#"{"1":"a"}"#)]);
        assert!(sent.expect("taken").is_template);
    }

    #[test]
    fn a_code_unknown_to_the_table_is_a_plain_400() {
        assert_eq!(Refusal::new(12345), Refusal { code: 12345, status: 400, message: "Simulated failure" });
        assert_eq!(Refusal::new(20003).status, 401);
    }
}
