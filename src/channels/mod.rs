//! Channels: the translators between Andon and a provider.
//!
//! A channel turns a provider's request into [`Signal`]s, and an [`Outbound`] into a provider's request. It never sees the
//! database and knows nothing of flows, tickets or people.

#[cfg(test)]
mod canned;
mod explained;
pub mod meta;
mod price;
mod rich;
mod signals;
pub mod smtp;
pub mod taps;
pub mod twilio;

pub use crate::config::Named;
pub use explained::Explained;
pub use price::{NOT_BILLED, Price, Taken};
pub use rich::{Choice, Choices, Enclosed, EnclosedKind, Rich};
pub use signals::{Inbound, Listed, Media, Place, Receipt, Rejection, Signal, Webhook};

use crate::kit::{E164, EmailAddress, Handle, Instant, Rate};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a person reads a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// WhatsApp, whoever carries it.
    Whatsapp,
    /// A text message.
    Sms,
    /// An e-mail.
    Email,
}

impl Medium {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Whatsapp, Self::Sms, Self::Email];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    /// The medium with this stored name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|medium| medium.as_str() == name)
    }
}

/// Where a message goes, and so how it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// Somebody on WhatsApp.
    Whatsapp(Handle),
    /// A number for text messages.
    Sms(E164),
    /// A mailbox.
    Email(EmailAddress),
}

impl Recipient {
    /// The recipient that a stored address stands for; none where it is none on this medium.
    pub fn read(medium: Medium, address: &str) -> Option<Self> {
        match medium {
            Medium::Whatsapp => Handle::parse(address).map(Self::Whatsapp),
            Medium::Sms => E164::parse(address).ok().map(Self::Sms),
            Medium::Email => EmailAddress::parse(address).ok().map(Self::Email),
        }
    }

    /// How they read it.
    pub fn medium(&self) -> Medium {
        match self {
            Self::Whatsapp(_) => Medium::Whatsapp,
            Self::Sms(_) => Medium::Sms,
            Self::Email(_) => Medium::Email,
        }
    }
}

/// How far a message got, in the order of [`Status::rank`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Waits with us or with the provider.
    Queued,
    /// On its way.
    Sending,
    /// The provider handed it on.
    Sent,
    /// It failed for good, unless a later delivered or read says otherwise.
    Failed,
    /// It was taken back before it left.
    Cancelled,
    /// It is on the person's phone.
    Delivered,
    /// The person read it.
    Read,
}

impl Status {
    /// Statuses only move to a higher rank: queued < sending < sent < failed < delivered < read. Failed stands
    /// below delivered because a message that arrived after all has arrived.
    pub fn rank(self) -> i16 {
        match self {
            Self::Queued => 0,
            Self::Sending => 1,
            Self::Sent => 2,
            Self::Failed => 3,
            Self::Cancelled => 4,
            Self::Delivered => 5,
            Self::Read => 6,
        }
    }

    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Queued, Self::Sending, Self::Sent, Self::Failed, Self::Cancelled, Self::Delivered, Self::Read];

    /// The status with this stored name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The stored name, also what the API shows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Sending => "SENDING",
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Delivered => "DELIVERED",
            Self::Read => "READ",
        }
    }
}

/// A message to send.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// To whom, and so how they shall read it.
    pub to: Recipient,
    /// From which sender of ours, by its name; `None`, and a name that the channel does not know, take its default.
    pub from: Option<String>,
    /// In one line what it is about, where the medium has room for that.
    pub subject: Option<String>,
    /// The text within [`Channel::max_chars`]: plain in a text message, else in WhatsApp's markup.
    pub text: String,
    /// What it holds beside its text; the text says it too, for a channel that cannot show it.
    pub rich: Rich,
    /// What the provider has for its choices, by its id ([`Channel::needs`]); without it the text goes alone.
    pub made: Option<String>,
    /// The delivery's own token; comes back in the status callback.
    pub token: String,
    /// When the delivery was made, however often it was tried since.
    pub written_at: Instant,
    /// What goes in place of the text, where only that may go.
    pub template: Option<Template>,
}

