//! The first step of an import: every line is read and judged, and what would do something is laid by in pieces.
//!
//! Lines are judged as sets. Bad ones are told in the file's order; from the first one on nothing more is laid by,
//! unless they are to be skipped. A record of several lines of which one is bad is bad as a whole.

use super::BadLine;
use super::cells::Cells;
use super::import::{Imported, Options, Watch, let_others_write, patiently};
use super::kinds::{Plant, Records};
use super::store;
use super::table::Table;
use crate::db::Db;
use crate::kit::records::{Effect, Wrong};
use crate::kit::{Error, Result};
use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A piece has this many lines or a little more: what SQLite writes in some ten milliseconds.
const LINES_AT_ONCE: usize = 250;
/// A line that is longer counts as several.
const BYTES_A_LINE: usize = 1000;
/// An import says so often that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// A record with the lines that it came from.
struct Found<R> {
    key: String,
    /// None where one of the lines is wrong.
    record: Option<R>,
    lines: Vec<u64>,
    weight: usize,
}

/// A file on its way into pieces.
pub(super) struct Gathering<'a, T: Records, W> {
    pub(super) db: &'a Db,
    pub(super) options: &'a Options,
    plant: Plant<'a>,
    pub(super) watch: &'a mut W,
    /// None in a dry run.
    pub(super) id: Option<i64>,
    pub(super) imported: Imported,
    /// In which line each key stands.
    seen: HashMap<String, u64>,
    /// The record whose lines are being read.
    open: Option<Found<T::Record>>,
    /// The line above, where nobody knows what it belongs to.
    gap: Option<u64>,
    /// Those to be judged together.
    read: Vec<Found<T::Record>>,
    weight_read: usize,
    bad: Vec<BadLine>,
    /// Those to be laid by together.
    judged: Vec<T::Record>,
    weight_judged: usize,
    pub(super) pieces: i32,
    alive: Instant,
}

impl<'a, T: Records, W: Watch> Gathering<'a, T, W> {
    pub(super) fn new(db: &'a Db, options: &'a Options, watch: &'a mut W, id: Option<i64>) -> Self {
        let plant = Plant { tz: options.tz, now: db.now(), languages: &options.languages };
        Self {
            db,
            options,
            plant,
            watch,
            id,
            imported: Imported::default(),
            seen: HashMap::new(),
            open: None,
            gap: None,
            read: Vec::new(),
            weight_read: 0,
            bad: Vec::new(),
            judged: Vec::new(),
            weight_judged: 0,
            pieces: 0,
            alive: Instant::now(),
        }
    }

    /// Reads the file to its end.
    pub(super) async fn gather(&mut self, table: &mut Table<impl BufRead>) -> Result<()> {
        while let Some(line) = table.next()? {
            match line {
                Ok(cells) => self.line(cells),
                Err(bad) => {
                    self.unreadable(bad.line);
                    self.bad.push(bad);
                }
            }
            if self.weight_read >= LINES_AT_ONCE {
                self.judge().await?;
                self.watch.read(table.taken());
            }
        }
        self.close();
        self.judge().await?;
        self.lay_by().await
    }

    fn line(&mut self, mut cells: Cells) {
        let (line, weight) = (cells.line(), 1 + cells.size() / BYTES_A_LINE);
        let record = T::read(&mut cells, &self.plant);
        let key = T::key(&record).to_owned();
        let wrong = cells.wrong();
        let record = Some(record).filter(|_| wrong.is_empty());
        self.bad.extend(wrong);
        if key.is_empty() {
            return self.unreadable(line);
        }
        self.weight_read += weight;
        let gap = self.gap.take();
        match (T::JOIN, &mut self.open) {
            (Some(join), Some(open)) if open.key == key => {
                open.lines.push(line);
                open.weight += weight;
                let joined =
                    open.record.take().zip(record).map(|(mut into, next)| join(&mut into, next).map(|()| into));
                match joined.transpose() {
                    Ok(whole) => open.record = whole,
                    Err(wrong) => self.bad.push(BadLine::of(line, wrong)),
                }
            }
            _ => {
                self.close();
                let record = record.and_then(|record| match self.begins(&key, line, gap) {
                    Ok(()) => Some(record),
                    Err(reason) => {
                        self.bad.push(BadLine::of(line, Wrong::new(T::COLUMNS.all[0], key.clone(), reason)));
                        None
                    }
                });
                self.open = Some(Found { key, record, lines: vec![line], weight });
            }
        }
    }

