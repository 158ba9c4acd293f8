//! `andon backup` and `andon restore`: the whole database as one file, and back.

use super::out::say;
use crate::backup;
use crate::config::Settings;
use crate::kit::{Clock, Error, Result, telemetry};
use std::path::Path;

pub(super) async fn back_up(to: &Path, settings: &Settings) -> Result<()> {
    telemetry::start(&settings.log, settings.log_format).map_err(Error::setting)?;
    let taken = backup::take(&settings.database_url(), to, Clock::System).await?;
    say!("{} is written and checked: {}.", taken.file.display(), size(taken.bytes));
    say!("It holds {}. Settings (.env) are not in it; keep a copy of them too.", counted(&taken.counts));
    Ok(())
}

pub(super) async fn restore(from: &Path, settings: &Settings) -> Result<()> {
    telemetry::start(&settings.log, settings.log_format).map_err(Error::setting)?;
    let restored = backup::restore(&settings.database_url(), from, Clock::System.now()).await?;
    say!("{} is what {} holds: {}.", restored.file.display(), from.display(), counted(&restored.counts));
    if let Some(aside) = restored.aside {
        say!("What was there before is kept as {}. Delete it when you are sure.", aside.display());
    }
    say!(
        "Now start Andon. It asks Twilio for what arrived since the backup and handles it, so nobody's message is lost; \
         people get an answer once more to what they wrote in that time, and reports made in it are made again, with \
         new references. Tell them."
    );
    Ok(())
}

fn counted(counts: &[(&str, i64)]) -> String {
    counts.iter().map(|(table, count)| format!("{count} {table}")).collect::<Vec<_>>().join(", ")
}

fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}
