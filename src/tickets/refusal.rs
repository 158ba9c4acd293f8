//! Why something cannot be done to a ticket, in words that say what to do instead. Knows no HTTP.

use super::action::Verb;
use super::life_cycle::MAX_WORDS;
use super::model::Status;
use std::fmt;

/// Why an action is not possible, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not exist, or not for this asker.
    #[error("There is no such ticket among those you may see. Please check its number.")]
    NotFound,
    /// Somebody else may.
    #[error("A ticket can be {} only by {}.", participle(*.verb), Listed(.by))]
    NotAllowed {
        /// What was tried.
        verb: Verb,
        /// Who may.
        by: Vec<&'static str>,
    },
    /// Not now.
    #[error("This ticket is {}. It can be {} only while it is {}.", .status.display(), participle(*.verb), Listed(.from))]
    WrongStatus {
        /// What was tried.
        verb: Verb,
        /// The status it has.
        status: Status,
        /// The statuses it would need.
        from: Vec<&'static str>,
        /// What this person can do to it as it is.
        allowed: Vec<Verb>,
    },
    /// The action needs words.
    #[error("{}", missing(*.0))]
    WordsMissing(Verb),
    /// Too many words.
    #[error("That is {0} characters; please use at most {MAX_WORDS}.")]
    TooManyWords(usize),
    /// Assigned to nobody.
    #[error("Please name at least one support person to assign the ticket to.")]
    NobodyNamed,
    /// Assigned to people who do no such work.
    #[error("Tickets are assigned to active support people only. Not so: {}.", numbers(.0))]
    NotSupport(Vec<i64>),
    /// No deadline given.
    #[error("Please give a response deadline, a resolution deadline, or both.")]
    NothingToSet,
    /// The deadline has passed, or is years away.
    #[error("A deadline must lie in the future, and within ten years.")]
    DeadlineOutOfReach,
    /// The asker had looked at an earlier version.
    #[error("This ticket was changed since you read it: it is at version {current} now. Please look at it again.")]
    Outdated {
        /// The version that it has now.
        current: i32,
    },
    /// Something that only incidents have.
    #[error("Only incidents have a project and a category.")]
    NoIncident,
    /// The title of an SOP failure is made from its procedure.
    #[error("The title of an SOP failure is its procedure: correct that, at /api/sop_failures/{{id}}/.")]
    TitleOfProcedure,
}

/// Fits "A ticket can be … only by …".
fn participle(verb: Verb) -> &'static str {
    match verb {
        Verb::Open => "opened",
        Verb::Assign => "assigned",
        Verb::SetSla => "given other deadlines",
        Verb::Start => "started",
        Verb::Hold => "put on hold",
        Verb::Resume => "resumed",
        Verb::Finish => "finished",
        Verb::Approve => "approved",
        Verb::Reject => "rejected",
        Verb::Cancel => "cancelled",
        Verb::Comment => "commented on",
        Verb::Edit => "edited",
    }
}

fn missing(verb: Verb) -> &'static str {
    match verb {
        Verb::Hold => "Please give a reason: what is the ticket waiting for?",
        Verb::Finish => "Please add a comment: what was done?",
        Verb::Reject => "Please add a comment: what is still missing?",
        Verb::Cancel => "Please give a reason: why will it not be done?",
        _ => "The comment is empty. Please write something.",
    }
}

fn numbers(people: &[i64]) -> String {
    people.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// `New, Opened or On Hold`.
struct Listed<'a>(&'a [&'static str]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("nobody"),
            [only] => f.write_str(only),
            [first @ .., last] => write!(f, "{} or {last}", first.join(", ")),
        }
    }
}
