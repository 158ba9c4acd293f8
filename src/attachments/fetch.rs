//! The photos that come by chat: fetched from the provider by a job of their own, and attached to the ticket that the
//! form made.
//!
//! At least once, and attached once: a photo is attached in the transaction that takes it off the list. What the
//! provider no longer has, and what is of no type that is taken in, is given up; everything else is tried again, for a
//! day.

use super::add;
use crate::app::App;
use crate::channels::{Channel, Media, Retry, SendError};
use crate::db::{Door, is_outage};
use crate::files;
use crate::files::store::{self, NewAttachment, awaited};
use crate::kit::error::Kind;
use crate::kit::{Instant, Result};
use crate::pulse::Job;
use chrono::TimeDelta;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks.
const TIMER: Duration = Duration::from_secs(2);
/// How many photos are fetched one after the other before others are looked for. One at a time is in memory, so they
/// need none of the room that people share.
const AT_ONCE: u64 = 8;
/// Others leave photos alone for so long once somebody fetches them.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// One photo takes less than this: a request (20 seconds), its way to where files are kept (60), and its row.
const LONGEST: TimeDelta = TimeDelta::seconds(90);
/// When a photo that could not be fetched is tried again; after the last it is given up.
const AGAIN_AFTER: [TimeDelta; 8] = [
    TimeDelta::seconds(10),
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(15),
    TimeDelta::hours(1),
    TimeDelta::hours(3),
    TimeDelta::hours(6),
    TimeDelta::hours(13),
];

/// What became of one try.
enum Outcome {
    Attached,
    /// Not this one, not as it is.
    GivenUp(String),
    Again(String, Option<Duration>),
}

/// Runs until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        app.ran(Job::Photos, once(&app).await);
        tokio::select! {
            () = tokio::time::sleep(TIMER) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Fetches what is due; answers with how many photos were looked at.
///
/// # Errors
/// When the database is away.
pub async fn once(app: &App) -> Result<usize> {
    let mut looked_at = 0;
    while store::has_due_media(app.db.read(), app.clock.now()).await? {
        let until = app.clock.now() + LEASE;
        let due = app.db.write(move |tx| Box::pin(store::lease_media(tx, AT_ONCE, until))).await?;
        if due.is_empty() {
            break; // another process was faster
        }
        let mut due = due.into_iter();
        while let Some(photo) = due.next() {
            if app.clock.now() + LONGEST > until {
                // No time left for it: another process would fetch it beside this one.
                let left: Vec<i64> = std::iter::once(photo.id).chain(due.map(|photo| photo.id)).collect();
                app.db.write_with(left, |tx, left| Box::pin(store::leave_media(tx, left))).await?;
                break;
            }
            looked_at += 1;
            fetch(app, photo).await?;
        }
    }
    Ok(looked_at)
}

async fn fetch(app: &App, photo: awaited::Model) -> Result<()> {
    let outcome = try_to_fetch(app, &photo).await?;
    let tries = photo.tries + 1;
    let (problem, again_at) = match outcome {
        Outcome::Attached => return Ok(()),
        Outcome::GivenUp(problem) => (problem, None),
        Outcome::Again(problem, wait) => (problem, again_at(tries, wait, app.clock.now())),
    };
    if again_at.is_none() {
        tracing::warn!(ticket.id = photo.ticket_id, problem, "a photo from the chat is given up");
    }
    app.db.write(move |tx| Box::pin(store::note_problem(tx, photo.id, tries, problem.clone(), again_at))).await
}

/// When what could not be fetched so often is tried again; none where it is given up. `wait` is the provider's wish.
pub(crate) fn again_at(tries: i32, wait: Option<Duration>, now: Instant) -> Option<Instant> {
    let place = usize::try_from(tries - 1).unwrap_or(usize::MAX);
    let usual = *AGAIN_AFTER.get(place)?;
    Some(now + wait.and_then(|wait| TimeDelta::from_std(wait).ok()).map_or(usual, |wait| wait.max(usual)))
}

async fn try_to_fetch(app: &App, photo: &awaited::Model) -> Result<Outcome> {
    let most = app.settings.max_attachment;
    let bytes = match from_provider(app, &photo.url, most).await {
        Ok(bytes) => bytes,
        Err(SendError { retry: Retry::Never | Retry::Elsewhere, advice, .. }) => return Ok(Outcome::GivenUp(advice)),
        Err(SendError { retry: Retry::Later(wait) | Retry::Slower(wait), advice, .. }) => {
            return Ok(Outcome::Again(advice, wait));
        }
        Err(SendError { retry: Retry::StopChannel | Retry::SlowerToOne, advice, .. }) => {
            return Ok(Outcome::Again(advice, None));
        }
    };
    let (bytes, kind) = match files::look_at(bytes).await? {
        (bytes, Ok(kind)) => (bytes, kind),
        (_, Err(why)) => return Ok(Outcome::GivenUp(format!("The photo {why}."))),
    };
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let hash = match app.vault.keep(bytes).await {
        Ok(hash) => hash,
        Err(error) => return Ok(Outcome::Again(error.public().to_owned(), None)),
    };
    let new = NewAttachment {
        ticket_id: photo.ticket_id,
        hash,
        filename: format!("chat-{}.{}", photo.id, kind.ending),
        content_type: kind.content_type,
        size,
        uploaded_by: photo.sent_by,
    };
    attached(app, photo.id, new).await
}

async fn attached(app: &App, photo: i64, new: NewAttachment) -> Result<Outcome> {
    let attached = app
        .db
        .through(Door::Chat)
        .write_with(new, move |tx, new| {
            Box::pin(async move {
                if store::fetched(tx, photo).await? {
                    add(tx, new.clone()).await?;
                }
                Ok(())
            })
        })
        .await;
    match attached {
        Ok(()) => Ok(Outcome::Attached),
        Err(error) if is_outage(&error) => Err(error),
        Err(error) if error.kind() == Kind::Conflict => Ok(Outcome::GivenUp(error.public().to_owned())),
        Err(error) => {
            tracing::error!(photo.id = photo, cause = error.private(), "a photo cannot be attached: {error}");
            Ok(Outcome::Again(error.public().to_owned(), None))
        }
    }
}

/// The bytes, from the channel whose photo it is.
pub(crate) async fn from_provider(app: &App, url: &str, most: usize) -> Result<Vec<u8>, SendError> {
    let media = Media { url: url.to_owned(), content_type: String::new() };
    let mut refusal = None;
    for channel in &app.channels {
        match Channel::fetch(channel.as_ref(), &media, most).await {
            Ok(Some(bytes)) => return Ok(bytes),
            Ok(None) => {}
            Err(error) => refusal = Some(error),
        }
    }
    Err(refusal.unwrap_or_else(|| SendError {
        name: "not_ours",
        code: None,
        retry: Retry::Never,
        in_doubt: false,
        is_outage: false,
        advice: "The photo's address is no provider's, so it is not fetched.".to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_tried_again_for_a_day_and_then_given_up() {
        let now: Instant = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
        let waits: Vec<_> = (1..=9).map(|tries| again_at(tries, None, now).map(|at| at - now)).collect();
        let sum: TimeDelta = waits.iter().flatten().copied().sum();
        assert_eq!((waits[0], waits[8]), (Some(TimeDelta::seconds(10)), None));
        assert!((TimeDelta::hours(23)..TimeDelta::hours(25)).contains(&sum), "{sum}");
        let asked = again_at(1, Some(Duration::from_mins(1)), now);
        assert_eq!(asked, Some(now + TimeDelta::seconds(60)), "the provider's wish counts where it is longer");
    }
}
