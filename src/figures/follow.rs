//! Which days are to be counted again.
//!
//! Tickets change by events, and every change that a figure sees stands in the ticket's history. So the log of events is
//! followed by its positions (nothing that is committed late is passed over), and of each ticket in it all days of its
//! history are counted again, also those that it was once counted on and is no more. Messages, attempts and turns of forms
//! are only added: where there are new ones, or attempts ended, the days since the last look are counted again, an hour
//! more for what was committed late. What a message cost is known later, and some attempts end much later, or fail after
//! they were taken; so once an hour the last three days are counted again, and those of which a price was still to come.

use super::model::{Family, day_of};
use super::store::{self, source};
use crate::app::App;
use crate::db::{Tx, marks};
use crate::kit::{Instant, Result};
use crate::outbox::{self, Filter, Stretch};
use chrono::{DateTime, NaiveDate, TimeDelta};
use chrono_tz::Tz;
use std::collections::BTreeSet;

/// Of which making the figures are: another one has all days counted anew.
const VERSION: u32 = 1;
/// Events in one set.
const EVENTS_AT_ONCE: u64 = 500;
/// What is committed later than this after it was written is not thought of.
const LATE: TimeDelta = TimeDelta::hours(1);
/// How often prices are looked for, and how long each is waited for at least.
const PRICES_EVERY: TimeDelta = TimeDelta::hours(1);
const PRICES_WITHIN: TimeDelta = TimeDelta::days(3);

/// What the names of all marks begin with.
const MARKS: &str = "figures.";

/// The marks of one time zone: in another one the days are others.
struct Marks {
    begun: String,
    events: String,
    rows: String,
    prices: String,
}

impl Marks {
    fn of(tz: Tz) -> Self {
        let mark = |what: &str| format!("{MARKS}{VERSION}.{what} {tz}");
        Self { begun: mark("begun"), events: mark("events"), rows: mark("rows"), prices: mark("prices") }
    }
}

/// Notes which days are to be counted again by what happened since the last time.
pub(super) async fn follow(app: &App) -> Result<()> {
    let tz = app.settings.timezone;
    let names = Marks::of(tz);
    outbox::number(&app.db).await?;
    if marks::mark(app.db.read(), &names.begun).await?.is_none() {
        return app.db.write(move |tx| Box::pin(begin(tx, tz))).await;
    }
    loop {
        let from = marks::position(app.db.read(), &names.events).await?;
        if outbox::last_position(app.db.read()).await? <= from {
            break;
        }
        app.db.write(move |tx| Box::pin(follow_some(tx, tz))).await?;
    }
    let last = source::last_rows(app.db.read()).await?;
    let (mark, position) =
        (marks::mark(app.db.read(), &names.rows).await?, marks::position(app.db.read(), &names.rows).await?);
    let (now, since) = (app.clock.now(), mark.unwrap_or(app.clock.now()));
    if last != position || day_of(since, tz) < day_of(now, tz) {
        app.db.write(move |tx| Box::pin(add(tx, tz, last))).await?;
    }
    if marks::mark(app.db.read(), &names.prices).await?.is_none_or(|at| now - at >= PRICES_EVERY) {
        app.db.write(move |tx| Box::pin(price(tx, tz))).await?;
    }
    Ok(())
}

/// The first time, and when the plant moved to another time zone, also back: every day since there is anything. Whatever
/// happens from now on has a later place in the log.
async fn begin(tx: &Tx, tz: Tz) -> Result<()> {
    let names = Marks::of(tz);
    marks::forget(tx, MARKS).await?;
    marks::hold(tx, &names.begun).await?;
    marks::set_position(tx, &names.events, outbox::last_position(tx.conn()).await?).await?;
    marks::set_position(tx, &names.rows, source::last_rows(tx.conn()).await?).await?;
    let (made, came) = source::first(tx.conn()).await?;
    for (family, first) in [(Family::Tickets, made), (Family::Messages, came)] {
        let first = first.unwrap_or(tx.now());
        store::touch(tx, family, days(first, tx.now(), tz)).await?;
    }
    Ok(())
}

async fn follow_some(tx: &Tx, tz: Tz) -> Result<()> {
    let names = Marks::of(tz);
    // Whoever comes second finds the mark moved, and reads on from there.
    marks::hold(tx, &names.begun).await?;
    let from = marks::position(tx.conn(), &names.events).await?;
    let stretch = Stretch { from: Some(from), is_rising: true, most: EVENTS_AT_ONCE };
    let events = outbox::read(tx.conn(), &Filter::default(), stretch).await?;
    let Some(last) = events.last().and_then(|event| event.position) else { return Ok(()) };
    let tickets: BTreeSet<i64> = events.iter().filter_map(|event| event.ticket_id).collect();
    if !tickets.is_empty() {
        let tickets: Vec<i64> = tickets.into_iter().collect();
        let moments = source::moments(tx.conn(), &tickets).await?;
        let changed: BTreeSet<NaiveDate> = moments.into_iter().map(|at| day_of(at, tz)).collect();
        store::touch(tx, Family::Tickets, changed).await?;
    }
    marks::set_position(tx, &names.events, last).await
}

async fn add(tx: &Tx, tz: Tz, last: i64) -> Result<()> {
    let names = Marks::of(tz);
    let since = marks::mark(tx.conn(), &names.rows).await?.unwrap_or(tx.now());
    store::touch(tx, Family::Messages, days(since - LATE, tx.now(), tz)).await?;
    marks::set_position(tx, &names.rows, last).await
}

async fn price(tx: &Tx, tz: Tz) -> Result<()> {
    let names = Marks::of(tz);
    let waited = DateTime::from_timestamp(marks::position(tx.conn(), &names.prices).await?, 0);
    let recent = tx.now() - PRICES_WITHIN;
    let since = waited.filter(|at| at.timestamp() > 0).map_or(recent, |at| at.min(recent));
    store::touch(tx, Family::Messages, days(since, tx.now(), tz)).await?;
    let waits = source::unpriced_since(tx.conn()).await?.unwrap_or(tx.now());
    marks::set_position(tx, &names.prices, waits.timestamp()).await
}

fn days(from: Instant, until: Instant, tz: Tz) -> impl Iterator<Item = NaiveDate> {
    let (first, last) = (day_of(from, tz), day_of(until, tz));
    first.iter_days().take_while(move |day| *day <= last)
}
