//! The reckoning: every incident that was answered is stored once, with one line of history, one event, and its notices;
//! and every notice that was to leave has left once, and arrived.

use super::ask::Answers;
use super::notices::TOLD;
use super::people::Staff;
use crate::drive::ledger::Ledger;
use andon::db::Db;
use andon::delivery::store::rows::{attempt, row as delivery};
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

/// What is amiss where many were told: each of those who answer for a ticket has one notice of it, and every notice by
/// WhatsApp was accepted in one attempt, came to the provider once and arrived.
pub(super) async fn told(db: &Db, ledger: &Ledger, raised: Vec<String>) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut must_be = |what: &str, found: usize, expected: usize| {
        if found != expected {
            faults.push(format!("{what}: {found}, not {expected}"));
        }
    };
    let notices: Vec<(i64, String, Option<i64>, String)> = delivery::Entity::find()
        .select_only()
        .columns([delivery::Column::Id, delivery::Column::Token, delivery::Column::EventId, delivery::Column::Status])
        .filter(delivery::Column::EventId.is_not_null())
        .filter(delivery::Column::Medium.eq("whatsapp"))
        .into_tuple()
        .all(db.read())
        .await?;
    let (titles, raised): (HashSet<String>, usize) = (raised.iter().cloned().collect(), raised.len());
    let tickets: Vec<(i64, String)> = ticket::Entity::find()
        .select_only()
        .columns([ticket::Column::Id, ticket::Column::Title])
        .into_tuple()
        .all(db.read())
        .await?;
    let ids: HashSet<i64> = tickets.into_iter().filter(|(_, title)| titles.contains(title)).map(|(id, _)| id).collect();
    must_be("incidents stored", ids.len(), raised);
    let events: Vec<(i64, Option<i64>)> = event::Entity::find()
        .select_only()
        .columns([event::Column::Id, event::Column::TicketId])
        .filter(event::Column::Name.eq("ticket.created"))
        .into_tuple()
        .all(db.read())
        .await?;
    let events = events.into_iter().filter(|(_, of)| of.is_some_and(|of| ids.contains(&of)));
    let mut by_event: HashMap<i64, u32> = events.map(|(id, _)| (id, 0)).collect();
    for (_, _, of, _) in &notices {
        if let Some(count) = of.and_then(|event| by_event.get_mut(&event)) {
            *count += 1;
        }
    }
    must_be("incidents of which everybody was told", by_event.values().filter(|count| **count == TOLD).count(), raised);

    let entries = ledger.close();
    let once = notices.iter().filter(|(_, token, ..)| entries.arrivals.get(token) == Some(&1)).count();
    must_be("notices that came to the provider once", once, notices.len());
    must_be("deliveries there", entries.arrivals.len(), notices.len());
    let elsewhere: Vec<String> = notices
        .iter()
        .filter(|(.., status)| status != "DELIVERED")
        .map(|(id, token, _, status)| {
            let reply = entries.replies.iter().find(|reply| reply.token == *token);
            format!("{id} is {status}, told {:?}", reply.map(|reply| &reply.told))
        })
        .collect();
    must_be(&format!("notices not delivered ({})", elsewhere[..elsewhere.len().min(3)].join("; ")), elsewhere.len(), 0);

    let attempts: Vec<(i64, String)> = attempt::Entity::find()
        .select_only()
        .columns([attempt::Column::DeliveryId, attempt::Column::Outcome])
        .into_tuple()
        .all(db.read())
        .await?;
    let mut accepted: HashMap<i64, u32> = notices.iter().map(|(id, ..)| (*id, 0)).collect();
    for (id, _) in attempts.iter().filter(|(_, outcome)| outcome == "ACCEPTED") {
        *accepted.entry(*id).or_default() += 1;
    }
    must_be("notices accepted in one attempt", accepted.values().filter(|count| **count == 1).count(), notices.len());
    // Before it was back, the provider was not reached.
    let others = attempts.iter().filter(|(_, outcome)| !matches!(outcome.as_str(), "ACCEPTED" | "RETRY")).count();
    must_be("attempts in doubt or refused", others, 0);
    Ok(faults)
}
