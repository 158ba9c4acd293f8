//! What can be done to a ticket, and the words that go with it. Pure.

use crate::kit::Instant;
use serde::Serialize;

/// Something somebody does to a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answer for it.
    Open {
        /// What the admin notes.
        notes: Option<String>,
    },
    /// Give it to these people, and to nobody else.
    Assign {
        /// Support people.
        people: Vec<i64>,
        /// A deadline agreed with them.
        resolution_due_at: Option<Instant>,
        /// How long they think it takes, in their words.
        estimate: Option<String>,
    },
    /// Set its deadlines; what is none stays.
    SetSla {
        /// Until when it must be opened.
        response_due_at: Option<Instant>,
        /// Until when it must be resolved.
        resolution_due_at: Option<Instant>,
    },
    /// Begin to work.
    Start,
    /// Wait for something.
    Hold {
        /// For what.
        reason: String,
    },
    /// Go on.
    Resume,
    /// Say that it is done.
    Finish {
        /// What was done.
        comment: String,
    },
    /// Agree that it is done.
    Approve {
        /// A word with it.
        comment: Option<String>,
    },
    /// Disagree.
    Reject {
        /// What is missing.
        comment: String,
    },
    /// Give it up.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Add a word.
    Comment {
        /// The word.
        comment: String,
    },
}

/// An action's name, without what goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[expect(missing_docs, reason = "described at `Action`")]
pub enum Verb {
    #[serde(rename = "open_ticket")]
    Open,
    #[serde(rename = "assign")]
    Assign,
    #[serde(rename = "set_sla")]
    SetSla,
    #[serde(rename = "start_work")]
    Start,
    #[serde(rename = "hold")]
    Hold,
    #[serde(rename = "resume")]
    Resume,
    #[serde(rename = "finish_work")]
    Finish,
    #[serde(rename = "approve")]
    Approve,
    #[serde(rename = "reject")]
    Reject,
    #[serde(rename = "cancel")]
    Cancel,
    #[serde(rename = "add_comment")]
    Comment,
    /// Change what it says; no action with an endpoint of its own, so not in [`Verb::ALL`].
    #[serde(rename = "edit")]
    Edit,
}

impl Verb {
    /// Every action with an endpoint, in the order in which a ticket usually meets them.
    pub const ALL: [Self; 11] = [
        Self::Open,
        Self::Assign,
        Self::SetSla,
        Self::Start,
        Self::Hold,
        Self::Resume,
        Self::Finish,
        Self::Approve,
        Self::Reject,
        Self::Cancel,
        Self::Comment,
    ];

    /// The action whose endpoint has this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == name)
    }

    /// The endpoint's name, `open_ticket`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open_ticket",
            Self::Assign => "assign",
            Self::SetSla => "set_sla",
            Self::Start => "start_work",
            Self::Hold => "hold",
            Self::Resume => "resume",
            Self::Finish => "finish_work",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Cancel => "cancel",
            Self::Comment => "add_comment",
            Self::Edit => "edit",
        }
    }
}

impl Action {
    /// Its name.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Open { .. } => Verb::Open,
            Self::Assign { .. } => Verb::Assign,
            Self::SetSla { .. } => Verb::SetSla,
            Self::Start => Verb::Start,
            Self::Hold { .. } => Verb::Hold,
            Self::Resume => Verb::Resume,
            Self::Finish { .. } => Verb::Finish,
            Self::Approve { .. } => Verb::Approve,
            Self::Reject { .. } => Verb::Reject,
            Self::Cancel { .. } => Verb::Cancel,
            Self::Comment { .. } => Verb::Comment,
        }
    }

    /// The words that go with it.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Open { notes: words } | Self::Approve { comment: words } => words.as_deref(),
            Self::Hold { reason: words }
            | Self::Cancel { reason: words }
            | Self::Finish { comment: words }
            | Self::Reject { comment: words }
            | Self::Comment { comment: words } => Some(words),
            Self::Assign { .. } | Self::SetSla { .. } | Self::Start | Self::Resume => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_called_the_same_everywhere() {
        for verb in Verb::ALL {
            assert_eq!(serde_json::to_value(verb).expect("a name"), verb.as_str());
            assert_eq!(Verb::named(verb.as_str()), Some(verb));
        }
    }
}
