//! The next medium: where a notice failed for good, or did not arrive within its urgency's patience.
//!
//! The first message is left alone: should it arrive after all, it says so beside the second. Who has read the notice at
//! the desk knows already.

use super::scene::Scene;
use super::write::{self, Ask};
use super::{MOST, TURN, note_last, store};
use crate::app::App;
use crate::channels::{Medium, Status};
use crate::db::{Tx, marks};
use crate::delivery::store::{Way, give, held};
use crate::kit::Result;
use crate::outbox::{Notice, Told};
use std::collections::{BTreeMap, BTreeSet};

/// Statuses in which there is nothing more to do.
const SETTLED: [Status; 3] = [Status::Delivered, Status::Read, Status::Cancelled];

/// Tells by the next medium whom the one before did not reach. Answers with how many notices that were.
pub(super) async fn once(app: &App, notices: &'static [Notice]) -> Result<usize> {
    let mut total = 0;
    while held::is_anything_overdue(app.db.read(), app.clock.now()).await? {
        let falling_back = app.db.write_with(app.clone(), move |tx, app| Box::pin(fall_back(app, tx, notices)));
        let (looked_at, told) = falling_back.await?;
        if looked_at == 0 {
            break; // another process was quicker
        }
        if told > 0 {
            tracing::info!(looked_at, notices = told, "people are told by another medium");
        }
        total += told;
    }
    Ok(total)
}

/// How many notices were looked at, and how many came of it.
async fn fall_back(app: &App, tx: &Tx, notices: &[Notice]) -> Result<(usize, usize)> {
    marks::hold(tx, TURN).await?;
    let overdue = held::overdue(tx, MOST).await?;
    let is_settled = |status: &str| SETTLED.into_iter().any(|settled| settled.as_str() == status);
    let mut open: BTreeMap<(i64, i64), &str> = BTreeMap::new();
    for one in overdue.iter().filter(|one| !is_settled(&one.status)) {
        if let Some((event_id, words)) = one.event_id.zip(one.words.as_deref()) {
            open.insert((event_id, one.person_id), words);
        }
    }
    if open.is_empty() {
        return Ok((overdue.len(), 0));
    }
    let (events, people): (BTreeSet<i64>, BTreeSet<i64>) = open.keys().copied().unzip();
    let mut tried: BTreeMap<(i64, i64), BTreeSet<Medium>> = BTreeMap::new();
    for (event_id, person_id, way, was_seen) in held::told(tx, events.iter().copied(), people).await? {
        match way {
            Way::Desk if was_seen => drop(open.remove(&(event_id, person_id))),
            Way::Desk => {}
            Way::Carried(medium) => drop(tried.entry((event_id, person_id)).or_default().insert(medium)),
        }
    }
    let scene = Scene::of(tx, &store::events(tx, &events).await?, notices).await?;
    let asks: Vec<Ask<'_>> = open
        .iter()
        .filter_map(|((event_id, person_id), words)| {
            let happened = scene.happened.iter().find(|one| one.event_id == *event_id)?;
            let words = happened.notice.tells.iter().flat_map(Told::files).find(|file| file == words)?;
            Some(Ask { happened, person_id: *person_id, words, tried: tried.get(&(*event_id, *person_id)) })
        })
        .collect();
    let made = write::notices(app, tx, &scene, &asks).await?;
    give(tx, &made).await?;
    let events: Vec<i64> = events.into_iter().collect();
    note_last(tx, &events).await?;
    Ok((overdue.len(), made.len()))
}
