//! Meta's requests to a webhook, as they come: JSON, up to a thousand messages in one, with its signature.

use super::twilio::{PLANT, number, sid};
use super::written::Written;
use andon::channels::meta::signature;
use andon::kit::Clock;
use serde_json::{Value, json};

pub(crate) const ACCESS_TOKEN: &str = "an-access-token-for-the-load-driver";
pub(crate) const APP_SECRET: &str = "an-app-secret-for-the-load-driver";
/// Our number's id at Meta.
pub(crate) const NUMBER_ID: &str = "100000000000001";
const ACCOUNT_ID: &str = "200000000000001";
/// Where messages are handed in.
pub(crate) const VERSION: &str = "v23.0";

/// Signs and writes requests to one public address.
pub(crate) struct Pen {
    /// `127.0.0.1:8000`.
    host: String,
    /// How many bytes each message is filled up to, with what came along from an advertisement.
    fills: usize,
}

impl Pen {
    pub(crate) fn new(origin: &str, fills: usize) -> Self {
        Self { host: origin.trim_start_matches("http://").to_owned(), fills }
    }

    /// Messages of several people, as one whole HTTP request.
    pub(crate) fn messages(&self, all: &[Written]) -> Vec<u8> {
        let contacts: Vec<Value> = all
            .iter()
            .map(|one| json!({"profile": {"name": format!("Worker {}", one.person)}, "wa_id": digits(one.person)}))
            .collect();
        let messages: Vec<Value> = all.iter().map(|one| self.message(one)).collect();
        self.request(&json!({"contacts": contacts, "messages": messages}))
    }

    fn message(&self, one: &Written) -> Value {
        let mut message = json!({
            "from": digits(one.person),
            "id": sid(one.person, one.nth),
            "timestamp": now(),
            "type": "text",
            "text": {"body": one.text},
        });
        if let Some(missing) = self.fills.checked_sub(message.to_string().len()) {
            message["referral"] = json!({"source_type": "ad", "body": "Ask the plant. ".repeat(missing.div_ceil(15))});
        }
        message
    }

    /// News of the plant's message with this id and token.
    pub(crate) fn news(&self, token: &str, sid: &str, status: &str, code: Option<i32>) -> Vec<u8> {
        let mut news = json!({"id": sid, "status": status, "timestamp": now(), "biz_opaque_callback_data": token});
        if let Some(code) = code {
            news["errors"] = json!([{"code": code, "title": "It failed"}]);
        }
        self.request(&json!({"statuses": [news]}))
    }

    /// One change with this to say.
    fn request(&self, says: &Value) -> Vec<u8> {
        let mut value = says.clone();
        value["messaging_product"] = "whatsapp".into();
        value["metadata"] =
            json!({"display_phone_number": PLANT.trim_start_matches('+'), "phone_number_id": NUMBER_ID});
        let change = json!({"field": "messages", "value": value});
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": ACCOUNT_ID, "changes": [change]}],
        });
        let body = body.to_string();
        let (host, signature) = (&self.host, signature::sign(APP_SECRET, body.as_bytes()));
        let head = format!(
            "POST /api/whatsapp/meta/webhook HTTP/1.1\r\nHost: {host}\r\nUser-Agent: facebookexternalua\r\nAccept: */*\r\n\
             Content-Type: application/json\r\n{}: {signature}\r\nContent-Length: {}\r\n\r\n",
            signature::HEADER,
            body.len()
        );
        [head.as_bytes(), body.as_bytes()].concat()
    }
}

/// A number as Meta writes it.
fn digits(person: u32) -> String {
    number(person).trim_start_matches('+').to_owned()
}

fn now() -> String {
    Clock::System.now().timestamp().to_string()
}
