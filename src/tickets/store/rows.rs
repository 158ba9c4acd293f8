//! The stored ticket, who has it, and its history; the columns are described in `db/migrations`.

/// The stored ticket.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::channels::Place;
    use crate::kit::Instant;
    use crate::sla::{Clock, Said};
    use crate::tickets::incident::Category;
    use crate::tickets::model::{Kind, Priority, Status, Ticket};
    use chrono::TimeDelta;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tickets")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub reference: String,
        pub kind: Kind,
        pub status: Status,
        pub priority: Priority,
        pub title: String,
        pub description: String,
        pub media: String,
        pub requester_id: Option<i64>,
        pub department: Option<String>,
        pub category: Option<Category>,
        pub project_name: Option<String>,
        pub admin_notes: Option<String>,
        pub estimated_resolution_time: Option<String>,
        pub response_due_at: Option<Instant>,
        pub resolution_due_at: Option<Instant>,
        pub opened_at: Option<Instant>,
        pub started_at: Option<Instant>,
        pub resolved_at: Option<Instant>,
        pub closed_at: Option<Instant>,
        pub paused_at: Option<Instant>,
        pub paused_micros: i64,
        pub version: i32,
        pub created_at: Instant,
        pub updated_at: Instant,
        pub response_said: Option<i32>,
        pub resolution_said: Option<i32>,
        pub alarm_at: Option<Instant>,
        pub next_due_at: Option<Instant>,
        pub soon_at: Option<Instant>,
        pub place: Option<String>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::people::store::person::Entity",
            from = "Column::RequesterId",
            to = "crate::people::store::person::Column::Id"
        )]
        Requester,
    }

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// Where it is, where that is known.
        pub fn place(&self) -> Option<Place> {
            serde_json::from_str(self.place.as_deref()?).ok()
        }

        /// The ticket as far as the rules look at it.
        pub fn ticket(&self, assigned: Vec<i64>) -> Ticket {
            Ticket {
                kind: self.kind,
                status: self.status,
                requester_id: self.requester_id,
                department: self.department.clone(),
                assigned,
                created_at: self.created_at,
                response_due_at: self.response_due_at,
                resolution_due_at: self.resolution_due_at,
                opened_at: self.opened_at,
                started_at: self.started_at,
                resolved_at: self.resolved_at,
                closed_at: self.closed_at,
                paused_at: self.paused_at,
                paused_for: TimeDelta::microseconds(self.paused_micros),
            }
        }

        /// The next version of it, changed at `now` into what the rules made of it.
        #[must_use]
        pub fn after(&self, ticket: &Ticket, now: Instant) -> Self {
            let after = Self {
                status: ticket.status,
                response_due_at: ticket.response_due_at,
                resolution_due_at: ticket.resolution_due_at,
                opened_at: ticket.opened_at,
                started_at: ticket.started_at,
                resolved_at: ticket.resolved_at,
                closed_at: ticket.closed_at,
                paused_at: ticket.paused_at,
                paused_micros: ticket.paused_for.num_microseconds().unwrap_or(i64::MAX),
                version: self.version + 1,
                updated_at: now,
                ..self.clone()
            };
            after.wound(Some(self), now)
        }

        /// The same with its alarm set: what was said of a deadline stays said until somebody moves it, and what a clock
        /// says already of a ticket that is new here is no news.
        #[must_use]
        pub fn wound(self, before: Option<&Self>, now: Instant) -> Self {
            let ticket = self.ticket(Vec::new());
            let old = before.map(|before| (before.ticket(Vec::new()), before));
            let is_moved = |clock: fn(&Ticket) -> Option<Clock>| {
                // A pause moves a deadline along with its pauses; only people move the one without the other.
                let set_for = |ticket: &Ticket| clock(ticket).map(|clock| clock.due_at - clock.paused_for);
                old.as_ref().is_some_and(|(old, _)| set_for(old) != set_for(&ticket))
            };
            let said = |clock: fn(&Ticket) -> Option<Clock>, before: Option<i32>| match before {
                _ if is_moved(clock) => Said::Nothing,
                Some(said) => Said::read(said),
                None => Said::at(clock(&ticket).as_ref(), now),
            };
            let response = said(Ticket::response_clock, old.as_ref().and_then(|(_, row)| row.response_said));
            let resolution = said(Ticket::resolution_clock, old.as_ref().and_then(|(_, row)| row.resolution_said));
            self.having_said(&ticket, response, resolution)
        }

        /// The same, once so much was said of its deadlines.
        #[must_use]
        pub fn having_said(self, ticket: &Ticket, response: Said, resolution: Said) -> Self {
            let clocks = [(response, ticket.response_clock()), (resolution, ticket.resolution_clock())];
            let earliest = |of: &dyn Fn(Said, &Clock) -> Option<Instant>| {
                clocks.iter().filter_map(|(said, clock)| of(*said, clock.as_ref()?)).min()
            };
            let is_open = ticket.status.is_to_be_done();
            let is_near =
                |said: Said, clock: &Clock| (said < Said::Breach && clock.is_running()).then(|| clock.warns_at());
            Self {
                response_said: Some(response.stored()),
                resolution_said: Some(resolution.stored()),
                alarm_at: earliest(&|said, clock| said.next_at(Some(clock))),
                next_due_at: earliest(&|_, clock| clock.breaks_at()).filter(|_| is_open),
                soon_at: earliest(&is_near).filter(|_| is_open),
                ..self
            }
        }
    }
}

/// The stored assignment.
pub mod assignment {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use crate::tickets::model::Status;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket_assignments")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub person_id: i64,
        pub assigned_at: Instant,
        /// From here on as the ticket has it.
        pub status: Option<Status>,
        pub resolution_due_at: Option<Instant>,
        pub next_due_at: Option<Instant>,
        pub soon_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::people::store::person::Entity",
            from = "Column::PersonId",
            to = "crate::people::store::person::Column::Id"
        )]
        Person,
        #[sea_orm(belongs_to = "super::row::Entity", from = "Column::TicketId", to = "super::row::Column::Id")]
        Ticket,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored line of history.
pub mod history {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use crate::tickets::model::Status;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket_history")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub changed_by: Option<i64>,
        pub status_from: Option<Status>,
        pub status_to: Status,
        pub comment: Option<String>,
        pub at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::people::store::person::Entity",
            from = "Column::ChangedBy",
            to = "crate::people::store::person::Column::Id"
        )]
        Person,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
