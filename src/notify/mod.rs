//! Events become notices: for each event those whom it concerns, without who did it, and for each of them a delivery at
//! the desk in the browser, where they sign in, and one on the first medium of their wishes that reaches them. Each
//! medium has its own words of the one wording. What does not arrive there goes by the next ([`fallback`]); what is not
//! urgent waits in quiet hours, and several that wait go as one message ([`gather`]).
//!
//! The job works from the events' mark alone (`handled_at`), as sets, with a fixed number of statements a set. Events
//! and notices are settled in one transaction, so each is told once, whatever dies when. Processes take turns: notices
//! of one ticket are written in the order of its events, and a later notice never has a smaller number.

pub mod acts;
pub mod api;
pub mod detail;
pub mod events;
pub mod explain;
mod fallback;
pub mod gather;
pub mod live;
mod model;
pub mod preferences;
pub mod proofread;
pub mod sample;
mod scene;
pub mod shown;
pub mod stats;
pub mod store;
mod taps;
pub mod weekly;
pub mod words;
mod write;

use crate::app::App;
use crate::bus::Poke;
use crate::db::{Tx, Waiting, marks};
use crate::delivery::store::give;
use crate::kit::Result;
use crate::outbox::Notice;
use crate::pulse::Job;
use axum::Extension;
use live::Live;
use model::{Desk, Happened};
use scene::Scene;
use sea_orm::ConnectionTrait;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use write::Ask;

/// The endpoints.
pub fn routes(live: &Live) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::unread))
        .routes(routes!(api::unread_count))
        .routes(routes!(api::mark_all_as_read))
        .routes(routes!(stats::stats))
        .routes(routes!(preferences::get, preferences::change))
        .routes(routes!(api::get))
        .routes(routes!(acts::retry))
        .routes(routes!(acts::cancel))
        .routes(routes!(api::mark_as_read))
        .routes(routes!(live::api::ticket))
        .routes(routes!(live::api::connect))
        .layer(Extension(live.clone()))
}

/// The most events in one set.
const MOST: u64 = 256;
/// The most people whom the events of one set tell, or one event's, however many they are.
const MOST_TOLD: usize = 5_000;
/// Without a poke the job looks this often.
const TIMER: Duration = Duration::from_secs(2);
/// While more comes in than can be answered, people are told this often: they hear of more at a time, and still at once.
const HIGH_TIDE_BREATH: Duration = Duration::from_millis(50);
/// Whose turn it is; its position is the last notice.
const TURN: &str = "notify";

/// Runs until told to stop.
pub async fn run(app: App, notices: &'static [Notice], stop: CancellationToken) {
    while !stop.is_cancelled() {
        app.ran(Job::Notices, once(&app, notices).await);
        let waits = async {
            app.bus.wait(Poke::Notify, TIMER).await;
            if app.tide.is_high(&app.clock) {
                tokio::time::sleep(HIGH_TIDE_BREATH).await;
            }
        };
        tokio::select! {
            () = waits => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Tells all that is to be told: of events, of what was held, and by the next medium what did not arrive. Answers with
/// how many events that were.
///
/// # Errors
/// When the database is away; the next time goes on where this one stopped.
pub async fn once(app: &App, notices: &'static [Notice]) -> Result<usize> {
    let mut total = 0;
    // Most looks find nothing: those cost a read, not a write.
    while store::is_anything_new(app.db.read()).await? {
        let telling = app.db.write_with(app.clone(), move |tx, app| Box::pin(tell(app, tx, notices)));
        let (events, told) = telling.await?;
        if told > 0 {
            app.bus.poke(Poke::Live);
            app.bus.poke(Poke::Dispatch);
            tracing::info!(events, notices = told, "people are told");
        }
        if events == 0 {
            break; // another process was quicker
        }
        total += events;
    }
    let next = fallback::once(app, notices).await? + gather::once(app).await?;
    if next > 0 {
        app.bus.poke(Poke::Dispatch);
    }
    Ok(total)
}

/// The events of which people are still to be told.
///
/// # Errors
/// When the database is away.
pub async fn waiting(conn: &impl ConnectionTrait) -> Result<Waiting> {
    store::waiting(conn).await
}

/// Tells a set of events; answers with how many there were, and how many notices came of them.
async fn tell(app: &App, tx: &Tx, notices: &[Notice]) -> Result<(usize, usize)> {
    marks::hold(tx, TURN).await?;
    let mut events = store::take(tx, MOST).await?;
    let desk = if events.is_empty() { Vec::new() } else { store::desk(tx).await? };
    events.truncate(at_once(desk.len()));
    let scene = Scene::of(tx, &events, notices).await?;
    let asks: Vec<Ask<'_>> = scene.happened.iter().flat_map(|one| asks(one, &scene, &desk)).collect();
    let made = write::notices(app, tx, &scene, &asks).await?;
    give(tx, &made).await?;
    let ids: Vec<i64> = events.iter().map(|event| event.id).collect();
    note_last(tx, &ids).await?;
    store::done(tx, &ids).await?;
    Ok((events.len(), made.len()))
}

/// How many events are told in one set where each may have to be told to so many: their notices are in memory together.
fn at_once(desk: usize) -> usize {
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    (MOST_TOLD / desk.max(1)).clamp(1, most)
}

/// Who is to be told of this event.
fn asks<'a>(one: &'a Happened<'a>, scene: &Scene<'_>, desk: &[Desk]) -> Vec<Ask<'a>> {
    let told = model::told(one, scene.ticket(one), desk);
    told.into_iter().map(|(person_id, words)| Ask { happened: one, person_id, words, tried: None }).collect()
}

/// The last notice has the number of the last of these events' notices.
async fn note_last(tx: &Tx, events: &[i64]) -> Result<()> {
    match store::last_notice(tx, events).await? {
        Some(last) => marks::set_position(tx, TURN, last).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_there_are_to_tell_the_fewer_events_go_together() {
        for (desk, events) in [(0, 256), (1, 256), (19, 256), (50, 100), (1_000, 5), (9_000, 1)] {
            assert_eq!(at_once(desk), events, "{desk}");
        }
    }
}
