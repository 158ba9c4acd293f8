//! Lists of tickets: what may be asked for, in which order, and what somebody sees of it. Pure.
//!
//! An order is read in stretches, each along one index; what somebody may see comes from a few sources, each along an
//! index too. So a page costs at most a statement for each stretch, however many tickets there are.

use super::incident::Category;
use super::model::{Kind, Priority, Status, Viewer};
use crate::kit::Instant;
use crate::people::Role;

/// What may be asked for; what is empty or none is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// How far.
    pub statuses: Vec<Status>,
    /// How much they matter.
    pub priorities: Vec<Priority>,
    /// What sort of incidents.
    pub categories: Vec<Category>,
    /// What they are about.
    pub kinds: Vec<Kind>,
    /// Who has them.
    pub assigned_to: Option<i64>,
    /// Who raised or reported them.
    pub created_by: Option<i64>,
    /// Whether a deadline has passed before its promise was kept.
    pub overdue: Option<bool>,
    /// Whether a deadline is near, so near that people are warned, and none has passed.
    pub due_soon: Option<bool>,
    /// Made at this moment or later.
    pub created_since: Option<Instant>,
    /// Made before this moment.
    pub created_until: Option<Instant>,
    /// Words in title, description or reference, or in the name of who raised it or has it.
    pub words: Option<String>,
}

/// What a list is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The order in which they were made.
    Made,
    /// When they were last changed.
    Changed,
    /// Until when they must be resolved; those without a deadline last.
    Due,
    /// How much they matter.
    Priority,
    /// Which of their deadlines is broken next; those of which none can be are left out.
    NextDue,
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: By,
    /// The newest, latest or most important first.
    pub is_descending: bool,
}

impl Order {
    /// Every order that may be asked for; the first is the usual one.
    pub const ALL: [Self; 8] = [
        Self { by: By::Made, is_descending: true },
        Self { by: By::Made, is_descending: false },
        Self { by: By::Changed, is_descending: true },
        Self { by: By::Changed, is_descending: false },
        Self { by: By::Due, is_descending: true },
        Self { by: By::Due, is_descending: false },
        Self { by: By::Priority, is_descending: true },
        Self { by: By::Priority, is_descending: false },
    ];

    /// The name in a query, `-id`.
    pub fn as_str(self) -> &'static str {
        match (self.by, self.is_descending) {
            (By::Made, true) => "-id",
            (By::Made, false) => "id",
            (By::Changed, true) => "-updated_at",
            (By::Changed, false) => "updated_at",
            (By::Due, true) => "-resolution_due_at",
            (By::Due, false) => "resolution_due_at",
            (By::Priority, true) => "-priority",
            (By::Priority, false) => "priority",
            (By::NextDue, true) => "-next_due_at",
            (By::NextDue, false) => "next_due_at",
        }
    }

    /// The stretches one after the other, in the direction of the order.
    pub fn stretches(self) -> Vec<Stretch> {
        match self.by {
            By::Made => vec![Stretch::All],
            By::Changed => vec![Stretch::ByChange],
            By::Due => vec![Stretch::ByDeadline, Stretch::WithoutDeadline],
            By::Priority if self.is_descending => Priority::ALL.into_iter().rev().map(Stretch::Of).collect(),
            By::Priority => Priority::ALL.into_iter().map(Stretch::Of).collect(),
            By::NextDue => vec![Stretch::ByNextDue],
        }
    }
}

/// A part of an order that lies along one index. Inside, ties go by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// Everything, by number.
    All,
    /// Everything, by the last change.
    ByChange,
    /// What has a deadline, by it.
    ByDeadline,
    /// What can break a deadline, by the one that is broken next.
    ByNextDue,
    /// What has none, by number.
    WithoutDeadline,
    /// What matters so much, by number.
    Of(Priority),
}

/// Tickets that somebody may see for one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Those of this kind only.
    pub kind: Option<Kind>,
    /// Those that this person raised or reported only.
    pub requester: Option<i64>,
    /// Those that this person has only.
    pub assigned: Option<i64>,
}

/// Where all that somebody may see comes from: [`super::may_see`], said for many tickets. A ticket may come from two.
pub fn sources(viewer: &Viewer) -> Vec<Source> {
    let own = Source { requester: Some(viewer.person_id), ..Source::default() };
    let floor = || {
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.is_of_the_floor());
        kinds.map(|kind| Source { kind: Some(kind), ..Source::default() })
    };
    let mut sources = match viewer.role {
        Some(Role::Admin) => return vec![Source::default()],
        Some(Role::Support) => vec![Source { assigned: Some(viewer.person_id), ..Source::default() }, own],
        Some(Role::Operator | Role::Supervisor) => floor().chain([own]).collect(),
        Some(Role::Client) | None => vec![own],
    };
    if viewer.open_access {
        sources.extend(floor().filter(|source| !sources.contains(source)).collect::<Vec<_>>());
    }
    sources
}

/// The place of a ticket in its stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The instant that the stretch goes by, where it goes by one.
    pub at: Option<Instant>,
    /// The ticket's row.
    pub id: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::model::{Visibility, may_see};

    fn holds(source: &Source, ticket: &Visibility) -> bool {
        source.kind.is_none_or(|kind| kind == ticket.kind)
            && source.requester.is_none_or(|person| Some(person) == ticket.requester_id)
            && source.assigned.is_none_or(|person| ticket.assigned.contains(&person))
    }

    #[test]
    fn a_list_shows_what_each_of_its_tickets_would_show() {
        const ME: i64 = 7;
        let roles = Role::ALL.into_iter().map(Some).chain([None]);
        for (role, open_access) in roles.flat_map(|role| [(role, false), (role, true)]) {
            let viewer = Viewer { person_id: ME, role, department: None, open_access };
            for kind in Kind::ALL {
                for requester_id in [Some(ME), Some(1), None] {
                    for assigned in [vec![], vec![2], vec![2, ME]] {
                        let ticket = Visibility { kind, requester_id, department: None, assigned };
                        let is_listed = sources(&viewer).iter().any(|source| holds(source, &ticket));
                        assert_eq!(is_listed, may_see(&viewer, &ticket), "{viewer:?} {ticket:?}");
                    }
                }
            }
        }
    }
}
