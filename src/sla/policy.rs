//! How long things may take: tables of figures by priority.
//!
//! Promises that a more urgent ticket never gets the later deadline. Working hours and holidays are not known
//! here; every hour counts.

use crate::kit::{Instant, stored_enum};
use chrono::TimeDelta;

stored_enum! {
    /// How much a ticket matters: a defect's severity, a machine's urgency.
    pub enum Priority {
        /// It can wait.
        Low = "LOW",
        /// The usual.
        Medium = "MEDIUM",
        /// Now.
        High = "HIGH",
    }
}

impl Priority {
    /// As people read it, `High`.
    pub fn display(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
        }
    }
}

/// What one sort of ticket is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// **Units**: minutes until somebody opens it, for LOW, MEDIUM and HIGH; none where no answer is promised.
    response_minutes: Option<[i64; 3]>,
    /// **Units**: hours until it is resolved, for LOW, MEDIUM and HIGH; none where the admin decides each time.
    resolution_hours: Option<[i64; 3]>,
}

/// Incidents: an answer is promised, the solution is agreed ticket by ticket. **Source**: product.md, "The ticket".
pub const INCIDENT: Policy = Policy { response_minutes: Some([24 * 60, 2 * 60, 30]), resolution_hours: None };
/// Defects by severity, machines by urgency. **Source**: product.md, "Figures".
pub const FLOOR: Policy = Policy { response_minutes: None, resolution_hours: Some([72, 48, 24]) };
/// SOP failures, whatever their priority. **Source**: product.md, "Figures".
pub const SOP_FAILURE: Policy = Policy { response_minutes: None, resolution_hours: Some([24; 3]) };

impl Policy {
    /// Until when somebody must have opened a ticket made at `from`.
    pub fn response_due(&self, priority: Priority, from: Instant) -> Option<Instant> {
        self.response_minutes.map(|minutes| from + TimeDelta::minutes(minutes[priority as usize]))
    }

    /// Until when a ticket made at `from` must be resolved.
    pub fn resolution_due(&self, priority: Priority, from: Instant) -> Option<Instant> {
        self.resolution_hours(priority).map(|hours| from + TimeDelta::hours(hours))
    }

    /// How many minutes an answer may take.
    pub fn response_minutes(&self, priority: Priority) -> Option<i64> {
        self.response_minutes.map(|minutes| minutes[priority as usize])
    }

    /// How many hours the solution may take.
    pub fn resolution_hours(&self, priority: Priority) -> Option<i64> {
        self.resolution_hours.map(|hours| hours[priority as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Priority::{High, Low, Medium};

    #[test]
    fn the_figures_are_those_of_the_product() {
        for (policy, priority, response_minutes, resolution_hours) in [
            (INCIDENT, High, Some(30), None),
            (INCIDENT, Medium, Some(120), None),
            (INCIDENT, Low, Some(1440), None),
            (FLOOR, High, None, Some(24)),
            (FLOOR, Medium, None, Some(48)),
            (FLOOR, Low, None, Some(72)),
            (SOP_FAILURE, High, None, Some(24)),
            (SOP_FAILURE, Medium, None, Some(24)),
            (SOP_FAILURE, Low, None, Some(24)),
        ] {
            assert_eq!(policy.response_minutes(priority), response_minutes, "{priority:?}");
            assert_eq!(policy.resolution_hours(priority), resolution_hours, "{priority:?}");
        }
    }

    #[test]
    fn what_is_more_urgent_is_never_due_later() {
        let from = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
        for policy in [INCIDENT, FLOOR, SOP_FAILURE] {
            for pair in Priority::ALL.windows(2) {
                assert!(policy.resolution_due(pair[0], from) >= policy.resolution_due(pair[1], from));
                assert!(policy.response_due(pair[0], from) >= policy.response_due(pair[1], from));
            }
        }
    }

    #[test]
    fn a_priority_is_found_by_its_stored_name_only() {
        assert!(Priority::ALL.into_iter().all(|p| Priority::named(p.as_str()) == Some(p)));
        assert_eq!(Priority::named("URGENT"), None);
    }
}
