//! Papers: an order's progress as a picture and a defect's report as PDF, for whoever asks for them by chat; and labels.
//!
//! A paper is drawn when its address is fetched: it shows what is true then, nothing of it is kept, and every process
//! can answer. Its address is signed and expires, and is all the proof there is: a provider fetches the paper for the
//! person who asked, and signs in nowhere. Only a few are drawn at once, off the threads that serve.

pub mod api;
pub mod labels;
mod look;
mod progress;
mod report;
mod sealed;
pub mod sheets;

use crate::app::App;
use crate::config::Settings;
use crate::kit::error::Kind;
use crate::kit::{Error, Instant, Result};
use chrono::TimeDelta;
use sealed::Sealed;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long an address holds. A provider keeps a message for up to four hours before it fetches what is in it.
/// **Source**: Twilio's page on WhatsApp, queueing.
const LIFE: TimeDelta = TimeDelta::hours(6);
/// How many papers are drawn at once, and how long others wait for that.
const AT_ONCE: usize = 2;
const PATIENCE: Duration = Duration::from_secs(10);

static ROOM: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));

/// A paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// How far an order is, by its number.
    Progress(String),
    /// The report of a defect, by its ticket's reference.
    Defect(String),
}

/// A paper as it is sent.
#[derive(Debug)]
struct Drawn {
    content_type: &'static str,
    name: String,
    bytes: Vec<u8>,
}

impl Paper {
    /// Its media type.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Progress(_) => "image/png",
            Self::Defect(_) => "application/pdf",
        }
    }

    /// The name with which it is saved.
    pub fn name(&self) -> String {
        match self {
            Self::Progress(number) => format!("{}.png", plain(number)),
            Self::Defect(reference) => format!("{}.pdf", plain(reference)),
        }
    }
}

/// A file's name, of which no system makes anything else.
fn plain(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    key.chars().map(|c| if is_plain(c) { c } else { '_' }).take(80).collect()
}

/// Where a provider fetches a paper in this language; none where it could not reach us.
pub fn address(app: &App, paper: &Paper, language: &str, now: Instant) -> Option<String> {
    let origin = origin(&app.settings)?;
    let sealed = Sealed { paper: paper.clone(), language: language.to_owned(), until: (now + LIFE).timestamp() };
    Some(format!("{origin}/files/{}", sealed.token(&app.proof.seed)))
}

/// Whether providers could fetch a paper.
pub fn can_be_fetched(settings: &Settings) -> bool {
    origin(settings).is_some()
}

/// Where providers reach us. They fetch from nowhere but `https`; the simulator from this machine.
fn origin(settings: &Settings) -> Option<String> {
    if settings.simulator {
        return Some(settings.local_origin());
    }
    settings.public_origin().filter(|url| url.scheme() == "https").map(|url| url.origin().ascii_serialization())
}

/// Draws the paper of an address.
///
/// # Errors
/// [`Kind::NotFound`] where the address is none of ours, has expired, or what it shows is gone; [`Kind::Unavailable`]
/// where too many are drawn.
async fn draw(app: &App, token: &str) -> Result<Drawn> {
    let sealed = Sealed::open(token, &app.proof.seed, app.clock.now()).ok_or_else(gone)?;
    let room = room().await?;
    let Sealed { paper, language, .. } = sealed;
    let bytes = match &paper {
        Paper::Progress(number) => {
            let facts = progress::facts(app, number).await?.ok_or_else(gone)?;
            off_thread(app, room, move |app| progress::draw(&app.wording(), &language, &facts)).await?
        }
        Paper::Defect(reference) => {
            let facts = report::facts(app, reference).await?.ok_or_else(gone)?;
            off_thread(app, room, move |app| Some(report::draw(&app.wording(), &language, facts))).await?
        }
    };
    let bytes = bytes.ok_or_else(|| Error::internal("a paper cannot be drawn"))?;
    Ok(Drawn { content_type: paper.content_type(), name: paper.name(), bytes })
}

/// Room to draw, once there is some.
///
/// # Errors
/// [`Kind::Unavailable`] where too many are drawn.
async fn room() -> Result<OwnedSemaphorePermit> {
    let waiting = tokio::time::timeout(PATIENCE, Arc::clone(&ROOM).acquire_owned()).await;
    waiting
        .ok()
        .and_then(std::result::Result::ok)
        .ok_or_else(|| Error::new(Kind::Unavailable, "Too many files are being drawn. Try again in a few seconds."))
}

/// Draws where nobody is served; its room is taken until that is done, whether or not somebody still waits for it.
async fn off_thread<T: Send + 'static>(
    app: &App,
    room: OwnedSemaphorePermit,
    work: impl FnOnce(&App) -> T + Send + 'static,
) -> Result<T> {
    let app = app.clone();
    let drawing = move || {
        let drawn = work(&app);
        drop(room);
        drawn
    };
    tokio::task::spawn_blocking(drawing).await.map_err(Error::internal)
}

fn gone() -> Error {
    Error::not_found("There is no such file, or its address has expired. Ask for it again by chat.")
}

#[cfg(test)]
mod tests;
