//! How Andon runs, as admins see it: its state, what happened, and what they have it do.

use super::Stage;
use super::harmless::{ATTACKS, is_harmless};
use crate::facts;
use crate::support::databases::Backend;
use andon::kit::Error;
use andon::pulse::Job;
use andon::worker::chores;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::settings":
    the_state_shows_channels_and_what_waits,
    the_system_shows_what_waits_and_how_jobs_went,
    what_happened_is_listed_and_narrowed,
    what_happened_does_nothing_in_a_page,
    what_an_admin_asks_for_is_done_once_and_told,
    a_backup_is_taken_or_the_command_for_it_is_told,
];

async fn the_state_shows_channels_and_what_waits(backend: Backend) {
    let stage = Stage::set(backend).await;
    let shown = stage.admin.1.get("/settings/state").await;
    assert_eq!(shown.status, StatusCode::OK);
    let text = shown.text();
    for says in ["twilio Well", "Messages that wait", "To the rules"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    stage.app.server.app.health.goes_red("twilio", stage.app.clock.now(), stage.app.clock.now(), "Give it a token.");
    let shown = stage.admin.1.get("/settings/state").await;
    assert!(shown.text().contains("twilio Out") && shown.text().contains("Give it a token."), "{}", shown.text());
    stage.app.end().await;
}

async fn the_system_shows_what_waits_and_how_jobs_went(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (window, app) = (&stage.admin.1, &stage.app.server.app);
    stage.app.settle().await;
    let raised = crate::tickets::incident();
    stage.client.0.post("/api/tickets/", raised).await;
    let open = stage.app.count("events WHERE handled_at IS NULL").await;
    assert!(open > 0, "somebody is still to be told");
    let system = async || window.get("/settings/system").await.text();
    let seen = system().await;
    let told = format!("people are still to be told of {open} just now");
    assert!(seen.contains(&told) && seen.contains("Messages still to be sent 0 –"), "{told}: {seen}");
    assert!(seen.contains("Counts for the reports not yet"), "{seen}");
    stage.app.settle().await;
    assert!(system().await.contains("people are still to be told of 0 –"));

    let wrong = || Err::<(), _>(Error::unavailable("The disk is full."));
    app.ran(Job::Figures, wrong());
    stage.app.clock.advance(TimeDelta::minutes(10));
    app.ran(Job::Figures, wrong());
    app.ran(Job::Prices, Ok(()));
    let seen = system().await;
    assert!(seen.contains("Counts for the reports just now Fails since 10 min ago The disk is full."), "{seen}");
    assert!(seen.contains("Asks what messages cost just now Fine"), "{seen}");
    app.ran(Job::Figures, Ok(()));
    assert!(system().await.contains("Counts for the reports just now Fine"));
    stage.app.end().await;
}

async fn what_happened_is_listed_and_narrowed(backend: Backend) {
    let stage = Stage::set(backend).await;
    stage.admin.0.post(&format!("/api/tickets/{}/open_ticket/", stage.ticket), json!({})).await;
    let all = stage.admin.1.get("/settings/audit").await;
    let ticket = format!("href=\"/tickets/{}\"", stage.ticket);
    assert!(all.text().contains("ticket.opened") && all.html.contains(&ticket), "{}", all.text());
    let opened = stage.admin.1.get("/settings/audit?name=ticket.opened&door=API&since=&until=").await;
    assert!(opened.text().contains("ticket.opened") && !opened.text().contains("ticket.created"), "{}", opened.text());
    let none = stage.admin.1.get("/settings/audit?name=ticket.opened&door=CHAT").await;
    assert!(none.text().contains("Nothing like that happened."), "{}", none.text());
    let wrong = stage.admin.1.get("/settings/audit?door=WINDOW").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    for _ in 0..60 {
        let comment = json!({"comment": "Again"});
        stage.admin.0.post(&format!("/api/tickets/{}/add_comment/", stage.ticket), comment).await;
    }
    let first = stage.admin.1.get("/settings/audit?name=ticket.commented").await;
    let next = first.html.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let next = next.expect("there are more").replace("&#38;", "&");
    let second = stage.admin.1.get(&next).await;
    let shown = |html: &str| html.matches("<code dir=\"ltr\">ticket.commented").count();
    assert_eq!(shown(&first.html) + shown(&second.html), 60);
    stage.app.end().await;
}

async fn what_happened_does_nothing_in_a_page(backend: Backend) {
    let stage = Stage::set(backend).await;
    for attack in ATTACKS {
        stage.client.0.post(&format!("/api/tickets/{}/add_comment/", stage.ticket), json!({"comment": attack})).await;
    }
    let seen = stage.admin.1.get("/settings/audit").await;
    is_harmless("/settings/audit", &seen);
    stage.app.end().await;
}

async fn what_an_admin_asks_for_is_done_once_and_told(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (window, app) = (&stage.admin.1, &stage.app.server.app);
    let forged = window.post_just("/settings/system/examine", &[("token", "forged")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(window.post("/settings/system/dance", &[]).await.status, StatusCode::NOT_FOUND);
    let asked = window.post("/settings/system/examine", &[]).await;
    assert_eq!(asked.leads_to(), "/settings/system?done=asked");
    assert!(window.get("/settings/system").await.text().contains("Under way"));
    let again = window.post("/settings/system/examine", &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "one at a time");
    assert_eq!(chores::once(app).await.expect("done"), 1);
    assert_eq!(chores::once(app).await.expect("done"), 0, "once is enough");
    let told = window.get("/settings/system").await;
    assert!(told.text().contains("What was found") && told.text().contains(app.db.name()), "{}", told.text());
    assert_eq!(stage.app.count("chores").await, 1);
    stage.app.end().await;
}

async fn a_backup_is_taken_or_the_command_for_it_is_told(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    window.post("/settings/system/back-up", &[]).await;
    chores::once(&stage.app.server.app).await.expect("done");
    let told = window.get("/settings/system").await.text();
    match backend {
        Backend::Sqlite => {
            let folder = stage.app.server.app.settings.data_dir.join("backups");
            let files = std::fs::read_dir(&folder).expect("a folder").count();
            assert_eq!(files, 1);
            assert!(told.contains("backups/andon-") && told.contains(" MB"), "{told}");
        }
        Backend::Postgres => assert!(told.contains("pg_dump"), "{told}"),
        Backend::MariaDb => assert!(told.contains("mariadb-dump"), "{told}"),
    }
    stage.app.end().await;
}