/// A text that a provider approved beforehand, filled in: what may go to somebody outside the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Twilio's id of it, `HX…`, where it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What Meta knows it by, where it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Named>,
    /// What is filled in, the first one first; none is empty.
    pub variables: Vec<String>,
}

impl Template {
    /// Under what an attempt keeps it.
    pub fn key(&self) -> String {
        let named = self.named.as_ref().map(|named| format!("{}/{}", named.name, named.language));
        self.id.clone().or(named).unwrap_or_default()
    }
}

/// The provider took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id of the message.
    pub provider_id: String,
    /// Usually [`Status::Queued`]; [`Status::Sent`] where nothing more will be heard of it.
    pub status: Status,
}

/// A message that the provider lists as taken from us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The provider's id of the message.
    pub provider_id: String,
    /// The text as it left; a provider may have added words.
    pub text: String,
    /// How far it got.
    pub status: Status,
    /// The provider's code where it failed.
    pub error_code: Option<i32>,
    /// When the provider took it, by its own clock.
    pub created_at: Instant,
}

/// Something that has to be at the provider before choices can be shown: made once, used for every message of its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// What tells it from others, in any account: letters and digits.
    pub key: String,
    /// What the provider is asked to make.
    pub body: serde_json::Value,
}

/// What to do after a failed send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not this message, not as it is.
    Never,
    /// Not by this channel, whose sender, or what it knows of the recipient, is in the way; another may carry it.
    Elsewhere,
    /// Again, by the usual backoff or after the time that the provider asked for.
    Later(Option<Duration>),
    /// Again, and the sender goes slower: it sent too much at once. Not before the provider's wish.
    Slower(Option<Duration>),
    /// Again, and the recipient is written to more slowly: so much at once is too much for one person.
    SlowerToOne,
    /// The whole channel is out (wrong credentials): keep the queue, raise one alarm.
    StopChannel,
}

/// A send that failed: a name for the log, whether to retry, and what to tell the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}{}: {advice}", .code.map(|c| format!(" ({c})")).unwrap_or_default())]
pub struct SendError {
    /// A stable short name, `invalid_recipient`.
    pub name: &'static str,
    /// The provider's code.
    pub code: Option<i32>,
    /// What to do.
    pub retry: Retry,
    /// The provider may have taken the message all the same (time-out, broken connection).
    pub in_doubt: bool,
    /// The provider as a whole is away, not this message at fault.
    pub is_outage: bool,
    /// One sentence for the operator: what is wrong and what to do about it. No secrets, no numbers.
    pub advice: String,
}

/// One provider.
#[async_trait]
pub trait Channel: Send + Sync {
    /// The stored name, `twilio`.
    fn name(&self) -> &'static str;

    /// Whether this channel can carry this medium with the settings it has.
    fn carries(&self, medium: Medium) -> bool;

    /// The sender of ours that messages on this medium come from, where it is always the same, by its name: a number in
    /// E.164, or what else the provider knows it by.
    fn sender(&self, medium: Medium) -> Option<String> {
        self.default_sender(medium).filter(|sender| E164::parse(sender).is_ok())
    }

    /// Whether this names a sender at this provider.
    fn knows_sender(&self, name: &str) -> bool {
        E164::parse(name).is_ok()
    }

    /// Our number on this medium, where it is known: what people write to.
    fn number(&self, medium: Medium) -> Option<E164> {
        self.sender(medium).and_then(|sender| E164::parse(&sender).ok())
    }

    /// Whether it can send this template.
    fn takes(&self, _template: &Template) -> bool {
        false
    }

    /// Whether we are told, afterwards, that a message on this medium arrived.
    fn tells_arrival(&self, medium: Medium) -> bool;

    /// How many characters one message may have.
    fn max_chars(&self, medium: Medium) -> usize;

