//! Meta: WhatsApp through Meta's own Cloud API, from one number of ours.
//!
//! Webhooks count only with the app's signature ([`signature`]); without an app secret none does. Meta cannot be asked
//! what it took or received: lost webhooks it brings again by itself for days, and a message in doubt goes again once.
//! Our sender is named by the number's id at Meta, which the settings know, not by the number, which they need not.

#[cfg(test)]
mod canned;
pub mod errors;
mod inbound;
mod media;
mod number;
mod outbound;
mod prices;
mod rates;
pub mod signature;
mod templates;

pub use number::Number;
pub use templates::Approved;

use super::{
    Accepted, Channel, Explained, Media, Medium, Named, Outbound, Price, Rejection, Retry, SendError, Signal, Taken,
    Template, Webhook,
};
use crate::config::{self, Pace};
use crate::kit::{E164, Rate};
use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::OnceLock;
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use url::Url;

/// The channel's stored name.
pub const NAME: &str = "meta";

/// How many characters a text may have. Source: pywa 4.5, and Meta's "Text messages" page.
const MAX_CHARS: usize = 4096;

/// The longest challenge that is given back; Meta's are ten digits.
const MAX_CHALLENGE: usize = 256;

/// The Meta channel.
#[derive(Debug)]
pub struct Meta {
    http: reqwest::Client,
    /// With its version, without a slash at its end.
    api: String,
    keys: config::Meta,
    pace: Pace,
    /// Our number, once a webhook told it.
    number: OnceLock<E164>,
}

impl Meta {
    /// The channel for one number. `api_base` is where the Graph API answers.
    pub fn new(http: reqwest::Client, api_base: &Url, keys: config::Meta, pace: Pace) -> Self {
        let api = format!("{}/{}", api_base.as_str().trim_end_matches('/'), keys.api_version);
        Self { http, api, keys, pace, number: OnceLock::new() }
    }

    /// What Meta says of our number.
    ///
    /// # Errors
    /// [`SendError`]: code 190 where the token is refused, 100 or 33 where there is no such number.
    pub async fn look_at_number(&self, patience: Duration) -> Result<Number, SendError> {
        number::look(self, patience).await
    }

    /// The template with this name and language, as Meta has it; `None` where it has none.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn template(&self, named: &Named, patience: Duration) -> Result<Option<Approved>, SendError> {
        templates::fetch(self, named, patience).await
    }

    fn access_token(&self) -> Option<&str> {
        secret(self.keys.access_token.as_ref())
    }

    fn app_secret(&self) -> Option<&str> {
        secret(self.keys.app_secret.as_ref())
    }

    /// The id of the number that messages come from.
    fn phone_number_id(&self) -> Option<&str> {
        self.keys.phone_number_id.as_deref()
    }
}

fn secret(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(SecretString::expose_secret).filter(|secret| !secret.is_empty())
}

#[async_trait]
impl Channel for Meta {
    fn name(&self) -> &'static str {
        NAME
    }

    fn carries(&self, medium: Medium) -> bool {
        medium == Medium::Whatsapp && self.access_token().is_some() && self.phone_number_id().is_some()
    }

    fn sender(&self, medium: Medium) -> Option<String> {
        self.default_sender(medium)
    }

    fn default_sender(&self, medium: Medium) -> Option<String> {
        self.phone_number_id().filter(|_| medium == Medium::Whatsapp).map(str::to_owned)
    }

    fn knows_sender(&self, name: &str) -> bool {
        self.phone_number_id() == Some(name)
    }

    fn number(&self, medium: Medium) -> Option<E164> {
        self.number.get().filter(|_| medium == Medium::Whatsapp).cloned()
    }

    fn takes(&self, template: &Template) -> bool {
        template.named.is_some()
    }

    fn tells_arrival(&self, _medium: Medium) -> bool {
        self.app_secret().is_some()
    }

    fn max_chars(&self, _medium: Medium) -> usize {
        MAX_CHARS
    }

    fn rate(&self, medium: Medium, _sender: &str) -> Option<Rate> {
        rates::of(self, medium)
    }

    fn rate_to_one(&self, medium: Medium) -> Option<Rate> {
        rates::to_one(self, medium)
    }

    fn handshake(&self, webhook: &Webhook<'_>) -> Option<Result<String, Rejection>> {
        handshake(secret(self.keys.verify_token.as_ref()), webhook)
    }

    fn accept(&self, webhook: &Webhook<'_>) -> Result<Vec<Signal>, Rejection> {
        inbound::accept(self, webhook)
    }

    fn explain(&self, code: i32) -> Option<Explained> {
        errors::known(code).map(|known| Explained { name: known.name, advice: known.advice })
    }

    fn retry(&self, code: i32) -> Retry {
        errors::known(code).map_or(Retry::Never, |known| known.retry)
    }

    fn is_opt_out(&self, _code: i32) -> bool {
        false // 131050 is about marketing alone
    }

    fn is_window_shut(&self, code: i32) -> bool {
        code == errors::OUTSIDE_WINDOW
    }

    fn is_outage(&self, name: &str) -> bool {
        errors::is_outage(name)
    }

    fn bills(&self, medium: Medium) -> bool {
        medium == Medium::Whatsapp && self.keys.prices.is_some()
    }

    fn prices_at_once(&self) -> u64 {
        500 // nobody is asked
    }

    async fn price_of(&self, message: &Taken<'_>) -> Result<Price, SendError> {
        Ok(self.keys.prices.as_ref().map_or(Price::Unknown, |prices| prices::of(prices, message)))
    }

    async fn send(&self, message: &Outbound) -> Result<Accepted, SendError> {
        outbound::send(self, message).await
    }

    fn shows_reading(&self) -> bool {
        true
    }

    async fn show_reading(&self, provider_id: &str) -> Result<(), SendError> {
        outbound::show_reading(self, provider_id).await
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<Option<Vec<u8>>, SendError> {
        media::fetch(self, media, most).await
    }
}

