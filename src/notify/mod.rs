//! Events become notices: for each event those whom it concerns, without who did it, and for each of them a delivery at
//! the desk in the browser, where they sign in, and one on the medium that reaches them: WhatsApp where they have a
//! number and have not opted out, else e-mail, else a text message. Each medium has its own words of the one wording.
//!
//! The job works from the events' mark alone (`handled_at`), as sets, with a fixed number of statements a set. Events
//! and notices are settled in one transaction, so each is told once, whatever dies when. Processes take turns: notices
//! of one ticket are written in the order of its events, and a later notice never has a smaller number.

pub mod acts;
pub mod api;
pub mod detail;
pub mod events;
mod explain;
pub mod live;
mod model;
pub mod proofread;
pub mod sample;
pub mod shown;
pub mod stats;
pub mod store;
pub mod words;

use crate::app::App;
use crate::bus::Poke;
use crate::db::{Tx, marks};
use crate::delivery::store::{NewNotice, give};
use crate::kit::Result;
use crate::outbox::Notice;
use axum::Extension;
use live::Live;
use model::{Happened, Scene};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use words::{Telling, Words};

/// The endpoints.
pub fn routes(live: &Live) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::unread))
        .routes(routes!(api::unread_count))
        .routes(routes!(api::mark_all_as_read))
        .routes(routes!(stats::stats))
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
/// Without a poke the job looks this often.
const TIMER: Duration = Duration::from_secs(2);
/// While more comes in than can be answered, people are told this often: they hear of more at a time, and still at once.
const HIGH_TIDE_BREATH: Duration = Duration::from_millis(50);
/// Whose turn it is; its position is the last notice.
const TURN: &str = "notify";

/// Runs until told to stop.
pub async fn run(app: App, notices: &'static [Notice], stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = once(&app, notices).await {
            tracing::warn!(cause = error.private(), "what people are to be told waits: {error}");
        }
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

/// Tells all that is to be told. Answers with how many events that were.
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
    Ok(total)
}

/// Tells a set of events; answers with how many there were, and how many notices came of them.
async fn tell(app: &App, tx: &Tx, notices: &[Notice]) -> Result<(usize, usize)> {
    marks::hold(tx, TURN).await?;
    let events = store::take(tx, MOST).await?;
    let known: HashMap<&str, &Notice> = notices.iter().map(|notice| (notice.event, notice)).collect();
    let happened: Vec<Happened<'_>> =
        events.iter().filter_map(|event| Happened::read(event, known.get(event.name.as_str()).copied()?)).collect();
    let made = made(app, tx, &happened).await?;
    give(tx, &made).await?;
    let ids: Vec<i64> = events.iter().map(|event| event.id).collect();
    if let Some(last) = store::last_notice(tx, &ids).await? {
        marks::set_position(tx, TURN, last).await?;
    }
    store::done(tx, &ids).await?;
    Ok((events.len(), made.len()))
}

/// The notices of these events.
async fn made(app: &App, tx: &Tx, happened: &[Happened<'_>]) -> Result<Vec<NewNotice>> {
    if happened.is_empty() {
        return Ok(Vec::new());
    }
    let tickets = store::tickets(tx, happened).await?;
    let facts = store::facts::of(tx, happened, &tickets).await?;
    let desk = store::desk(tx).await?;
    let told: Vec<(&Happened<'_>, Vec<(i64, &'static str)>)> = happened
        .iter()
        .map(|one| {
            let scene = Scene { ticket: one.ticket_id.and_then(|id| tickets.get(&id)), desk: &desk };
            (one, model::told(one, &scene))
        })
        .collect();
    let mut spoken_of: BTreeSet<i64> = told.iter().flat_map(|(_, whom)| whom.iter().map(|(id, _)| *id)).collect();
    let recipients: Vec<i64> = spoken_of.iter().copied().collect();
    spoken_of.extend(happened.iter().filter_map(|one| one.actor_id));
    spoken_of.extend(tickets.values().filter_map(|ticket| ticket.row.requester_id));
    let people = store::people(tx, &spoken_of.into_iter().collect::<Vec<_>>()).await?;
    let told_people: Vec<&store::Person> =
        recipients.iter().filter_map(|id| people.get(id)).filter(|person| person.row.is_active).collect();
    let reached = store::reach(tx, &told_people, |medium| app.carrier(medium).is_some()).await?;

    let day = tx.now().with_timezone(&app.settings.timezone).date_naive();
    let mut made = Vec::new();
    for (one, whom) in told {
        let ticket = one.ticket_id.and_then(|id| tickets.get(&id));
        let words = Words::of(app, one, ticket, facts.get(&one.event_id), &people);
        for (person_id, file) in whom {
            let Some((person, ways)) = people.get(&person_id).zip(reached.get(&person_id)) else { continue };
            let vars = words.for_person(person);
            let telling = Telling { wording: &app.wording, language: &person.row.language, file, vars: &vars };
            let subject = telling.subject();
            for (way, address_id) in ways {
                made.push(NewNotice {
                    event_id: one.event_id,
                    ticket_id: one.ticket_id,
                    person_id,
                    address_id: *address_id,
                    way: *way,
                    subject: subject.clone(),
                    body: telling.body(*way, app.max_chars()),
                    day,
                });
            }
        }
    }
    Ok(made)
}
