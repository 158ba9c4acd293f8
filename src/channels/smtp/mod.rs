//! E-mail through a mail server, by SMTP.
//!
//! A letter's Message-ID and date come from its delivery, so however often it is sent, it is the same letter, and
//! mailboxes that know it already may drop it. Where the connection broke after the letter had left and before the server
//! said that it has it, nobody can be asked: it is sent once more. What becomes of a letter after the server took it,
//! Andon does not hear: one that comes back lands in the sender's mailbox.

pub mod errors;
mod letter;
mod link;

use super::{
    Accepted, Channel, Explained, Medium, Outbound, Recipient, Rejection, Retry, SendError, Signal, Status, Webhook,
};
use crate::config::Mail;
use async_trait::async_trait;
use letter::Letter;
use link::Link;

/// The channel's stored name.
pub const NAME: &str = "smtp";

/// How many characters an e-mail may have: more than any of ours, and short enough to be read.
const MAX_CHARS: usize = 100_000;

const NO_SERVER: &str =
    "SMTP_URL and EMAIL_FROM are not configured. They say which server takes e-mails, and from whom they come.";

/// The mail server as a channel.
pub struct Smtp {
    /// None where e-mail is off.
    mail: Option<Mail>,
    link: Option<Link>,
}

impl Smtp {
    /// The channel with these settings; without any it carries nothing.
    pub fn new(mail: Option<Mail>) -> Self {
        let link = mail.as_ref().and_then(|mail| Some(Link::to(mail.server.clone()?, mail.from.address.domain())));
        Self { mail, link }
    }

    /// Connects and signs in, and sends nothing: whether the settings are right.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub async fn try_out(&self) -> Result<(), SendError> {
        let link = self.link.as_ref().ok_or_else(|| errors::not_configured(NO_SERVER))?;
        link.try_out().await
    }
}

#[async_trait]
impl Channel for Smtp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn carries(&self, medium: Medium) -> bool {
        medium == Medium::Email && self.mail.is_some()
    }

    fn tells_arrival(&self, _medium: Medium) -> bool {
        false
    }

    fn max_chars(&self, _medium: Medium) -> usize {
        MAX_CHARS
    }

    fn room(&self) -> usize {
        self.link.as_ref().map_or(usize::MAX, Link::room)
    }

    fn accept(&self, _webhook: &Webhook<'_>) -> Result<Vec<Signal>, Rejection> {
        Err(Rejection::Malformed("A mail server calls no webhooks.".to_owned()))
    }

    fn explain(&self, code: i32) -> Option<Explained> {
        errors::known(code).map(|known| Explained { name: known.name, advice: known.advice })
    }

    fn retry(&self, code: i32) -> Retry {
        errors::retry(code)
    }

    fn is_opt_out(&self, _code: i32) -> bool {
        false
    }

    fn is_window_shut(&self, _code: i32) -> bool {
        false
    }

    fn is_outage(&self, name: &str) -> bool {
        errors::is_outage(name)
    }

    async fn send(&self, message: &Outbound) -> Result<Accepted, SendError> {
        let (Some(mail), Some(link)) = (&self.mail, &self.link) else { return Err(errors::not_configured(NO_SERVER)) };
        let Recipient::Email(to) = &message.to else { return Err(errors::unsendable("The recipient is no mailbox.")) };
        let letter = Letter::write(&mail.from, to, message)?;
        link.hand_over(&letter).await?;
        Ok(Accepted { provider_id: letter.id, status: Status::Sent })
    }
}

#[cfg(test)]
mod tests;
