//! The inbox in a real browser: a conversation taken over and handed back against the simulator, live; and what the pages
//! look like, wide and narrow, light and dark, from the left and from the right.

use super::inbox::person;
use super::walked::{PATIENCE, clicks, look, shows, signs_in, told, types};
use crate::block_on;
use crate::support::app::{OPERATOR, STRANGER, TestApp, number};
use crate::support::browser::Browser;
use crate::support::databases::Backend;
use andon::people::Role;
use andon::simulator::{Enclosure, Incoming};
use fantoccini::{Client, Locator};
use libtest_mimic::Trial;
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("pages::inbox_walked::a_conversation_is_taken_over_and_handed_back_live", || {
            block_on(a_conversation_is_taken_over_and_handed_back_live()).map_err(Into::into)
        }),
        Trial::test("pages::inbox_walked::the_inbox_fits_narrow_and_wide_screens", || {
            block_on(the_inbox_fits_narrow_and_wide_screens()).map_err(Into::into)
        }),
    ]
}

/// What the phone shows, once it shows it.
async fn arrives(app: &TestApp, what: &str) -> Result<(), String> {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        if app.bubbles(OPERATOR).iter().any(|bubble| bubble.text.contains(what)) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("the phone does not show {what:?}"))
}

async fn writes(app: &TestApp, text: &str) {
    app.simulator().send(Incoming::text(&number(OPERATOR), text)).await;
}

async fn is_live(page: &Client) -> Result<(), String> {
    let line = page.wait().at_most(PATIENCE).for_element(Locator::Css("html[data-live=on]")).await;
    line.map(drop).map_err(|error| format!("no live line: {error}"))
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

async fn the_inbox_fits_narrow_and_wide_screens() -> Result<(), String> {
    let app =
        TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant"), ("ANDON_CHAT_ACCESS", "open")]).await;
    app.user("boss", Role::Admin).await;
    let photo = Enclosure { content_type: "image/png".to_owned(), bytes: crate::attachments::PNG.to_vec() };
    for text in
        ["hi", "1", "ORD-12345", "A_very_long_word_without_any_blank_in_it_that_would_break_a_narrow_page_apart"]
    {
        writes(&app, text).await;
        arrives(&app, "Welcome").await?;
    }
    app.simulator().send(Incoming { media: vec![photo], ..Incoming::text(&number(OPERATOR), "") }).await;
    let name = Some("Somebody with a rather long name of their own, as WhatsApp has it".to_owned());
    let stranger = Incoming::text(&number(STRANGER), "مرحبا، الماكينة رقم ٧ لا تعمل منذ الصباح");
    app.simulator().send(Incoming { profile_name: name, ..stranger }).await;
    let browser = Browser::start().await?;
    let page = browser.client();
    signs_in(page, &app, "boss").await?;
    shows(page, "Sign out").await?;
    let path = format!("/inbox/{}", person(&app, OPERATOR).await);
    page.goto(&app.url(&path)).await.map_err(told)?;
    clicks(page, "#write button.main").await?;
    types(page, "#note textarea", "Known for being exact.\nAsk for the batch.").await?;
    clicks(page, "#note button").await?;
    shows(page, "Known for being exact").await?;
    types(page, "#write textarea", "We are looking into it.").await?;
    clicks(page, "#write button.main").await?;
    shows(page, "We are looking into it").await?;
    let merge = format!("{path}/merge");
    let pages = [
        ("inbox", "/inbox"),
        ("conversation", path.as_str()),
        ("replies", "/inbox/replies"),
        ("merge", merge.as_str()),
    ];
    for (theme, language) in [("light", "en"), ("dark", "en"), ("light", "ar")] {
        page.goto(&app.url("/profile")).await.map_err(told)?;
        let choose = format!(
            "const choice = document.querySelector('[name=language]'); choice.value = '{language}'; choice.form.submit();"
        );
        page.execute(&choose, Vec::new()).await.map_err(told)?;
        let shown = format!("html[lang={language}]");
        page.wait().at_most(PATIENCE).for_element(Locator::Css(&shown)).await.map_err(told)?;
        page.delete_cookie("andon_theme").await.map_err(told)?;
        let cookie = format!("document.cookie = 'andon_theme={theme}; path=/'");
        page.execute(&cookie, Vec::new()).await.map_err(told)?;
        for (name, path) in pages {
            for (width, height) in [(360, 740), (1280, 900)] {
                page.set_window_size(width, height).await.map_err(told)?;
                page.goto(&app.url(path)).await.map_err(told)?;
                look(&browser, &format!("{name}-{theme}-{language}"), width, height).await?;
            }
        }
    }
    browser.stop().await;
    app.end().await;
    Ok(())
}
