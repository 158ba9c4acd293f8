//! What the tests say to a server in Twilio's place, and what it answers.

use super::{Credentials, Twilio};
pub(super) use crate::channels::canned::{Answer, Canned};
use crate::channels::{Outbound, Recipient, Rich};
use crate::kit::E164;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

pub(super) const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub(super) const MESSAGES: &str = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";

pub(super) fn number(text: &str) -> E164 {
    E164::parse(text).expect("a number")
}

pub(super) fn channel(base: Url, next: Option<&str>) -> Twilio {
    let credentials = Credentials {
        account_sid: ACCOUNT.to_owned(),
        auth_token: "first".into(),
        auth_token_next: next.map(Into::into),
    };
    let http = crate::kit::http::client().expect("a client");
    let callback = Some("https://plant.example/api/whatsapp/status".to_owned());
    Twilio::new(http, base, Some(credentials), Some(number("+14155238886")), callback)
}

pub(super) fn outbound(text: &str) -> Outbound {
    Outbound {
        to: Recipient::Whatsapp(number("+447700900123").into()),
        from: None,
        subject: None,
        text: text.to_owned(),
        rich: Rich::default(),
        token: "t0ken".to_owned(),
        written_at: chrono::DateTime::UNIX_EPOCH,
        template: None,
    }
}

/// The same as a text message.
pub(super) fn by_sms(text: &str) -> Outbound {
    Outbound { to: Recipient::Sms(number("+447700900123")), ..outbound(text) }
}

pub(super) fn basic(token: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{token}")))
}

pub(super) fn ok(status: &str) -> Answer {
    (201, None, format!(r#"{{"sid":"SM1","status":"{status}","error_code":null,"num_media":"0"}}"#))
}
