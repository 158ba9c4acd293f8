//! The settings of Meta's own Cloud API.
//!
//! The doc comments of [`Given`] are the text of `--help` and of the README's table. Secrets are never repeated in a
//! message about a mistake.

#![expect(clippy::doc_markdown, reason = "the doc comments are shown on terminals, where backticks would be noise")]

mod prices;

pub use prices::MetaPrices;

use super::read::{Problems, optional, secret, web_address};
use super::{SIMULATED_META_PATH, Settings};
use secrecy::SecretString;
use std::sync::Arc;
use url::Url;

/// Where Meta's API answers when nothing else is said.
pub(super) const API: &str = "https://graph.facebook.com";
/// The version of it that this program was written for.
const VERSION: &str = "v23.0";
/// The simulator's number and account, nobody's.
const SIMULATED_NUMBER: &str = "100000000000001";
const SIMULATED_ACCOUNT: &str = "200000000000001";

/// What an operator may write about Meta.
#[derive(clap::Args)]
#[command(next_help_heading = "Meta")]
#[group(skip)]
pub(super) struct Given {
    /// Access token of a system user, for WhatsApp by Meta's own Cloud API; from Meta's Business Settings. Secret, or
    /// WHATSAPP_ACCESS_TOKEN_FILE
    #[arg(long, env = "WHATSAPP_ACCESS_TOKEN", value_name = "TOKEN")]
    pub(super) whatsapp_access_token: Option<String>,

    /// File that holds WHATSAPP_ACCESS_TOKEN
    #[arg(long, env = "WHATSAPP_ACCESS_TOKEN_FILE", value_name = "FILE", hide = true)]
    pub(super) whatsapp_access_token_file: Option<String>,

    /// Id of the number that Andon writes from (not the number itself), from WhatsApp > API Setup in Meta's App Dashboard
    #[arg(long, env = "WHATSAPP_PHONE_NUMBER_ID", value_name = "ID")]
    pub(super) whatsapp_phone_number_id: Option<String>,

    /// Id of the WhatsApp Business account, from the same page; andon doctor asks it for templates
    #[arg(long, env = "WHATSAPP_BUSINESS_ACCOUNT_ID", value_name = "ID")]
    pub(super) whatsapp_business_account_id: Option<String>,

    /// The app's secret, from App settings > Basic; without it every webhook of Meta's gets 403. Secret, or
    /// WHATSAPP_APP_SECRET_FILE
    #[arg(long, env = "WHATSAPP_APP_SECRET", value_name = "SECRET")]
    pub(super) whatsapp_app_secret: Option<String>,

    /// File that holds WHATSAPP_APP_SECRET
    #[arg(long, env = "WHATSAPP_APP_SECRET_FILE", value_name = "FILE", hide = true)]
    pub(super) whatsapp_app_secret_file: Option<String>,

    /// A text that you make up and give to Meta with the webhook's address. Secret, or WHATSAPP_VERIFY_TOKEN_FILE
    #[arg(long, env = "WHATSAPP_VERIFY_TOKEN", value_name = "TOKEN")]
    pub(super) whatsapp_verify_token: Option<String>,

    /// File that holds WHATSAPP_VERIFY_TOKEN
    #[arg(long, env = "WHATSAPP_VERIFY_TOKEN_FILE", value_name = "FILE", hide = true)]
    pub(super) whatsapp_verify_token_file: Option<String>,

    /// File of what Meta bills for messages, from its rate card; without it what they cost stays unknown (docs/operating.md)
    #[arg(long, env = "ANDON_META_PRICES", value_name = "FILE")]
    pub(super) meta_prices: Option<String>,

    /// Version of Meta's API
    #[arg(long, env = "WHATSAPP_API_VERSION", default_value = "v23.0", value_name = "VERSION")]
    pub(super) whatsapp_api_version: String,

    /// Where Meta's API answers; change it only to try Andon against a stand-in
    #[arg(long, env = "META_API_BASE", default_value = "https://graph.facebook.com", value_name = "URL")]
    pub(super) meta_api_base: String,
}

