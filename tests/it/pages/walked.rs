//! The desk in real browsers: signing in with a second factor, a ticket walked through by two people, live; and what the
//! pages look like, wide and narrow, light and dark, from the left and from the right.

use super::factor;
use crate::block_on;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::databases::Backend;
use crate::support::user::PASSWORD;
use andon::people::Role;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};
use libtest_mimic::Trial;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long something may take to show up on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("pages::walked::two_people_walk_a_ticket_through_live", || {
            block_on(two_people_walk_a_ticket_through_live()).map_err(Into::into)
        }),
        Trial::test("pages::walked::pages_fit_narrow_and_wide_screens", || {
            block_on(pages_fit_narrow_and_wide_screens()).map_err(Into::into)
        }),
    ]
}

#[expect(clippy::needless_pass_by_value, reason = "errors are handed over as they come")]
pub(super) fn told(error: CmdError) -> String {
    error.to_string()
}

/// The value that makes an error of a step readable.
pub(super) async fn shows(page: &Client, what: &str) -> Result<(), String> {
    let place = format!("//body[contains(., \"{what}\")]");
    let wait = page.wait().at_most(PATIENCE).for_element(Locator::XPath(&place)).await;
    wait.map(drop).map_err(|error| format!("the page does not show {what:?}: {error}"))
}

pub(super) async fn types(page: &Client, field: &str, text: &str) -> Result<(), String> {
    let place = page.wait().at_most(PATIENCE).for_element(Locator::Css(field)).await.map_err(told)?;
    place.clear().await.map_err(told)?;
    place.send_keys(text).await.map_err(told)
}

pub(super) async fn clicks(page: &Client, place: &str) -> Result<(), String> {
    let element = page.wait().at_most(PATIENCE).for_element(Locator::Css(place)).await;
    let element = element.map_err(|error| format!("there is no {place}: {error}"))?;
    element.click().await.map_err(|error| format!("{place}: {error}"))
}

pub(super) async fn signs_in(page: &Client, app: &TestApp, username: &str) -> Result<(), String> {
    page.goto(&app.url("/sign-in")).await.map_err(told)?;
    types(page, "[name=username]", username).await?;
    types(page, "[name=password]", PASSWORD).await?;
    clicks(page, "#sign-in button").await
}

async fn two_people_walk_a_ticket_through_live() -> Result<(), String> {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    let dev = app.user("dev1", Role::Support).await;
    let boss = app.user("boss", Role::Admin).await;
    app.user("client1", Role::Client).await;
    let (one, two) = (Browser::start().await?, Browser::start().await?);
    let (client, support) = (one.client(), two.client());

    // The support person sets up a second factor, and comes in with it.
    signs_in(support, &app, "dev1").await?;
    support.goto(&app.url("/profile")).await.map_err(told)?;
    clicks(support, "#factor button").await?;
    shows(support, "Scan this picture").await?;
    types(support, "#factor-confirm [name=code]", &factor::code(&app, dev.id).await).await?;
    clicks(support, "#factor-confirm button").await?;
    shows(support, "Your recovery codes").await?;
    let place = support.find(Locator::Css(".codes code")).await.map_err(told)?;
    let recovery = place.text().await.map_err(told)?;
    support.delete_all_cookies().await.map_err(told)?;
    signs_in(support, &app, "dev1").await?;
    shows(support, "Open your authenticator app").await?;
    types(support, "[name=code]", &recovery).await?;
    clicks(support, "#sign-in button").await?;
    shows(support, "Nothing needs you right now").await?;
    support.goto(&app.url("/tickets")).await.map_err(told)?;
    shows(support, "Nothing is open").await?;

    // The client raises a ticket, the admin gives it away, and both see what the other does without reloading.
    signs_in(client, &app, "client1").await?;
    shows(client, "Tickets").await?;
    client.goto(&app.url("/tickets")).await.map_err(told)?;
    clicks(client, "a[href='/tickets/new']").await?;
    types(client, "[name=title]", "Payments fail").await?;
    types(client, "[name=description]", "Since noon, every card.").await?;
    types(client, "[name=project_name]", "Shop").await?;
    clicks(client, "#raise button").await?;
    shows(client, "Your ticket is there").await?;
    let id = crate::attachments::newest_ticket(&app).await;
    let live = "html[data-live=on]";
    client.wait().at_most(PATIENCE).for_element(Locator::Css(live)).await.map_err(|e| format!("no live line: {e}"))?;
    support.wait().at_most(PATIENCE).for_element(Locator::Css(live)).await.map_err(|e| format!("no live line: {e}"))?;
    boss.post(&format!("/api/tickets/{id}/assign/"), json!({"assigned_to": dev.id})).await;
    shows(support, "Payments fail").await?; // in the list that was empty
    clicks(support, "td.title a").await?;
    clicks(support, "#start_work button").await?;
    shows(support, "The work has begun").await?;
    shows(client, "In progress").await?;
    clicks(support, "details summary").await?;
    let hold = support.find(Locator::XPath("//summary[.='Finish']")).await.map_err(told)?;
    hold.click().await.map_err(told)?;
    types(support, "#finish_work [name=comment]", "It runs again").await?;
    clicks(support, "#finish_work button").await?;
    shows(support, "The requester has the word").await?;
    shows(client, "Waiting for approval").await?;
    let approve = client.wait().at_most(PATIENCE).for_element(Locator::XPath("//summary[.='Approve']")).await;
    approve.map_err(|e| format!("nothing to approve: {e}"))?.click().await.map_err(told)?;
    clicks(client, "#approve button").await?;
    shows(client, "The ticket is closed").await?;
    shows(support, "Closed").await?;
    one.screenshot(&pictures().join("desk-ticket-closed.png")).await?;
    one.stop().await;
    two.stop().await;
    app.end().await;
    Ok(())
}

