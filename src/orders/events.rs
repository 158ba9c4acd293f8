//! What happens to orders.

use super::model::Status;
use crate::db::Tx;
use crate::kit::Result;
use crate::outbox::{self, Event};
use serde::Serialize;

/// An order was put on hold, or got one hold more.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// The ticket that holds it.
    pub ticket_id: i64,
    /// The order.
    pub order_id: i64,
    /// Its number.
    pub order: String,
    /// Why.
    pub reason: String,
    /// Who reported it.
    pub held_by: Option<i64>,
}

impl Event for Held {
    const NAME: &'static str = "order.held";

    fn ticket_id(&self) -> Option<i64> {
        Some(self.ticket_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.held_by
    }
}

/// The last hold on an order was released. Nobody does that; it follows from the closing of its ticket.
#[derive(Clone, Debug, Serialize)]
pub struct Released {
    /// The ticket whose closing released it.
    pub ticket_id: Option<i64>,
    /// The order.
    pub order_id: i64,
    /// Its number.
    pub order: String,
    /// The status that it got back.
    pub status: Option<Status>,
}

impl Event for Released {
    const NAME: &'static str = "order.released";

    fn ticket_id(&self) -> Option<i64> {
        self.ticket_id
    }

    fn actor_id(&self) -> Option<i64> {
        None
    }
}

/// Appends a set of events; nothing for an empty set.
pub(super) async fn append<E: Event>(tx: &Tx, events: &[E]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    outbox::append(tx, events).await
}
