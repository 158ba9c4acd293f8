//! What runs by itself: what waits in each queue and since when, and how each job of this process went.

use crate::db::Waiting;
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pulse::{Beat, Job};
use crate::{chat, delivery, figures, files, notify, records_io, webhooks_out};

/// A queue.
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) count: String,
    pub(super) oldest: Option<String>,
}

/// A job.
pub(super) struct Ran {
    pub(super) name: String,
    /// When it ran last, if it did yet.
    pub(super) when: Option<String>,
    /// Since when it fails, and why.
    pub(super) failing: Option<(String, String)>,
}

/// Every queue there is, in the order in which a message goes through them.
pub(super) async fn queues(desk: &Desk) -> Result<Vec<Queue>> {
    let conn = desk.app.db.read();
    let days = Waiting { count: figures::reading::still_to_count(conn).await?, ..Waiting::default() };
    let all = [
        ("answers", chat::store::unanswered(conn).await?),
        ("events", notify::waiting(conn).await?),
        ("deliveries", delivery::store::waiting(conn).await?),
        ("calls", webhooks_out::desk::waiting(conn).await?),
        ("files", files::store::waiting(conn).await?),
        ("imports", records_io::under_way(conn).await?),
        ("days", days),
    ];
    let words = desk.words();
    let queue = |(name, waiting): (&str, Waiting)| Queue {
        name: words.w(format!("settings.queue.{name}")),
        count: waiting.told(),
        oldest: waiting.oldest.map(|at| words.when(at, desk.now).html()),
    };
    Ok(all.into_iter().map(queue).collect())
}

/// Every job of this process.
pub(super) fn jobs(desk: &Desk) -> Vec<Ran> {
    let words = desk.words();
    let when = |at| words.when(at, desk.now).html();
    let ran = |job: Job| {
        let beat = desk.app.pulse.of(job);
        let failing = beat.as_ref().and_then(|beat| beat.failing.clone()).map(|(since, why)| (when(since), why));
        Ran {
            name: words.w(format!("settings.job.{}", job.as_str())),
            when: beat.map(|Beat { at, .. }| when(at)),
            failing,
        }
    };
    Job::ALL.into_iter().map(ran).collect()
}
