//! What a ticket is: its kinds and statuses, its clocks, and who may see it. Pure.
//!
//! What can be done to one is in [`super::action`], and when and by whom in [`super::life_cycle`].

use crate::kit::{Instant, stored_enum};
use crate::people::Role;
pub use crate::sla::Priority;
use crate::sla::policy::{Policies, Policy};
use crate::sla::{self, Clock};
use chrono::TimeDelta;

stored_enum! {
    /// What a ticket is about.
    #[schema(as = TicketKind)]
    pub enum Kind {
        /// A client's incident.
        Incident = "INCIDENT",
        /// Something wrong with what was made; holds its order.
        Defect = "DEFECT",
        /// A machine that needs mending.
        Maintenance = "MAINTENANCE",
        /// A standard operating procedure that was not kept.
        SopFailure = "SOP_FAILURE",
    }
}

impl Kind {
    /// How its references begin, `SOP`.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Incident => "INC",
            Self::Defect => "DEF",
            Self::Maintenance => "MAINT",
            Self::SopFailure => "SOP",
        }
    }

    /// Whether it comes from the shop floor, where everybody may see it.
    pub fn is_of_the_floor(self) -> bool {
        self != Self::Incident
    }

    /// How long it may take.
    pub fn policy(self, policies: &Policies) -> Policy {
        match self {
            Self::Incident => policies.incident,
            Self::Defect => policies.defect,
            Self::Maintenance => policies.maintenance,
            Self::SopFailure => policies.sop_failure,
        }
    }
}

/// Another name of RESOLVED: what the requester reads, who has the word then.
pub const WAITING_APPROVAL: &str = "WAITING_APPROVAL";

stored_enum! {
    /// How far a ticket is.
    #[schema(as = TicketStatus)]
    pub enum Status {
        /// Nobody has looked at it yet.
        New = "NEW",
        /// Somebody answers for it.
        Opened = "OPENED",
        /// Somebody works on it.
        InProgress = "IN_PROGRESS",
        /// The work waits for something; the resolution clock stands still.
        OnHold = "ON_HOLD",
        /// Done, says who did it; the requester has the word.
        #[serde(alias = "WAITING_APPROVAL")]
        Resolved = "RESOLVED",
        /// Done, says the requester.
        Closed = "CLOSED",
        /// It will not be done.
        Cancelled = "CANCELLED",
    }
}

impl Status {
    /// As people read it, `In Progress`. The requester reads "Waiting for Approval" for RESOLVED.
    pub fn display(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Opened => "Opened",
            Self::InProgress => "In Progress",
            Self::OnHold => "On Hold",
            Self::Resolved => "Resolved",
            Self::Closed => "Closed",
            Self::Cancelled => "Cancelled",
        }
    }

    /// The status with this name; `WAITING_APPROVAL` is another name of RESOLVED.
    pub fn called(name: &str) -> Option<Self> {
        if name == WAITING_APPROVAL { Some(Self::Resolved) } else { Self::named(name) }
    }

    /// Whether nothing can happen to it any more but comments.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }

    /// Whether work is still to be done.
    pub fn is_to_be_done(self) -> bool {
        !self.is_final() && self != Self::Resolved
    }
}

/// A ticket as far as the rules look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What it is about.
    pub kind: Kind,
    /// How far it is.
    pub status: Status,
    /// Who raised or reported it.
    pub requester_id: Option<i64>,
    /// The department that answers for it.
    pub department: Option<String>,
    /// Who works on it.
    pub assigned: Vec<i64>,
    /// When it was made.
    pub created_at: Instant,
    /// Until when it must be opened.
    pub response_due_at: Option<Instant>,
    /// Until when it must be resolved, moved by the pauses that have ended.
    pub resolution_due_at: Option<Instant>,
    /// When somebody first answered for it.
    pub opened_at: Option<Instant>,
    /// When the work first began.
    pub started_at: Option<Instant>,
    /// When it was last said to be done.
    pub resolved_at: Option<Instant>,
    /// When it was closed or cancelled.
    pub closed_at: Option<Instant>,
    /// Since when it is on hold.
    pub paused_at: Option<Instant>,
    /// How long the pauses that have ended took together.
    pub paused_for: TimeDelta,
}

impl Ticket {
    /// Who may see it.
    pub fn visibility(&self) -> Visibility {
        Visibility {
            kind: self.kind,
            requester_id: self.requester_id,
            department: self.department.clone(),
            assigned: self.assigned.clone(),
        }
    }

