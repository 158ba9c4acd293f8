//! What the endpoints of plans take: queries and bodies, by the rules that files go by too.

use super::BY_NUMBER;
use crate::kit::rules;
use crate::plans::desk::Filter;
use crate::plans::model::MOST_DAYS;
use crate::plans::records::Wish;
use crate::web::page::Part;
use crate::web::{Fields, Form, read};
use chrono::NaiveDate;
use utoipa::ToSchema;

/// The most words, in characters.
const MAX_WORDS: usize = 20_000;

/// Which plans are asked for.
pub struct Asked {
    /// Which plans.
    pub filter: Filter,
    /// Which part of the list.
    pub part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = Filter {
            words: fields.optional("q", read::line(1..=100)),
            number: fields.optional("number", read::ruled(rules::key)),
            machine: fields.optional("machine", read::ruled(rules::key)),
            due_by: fields.optional("due_by", read::ruled(rules::day)),
        };
        Some(Self { filter, part: Part::read(fields, BY_NUMBER) })
    }
}

/// A new plan of preventive maintenance.
#[derive(ToSchema)]
pub struct NewMaintenancePlan {
    #[schema(example = "PM-001", min_length = 1, max_length = 255)]
    pub(super) number: String,
    /// The number of the machine.
    #[schema(example = "MACH-001", min_length = 1, max_length = 255)]
    pub(super) machine: String,
    /// What is to be done, in a line.
    #[schema(example = "Change the hydraulic oil", min_length = 1, max_length = 255)]
    title: String,
    /// How.
    #[schema(example = "Drain, rinse, fill 40 l of HLP 46", max_length = 20_000)]
    instructions: Option<String>,
    #[schema(example = 90, minimum = 1, maximum = 3650)]
    every_days: i32,
    /// The day on which it is due next.
    next_on: NaiveDate,
    /// Who is reminded: the ids of users who are active; without any the admins and the supervisors of the department.
    #[schema(example = json!([4]), max_items = 100)]
    responsible: Option<Vec<i64>>,
}

impl Form for NewMaintenancePlan {
    fn read(fields: &mut Fields) -> Option<Self> {
        let number = fields.required("number", read::ruled(rules::key));
        let machine = fields.required("machine", read::ruled(rules::key));
        let title = fields.required("title", read::ruled(rules::filled(rules::name)));
        let instructions = fields.optional("instructions", read::ruled(rules::text));
        let every_days = fields.required("every_days", read::whole(1..=MOST_DAYS));
        let next_on = fields.required("next_on", read::ruled(rules::day));
        let responsible = fields.optional("responsible", read::ids);
        Some(Self {
            number: number?,
            machine: machine?,
            title: title?,
            instructions,
            every_days: i32::try_from(every_days?).ok()?,
            next_on: next_on?,
            responsible,
        })
    }
}

impl NewMaintenancePlan {
    pub(super) fn wish(self, machine_id: i64) -> Wish {
        Wish {
            machine_id: Some(machine_id),
            title: Some(self.title),
            instructions: self.instructions,
            every_days: Some(self.every_days),
            next_on: Some(self.next_on),
            responsible: Some(self.responsible.unwrap_or_default()),
        }
    }
}

/// What is to be changed of a plan; what is not said stays.
#[derive(ToSchema)]
pub struct MaintenancePlanChange {
    /// The number of another machine.
    #[schema(example = "MACH-001", min_length = 1, max_length = 255)]
    pub(super) machine: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    title: Option<String>,
    #[schema(max_length = 20_000)]
    instructions: Option<String>,
    #[schema(example = 60, minimum = 1, maximum = 3650)]
    every_days: Option<i32>,
    next_on: Option<NaiveDate>,
    /// The ids of users who are active; an empty list for nobody.
    #[schema(example = json!([4, 7]), max_items = 100)]
    responsible: Option<Vec<i64>>,
}

impl Form for MaintenancePlanChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let every_days = fields.optional("every_days", read::whole(1..=MOST_DAYS));
        Some(Self {
            machine: fields.optional("machine", read::ruled(rules::key)),
            title: fields.optional("title", read::ruled(rules::filled(rules::name))),
            instructions: fields.optional("instructions", read::ruled(rules::text)),
            every_days: every_days.and_then(|days| i32::try_from(days).ok()),
            next_on: fields.optional("next_on", read::ruled(rules::day)),
            responsible: fields.optional("responsible", read::ids),
        })
    }
}

impl MaintenancePlanChange {
    pub(super) fn wish(self) -> Wish {
        Wish {
            machine_id: None,
            title: self.title,
            instructions: self.instructions,
            every_days: self.every_days,
            next_on: self.next_on,
            responsible: self.responsible,
        }
    }
}

/// That what was planned was done.
#[derive(ToSchema)]
pub struct MaintenanceDone {
    /// On which day; today where nothing is said. Not in the future.
    #[schema(example = "2026-01-18")]
    pub(super) done_on: Option<NaiveDate>,
    #[schema(example = "The filter too", max_length = 20_000, pattern = r"^[^\x00]*$")]
    pub(super) comment: Option<String>,
}

impl Form for MaintenanceDone {
    fn read(fields: &mut Fields) -> Option<Self> {
        let done_on = fields.optional("done_on", read::ruled(rules::day));
        let comment = fields.optional("comment", read::text(0..=MAX_WORDS));
        Some(Self { done_on, comment: comment.filter(|comment| !comment.is_empty()) })
    }
}
