//! Twilio: WhatsApp and text messages through Twilio's Messaging API.
//!
//! Webhooks count only with Twilio's signature ([`signature`]); without a token none does. Sends are told
//! apart by what may be done after a failure ([`errors`]). Text messages come from a number, or from a Messaging Service,
//! which picks one.

mod account;
#[cfg(test)]
mod canned;
mod choices;
mod content;
pub mod errors;
mod inbound;
mod listing;
mod media;
mod outbound;
mod price;
mod rates;
pub mod signature;

pub use account::{Account, Answer};
pub use content::Content;

use super::{
    Accepted, Channel, Explained, Listed, Media, Medium, Need, Outbound, Price, Rejection, Retry, SendError, Sent,
    Signal, Taken, Template, Webhook,
};
use crate::config::{Pace, SmsSender};
use crate::kit::{E164, Instant, Rate};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use url::{Host, Url};

/// The channel's stored name.
pub const NAME: &str = "twilio";

/// How many characters the body of one message may have. Source: Twilio's OpenAPI, error 21617.
const MAX_CHARS: usize = 1600;

/// What the address of a WhatsApp user or sender begins with at Twilio.
const WHATSAPP_PREFIX: &str = "whatsapp:";

/// A Twilio account's keys.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `AC…`; may be empty, then webhooks are taken but nothing is sent.
    pub account_sid: String,
    /// The primary auth token.
    pub auth_token: SecretString,
    /// The token that takes over: during a rotation both count.
    pub auth_token_next: Option<SecretString>,
}

/// The Twilio channel.
#[derive(Debug)]
pub struct Twilio {
    http: reqwest::Client,
    /// Without a slash at its end.
    api_base: String,
    credentials: Option<Credentials>,
    whatsapp_sender: Option<E164>,
    sms_sender: Option<SmsSender>,
    whatsapp_pace: Pace,
    sms_pace: Pace,
    status_callback: Option<String>,
}

impl Twilio {
    /// The channel for one account. `status_callback` is the absolute URL for news of our messages
    /// (`https://plant.example/api/whatsapp/status`); one that Twilio would refuse is left out.
    pub fn new(
        http: reqwest::Client,
        api_base: Url,
        credentials: Option<Credentials>,
        whatsapp_sender: Option<E164>,
        status_callback: Option<String>,
    ) -> Self {
        let status_callback = status_callback.filter(|callback| {
            let usable = is_usable_callback(callback, &api_base);
            if !usable {
                tracing::warn!(
                    "Twilio cannot call the status URL, so what becomes of sent messages stays unknown; \
                     set ANDON_PUBLIC_URL to a public http(s) address whose host has no underscore"
                );
            }
            usable
        });
        let api_base = String::from(api_base).trim_end_matches('/').to_owned();
        let (whatsapp_pace, sms_pace) = (Pace::default(), Pace::default());
        Self {
            http,
            api_base,
            credentials,
            whatsapp_sender,
            sms_sender: None,
            whatsapp_pace,
            sms_pace,
            status_callback,
        }
    }

    /// The same channel, sending text messages from here.
    #[must_use]
    pub fn with_sms(self, sms_sender: Option<SmsSender>) -> Self {
        Self { sms_sender, ..self }
    }

    /// The same channel, each of its senders so fast.
    #[must_use]
    pub fn with_paces(self, whatsapp_pace: Pace, sms_pace: Pace) -> Self {
        Self { whatsapp_pace, sms_pace, ..self }
    }

    /// What Twilio says of the account, for each token in turn.
    pub async fn account(&self, patience: Duration) -> Vec<Answer> {
        account::look(self, patience).await
    }

    /// What Twilio says of the template with this id (`HX…`).
    ///
    /// # Errors
    /// [`SendError`]; code 20404 where there is none.
    pub async fn content(&self, content_sid: &str, patience: Duration) -> Result<Content, SendError> {
        content::fetch(self, content_sid, patience).await
    }

    /// The auth tokens that count, the primary one first; none when none is configured.
    fn tokens(&self) -> Vec<&str> {
        let Some(credentials) = &self.credentials else { return Vec::new() };
        std::iter::once(&credentials.auth_token)
            .chain(&credentials.auth_token_next)
            .map(ExposeSecret::expose_secret)
            .filter(|token| !token.is_empty())
            .collect()
    }

    /// Our number for text messages, where we know it.
    fn sms_number(&self) -> Option<&E164> {
        match &self.sms_sender {
            Some(SmsSender::Number(number)) => Some(number),
            Some(SmsSender::Service(_)) | None => None,
        }
    }

    /// The account's id, if there is one.
    fn account_sid(&self) -> Option<&str> {
        self.credentials.as_ref().map(|credentials| credentials.account_sid.as_str()).filter(|sid| !sid.is_empty())
    }
}

