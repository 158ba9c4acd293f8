//! Weekly summaries: last week against the week before, by e-mail on Monday morning, to who wants it and may see reports.
//!
//! The days are counted first, so the letter says what the reports say. Numbers are read outside of any transaction, once
//! for all who see the same; that somebody had this Monday's summary is written with its event: one each, however many
//! processes there are and whoever is killed. Who lost the right to see reports, or their address, gets none, and no
//! reminder of it.

pub mod events;
mod numbers;

use crate::app::App;
use crate::db::Tx;
use crate::figures::reading::{Scope, Span};
use crate::kit::Result;
use crate::notify::weekly::{self, latest_monday, may_have};
use crate::people::store::users::{self, User};
use crate::{figures, outbox};
use chrono::{Days, NaiveDate};
use events::DrawnUp;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The most people whose summaries are written in one transaction.
const MOST_AT_ONCE: u64 = 50;

/// What is told on a Monday.
struct Edition {
    monday: NaiveDate,
    /// Those who are looked at.
    people: Vec<i64>,
    /// The numbers of each view of the plant.
    numbers: HashMap<Scope, Map<String, Value>>,
    link: Option<String>,
}

/// Has everybody who wants it told of the week that is over; answers with how many summaries were looked at.
///
/// # Errors
/// When the database is away; the next time goes on where this one stopped.
pub async fn once(app: &App) -> Result<usize> {
    let mut total = 0;
    loop {
        let monday = latest_monday(app.clock.now(), app.settings.timezone);
        let people = weekly::due(app.db.read(), monday, MOST_AT_ONCE).await?;
        if people.is_empty() {
            return Ok(total);
        }
        if total == 0 {
            figures::once(app).await?;
        }
        let week = week_before(monday);
        let mut numbers = HashMap::new();
        for user in users::by_ids(app.db.read(), &people).await?.into_values().filter(is_told) {
            let scope = seen_by(&user);
            if numbers.contains_key(&scope) {
                continue;
            }
            let read = numbers::of(app, week, &scope).await?;
            numbers.insert(scope, read);
        }
        let edition = Edition { monday, people, numbers, link: link(app, week) };
        let written = app.db.write_with(edition, |tx, edition| Box::pin(write(tx, edition)));
        let some = written.await?;
        total += some;
        if some == 0 {
            return Ok(total); // another process was faster
        }
    }
}

async fn write(tx: &Tx, edition: &Edition) -> Result<usize> {
    let taken = weekly::take(tx, edition.monday, &edition.people).await?;
    let users = users::by_ids(tx.conn(), &taken).await?;
    let week = week_before(edition.monday);
    let drawn = taken.iter().filter_map(|id| users.get(id)).filter(|user| is_told(user)).filter_map(|user| {
        // Whose view changed in this very moment has none of it this week: better than another's.
        let numbers = edition.numbers.get(&seen_by(user))?.clone();
        let department = match seen_by(user) {
            Scope::All => None,
            Scope::Department(department) => department,
        };
        let link = edition.link.clone();
        Some(DrawnUp { person_id: user.id, week_from: week.from, week_until: week.until, link, department, numbers })
    });
    outbox::append(tx, &drawn.collect::<Vec<_>>()).await?;
    Ok(taken.len())
}

fn is_told(user: &User) -> bool {
    may_have(user) && user.email.is_some()
}

fn seen_by(user: &User) -> Scope {
    Scope::seen_by(user.role, user.department.clone())
}

/// The days from the Monday before this one to the Sunday before it.
fn week_before(monday: NaiveDate) -> Span {
    let back = |days| monday.checked_sub_days(Days::new(days)).unwrap_or(monday);
    Span { from: back(7), until: back(1) }
}

/// The reports of these days.
fn link(app: &App, Span { from, until }: Span) -> Option<String> {
    let mut link = app.settings.public_origin()?;
    link.set_path("/reports");
    link.set_query(Some(&format!("from={from}&until={until}")));
    Some(link.into())
}
