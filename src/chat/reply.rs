//! The reply to a message: its words as a delivery, with what may be tapped under them.

use super::engine::{self, Say};
use super::inbound::Fresh;
use super::taps;
use crate::app::App;
use crate::channels::{Medium, Rich, meta};
use crate::delivery::{Kind, NewDelivery};
use crate::papers;

/// The reply; none where there is nothing to say.
pub(super) fn reply(app: &App, fresh: &Fresh<'_>, language: &str, say: &[Say]) -> Option<NewDelivery> {
    let Fresh { row, inbound, known } = fresh;
    let to = To {
        medium: inbound.medium,
        address_id: known.address_id,
        person_id: known.person_id,
        sender: inbound.to.as_deref(),
        channel: inbound.channel,
    };
    said(app, to, language, say, Some(*row))
}

/// To whom something is said, and on which way.
#[derive(Clone, Copy)]
pub(super) struct To<'a> {
    pub(super) medium: Medium,
    pub(super) address_id: i64,
    pub(super) person_id: i64,
    /// The sender of ours that they wrote to.
    pub(super) sender: Option<&'a str>,
    /// The channel that brought it.
    pub(super) channel: &'a str,
}

/// What is said to somebody, in answer to a message or of the bot's own accord; none where it is nothing.
pub(super) fn said(app: &App, to: To<'_>, language: &str, say: &[Say], answers: Option<i64>) -> Option<NewDelivery> {
    let wording = app.wording();
    let body = engine::render(&wording, language, say);
    let has_taps = app.settings.has_taps && to.medium == Medium::Whatsapp;
    let papers = papers::can_be_fetched(&app.settings);
    let choices = if has_taps { taps::choices(&wording, language, say, &body, papers) } else { None };
    let rich = choices.map(|choices| Rich { choices: Some(choices), ..Rich::default() });
    (!body.is_empty()).then(|| NewDelivery {
        kind: Kind::Reply,
        medium: to.medium,
        address_id: to.address_id,
        person_id: to.person_id,
        sender: to.sender.map(str::to_owned),
        line: line(to.channel, to.address_id),
        body,
        rich,
        message_id: answers,
    })
}

/// The line of a conversation's answers. A provider that is away holds up no other one's.
pub(super) fn line(channel: &str, address_id: i64) -> String {
    match channel {
        meta::NAME => format!("reply:{address_id}:{}", meta::NAME),
        _ => format!("reply:{address_id}"),
    }
}
