//! The line to a screen: the board whenever it is another one, and a word every few seconds that there is nothing new.
//!
//! Server-sent events, since a screen only listens. Every word has the time at which it was true; a screen that hears none
//! says so by itself. Each word looks first whether the link still holds, so a revoked one ends its line with the next.

use super::super::assets;
use super::{Screen, board};
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::notify::live::{Live, Stirred};
use crate::walls;
use axum::Extension;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant as Moment, sleep, sleep_until, timeout};

/// How often a screen hears a word where nothing changes; what time changes by itself shows up as often.
const BEAT: Duration = Duration::from_secs(5);
/// How soon the next change is told after one, at first, and where changes do not end.
const SOONEST: Duration = Duration::from_millis(25);
const LATEST: Duration = Duration::from_secs(2);
/// After so long without a change they are told as soon as at first.
const CALM: Duration = Duration::from_secs(3);

/// One line.
struct Line {
    screen: Screen,
    stirred: Stirred,
    /// The board that the screen has.
    shown: String,
    /// When the last change was told, and how long the next one waits.
    told: Option<Moment>,
    pause: Duration,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

/// `GET /wall/live`.
pub(super) async fn line(screen: Result<Screen>, Extension(live): Extension<Live>) -> Result<Response> {
    let screen = match screen {
        Ok(screen) => screen,
        // A line leads nobody to a page to sign in at.
        Err(error) if error.kind() == Kind::Unauthorized => return Ok(StatusCode::UNAUTHORIZED.into_response()),
        Err(error) => return Err(error),
    };
    let full = || Error::unavailable("As many screens are connected as may be. Please come back in a while.");
    let place = live.place_for_a_wall().filter(|_| live.stirred().is_open()).ok_or_else(full)?;
    let first = Line {
        screen,
        stirred: live.stirred(),
        shown: String::new(),
        told: None,
        pause: SOONEST,
        is_over: false,
        _place: place,
    };
    let words = stream::unfold(first, |mut line| async move {
        let word = line.next().await?;
        Some((Ok::<Event, Infallible>(word), line))
    });
    let mut response = Sse::new(words).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    // Or a proxy would keep words until it has enough of them. **Source**: nginx, ngx_http_proxy_module.
    headers.insert(HeaderName::from_static("x-accel-buffering"), axum::http::HeaderValue::from_static("no"));
    Ok(response)
}

impl Line {
    /// The next word; none where the line is at its end.
    async fn next(&mut self) -> Option<Event> {
        while !self.is_over {
            if !self.shown.is_empty() {
                self.wait().await?;
            }
            match self.word().await {
                Ok(word) => return Some(word),
                Err(error) => {
                    tracing::warn!(cause = error.private(), "a wall hears nothing: {error}");
                    sleep(BEAT).await;
                }
            }
        }
        None
    }

    /// Waits for a change, or for the time of a word; none where the process stops.
    async fn wait(&mut self) -> Option<()> {
        if timeout(BEAT, self.stirred.next()).await.is_ok_and(|next| next.is_none()) {
            return None;
        }
        if let Some(told) = self.told {
            if told.elapsed() > CALM {
                self.pause = SOONEST;
            }
            sleep_until(told + self.pause).await;
        }
        self.stirred.is_open().then_some(())
    }

    async fn word(&mut self) -> Result<Event> {
        self.stirred.mark();
        let Screen { app, words, .. } = &self.screen;
        let Some(wall) = walls::holding(app, self.screen.wall.id).await? else {
            self.is_over = true;
            return Ok(Event::default().event("over").data("{}"));
        };
        walls::seen(app, &wall).await?;
        let now = app.clock.now();
        let drawn = board::drawn(app, words, &wall, now).await?;
        let (at, script) = (board::clock(app, now), assets::address("wall.js"));
        if drawn == self.shown {
            return Ok(Event::default().event("beat").data(json!({ "at": at, "script": script }).to_string()));
        }
        self.pause = if self.told.is_some() { (self.pause * 2).min(LATEST) } else { SOONEST };
        self.told = Some(Moment::now());
        let said = json!({ "at": at, "script": script, "board": drawn });
        self.shown = drawn;
        Ok(Event::default().event("board").data(said.to_string()))
    }
}
