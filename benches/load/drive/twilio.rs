//! Twilio's requests to a webhook, as they come: form-encoded, with its signature.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use std::fmt::Write as _;

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const TOKEN: &str = "a-token-for-the-load-driver";
/// The plant's number.
pub(crate) const PLANT: &str = "+12025550100";
/// A person's number: eight digits more than any real one of that beginning, so that it is nobody's.
const NUMBERS: &str = "+1202555";
/// From here on the indices are those of the plant's own people, whose numbers have four digits there.
const DESK: u32 = u32::MAX - 10_000;

/// The number of the person with this index.
pub(crate) fn number(person: u32) -> String {
    match person.checked_sub(DESK) {
        Some(desk) => format!("{NUMBERS}{desk:04}"),
        None => format!("{NUMBERS}{person:08}"),
    }
}

/// The person with this number, given with or without `whatsapp:`.
pub(crate) fn person(number: &str) -> Option<u32> {
    let digits = number.trim_start_matches("whatsapp:").strip_prefix(NUMBERS)?;
    let index: u32 = digits.parse().ok()?;
    match digits.len() {
        4 => Some(DESK + index),
        8 => Some(index),
        _ => None,
    }
}

/// The id of the n-th message of a person.
pub(crate) fn sid(person: u32, nth: u32) -> String {
    format!("SM{person:016x}{nth:016x}")
}

/// The person and the place of the message with this id.
pub(crate) fn message_of(sid: &str) -> Option<(u32, u32)> {
    let digits = sid.strip_prefix("SM").filter(|digits| digits.len() == 32)?;
    Some((u32::from_str_radix(&digits[..16], 16).ok()?, u32::from_str_radix(&digits[16..], 16).ok()?))
}

/// Signs and writes requests to one public address.
pub(crate) struct Pen {
    keyed: Hmac<Sha1>,
    /// `http://127.0.0.1:8000`.
    origin: String,
}

impl Pen {
    pub(crate) fn new(origin: &str) -> Self {
        let keyed = Hmac::new_from_slice(TOKEN.as_bytes()).expect("HMAC takes a key of any length");
        Self { keyed, origin: origin.to_owned() }
    }

    /// A person's message, as a whole HTTP request. Its fields are those of captured sandbox traffic.
    pub(crate) fn message(&self, person: u32, nth: u32, text: &str) -> Vec<u8> {
        let (from, sid) = (number(person), sid(person, nth));
        let digits = &from[1..];
        let metadata = format!(
            r#"{{"type":"whatsapp","data":{{"context":{{"ProfileName":"Worker {person}","WaId":"{digits}"}}}}}}"#
        );
        self.request(
            "/api/whatsapp/webhook",
            &[
                ("AccountSid", ACCOUNT),
                ("ApiVersion", "2010-04-01"),
                ("Body", text),
                ("ChannelMetadata", &metadata),
                ("From", &format!("whatsapp:{from}")),
                ("MessageSid", &sid),
                ("MessageType", "text"),
                ("NumMedia", "0"),
                ("NumSegments", "1"),
                ("ProfileName", &format!("Worker {person}")),
                ("ReferralNumMedia", "0"),
                ("SmsMessageSid", &sid),
                ("SmsSid", &sid),
                ("SmsStatus", "received"),
                ("To", &format!("whatsapp:{PLANT}")),
                ("WaId", digits),
            ],
        )
    }

    /// News of a message of the plant's, posted to the path (with its query) that came with it; of a failure with its
    /// code.
    pub(crate) fn news(&self, path: &str, sid: &str, status: &str, code: Option<i32>) -> Vec<u8> {
        let code = code.map(|code| code.to_string());
        let mut fields = vec![("AccountSid", ACCOUNT), ("ApiVersion", "2010-04-01")];
        fields.extend(code.as_deref().map(|code| ("ErrorCode", code)));
        fields.extend([("MessageSid", sid), ("MessageStatus", status), ("SmsSid", sid), ("SmsStatus", status)]);
        self.request(path, &fields)
    }

    /// The path of an address of ours; `None` for another's.
    pub(crate) fn path<'a>(&self, url: &'a str) -> Option<&'a str> {
        url.strip_prefix(&self.origin).filter(|path| path.starts_with('/'))
    }

    /// `fields` in the order of their names, as they are signed.
    fn request(&self, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let mut mac = self.keyed.clone();
        mac.update(self.origin.as_bytes());
        mac.update(path.as_bytes());
        let mut form = String::with_capacity(1024);
        for (name, value) in fields {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
            if !form.is_empty() {
                form.push('&');
            }
            form.push_str(name);
            form.push('=');
            form.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        }
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let mut request = String::with_capacity(form.len() + 320);
        let host = self.origin.trim_start_matches("http://");
        let written = write!(
            request,
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n\
             Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nX-Twilio-Signature: {signature}\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        );
        written.expect("a string takes whatever is written");
        request.into_bytes()
    }
}
