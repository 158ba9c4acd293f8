//! The floor in a real browser: a file with three wrong lines, mended and taken over; an order held and released, seen by
//! somebody else without reloading.

use super::hands::{clicks, is_live, opens, pictures, shows, signs_in, told, types, unfolds};
use crate::block_on;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::databases::Backend;
use andon::people::Role;
use fantoccini::Locator;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("pages::floor_walked::a_file_with_three_wrong_lines_is_mended_and_taken_over", || {
            block_on(a_file_with_three_wrong_lines_is_mended_and_taken_over()).map_err(Into::into)
        }),
        Trial::test("pages::floor_walked::an_order_is_held_and_released_before_everybodys_eyes", || {
            block_on(an_order_is_held_and_released_before_everybodys_eyes()).map_err(Into::into)
        }),
    ]
}

const WRONG: &str = "number,customer,product,quantity_ordered,starts_on,due_on\n\
    ORD-901,Northwind,Gearbox,10,2026-01-20,2026-02-20\n\
    ORD-902,Northwind,Gearbox,ten,2026-01-20,2026-02-20\n\
    ORD-903,Northwind,Gearbox,10,2026-01-20,31.02.2026\n\
    ORD-904,,Gearbox,10,2026-01-20,2026-02-20\n";

async fn a_file_with_three_wrong_lines_is_mended_and_taken_over() -> Result<(), String> {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    app.user_of("shift1", Role::Supervisor, Some("Machining")).await;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let wrong = folder.path().join("orders.csv");
    std::fs::write(&wrong, WRONG).map_err(|error| error.to_string())?;
    let browser = Browser::start().await?;
    let page = browser.client();
    let chooses = async |path: &std::path::Path| {
        let field = page.find(Locator::Css("#bring-in [name=file]")).await.map_err(told)?;
        field.send_keys(&path.display().to_string()).await.map_err(told)?;
        clicks(page, "#bring-in button").await
    };
    signs_in(page, &app, "shift1").await?;
    shows(page, "Sign out").await?;
    opens(page, &app, "/floor/records").await?;
    chooses(&wrong).await?;
    shows(page, "This file cannot be taken over as it is").await?;
    shows(page, "is not a whole number").await?;
    shows(page, "31.02.2026").await?;
    let marks = page.find_all(Locator::Css(".verdicts .mark.WRONG")).await.map_err(told)?;
    assert_eq!(marks.len(), 6, "three lines, before the others and among them");
    assert!(page.find(Locator::Css("#take")).await.is_err(), "nothing to press that would take it over");
    browser.screenshot(&pictures().join("desk-file-wrong.png")).await?;

    let mended = WRONG.replace("ten", "10").replace("31.02.2026", "2026-02-28").replace("904,,", "904,Northwind,");
    std::fs::write(&wrong, mended).map_err(|error| error.to_string())?;
    opens(page, &app, "/floor/records").await?;
    chooses(&wrong).await?;
    shows(page, "Every line can be taken over").await?;
    opens(page, &app, "/floor/orders?q=ORD-90").await?;
    shows(page, "No order fits").await?;
    opens(page, &app, "/floor/records").await?;
    clicks(page, "p.card a").await?;
    clicks(page, "#take button").await?;
    shows(page, "The file is taken over").await?;
    opens(page, &app, "/floor/orders?q=ORD-90").await?;
    shows(page, "ORD-904").await?;
    let rows = page.find_all(Locator::Css(".orders tbody tr")).await.map_err(told)?;
    assert_eq!(rows.len(), 4);
    browser.stop().await;
    app.end().await;
    Ok(())
}

async fn an_order_is_held_and_released_before_everybodys_eyes() -> Result<(), String> {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    app.user_of("shift1", Role::Supervisor, Some("Machining")).await;
    app.user("boss", Role::Admin).await;
    let (one, two) = (Browser::start().await?, Browser::start().await?);
    let (supervisor, admin) = (one.client(), two.client());
    signs_in(supervisor, &app, "shift1").await?;
    shows(supervisor, "Sign out").await?;
    opens(supervisor, &app, "/floor/orders?q=ORD-12345").await?;
    signs_in(admin, &app, "boss").await?;
    shows(admin, "Sign out").await?;
    opens(admin, &app, "/floor/orders?status=ON_HOLD").await?;
    is_live(admin).await?;
    clicks(supervisor, "td.title a").await?;
    unfolds(supervisor, "Hold the order").await?;
    types(supervisor, "#hold [name=reason]", "The customer asked to wait").await?;
    clicks(supervisor, "#hold button").await?;
    shows(supervisor, "The order is on hold").await?;
    shows(supervisor, "Held by hand").await?;
    shows(admin, "ORD-12345").await?; // in the list that did not have it
    shows(admin, "The customer asked to wait").await?;
    is_live(supervisor).await?;
    two.screenshot(&pictures().join("desk-order-held.png")).await?;
    let here = supervisor.current_url().await.map_err(told)?;
    opens(admin, &app, here.path()).await?;
    types(admin, "#release [name=reason]", "They want it now").await?;
    clicks(admin, "#release button").await?;
    shows(admin, "Your hold is released").await?;
    shows(supervisor, "Nothing holds it").await?;
    one.stop().await;
    two.stop().await;
    app.end().await;
    Ok(())
}
