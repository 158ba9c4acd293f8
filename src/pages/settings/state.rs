//! The state of the channels, and what waits.

use crate::channels::Medium;
use crate::delivery::store;
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::people::Administrator;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

/// A channel, and whether it is out.
struct Channel {
    name: &'static str,
    carries: String,
    /// Since when it is out and what to do.
    out: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "state.html")]
struct State {
    page: Page,
    title: String,
    channels: Vec<Channel>,
    /// How many deliveries wait, as people read it.
    waiting: String,
    oldest: Option<String>,
}

/// `GET /settings/state`.
pub(super) async fn page(desk: Desk, _: Administrator) -> Result<Response> {
    let words = desk.words();
    let waiting = store::waiting(desk.app.db.read()).await?;
    let title = words.w("settings.state");
    let page = State {
        page: desk.page(title.clone()),
        title,
        channels: channels(&desk),
        waiting: waiting.told(),
        oldest: waiting.oldest.map(|at| words.when(at, desk.now).html()),
    };
    Ok(shown(StatusCode::OK, &page))
}

fn channels(desk: &Desk) -> Vec<Channel> {
    let (words, app) = (desk.words(), &desk.app);
    let medium =
        |medium: &Medium| words.w(format!("medium.{}", crate::notify::shown::Medium::of(medium.as_str()).as_str()));
    let one = |channel: &std::sync::Arc<dyn crate::channels::Channel>| {
        let carried: Vec<String> = Medium::ALL.iter().filter(|medium| channel.carries(**medium)).map(medium).collect();
        let red = app.health.red(channel.name());
        let out = red.map(|red| (words.when(red.since, desk.now).html(), red.advice));
        Channel { name: channel.name(), carries: carried.join(", "), out }
    };
    app.channels.iter().map(one).filter(|channel| !channel.carries.is_empty()).collect()
}
