//! What happens to tickets: one event for each thing that somebody may have to be told.
//!
//! Each carries its ticket, who did it, and what the telling needs beyond what the ticket's row says. Beside its name
//! stand the one that the desk's clients know it by, and who is told in which words (`wording/<language>/`).

use super::alarms::Deadline;
use super::model::Kind;
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::outbox::Whom::{Assigned as Holders, Desk, DeskWhileUnassigned, Listed, Requester};
use crate::outbox::{self, Event, Subject, TICKET, Told, Urgency};
use serde::Serialize;

/// What every event of a ticket says.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// The ticket.
    pub ticket_id: i64,
    /// Its reference.
    pub reference: String,
    /// Its kind.
    pub kind: Kind,
    /// Who did it; none where time did.
    pub actor_id: Option<i64>,
}

/// An event with its names, whom it tells, and its fields beyond [`About`].
macro_rules! event {
    (
        $(#[$doc:meta])* $struct:ident = $name:literal as $shown_as:literal $(is $urgency:ident)?
        tells [$($whom:expr => $words:literal $(, on the floor $floor_words:literal)?);*]
        { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize)]
        pub struct $struct {
            /// Which ticket, and who.
            #[serde(flatten)]
            pub about: About,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl Event for $struct {
            const NAME: &'static str = $name;
            const SHOWN_AS: &'static str = $shown_as;
            const TELLS: &'static [Told] = &[$(Told::new($whom, $words)$(.of_the_floor($floor_words))?),*];
            $(const URGENCY: Urgency = Urgency::$urgency;)?

            fn subject(&self) -> Subject {
                Subject::new(TICKET, self.about.ticket_id)
            }

            fn actor_id(&self) -> Option<i64> {
                self.about.actor_id
            }
        }
    };
}

event! {
    /// A ticket was made. Tells the desk: the admins, for the floor's kinds the department's supervisors too.
    Created = "ticket.created" as "ticket_created"
    tells [Desk => "ticket.created", on the floor "ticket.created.floor"]
    {}
}
event! {
    /// Somebody answers for it. Tells the requester.
    Opened = "ticket.opened" as "ticket_opened"
    tells [Requester => "ticket.opened", on the floor "ticket.opened.floor"]
    {
        /// What the admin noted.
        notes: Option<String>,
    }
}
event! {
    /// It was given to people. Tells those newly assigned.
    Assigned = "ticket.assigned" as "ticket_assigned"
    tells [Listed("newly_assigned") => "ticket.assigned", on the floor "ticket.assigned.floor"]
    {
        /// Everybody who has it now.
        assigned: Vec<i64>,
        /// Those who did not have it before.
        newly_assigned: Vec<i64>,
    }
}
event! {
    /// Its deadlines were set. Tells nobody.
    SlaSet = "ticket.sla_set" as "sla_set"
    tells []
    {
        /// Until when it must be opened.
        response_due_at: Option<Instant>,
        /// Until when it must be resolved.
        resolution_due_at: Option<Instant>,
    }
}
event! {
    /// The work began. Tells the requester.
    Started = "ticket.started" as "work_started"
    tells [Requester => "ticket.started"]
    {}
}
event! {
    /// The work waits for something. Tells the requester.
    Held = "ticket.held" as "ticket_held"
    tells [Requester => "ticket.held"]
    {
        /// For what.
        reason: String,
    }
}
event! {
    /// The work goes on. Tells the requester.
    Resumed = "ticket.resumed" as "ticket_resumed" is Low
    tells [Requester => "ticket.resumed"]
    {}
}
event! {
    /// It is said to be done. Tells the requester and the desk.
    Finished = "ticket.finished" as "work_finished"
    tells [Requester => "ticket.finished"; Desk => "ticket.finished.desk"]
    {
        /// What was done.
        comment: String,
    }
}
event! {
    /// The requester agreed, or was silent for 72 hours. Tells the desk and the assigned.
    Approved = "ticket.approved" as "ticket_approved"
    tells [Holders => "ticket.approved.assigned"; Desk => "ticket.approved"]
    {
        /// A word with it.
        comment: Option<String>,
        /// Whether it was silence.
        by_silence: bool,
    }
}
event! {
    /// The requester disagreed. Tells the desk and the assigned.
    Rejected = "ticket.rejected" as "ticket_rejected"
    tells [Holders => "ticket.rejected"; Desk => "ticket.rejected"]
    {
        /// What is missing.
        comment: String,
    }
}
event! {
    /// It was given up. Tells the assigned and the requester.
    Cancelled = "ticket.cancelled" as "ticket_cancelled"
    tells [Requester => "ticket.cancelled"; Holders => "ticket.cancelled"]
    {
        /// Why.
        reason: String,
    }
}
event! {
    /// Somebody added a word. Tells the others on it; the desk, as long as nobody has it.
    Commented = "ticket.commented" as "ticket_commented" is Low
    tells [Requester => "ticket.commented"; Holders => "ticket.commented"; DeskWhileUnassigned => "ticket.commented"]
    {
        /// The word.
        comment: String,
    }
}

event! {
    /// A quarter of the time of a deadline is left, or less. Tells the assigned and the desk.
    SlaWarning = "sla.warning" as "sla_warning" is Urgent
    tells [Holders => "sla.warning"; Desk => "sla.warning"]
    {
        /// Which deadline.
        clock: Deadline,
        /// The deadline, as it stood then.
        due_at: Instant,
        /// How much time was left then. **Units**: whole minutes.
        minutes_left: i64,
    }
}
event! {
    /// A deadline has passed. Tells the assigned and the desk.
    SlaBreached = "sla.breached" as "sla_breached" is Urgent
    tells [Holders => "sla.breached"; Desk => "sla.breached"]
    {
        /// Which deadline.
        clock: Deadline,
        /// The deadline.
        due_at: Instant,
    }
}

event! {
    /// What it says was changed. Tells nobody.
    Edited = "ticket.edited" as "ticket_edited"
    tells []
    {
        /// The fields that were changed, as the API calls them.
        fields: Vec<&'static str>,
    }
}

/// Appends a set of events; nothing for an empty set.
pub(super) async fn append<E: Event>(tx: &Tx, events: &[E]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    outbox::append(tx, events).await
}
