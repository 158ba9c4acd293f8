//! House-keeping: what time lets go. Conversations that nobody will resume and old calls of webhooks are deleted, the
//! texts of old messages are let go, SQLite's log is kept short.
//!
//! Rows of messages and deliveries stay: they say what there was, and keep a redelivered webhook from being new. All
//! of it is done in pieces so short that nobody waits for them, and doing it twice changes nothing.

use crate::app::App;
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::people::sign_in;
use crate::pulse::Job;
use crate::{chat, delivery, files, inbox, outbox, people, records_io, tickets, webhooks_out};
use chrono::TimeDelta;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks.
const TIMER: Duration = Duration::from_mins(1);
/// Rows in one piece: some ten milliseconds' work.
const PIECE: u64 = 500;
/// The breath between two pieces.
const BREATH: Duration = Duration::from_millis(20);

/// One-time codes are kept this long after they ran out, for whoever wonders why one did not work.
const CODES_KEPT: TimeDelta = TimeDelta::days(1);

/// What somebody took away can be put back for this long.
const UNDONE_WITHIN: TimeDelta = TimeDelta::days(1);

/// What was let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LetGo {
    /// Conversations whose answers were let go.
    pub conversations: u64,
    /// Messages and deliveries whose texts are gone.
    pub texts: u64,
    /// Sign-ins deleted.
    pub sign_ins: u64,
    /// One-time codes deleted.
    pub codes: u64,
    /// Calls of webhooks deleted.
    pub calls: u64,
    /// Attachments, views and replies that were taken away and not put back.
    pub taken_away: u64,
    /// Files that nothing referred to any more, and those that waited too long to be taken over.
    pub files: u64,
}

/// Runs until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        let tidied = tokio::select! {
            tidied = once(&app) => tidied,
            () = stop.cancelled() => return, // a piece that has begun is finished all the same
        };
        if let Some(gone) = app.ran(Job::Housekeeping, tidied).filter(|gone| *gone != LetGo::default()) {
            let LetGo { conversations, texts, sign_ins, codes, calls, taken_away, files } = gone;
            let says = "what is past its time was let go";
            tracing::info!(conversations, texts, sign_ins, codes, calls, taken_away, files, "{says}");
        }
        tokio::select! {
            () = tokio::time::sleep(TIMER) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Lets go of all that is past its time.
///
/// # Errors
/// When the database is away; the next time goes on where this one stopped.
pub async fn once(app: &App) -> Result<LetGo> {
    let mut gone = LetGo::default();
    app.db.shorten_log().await?;
    outbox::number(&app.db).await?;
    let dormant_since = app.clock.now() - app.settings.draft_life;
    gone.conversations =
        in_pieces(|| app.db.write(move |tx| Box::pin(chat::store::clear_dormant(tx, dormant_since, PIECE)))).await?;
    if let Some(kept) = app.settings.keep_messages {
        let before = app.clock.now() - kept;
        gone.texts += in_pieces(|| app.db.write(move |tx| Box::pin(chat::store::empty(tx, before, PIECE)))).await?;
        gone.texts += in_pieces(|| app.db.write(move |tx| Box::pin(delivery::store::empty(tx, before, PIECE)))).await?;
    }
    let ran_out = app.clock.now() - sign_in::NETWORKS_KNOWN_FOR;
    let old = || app.db.write(move |tx| Box::pin(people::store::sign_ins::delete_old(tx, ran_out, PIECE)));
    gone.sign_ins = in_pieces(old).await?;
    let spent = app.clock.now() - CODES_KEPT;
    let spent = || app.db.write(move |tx| Box::pin(people::store::codes::delete_old(tx, spent, PIECE)));
    gone.codes = in_pieces(spent).await?;
    gone.calls = in_pieces(|| app.db.write(|tx| Box::pin(webhooks_out::tidy(tx, PIECE)))).await?;
    let before = app.clock.now() - UNDONE_WITHIN;
    gone.taken_away = app.db.write(move |tx| Box::pin(delete_taken_away(tx, before))).await?;
    gone.files = files::sweep(app).await?;
    gone.files += in_pieces(|| app.db.write(|tx| Box::pin(records_io::waiting::tidy(tx, PIECE)))).await?;
    Ok(gone)
}

async fn delete_taken_away(tx: &Tx, before: Instant) -> Result<u64> {
    let attachments = files::store::delete_removed(tx, before).await?;
    let views = tickets::views::delete_removed(tx, before).await?;
    Ok(attachments + views + inbox::delete_removed(tx, before).await?)
}

/// Does one piece after the other, with a breath between them, until one finds less than there may be. Answers with
/// how much all of them found.
async fn in_pieces<F: Future<Output = Result<u64>>>(piece: impl Fn() -> F) -> Result<u64> {
    let mut total = 0;
    loop {
        let found = piece().await?;
        total += found;
        if found < PIECE {
            return Ok(total);
        }
        tokio::time::sleep(BREATH).await;
    }
}
