//! Records out, in the form in which [`super::import`] takes them: page by page, so that memory stays flat.

use super::Kind;
use super::cells::harmless;
use super::kinds::{Records, with_kind};
use crate::db::Db;
use crate::kit::{Error, Result};
use futures_util::{Stream, stream};
use std::io::{ErrorKind, Write};

/// How many records are read at once.
const PAGE: u64 = 1000;
/// The byte order mark.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Writes all records of a kind in the order of their keys; answers with how many lines there are beside the header.
///
/// A reader that goes away early (`| head`) ends it without an error.
///
/// # Errors
/// When the database is away, or the file cannot be written.
pub async fn export(db: &Db, kind: Kind, into: impl Write) -> Result<u64> {
    with_kind!(kind, T => write::<T>(db, into).await)
}

async fn write<T: Records>(db: &Db, into: impl Write) -> Result<u64> {
    let mut table = csv::Writer::from_writer(into);
    let mut lines = 0;
    let mut after: Option<String> = None;
    let mut written = table.write_record(T::COLUMNS.all);
    loop {
        let page = T::page(db.read(), after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(T::key(last).to_owned());
        written = written.and_then(|()| write_page::<T>(&mut table, page)).map(|count| lines += count);
        if written.is_err() {
            break;
        }
    }
    match written.and_then(|()| Ok(table.flush()?)) {
        Ok(()) => Ok(lines),
        Err(gone) if matches!(gone.kind(), csv::ErrorKind::Io(e) if e.kind() == ErrorKind::BrokenPipe) => Ok(lines),
        Err(failed) => Err(Error::setting(format!("The export cannot be written: {failed}"))),
    }
}

/// Writes the lines of these records; answers with how many they are.
fn write_page<T: Records>(table: &mut csv::Writer<impl Write>, page: Vec<T::Record>) -> csv::Result<u64> {
    let mut lines = 0;
    for line in page.into_iter().flat_map(T::lines) {
        table.write_record(line.iter().map(|cell| harmless(cell.trim()).into_owned()))?;
        lines += 1;
    }
    Ok(lines)
}

/// The same file piece by piece, for whoever sends it on. It begins with a mark by which spreadsheets know that it is
/// UTF-8; an import passes over it.
pub fn pieces(db: Db, kind: Kind) -> impl Stream<Item = Result<Vec<u8>>> + Send {
    stream::try_unfold(Some(Place::Beginning), move |place| {
        let db = db.clone();
        async move {
            let Some(place) = place else { return Ok(None) };
            let (bytes, next) = with_kind!(kind, T => piece::<T>(&db, place).await)?;
            Ok(Some((bytes, next)))
        }
    })
}

/// How far a file is written.
enum Place {
    Beginning,
    Behind(String),
}

async fn piece<T: Records>(db: &Db, place: Place) -> Result<(Vec<u8>, Option<Place>)> {
    let failed = |error: csv::Error| Error::internal(error.to_string());
    let after = match &place {
        Place::Beginning => None,
        Place::Behind(key) => Some(key.as_str()),
    };
    let mut table = csv::Writer::from_writer(Vec::new());
    if after.is_none() {
        table.write_record(T::COLUMNS.all).map_err(failed)?;
    }
    let page = T::page(db.read(), after, PAGE).await?;
    let next = page.last().map(|last| Place::Behind(T::key(last).to_owned()));
    write_page::<T>(&mut table, page).map_err(failed)?;
    let bytes = table.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    let mark = if after.is_none() { MARK } else { &[] };
    Ok(([mark, &bytes].concat(), next))
}
