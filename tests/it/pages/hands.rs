//! Hands for a browser: signing in, typing, pressing, and waiting for what shows up.

use crate::support::app::TestApp;
use crate::support::user::PASSWORD;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long something may take to show up on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

#[expect(clippy::needless_pass_by_value, reason = "errors are handed over as they come")]
pub(crate) fn told(error: CmdError) -> String {
    error.to_string()
}

/// Opens a page of the desk.
pub(crate) async fn opens(page: &Client, app: &TestApp, path: &str) -> Result<(), String> {
    page.goto(&app.url(path)).await.map_err(told)
}

/// Waits until the page says this.
pub(crate) async fn shows(page: &Client, what: &str) -> Result<(), String> {
    let place = format!("//body[contains(., \"{what}\")]");
    let wait = page.wait().at_most(PATIENCE).for_element(Locator::XPath(&place)).await;
    wait.map(drop).map_err(|error| format!("the page does not show {what:?}: {error}"))
}

/// Waits until there is such a place.
pub(crate) async fn has(page: &Client, place: &str) -> Result<(), String> {
    let wait = page.wait().at_most(PATIENCE).for_element(Locator::Css(place)).await;
    wait.map(drop).map_err(|error| format!("there is no {place}: {error}"))
}

/// Waits until the live line is there.
pub(crate) async fn is_live(page: &Client) -> Result<(), String> {
    has(page, "html[data-live=on]").await
}

pub(crate) async fn types(page: &Client, field: &str, text: &str) -> Result<(), String> {
    let place = page.wait().at_most(PATIENCE).for_element(Locator::Css(field)).await.map_err(told)?;
    place.clear().await.map_err(told)?;
    place.send_keys(text).await.map_err(told)
}

pub(crate) async fn clicks(page: &Client, place: &str) -> Result<(), String> {
    // A page that is live may put another in its place before it is clicked on.
    for _ in 0..10 {
        let element = page.wait().at_most(PATIENCE).for_element(Locator::Css(place)).await;
        let element = element.map_err(|error| format!("there is no {place}: {error}"))?;
        match element.click().await {
            Ok(()) => return Ok(()),
            Err(error) if error.to_string().contains("stale element") => {}
            Err(error) => return Err(format!("{place}: {error}")),
        }
    }
    Err(format!("{place} is another one each time"))
}

/// Opens what stands behind this title.
pub(crate) async fn unfolds(page: &Client, title: &str) -> Result<(), String> {
    let place = format!("//summary[.='{title}']");
    let summary = page.wait().at_most(PATIENCE).for_element(Locator::XPath(&place)).await;
    summary.map_err(|error| format!("nothing is called {title:?}: {error}"))?.click().await.map_err(told)
}

pub(crate) async fn signs_in(page: &Client, app: &TestApp, username: &str) -> Result<(), String> {
    opens(page, app, "/sign-in").await?;
    types(page, "[name=username]", username).await?;
    types(page, "[name=password]", PASSWORD).await?;
    clicks(page, "#sign-in button").await
}

/// Where pictures of the pages are left, to be looked at.
pub(crate) fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned()
}
