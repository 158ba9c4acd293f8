//! What happens to orders.

use super::model::Status;
use crate::outbox::{Event, ORDER, Subject, Told, Urgency, Whom};
use serde::Serialize;

/// An order was put on hold, or got one hold more. Tells the admins and the supervisors where somebody did it by hand;
/// of the hold of a defect they are told with the defect.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// The ticket that holds it; none where somebody holds it by hand.
    pub ticket_id: Option<i64>,
    /// The order.
    pub order_id: i64,
    /// Its number.
    pub order: String,
    /// Why.
    pub reason: String,
    /// Who reported it, or holds it.
    pub held_by: Option<i64>,
}

impl Event for Held {
    const NAME: &'static str = "order.held";
    const SHOWN_AS: &'static str = "order_held";
    const TELLS: &'static [Told] = &[Told::new(Whom::DeskUnlessTicket, "order.held")];
    const URGENCY: Urgency = Urgency::Urgent;

    fn subject(&self) -> Subject {
        Subject::new(ORDER, self.order_id)
    }

    fn ticket_id(&self) -> Option<i64> {
        self.ticket_id
    }

    fn actor_id(&self) -> Option<i64> {
        self.held_by
    }
}

/// The last hold on an order was released: by the closing of its ticket, which nobody does for the order's sake, or by
/// hand. Tells the admins and the supervisors; also the one who closed the ticket, who need not know that it was the
/// last.
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
    /// Why, where somebody did it by hand.
    pub reason: Option<String>,
    /// Who did it by hand.
    pub released_by: Option<i64>,
}

impl Event for Released {
    const NAME: &'static str = "order.released";
    const SHOWN_AS: &'static str = "order_released";
    const TELLS: &'static [Told] = &[Told::new(Whom::Desk, "order.released")];

    fn subject(&self) -> Subject {
        Subject::new(ORDER, self.order_id)
    }

    fn ticket_id(&self) -> Option<i64> {
        self.ticket_id
    }

    fn actor_id(&self) -> Option<i64> {
        self.released_by
    }
}

/// A hold by hand was let go, and others keep the order on hold.
#[derive(Clone, Debug, Serialize)]
pub struct HoldReleased {
    /// The order.
    pub order_id: i64,
    /// Its number.
    pub order: String,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub released_by: i64,
}

impl Event for HoldReleased {
    const NAME: &'static str = "order.hold_released";

    fn subject(&self) -> Subject {
        Subject::new(ORDER, self.order_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.released_by)
    }
}

/// An order was taken in.
#[derive(Clone, Debug, Serialize)]
pub struct Created {
    /// The order.
    pub order_id: i64,
    /// Its number.
    pub order: String,
    /// Who handed it in; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Created {
    const NAME: &'static str = "order.created";

    fn subject(&self) -> Subject {
        Subject::new(ORDER, self.order_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}

/// What is known of an order changed.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// The order.
    pub order_id: i64,
    /// Its number.
    pub order: String,
    /// What of it.
    pub fields: Vec<&'static str>,
    /// Who handed it in; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Changed {
    const NAME: &'static str = "order.changed";

    fn subject(&self) -> Subject {
        Subject::new(ORDER, self.order_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}

/// An order is made: its status became COMPLETED. Tells the admins and the supervisors, unless it came by a file. Of one
/// that was completed while it was on hold, [`Released`] tells it.
#[derive(Clone, Debug, Serialize)]
pub struct Completed {
    /// The order.
    pub order_id: i64,
    /// Its number.
    pub order: String,
    /// How many pieces were ordered.
    pub quantity_ordered: i64,
    /// How many good pieces are made.
    pub quantity_completed: i64,
    /// Who handed it in; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Completed {
    const NAME: &'static str = "order.completed";
    const SHOWN_AS: &'static str = "order_completed";
    const TELLS: &'static [Told] = &[Told::new(Whom::Desk, "order.completed")];
    const URGENCY: Urgency = Urgency::Low;

    fn subject(&self) -> Subject {
        Subject::new(ORDER, self.order_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}
