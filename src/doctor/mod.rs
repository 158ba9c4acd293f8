//! `andon doctor`: whether everything is as it should be, and what to do where it is not.
//!
//! Every check is bounded in time, changes nothing that counts and shows no secret. It runs beside a running server
//! and without one; then it says what could not be asked.

mod budget;
mod database;
mod disk;
mod door;
mod files;
mod mail;
mod meta;
mod people;
mod provider;
mod server;
mod settings;
mod store;
mod templates;
mod texts;
pub mod token;
mod webhooks;

use crate::config::Settings;
use crate::db::Db;
use crate::kit::{Clock, Result, http};
use serde::Serialize;
use std::time::Duration;

/// No question over the network waits longer than this for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Fine,
    /// Worth a look, or could not be checked.
    Look,
    /// Wrong: somebody should act.
    Wrong,
}

impl Level {
    /// The sign before it.
    pub fn sign(self) -> char {
        match self {
            Self::Fine => '✓',
            Self::Look => '!',
            Self::Wrong => '✗',
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub area: &'static str,
    /// How it came out.
    pub level: Level,
    /// What was found.
    pub says: String,
    /// What to do about it.
    pub mend: Option<String>,
}

/// The findings, in the order in which they are told.
#[derive(Debug, Default)]
pub struct Report(Vec<Finding>);

impl Report {
    /// Looks at everything. `unknown` are the sentences about variables that are no settings.
    ///
    /// # Errors
    /// When this machine has no usable TLS roots; whatever else is wrong is a finding.
    pub async fn examine(settings: &Settings, unknown: Vec<String>) -> Result<Self> {
        let (mut report, http, clock) = (Self::default(), http::client()?, Clock::System);
        settings::examine(settings, unknown, &mut report);
        let is_running = server::examine(settings, &http, &mut report).await;
        let db = database::examine(settings, &clock, &mut report).await;
        disk::examine(settings, &mut report).await;
        files::examine(settings, &mut report).await;
        provider::examine(settings, &http, &clock, db.as_ref(), &mut report).await;
        meta::examine(settings, &http, &mut report).await;
        mail::examine(settings, &mut report).await;
        templates::examine(settings, &http, &mut report).await;
        door::examine(settings, &http, is_running, &mut report).await;
        if let Some(db) = db {
            report.look_into(settings, &db).await;
            let _ended_anyway = db.close().await;
        }
        Ok(report)
    }

    /// What the database's rows say.
    async fn look_into(&mut self, settings: &Settings, db: &Db) {
        if let Err(error) = people::examine(settings, db, self).await {
            self.wrong("People", format!("The database could not be read: {error}"), "Look at andon's log.");
        }
        if let Err(error) = budget::examine(settings, db, self).await {
            self.wrong("Budget", format!("The database could not be read: {error}"), "Look at andon's log.");
        }
        if let Err(error) = texts::examine(settings, db, self).await {
            self.wrong("Texts", format!("The database could not be read: {error}"), "Look at andon's log.");
        }
        if let Err(error) = webhooks::examine(db, self).await {
            self.wrong("Webhooks", format!("The database could not be read: {error}"), "Look at andon's log.");
        }
    }

    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    /// How many findings want somebody to act.
    pub fn wrongs(&self) -> usize {
        self.0.iter().filter(|finding| finding.level == Level::Wrong).count()
    }

    fn fine(&mut self, area: &'static str, says: impl Into<String>) {
        self.0.push(Finding { area, level: Level::Fine, says: says.into(), mend: None });
    }

    fn look(&mut self, area: &'static str, says: impl Into<String>, mend: impl Into<String>) {
        self.add(area, Level::Look, says.into(), mend.into());
    }

    fn wrong(&mut self, area: &'static str, says: impl Into<String>, mend: impl Into<String>) {
        self.add(area, Level::Wrong, says.into(), mend.into());
    }

    fn add(&mut self, area: &'static str, level: Level, says: String, mend: String) {
        self.0.push(Finding { area, level, says, mend: Some(mend).filter(|mend| !mend.is_empty()) });
    }
}
