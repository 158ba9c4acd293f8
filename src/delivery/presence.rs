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
            let mut here = self.here();
            (here.name, here.said_at) = (None, None);
        }
    }

    /// Says that this process is there, when it is time to, and takes over from those that are gone.
    pub(super) async fn keep(&self) -> Result<()> {
        let _saying = self.saying.lock().await;
        let now = self.app.clock.now();
        let known = {
            let here = self.here();
            if here.said_at.is_some_and(|at| self.is_alone() || now < at + SIGN_OF_LIFE) {
                return Ok(());
            }
            here.name.clone()
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
        let mut here = self.here();
        (here.name, here.said_at) = (Some(name), Some(now));
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
