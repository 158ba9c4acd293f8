//! How soon a change made elsewhere is on the screen.

use super::hands::{is_live, opens, shows, signs_in, told};
use crate::block_on;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::kit::Clock;
use andon::people::Role;
use fantoccini::Client;
use libtest_mimic::Trial;
use serde_json::json;
use std::time::Duration;

/// So many changes are made; half of them are on the screen within so long, even where much else goes on: without the
/// live line a page is looked at once a minute. On a machine with nothing else to do it is 200 ms (docs/performance.md).
const CHANGES: usize = 9;
const SOON: Duration = Duration::from_secs(2);

/// Notes when the page says so, from now on.
const NOTES: &str = "const sought = arguments[0]; window.shownAt = null; new MutationObserver(() => { \
                     window.shownAt ??= document.getElementById('main').textContent.includes(sought) ? Date.now() : \
                     null; }).observe(document.getElementById('main'), {childList: true, subtree: true});";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("pages::prompt::a_change_elsewhere_is_soon_on_the_screen", || {
            block_on(a_change_elsewhere_is_soon_on_the_screen()).map_err(Into::into)
        }),
        Trial::test("pages::prompt::what_somebody_chose_outlives_a_change_elsewhere", || {
            block_on(what_somebody_chose_outlives_a_change_elsewhere()).map_err(Into::into)
        }),
    ]
}

/// An admin, and a ticket that a client raised.
async fn raised() -> Result<(TestApp, User, i64), String> {
    let app = TestApp::running(Backend::Sqlite, &[]).await;
    let (boss, client) = (app.user("boss", Role::Admin).await, app.user("client1", Role::Client).await);
    let ticket = json!({"project_name": "Shop", "title": "Payments fail", "description": "Every card.",
        "priority": "HIGH", "category": "BUG"});
    let id = client.post("/api/tickets/", ticket).await.1["id"].as_i64().ok_or("a ticket")?;
    Ok((app, boss, id))
}

/// A browser in which the admin has signed in.
async fn at_the_desk(app: &TestApp) -> Result<Browser, String> {
    let browser = Browser::start().await?;
    signs_in(browser.client(), app, "boss").await?;
    shows(browser.client(), "Sign out").await?;
    Ok(browser)
}

async fn a_change_elsewhere_is_soon_on_the_screen() -> Result<(), String> {
    let (app, boss, id) = raised().await?;
    let browser = at_the_desk(&app).await?;
    let page = browser.client();
    let mut took = Vec::new();
    for nth in 0..CHANGES {
        opens(page, &app, &format!("/tickets/{id}")).await?;
        is_live(page).await?;
        let said = format!("Word number {nth} of the desk");
        page.execute(NOTES, vec![json!(said)]).await.map_err(told)?;
        let (status, _) = boss.post(&format!("/api/tickets/{id}/add_comment/"), json!({"comment": said})).await;
        assert!(status.is_success(), "{status}");
        let committed = Duration::from_millis(Clock::System.now().timestamp_millis().unsigned_abs());
        shows(page, &said).await?;
        took.push(shown_at(page).await?.saturating_sub(committed));
    }
    took.sort();
    println!("from a commit to the screen: {took:?}");
    assert!(took[CHANGES / 2] < SOON, "half of the changes take longer: {took:?}");
    browser.stop().await;
    app.end().await;
    Ok(())
}

async fn what_somebody_chose_outlives_a_change_elsewhere() -> Result<(), String> {
    let (app, boss, id) = raised().await?;
    let browser = at_the_desk(&app).await?;
    let page = browser.client();
    opens(page, &app, &format!("/tickets/{id}")).await?;
    is_live(page).await?;
    let chosen = async |chooses: &str| {
        let script =
            format!("const field = document.querySelector('select[name=priority]'); {chooses} return field.value");
        let value = page.execute(&script, Vec::new()).await.map_err(told)?;
        value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is no choice"))
    };
    assert_eq!(chosen("").await?, "HIGH");
    assert_eq!(chosen("field.value = 'LOW';").await?, "LOW");
    let (status, _) = boss.post(&format!("/api/tickets/{id}/open_ticket/"), json!({})).await;
    assert!(status.is_success(), "{status}");
    shows(page, "Opened").await?;
    assert_eq!(chosen("").await?, "LOW", "the list of what can be done is another one now, and waits");
    browser.stop().await;
    app.end().await;
    Ok(())
}

async fn shown_at(page: &Client) -> Result<Duration, String> {
    let at = page.execute("return window.shownAt", Vec::new()).await.map_err(told)?;
    at.as_u64().map(Duration::from_millis).ok_or_else(|| "the page was read anew".to_owned())
}
