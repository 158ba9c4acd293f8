//! What the tests say to a server in Meta's place, and what it answers.

use super::Meta;
pub(super) use crate::channels::canned::{Answer, Canned};
use crate::channels::{Outbound, Recipient, Rich};
use crate::config::{self, Pace};
use crate::kit::Handle;
use url::Url;

pub(super) const NUMBER_ID: &str = "100000000000001";
pub(super) const SECRET: &str = "an app secret";

pub(super) fn keys() -> config::Meta {
    config::Meta {
        access_token: Some("a-token".into()),
        phone_number_id: Some(NUMBER_ID.to_owned()),
        business_account_id: Some("200000000000001".to_owned()),
        app_secret: Some(SECRET.into()),
        verify_token: Some("made up".into()),
        api_version: "v23.0".to_owned(),
        api_base: None,
    }
}

pub(super) fn channel(base: &Url) -> Meta {
    Meta::new(crate::kit::http::client().expect("a client"), base, keys(), Pace::Usual)
}

pub(super) fn outbound(text: &str) -> Outbound {
    Outbound {
        to: Recipient::Whatsapp(Handle::parse("+447700900123").expect("a number")),
        from: None,
        subject: None,
        text: text.to_owned(),
        rich: Rich::default(),
        token: "t0ken".to_owned(),
        written_at: chrono::DateTime::UNIX_EPOCH,
        template: None,
    }
}

pub(super) fn ok(id: &str) -> Answer {
    let answer = serde_json::json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": "447700900123", "wa_id": "447700900123"}],
        "messages": [{"id": id, "message_status": "accepted"}],
    });
    (200, None, answer.to_string())
}
