//! The desk in real browsers: signing in with a second factor, tickets walked through by two people, live, one of them
//! from a message on WhatsApp, and a message that did not arrive, mended.

use super::factor;
use super::hands::{clicks, is_live, opens, pictures, shows, signs_in, told, types, unfolds};
use crate::block_on;
use crate::notifications::change;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::browser::Browser;
use crate::support::databases::Backend;
use andon::people::Role;
use andon::simulator::{Faults, Incoming, Rule, SendFault, Side};
use fantoccini::Locator;
use libtest_mimic::Trial;
use serde_json::json;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("pages::walked::two_people_walk_a_ticket_through_live", || {
            block_on(two_people_walk_a_ticket_through_live()).map_err(Into::into)
        }),
        Trial::test("pages::walked::a_report_by_whatsapp_is_walked_to_its_approval_by_two_people", || {
            block_on(a_report_by_whatsapp_is_walked_to_its_approval_by_two_people()).map_err(Into::into)
        }),
        Trial::test("pages::walked::a_message_that_did_not_arrive_is_mended", || {
            block_on(a_message_that_did_not_arrive_is_mended()).map_err(Into::into)
        }),
    ]
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
    opens(support, &app, "/profile").await?;
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
    opens(support, &app, "/tickets").await?;
    shows(support, "Nothing is open").await?;

    // The client raises a ticket, the admin gives it away, and both see what the other does without reloading.
    signs_in(client, &app, "client1").await?;
    shows(client, "Tickets").await?;
    opens(client, &app, "/tickets").await?;
    clicks(client, "a[href='/tickets/new']").await?;
    types(client, "[name=title]", "Payments fail").await?;
    types(client, "[name=description]", "Since noon, every card.").await?;
    types(client, "[name=project_name]", "Shop").await?;
    clicks(client, "#raise button").await?;
    shows(client, "Your ticket is there").await?;
    let id = crate::attachments::newest_ticket(&app).await;
    is_live(client).await?;
    is_live(support).await?;
    boss.post(&format!("/api/tickets/{id}/assign/"), json!({"assigned_to": dev.id})).await;
    shows(support, "Payments fail").await?; // in the list that was empty
    clicks(support, "td.title a").await?;
    clicks(support, "#start_work button").await?;
    shows(support, "The work has begun").await?;
    shows(client, "In progress").await?;
    unfolds(support, "Finish").await?;
    types(support, "#finish_work [name=comment]", "It runs again").await?;
    clicks(support, "#finish_work button").await?;
    shows(support, "The requester has the word").await?;
    shows(client, "Waiting for approval").await?;
    unfolds(client, "Approve").await?;
    clicks(client, "#approve button").await?;
    shows(client, "The ticket is closed").await?;
    shows(support, "Closed").await?;
    one.screenshot(&pictures().join("desk-ticket-closed.png")).await?;
    one.stop().await;
    two.stop().await;
    app.end().await;
    Ok(())
}

async fn a_report_by_whatsapp_is_walked_to_its_approval_by_two_people() -> Result<(), String> {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    app.user_of("shift1", Role::Supervisor, Some("Machining")).await;
    app.user("dev1", Role::Support).await;
    let (one, two) = (Browser::start().await?, Browser::start().await?);
    let (supervisor, support) = (one.client(), two.client());
    signs_in(supervisor, &app, "shift1").await?;
    shows(supervisor, "Sign out").await?;
    opens(supervisor, &app, "/tickets?kind=MAINTENANCE&status=NEW").await?;
    shows(supervisor, "No ticket fits").await?;
    signs_in(support, &app, "dev1").await?;
    shows(support, "Nothing needs you right now").await?;
    is_live(supervisor).await?;
    is_live(support).await?;

    let phone = number(OPERATOR);
    for text in ["hi", "3", "MACH-002", "Hydraulic", "High"] {
        app.simulator().send(Incoming::text(&phone, text)).await;
    }
    shows(supervisor, "MAINT-").await?; // in the list that was empty
    clicks(supervisor, "td.title a").await?;
    unfolds(supervisor, "Give it to somebody").await?;
    let dev = "//form[@id='assign']//label[contains(., 'dev1')]";
    supervisor.find(Locator::XPath(dev)).await.map_err(told)?.click().await.map_err(told)?;
    clicks(supervisor, "#assign button").await?;
    shows(supervisor, "The ticket has somebody to work on it").await?;
    is_live(supervisor).await?;

    opens(support, &app, "/tickets").await?;
    clicks(support, "td.title a").await?;
    clicks(support, "#start_work button").await?;
    shows(support, "The work has begun").await?;
    shows(supervisor, "In progress").await?;
    is_live(support).await?;
    types(supervisor, "#add_comment [name=comment]", "The spare part lies in hall 2").await?;
    clicks(supervisor, "#add_comment button").await?;
    shows(support, "The spare part lies in hall 2").await?;
    unfolds(support, "Finish").await?;
    types(support, "#finish_work [name=comment]", "A new valve is in").await?;
    clicks(support, "#finish_work button").await?;
    shows(support, "The requester has the word").await?;
    shows(supervisor, "A new valve is in").await?;
    is_live(support).await?;
    unfolds(supervisor, "Approve").await?;
    clicks(supervisor, "#approve button").await?;
    shows(supervisor, "The ticket is closed").await?;
    shows(support, "Closed").await?;
    let told = app.simulator().transcript(&phone).into_iter().filter(|bubble| bubble.side == Side::In);
    let told: Vec<String> = told.map(|bubble| bubble.text).collect();
    assert!(told.iter().any(|text| text.contains("MAINT-")), "who reported it is told its number: {told:?}");
    one.stop().await;
    two.stop().await;
    app.end().await;
    Ok(())
}

async fn a_message_that_did_not_arrive_is_mended() -> Result<(), String> {
    const PHONE: &str = "+12025550105";
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    let (boss, client) = (app.user("boss", Role::Admin).await, app.user("client1", Role::Client).await);
    // The client alone is told outside of the desk.
    change(&app, "UPDATE people SET is_active = FALSE WHERE role = 'ADMIN' AND username IS NULL").await;
    change(&app, &format!("UPDATE addresses SET person_id = {} WHERE value = '{PHONE}'", client.id)).await;
    let browser = Browser::start().await?;
    let page = browser.client();
    signs_in(page, &app, "boss").await?;
    shows(page, "Now").await?;
    is_live(page).await?;
    let (_, ticket) = client.post("/api/tickets/", crate::tickets::incident()).await;
    let sends = Some(Rule { next: 1, fault: SendFault::Refuse { code: 63005 } });
    app.simulator().set_faults(Faults { sends, ..Faults::default() }).await?;
    boss.post(&format!("/api/tickets/{}/open_ticket/", ticket["id"]), json!({})).await;
    shows(page, "Did not arrive").await?; // by itself
    clicks(page, "[aria-labelledby=now-failed] li a").await?;
    shows(page, "did not accept the message").await?;
    shows(page, "Failed").await?;
    browser.screenshot(&pictures().join("desk-story-failed.png")).await?;
    clicks(page, "form[action$='/retry'] button").await?;
    shows(page, "It is sent again").await?;
    shows(page, "2. twilio: ACCEPTED").await?;
    let arrived = app.simulator().transcript(&number(PHONE));
    assert!(arrived.iter().any(|bubble| bubble.side == Side::In), "it is on the phone: {arrived:?}");
    opens(page, &app, "/now").await?;
    let now = page.source().await.map_err(told)?;
    assert!(!now.contains("Did not arrive"), "nothing is left to be mended");
    browser.stop().await;
    app.end().await;
    Ok(())
}
