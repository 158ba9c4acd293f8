//! A file that somebody brings in by the desk: kept as it came while they look at what would come of it, then taken over
//! or let go.
//!
//! What is looked at and what is taken over is one stored file, which only its owner reaches; a form says no more than its
//! row. Each person has one at a time, for an hour, and none is larger than [`MOST_BYTES`]. Every look judges the file
//! anew, and so does the import, which refuses it as a whole where a line is wrong by then.

use super::import::{Imported, Options, Watch, import};
use super::store::waiting as store;
use super::{BadLine, Kind};
use crate::app::App;
use crate::db::{Db, Tx};
use crate::kit::error::Kind as Failure;
use crate::kit::records::Effect;
use crate::kit::{Error, Instant, Result};
use crate::people::{Actor, Role};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use sea_orm::ConnectionTrait;

/// The largest file. Larger ones are brought in at the command line.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;
/// A file waits so long.
const WAITS: TimeDelta = TimeDelta::hours(1);
/// The longest name of a file that is kept, in characters.
const LONGEST_NAME: usize = 200;
/// What supervisors bring in: what they may make and change line by line in the API, whatever it belongs to. In the other
/// kinds stand departments that are not theirs, decisions about prices, or people whom they may not know.
const IN_BY_SUPERVISORS: [Kind; 1] = [Kind::Orders];
/// What supervisors take out: what they may see as a whole. In the others stand the numbers of people of every department.
const OUT_TO_SUPERVISORS: [Kind; 3] = [Kind::Orders, Kind::Machines, Kind::Boms];

/// A file that waits to be taken over.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its row.
    pub id: i64,
    /// What it holds.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// When it is let go.
    pub until: Instant,
    bytes: Vec<u8>,
}

/// What would come of a file.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// In sum.
    pub imported: Imported,
    /// What may not be meant, and does no harm.
    pub warnings: Vec<String>,
    /// What becomes of each line, in the file's order; a wrong line once for each fault.
    pub lines: Vec<Line>,
}

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1; the header is a line too.
    pub number: u64,
    /// The number or reference by which its record is known; empty where that is not known.
    pub key: String,
    /// What it does, or what is wrong with it.
    pub verdict: Verdict,
}

/// What a line does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can be taken over, and this is what it does.
    Does(Effect),
    /// It cannot.
    Wrong(BadLine),
    /// It could, but another line of its record cannot.
    Spoiled,
}

impl Preview {
    /// Puts the lines in the file's order, each with its own verdict and the key of its record.
    fn settle(&mut self) {
        // The verdict on a stretch of lines comes in no order. What is wrong comes first of what is said of a line.
        self.lines.sort_by_key(|line| (line.number, !matches!(line.verdict, Verdict::Wrong(_))));
        let mut lines: Vec<Line> = Vec::with_capacity(self.lines.len());
        for line in std::mem::take(&mut self.lines) {
            let first = lines.iter().rposition(|known| known.number != line.number).map_or(0, |before| before + 1);
            if line.verdict == Verdict::Spoiled && first < lines.len() {
                // It is told already what is wrong with it; of that only the key was missing.
                lines[first..].iter_mut().for_each(|known| known.key.clone_from(&line.key));
            } else {
                lines.push(line);
            }
        }
        self.lines = lines;
    }
}

impl Watch for Preview {
    fn warn(&mut self, warning: &str) {
        self.warnings.push(warning.to_owned());
    }

    fn bad(&mut self, line: &BadLine) {
        self.lines.push(Line { number: line.line, key: String::new(), verdict: Verdict::Wrong(line.clone()) });
    }

    fn judged(&mut self, line: u64, key: &str, effect: Effect) {
        self.lines.push(Line { number: line, key: key.to_owned(), verdict: Verdict::Does(effect) });
    }

    fn spoiled(&mut self, line: u64, key: &str) {
        self.lines.push(Line { number: line, key: key.to_owned(), verdict: Verdict::Spoiled });
    }

    fn read(&mut self, _: u64) {}

    fn written(&mut self, _: u64, _: u64) {}
}

/// Whether somebody may bring in files of this kind.
pub fn may_bring_in(actor: &Actor, kind: Kind) -> bool {
    match actor.role {
        Role::Admin => true,
        Role::Supervisor => IN_BY_SUPERVISORS.contains(&kind),
        _ => false,
    }
}

/// Whether somebody may take files of this kind out.
pub fn may_take_out(actor: &Actor, kind: Kind) -> bool {
    match actor.role {
        Role::Admin => true,
        Role::Supervisor => OUT_TO_SUPERVISORS.contains(&kind),
        _ => false,
    }
}

