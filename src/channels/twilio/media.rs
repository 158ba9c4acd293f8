//! A photo or another file that somebody sent, fetched from Twilio.
//!
//! Only from Twilio's own hosts: the API's, to which alone the account's token goes, and those where it keeps files, to
//! which it redirects. More than is wanted is not read.
//!
//! Source: <https://www.twilio.com/docs/messaging/api/media-resource>, read in November 2026.

use super::outbound::{NO_CREDENTIALS, retry_after};
use super::{Twilio, errors};
use crate::channels::{Media, Retry, SendError};
use reqwest::header::LOCATION;
use reqwest::{RequestBuilder, Response, StatusCode};
use url::Url;

/// How often a redirect is followed.
const MAX_REDIRECTS: usize = 3;
/// Hosts of Twilio's, with all below them; over HTTPS only.
const DOMAINS: [&str; 2] = ["twilio.com", "twiliocdn.com"];
/// Where Twilio keeps files at another's: the host, and how the path begins.
const SHELVES: [(&str, &str); 2] = [
    ("s3-external-1.amazonaws.com", "/media.twiliocdn.com/"),
    ("media.twiliocdn.com.s3-external-1.amazonaws.com", "/"),
];

/// Fetches a file; see [`crate::channels::Channel::fetch`].
pub(super) async fn fetch(twilio: &Twilio, media: &Media, most: usize) -> Result<Option<Vec<u8>>, SendError> {
    let Some(mut url) = Url::parse(&media.url).ok().filter(|url| is_of_the_api(twilio, url)) else { return Ok(None) };
    let mut response = ask(twilio, &url).await?;
    for _ in 0..MAX_REDIRECTS {
        if !response.status().is_redirection() {
            break;
        }
        let to = response.headers().get(LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok());
        url = to.filter(|to| is_of_the_api(twilio, to) || is_twilios(to)).ok_or_else(led_away)?;
        response = twilio.http.get(url.clone()).send().await.map_err(|e| errors::not_answered(&e))?;
    }
    let status = response.status();
    if status.is_redirection() {
        return Err(led_away());
    }
    if status == StatusCode::NOT_FOUND || status == StatusCode::GONE {
        return Err(given_up("gone", "Twilio no longer has this file."));
    }
    if !status.is_success() {
        let wait = retry_after(&response);
        return Err(errors::refused(status.as_u16(), wait, &response.bytes().await.unwrap_or_default()));
    }
    read(response, most).await.map(Some)
}

async fn read(mut response: Response, most: usize) -> Result<Vec<u8>, SendError> {
    let too_large = || given_up("too_large", "The file is larger than ANDON_MAX_ATTACHMENT allows.");
    let said = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if said > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(said);
    while let Some(chunk) = response.chunk().await.map_err(|e| errors::not_answered(&e))? {
        if bytes.len() + chunk.len() > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Asks the API, with the account's token, and with the next one where the first is refused.
async fn ask(twilio: &Twilio, url: &Url) -> Result<Response, SendError> {
    let sid = twilio.account_sid().ok_or_else(|| errors::not_configured(NO_CREDENTIALS))?;
    let mut tokens = twilio.tokens().into_iter().peekable();
    while let Some(token) = tokens.next() {
        let request: RequestBuilder = twilio.http.get(url.clone()).basic_auth(sid, Some(token));
        let response = request.send().await.map_err(|e| errors::not_answered(&e))?;
        if response.status() != StatusCode::UNAUTHORIZED || tokens.peek().is_none() {
            return Ok(response);
        }
    }
    Err(errors::not_configured(NO_CREDENTIALS))
}

/// Whether the account's token may go there: where the API is, be it a stand-in's.
fn is_of_the_api(twilio: &Twilio, url: &Url) -> bool {
    Url::parse(&twilio.api_base).is_ok_and(|api| api.origin() == url.origin())
        || (url.scheme() == "https" && url.host_str() == Some("api.twilio.com"))
}

/// Whether Twilio keeps files there.
fn is_twilios(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_below =
        |domain: &&str| host.strip_suffix(*domain).is_some_and(|left| left.is_empty() || left.ends_with('.'));
    let is_shelf = SHELVES.iter().any(|(shelf, path)| host == *shelf && url.path().starts_with(path));
    url.scheme() == "https" && url.port().is_none() && (DOMAINS.iter().any(is_below) || is_shelf)
}

fn led_away() -> SendError {
    given_up("led_away", "Twilio's address for the file led to a host that is not Twilio's, so it was not followed.")
}

fn given_up(name: &'static str, advice: &str) -> SendError {
    SendError { name, code: None, retry: Retry::Never, in_doubt: false, is_outage: false, advice: advice.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twilios_hosts_are_asked() {
        for (url, is_ours) in [
            ("https://mms.twiliocdn.com/AC1/2", true),
            ("https://media.twiliocdn.com/AC1/2", true),
            ("https://mcs.us1.twilio.com/x", true),
            ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/2", true),
            ("https://media.twiliocdn.com.s3-external-1.amazonaws.com/AC1/2", true),
            ("https://s3-external-1.amazonaws.com/somebody-else/AC1/2", false),
            ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/../other/x", false),
            ("http://mms.twiliocdn.com/AC1/2", false),
            ("https://mms.twiliocdn.com:8443/AC1/2", false),
            ("https://twiliocdn.com.example.com/AC1/2", false),
            ("https://eviltwilio.com/AC1/2", false),
            ("https://169.254.169.254/latest/meta-data", false),
            ("http://127.0.0.1:5432/", false),
        ] {
            assert_eq!(is_twilios(&Url::parse(url).expect("a URL")), is_ours, "{url}");
        }
    }
}
