//! A photo or another file that somebody sent, fetched from Meta in two steps: the id leads to an address that lives for
//! five minutes, and the address to the bytes. Both want the token, which goes to Meta's own hosts only. More than is
//! wanted is not read, and what is read has the hash that Meta named.
//!
//! Between webhook and fetch a file is `meta://media/<id>?sha256=<hash>`: no address that anybody could be led to.
//!
//! **Source**: Meta's OpenAPI `business-messaging-api_v23.0`, `getMedia`; its page "Media".

use super::outbound::{NO_TOKEN, ask, retry_after};
use super::signature::unhex;
use super::{Meta, errors};
use crate::channels::{Media, Retry, SendError};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::StatusCode;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use url::Url;

const SCHEME: &str = "meta";
const HOST: &str = "media";
/// Hosts on which Meta keeps files, with all below them; over HTTPS only.
const DOMAINS: [&str; 4] = ["facebook.com", "fbsbx.com", "fbcdn.net", "whatsapp.net"];
/// The longest id that is taken for one of Meta's.
const MAX_ID_CHARS: usize = 64;

/// What an id leads to.
#[derive(Deserialize)]
struct Found {
    url: String,
    #[serde(default)]
    file_size: usize,
    #[serde(default)]
    sha256: String,
}

/// Where the file with this id is to be fetched.
pub(super) fn address(id: &str, sha256: &str) -> Option<String> {
    let mut url = Url::parse(&format!("{SCHEME}://{HOST}/")).ok().filter(|_| is_id(id))?;
    url.set_path(id);
    if hash(sha256).is_some() {
        url.query_pairs_mut().append_pair("sha256", sha256);
    }
    Some(url.into())
}

/// Fetches a file; see [`crate::channels::Channel::fetch`].
pub(super) async fn fetch(meta: &Meta, media: &Media, most: usize) -> Result<Option<Vec<u8>>, SendError> {
    let Some((id, told)) = read_address(&media.url) else { return Ok(None) };
    let too_large = || given_up("too_large", "The file is larger than ANDON_MAX_ATTACHMENT allows.");
    let answer = ask(meta, |http| http.get(format!("{}/{id}", meta.api))).await.map_err(gone)?;
    let found: Found = serde_json::from_slice(&answer).map_err(|_| errors::unreadable())?;
    if found.file_size > most {
        return Err(too_large());
    }
    let url = Url::parse(&found.url).ok().filter(|url| may_be_asked(meta, url)).ok_or_else(led_away)?;
    let token = meta.access_token().ok_or_else(|| errors::not_configured(NO_TOKEN))?;
    let request = meta.http.get(url).bearer_auth(token);
    let mut response = request.send().await.map_err(|error| errors::not_answered(&error))?;
    let status = response.status();
    if status.is_redirection() {
        return Err(led_away());
    }
    if matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) {
        return Err(passing("The file's address had run out. Andon asks for another one."));
    }
    if !status.is_success() {
        let wait = retry_after(&response);
        return Err(errors::refused(status.as_u16(), wait, &response.bytes().await.unwrap_or_default()));
    }
    let mut bytes = Vec::with_capacity(found.file_size.min(most));
    while let Some(chunk) = response.chunk().await.map_err(|error| errors::not_answered(&error))? {
        if bytes.len() + chunk.len() > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    let expected = told.or_else(|| hash(&found.sha256));
    if expected.is_some_and(|expected| Sha256::digest(&bytes).as_slice() != expected) {
        return Err(passing("The file came otherwise than WhatsApp had announced it. Andon fetches it again."));
    }
    Ok(Some(bytes))
}

