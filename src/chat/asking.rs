//! What a message and its writer are to the engine and to the rules, and what has to be fetched before it is answered.

use super::engine::{self, Asker, Input};
use super::flow::Flows;
use super::inbound::{Chat, Fresh};
use super::offers::Offer;
use super::records::Lookup;
use crate::app::App;
use crate::channels::Inbound;
use crate::kit::earth::Spot;
use crate::people::store::Known;
use crate::tickets::model::Viewer;
use std::collections::HashMap;

/// The records that this message may speak of.
pub(super) fn wants(app: &App, flows: &Flows, fresh: &Fresh<'_>, chats: &HashMap<i64, Chat>) -> Vec<Lookup> {
    let asker = asker(app, fresh.known);
    let chat = chats.get(&fresh.known.person_id).filter(|_| asker.registered || asker.open_access);
    chat.map_or_else(Vec::new, |chat| {
        engine::lookups(flows, &app.wording(), &chat.session, &input(fresh.inbound), chat.dormant)
    })
}

/// Which of their tickets this message wants to be offered.
pub(super) fn offer(app: &App, flows: &Flows, fresh: &Fresh<'_>, chats: &HashMap<i64, Chat>) -> Option<Offer> {
    let chat = chats.get(&fresh.known.person_id)?;
    engine::offer(flows, &app.wording(), &chat.session, &input(fresh.inbound), asker(app, fresh.known))
}

/// Around which spot this message wants machines to be looked for.
pub(super) fn spot(app: &App, flows: &Flows, fresh: &Fresh<'_>, chats: &HashMap<i64, Chat>) -> Option<Spot> {
    let chat = chats.get(&fresh.known.person_id).filter(|_| fresh.inbound.place.is_some())?;
    engine::spot(flows, &app.wording(), &chat.session, &input(fresh.inbound), asker(app, fresh.known))
}

/// The message, as the engine sees it.
pub(super) fn input(inbound: &Inbound) -> Input {
    Input {
        text: inbound.text.clone(),
        tapped: inbound.tapped.clone(),
        media: inbound.media.clone(),
        kind: inbound.kind.clone(),
        place: inbound.place.clone(),
    }
}

/// Who wrote, as the engine sees them.
pub(super) fn asker(app: &App, known: &Known) -> Asker {
    Asker { role: known.role(), registered: known.role().is_some(), open_access: app.chat_is_open() }
}

/// Who wrote, as the rules for tickets look at them.
pub(super) fn viewer(app: &App, known: &Known) -> Viewer {
    Viewer {
        person_id: known.person_id,
        role: known.role(),
        department: known.department.clone(),
        open_access: app.chat_is_open(),
    }
}
