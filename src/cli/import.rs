//! `andon import`: a CSV file into the records, with what is wrong in it told line by line.

use super::migrated;
use super::out::{complain, say};
use crate::config::Settings;
use crate::kit::{Error, Result};
use crate::records_io::{self, BadLine, Imported, Kind, Options, Watch};
use crate::wording::Wording;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};

/// How many bad lines are shown; `--report` has them all.
const SHOWN: u64 = 50;

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// What the file holds.
    kind: Kind,
    /// The file, or - for standard input: UTF-8, the first line names the columns.
    file: PathBuf,
    /// Say what would happen, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Leave bad lines out and take the others; else one bad line refuses the file.
    #[arg(long)]
    skip_bad: bool,
    /// Write all bad lines into this file; without it the first fifty are shown.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

pub(super) async fn run(asked: Asked, settings: &Settings) -> Result<()> {
    let wording = Wording::load(settings.wording_dir.as_deref()).map_err(|problems| super::flows::told(&problems))?;
    let options = Options {
        dry_run: asked.dry_run,
        skip_bad: asked.skip_bad,
        tz: settings.timezone,
        languages: wording.languages().into_iter().map(str::to_owned).collect(),
    };
    let (file, bytes) = open(&asked.file)?;
    let mut teller = Teller::new(asked.report.as_deref(), bytes)?;
    let db = migrated(settings).await?;
    let imported = records_io::import(&db, asked.kind, file, &options, &mut teller).await;
    db.close().await?;
    teller.end()?;
    said(&imported?, &asked)
}

fn open(file: &Path) -> Result<(Box<dyn BufRead>, Option<u64>)> {
    if file == Path::new("-") {
        return Ok((Box::new(BufReader::new(io::stdin())), None));
    }
    let unreadable = |e: io::Error| Error::setting(format!("{} cannot be read: {e}.", file.display()));
    let opened = File::open(file).map_err(unreadable)?;
    let data = opened.metadata().map_err(unreadable)?;
    if data.is_dir() {
        return Err(Error::setting(format!("{} is a folder. Name a CSV file in it.", file.display())));
    }
    let bytes = data.is_file().then_some(data.len());
    Ok((Box::new(BufReader::with_capacity(64 * 1024, opened)), bytes))
}

/// Ends the command: with what was done, or with why nothing was.
fn said(imported: &Imported, asked: &Asked) -> Result<()> {
    let Imported { created, changed, kept, bad, notes } = imported;
    let is_refused = *bad > 0 && !asked.skip_bad;
    let lines = if *bad == 1 { "1 line is wrong".to_owned() } else { format!("{bad} lines are wrong") };
    let kind = asked.kind.in_words();
    match (asked.dry_run, is_refused) {
        (true, _) => say!("{kind}: would create {created}, change {changed}, leave {kept} as they are"),
        (false, false) => say!("{kind}: created {created}, changed {changed}, left {kept} as they are"),
        (false, true) => {}
    }
    if !is_refused || asked.dry_run {
        for (note, count) in notes {
            say!("{kind}: {count} {note}");
        }
    }
    if is_refused {
        let nothing = if asked.dry_run { "nothing would be changed" } else { "nothing was changed" };
        return Err(Error::bad_request(format!("{lines}, so {nothing}. Correct them, or leave them out: --skip-bad")));
    }
    if *bad > 0 {
        let are = if asked.dry_run { "would be" } else { "were" };
        say!("{lines} and {are} left out");
    }
    Ok(())
}

/// Tells of an import on standard error: bad lines, and on a terminal how far it is.
struct Teller {
    bar: ProgressBar,
    bad: u64,
    report: Option<(PathBuf, io::BufWriter<File>)>,
    unwritten: Option<io::Error>,
}

impl Teller {
    fn new(report: Option<&Path>, bytes: Option<u64>) -> Result<Self> {
        let report = report.map(|path| match File::create(path) {
            Ok(file) => Ok((path.to_owned(), io::BufWriter::new(file))),
            Err(e) => Err(Error::setting(format!("The report {} cannot be written: {e}.", path.display()))),
        });
        // Drawn on a terminal only; elsewhere it is silent.
        let bar = bytes.map_or_else(ProgressBar::no_length, ProgressBar::new);
        bar.set_style(style("reading", "{bytes} of {total_bytes}"));
        Ok(Self { bar, bad: 0, report: report.transpose()?, unwritten: None })
    }

    fn end(mut self) -> Result<()> {
        self.bar.finish_and_clear();
        let Some((path, mut report)) = self.report.take() else {
            if self.bad > SHOWN {
                complain!("… and {} more; --report FILE writes them all", self.bad - SHOWN);
            }
            return Ok(());
        };
        let written = self.unwritten.take().map_or_else(|| report.flush(), Err);
        written.map_err(|e| Error::setting(format!("The report {} cannot be written: {e}.", path.display())))
    }
}

fn style(doing: &str, how_far: &str) -> ProgressStyle {
    let template = format!("{doing} {{wide_bar}} {how_far}");
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Watch for Teller {
    fn warn(&mut self, warning: &str) {
        self.bar.suspend(|| complain!("{warning}"));
    }

    fn bad(&mut self, line: &BadLine) {
        self.bad += 1;
        if let Some((_, report)) = &mut self.report {
            if let Err(error) = writeln!(report, "{line}") {
                self.unwritten.get_or_insert(error);
            }
        } else if self.bad <= SHOWN {
            self.bar.suspend(|| complain!("{line}"));
        }
    }

    fn read(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    fn written(&mut self, pieces: u64, of: u64) {
        if pieces == 1 {
            self.bar.set_length(of);
            self.bar.set_style(style("writing", "{pos} of {len}"));
        }
        self.bar.set_position(pieces);
    }
}
