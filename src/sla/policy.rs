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

/// The longest that a first answer may take. **Units**: minutes, thirty days.
pub const MAX_RESPONSE_MINUTES: i64 = 30 * 24 * 60;
/// The longest that a solution may take. **Units**: hours, a year.
pub const MAX_RESOLUTION_HOURS: i64 = 366 * 24;

/// Until what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Until somebody opens it.
    Response,
    /// Until it is resolved.
    Resolution,
}

/// What is wrong with figures that somebody wants, as the end of a sentence that begins with the figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is nothing, or too much.
    #[error("must be a whole number from 1 to {most}", most = .0.most())]
    OutOfBounds(Span, Priority),
    /// What is more urgent would be due later than this.
    #[error("is shorter than that of a higher priority")]
    Reversed(Span, Priority),
    /// The first answer would be due after the solution.
    #[error("is after the solution")]
    AnswerLate(Priority),
}

impl Span {
    /// The most of it, in its unit.
    pub fn most(self) -> i64 {
        match self {
            Self::Response => MAX_RESPONSE_MINUTES,
            Self::Resolution => MAX_RESOLUTION_HOURS,
        }
    }
}

/// What each sort of ticket is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    /// Incidents.
    pub incident: Policy,
    /// Defects.
    pub defect: Policy,
    /// Broken machines.
    pub maintenance: Policy,
    /// SOP failures.
    pub sop_failure: Policy,
}

impl Default for Policies {
    fn default() -> Self {
        Self { incident: INCIDENT, defect: FLOOR, maintenance: FLOOR, sop_failure: SOP_FAILURE }
    }
}

impl Policy {
    /// A policy of these figures, each for LOW, MEDIUM and HIGH.
    ///
    /// # Errors
    /// The first that is wrong with them.
    pub fn of(response_minutes: Option<[i64; 3]>, resolution_hours: Option<[i64; 3]>) -> Result<Self, Unfit> {
        for (span, figures) in [(Span::Response, response_minutes), (Span::Resolution, resolution_hours)] {
            let Some(figures) = figures else { continue };
            for priority in Priority::ALL {
                let figure = figures[priority as usize];
                if !(1..=span.most()).contains(&figure) {
                    return Err(Unfit::OutOfBounds(span, priority));
                }
                if figures[priority as usize..].iter().any(|higher| *higher > figure) {
                    return Err(Unfit::Reversed(span, priority));
                }
            }
        }
        if let Some((minutes, hours)) = response_minutes.zip(resolution_hours) {
            let late = Priority::ALL.into_iter().find(|one| minutes[*one as usize] > hours[*one as usize] * 60);
            if let Some(late) = late {
                return Err(Unfit::AnswerLate(late));
            }
        }
        Ok(Self { response_minutes, resolution_hours })
    }

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
    fn figures_that_somebody_wants_are_held_to_the_promise() {
        use Span::{Resolution, Response};
        let hours = Some([72, 48, 24]);
        for (response, resolution, wrong) in [
            (Some([1_440, 120, 30]), hours, None),
            (None, None, None),
            (Some([60, 60, 60]), Some([1, 1, 1]), None),
            (Some([1_440, 120, 0]), hours, Some(Unfit::OutOfBounds(Response, High))),
            (None, Some([MAX_RESOLUTION_HOURS + 1, 48, 24]), Some(Unfit::OutOfBounds(Resolution, Low))),
            (None, Some([24, 48, 24]), Some(Unfit::Reversed(Resolution, Low))),
            (None, Some([72, 12, 24]), Some(Unfit::Reversed(Resolution, Medium))),
            (Some([61, 30, 30]), Some([1, 1, 1]), Some(Unfit::AnswerLate(Low))),
        ] {
            assert_eq!(Policy::of(response, resolution).err(), wrong, "{response:?} {resolution:?}");
        }
        let Policies { incident, defect, maintenance, sop_failure } = Policies::default();
        for Policy { response_minutes, resolution_hours } in [incident, defect, maintenance, sop_failure] {
            assert!(Policy::of(response_minutes, resolution_hours).is_ok());
        }
    }

    #[test]
    fn a_priority_is_found_by_its_stored_name_only() {
        assert!(Priority::ALL.into_iter().all(|p| Priority::named(p.as_str()) == Some(p)));
        assert_eq!(Priority::named("URGENT"), None);
    }
}
