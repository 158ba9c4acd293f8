//! What a set of events is about: the tickets with who has them, and the plant's records.

use super::model::{Concerned, Happened};
use super::store;
use super::store::facts::Facts;
use crate::db::Tx;
use crate::kit::Result;
use crate::outbox::{self, Notice};
use std::collections::HashMap;

/// A set of events that somebody may have to be told of, with what they are about.
pub(super) struct Scene<'a> {
    pub(super) happened: Vec<Happened<'a>>,
    tickets: HashMap<i64, Concerned>,
    facts: HashMap<i64, Facts>,
}

impl<'a> Scene<'a> {
    /// That of these stored events; those that nobody is ever told of are left out.
    pub(super) async fn of(tx: &Tx, events: &[outbox::row::Model], notices: &'a [Notice]) -> Result<Self> {
        let known: HashMap<&str, &'a Notice> = notices.iter().map(|notice| (notice.event, notice)).collect();
        let read = |event| Happened::read(event, known.get(event.name.as_str()).copied()?);
        let happened: Vec<Happened<'a>> = events.iter().filter_map(read).collect();
        if happened.is_empty() {
            return Ok(Self { happened, tickets: HashMap::new(), facts: HashMap::new() });
        }
        let tickets = store::tickets(tx, &happened).await?;
        let facts = store::facts::of(tx, &happened, &tickets).await?;
        Ok(Self { happened, tickets, facts })
    }

    /// The ticket that this event is about.
    pub(super) fn ticket(&self, one: &Happened<'_>) -> Option<&Concerned> {
        one.ticket_id.and_then(|id| self.tickets.get(&id))
    }

    /// What is known of the plant's records that it is about.
    pub(super) fn facts(&self, one: &Happened<'_>) -> Option<&Facts> {
        self.facts.get(&one.event_id)
    }

    /// The people that its words speak of.
    pub(super) fn spoken_of(&self) -> impl Iterator<Item = i64> {
        let actors = self.happened.iter().filter_map(|one| one.actor_id);
        actors.chain(self.tickets.values().filter_map(|ticket| ticket.row.requester_id))
    }
}
