//! Twilio's forms and what they say: one table of messages, one of status callbacks, one of refusals.

mod turned_away;

use super::*;
use crate::channels::{Channel as _, Medium, twilio::Credentials};
use crate::kit::E164;
use form_urlencoded::Serializer;

const TOKEN: &str = "a-token-for-tests";
const URL: &str = "https://plant.example/api/whatsapp/webhook";
const STATUS_URL: &str = "https://plant.example/api/whatsapp/status";
const ACCOUNT: &str = "AC00000000000000000000000000000001";
const SID: &str = "SM00000000000000000000000000000001";

fn number(text: &str) -> E164 {
    E164::parse(text).expect("a number")
}

fn channel_with(tokens: Option<(&str, Option<&str>)>) -> Twilio {
    let credentials = tokens.map(|(token, next)| Credentials {
        account_sid: ACCOUNT.to_owned(),
        auth_token: token.into(),
        auth_token_next: next.map(Into::into),
    });
    let http = crate::kit::http::client().expect("a client");
    let api_base = url::Url::parse("https://api.twilio.com").expect("a URL");
    Twilio::new(http, api_base, credentials, Some(number("+14155238886")), None)
}

/// A request as Twilio would send it, open to be spoilt.
#[derive(Clone)]
struct Request {
    method: Method,
    public_url: &'static str,
    path_and_query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    fn post(public_url: &'static str, query: &str, body: &[u8]) -> Self {
        let path = public_url.split_once(".example").expect("a fixture's URL").1;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8".parse().expect("a value"));
        headers.insert("user-agent", "TwilioProxy/1.1".parse().expect("a value"));
        Self {
            method: Method::POST,
            public_url,
            path_and_query: format!("{path}{query}"),
            headers,
            body: body.to_vec(),
        }
    }

    fn get(public_url: &'static str, query: &str) -> Self {
        let mut request = Self::post(public_url, query, b"");
        request.method = Method::GET;
        request.headers.remove(CONTENT_TYPE);
        request
    }

    fn signed(mut self, token: &str) -> Self {
        let query = self.path_and_query.find('?').map_or("", |at| &self.path_and_query[at..]);
        let params = signature::parse_form(&self.body);
        let signature = signature::sign(token, &format!("{}{query}", self.public_url), &params);
        self.headers.insert(signature::HEADER, signature.parse().expect("base64"));
        self
    }

