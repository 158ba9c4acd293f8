//! The jobs of one process: each takes no input, is idempotent, and runs on a poke and on a timer.
//!
//! They work from database state alone, so a restart, a second process and a lost poke are the same to them.

pub mod chores;

use crate::app::App;
use crate::catalog::{FOLLOWERS, NOTICES};
use crate::chat::late::Late;
use crate::delivery::dispatch::Dispatcher;
use crate::delivery::prices;
use crate::kit::Result;
use crate::notify::live::Live;
use crate::pulse::Job;
use crate::webhooks_in::Door;
use crate::webhooks_out::Caller;
use crate::{
    attachments, figures, housekeeping, inbox, notify, plans, reconcile, records_io, rules, shifts, summaries, texts,
    tickets,
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often what only time decides is looked at.
const MINUTE: Duration = Duration::from_mins(1);
/// How often it is looked whether something falls due: with nothing due, one short read each.
const SOON: Duration = Duration::from_secs(5);
/// The most records handled in one transaction.
const MOST_AT_ONCE: u64 = 100;

/// Those of a process's workers that others speak to as well.
pub struct Hands {
    /// The way out.
    pub dispatcher: Dispatcher,
    /// Late answers.
    pub late: Late,
    /// Those who have the desk open.
    pub live: Live,
    /// Calls webhooks.
    pub caller: Caller,
}

/// Sets every job going; they end when told to stop.
pub fn start(app: &App, door: &Door, hands: Hands, tasks: &TaskTracker, stop: &CancellationToken) {
    let Hands { dispatcher, late, live, caller } = hands;
    let until = stop.clone();
    tasks.spawn(async move { dispatcher.run(until).await });
    tasks.spawn(late.run(stop.clone()));
    tasks.spawn(notify::run(app.clone(), NOTICES, stop.clone()));
    tasks.spawn(live.run(stop.clone()));
    tasks.spawn(caller.run(stop.clone()));
    tasks.spawn(reconcile::run(app.clone(), door.clone(), stop.clone()));
    tasks.spawn(attachments::fetch::run(app.clone(), stop.clone()));
    tasks.spawn(inbox::media::run(app.clone(), stop.clone()));
    tasks.spawn(housekeeping::run(app.clone(), stop.clone()));
    tasks.spawn(figures::run(app.clone(), stop.clone()));
    tasks.spawn(prices::run(app.clone(), stop.clone()));
    tasks.spawn(chores::run(app.clone(), stop.clone()));
    tasks.spawn(rules::run(app.clone(), stop.clone()));
    tasks.spawn(texts::run(app.clone(), stop.clone()));
    tasks.spawn(every_minute(app.clone(), stop.clone()));
    tasks.spawn(as_it_falls_due(app.clone(), stop.clone()));
}

async fn as_it_falls_due(app: App, stop: CancellationToken) {
    loop {
        app.ran(Job::Reminders, remind(&app).await);
        tokio::select! {
            () = tokio::time::sleep(SOON) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Tells of what falls due: deadlines of tickets, shifts, preventive maintenance, the week that is over. Answers with how many records that were.
///
/// # Errors
/// When the database is away; the next time goes on where this one stopped.
pub async fn remind(app: &App) -> Result<usize> {
    let (db, tz) = (&app.db, app.settings.timezone);
    let deadlines = until_none(
        || tickets::alarms::is_any_due(db.read(), app.clock.now()),
        || db.write(|tx| Box::pin(tickets::alarms::sound(tx, MOST_AT_ONCE))),
    );
    let begun = until_none(
        || shifts::is_any_due(db.read(), app.clock.now()),
        || db.write(|tx| Box::pin(shifts::remind(tx, MOST_AT_ONCE))),
    );
    let planned = until_none(
        || plans::is_any_due(db.read(), app.clock.now()),
        || db.write(move |tx| Box::pin(plans::remind(tx, tz, MOST_AT_ONCE))),
    );
    Ok(deadlines.await? + begun.await? + planned.await? + summaries::once(app).await?)
}

/// Handles one set after the other for as long as there is anything; answers with how many records that were.
async fn until_none<L, S>(is_any: impl Fn() -> L, handle: impl Fn() -> S) -> Result<usize>
where
    L: Future<Output = Result<bool>>,
    S: Future<Output = Result<usize>>,
{
    let mut handled = 0;
    while is_any().await? {
        let some = handle().await?;
        handled += some;
        if some == 0 {
            break; // another process was faster
        }
    }
    Ok(handled)
}

async fn every_minute(app: App, stop: CancellationToken) {
    loop {
        app.ran(Job::Closing, by_time(&app).await);
        app.ran(Job::Inbox, inbox::return_left(&app).await);
        app.ran(Job::Imports, records_io::finish(&app.db).await);
        tokio::select! {
            () = tokio::time::sleep(MINUTE) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// What time alone decides: a floor ticket whose reporter is silent for 72 hours is approved. Answers with how many
/// tickets were closed.
///
/// # Errors
/// When the database is away.
pub async fn by_time(app: &App) -> Result<usize> {
    let mut closed = 0;
    loop {
        let approved = app
            .db
            .write(|tx| {
                Box::pin(async move { Ok(tickets::approve_unanswered(tx, MOST_AT_ONCE, FOLLOWERS).await?.len()) })
            })
            .await?;
        closed += approved;
        if approved == 0 {
            return Ok(closed);
        }
    }
}