/// Where pictures of the pages are left, to be looked at.
pub(super) fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned()
}

/// How much wider the page is than the window.
const TOO_WIDE: &str = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
/// Places to press that are smaller than a finger needs. **Source**: WCAG 2.2, 2.5.8: 24 by 24, links in a line of text
/// excepted.
const TOO_SMALL: &str = "
    const places = [...document.querySelectorAll('button, summary, select, input:not([type=hidden]), .button, .top a')];
    const seen = places.filter((one) => one.getClientRects().length && !one.closest('dialog'));
    const small = seen.filter((one) => { const box = one.getBoundingClientRect();
        return one.type !== 'checkbox' && (box.width < 24 || box.height < 24); });
    return small.map((one) => one.outerHTML.slice(0, 90)).join(' | ');";

async fn pages_fit_narrow_and_wide_screens() -> Result<(), String> {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client1", Role::Client).await);
    let dev = app.user("dev1", Role::Support).await;
    let titles = [
        "The checkout shows an error after paying by card, and the order is there twice",
        "Label printer in hall 2 prints blank labels",
        "Reports of last month cannot be opened",
        "A_very_long_name_without_any_blank_in_it_that_would_break_a_narrow_page_apart_if_it_were_not_wrapped",
    ];
    let mut first = 0;
    for nth in 0..24 {
        let priority = ["HIGH", "MEDIUM", "LOW"][nth % 3];
        let body = json!({"project_name": "Web shop", "title": titles[nth % titles.len()],
            "description": "Since this morning.\nIt happens with every card, on phones and computers alike.",
            "priority": priority, "category": "BUG"});
        let (_, ticket) = client.post("/api/tickets/", body).await;
        let id = ticket["id"].as_i64().ok_or("no ticket")?;
        first = if nth == 0 { id } else { first };
        if nth % 2 == 0 {
            let due = format!("2099-01-{:02}T12:00:00Z", 1 + nth);
            let body = json!({"assigned_to": dev.id, "resolution_due_at": due});
            let _far = admin.post(&format!("/api/tickets/{id}/assign/"), body).await;
            let body = json!({"assigned_to": dev.id});
            admin.post(&format!("/api/tickets/{id}/assign/"), body).await;
            dev.post(&format!("/api/tickets/{id}/start_work/"), json!({})).await;
        }
        if nth % 6 == 0 {
            dev.post(&format!("/api/tickets/{id}/hold/"), json!({"reason": "A part is missing"})).await;
        }
    }
    admin.post(&format!("/api/tickets/{first}/add_comment/"), json!({"comment": "The part is ordered."})).await;
    let picture = json!({"file_data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "filename": "photo.png"});
    client.post(&format!("/api/tickets/{first}/add_attachment/"), picture).await;
    let browser = Browser::start().await?;
    let page = browser.client();
    page.goto(&app.url("/sign-in")).await.map_err(told)?;
    look(&browser, "sign-in", 360, 740).await?;
    signs_in(page, &app, "boss").await?;
    shows(page, "Sign out").await?;
    let (ticket, person) = (format!("/tickets/{first}"), format!("/people/{}", dev.id));
    let pages = [
        ("now", "/now"),
        ("notices", "/notifications"),
        ("people", "/people"),
        ("person", person.as_str()),
        ("list", "/tickets"),
        ("board", "/tickets/board"),
        ("ticket", ticket.as_str()),
        ("new", "/tickets/new"),
        ("profile", "/profile"),
    ];
    for (theme, language) in [("light", "en"), ("dark", "en"), ("light", "ar")] {
        page.goto(&app.url("/profile")).await.map_err(told)?;
        let choose = format!(
            "const choice = document.querySelector('[name=language]'); choice.value = '{language}'; choice.form.submit();"
        );
        page.execute(&choose, Vec::new()).await.map_err(told)?;
        let shown = format!("html[lang={language}]");
        page.wait().at_most(PATIENCE).for_element(Locator::Css(&shown)).await.map_err(told)?;
        let cookie = format!("document.cookie = 'andon_theme={theme}; path=/'");
        page.delete_cookie("andon_theme").await.map_err(told)?;
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

/// Looks at a page: nothing wider than the window, nothing too small to press, and a picture of it.
pub(super) async fn look(browser: &Browser, name: &str, width: u32, height: u32) -> Result<(), String> {
    let page = browser.client();
    page.set_window_size(width, height).await.map_err(told)?;
    browser.screenshot(&pictures().join(format!("desk-{name}-{width}.png"))).await?;
    let wide = page.execute(TOO_WIDE, Vec::new()).await.map_err(told)?;
    if wide.as_i64().unwrap_or_default() > 0 {
        return Err(format!("{name} at {width} px is {wide} px wider than its window"));
    }
    let small = page.execute(TOO_SMALL, Vec::new()).await.map_err(told)?;
    match small.as_str() {
        None | Some("") => Ok(()),
        Some(small) => Err(format!("{name} at {width} px has places too small to press: {small}")),
    }
}
