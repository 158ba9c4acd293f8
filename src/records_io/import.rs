//! Records in: gathered, committed, written. What that promises stands at the head of the module.

use super::gather::Gathering;
use super::kinds::{Records, with_kind};
use super::store;
use super::table::Table;
use super::{BadLine, Kind};
use crate::db::{Db, Waiting, is_outage};
use crate::kit::error::Kind as Failure;
use crate::kit::records::{Effect, Verdict};
use crate::kit::{self, Error, Result};
use chrono::TimeDelta;
use chrono_tz::Tz;
use sea_orm::{ConnectionTrait, DbBackend};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// SQLite's one writer is left to others after each piece for as long as the piece took, and no less than this:
/// whoever waits for it looks again after 1, 2, 5 and 10 ms.
const LEAST_PAUSE: Duration = Duration::from_millis(5);
/// An import that gathered nothing for so long was killed.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(1);
/// How often a write is tried again while the database is away or busy, a second apart.
const TRIES: u32 = 30;
/// How many pieces of an import that came to nothing are dropped at once.
const DROPPED_AT_ONCE: usize = 10;

/// How a file is to be taken.
#[derive(Clone, Debug)]
pub struct Options {
    /// Say what would happen, and change nothing.
    pub dry_run: bool,
    /// Leave bad lines out instead of refusing the file.
    pub skip_bad: bool,
    /// The plant's time zone.
    pub tz: Tz,
    /// The languages that Andon has words in.
    pub languages: Vec<String>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many records were not there before.
    pub created: u64,
    /// How many say something else now.
    pub changed: u64,
    /// How many were like this already.
    pub kept: u64,
    /// How many lines are wrong.
    pub bad: u64,
    /// What the file says and Andon does not follow, with how many records it is about.
    pub notes: BTreeMap<&'static str, u64>,
}

impl Imported {
    pub(super) fn count(&mut self, verdict: Verdict) {
        match verdict.effect {
            Effect::Created => self.created += 1,
            Effect::Changed => self.changed += 1,
            Effect::Kept => self.kept += 1,
        }
        if let Some(note) = verdict.note {
            *self.notes.entry(note).or_default() += 1;
        }
    }
}

/// Who is told how it goes.
pub trait Watch {
    /// Something about the file that does no harm, but may not be meant.
    fn warn(&mut self, warning: &str);
    /// A line that cannot be taken over; they come in the file's order.
    fn bad(&mut self, line: &BadLine);
    /// What a line does that can be taken over. Bad lines among them are told after it.
    fn judged(&mut self, _line: u64, _key: &str, _effect: Effect) {}
    /// A line of a record that cannot be taken over, at fault itself or not.
    fn spoiled(&mut self, _line: u64, _key: &str) {}
    /// How many bytes of the file were read.
    fn read(&mut self, bytes: u64);
    /// How many pieces are written, and how many there are.
    fn written(&mut self, pieces: u64, of: u64);
}

/// Takes a file over, or says what would come of it. With bad lines nothing is changed, unless they are to be skipped.
///
/// # Errors
/// A file that is no table of this kind, another import that is running, or the database away.
pub async fn import(
    db: &Db,
    kind: Kind,
    file: impl BufRead,
    options: &Options,
    watch: &mut impl Watch,
) -> Result<Imported> {
    // Whoever only looks has nothing to do with what others began.
    if !options.dry_run {
        finish(db).await?;
    }
    with_kind!(kind, T => {
        let table = Table::open(file, &T::COLUMNS)?;
        table.warnings.iter().for_each(|warning| watch.warn(warning));
        let id = if options.dry_run { None } else { Some(begin(db, kind).await?) };
        let gathering = Gathering::<T, _>::new(db, options, watch, id);
        take(kind, gathering, table).await
    })
}

/// The imports that are not over.
///
/// # Errors
/// When the database is away.
pub async fn under_way(conn: &impl ConnectionTrait) -> Result<Waiting> {
    store::under_way(conn).await
}

/// Writes what is left of imports that count, and drops what is left of those that came to nothing.
///
/// # Errors
/// When the database is away.
pub async fn finish(db: &Db) -> Result<()> {
    while let Some(import) = store::writing(db.read()).await? {
        let left = store::pieces_left(db, import.id).await?;
        tracing::info!(import.kind, left, "an import was cut short or is being written; its pieces are finished");
        let kind = <Kind as clap::ValueEnum>::from_str(&import.kind, false).map_err(Error::internal)?;
        write_all(db, kind, import.id, |_| ()).await?;
    }
    let silent_since = db.now() - LONGEST_SILENCE;
    for import in store::gathering(db.read()).await? {
        if import.touched_at < silent_since && give_up(db, import.id, Some(silent_since)).await? {
            tracing::info!(import.kind, "an import was cut short before it counted; nothing of it is kept");
        }
    }
    for import in store::dropped(db.read()).await? {
        clear(db, import.id).await?;
    }
    Ok(())
}

