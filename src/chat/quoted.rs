//! Buttons of approved templates. What they say and what comes back of them was written at the provider's, once, for
//! every message; so which ticket is meant is known from the message that they stand under.
//!
//! A button is taken for the choice under that message whose words it says. One that says something else counts as
//! written.

use super::taps::Tap;
use crate::channels::{Choices, Inbound, Medium};
use crate::db::Tx;
use crate::delivery::store::choices_under;
use crate::kit::Result;
use crate::kit::typed::bare;
use std::borrow::Cow;

/// These messages, each button of a template's as the tap that it stands for.
pub(super) async fn understood<'a>(tx: &Tx, messages: &'a [Inbound]) -> Result<Cow<'a, [Inbound]>> {
    let quoted: Vec<(&str, &str)> = messages.iter().filter_map(quoted_by).collect();
    if quoted.is_empty() {
        return Ok(Cow::Borrowed(messages));
    }
    let known = choices_under(tx.conn(), &quoted).await?;
    let mut understood = messages.to_vec();
    for message in &mut understood {
        let choices = quoted_by(message).and_then(|(channel, id)| known.get(&(channel.to_owned(), id.to_owned())));
        let payload = choices.and_then(|choices| meant(choices, &message.text));
        message.tapped = payload.or(message.tapped.take());
    }
    Ok(Cow::Owned(understood))
}

/// The message of ours under which a button was tapped that is none of the chat's.
fn quoted_by(message: &Inbound) -> Option<(&str, &str)> {
    let payload = message.tapped.as_deref().filter(|_| message.medium == Medium::Whatsapp)?;
    let id = message.reply_to.as_deref().filter(|_| Tap::read(payload).is_none())?;
    Some((message.channel, id))
}

/// What the choice with these words gives back.
fn meant(choices: &Choices, says: &str) -> Option<String> {
    let said = bare(says);
    choices.options.iter().find(|option| bare(&option.title) == said).map(|option| option.id.clone())
}
