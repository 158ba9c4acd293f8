//! A delivery as an e-mail: text and HTML of the same words, and headers that say that no person wrote it.

use super::errors;
use crate::channels::{Outbound, SendError};
use crate::config::EmailSender;
use crate::kit::EmailAddress;
use crate::wording::{html, plain};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, address::AddressError};
use std::time::SystemTime;

/// How the HTML looks: as plain as the text, and readable on a phone.
const STYLE: &str = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:16px;line-height:1.5;\
                     color:#1c1c1c;background:#fff;max-width:38em;margin:1.5em auto;padding:0 1em";

/// An e-mail, ready to be handed over.
pub(super) struct Letter {
    /// Its Message-ID.
    pub(super) id: String,
    pub(super) from: Address,
    pub(super) to: Address,
    /// The letter as it travels: ASCII only, lines ended by CRLF.
    pub(super) bytes: Vec<u8>,
}

impl Letter {
    /// Writes the letter. The same message makes the same letter, byte for byte.
    pub(super) fn write(from: &EmailSender, to: &EmailAddress, message: &Outbound) -> Result<Self, SendError> {
        let sender = mailbox(from.name.clone(), &from.address)
            .map_err(|_| errors::unsendable("The address in EMAIL_FROM cannot be written to the mail server."))?;
        let recipient = mailbox(None, to).map_err(|_| {
            errors::unsendable("The recipient's e-mail address cannot be written to a mail server. Correct it.")
        })?;
        let text = plain(&message.text);
        let subject = message.subject.clone().unwrap_or_else(|| text.lines().next().unwrap_or_default().to_owned());
        let id = format!("<{}@{}>", message.token, from.address.domain());
        let parts = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(format!("andon-{}", message.token))
            .singlepart(SinglePart::plain(text))
            .singlepart(SinglePart::html(page(&subject, &message.text)));
        let (from, to) = (sender.email.clone(), recipient.email.clone());
        let letter = Message::builder()
            .from(sender)
            .to(recipient)
            .subject(subject)
            .message_id(Some(id.clone()))
            .date(SystemTime::from(message.written_at))
            .header(AutoSubmitted)
            .header(NoAutomaticAnswers)
            .multipart(parts)
            .map_err(|_| errors::unsendable("The e-mail could not be put together. This is a fault in Andon."))?;
        Ok(Self { id, from, to, bytes: letter.formatted() })
    }
}

fn mailbox(name: Option<String>, address: &EmailAddress) -> Result<Mailbox, AddressError> {
    Ok(Mailbox::new(name, address.as_str().parse()?))
}

fn page(subject: &str, text: &str) -> String {
    let (title, body) = (html::escaped(subject), html::paragraphs(text));
    format!(
        "<!doctype html>\n<html>\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title></head>\n<body style=\"{STYLE}\">\n{body}</body>\n</html>\n"
    )
}

/// No person wrote it, so no machine should answer it. **Source**: RFC 3834.
#[derive(Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The same for Microsoft's servers, which look for their own header. **Source**: [MS-OXCMAIL], 2.1.3.2.20.
#[derive(Clone, Copy)]
struct NoAutomaticAnswers;

impl Header for NoAutomaticAnswers {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("X-Auto-Response-Suppress")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "All".to_owned())
    }
}