/// The id, and the hash that the webhook told; `None` where this is no file of Meta's.
fn read_address(address: &str) -> Option<(String, Option<Vec<u8>>)> {
    let url = Url::parse(address).ok().filter(|url| url.scheme() == SCHEME && url.host_str() == Some(HOST))?;
    let id = url.path().trim_start_matches('/').to_owned();
    let told = url.query_pairs().find(|(name, _)| name == "sha256").and_then(|(_, told)| hash(&told));
    is_id(&id).then_some((id, told))
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The 32 bytes of a hash, which Meta writes in base 64 or in hexadecimal digits.
fn hash(text: &str) -> Option<Vec<u8>> {
    let bytes = if text.len() == 64 { unhex(text) } else { STANDARD.decode(text).ok() };
    bytes.filter(|bytes| bytes.len() == 32)
}

/// Whether the token may go there: to Meta's hosts, or where a stand-in for its API is.
fn may_be_asked(meta: &Meta, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_below =
        |domain: &&str| host.strip_suffix(*domain).is_some_and(|left| left.is_empty() || left.ends_with('.'));
    let is_metas = url.scheme() == "https" && url.port().is_none() && DOMAINS.iter().any(is_below);
    is_metas || Url::parse(&meta.api).is_ok_and(|api| api.origin() == url.origin())
}

/// A file that Meta knows nothing of any more: it keeps them for 30 days.
fn gone(error: SendError) -> SendError {
    if matches!(error.name, "bad_parameter" | "number_unknown") {
        return given_up("gone", "WhatsApp no longer has this file.");
    }
    error
}

fn led_away() -> SendError {
    given_up("led_away", "Meta's address for the file led to a host that is not Meta's, so it was not followed.")
}

fn given_up(name: &'static str, advice: &str) -> SendError {
    SendError { name, code: None, retry: Retry::Never, in_doubt: false, is_outage: false, advice: advice.to_owned() }
}

fn passing(advice: &str) -> SendError {
    let retry = Retry::Later(None);
    SendError { name: "not_whole", code: None, retry, in_doubt: false, is_outage: false, advice: advice.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{Canned, channel};
    use super::*;

    const PHOTO: &[u8] = b"a photo";

    fn photo(sha256: &str) -> Media {
        Media { url: address("1166846181421424", sha256).expect("an id"), content_type: "image/jpeg".to_owned() }
    }

    fn found(base: &Url, size: usize) -> String {
        format!(r#"{{"url":"{base}whatsapp_business/attachments/?mid=1","file_size":{size},"mime_type":"image/jpeg"}}"#)
    }

    #[tokio::test]
    async fn an_id_leads_to_an_address_and_the_address_to_the_bytes_both_with_the_token() {
        let in_base_64 = STANDARD.encode(Sha256::digest(PHOTO));
        let digest = Sha256::digest(PHOTO);
        let in_hex = digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        for hash in [in_base_64.as_str(), &in_hex, ""] {
            let (server, base) = Canned::serving([]).await;
            server.will_answer((200, None, found(&base, PHOTO.len())));
            server.will_answer((200, None, String::from_utf8_lossy(PHOTO).into_owned()));
            let fetched = fetch(&channel(&base), &photo(hash), 100).await;
            assert_eq!(fetched, Ok(Some(PHOTO.to_vec())), "{hash}");
            let asked: Vec<(String, String)> =
                server.asked().into_iter().map(|asked| (asked.line, asked.authorization)).collect();
            let line = |path: &str| (format!("GET {path}"), "Bearer a-token".to_owned());
            let expected = [line("/v23.0/1166846181421424"), line("/whatsapp_business/attachments/?mid=1")];
            assert_eq!(asked, expected);
        }
    }

    #[tokio::test]
    async fn what_is_too_large_elsewhere_gone_or_not_whole_is_not_taken() {
        let other = STANDARD.encode(Sha256::digest(b"another"));
        let gone = r#"{"error":{"code":100,"error_subcode":33,"message":"m"}}"#.to_owned();
        let evil = r#"{"url":"https://evil.example/x","file_size":7}"#.to_owned();
        let bytes = String::from_utf8_lossy(PHOTO).into_owned();
        for (first, second, hash, name, retry) in [
            (None, None, "", "too_large", Retry::Never),
            (Some((400, gone)), None, "", "gone", Retry::Never),
            (Some((200, evil)), None, "", "led_away", Retry::Never),
            (None, Some((302, String::new())), "", "led_away", Retry::Never),
            (None, Some((404, String::new())), "", "not_whole", Retry::Later(None)),
            (None, Some((200, bytes.clone())), other.as_str(), "not_whole", Retry::Later(None)),
            (None, Some((200, bytes.repeat(30))), "", "too_large", Retry::Never),
        ] {
            let (server, base) = Canned::serving([]).await;
            let size = if second.is_none() { 101 } else { 7 };
            let (status, body) = first.unwrap_or_else(|| (200, found(&base, size)));
            server.will_answer((status, None, body));
            if let Some((status, body)) = second {
                server.will_answer((status, None, body));
            }
            let error = fetch(&channel(&base), &photo(hash), 100).await.expect_err(name);
            assert_eq!((error.name, error.retry), (name, retry));
        }
        let (_, base) = Canned::serving([]).await;
        for url in ["https://api.twilio.com/2010-04-01/Media/ME1", "meta://other/1", "meta://media/a/b", "nonsense"] {
            let media = Media { url: url.to_owned(), content_type: String::new() };
            assert_eq!(fetch(&channel(&base), &media, 100).await, Ok(None), "{url}");
        }
    }

    #[test]
    fn only_metas_hosts_get_the_token() {
        let meta = channel(&Url::parse("https://graph.facebook.com").expect("a URL"));
        for (url, is_metas) in [
            ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", true),
            ("https://mmg.whatsapp.net/x", true),
            ("https://graph.facebook.com/x", true),
            ("http://lookaside.fbsbx.com/x", false),
            ("https://lookaside.fbsbx.com:8443/x", false),
            ("https://evilfbsbx.com/x", false),
            ("https://fbsbx.com.example/x", false),
            ("http://169.254.169.254/latest", false),
        ] {
            assert_eq!(may_be_asked(&meta, &Url::parse(url).expect("a URL")), is_metas, "{url}");
        }
    }
}
