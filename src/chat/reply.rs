//! The reply to a message: its words as a delivery, with what may be tapped under them.

use super::engine::{self, Say};
use super::inbound::Fresh;
use super::taps;
use crate::app::App;
use crate::channels::{Inbound, Medium, Rich, meta};
use crate::delivery::{Kind, NewDelivery};
use crate::papers;
use crate::people::store::Known;

/// The reply; none where there is nothing to say.
pub(super) fn reply(app: &App, fresh: &Fresh<'_>, language: &str, say: &[Say]) -> Option<NewDelivery> {
    let Fresh { row, inbound, known } = fresh;
    let body = engine::render(&app.wording, language, say);
    let has_taps = app.settings.has_taps && inbound.medium == Medium::Whatsapp;
    let papers = papers::can_be_fetched(&app.settings);
    let choices = if has_taps { taps::choices(&app.wording, language, say, &body, papers) } else { None };
    let rich = choices.map(|choices| Rich { choices: Some(choices), ..Rich::default() });
    (!body.is_empty()).then(|| NewDelivery {
        kind: Kind::Reply,
        medium: inbound.medium,
        address_id: known.address_id,
        person_id: known.person_id,
        sender: inbound.to.clone(),
        line: line(inbound, known),
        body,
        rich,
        message_id: Some(*row),
    })
}

/// The line of a conversation's answers. A provider that is away holds up no other one's.
fn line(inbound: &Inbound, known: &Known) -> String {
    match inbound.channel {
        meta::NAME => format!("reply:{}:{}", known.address_id, meta::NAME),
        _ => format!("reply:{}", known.address_id),
    }
}
