//! What happens to plans of preventive maintenance.

use super::model::When;
use crate::outbox::{Event, MAINTENANCE_PLAN, Subject, Told, Urgency, Whom};
use chrono::NaiveDate;
use serde::Serialize;

/// Preventive maintenance is due. Tells who is responsible; where nobody is, the admins and the supervisors of the
/// machine's department.
#[derive(Clone, Debug, Serialize)]
pub struct Due {
    /// The plan.
    pub plan_id: i64,
    /// Its number.
    pub plan: String,
    /// The machine.
    pub machine_id: i64,
    /// What is to be done, in a line.
    pub title: String,
    /// How; may be empty.
    pub instructions: String,
    /// The day.
    pub due_on: NaiveDate,
    /// What is said of the day.
    pub when: When,
    /// Who is responsible.
    pub responsible: Vec<i64>,
    /// Whose desk is told, where nobody is responsible.
    pub desk_of: Option<String>,
}

impl Event for Due {
    const NAME: &'static str = "maintenance_plan.due";
    const SHOWN_AS: &'static str = "maintenance_plan_due";
    const TELLS: &'static [Told] = &[
        Told::new(Whom::Listed("responsible"), "maintenance_plan.due"),
        Told::new(Whom::DeskOf("desk_of"), "maintenance_plan.due"),
    ];
    const URGENCY: Urgency = Urgency::Low;

    fn subject(&self) -> Subject {
        Subject::new(MAINTENANCE_PLAN, self.plan_id)
    }

    fn actor_id(&self) -> Option<i64> {
        None
    }
}

/// What was planned was done, and the next day moved on.
#[derive(Clone, Debug, Serialize)]
pub struct Done {
    /// The plan.
    pub plan_id: i64,
    /// Its number.
    pub plan: String,
    /// The day on which it was done.
    pub done_on: NaiveDate,
    /// The day on which it is due again.
    pub next_on: NaiveDate,
    /// A word with it.
    pub comment: Option<String>,
    /// Who said so.
    pub by: i64,
}

impl Event for Done {
    const NAME: &'static str = "maintenance_plan.done";

    fn subject(&self) -> Subject {
        Subject::new(MAINTENANCE_PLAN, self.plan_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.by)
    }
}

/// A plan was taken in.
#[derive(Clone, Debug, Serialize)]
pub struct Created {
    /// The plan.
    pub plan_id: i64,
    /// Its number.
    pub plan: String,
    /// Who handed it in; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Created {
    const NAME: &'static str = "maintenance_plan.created";

    fn subject(&self) -> Subject {
        Subject::new(MAINTENANCE_PLAN, self.plan_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}

/// What is known of a plan changed.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// The plan.
    pub plan_id: i64,
    /// Its number.
    pub plan: String,
    /// What of it.
    pub fields: Vec<&'static str>,
    /// Who handed it in; none where it came by a file.
    pub by: Option<i64>,
}

impl Event for Changed {
    const NAME: &'static str = "maintenance_plan.changed";

    fn subject(&self) -> Subject {
        Subject::new(MAINTENANCE_PLAN, self.plan_id)
    }

    fn actor_id(&self) -> Option<i64> {
        self.by
    }
}

/// A plan was given up.
#[derive(Clone, Debug, Serialize)]
pub struct Deleted {
    /// The plan.
    pub plan_id: i64,
    /// Its number.
    pub plan: String,
    /// Who did it.
    pub by: i64,
}

impl Event for Deleted {
    const NAME: &'static str = "maintenance_plan.deleted";

    fn subject(&self) -> Subject {
        Subject::new(MAINTENANCE_PLAN, self.plan_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.by)
    }
}