    fn accepted_by(&self, twilio: &Twilio) -> Result<Vec<Signal>, Rejection> {
        twilio.accept(&Webhook {
            method: &self.method,
            path_and_query: &self.path_and_query,
            public_urls: &[self.public_url.to_owned()],
            headers: &self.headers,
            body: &self.body,
        })
    }
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

/// What every WhatsApp message of the sandbox carries.
const EVERY: &[(&str, &str)] = &[
    ("SmsMessageSid", SID),
    ("SmsSid", SID),
    ("MessageSid", SID),
    ("ProfileName", "Night shift"),
    ("WaId", "447700900123"),
    ("SmsStatus", "received"),
    ("To", "whatsapp:+14155238886"),
    ("From", "whatsapp:+447700900123"),
    ("NumSegments", "1"),
    ("ReferralNumMedia", "0"),
    ("AccountSid", ACCOUNT),
    ("ChannelMetadata", r#"{"type":"whatsapp","data":{"context":{"ProfileName":"Night shift"}}}"#),
    ("ApiVersion", "2010-04-01"),
    ("ExternalUserId", "whatsapp:GB.1234567890123"),
    ("FieldOfTomorrow", "ignored"),
];

fn plain() -> Inbound {
    Inbound {
        channel: "twilio",
        provider_id: SID.to_owned(),
        medium: Medium::Whatsapp,
        from: number("+447700900123").into(),
        to: Some("+14155238886".to_owned()),
        text: String::new(),
        kind: "text".to_owned(),
        media: Vec::new(),
        tapped: None,
        reply_to: None,
        profile_name: Some("Night shift".to_owned()),
        user_id: Some("GB.1234567890123".to_owned()),
        place: None,
        sent_at: None,
    }
}

fn medium(nth: u32, content_type: &str) -> Media {
    let url = format!("https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME{nth}");
    Media { url, content_type: content_type.to_owned() }
}

#[test]
fn messages_become_signals() {
    let (first, second) = (medium(0, "image/jpeg"), medium(1, "application/pdf"));
    let odd = "  # Müller\n— \u{202e}עברית 😀 + 100% & more \u{7} ";
    let cases = vec![
        (
            "a text, not trimmed",
            vec![("MessageType", "text"), ("NumMedia", "0"), ("Body", odd)],
            Inbound { text: odd.to_owned(), ..plain() },
        ),
        ("an empty text", vec![("MessageType", "text"), ("Body", "")], plain()),
        (
            "a photo with a caption",
            vec![
                ("MessageType", "image"),
                ("NumMedia", "1"),
                ("Body", "scratched"),
                ("MediaUrl0", &first.url),
                ("MediaContentType0", "image/jpeg"),
            ],
            Inbound { kind: "image".to_owned(), text: "scratched".to_owned(), media: vec![first.clone()], ..plain() },
        ),
        (
            "two media of no named kind",
            vec![
                ("NumMedia", "2"),
                ("MediaUrl0", &first.url),
                ("MediaContentType0", "image/jpeg"),
                ("MediaUrl1", &second.url),
                ("MediaContentType1", "application/pdf"),
            ],
            Inbound { kind: "image".to_owned(), media: vec![first.clone(), second.clone()], ..plain() },
        ),
        (
            "a document, by its file's name alone",
            vec![("MessageType", "document"), ("MediaUrl0", &first.url), ("Body", "ORD-12345 rev. 2.pdf")],
            Inbound {
                kind: "document".to_owned(),
                media: vec![medium(0, "application/octet-stream")],
                text: String::new(),
                ..plain()
            },
        ),
        (
            "a document with words",
            vec![("MessageType", "document"), ("MediaUrl0", &first.url), ("Body", "See page 3.\nIt leaks.")],
            Inbound {
                kind: "document".to_owned(),
                media: vec![medium(0, "application/octet-stream")],
                text: "See page 3.\nIt leaks.".to_owned(),
                ..plain()
            },
        ),
        (
            "a medium of no named type",
            vec![("MediaUrl0", &first.url)],
            Inbound { kind: "document".to_owned(), media: vec![medium(0, "application/octet-stream")], ..plain() },
        ),
        (
            "a place on the map",
            vec![("MessageType", "location"), ("Latitude", "51.5"), ("Longitude", "-0.125"), ("Body", "")],
            Inbound {
                kind: "location".to_owned(),
                place: Some(Place { latitude: 51.5, longitude: -0.125, label: None }),
                ..plain()
            },
        ),
        (
            "a named place of no named kind",
            vec![("Latitude", "51.5"), ("Longitude", "0"), ("Label", "Hall 2"), ("Address", "1 Mill Lane")],
            Inbound {
                kind: "location".to_owned(),
                place: Some(Place { latitude: 51.5, longitude: 0.0, label: Some("Hall 2, 1 Mill Lane".to_owned()) }),
                ..plain()
            },
        ),
        (
            "a place that is none",
            vec![("MessageType", "location"), ("Latitude", "NaN"), ("Longitude", "0")],
            Inbound { kind: "location".to_owned(), ..plain() },
        ),
        (
            "a tapped button",
            vec![
                ("MessageType", "interactive"),
                ("Body", "Report Defect"),
                ("ButtonText", "Report Defect"),
                ("ButtonPayload", "1"),
                ("OriginalRepliedMessageSid", "SM2"),
                ("OriginalRepliedMessageSender", "whatsapp:+14155238886"),
            ],
            Inbound {
                kind: "interactive".to_owned(),
                text: "Report Defect".to_owned(),
                tapped: Some("1".to_owned()),
                reply_to: Some("SM2".to_owned()),
                ..plain()
            },
        ),
        (
            "a tapped row of a list",
            vec![("MessageType", "interactive"), ("Body", "Minor"), ("ListId", "minor"), ("ListTitle", "Minor")],
            Inbound {
                kind: "interactive".to_owned(),
                text: "Minor".to_owned(),
                tapped: Some("minor".to_owned()),
                ..plain()
            },
        ),
        (
            "a kind not known to us",
            vec![("MessageType", "hologram"), ("Body", "?")],
            Inbound { kind: "hologram".to_owned(), text: "?".to_owned(), ..plain() },
        ),
        (
            "NUL, which no database would keep",
            vec![("Body", "a\0b")],
            Inbound { text: "a\u{fffd}b".to_owned(), ..plain() },
        ),
    ];
    let twilio = channel_with(Some((TOKEN, None)));
    for (what, extra, expected) in cases {
        let fields: Vec<_> = EVERY.iter().copied().chain(extra).collect();
        let request = Request::post(URL, "", &form(&fields)).signed(TOKEN);
        assert_eq!(request.accepted_by(&twilio), Ok(vec![Signal::Message(expected)]), "{what}");
    }
}

#[test]
fn a_text_message_is_told_from_whatsapp_by_its_bare_number() {
    let fields = [("SmsSid", SID), ("From", "+12025550101"), ("To", "+12025550199"), ("Body", "hi"), ("FromCity", "")];
    let request = Request::post(URL, "", &form(&fields)).signed(TOKEN);
    let expected = Inbound {
        medium: Medium::Sms,
        from: number("+12025550101").into(),
        to: Some("+12025550199".to_owned()),
        text: "hi".to_owned(),
        profile_name: None,
        user_id: None,
        ..plain()
    };
    assert_eq!(request.accepted_by(&channel_with(Some((TOKEN, None)))), Ok(vec![Signal::Message(expected)]));
}

#[test]
fn broken_utf8_is_verified_as_bytes_and_repaired() {
    let body = format!("MessageSid={SID}&From=whatsapp%3A%2B447700900123&Body=caf%E9+%F0%9F");
    let request = Request::post(URL, "", body.as_bytes()).signed(TOKEN);
    let signals = request.accepted_by(&channel_with(Some((TOKEN, None)))).expect("rightly signed");
    let [Signal::Message(message)] = signals.as_slice() else { panic!("one message, not {signals:?}") };
    assert_eq!(message.text, "caf\u{fffd} \u{fffd}");
}

#[test]
fn a_signed_get_that_carries_a_sid_is_a_message() {
    let query = format!("?MessageSid={SID}&From=whatsapp%3A%2B447700900123&Body=hi");
    let twilio = channel_with(Some((TOKEN, None)));
    let signals = Request::get(URL, &query).signed(TOKEN).accepted_by(&twilio).expect("rightly signed");
    assert!(matches!(signals.as_slice(), [Signal::Message(message)] if message.text == "hi"), "{signals:?}");
    assert!(matches!(Request::get(URL, &query).accepted_by(&twilio), Err(Rejection::Unproved(_))));
}

#[test]
fn a_signed_message_from_no_phone_number_is_taken_and_left_aside() {
    let twilio = channel_with(Some((TOKEN, None)));
    for from in ["12345", "PLANT", "whatsapp:GB.1234567890123", "messenger:1234567890"] {
        let body = form(&[("MessageSid", SID), ("From", from), ("Body", "hi")]);
        assert_eq!(Request::post(URL, "", &body).signed(TOKEN).accepted_by(&twilio), Ok(vec![]), "{from}");
    }
}

#[test]
fn a_signed_message_from_our_own_sender_is_taken_and_left_aside() {
    let twilio = channel_with(Some((TOKEN, None)));
    for (from, taken) in [("whatsapp:+14155238886", 0), ("+14155238886", 0), ("whatsapp:+447700900123", 1)] {
        let body = form(&[("MessageSid", SID), ("From", from), ("Body", "hi")]);
        let signals = Request::post(URL, "", &body).signed(TOKEN).accepted_by(&twilio).expect("rightly signed");
        assert_eq!(signals.len(), taken, "{from}");
    }
}

#[test]
fn status_callbacks_become_receipts_by_the_deliverys_own_token() {
    let twilio = channel_with(Some((TOKEN, None)));
    let receipt = |status, code: Option<i32>, text: Option<&str>| {
        Ok(vec![Signal::Receipt(Receipt {
            channel: "twilio",
            provider_id: SID.to_owned(),
            token: Some("tok3n".to_owned()),
            from: Some((Medium::Whatsapp, "+14155238886".to_owned())),
            status,
            error_code: code,
            error_text: text.map(str::to_owned),
            category: None,
        })])
    };
    for (word, expected) in [
        ("queued", receipt(Status::Queued, None, None)),
        ("accepted", receipt(Status::Queued, None, None)),
        ("scheduled", receipt(Status::Queued, None, None)),
        ("sending", receipt(Status::Sending, None, None)),
        ("sent", receipt(Status::Sent, None, None)),
        ("delivered", receipt(Status::Delivered, None, None)),
        ("partially_delivered", receipt(Status::Delivered, None, None)),
        ("read", receipt(Status::Read, None, None)),
        ("failed", receipt(Status::Failed, Some(63015), Some("not in the sandbox"))),
        ("undelivered", receipt(Status::Failed, Some(63015), Some("not in the sandbox"))),
        ("canceled", receipt(Status::Cancelled, None, None)),
        ("receiving", Ok(vec![])),
        ("received", Ok(vec![])),
        ("teleported", Ok(vec![])),
    ] {
        // The error's fields count only where the message failed.
        let error = [("ErrorCode", "63015"), ("ErrorMessage", "not in the sandbox")];
        let from = ("From", "whatsapp:+14155238886");
        let fields = [("MessageSid", SID), ("MessageStatus", word), ("SmsStatus", word), ("d", "forged"), from];
        let body = form(&[&fields[..], &error[..]].concat());
        let request = Request::post(STATUS_URL, "?d=tok3n", &body).signed(TOKEN);
        assert_eq!(request.accepted_by(&twilio), expected, "{word}");
    }
}

#[test]
fn news_sent_to_the_webhooks_own_url_is_still_news() {
    let body = form(&[("MessageSid", SID), ("MessageStatus", "delivered"), ("From", "whatsapp:+14155238886")]);
    let signals = Request::post(URL, "", &body).signed(TOKEN).accepted_by(&channel_with(Some((TOKEN, None))));
    assert!(matches!(signals.as_deref(), Ok([Signal::Receipt(_)])), "{signals:?}");
    let slashed = "https://plant.example/api/whatsapp/status/";
    let body = form(&[("SmsSid", SID), ("SmsStatus", "read")]);
    let signals = Request::post(slashed, "", &body).signed(TOKEN).accepted_by(&channel_with(Some((TOKEN, None))));
    assert!(matches!(signals.as_deref(), Ok([Signal::Receipt(_)])), "{signals:?}");
}