/// Whether this query is Meta's question, or a part of it.
pub fn is_question(query: &str) -> bool {
    query.contains("hub.")
}

/// Meta's question whether this address is ours: `hub.mode=subscribe`, a token that we made up, and a challenge that
/// goes back as it is.
///
/// **Source**: Meta's page "Create a webhook endpoint", read in November 2026.
fn handshake(ours: Option<&str>, webhook: &Webhook<'_>) -> Option<Result<String, Rejection>> {
    let (_, query) = webhook.path_and_query.split_once('?').filter(|(_, query)| is_question(query))?;
    let given = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let mode = given("hub.mode").unwrap_or_default();
    let unproved = |why: &str| Some(Err(Rejection::Unproved(why.to_owned())));
    let Some(ours) = ours else {
        return unproved("WHATSAPP_VERIFY_TOKEN is not configured; make up a text, and give the same one to Meta");
    };
    if !bool::from(given("hub.verify_token").unwrap_or_default().as_bytes().ct_eq(ours.as_bytes())) {
        return unproved("the verify token that Meta was given in its App Dashboard is not WHATSAPP_VERIFY_TOKEN");
    }
    match given("hub.challenge").filter(|challenge| mode == "subscribe" && is_challenge(challenge)) {
        Some(challenge) => Some(Ok(challenge)),
        None => Some(Err(Rejection::Malformed("hub.mode is subscribe, and hub.challenge is a short word.".to_owned()))),
    }
}

fn is_challenge(text: &str) -> bool {
    (1..=MAX_CHALLENGE).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, Method};

    #[test]
    fn the_challenge_goes_back_to_who_knows_the_token_alone() {
        let ask = |ours, query: &str| {
            let webhook = Webhook {
                method: &Method::GET,
                path_and_query: &format!("/api/whatsapp/webhook{query}"),
                public_urls: &[],
                headers: &HeaderMap::new(),
                body: &[],
            };
            handshake(ours, &webhook)
        };
        let right = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=made+up";
        assert_eq!(ask(Some("made up"), right), Some(Ok("1158201444".to_owned())));
        for (ours, query) in [
            (Some("another"), right),
            (None, right),
            (Some("made up"), "?hub.mode=subscribe&hub.challenge=1158201444"),
            (Some("made up"), "?hub.challenge=1158201444"),
            (Some("made up"), "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="),
        ] {
            assert!(matches!(ask(ours, query), Some(Err(Rejection::Unproved(_)))), "{query}");
        }
        for query in [
            "?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=made+up",
            "?hub.challenge=1&hub.verify_token=made+up",
            "?hub.mode=subscribe&hub.verify_token=made+up",
            "?hub.mode=subscribe&hub.challenge=%0d%0aX&hub.verify_token=made+up",
        ] {
            assert!(matches!(ask(Some("made up"), query), Some(Err(Rejection::Malformed(_)))), "{query}");
        }
        assert_eq!(ask(Some("made up"), ""), None);
        assert_eq!(ask(Some("made up"), "?MessageSid=SM1"), None);
    }
}