    /// The clock that runs until somebody opens it. A hold does not stop it.
    pub fn response_clock(&self) -> Option<Clock> {
        self.response_due_at.map(|due_at| Clock {
            started_at: self.created_at,
            due_at,
            paused_for: TimeDelta::zero(),
            paused_at: None,
            stopped_at: self.opened_at.or(self.closed_at),
        })
    }

    /// The clock that runs until it is resolved, or given up.
    pub fn resolution_clock(&self) -> Option<Clock> {
        self.resolution_due_at.map(|due_at| Clock {
            started_at: self.created_at,
            due_at,
            paused_for: self.paused_for,
            paused_at: self.paused_at,
            stopped_at: self.resolved_at.or(self.closed_at),
        })
    }

    /// How its resolution stands: DONE where it is done, OK where no deadline was set.
    pub fn clock_state(&self, now: Instant) -> sla::State {
        match self.resolution_clock() {
            Some(clock) => clock.state(now),
            None if self.resolved_at.is_some() || self.closed_at.is_some() => sla::State::Done,
            None if self.paused_at.is_some() => sla::State::Paused,
            None => sla::State::Ok,
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The person's row.
    pub person_id: i64,
    /// Their role; none for somebody of whom only the number is known.
    pub role: Option<Role>,
    /// Their department.
    pub department: Option<String>,
    /// Whether any number may use the floor's options (`ANDON_CHAT_ACCESS=open`).
    pub open_access: bool,
}

/// What decides who may see a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visibility {
    /// What it is about.
    pub kind: Kind,
    /// Who raised or reported it.
    pub requester_id: Option<i64>,
    /// The department that answers for it.
    pub department: Option<String>,
    /// Who works on it.
    pub assigned: Vec<i64>,
}

/// Whether this person may see this ticket: the same in the API, in the browser and in chat.
///
/// An admin sees all, a requester their own, support people those assigned to them, operators and supervisors
/// those of the floor, and so does everybody where access is open.
pub fn may_see(viewer: &Viewer, ticket: &Visibility) -> bool {
    if ticket.requester_id == Some(viewer.person_id) || (ticket.kind.is_of_the_floor() && viewer.open_access) {
        return true;
    }
    match viewer.role {
        Some(Role::Admin) => true,
        Some(Role::Support) => ticket.assigned.contains(&viewer.person_id),
        Some(Role::Operator | Role::Supervisor) => ticket.kind.is_of_the_floor(),
        Some(Role::Client) | None => false,
    }
}

/// `INTERNAL_REJECT` as people read it: `Internal reject`.
pub fn in_words(key: &str) -> String {
    let mut letters = key.trim().chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first + &letters.as_str().to_lowercase().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_lead_back_to_what_they_name() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::named(kind.as_str()) == Some(kind)));
        assert!(Status::ALL.into_iter().all(|status| Status::called(status.as_str()) == Some(status)));
        assert_eq!(Status::called("WAITING_APPROVAL"), Some(Status::Resolved));
        assert_eq!(serde_json::from_str::<Status>("\"WAITING_APPROVAL\"").ok(), Some(Status::Resolved));
        assert_eq!(Status::called("new"), None);
    }

    /// Rows: role. Columns: (own incident, assigned incident, another's incident, another's floor ticket).
    #[test]
    fn everybody_sees_what_is_theirs_to_see() {
        const ME: i64 = 7;
        let ticket = |kind, requester_id, assigned: &[i64]| Visibility {
            kind,
            requester_id: Some(requester_id),
            department: Some("Assembly".to_owned()),
            assigned: assigned.to_vec(),
        };
        for (role, open_access, seen) in [
            (Some(Role::Admin), false, [true, true, true, true]),
            (Some(Role::Support), false, [true, true, false, false]),
            (Some(Role::Client), false, [true, false, false, false]),
            (Some(Role::Operator), false, [true, false, false, true]),
            (Some(Role::Supervisor), false, [true, false, false, true]),
            (None, false, [true, false, false, false]),
            (Some(Role::Client), true, [true, false, false, true]),
            (Some(Role::Support), true, [true, true, false, true]),
            (None, true, [true, false, false, true]),
        ] {
            let viewer = Viewer { person_id: ME, role, department: Some("Assembly".to_owned()), open_access };
            for floor in [Kind::Defect, Kind::Maintenance, Kind::SopFailure] {
                let tickets = [
                    ticket(Kind::Incident, ME, &[]),
                    ticket(Kind::Incident, 1, &[2, ME]),
                    ticket(Kind::Incident, 1, &[2]),
                    ticket(floor, 1, &[2]),
                ];
                assert_eq!(tickets.map(|ticket| may_see(&viewer, &ticket)), seen, "{role:?} {open_access} {floor:?}");
            }
        }
    }
}
