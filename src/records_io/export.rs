//! Records out, in the form in which [`super::import`] takes them: page by page, so that memory stays flat.

use super::Kind;
use super::cells::harmless;
use super::kinds::{Records, with_kind};
use crate::db::Db;
use crate::kit::{Error, Result};
use std::io::{ErrorKind, Write};

/// How many records are read at once.
const PAGE: u64 = 1000;

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
        for line in page.into_iter().flat_map(T::lines) {
            written =
                written.and_then(|()| table.write_record(line.iter().map(|cell| harmless(cell.trim()).into_owned())));
            lines += 1;
        }
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
