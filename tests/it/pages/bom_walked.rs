//! The floor in a real browser: a change of a BOM from WhatsApp to its approval on the page, and back to the phone.

use super::hands::{PATIENCE, clicks, is_live, opens, pictures, shows, signs_in, told, types};
use super::inbox_walked::arrives;
use crate::block_on;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::browser::Browser;
use crate::support::databases::Backend;
use andon::people::Role;
use andon::simulator::Incoming;
use fantoccini::Locator;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("pages::bom_walked::a_bom_update_by_whatsapp_is_walked_to_its_approval", || {
        block_on(a_bom_update_by_whatsapp_is_walked_to_its_approval()).map_err(Into::into)
    })]
}

async fn a_bom_update_by_whatsapp_is_walked_to_its_approval() -> Result<(), String> {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    app.user_of("shift1", Role::Supervisor, Some("Machining")).await;
    let browser = Browser::start().await?;
    let page = browser.client();
    signs_in(page, &app, "shift1").await?;
    shows(page, "Sign out").await?;
    opens(page, &app, "/floor/boms?pending=true").await?;
    shows(page, "No BOM fits").await?;
    is_live(page).await?;

    let phone = number(OPERATOR);
    for text in ["hi", "6", "BOM-888", "BRG-6204", "quantity 6", "Two more per shaft"] {
        app.simulator().send(Incoming::text(&phone, text)).await;
    }
    // The list shows it by itself, and the notice reaches who decides.
    shows(page, "1 to review").await?;
    let unread = "//*[@id='unread'][contains(., '1')]";
    page.wait().at_most(PATIENCE).for_element(Locator::XPath(unread)).await.map_err(told)?;
    clicks(page, "nav a[href='/notifications']").await?;
    shows(page, "BOM BOM-888: revision 2 waits for review").await?;
    opens(page, &app, "/floor/boms?pending=true").await?;
    shows(page, "1 to review").await?;
    clicks(page, "td.title a").await?;
    shows(page, "6 × 12.50 = 75.00").await?;
    shows(page, "Two more per shaft").await?;
    browser.screenshot(&pictures().join("desk-bom-to-decide.png")).await?;
    types(page, "#approve [name=comment]", "Checked with purchasing").await?;
    clicks(page, "#approve button").await?;
    shows(page, "The revision is in force").await?;
    shows(page, "Checked with purchasing").await?;
    let source = page.source().await.map_err(told)?;
    if source.contains("id=\"approve\"") {
        return Err("what is decided can be decided again".to_owned());
    }

    // Who proposed it is told on the phone, with the word that went with it.
    arrives(&app, "Checked with purchasing").await?;
    opens(page, &app, "/floor/boms?pending=true").await?;
    shows(page, "No BOM fits").await?;
    browser.stop().await;
    app.end().await;
    Ok(())
}