/// What the channel to Meta needs.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Sends messages, fetches media.
    pub access_token: Option<SecretString>,
    /// The number that messages come from.
    pub phone_number_id: Option<String>,
    /// The account that it belongs to.
    pub business_account_id: Option<String>,
    /// Signs webhooks.
    pub app_secret: Option<SecretString>,
    /// What Meta shows when it asks whether an address is ours.
    pub verify_token: Option<SecretString>,
    /// What its messages cost.
    pub prices: Option<Arc<MetaPrices>>,
    /// `v23.0`.
    pub api_version: String,
    /// Given address of the API; [`super::Settings::meta_api_base`] knows what stands in for it.
    pub(crate) api_base: Option<Url>,
}

impl Meta {
    /// Nothing of it is set.
    pub(super) fn none() -> Self {
        Self {
            access_token: None,
            phone_number_id: None,
            business_account_id: None,
            app_secret: None,
            verify_token: None,
            prices: None,
            api_version: VERSION.to_owned(),
            api_base: None,
        }
    }

    /// Whether anything of it is set: then Meta is meant to be used.
    pub fn is_wanted(&self) -> bool {
        self.access_token.is_some()
            || self.phone_number_id.is_some()
            || self.app_secret.is_some()
            || self.verify_token.is_some()
    }

    /// Whether it can send.
    pub fn can_send(&self) -> bool {
        self.access_token.is_some() && self.phone_number_id.is_some()
    }

    /// For the simulator: whatever is not set.
    pub(super) fn make_up_the_rest(&mut self) {
        let made_up = || Some(SecretString::from(crate::kit::token::fresh()));
        self.access_token = self.access_token.take().or_else(made_up);
        self.app_secret = self.app_secret.take().or_else(made_up);
        self.verify_token = self.verify_token.take().or_else(made_up);
        self.phone_number_id.get_or_insert_with(|| SIMULATED_NUMBER.to_owned());
        self.business_account_id.get_or_insert_with(|| SIMULATED_ACCOUNT.to_owned());
    }
}

impl Settings {
    /// The demo's settings with Meta in Twilio's place.
    #[must_use]
    pub fn by_meta(mut self) -> Self {
        (self.twilio_account_sid, self.twilio_auth_token, self.whatsapp_sender) = (None, None, None);
        self.by_meta_too()
    }

    /// The demo's settings with Meta beside Twilio.
    #[must_use]
    pub fn by_meta_too(mut self) -> Self {
        self.meta.make_up_the_rest();
        self
    }

    /// Where Meta's API answers: as given, else the simulator where it is on, else Meta.
    #[expect(clippy::missing_panics_doc, reason = "the two addresses are always well formed")]
    pub fn meta_api_base(&self) -> Url {
        let stand_in = || Url::parse(&(self.local_origin() + SIMULATED_META_PATH)).expect("made of a socket address");
        let meta = || Url::parse(API).expect("the constant is a URL");
        self.meta.api_base.clone().unwrap_or_else(|| if self.simulator { stand_in() } else { meta() })
    }
}

/// How Meta is reached; none where something is wrong with it, which is noted.
pub(super) fn read(given: Given, wrong: &mut Problems) -> Option<Meta> {
    let mut kept = |name: &str, value, file| wrong.note(name, secret(name, value, file));
    let access_token = kept("WHATSAPP_ACCESS_TOKEN", given.whatsapp_access_token, given.whatsapp_access_token_file);
    let app_secret = kept("WHATSAPP_APP_SECRET", given.whatsapp_app_secret, given.whatsapp_app_secret_file);
    let verify_token = kept("WHATSAPP_VERIFY_TOKEN", given.whatsapp_verify_token, given.whatsapp_verify_token_file);
    let phone_number_id = wrong.note("WHATSAPP_PHONE_NUMBER_ID", optional(given.whatsapp_phone_number_id, id));
    let business_account_id =
        wrong.note("WHATSAPP_BUSINESS_ACCOUNT_ID", optional(given.whatsapp_business_account_id, id));
    let prices = wrong.note("ANDON_META_PRICES", optional(given.meta_prices, prices::read));
    let api_version = wrong.note("WHATSAPP_API_VERSION", version(&given.whatsapp_api_version));
    let api_base = wrong.note("META_API_BASE", api_base(&given.meta_api_base));
    Some(Meta {
        access_token: access_token?,
        phone_number_id: phone_number_id?,
        business_account_id: business_account_id?,
        app_secret: app_secret?,
        verify_token: verify_token?,
        prices: prices?.map(Arc::new),
        api_version: api_version?,
        api_base: api_base?,
    })
}

