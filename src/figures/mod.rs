//! What happened on each day at the plant, counted: rows of which a year's report reads a few thousand, and not a million
//! messages.
//!
//! A day's figures are a function of the rows that say what happened on it; a day that changed is counted again as a
//! whole and takes the place of what stood there. So nothing is added twice, whoever counts and however often, and whoever
//! is killed has done nothing. Which days changed is itself a row (`figure_days`), written in the transaction that moves
//! the mark of what was looked at ([`follow`]). Counting reads outside of any transaction; it counts only if the day's row
//! is as it was when counting began ([`store::replace`]), so an old count never replaces a newer one.
//!
//! What house-keeping lets go of are texts; the rows that are counted here stay. See docs/adr/0037.

mod count;
mod follow;
pub mod model;
pub mod reading;
pub mod spread;
pub mod store;

pub use model::Measure;
pub use spread::Spread;

use crate::app::App;
use crate::kit::Result;
use crate::pulse::Job;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks: a report is so much behind at most, and the day's first count.
const TIMER: Duration = Duration::from_secs(5);
/// The breath between two days.
const BREATH: Duration = Duration::from_millis(5);

/// Runs until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        let counted = tokio::select! {
            counted = once(&app) => counted,
            () = stop.cancelled() => return, // what was counted and not written is counted again
        };
        if let Some(days) = app.ran(Job::Figures, counted).filter(|days| *days > 2) {
            tracing::info!(days, "days were counted for the reports");
        }
        tokio::select! {
            () = tokio::time::sleep(TIMER) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Counts every day that changed; answers with how many those were.
///
/// # Errors
/// When the database is away; the next time goes on where this one stopped.
pub async fn once(app: &App) -> Result<usize> {
    follow::follow(app).await?;
    let mut days = 0;
    while let Some(due) = store::next(app.db.read()).await? {
        let figures = count::day(app.db.read(), due.family, due.day, app.settings.timezone).await?;
        let counted: Vec<_> = figures.into_figures().collect();
        let input = (due, counted);
        let written = app.db.write_with(input, |tx, (due, counted)| Box::pin(store::replace(tx, due, counted)));
        days += usize::from(written.await?);
        tokio::time::sleep(BREATH).await;
    }
    Ok(days)
}
