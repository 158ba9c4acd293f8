//! The disk of the data folder: room, kind, and how fast it really writes.

use super::Report;
use crate::config::Settings;
use crate::kit::metrics::Stopwatch;
use crate::kit::{process, token};
use std::io::Write as _;
use std::path::Path;

const AREA: &str = "Disk";
/// Below this SQLite is about to stop.
const NO_ROOM: u64 = 100 << 20;
/// Below this somebody should make room.
const LITTLE_ROOM: u64 = 1 << 30;
/// How often the disk is asked to write.
const TRIES: usize = 9;
/// Every message waits for such a write, so a slower disk is felt.
const SLOW_SECONDS: f64 = 0.02;

pub(super) async fn examine(settings: &Settings, report: &mut Report) {
    let folder = settings.data_dir.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let mut report = Report::default();
        look_at(&folder, &mut report);
        report
    });
    match looked.await {
        Ok(found) => report.0.extend(found.0),
        Err(error) => report.look(AREA, format!("The disk could not be looked at: {error}."), ""),
    }
}

fn look_at(folder: &Path, report: &mut Report) {
    let shown = folder.display();
    if !folder.is_dir() {
        return report.look(AREA, format!("There is no folder {shown} yet."), "`andon serve` makes it.");
    }
    match process::free_bytes(folder) {
        Some(bytes) if bytes < NO_ROOM => {
            report.wrong(
                AREA,
                format!("{shown} has {} MB left.", bytes >> 20),
                "Make room: Andon is about to stop taking messages.",
            );
        }
        Some(bytes) if bytes < LITTLE_ROOM => {
            report.look(AREA, format!("{shown} has {} MB left.", bytes >> 20), "Make room.");
        }
        Some(bytes) => report.fine(AREA, format!("{shown} has {} GB left.", bytes >> 30)),
        None => report.look(AREA, format!("How much room {shown} has is not known."), ""),
    }
    if let Some(kind) = process::unfit_disk(folder) {
        let mend = "Put the data folder on a local disk, or set DATABASE_URL to a database server.";
        report.wrong(AREA, format!("{shown} is on {kind}."), mend);
    }
    match write_time(folder) {
        Ok(seconds) if seconds > SLOW_SECONDS => {
            let says = format!("Writing to {shown} takes {:.0} ms until it is on disk.", seconds * 1_000.0);
            report.look(AREA, says, "Every message waits for that. A solid-state disk takes a few milliseconds.");
        }
        Ok(seconds) => {
            report.fine(AREA, format!("Writing to {shown} takes {:.1} ms until it is on disk.", seconds * 1_000.0));
        }
        Err(error) => {
            report.wrong(AREA, format!("{shown} cannot be written: {error}."), process::mend_of_unwritable(&error));
        }
    }
}

/// The median time until a small write is on disk.
fn write_time(folder: &Path) -> std::io::Result<f64> {
    let path = folder.join(format!(".doctor-{}", token::fresh()));
    let mut file = std::fs::File::create_new(&path)?;
    let times = (0..TRIES).map(|_| {
        let took = Stopwatch::start();
        file.write_all(&[0; 4_096])?;
        file.sync_data()?;
        Ok(took.seconds())
    });
    let times = times.collect::<std::io::Result<Vec<f64>>>();
    std::fs::remove_file(&path)?;
    let mut times = times?;
    times.sort_by(f64::total_cmp);
    Ok(times[TRIES / 2])
}