/// The id goes into addresses, so its letters are checked.
fn id(text: &str) -> Result<String, String> {
    if text.starts_with('+') {
        return Err("is a phone number; write its id, which stands beside it under WhatsApp > API Setup".to_owned());
    }
    let is_id = text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { Ok(text.to_owned()) } else { Err(format!("{text:?} is no id of Meta's; those are digits only")) }
}

fn version(text: &str) -> Result<String, String> {
    let number = text.strip_prefix('v').and_then(|number| number.split_once('.'));
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    match number {
        Some((major, minor)) if is_number(major) && is_number(minor) => Ok(text.to_owned()),
        _ => Err(format!("{text:?} is no version of Meta's API; write it like {VERSION}")),
    }
}

/// The API's address; `None` where it is Meta's own.
fn api_base(text: &str) -> Result<Option<Url>, String> {
    let url = web_address(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not hold a query or a fragment; take them out".to_owned());
    }
    let is_metas = url.as_str().trim_end_matches('/') == API;
    Ok((!is_metas).then_some(url))
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use secrecy::{ExposeSecret as _, SecretString};

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::from_variables(pairs.iter().copied()).map_err(|error| error.to_string())
    }

    #[test]
    fn meta_is_read_or_refused_with_the_mend() {
        let settings = read(&[("WHATSAPP_ACCESS_TOKEN", "EAAB"), ("WHATSAPP_PHONE_NUMBER_ID", "100000000000001")]);
        let settings = settings.expect("good settings");
        assert!(settings.meta.can_send() && settings.meta.is_wanted());
        assert_eq!(settings.meta.api_version, "v23.0");
        assert_eq!(settings.meta_api_base().as_str(), "https://graph.facebook.com/");
        assert!(!read(&[]).expect("good settings").meta.is_wanted());
        for (name, value, says) in [
            ("WHATSAPP_PHONE_NUMBER_ID", "+12025550100", "is a phone number; write its id"),
            ("WHATSAPP_PHONE_NUMBER_ID", "../x", "digits only"),
            ("WHATSAPP_BUSINESS_ACCOUNT_ID", "plant", "digits only"),
            ("WHATSAPP_API_VERSION", "23", "like v23.0"),
            ("META_API_BASE", "graph.facebook.com", "begins with https://"),
            ("META_API_BASE", "https://graph.facebook.com/?x=1", "query"),
        ] {
            let told = read(&[(name, value)]).expect_err(name);
            assert!(told.starts_with(&format!("{name}: ")) && told.contains(says), "{told}");
        }
    }

    #[test]
    fn the_simulator_makes_up_what_is_not_set() {
        let settings = read(&[("ANDON_SIMULATOR", "true"), ("WHATSAPP_APP_SECRET", "given")]).expect("good settings");
        assert!(settings.meta.can_send() && settings.meta.verify_token.is_some());
        assert_eq!(settings.meta.app_secret.as_ref().map(SecretString::expose_secret), Some("given"));
        assert_eq!(settings.meta_api_base().as_str(), "http://127.0.0.1:8000/simulator/meta");
        assert!(!read(&[("ANDON_SIMULATOR", "true")]).expect("good settings").meta.is_wanted());
        assert!(!format!("{:?}", settings.meta).contains("given"));
    }
}
