//! What a provider tells us: its request, and what it says of messages from others and of ours.

use super::{Medium, Status};
use crate::kit::{Handle, Instant};
use axum::http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};

/// A provider's HTTP request to us, as it arrived.
#[derive(Debug)]
pub struct Webhook<'a> {
    /// POST, or GET where the provider is so configured.
    pub method: &'a Method,
    /// Path and raw query as received, `/api/whatsapp/webhook?x=1`.
    pub path_and_query: &'a str,
    /// The URLs, without query, under which the provider may have called us, likeliest first.
    pub public_urls: &'a [String],
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// Why a webhook was turned away. Nothing of it is stored.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It does not carry the provider's signature (403); the text is for the log and says what may be the matter.
    #[error("{0}")]
    Unproved(String),
    /// It is not a message of this provider (400); the text is for the caller.
    #[error("{0}")]
    Malformed(String),
}

/// What a provider told us.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// Somebody wrote.
    Message(Inbound),
    /// A message of ours got on, or failed.
    Receipt(Receipt),
}

/// A message that came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbound {
    /// The channel's name, `twilio`.
    pub channel: &'static str,
    /// The provider's id, unique within the channel.
    pub provider_id: String,
    /// How it was written.
    pub medium: Medium,
    /// Who wrote.
    pub from: Handle,
    /// The sender of ours it was written to, by the name that its provider has for it, where it says so.
    pub to: Option<String>,
    /// The text, repaired to valid UTF-8; empty when there is none. Not trimmed.
    pub text: String,
    /// The provider's word for what it is: `text`, `image`, `location`, `interactive`, or one not known to us.
    pub kind: String,
    /// Photos, documents, voice notes: by reference.
    pub media: Vec<Media>,
    /// The payload of a button or list row that was tapped.
    pub tapped: Option<String>,
    /// The provider's id of our message that this one answers or quotes.
    pub reply_to: Option<String>,
    /// The name the writer gave themselves.
    pub profile_name: Option<String>,
    /// Meta's business-scoped user id, where the provider sends it.
    pub user_id: Option<String>,
    /// A place that was shared.
    pub place: Option<Place>,
    /// When it was written, where that is not now: in a list of what was missed.
    pub sent_at: Option<Instant>,
}

/// A message that the provider lists as received.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The message, without its media.
    pub message: Inbound,
    /// Whether it has media, to be asked for with [`super::Channel::media_of`].
    pub has_media: bool,
}

/// A file at the provider's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Where to fetch it; needs the provider's credentials.
    pub url: String,
    /// The media type the provider names, `image/jpeg`.
    pub content_type: String,
}

/// A place on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Degrees, north positive.
    pub latitude: f64,
    /// Degrees, east positive.
    pub longitude: f64,
    /// What the writer picked, if they picked a named place.
    pub label: Option<String>,
}

/// News of a message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The channel's name.
    pub channel: &'static str,
    /// The provider's id of our message.
    pub provider_id: String,
    /// The delivery's own token, from the status callback's URL.
    pub token: Option<String>,
    /// From which number of ours the message went, and how it is read, where the provider says so.
    pub from: Option<(Medium, String)>,
    /// How far it got.
    pub status: Status,
    /// The provider's code where it failed.
    pub error_code: Option<i32>,
    /// The provider's words where it failed.
    pub error_text: Option<String>,
    /// As what the provider bills it, where it says so; [`super::NOT_BILLED`] where it bills nothing.
    pub category: Option<String>,
}
