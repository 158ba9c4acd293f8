//! Us → Twilio: sending a message, and asking what Twilio took in for us.
//!
//! `send` makes one attempt and says what may be done after a failure; it never sends twice by itself, save
//! that a refused token is followed by the next one during a rotation. Bodies that are not JSON are survived.
//!
//! Source: Twilio's OpenAPI (`Messages.json`, `Messages/{sid}/Media.json`).

use super::inbound::{kind_of, repaired, status_named};
use super::{MAX_CHARS, NAME, Twilio, errors, read_address, written};
use crate::channels::{Accepted, Inbound, Listed, Media, Medium, Outbound, Retry, SendError, Status};
use crate::kit::Instant;
use chrono::{DateTime, SubsecRound as _, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{RequestBuilder, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// The most messages a page of a list may have.
const PAGE_SIZE: &str = "1000";
/// How many pages are followed; 20,000 messages are more than any outage leaves behind.
const MAX_PAGES: usize = 20;

const NO_CREDENTIALS: &str = "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN not configured. Both are in the Twilio Console \
                              (console.twilio.com) under Account Info.";
const NO_SENDER: &str = "TWILIO_WHATSAPP_NUMBER not configured. It is the number of your WhatsApp sender in the Twilio \
                         Console; for the Sandbox +14155238886.";

/// Hands one message to Twilio; see [`crate::channels::Channel::send`].
pub(super) async fn send(twilio: &Twilio, message: &Outbound) -> Result<Accepted, SendError> {
    let messages = messages_url(twilio)?;
    let own = twilio.whatsapp_sender.as_ref().filter(|_| message.medium == Medium::Whatsapp);
    let sender = message.from.as_ref().or(own).ok_or_else(|| match message.medium {
        Medium::Whatsapp => errors::not_configured(NO_SENDER),
        Medium::Sms => errors::refused_here(21603),
    })?;
    if message.text.chars().count() > MAX_CHARS {
        return Err(errors::refused_here(21617));
    }
    let mut form = vec![
        ("To", written(message.medium, &message.to)),
        ("From", written(message.medium, sender)),
        ("Body", message.text.clone()),
    ];
    if let Some(callback) = &twilio.status_callback {
        form.push(("StatusCallback", with_token(callback, &message.token)));
    }
    let answer = ask(twilio, || twilio.http.post(&messages).form(&form)).await?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| errors::unreadable())?;
    let provider_id = answer["sid"].as_str().filter(|sid| !sid.is_empty()).ok_or_else(errors::unreadable)?;
    let status = answer["status"].as_str().and_then(status_named).unwrap_or(Status::Queued);
    Ok(Accepted { provider_id: provider_id.to_owned(), status })
}

/// Lists what came in since; see [`crate::channels::Channel::received_since`]. Empty where credentials or
/// sender are missing. The list knows no taps, quotes, names and places: those come by webhook alone.
pub(super) async fn received_since(twilio: &Twilio, since: Instant) -> Result<Vec<Listed>, SendError> {
    let (Ok(messages), Some(sender)) = (messages_url(twilio), &twilio.whatsapp_sender) else { return Ok(Vec::new()) };
    // Twilio's dates have whole seconds, and its filter whole days.
    let since = since.trunc_subsecs(0);
    let filter = [
        ("To", written(Medium::Whatsapp, sender)),
        ("DateSent>", since.format("%Y-%m-%d").to_string()),
        ("PageSize", PAGE_SIZE.to_owned()),
    ];
    let mut found: Vec<ListedMessage> = Vec::new();
    let mut next = Some((messages, true));
    for _ in 0..MAX_PAGES {
        let Some((url, is_first)) = next.take() else { break };
        let request = || if is_first { twilio.http.get(&url).query(&filter) } else { twilio.http.get(&url) };
        let page: Page = read(ask(twilio, request).await)?;
        found.extend(page.messages.into_iter().filter_map(listed));
        next = page.next_page_uri.and_then(|uri| below_base(twilio, &uri)).map(|url| (url, false));
    }
    if next.is_some() {
        tracing::warn!("Twilio has more messages for us than Andon lists at once; the oldest may be missing");
    }
    // Newest first at Twilio; reversed before the (stable) sort, so that those of one second keep their order.
    found
        .retain(|message| message.direction.as_deref() == Some("inbound") && message.at().is_none_or(|at| at >= since));
    found.reverse();
    found.sort_by_key(ListedMessage::at);

    Ok(found.into_iter().filter_map(taken_in).collect())
}

/// A page of the list. Its messages are read one by one, so that an odd one spoils only itself.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    messages: Vec<Value>,
    next_page_uri: Option<String>,
}

/// A message of the list, as far as we read it.
#[derive(Deserialize)]
struct ListedMessage {
    sid: String,
    body: Option<String>,
    from: Option<String>,
    to: Option<String>,
    direction: Option<String>,
    /// A number written as a string.
    #[serde(default)]
    num_media: Value,
    date_created: Option<String>,
    date_sent: Option<String>,
}

