//! The inbox in a real browser: a conversation taken over and handed back against the simulator, live.

use super::hands::{PATIENCE, clicks, is_live, shows, signs_in, told, types};
use super::inbox::person;
use crate::block_on;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::browser::Browser;
use crate::support::databases::Backend;
use andon::people::Role;
use andon::simulator::Incoming;
use libtest_mimic::Trial;
use std::time::{Duration, Instant};
use tokio::time::timeout;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("pages::inbox_walked::a_conversation_is_taken_over_and_handed_back_live", || {
        block_on(a_conversation_is_taken_over_and_handed_back_live()).map_err(Into::into)
    })]
}

/// Waits until the phone shows something; the simulator tells its page of every bubble.
pub(crate) async fn arrives(app: &TestApp, what: &str) -> Result<(), String> {
    let shown = async {
        let mut news =
            app.http.get(app.url("/simulator/api/events")).send().await.map_err(|error| error.to_string())?;
        while !app.bubbles(OPERATOR).iter().any(|bubble| bubble.text.contains(what)) {
            let more = news.chunk().await.map_err(|error| error.to_string())?;
            more.ok_or("the simulator tells nothing more")?;
        }
        Ok(())
    };
    timeout(PATIENCE, shown).await.unwrap_or_else(|_| Err(format!("the phone does not show {what:?}")))
}

async fn writes(app: &TestApp, text: &str) {
    app.simulator().send(Incoming::text(&number(OPERATOR), text)).await;
}

async fn a_conversation_is_taken_over_and_handed_back_live() -> Result<(), String> {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    app.user("boss", Role::Admin).await;
    app.user("boss2", Role::Admin).await;
    let (one, two) = (Browser::start().await?, Browser::start().await?);
    let (desk, other) = (one.client(), two.client());
    signs_in(desk, &app, "boss").await?;
    shows(desk, "Sign out").await?;
    desk.goto(&app.url("/inbox")).await.map_err(told)?;
    is_live(desk).await?;
    for text in ["hi", "1", "ORD-12345"] {
        writes(&app, text).await;
    }
    arrives(&app, "Order found").await?;
    shows(desk, OPERATOR).await?; // in the list that was empty, without a reload
    shows(desk, "Create Defect Report").await?;
    let path = format!("/inbox/{}", person(&app, OPERATOR).await);
    desk.goto(&app.url(&path)).await.map_err(told)?;
    shows(desk, "Order found").await?;
    clicks(desk, "#write button.main").await?;
    shows(desk, "boss took the conversation over").await?;
    is_live(desk).await?;
    signs_in(other, &app, "boss2").await?;
    shows(other, "Sign out").await?;
    other.goto(&app.url(&path)).await.map_err(told)?;
    is_live(other).await?;

    // What the person writes shows up with both, and gets no answer of the bot.
    let (before, since) = (app.bubbles(OPERATOR).len(), Instant::now());
    writes(&app, "The left one is bent").await;
    shows(desk, "The left one is bent").await?;
    let took = since.elapsed();
    shows(other, "The left one is bent").await?;
    types(desk, "#write textarea", "Which one exactly?").await?;
    shows(other, "boss is typing").await?;
    clicks(desk, "#write button.main").await?;
    arrives(&app, "Which one exactly?").await?;
    shows(other, "Which one exactly?").await?;
    shows(other, "Read").await.or(shows(other, "Delivered").await)?;
    if app.bubbles(OPERATOR).len() != before + 1 {
        return Err("the bot was not silent".to_owned());
    }
    clicks(desk, ".back form:first-child button").await?;
    shows(desk, "handed it back: the bot goes on").await?;
    arrives(&app, "Defect Type").await?;
    shows(other, "handed it back").await?;
    if took > Duration::from_secs(2) {
        return Err(format!("a message took {took:?} to show up"));
    }
    one.stop().await;
    two.stop().await;
    app.end().await;
    Ok(())
}
