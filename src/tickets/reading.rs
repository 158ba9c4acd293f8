//! Tickets as they are shown: one, a page of them, or those just made, with the names that go with them.
//!
//! A fixed number of statements each, however many rows there are. Access is the caller's to check for one ticket
//! ([`super::extract`]); a page holds only what its reader may see.

use super::list::{self, Filter, Order, Place, Source};
use super::model::{Ticket, Viewer, may_see};
use super::store::list::{Ask, count, fetch, history_named, named};
use super::store::{self, Holder, Line, Named};
use super::{Changed, NewTicket, create, row};
use crate::app::App;
use crate::db::{Batch, Db, Door, Tx};
use crate::files::shape::{self, AttachmentShown};
use crate::kit::{Error, Instant, Result};
use crate::sla::Policies;
use crate::web::page::{Cursor, Cut, Part};
use crate::web::read::{self, Raw};
use sea_orm::ConnectionTrait;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The most tickets made in one set.
const MOST_AT_ONCE: usize = 256;

/// A ticket with the names that go with it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The stored ticket.
    pub row: row::Model,
    /// Who raised or reported it, where they have a name.
    pub requester_name: Option<String>,
    /// Who has it, in the order in which they were given it.
    pub holders: Vec<Holder>,
}

/// A ticket with all that was done to it, oldest first.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The ticket.
    pub shown: Shown,
    /// What was done to it.
    pub history: Vec<Line>,
    /// What is attached to it, oldest first.
    pub attachments: Vec<AttachmentShown>,
}

/// A page of tickets.
#[derive(Clone, Debug)]
pub struct Page {
    /// The tickets and the pages beside them.
    pub cut: Cut<Shown>,
    /// How many there are on all pages, where that was asked.
    pub count: Option<u64>,
}

/// A queue in front of [`create`]: tickets that come in together are made as a set.
pub type Creations = Batch<NewTicket, Whole>;

impl Shown {
    /// The ticket as far as the rules look at it.
    pub fn ticket(&self) -> Ticket {
        self.row.ticket(self.holders.iter().map(|holder| holder.person_id).collect())
    }
}

/// Starts the queue.
pub fn creations(app: &App) -> Creations {
    let (app, db) = (app.clone(), app.db.through(Door::Api));
    Batch::start(
        MOST_AT_ONCE,
        || Duration::ZERO,
        move |new: Arc<Vec<NewTicket>>| {
            let db = db.clone();
            let policies = app.rules().policies;
            app.tide.brings(new.len());
            Box::pin(async move {
                db.write(move |tx| {
                    let new = Arc::clone(&new);
                    Box::pin(async move { make(tx, &policies, &new).await })
                })
                .await
            })
        },
    )
}

async fn make(tx: &Tx, policies: &Policies, new: &[NewTicket]) -> Result<Vec<Whole>> {
    let made = create(tx, policies, new.to_vec()).await?;
    let ids: Vec<i64> = made.iter().map(|row| row.id).collect();
    let mut histories = by_ticket(history_named(tx.conn(), &ids).await?, |line| line.row.ticket_id);
    let whole = made.into_iter().map(|row| {
        let history = histories.remove(&row.id).unwrap_or_default();
        // Who made it is who raised it.
        let requester_name = history.first().and_then(|line| line.changed_by_name.clone());
        Whole { shown: Shown { row, requester_name, holders: Vec::new() }, history, attachments: Vec::new() }
    });
    Ok(whole.collect())
}

/// A ticket by its row.
pub async fn one(conn: &impl ConnectionTrait, id: i64) -> Result<Option<Shown>> {
    let Some(Named { row, requester_name }) = named(conn, id).await? else { return Ok(None) };
    let holders = store::holders(conn, &[id]).await?;
    Ok(Some(Shown { row, requester_name, holders }))
}

/// Those of these tickets that somebody may see, in no order. Two statements.
pub async fn several(conn: &impl ConnectionTrait, viewer: &Viewer, ids: &[i64]) -> Result<Vec<Shown>> {
    let mut shown = with_holders(conn, store::list::all_named(conn, ids).await?).await?;
    shown.retain(|shown| may_see(viewer, &shown.ticket().visibility()));
    Ok(shown)
}

/// The same with what was done to it, and without what is attached.
pub async fn with_history(conn: &impl ConnectionTrait, shown: Shown) -> Result<Whole> {
    let history = history_named(conn, &[shown.row.id]).await?;
    Ok(Whole { shown, history, attachments: Vec::new() })
}

