//! What happens to weekly summaries.

use crate::channels::Medium;
use crate::outbox::{Event, Subject, Told, Urgency, Whom};
use crate::people::events::PERSON;
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value};

/// Somebody's week was drawn up. Tells them, by e-mail alone.
#[derive(Clone, Debug, Serialize)]
pub struct DrawnUp {
    /// Whose.
    pub person_id: i64,
    /// The week's Monday.
    pub week_from: NaiveDate,
    /// Its Sunday.
    pub week_until: NaiveDate,
    /// Where the same stands at the desk, where the desk can be reached.
    pub link: Option<String>,
    /// The department whose week it is; none: the plant's.
    pub department: Option<String>,
    /// The numbers, each by its name, and those of the week before behind `_before`.
    #[serde(flatten)]
    pub numbers: Map<String, Value>,
}

impl Event for DrawnUp {
    const NAME: &'static str = "summary.drawn_up";
    const SHOWN_AS: &'static str = "weekly_summary";
    const TELLS: &'static [Told] = &[Told::new(Whom::Listed("person_id"), "summary.drawn_up")];
    const URGENCY: Urgency = Urgency::Low;
    const ONLY_BY: Option<Medium> = Some(Medium::Email);

    fn subject(&self) -> Subject {
        Subject::new(PERSON, self.person_id)
    }

    fn actor_id(&self) -> Option<i64> {
        None
    }
}