/// Keeps a file, in the place of one that they had waiting; answers with its row.
///
/// # Errors
/// [`Failure::Forbidden`] where it is not theirs to bring in; [`Failure::TooLarge`]; an empty file.
pub async fn keep(app: &App, actor: &Actor, kind: Kind, name: &str, bytes: &[u8]) -> Result<i64> {
    must_bring_in(actor, kind)?;
    if bytes.len() > MOST_BYTES {
        return Err(Error::new(Failure::TooLarge, format!("A file may have {MOST_BYTES} bytes at most.")));
    }
    if bytes.is_empty() {
        return Err(Error::field("file", "is empty"));
    }
    let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let content = STANDARD.encode(bytes);
    let person_id = actor.person_id;
    let db = app.db.through(actor.door);
    db.write_with((name, content), move |tx, (name, content)| {
        Box::pin(store::put(tx, person_id, kind.as_str(), name, content))
    })
    .await
}

/// The row and the name of the file that somebody has waiting.
pub async fn latest(conn: &impl ConnectionTrait, actor: &Actor, now: Instant) -> Result<Option<(i64, String)>> {
    store::latest(conn, actor.person_id, now - WAITS).await
}

/// A file of theirs that waits; none where it is gone, or was never theirs.
///
/// # Errors
/// [`Failure::Forbidden`] where it is not theirs to bring in any more.
pub async fn one(conn: &impl ConnectionTrait, actor: &Actor, id: i64, now: Instant) -> Result<Option<Waiting>> {
    let Some(row) = store::one(conn, id, actor.person_id, now - WAITS).await? else { return Ok(None) };
    let kind = <Kind as clap::ValueEnum>::from_str(&row.kind, false).map_err(Error::internal)?;
    must_bring_in(actor, kind)?;
    let bytes = STANDARD.decode(&row.content).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Some(Waiting { id: row.id, kind, name: row.name, until: row.created_at + WAITS, bytes }))
}

fn must_bring_in(actor: &Actor, kind: Kind) -> Result<()> {
    if may_bring_in(actor, kind) {
        return Ok(());
    }
    Err(Error::new(Failure::Forbidden, format!("Files of {} are brought in by admins.", kind.in_words())))
}

/// What would come of a file now. Nothing is changed.
///
/// # Errors
/// A file that is no table of its kind.
pub async fn preview(app: &App, waiting: &Waiting) -> Result<Preview> {
    let mut preview = Preview::default();
    let options = options(app, true);
    preview.imported = import(&app.db, waiting.kind, waiting.bytes.as_slice(), &options, &mut preview).await?;
    preview.settle();
    Ok(preview)
}

/// Takes a file over as a whole, and lets it go. It is finished even where whoever sent it goes away.
///
/// # Errors
/// [`Failure::Conflict`] where lines are wrong, or another import is running; nothing is changed then.
pub async fn take_over(app: &App, actor: &Actor, waiting: Waiting) -> Result<Imported> {
    let (db, options) = (app.db.through(actor.door), options(app, false));
    let person_id = actor.person_id;
    let taking = tokio::spawn(async move { take(&db, person_id, &waiting, &options).await });
    taking.await.map_err(|error| Error::internal(error.to_string()))?
}

async fn take(db: &Db, person_id: i64, waiting: &Waiting, options: &Options) -> Result<Imported> {
    let mut told = Preview::default();
    let imported = import(db, waiting.kind, waiting.bytes.as_slice(), options, &mut told).await?;
    if imported.bad > 0 {
        let says = format!("{} lines are wrong. Nothing was taken over.", imported.bad);
        return Err(Error::new(Failure::Conflict, says).with("bad_lines", imported.bad));
    }
    let Imported { created, changed, kept, .. } = imported;
    tracing::info!(
        person.id = person_id,
        kind = waiting.kind.as_str(),
        created,
        changed,
        kept,
        "a file was taken over"
    );
    let id = waiting.id;
    db.write(move |tx| Box::pin(async move { store::remove(tx, id, person_id).await })).await?;
    Ok(imported)
}

/// Lets a file of theirs go.
///
/// # Errors
/// When the database is away.
pub async fn let_go(app: &App, actor: &Actor, id: i64) -> Result<bool> {
    let person_id = actor.person_id;
    app.db.through(actor.door).write(move |tx| Box::pin(store::remove(tx, id, person_id))).await
}

/// Takes away files that waited too long, at most so many.
pub async fn tidy(tx: &Tx, most: u64) -> Result<u64> {
    store::tidy(tx, tx.now() - WAITS, most).await
}

fn options(app: &App, dry_run: bool) -> Options {
    Options {
        dry_run,
        skip_bad: false,
        tz: app.settings.timezone,
        languages: app.wording().languages().into_iter().map(str::to_owned).collect(),
    }
}
