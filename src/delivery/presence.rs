//! This process among those that send from one database.
//!
//! It says every other second that it is there, and looks whether another one is gone. On SQLite, whose file is one
//! process's, saying it once is enough.

use super::model::{PROCESS_LIFE, SIGN_OF_LIFE};
use super::store::{Lease, Leased, processes};
use crate::app::App;
use crate::bus::Poke;
use crate::kit::{Instant, Result, token};
use sea_orm::DbBackend;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// What this process calls itself, and when it last said that it is there. Cheap to clone.
#[derive(Clone)]
pub(super) struct Presence {
    app: App,
    here: Arc<Mutex<Here>>,
    /// Held while it is being said, so that it is said once.
    saying: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
struct Here {
    /// None before anything was said.
    name: Option<String>,
    said_at: Option<Instant>,
    rounds: i64,
    /// How often a name was given up.
    given_up: u64,
}

impl Here {
    fn give_up(&mut self) {
        (self.name, self.said_at) = (None, None);
        self.given_up += 1;
    }

    /// It was said under this name at `now`; of no account where names were not `given_up` as often when that began.
    fn is_said(&mut self, given_up: u64, name: String, now: Instant) {
        if given_up == self.given_up {
            (self.name, self.said_at) = (Some(name), Some(now));
        }
    }
}

impl Presence {
    /// A process that has not said anything yet.
    pub(super) fn new(app: &App) -> Self {
        Self { app: app.clone(), here: Arc::default(), saying: Arc::default() }
    }

    /// What this process leases with in the round that begins.
    pub(super) fn next_lease(&self) -> Lease {
        let mut here = self.here();
        here.rounds += 1;
        Lease { process: here.name.clone().unwrap_or_default(), round: here.rounds }
    }

    /// Whether a delivery is certainly still this process's to send.
    pub(super) fn has(&self, leased: &Leased) -> bool {
        self.is_alone() || self.app.clock.now() < leased.leased_at + PROCESS_LIFE
    }

    /// Nobody knows what was leased: the answer of the database was not heard. The process goes on under another name,
    /// and what it had under the old one is taken back soon, by whoever notices first. SQLite's failures leave no doubt.
    pub(super) fn start_anew(&self) {
        if !self.is_alone() {
            self.here().give_up();
        }
    }

    /// Says that this process is there, when it is time to, and takes over from those that are gone.
    pub(super) async fn keep(&self) -> Result<()> {
        let _saying = self.saying.lock().await;
        let now = self.app.clock.now();
        let (known, given_up) = {
            let here = self.here();
            if here.said_at.is_some_and(|at| self.is_alone() || now < at + SIGN_OF_LIFE) {
                return Ok(());
            }
            (here.name.clone(), here.given_up)
        };
        let fresh = token::fresh();
        let (name, taken_over) = self
            .app
            .db
            .write_with((known, fresh), |tx, (known, fresh)| {
                Box::pin(async move {
                    let name = processes::stay(tx, known.clone(), fresh.clone()).await?;
                    Ok((name, processes::take_over(tx).await?))
                })
            })
            .await?;
        if taken_over > 0 {
            tracing::warn!(lines = taken_over, "a process is gone; this one goes on with what it had");
            self.app.bus.poke(Poke::Dispatch);
        }
        self.here().is_said(given_up, name, now);
        Ok(())
    }

    /// Keeps saying it until told to go, then leaves.
    pub(super) async fn stay(&self, gone: CancellationToken) {
        while !gone.is_cancelled() {
            if let Err(error) = self.keep().await {
                tracing::warn!(cause = error.private(), "this process cannot say that it is there: {error}");
            }
            tokio::select! {
                () = tokio::time::sleep(SIGN_OF_LIFE) => {}
                () = gone.cancelled() => {}
            }
        }
        let Some(name) = self.here().name.clone() else { return };
        let left = self.app.db.write_with(name, move |tx, name| Box::pin(processes::leave(tx, name)));
        if let Err(error) = left.await {
            tracing::warn!(cause = error.private(), "this process could not take its leave: {error}");
        }
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_alone(&self) -> bool {
        self.app.db.backend() == DbBackend::Sqlite
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn a_name_that_is_given_up_while_it_is_being_said_is_not_taken_back() {
        let (mut here, now) = (Here::default(), DateTime::UNIX_EPOCH);
        here.is_said(here.given_up, "first".to_owned(), now);
        let before = here.given_up;
        here.give_up();
        here.is_said(before, "first".to_owned(), now);
        assert_eq!((here.name.as_deref(), here.said_at), (None, None));
        here.is_said(here.given_up, "second".to_owned(), now);
        assert_eq!((here.name.as_deref(), here.said_at), (Some("second"), Some(now)));
    }
}