impl ListedMessage {
    /// When it came in; the later of the two dates that Twilio keeps.
    fn at(&self) -> Option<Instant> {
        [&self.date_created, &self.date_sent]
            .into_iter()
            .filter_map(|date| DateTime::parse_from_rfc2822(date.as_deref()?).ok())
            .map(|at| at.with_timezone(&Utc))
            .max()
    }

    fn has_media(&self) -> bool {
        self.num_media.as_str().map_or_else(|| self.num_media.as_u64(), |count| count.parse().ok()) > Some(0)
    }
}

#[derive(Deserialize)]
struct MediaList {
    #[serde(default)]
    media_list: Vec<ListedMedia>,
}

#[derive(Deserialize)]
struct ListedMedia {
    content_type: Option<String>,
    uri: String,
}

fn listed(message: Value) -> Option<ListedMessage> {
    serde_json::from_value(message)
        // Not the error itself: it may quote what the message says.
        .inspect_err(|_| tracing::warn!("a message in Twilio's list cannot be read; it is left aside"))
        .ok()
}

fn taken_in(message: ListedMessage) -> Option<Listed> {
    let (medium, from) = message.from.as_deref().and_then(read_address)?;
    let (sent_at, has_media) = (message.at(), message.has_media());
    let message = Inbound {
        channel: NAME,
        medium,
        from,
        to: message.to.as_deref().and_then(read_address).map(|(_, number)| number),
        text: repaired(message.body.unwrap_or_default().as_bytes()),
        kind: kind_of(&[]),
        media: Vec::new(),
        tapped: None,
        reply_to: None,
        profile_name: None,
        user_id: None,
        place: None,
        provider_id: message.sid,
        sent_at,
    };
    Some(Listed { message, has_media })
}

/// A listed message's media; none where they are refused for good (deleted at Twilio).
pub(super) async fn media_of(twilio: &Twilio, sid: &str) -> Result<Vec<Media>, SendError> {
    let url = format!("{}/{}/Media.json", messages_url(twilio)?.trim_end_matches(".json"), encoded(sid));
    let list: MediaList = match read(ask(twilio, || twilio.http.get(&url)).await) {
        Err(error) if error.retry == Retry::Never || error.code == Some(20404) => {
            tracing::warn!(message.sid = %sid, %error, "the media of a message cannot be listed; it is taken without");
            return Ok(Vec::new());
        }
        list => list?,
    };
    let media = list.media_list.into_iter().filter_map(|medium| {
        let url = below_base(twilio, medium.uri.trim_end_matches(".json"))?;
        Some(Media { url, content_type: medium.content_type.unwrap_or_else(|| "application/octet-stream".to_owned()) })
    });
    Ok(media.collect())
}

/// Asks Twilio, with the account's token, and with the next one where the first is refused (then nothing was
/// done yet). The answer's body where it is a success.
async fn ask(twilio: &Twilio, request: impl Fn() -> RequestBuilder + Send + Sync) -> Result<Vec<u8>, SendError> {
    let sid = twilio.account_sid().ok_or_else(|| errors::not_configured(NO_CREDENTIALS))?;
    let mut tokens = twilio.tokens().into_iter().peekable();
    while let Some(token) = tokens.next() {
        let response = request().basic_auth(sid, Some(token)).send().await.map_err(|e| errors::not_answered(&e))?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED && tokens.peek().is_some() {
            continue;
        }
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let retry_after = retry_after.map(Duration::from_secs);
        let body = response.bytes().await;
        return if status.is_success() {
            body.map(|bytes| bytes.to_vec()).map_err(|e| errors::not_answered(&e))
        } else {
            Err(errors::refused(status.as_u16(), retry_after, &body.unwrap_or_default()))
        };
    }
    Err(errors::not_configured(NO_CREDENTIALS))
}

/// Reads the answer to a question. A question changes nothing, so there is no doubt left after a failure.
fn read<T: for<'de> Deserialize<'de>>(answer: Result<Vec<u8>, SendError>) -> Result<T, SendError> {
    answer
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|_| errors::unreadable()))
        .map_err(|error| SendError { in_doubt: false, ..error })
}

/// The URL of the account's messages.
fn messages_url(twilio: &Twilio) -> Result<String, SendError> {
    let sid = twilio.account_sid().ok_or_else(|| errors::not_configured(NO_CREDENTIALS))?;
    Ok(format!("{}/2010-04-01/Accounts/{}/Messages.json", twilio.api_base, encoded(sid)))
}

/// The absolute URL of a path in an answer. One that leads elsewhere is refused: it would get our token.
fn below_base(twilio: &Twilio, uri: &str) -> Option<String> {
    if uri.starts_with('/') {
        return Some(format!("{}{uri}", twilio.api_base));
    }
    let rest = uri.strip_prefix(twilio.api_base.as_str());
    rest.is_some_and(|rest| rest.starts_with('/')).then(|| uri.to_owned())
}

fn encoded(segment: &str) -> String {
    utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string()
}

/// The callback's URL with the delivery's token; a fragment (Twilio's connection overrides) stays at the end.
fn with_token(callback: &str, token: &str) -> String {
    let (url, fragment) = callback.find('#').map_or((callback, ""), |at| callback.split_at(at));
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}d={}{fragment}", encoded(token))
}

#[cfg(test)]
mod tests;
