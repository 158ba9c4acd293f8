//! The reckoning: every incident that was answered is stored once, with one line of history, one event, and its notices.

use super::ask::Answers;
use super::people::Staff;
use crate::drive::ledger::Ledger;
use andon::db::Db;
use andon::delivery::store::rows::row as delivery;
use andon::kit::Result;
use andon::outbox::row as event;
use andon::tickets::{Kind, history, row as ticket};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::{HashMap, HashSet};

/// What is amiss, one line each.
pub(super) async fn created(db: &Db, staff: &Staff, ledger: &Ledger, answers: Answers) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut must_be = |what: &str, found: usize, expected: usize| {
        if found != expected {
            faults.push(format!("{what}: {found}, not {expected}"));
        }
    };
    let clients = || staff.clients.iter().map(|client| client.id);
    let tickets: Vec<(i64, String)> = ticket::Entity::find()
        .select_only()
        .columns([ticket::Column::Id, ticket::Column::Title])
        .filter(ticket::Column::Kind.eq(Kind::Incident))
        .filter(ticket::Column::RequesterId.is_in(clients()))
        .into_tuple()
        .all(db.read())
        .await?;
    let ids: HashSet<i64> = tickets.iter().map(|(id, _)| *id).collect();
    let titles: HashSet<&str> = tickets.iter().map(|(_, title)| title.as_str()).collect();
    must_be("incidents stored", tickets.len(), answers.raised.len());
    must_be("incidents with a title of their own", titles.len(), answers.raised.len());
    let lost = answers.raised.iter().filter(|title| !titles.contains(title.as_str())).count();
    must_be("incidents answered and not stored", lost, 0);

    let lines = history::Entity::find().select_only().column(history::Column::TicketId);
    let lines: Vec<i64> = lines.into_tuple().all(db.read()).await?;
    must_be("lines of history", lines.iter().filter(|id| ids.contains(id)).count(), ids.len());
    let told: Vec<(i64, Option<i64>)> = event::Entity::find()
        .select_only()
        .columns([event::Column::Id, event::Column::TicketId])
        .filter(event::Column::Name.eq("ticket.created"))
        .into_tuple()
        .all(db.read())
        .await?;
    let told: HashMap<i64, i64> =
        told.into_iter().filter_map(|(id, of)| Some((id, of.filter(|of| ids.contains(of))?))).collect();
    must_be("events", told.len(), ids.len());
    must_be("incidents with an event", told.values().collect::<HashSet<_>>().len(), ids.len());

    let notices: Vec<(String, Option<i64>, String)> = delivery::Entity::find()
        .select_only()
        .columns([delivery::Column::Token, delivery::Column::EventId, delivery::Column::Medium])
        .filter(delivery::Column::EventId.is_not_null())
        .into_tuple()
        .all(db.read())
        .await?;
    let notices: Vec<_> =
        notices.into_iter().filter(|(_, of, _)| of.is_some_and(|event| told.contains_key(&event))).collect();
    let by = |medium: &str| notices.iter().filter(|(.., by)| by == medium).count();
    must_be("notices at the desk", by("browser"), ids.len());
    must_be("notices by WhatsApp", by("whatsapp"), ids.len());
    let entries = ledger.close();
    let carried = notices.iter().filter(|(.., by)| by == "whatsapp");
    let arrived = carried.filter(|(token, ..)| entries.arrivals.contains_key(token)).count();
    must_be("notices at the provider", arrived, ids.len());
    must_be("notices there twice", entries.arrivals.values().filter(|count| **count > 1).count(), 0);
    Ok(faults)
}