async fn begin(db: &Db, kind: Kind) -> Result<i64> {
    let begun = db.write(move |tx| {
        Box::pin(async move {
            store::wait_to_begin(tx).await?;
            if let Some(other) = store::gathering(tx.conn()).await?.first() {
                let text = format!(
                    "An import of {} is running since {}. Let it end first; if it was stopped, try again in a minute.",
                    other.kind,
                    other.created_at.format("%H:%M:%S UTC")
                );
                return Err(Error::new(Failure::Conflict, text));
            }
            store::begin(tx, kind).await
        })
    });
    begun.await
}

async fn take<T: Records>(
    kind: Kind,
    mut gathering: Gathering<'_, T, impl Watch>,
    mut table: Table<impl BufRead>,
) -> Result<Imported> {
    let gathered = gathering.gather(&mut table).await;
    let Gathering { db, id, imported, options, pieces, watch, .. } = gathering;
    let Some(id) = id else { return gathered.map(|()| imported) };
    if gathered.is_err() || (imported.bad > 0 && !options.skip_bad) {
        let dropped = drop_import(db, id).await;
        return gathered.and(dropped).map(|()| imported);
    }
    let tries = AtomicU32::new(0);
    patiently(|| {
        let another_try = tries.fetch_add(1, Ordering::Relaxed) > 0;
        db.write(move |tx| Box::pin(store::commit(tx, id, another_try)))
    })
    .await?;
    let of = u64::from(pieces.unsigned_abs());
    write_all(db, kind, id, |written| watch.written(written, of)).await.map_err(|error| {
        let text = "The file is taken over, but not all of it is written yet. The running server finishes it, or else \
                    the next command that can.";
        Error::unavailable(text).because(error)
    })?;
    Ok(imported)
}

async fn drop_import(db: &Db, id: i64) -> Result<()> {
    if give_up(db, id, None).await? {
        clear(db, id).await?;
    }
    Ok(())
}

/// From here on nothing makes the import count; false where that was decided already, either way.
async fn give_up(db: &Db, id: i64, silent_since: Option<kit::Instant>) -> Result<bool> {
    db.write(move |tx| Box::pin(store::give_up(tx, id, silent_since))).await
}

/// Takes a dropped import away, piece by piece.
async fn clear(db: &Db, id: i64) -> Result<()> {
    loop {
        let begun = Instant::now();
        let dropped = db.write(move |tx| {
            Box::pin(async move {
                for _ in 0..DROPPED_AT_ONCE {
                    let Some(piece) = store::next_piece(tx, id).await? else {
                        store::end(tx, id).await?;
                        return Ok(true);
                    };
                    store::remove(tx, piece.id).await?;
                }
                Ok(false)
            })
        });
        if dropped.await? {
            return Ok(());
        }
        let_others_write(db, begun).await;
    }
}

/// Writes the pieces of an import that counts, until none is left; tells after each how many it wrote.
async fn write_all(db: &Db, kind: Kind, id: i64, mut told: impl FnMut(u64)) -> Result<()> {
    let mut written = 0;
    loop {
        let begun = Instant::now();
        if !with_kind!(kind, T => patiently(|| write_next::<T>(db, id)).await?) {
            return Ok(());
        }
        written += 1;
        told(written);
        let_others_write(db, begun).await;
    }
}

/// Writes one piece and takes it away, in one transaction; false where none was left.
async fn write_next<T: Records>(db: &Db, id: i64) -> Result<bool> {
    let written = db.write(move |tx| {
        Box::pin(async move {
            let Some(piece) = store::next_piece(tx, id).await? else {
                store::end(tx, id).await?;
                return Ok(false);
            };
            let records: Vec<T::Record> = serde_json::from_str(&piece.records).map_err(Error::internal)?;
            tx.hush(); // what a file brings is no news
            T::put(tx, &records).await?;
            store::remove(tx, piece.id).await?;
            Ok(true)
        })
    });
    written.await
}

/// Tries again while the database is away or busy.
pub(super) async fn patiently<V, F: Future<Output = Result<V>>>(work: impl Fn() -> F) -> Result<V> {
    for _ in 0..TRIES {
        match work().await {
            Err(error) if is_outage(&error) => sleep(Duration::from_secs(1)).await,
            done => return done,
        }
    }
    work().await
}

/// SQLite has one writer; after a piece that began then, the others have their turn.
pub(super) async fn let_others_write(db: &Db, begun: Instant) {
    if db.backend() == DbBackend::Sqlite {
        sleep(begun.elapsed().max(LEAST_PAUSE)).await;
    }
}
