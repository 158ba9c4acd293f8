//! "Something changed": pokes that wake a job before its timer does.
//!
//! A poke carries nothing and may be lost: jobs work from database state only, so a lost poke costs time, never
//! a message. In memory here; between processes it will travel over Redis.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The pokes of one process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Bus {
    dispatch: Arc<Notify>,
    reconcile: Arc<Notify>,
}

/// Which job is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poke {
    /// There may be deliveries to send.
    Dispatch,
    /// Messages may have been missed: ask the provider.
    Reconcile,
}

impl Bus {
    /// Wakes the job, or lets it run again at once if it is running.
    pub fn poke(&self, job: Poke) {
        self.bell(job).notify_one();
    }

    /// Waits for a poke, or for the timer.
    pub async fn wait(&self, job: Poke, at_most: Duration) {
        // Which of the two it was makes no difference to an idempotent job.
        let _either = tokio::time::timeout(at_most, self.bell(job).notified()).await;
    }

    fn bell(&self, job: Poke) -> &Notify {
        match job {
            Poke::Dispatch => &self.dispatch,
            Poke::Reconcile => &self.reconcile,
        }
    }
}
