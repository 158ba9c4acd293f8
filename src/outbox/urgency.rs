//! How soon people must know.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How soon people must know of an event. What is urgent waits for no quiet hour and goes by another medium where it
/// does not arrive; what is low may be told together with other things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// At once, whatever the hour.
    Urgent,
    /// Now, in one's working day.
    Normal,
    /// Some time.
    Low,
}

impl Urgency {
    /// Every one, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::Normal, Self::Low];

    /// The stored number.
    pub fn number(self) -> i32 {
        match self {
            Self::Urgent => 0,
            Self::Normal => 1,
            Self::Low => 2,
        }
    }

    /// The one with this stored number; [`Urgency::Normal`] where there is none.
    pub fn numbered(number: Option<i32>) -> Self {
        Self::ALL.into_iter().find(|urgency| Some(urgency.number()) == number).unwrap_or(Self::Normal)
    }

    /// The name in the API and in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}