    /// A record begins: whether its key is the only one, and whether this is its first line.
    fn begins(&mut self, key: &str, line: u64, gap: Option<u64>) -> Result<(), String> {
        let together = if T::JOIN.is_some() { "; its lines must stand together" } else { "" };
        if let Some(first) = self.seen.get(key) {
            return Err(format!("stands in line {first} already{together}"));
        }
        self.seen.insert(key.to_owned(), line);
        match gap.filter(|_| T::JOIN.is_some()) {
            Some(gap) => Err(format!("may begin in line {gap}, which cannot be read")),
            None => Ok(()),
        }
    }

    /// A line of which nobody knows what it belongs to: the record above it may lack it, or the one below.
    fn unreadable(&mut self, line: u64) {
        self.weight_read += 1;
        self.gap = Some(line);
        if let Some(open) = self.open.as_mut().filter(|_| T::JOIN.is_some()) {
            open.record = None;
        }
    }

    fn close(&mut self) {
        self.read.extend(self.open.take());
    }

    /// Judges what was read, tells what is wrong, and lays by what makes whole pieces.
    async fn judge(&mut self) -> Result<()> {
        self.weight_read = 0;
        let mut places = Vec::new();
        let mut records = Vec::new();
        for found in self.read.drain(..) {
            match found.record {
                Some(record) => {
                    records.push(record);
                    places.push((found.lines, found.weight));
                }
                None => found.lines.iter().for_each(|line| self.watch.spoiled(*line, &found.key)),
            }
        }
        let judged = T::judge(self.db.read(), &records, self.plant.now).await?;
        for ((record, (lines, weight)), judged) in records.into_iter().zip(places).zip(judged) {
            match judged {
                Ok(verdict) => {
                    self.imported.count(verdict);
                    for line in &lines {
                        self.watch.judged(*line, T::key(&record), verdict.effect);
                    }
                    if verdict.effect != Effect::Kept {
                        self.weight_judged += weight;
                        self.judged.push(record);
                    }
                }
                Err(wrong) => {
                    for line in &lines {
                        self.watch.spoiled(*line, T::key(&record));
                    }
                    self.bad.extend(lines.get(wrong.at).map(|line| BadLine::of(*line, wrong)));
                }
            }
            if self.weight_judged >= LINES_AT_ONCE {
                self.lay_by().await?;
            }
        }
        self.tell_bad();
        if let Some(id) = self.id.filter(|_| self.alive.elapsed() > SIGN_OF_LIFE) {
            self.alive = Instant::now();
            self.db.write(move |tx| Box::pin(store::keep(tx, id))).await?;
        }
        Ok(())
    }

    fn tell_bad(&mut self) {
        self.bad.sort_by_key(|bad| bad.line);
        let mut lines: Vec<u64> = self.bad.iter().map(|bad| bad.line).collect();
        lines.dedup();
        self.imported.bad += lines.len() as u64;
        for bad in self.bad.drain(..) {
            self.watch.bad(&bad);
        }
    }

    async fn lay_by(&mut self) -> Result<()> {
        self.weight_judged = 0;
        let records: Vec<T::Record> = std::mem::take(&mut self.judged);
        let is_refused = self.imported.bad > 0 && !self.options.skip_bad;
        let Some(id) = self.id.filter(|_| !is_refused && !records.is_empty()) else { return Ok(()) };
        let records: Arc<str> = serde_json::to_string(&records).map_err(Error::internal)?.into();
        let (db, position) = (self.db, self.pieces);
        self.pieces += 1;
        self.alive = Instant::now();
        patiently(|| {
            let records = records.clone();
            db.write_with(records, move |tx, records| Box::pin(store::lay_by(tx, id, position, records)))
        })
        .await?;
        let_others_write(db, self.alive).await;
        Ok(())
    }
}
