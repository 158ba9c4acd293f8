//! Incidents: what a client raises, and what only such a ticket has. Pure.

use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// The longest title, in characters. **Source**: desk.md, "Create".
pub const MAX_TITLE: usize = 300;
/// The longest description, in characters. **Source**: desk.md, "Create".
pub const MAX_DESCRIPTION: usize = 20_000;
/// The longest name of a project, in characters. **Source**: desk.md, "Create".
pub const MAX_PROJECT: usize = 150;

/// What sort of incident it is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
    utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(255))")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// It does not do what it should.
    #[sea_orm(string_value = "BUG")]
    Bug,
    /// Something is not right.
    #[sea_orm(string_value = "PROBLEM")]
    Problem,
    /// Nothing works.
    #[sea_orm(string_value = "SERVICE_DOWN")]
    ServiceDown,
    /// Something is wanted that is not there yet.
    #[sea_orm(string_value = "NEW_FEATURE")]
    NewFeature,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 4] = [Self::Bug, Self::Problem, Self::ServiceDown, Self::NewFeature];

    /// The stored name, `SERVICE_DOWN`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bug => "BUG",
            Self::Problem => "PROBLEM",
            Self::ServiceDown => "SERVICE_DOWN",
            Self::NewFeature => "NEW_FEATURE",
        }
    }

    /// As people read it, `Service Down`.
    pub fn display(self) -> &'static str {
        match self {
            Self::Bug => "Bug",
            Self::Problem => "Problem",
            Self::ServiceDown => "Service Down",
            Self::NewFeature => "New Feature",
        }
    }

    /// The category with this stored name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == name)
    }
}

/// What an incident says beyond what every ticket says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What sort it is.
    pub category: Category,
    /// The client's project.
    pub project_name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_called_the_same_everywhere() {
        for category in Category::ALL {
            assert_eq!(serde_json::to_value(category).expect("a name"), category.as_str());
            assert_eq!(Category::named(category.as_str()), Some(category));
        }
    }
}
