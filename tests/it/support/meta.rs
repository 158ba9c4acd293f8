//! Meta's webhooks made by hand, signed or not, for what the simulator would never send.

use super::app::{PLANT, TestApp};
use andon::channels::meta::signature;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

pub(crate) const NUMBER_ID: &str = "100000000000001";
pub(crate) const SECRET: &str = "an-app-secret-for-tests";
pub(crate) const PATH: &str = "/api/whatsapp/meta/webhook";

/// What makes a plant write by Meta.
pub(crate) const META: [(&str, &str); 4] = [
    ("WHATSAPP_ACCESS_TOKEN", "an-access-token-for-tests"),
    ("WHATSAPP_PHONE_NUMBER_ID", NUMBER_ID),
    ("WHATSAPP_APP_SECRET", SECRET),
    ("WHATSAPP_VERIFY_TOKEN", "made up"),
];
/// And not by Twilio.
pub(crate) const NO_TWILIO: [(&str, &str); 3] =
    [("TWILIO_ACCOUNT_SID", " "), ("TWILIO_AUTH_TOKEN", " "), ("TWILIO_WHATSAPP_NUMBER", " ")];

/// A text as Meta sends it.
pub(crate) fn message(id: &str, from: &str, text: &str) -> Value {
    let from = from.trim_start_matches('+');
    json!({"from": from, "id": id, "timestamp": "1768746622", "type": "text", "text": {"body": text}})
}

/// A status of the delivery with this token.
pub(crate) fn status(id: &str, token: &str, status: &str) -> Value {
    json!({"id": id, "status": status, "timestamp": "1768746623", "biz_opaque_callback_data": token})
}

/// A webhook with these messages and statuses.
pub(crate) fn webhook(messages: &[Value], statuses: &[Value]) -> Value {
    let metadata = json!({"display_phone_number": PLANT.trim_start_matches('+'), "phone_number_id": NUMBER_ID});
    let value =
        json!({"messaging_product": "whatsapp", "metadata": metadata, "messages": messages, "statuses": statuses});
    let change = json!({"field": "messages", "value": value});
    json!({"object": "whatsapp_business_account", "entry": [{"id": "200000000000001", "changes": [change]}]})
}

/// Posts it, signed with this secret where there is one.
pub(crate) async fn post(app: &TestApp, path: &str, body: &Value, secret: Option<&str>) -> Response {
    let body = body.to_string();
    let mut request = app.http.post(app.url(path)).header("content-type", "application/json");
    if let Some(secret) = secret {
        request = request.header(signature::HEADER, signature::sign(secret, body.as_bytes()));
    }
    request.body(body).send().await.expect("the server answers")
}

/// Posts it as Meta does.
pub(crate) async fn deliver(app: &TestApp, body: &Value) -> StatusCode {
    post(app, PATH, body, Some(SECRET)).await.status()
}