    /// How many more messages it can take just now. Others wait in their rows, where they hold up nobody else's.
    fn room(&self) -> usize {
        usize::MAX
    }

    /// Under whose name the pace is kept where messages name no sender of ours; none where there is one for everything.
    fn default_sender(&self, _medium: Medium) -> Option<String> {
        None
    }

    /// How fast this sender of ours may send on this medium; none without a limit.
    fn rate(&self, _medium: Medium, _sender: &str) -> Option<Rate> {
        None
    }

    /// How fast one person may be written to on this medium, from whichever sender; none without a limit.
    fn rate_to_one(&self, _medium: Medium) -> Option<Rate> {
        None
    }

    /// The answer to a provider that asks whether this address is ours before it sends anything there; nothing where the
    /// request is no such question.
    fn handshake(&self, _webhook: &Webhook<'_>) -> Option<Result<String, Rejection>> {
        None
    }

    /// Checks who sent the webhook and reads what it says.
    fn accept(&self, webhook: &Webhook<'_>) -> Result<Vec<Signal>, Rejection>;

    /// What a code of this provider's means; none where it is not known.
    fn explain(&self, code: i32) -> Option<Explained>;

    /// Whether a message that failed with this code, after it was taken, may be sent again.
    fn retry(&self, code: i32) -> Retry;

    /// Whether this code says that the recipient wants no messages from us any more.
    fn is_opt_out(&self, code: i32) -> bool;

    /// Whether this code says that the recipient has not written for so long that only a template may go.
    fn is_window_shut(&self, code: i32) -> bool;

    /// Whether an error with this [`SendError::name`] says that the provider as a whole is away.
    fn is_outage(&self, name: &str) -> bool;

    /// Whether the provider bills each message on this medium, and it can be known afterwards what it cost.
    fn bills(&self, _medium: Medium) -> bool {
        false
    }

    /// What has to be at the provider before this message can go with its choices shown; none where nothing has.
    fn needs(&self, _message: &Outbound) -> Option<Need> {
        None
    }

    /// Has the provider make it; answers with its id.
    async fn make(&self, need: &Need) -> Result<String, SendError> {
        Ok(need.key.clone())
    }

    /// Whether somebody can be shown that their message was read and is being answered.
    fn shows_reading(&self) -> bool {
        false
    }

    /// Shows it, of the message with this id.
    async fn show_reading(&self, _provider_id: &str) -> Result<(), SendError> {
        Ok(())
    }

    /// Hands one message to the provider.
    async fn send(&self, message: &Outbound) -> Result<Accepted, SendError>;

    /// The messages that the provider took from us since `since` for the recipient of this one, whatever became of
    /// them; `None` where a provider cannot be asked.
    async fn sent_to(&self, _message: &Outbound, _since: Instant) -> Result<Option<Vec<Sent>>, SendError> {
        Ok(None)
    }

    /// How many prices may be asked for every few seconds.
    fn prices_at_once(&self) -> u64 {
        20
    }

    /// What this message of ours costs.
    async fn price_of(&self, _message: &Taken<'_>) -> Result<Price, SendError> {
        Ok(Price::Unknown)
    }

    /// The messages the provider took in for us since `since`, oldest first: what a webhook that never reached
    /// us would have said. Empty where a provider cannot be asked.
    async fn received_since(&self, _since: Instant) -> Result<Vec<Listed>, SendError> {
        Ok(Vec::new())
    }

    /// The media of a listed message; empty where they are gone for good.
    async fn media_of(&self, _provider_id: &str) -> Result<Vec<Media>, SendError> {
        Ok(Vec::new())
    }

    /// The bytes of a file that somebody sent, at most `most`; `None` where it is not this provider's. Nothing but the
    /// provider's own hosts is asked, whatever the file's address says.
    async fn fetch(&self, _media: &Media, _most: usize) -> Result<Option<Vec<u8>>, SendError> {
        Ok(None)
    }
}
