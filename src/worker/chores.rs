//! Does what an admin asked for: looks whether everything is well, takes a backup.

use crate::app::App;
use crate::backup;
use crate::bus::Poke;
use crate::chores::{self, Kind, row};
use crate::doctor::Report;
use crate::kit::Result;
use crate::pulse::Job;
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Without a poke it looks this often whether another process left something.
const TIMER: Duration = Duration::from_mins(1);
/// Where backups are, in the data folder.
const BACKUPS: &str = "backups";

/// Runs until told to stop.
pub(super) async fn run(app: App, stop: CancellationToken) {
    loop {
        app.ran(Job::Chores, once(&app).await);
        tokio::select! {
            () = app.bus.wait(Poke::Chores, TIMER) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Does all that waits, one after the other; answers with how many that were.
///
/// # Errors
/// When the database is away; what was taken is taken again, half an hour later.
pub async fn once(app: &App) -> Result<usize> {
    let mut done = 0;
    while chores::is_any_waiting(app.db.read(), app.clock.now()).await? {
        let Some(chore) = app.db.write(|tx| Box::pin(chores::take(tx))).await? else { break };
        let came = came_of(app, &chore).await;
        if let Err(problem) = &came {
            tracing::warn!(chore = chore.id, kind = chore.kind.as_str(), "what an admin asked for failed: {problem}");
        }
        app.db.write_with(came, move |tx, came| Box::pin(chores::end(tx, chore.id, came.clone()))).await?;
        done += 1;
    }
    Ok(done)
}

/// What it found, or what was wrong, with what to do.
async fn came_of(app: &App, chore: &row::Model) -> Result<String, String> {
    match chore.kind {
        Kind::Examine => {
            let report = Report::examine(&app.settings, Vec::new()).await.map_err(|error| error.to_string())?;
            Ok(json!(report.findings()).to_string())
        }
        Kind::BackUp => {
            let folder = app.settings.data_dir.join(BACKUPS);
            let unmade = |error| format!("{} cannot be made: {error}.", folder.display());
            tokio::fs::create_dir_all(&folder).await.map_err(unmade)?;
            let taken = backup::take(&app.settings.database_url(), &folder, app.clock.clone()).await;
            let taken = taken.map_err(|error| error.to_string())?;
            Ok(json!({"file": taken.file.display().to_string(), "bytes": taken.bytes}).to_string())
        }
    }
}
