//! Everything in one file, and the way back: for SQLite, while Andon runs and without holding it up.
//!
//! A backup is what the database held at one instant: a message with its reply and its effects, or none of them. It
//! appears under its name whole, checked and on disk, or not at all, and replaces nothing. PostgreSQL and MariaDB
//! have tools of their own for this; for them the command to run is told.

mod elsewhere;
mod store;

use crate::db::{self, Db, migrations};
use crate::kit::{Clock, Error, Instant, Result};
use secrecy::SecretString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use store::Contents;
use tempfile::NamedTempFile;

/// A backup that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Where it is.
    pub file: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// How many rows the tables have that people ask about.
    pub counts: Vec<(&'static str, i64)>,
}

/// A backup that is in place again.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Where the database is.
    pub file: PathBuf,
    /// Where the one before it is now; none where there was none.
    pub aside: Option<PathBuf>,
    /// How many rows the tables have that people ask about.
    pub counts: Vec<(&'static str, i64)>,
}

/// Takes a backup into a new file, or under a dated name into a folder.
///
/// # Errors
/// A database that is not SQLite (with the command to run instead) or not there, a file that exists, a disk that is
/// full.
pub async fn take(url: &SecretString, to: &Path, clock: Clock) -> Result<Taken> {
    let database = db::sqlite_file(url).ok_or_else(|| elsewhere::how_to_back_up(url, to))?;
    if !database.is_file() {
        let text = format!("There is no database at {}. Is ANDON_DATA_DIR right?", database.display());
        return Err(Error::setting(text));
    }
    let file = if to.is_dir() { to.join(format!("andon-{}.db", stamp(clock.now()))) } else { to.to_owned() };
    if file.exists() {
        return Err(Error::setting(format!("{} exists already. Name another file, or a folder.", file.display())));
    }
    let unwritten = |e: io::Error| Error::setting(format!("{} cannot be written: {e}.", file.display()));
    let folder = folder_of(&file);
    let partly = tempfile::Builder::new().prefix(".andon-backup-").tempfile_in(folder).map_err(unwritten)?;
    let db = Db::open(url, clock).await?;
    let copied = store::copy_into(&db, partly.path()).await;
    db.close().await?;
    copied?;
    partly.as_file().sync_all().map_err(unwritten)?;
    let Contents { counts, .. } = store::look_into(partly.path()).await?;
    let bytes = partly.as_file().metadata().map_err(unwritten)?.len();
    partly.persist_noclobber(&file).map_err(|e| unwritten(e.error))?;
    keep_names(folder).map_err(unwritten)?;
    Ok(Taken { file, bytes, counts })
}

/// Puts a backup in the place of the present database, which is kept beside it under a dated name.
///
/// # Errors
/// A server that runs on it, a file that is no sound backup of this version's or an older one's, a full disk. The
/// present database is then as it was.
pub async fn restore(url: &SecretString, from: &Path, now: Instant) -> Result<Restored> {
    let file = db::sqlite_file(url).ok_or_else(|| elsewhere::how_to_restore(url, from))?;
    let unreadable = |e: io::Error| Error::setting(format!("{} cannot be read: {e}.", from.display()));
    let unwritten = |e: io::Error| Error::setting(format!("{} cannot be replaced: {e}.", file.display()));
    let mut backup = File::open(from).map_err(unreadable)?;
    if beside(from, "-wal").metadata().is_ok_and(|log| log.len() > 0) {
        let text = format!(
            "{} has a log beside it ({}-wal), so it is no backup but a copy of a running database, or one itself. Take \
             a backup of it first: andon backup.",
            from.display(),
            from.display()
        );
        return Err(Error::setting(text));
    }
    let _lock = db::lock(&file)?;
    let folder = folder_of(&file);
    let mut copy = tempfile::Builder::new().prefix(".andon-restore-").tempfile_in(folder).map_err(unwritten)?;
    io::copy(&mut backup, &mut copy).map_err(unwritten)?;
    copy.as_file().sync_all().map_err(unwritten)?;
    let Contents { counts, versions } = store::look_into(copy.path()).await?;
    let known = migrations::known();
    if let Some(newer) = versions.iter().find(|version| !known.contains(version)) {
        let text = format!("{} was made by a newer Andon ({newer}). Restore it with that one.", from.display());
        return Err(Error::setting(text));
    }
    let aside = if file.is_file() { Some(set_aside(&file, now).await.map_err(unwritten)?) } else { None };
    put_in_place(copy, &file).map_err(unwritten)?;
    Ok(Restored { file, aside, counts })
}

/// Gives the present database a second, dated name, with its log where that could not be folded in.
///
/// Its log goes first: next to another database it would be taken for that one's.
async fn set_aside(file: &Path, now: Instant) -> io::Result<PathBuf> {
    if let Err(error) = store::fold_log(file).await {
        tracing::warn!(cause = error.private(), "the present database is not sound; it is kept as it is");
    }
    let aside = beside(file, &format!(".before-restore-{}", stamp(now)));
    // Two names for a moment, where the file system can: there is no instant without a database.
    if fs::hard_link(file, &aside).is_err() {
        fs::rename(file, &aside)?;
    }
    for (log, is_kept) in [("-wal", true), ("-shm", false)] {
        let log_file = beside(file, log);
        match if is_kept { fs::rename(&log_file, beside(&aside, log)) } else { fs::remove_file(&log_file) } {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    keep_names(folder_of(file))?;
    Ok(aside)
}

fn put_in_place(copy: NamedTempFile, file: &Path) -> io::Result<()> {
    for log in ["-wal", "-shm"] {
        match fs::remove_file(beside(file, log)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    copy.persist(file).map_err(|e| e.error)?;
    keep_names(folder_of(file))
}

/// `20260118T143022Z`.
fn stamp(at: Instant) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a folder survive a power cut.
fn keep_names(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
