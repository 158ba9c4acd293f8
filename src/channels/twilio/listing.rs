//! What Twilio's list of messages says: what came in for us, and what it took from us.
//!
//! A question changes nothing, so nothing is in doubt after one that failed.
//!
//! Source: Twilio's OpenAPI (`Messages.json`, `Messages/{sid}/Media.json`).

use super::inbound::{kind_of, repaired, status_named};
use super::outbound::{ask, encoded, messages_url, recipient, sender};
use super::{NAME, Twilio, errors, read_address, written};
use crate::channels::{Inbound, Listed, Media, Medium, Outbound, Retry, SendError, Sent, Status};
use crate::kit::Instant;
use chrono::{DateTime, SubsecRound as _, Utc};
use serde::Deserialize;
use serde_json::Value;

/// The most messages a page of a list may have.
const PAGE_SIZE: &str = "1000";
/// How many of our messages to one person are asked for at a time: those of the last minutes.
const SENT_PAGE_SIZE: &str = "50";
/// How many pages are followed; 20,000 messages are more than any outage leaves behind.
const MAX_PAGES: usize = 20;

/// Lists what came in since; see [`crate::channels::Channel::received_since`]. Empty where credentials or
/// numbers of ours are missing: which numbers a Messaging Service has, Andon does not know. The list knows no taps, quotes, names and places: those come by webhook alone.
pub(super) async fn received_since(twilio: &Twilio, since: Instant) -> Result<Vec<Listed>, SendError> {
    let Ok(messages) = messages_url(twilio) else { return Ok(Vec::new()) };
    let whatsapp = twilio.whatsapp_sender.as_ref().map(|number| written(Medium::Whatsapp, number));
    let sms = twilio.sms_number().map(|number| written(Medium::Sms, number));
    // Twilio's dates have whole seconds, and its filter whole days.
    let since = since.trunc_subsecs(0);
    let mut found = Vec::new();
    for sender in whatsapp.into_iter().chain(sms) {
        let filter =
            [("To", sender), ("DateSent>", since.format("%Y-%m-%d").to_string()), ("PageSize", PAGE_SIZE.to_owned())];
        found.extend(list(twilio, messages.clone(), &filter, |_| true).await?);
    }
    // Newest first at Twilio; reversed before the (stable) sort, so that those of one second keep their order.
    found
        .retain(|message| message.direction.as_deref() == Some("inbound") && message.at().is_none_or(|at| at >= since));
    found.reverse();
    found.sort_by_key(ListedMessage::at);

    Ok(found.into_iter().filter_map(taken_in).collect())
}

/// Lists what we sent to somebody; see [`crate::channels::Channel::sent_to`]. Without a filter by date: Twilio's is by
/// the day a message was sent, and one that still waits has none.
pub(super) async fn sent_to(twilio: &Twilio, message: &Outbound, since: Instant) -> Result<Vec<Sent>, SendError> {
    let messages = messages_url(twilio)?;
    let since = since.trunc_subsecs(0);
    // Twilio's list knows no Messaging Services, and a message that still waits has no number yet.
    let from = Some(sender(twilio, message)?).filter(|(field, _)| *field == "From");
    let (to, page_size) = (("To", recipient(message)?), ("PageSize", SENT_PAGE_SIZE.to_owned()));
    let filter: Vec<(&str, String)> = [Some(to), from, Some(page_size)].into_iter().flatten().collect();
    let is_new = |message: &ListedMessage| message.at().is_none_or(|at| at >= since);
    let mut found = list(twilio, messages, &filter, |page| page.last().is_none_or(is_new)).await?;
    found.retain(is_new);
    Ok(found.into_iter().filter_map(handed_out).collect())
}

/// The messages that match, newest first as Twilio lists them, page by page while `go_on` says so of the last one.
async fn list(
    twilio: &Twilio,
    messages: String,
    filter: &[(&str, String)],
    go_on: impl Fn(&[ListedMessage]) -> bool + Send,
) -> Result<Vec<ListedMessage>, SendError> {
    let mut found: Vec<ListedMessage> = Vec::new();
    let mut next = Some((messages, true));
    for _ in 0..MAX_PAGES {
        let Some((url, is_first)) = next.take() else { break };
        let request = || if is_first { twilio.http.get(&url).query(filter) } else { twilio.http.get(&url) };
        let page: Page = read(ask(twilio, request).await)?;
        let messages: Vec<ListedMessage> = page.messages.into_iter().filter_map(listed).collect();
        let goes_on = go_on(&messages);
        found.extend(messages);
        next = page.next_page_uri.filter(|_| goes_on).and_then(|uri| below_base(twilio, &uri)).map(|url| (url, false));
    }
    if next.is_some() {
        tracing::warn!("Twilio has more messages than Andon lists at once; the oldest may be missing");
    }
    Ok(found)
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
    status: Option<String>,
    error_code: Option<i32>,
}

impl ListedMessage {
    /// When it came in, or left; the later of the two dates that Twilio keeps.
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
        from: from.into(),
        to: message.to.as_deref().and_then(read_address).map(|(_, number)| number.to_string()),
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

/// A message of ours, as the list has it; those that came in are left out.
fn handed_out(message: ListedMessage) -> Option<Sent> {
    if !message.direction.as_deref().is_some_and(|direction| direction.starts_with("outbound")) {
        return None;
    }
    let created = message.date_created.as_deref().and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    Some(Sent {
        created_at: created?.with_timezone(&Utc),
        provider_id: message.sid,
        text: message.body.unwrap_or_default(),
        status: message.status.as_deref().and_then(status_named).unwrap_or(Status::Queued),
        error_code: message.error_code,
    })
}

/// A listed message's media; none where they are refused for good (deleted at Twilio).
pub(super) async fn media_of(twilio: &Twilio, sid: &str) -> Result<Vec<Media>, SendError> {
    let url = format!("{}/{}/Media.json", messages_url(twilio)?.trim_end_matches(".json"), encoded(sid));
    let list: MediaList = match read(ask(twilio, || twilio.http.get(&url)).await) {
        Err(error) if error.retry == Retry::Never || error.code == Some(errors::NOT_FOUND) => {
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

/// Reads the answer to a question. A question changes nothing, so there is no doubt left after a failure.
pub(super) fn read<T: for<'de> Deserialize<'de>>(answer: Result<Vec<u8>, SendError>) -> Result<T, SendError> {
    answer
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|_| errors::unreadable()))
        .map_err(|error| SendError { in_doubt: false, ..error })
}

/// The absolute URL of a path in an answer. One that leads elsewhere is refused: it would get our token.
fn below_base(twilio: &Twilio, uri: &str) -> Option<String> {
    if uri.starts_with('/') {
        return Some(format!("{}{uri}", twilio.api_base));
    }
    let rest = uri.strip_prefix(twilio.api_base.as_str());
    rest.is_some_and(|rest| rest.starts_with('/')).then(|| uri.to_owned())
}

#[cfg(test)]
mod tests;