#[async_trait]
impl Channel for Twilio {
    fn name(&self) -> &'static str {
        NAME
    }

    fn carries(&self, medium: Medium) -> bool {
        let has_credentials = self.account_sid().is_some() && !self.tokens().is_empty();
        has_credentials
            && match medium {
                Medium::Whatsapp => self.whatsapp_sender.is_some(),
                Medium::Sms => self.sms_sender.is_some(),
                Medium::Email => false,
            }
    }

    fn tells_arrival(&self, _medium: Medium) -> bool {
        self.status_callback.is_some()
    }

    fn max_chars(&self, _medium: Medium) -> usize {
        MAX_CHARS
    }

    fn default_sender(&self, medium: Medium) -> Option<String> {
        rates::default_sender(self, medium)
    }

    fn rate(&self, medium: Medium, sender: &str) -> Option<Rate> {
        rates::of(self, medium, sender)
    }

    fn rate_to_one(&self, medium: Medium) -> Option<Rate> {
        rates::to_one(self, medium)
    }

    fn accept(&self, webhook: &Webhook<'_>) -> Result<Vec<Signal>, Rejection> {
        inbound::accept(self, webhook)
    }

    fn explain(&self, code: i32) -> Option<Explained> {
        let known = Some(errors::explain(code)).filter(|known| known.code == code);
        known.map(|known| Explained { name: known.name, advice: known.advice })
    }

    fn retry(&self, code: i32) -> Retry {
        errors::explain(code).retry
    }

    fn is_opt_out(&self, code: i32) -> bool {
        errors::is_opt_out(code)
    }

    fn is_window_shut(&self, code: i32) -> bool {
        errors::is_window_shut(code)
    }

    fn is_outage(&self, name: &str) -> bool {
        errors::is_outage(name)
    }

    fn takes(&self, template: &Template) -> bool {
        template.id.is_some()
    }

    fn bills(&self, medium: Medium) -> bool {
        medium != Medium::Email
    }

    fn needs(&self, message: &Outbound) -> Option<Need> {
        choices::needs(self, message)
    }

    async fn make(&self, need: &Need) -> Result<String, SendError> {
        choices::make(self, need).await
    }

    async fn send(&self, message: &Outbound) -> Result<Accepted, SendError> {
        outbound::send(self, message).await
    }

    async fn sent_to(&self, message: &Outbound, since: Instant) -> Result<Option<Vec<Sent>>, SendError> {
        listing::sent_to(self, message, since).await.map(Some)
    }

    async fn price_of(&self, message: &Taken<'_>) -> Result<Price, SendError> {
        price::price_of(self, message.provider_id).await
    }

    async fn received_since(&self, since: Instant) -> Result<Vec<Listed>, SendError> {
        listing::received_since(self, since).await
    }

    async fn media_of(&self, provider_id: &str) -> Result<Vec<Media>, SendError> {
        listing::media_of(self, provider_id).await
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<Option<Vec<u8>>, SendError> {
        media::fetch(self, media, most).await
    }
}

/// Twilio's way to write an address: bare for a text message, with a prefix for WhatsApp.
fn written(medium: Medium, number: &E164) -> String {
    if medium == Medium::Whatsapp { format!("{WHATSAPP_PREFIX}{number}") } else { number.to_string() }
}

/// The reverse of [`written`]; `None` for short codes, names, user ids and other networks.
fn read_address(text: &str) -> Option<(Medium, E164)> {
    let (medium, number) = match text.strip_prefix(WHATSAPP_PREFIX) {
        Some(number) => (Medium::Whatsapp, number),
        None => (Medium::Sms, text),
    };
    E164::parse(number).ok().map(|number| (medium, number))
}

/// Whether Twilio would take this URL for status callbacks: it refuses the whole message otherwise.
fn is_usable_callback(callback: &str, api_base: &Url) -> bool {
    let Ok(url) = Url::parse(callback) else { return false };
    let absolute = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.contains('_'));
    // A loopback address means something only to a provider on the same machine, the simulator.
    absolute && (!is_loopback(&url) || is_loopback(api_base))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_callback_that_twilio_would_take_is_given_to_it() {
        let (real, simulated) = ("https://api.twilio.com", "http://127.0.0.1:8000/simulator");
        for (callback, api_base, expected) in [
            ("https://plant.example/api/whatsapp/status", real, true),
            ("http://plant.example:8080/status", real, true),
            ("https://plant_two.example/status", real, false),
            ("/api/whatsapp/status", real, false),
            ("ftp://plant.example/status", real, false),
            ("http://127.0.0.1:8000/status", real, false),
            ("http://localhost:8000/status", real, false),
            ("http://[::1]:8000/status", simulated, true),
            ("http://127.0.0.1:8000/status", simulated, true),
        ] {
            let api_base = Url::parse(api_base).expect("a URL");
            assert_eq!(is_usable_callback(callback, &api_base), expected, "{callback} {api_base}");
        }
    }

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for (text, expected) in [
            ("whatsapp:+447700900123", Some(Medium::Whatsapp)),
            ("+12025550101", Some(Medium::Sms)),
            ("12345", None),
            ("PLANT", None),
            ("whatsapp:GB.1234567890", None),
            ("messenger:1234567890", None),
        ] {
            let read = read_address(text);
            assert_eq!(read.as_ref().map(|(medium, _)| *medium), expected, "{text}");
            assert!(read.is_none_or(|(medium, number)| written(medium, &number) == text), "{text}");
        }
    }
}
