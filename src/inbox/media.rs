//! What people sent in messages, fetched from the provider by a job of its own, to be shown at the desk.
//!
//! At least once: two processes may fetch one file, and keep it under the same name. What the provider no longer has,
//! and what is of no type that is taken in, is given up; everything else is tried again, for a day.

use crate::app::App;
use crate::attachments::fetch::{again_at, from_provider};
use crate::channels::Retry;
use crate::db::Change;
use crate::files;
use crate::files::store::message_media::{self as store, Model};
use crate::kit::Result;
use crate::pulse::Job;
use chrono::TimeDelta;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks.
const TIMER: Duration = Duration::from_secs(1);
/// How many files are fetched one after the other before others are looked for.
const AT_ONCE: u64 = 8;
/// Others leave files alone for so long once somebody fetches them.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// One file takes less than this.
const LONGEST: TimeDelta = TimeDelta::seconds(90);

/// Runs until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        app.ran(Job::Files, once(&app).await);
        tokio::select! {
            () = tokio::time::sleep(TIMER) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Fetches what is due; answers with how many files were looked at.
///
/// # Errors
/// When the database is away.
pub async fn once(app: &App) -> Result<usize> {
    let mut looked_at = 0;
    while store::is_any_due(app.db.read(), app.clock.now()).await? {
        let until = app.clock.now() + LEASE;
        let due = app.db.write(move |tx| Box::pin(store::lease(tx, AT_ONCE, until))).await?;
        if due.is_empty() {
            break; // another process was faster
        }
        let mut due = due.into_iter();
        while let Some(file) = due.next() {
            if app.clock.now() + LONGEST > until {
                let left: Vec<i64> = std::iter::once(file.id).chain(due.map(|file| file.id)).collect();
                app.db.write_with(left, |tx, left| Box::pin(store::leave(tx, left))).await?;
                break;
            }
            looked_at += 1;
            fetch(app, file).await?;
        }
    }
    Ok(looked_at)
}

async fn fetch(app: &App, file: Model) -> Result<()> {
    let id = file.id;
    match kept(app, &file).await? {
        Ok((hash, content_type, size)) => {
            let here = (hash, content_type);
            let noting = app.db.write_with(here, move |tx, (hash, content_type)| {
                Box::pin(async move { store::is_here(tx, id, hash, content_type, size).await })
            });
            noting.await?;
        }
        Err(again) => {
            let tries = file.tries + 1;
            let at = again.and_then(|wait| again_at(tries, wait, app.clock.now()));
            app.db.write(move |tx| Box::pin(store::note_try(tx, id, tries, at))).await?;
        }
    }
    app.bus.tell_desk([Change::Conversation(file.person_id)]);
    Ok(())
}

/// What became of a try: the file's hash, type and size; or whether it is worth another one, and the provider's wish when.
type Kept = Result<(String, &'static str, i64), Option<Option<Duration>>>;

async fn kept(app: &App, file: &Model) -> Result<Kept> {
    let bytes = match from_provider(app, &file.url, app.settings.max_attachment).await {
        Ok(bytes) => bytes,
        Err(error) => {
            return Ok(Err(match error.retry {
                Retry::Never | Retry::Elsewhere => None,
                Retry::Later(wait) | Retry::Slower(wait) => Some(wait),
                Retry::StopChannel | Retry::SlowerToOne => Some(None),
            }));
        }
    };
    let (bytes, Ok(kind)) = files::look_at(bytes).await? else { return Ok(Err(None)) };
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    match app.vault.keep(bytes).await {
        Ok(hash) => Ok(Ok((hash, kind.content_type, size))),
        Err(_) => Ok(Err(Some(None))),
    }
}
