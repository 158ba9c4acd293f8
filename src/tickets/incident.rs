//! Incidents: what a client raises, and what only such a ticket has. Pure.

use crate::kit::stored_enum;

/// The longest title, in characters. **Source**: desk.md, "Create".
pub const MAX_TITLE: usize = 300;
/// The longest description, in characters. **Source**: desk.md, "Create".
pub const MAX_DESCRIPTION: usize = 20_000;
/// The longest name of a project, in characters. **Source**: desk.md, "Create".
pub const MAX_PROJECT: usize = 150;

stored_enum! {
    /// What sort of incident it is.
    pub enum Category {
        /// It does not do what it should.
        Bug = "BUG",
        /// Something is not right.
        Problem = "PROBLEM",
        /// Nothing works.
        ServiceDown = "SERVICE_DOWN",
        /// Something is wanted that is not there yet.
        NewFeature = "NEW_FEATURE",
    }
}

impl Category {
    /// As people read it, `Service Down`.
    pub fn display(self) -> &'static str {
        match self {
            Self::Bug => "Bug",
            Self::Problem => "Problem",
            Self::ServiceDown => "Service Down",
            Self::NewFeature => "New Feature",
        }
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
