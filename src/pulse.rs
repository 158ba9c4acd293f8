//! How each job of this process went when it ran last: for the page that shows how Andon runs. A job that fails says so in
//! the log and is tried again; what it was to do stays in the database.

use crate::kit::{Error, Instant};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Sends what is due.
    Deliveries,
    /// Answers what could not be answered at once.
    LateAnswers,
    /// Looks for messages that were missed.
    MissedMessages,
    /// Tells people what happened.
    Notices,
    /// Shows notices to those who have the desk open.
    Live,
    /// Tells those who have the desk open what changed.
    Changes,
    /// Tells other programs.
    Webhooks,
    /// Reminds of what falls due.
    Reminders,
    /// Closes what nobody answers.
    Closing,
    /// Gives conversations back that were left alone.
    Inbox,
    /// Fetches photos of tickets.
    Photos,
    /// Fetches the files of messages.
    Files,
    /// Finishes imports that were cut short.
    Imports,
    /// Asks what messages cost.
    Prices,
    /// Counts for the reports.
    Figures,
    /// Takes over rules from other processes.
    Rules,
    /// Takes over texts from other processes.
    Texts,
    /// Does what admins ask for.
    Chores,
    /// Lets go of what is past its time.
    Housekeeping,
}

impl Job {
    /// Every one, in the order in which they are shown.
    pub const ALL: [Self; 19] = [
        Self::Deliveries,
        Self::LateAnswers,
        Self::MissedMessages,
        Self::Notices,
        Self::Live,
        Self::Changes,
        Self::Webhooks,
        Self::Reminders,
        Self::Closing,
        Self::Inbox,
        Self::Photos,
        Self::Files,
        Self::Imports,
        Self::Prices,
        Self::Figures,
        Self::Rules,
        Self::Texts,
        Self::Chores,
        Self::Housekeeping,
    ];

    /// Its name in the log and in the wording.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::LateAnswers => "late_answers",
            Self::MissedMessages => "missed_messages",
            Self::Notices => "notices",
            Self::Live => "live",
            Self::Changes => "changes",
            Self::Webhooks => "webhooks",
            Self::Reminders => "reminders",
            Self::Closing => "closing",
            Self::Inbox => "inbox",
            Self::Photos => "photos",
            Self::Files => "files",
            Self::Imports => "imports",
            Self::Prices => "prices",
            Self::Figures => "figures",
            Self::Rules => "rules",
            Self::Texts => "texts",
            Self::Chores => "chores",
            Self::Housekeeping => "house_keeping",
        }
    }
}

/// How a job went when it ran last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// When it ended.
    pub at: Instant,
    /// Since when it fails, and why.
    pub failing: Option<(Instant, String)>,
}

/// How the jobs of this process went.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<BTreeMap<Job, Beat>>);

impl Pulse {
    /// How this one went, if it ran yet.
    pub fn of(&self, job: Job) -> Option<Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&job).cloned()
    }

    /// Notes that a job ended, and what was wrong.
    pub fn beats(&self, job: Job, at: Instant, wrong: Option<&Error>) {
        let mut beats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = beats.get(&job).and_then(|beat| beat.failing.as_ref()).map_or(at, |(since, _)| *since);
        let failing = wrong.map(|error| (since, error.to_string()));
        beats.insert(job, Beat { at, failing });
    }
}