/// The same with what was done to it, and what is attached.
pub async fn whole(conn: &impl ConnectionTrait, shown: Shown) -> Result<Whole> {
    let history = history_named(conn, &[shown.row.id]).await?;
    let attachments = shape::of_ticket(conn, shown.row.id).await?.into_iter().map(|(_, shown)| shown).collect();
    Ok(Whole { shown, history, attachments })
}

/// A ticket after an action; `before` is how it was shown.
pub async fn after(conn: &impl ConnectionTrait, before: Shown, changed: Changed) -> Result<Shown> {
    let has_same = before.holders.iter().map(|holder| holder.person_id).eq(changed.assigned.iter().copied());
    let holders = if has_same { before.holders } else { store::holders(conn, &[before.row.id]).await? };
    Ok(Shown { row: changed.ticket, requester_name: before.requester_name, holders })
}

/// A page of what somebody may see.
///
/// # Errors
/// A cursor that is none of this list's.
pub async fn page(db: &Db, viewer: &Viewer, filter: &Filter, order: Order, part: &Part, now: Instant) -> Result<Page> {
    let mut sources = list::sources(viewer);
    let count = part.counted(count(db, &sources, filter, now)).await?;
    let is_wanted = |source: &Source| source.kind.is_none_or(|k| filter.kinds.is_empty() || filter.kinds.contains(&k));
    sources.retain(is_wanted);
    let stretches = order.stretches();
    let is_descending = order.is_descending != part.is_before();
    let start = part.cursor.as_ref().map(|cursor| place(cursor).map(|place| (cursor.stretch, place))).transpose()?;
    let walk: Vec<usize> = match &start {
        Some((stretch, _)) if *stretch >= stretches.len() => return Err(no_cursor()),
        Some((stretch, _)) if part.is_before() => (0..=*stretch).rev().collect(),
        Some((stretch, _)) => (*stretch..stretches.len()).collect(),
        None => (0..stretches.len()).collect(),
    };
    let mut rows: Vec<(usize, Named)> = Vec::new();
    for nth in walk {
        let stretch = stretches[nth];
        let behind = start.filter(|(first, _)| *first == nth).map(|(_, place)| place);
        let most = part.fetched() - rows.len() as u64;
        let found = fetch(db, &sources, &Ask { filter, stretch, is_descending, behind, most, now }).await?;
        rows.extend(found.into_iter().map(|named| (nth, named)));
        if rows.len() as u64 >= part.fetched() {
            break;
        }
    }
    let cut = part.cut(rows, |(nth, named)| cursor(order, *nth, stretches[*nth].place(&named.row)));
    let shown = with_holders(db.read(), cut.rows.into_iter().map(|(_, named)| named).collect()).await?;
    Ok(Page { cut: Cut { rows: shown, next: cut.next, previous: cut.previous }, count })
}

/// How many there are of what somebody may see and the filter asks for, and no more than `most`.
///
/// # Errors
/// When the database is away.
pub async fn count_up_to(db: &Db, viewer: &Viewer, filter: &Filter, most: u64, now: Instant) -> Result<u64> {
    store::list::count_up_to(db, &list::sources(viewer), filter, most, now).await
}

async fn with_holders(conn: &impl ConnectionTrait, rows: Vec<Named>) -> Result<Vec<Shown>> {
    let ids: Vec<i64> = rows.iter().map(|named| named.row.id).collect();
    let mut holders = by_ticket(store::holders(conn, &ids).await?, |holder| holder.ticket_id);
    let shown = rows.into_iter().map(|Named { row, requester_name }| {
        let holders = holders.remove(&row.id).unwrap_or_default();
        Shown { row, requester_name, holders }
    });
    Ok(shown.collect())
}

fn by_ticket<T>(rows: Vec<T>, ticket_id: impl Fn(&T) -> i64) -> HashMap<i64, Vec<T>> {
    let mut by_ticket: HashMap<i64, Vec<T>> = HashMap::new();
    for row in rows {
        by_ticket.entry(ticket_id(&row)).or_default().push(row);
    }
    by_ticket
}

fn cursor(order: Order, stretch: usize, place: Place) -> Cursor {
    let key = place.at.map(|at| at.to_rfc3339());
    Cursor { order: order.as_str().to_owned(), stretch, key, id: place.id, is_before: false }
}

fn place(cursor: &Cursor) -> Result<Place> {
    let at = cursor.key.as_deref().map(|key| read::instant(Raw::Text(key))).transpose();
    at.map(|at| Place { at, id: cursor.id }).map_err(|_| no_cursor())
}

fn no_cursor() -> Error {
    Error::field("cursor", "must be the cursor of a page's next or previous")
}
