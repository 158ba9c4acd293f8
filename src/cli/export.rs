//! `andon export`: records as a CSV file.

use super::migrated;
use super::out::{Out, say};
use crate::config::Settings;
use crate::kit::{Error, Result};
use crate::records_io::{self, Kind};
use clap::Args;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// What to write out.
    kind: Kind,
    /// The new file; without it, standard output.
    file: Option<PathBuf>,
}

pub(super) async fn run(asked: Asked, settings: &Settings) -> Result<()> {
    let db = migrated(settings).await?;
    let written = match &asked.file {
        None => records_io::export(&db, asked.kind, io::BufWriter::new(Out)).await.map(|_| ()),
        Some(file) => {
            let unwritten = |e: io::Error| Error::setting(format!("{} cannot be written: {e}.", file.display()));
            if file.exists() {
                return Err(Error::setting(format!("{} exists already. Name another file.", file.display())));
            }
            // It appears whole or not at all, and for its owner only: it may hold people's numbers.
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let partly = tempfile::NamedTempFile::new_in(folder).map_err(unwritten)?;
            let lines = records_io::export(&db, asked.kind, io::BufWriter::new(partly.as_file())).await?;
            partly.persist_noclobber(file).map_err(|e| unwritten(e.error))?;
            say!("{}: {lines} lines in {}", asked.kind.in_words(), file.display());
            Ok(())
        }
    };
    db.close().await?;
    written
}
