//! The weekly summary: who wants it gets a letter on Monday at seven by the plant's clock, once, with the reports' numbers.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::user::User;
use crate::support::window::Window;
use andon::people::Role;
use andon::server::Server;
use andon::worker;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;
use std::collections::BTreeMap;

facts!["summaries":
    who_wants_it_gets_it_on_monday_at_seven_once_with_the_numbers_of_the_reports,
    who_has_no_right_or_no_address_gets_none,
];

/// A plant in Berlin; every test begins there on a Sunday at half past three.
const PLANT: [(&str, &str); 3] = [
    ("EMAIL_FROM", "Andon <andon@example.com>"),
    ("ANDON_TIMEZONE", "Europe/Berlin"),
    ("ANDON_PUBLIC_URL", "https://andon.example.com"),
];
const PREFERENCES: &str = "/api/notifications/preferences/";
const WEEK: &str = "from=2026-01-12&until=2026-01-18";

/// Lets what fell due be told.
async fn remind(server: &Server) {
    worker::remind(&server.app).await.expect("the database answers");
}

/// How many summaries there were so far.
async fn drawn_up(app: &TestApp) -> i64 {
    app.count("events WHERE name = 'summary.drawn_up'").await
}

/// The summaries that left by now, by mailbox: how many each got, and the last one's text.
async fn letters(app: &TestApp) -> BTreeMap<String, (usize, String)> {
    app.settle().await;
    let mut letters: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for letter in app.simulator().letters().into_iter().filter(|letter| letter.subject.starts_with("The week from")) {
        let entry = letters.entry(letter.to).or_default();
        *entry = (entry.0 + 1, letter.text);
    }
    letters
}

/// A row of a report as programs read it.
async fn row(window: &Window, page: &str, id: &str, first: &str) -> Vec<String> {
    let seen = window.get(&format!("{page}?{WEEK}&csv={id}")).await;
    let row = seen.html.lines().find(|line| line.starts_with(&format!("{first},")));
    row.expect("a row").split(',').map(str::to_owned).collect()
}

/// What happens at the plant this Sunday: an incident that is answered for and solved, and a broken machine.
async fn work(app: &TestApp, boss: &User) {
    let (client, dev) = (app.user("client1", Role::Client).await, app.user("dev1", Role::Support).await);
    let body = json!({"project_name": "Shop", "title": "It fails", "description": "Again", "priority": "HIGH",
        "category": "BUG"});
    let id = client.post("/api/tickets/", body).await.1["id"].as_i64().expect("a ticket");
    app.clock.advance(TimeDelta::minutes(20));
    let due = (app.clock.now() + TimeDelta::minutes(30)).to_rfc3339();
    for (who, what, body) in [
        (boss, "open_ticket", json!({})),
        (boss, "assign", json!({"assigned_to": dev.id, "resolution_due_at": due})),
        (&dev, "start_work", json!({})),
    ] {
        let (status, told) = who.post(&format!("/api/tickets/{id}/{what}/"), body).await;
        assert!(status.is_success(), "{what}: {told}");
    }
    app.clock.advance(TimeDelta::minutes(40));
    let (status, told) = dev.post(&format!("/api/tickets/{id}/finish_work/"), json!({"comment": "Done"})).await;
    assert!(status.is_success(), "{told}");
    for text in ["hi", "3", "MACH-001", "1", "1"] {
        app.says(OPERATOR, text).await;
    }
}

async fn who_wants_it_gets_it_on_monday_at_seven_once_with_the_numbers_of_the_reports(backend: Backend) {
    let mut app = TestApp::with(backend, &PLANT).await;
    let (boss, window) = app.at_a_window("boss", Role::Admin).await;
    let lead = app.user_of("lead", Role::Supervisor, Some("Forming")).await;
    work(&app, &boss).await;
    let page = window.get("/profile").await;
    let says = "Each Monday from seven, the plant’s time, last week is compared with the week before and sent to \
                boss@example.com.";
    assert!(page.text().contains(says) && page.html.contains("Send it to me"), "{}", page.text());
    let chosen = window.post("/profile/summary", &[("weekly_summary", "true")]).await;
    assert_eq!(chosen.leads_to(), "/profile?done=summary_on", "{}", chosen.text());
    let page = window.get(chosen.leads_to()).await;
    assert!(page.text().contains("From next Monday on") && page.html.contains("Send it no longer"), "{}", page.text());
    let (status, own) = lead.patch(PREFERENCES, json!({"weekly_summary": true})).await;
    assert_eq!((status, &own["weekly_summary"]), (StatusCode::OK, &json!(true)), "{own}");
    // Quiet hours hold back what comes unasked.
    lead.patch(PREFERENCES, json!({"quiet_hours": "20:00-09:00", "low": []})).await;

    app.clock.advance(
        "2026-01-19T05:59:59Z".parse::<chrono::DateTime<chrono::Utc>>().expect("an instant") - app.clock.now(),
    );
    remind(&app.server).await;
    assert_eq!(drawn_up(&app).await, 0, "it is a second too early");
    app.clock.advance(TimeDelta::seconds(1));
    // A file is one process's; where processes share a database, another one looks at the same moment.
    let beside = if backend == Backend::Sqlite { None } else { Some(app.process_beside(&PLANT[1..2]).await) };
    let second = beside.as_ref().unwrap_or(&app.server);
    tokio::join!(remind(&app.server), remind(second));
    assert_eq!(drawn_up(&app).await, 2);
    if let Some(beside) = beside {
        beside.stop().await.expect("it stops");
    }
    let told = letters(&app).await;
    assert_eq!(
        told.iter().map(|(to, (n, _))| (to.as_str(), *n)).collect::<Vec<_>>(),
        [("boss@example.com", 1), ("lead@example.com", 1)]
    );
    let (of_boss, of_lead) = (&told["boss@example.com"].1, &told["lead@example.com"].1);
    let window = Window::of(&app, "boss").await;
    let all = row(&window, "/reports", "by_kind", "All").await;
    assert!(all[1] != "0" && all[1..] != ["0"; 4], "{all:?}: the test says something");
    let kept = |row: &[String]| format!("Deadlines kept: {} (0)\nDeadlines broken: {} (0)", row[1], row[2]);
    let response = row(&window, "/reports/sla", "sla_response", "Incident").await;
    let resolution = row(&window, "/reports/sla", "sla_resolution", "Incident").await;
    let times = row(&window, "/reports/times", "response", "Incident").await;
    let messages = row(&window, "/reports/messages", "by_channel", "twilio").await;
    let open = app.count("tickets WHERE status NOT IN ('CLOSED', 'CANCELLED')").await;
    let on_hold = app.count("orders WHERE status = 'ON_HOLD'").await;
    for expected in [
        "From 2026-01-12 to 2026-01-18. In brackets stands the week before.".to_owned(),
        format!("Tickets\nIn: {} ({})\nOut: {} ({})\nOpen now: {open}\n", all[1], all[2], all[3], all[4]),
        format!("Nine in ten within: 0h {:0>2}m (–)", times[3]), // what came with the demo was answered at once
        kept(&response),
        kept(&resolution),
        format!("Orders on hold now: {on_hold}\n"),
        format!("Received: {} ({})", messages[1], messages[2]),
        "Conversations completed: 1 (0)".to_owned(),
        format!("/reports?{WEEK}\n"), // at the address of the process that wrote it
    ] {
        assert!(of_boss.contains(&expected), "{expected} is not in {of_boss}");
    }
    assert!(of_lead.contains("Department: Forming") && !of_lead.contains("Messages"), "{of_lead}");
    let of_forming = row(&Window::of(&app, "lead").await, "/reports", "by_kind", "All").await;
    assert!(of_lead.contains(&format!("Tickets\nIn: {} (0)", of_forming[1])), "{of_forming:?}: {of_lead}");
    assert_ne!(of_forming[1], all[1], "the broken machine and the incident are not theirs to answer for");
    // From the report at 16:30 in Berlin on, to the week's end.
    assert!(of_boss.contains("Time that machines were down: ") && !of_boss.contains("down: 0h 00m ("), "{of_boss}");
    assert_eq!(app.count("deliveries WHERE words = 'summary.drawn_up' AND medium <> 'email'").await, 0);

    remind(&app.server).await;
    app = app.restart(&PLANT).await;
    remind(&app.server).await;
    assert_eq!(drawn_up(&app).await, 2, "once, also after a restart");
    // Off for a fortnight, and over a Monday: only the newest is told, on a Wednesday.
    let stopped = Window::of(&app, "boss").await.post("/profile/summary", &[("weekly_summary", "false")]).await;
    assert_eq!(stopped.leads_to(), "/profile?done=summary_off", "{}", stopped.text());
    app.clock.advance(TimeDelta::days(16));
    app = app.restart(&PLANT).await;
    remind(&app.server).await;
    let told = letters(&app).await;
    assert_eq!(told.keys().collect::<Vec<_>>(), ["lead@example.com"], "who wants it no longer gets none");
    assert!(told["lead@example.com"].1.contains("From 2026-01-26 to 2026-02-01."), "{told:?}");
    assert_eq!(drawn_up(&app).await, 3);
    app.end().await;
}

async fn who_has_no_right_or_no_address_gets_none(backend: Backend) {
    let app = TestApp::with(backend, &PLANT).await;
    let (boss, second) = (app.user("boss", Role::Admin).await, app.user("second", Role::Admin).await);
    let (lead, gone) = (app.user("lead", Role::Supervisor).await, app.user("gone", Role::Supervisor).await);
    let (dev, of_dev) = app.at_a_window("dev1", Role::Support).await;
    for who in [&boss, &second, &lead, &gone] {
        let (status, told) = who.patch(PREFERENCES, json!({"weekly_summary": true})).await;
        assert_eq!(status, StatusCode::OK, "{told}");
    }
    let (status, refused) = dev.patch(PREFERENCES, json!({"weekly_summary": true})).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
    assert!(!of_dev.get("/profile").await.html.contains("/profile/summary"));
    let posted = of_dev.post("/profile/summary", &[("weekly_summary", "true")]).await;
    assert_eq!(posted.status, StatusCode::FORBIDDEN);

    for (who, change) in [(&lead, json!({"role": "SUPPORT"})), (&second, json!({"email": ""}))] {
        let (status, told) = boss.patch(&format!("/api/users/{}/", who.id), change).await;
        assert!(status.is_success(), "{told}");
    }
    let (status, told) = boss.post(&format!("/api/users/{}/deactivate/", gone.id), json!({})).await;
    assert!(status.is_success(), "{told}");
    app.clock.advance(TimeDelta::days(1));
    remind(&app.server).await;
    assert_eq!(app.count("notice_preferences WHERE summary_on = '2026-01-19'").await, 4, "nobody is looked at again");
    let told = letters(&app).await;
    assert_eq!(told.keys().collect::<Vec<_>>(), ["boss@example.com"], "{told:?}");
    let window = Window::of(&app, "second").await;
    let page = window.get("/profile").await;
    assert!(page.text().contains("there is no e-mail address of yours here"), "{}", page.text());
    let refused = window.post("/profile/summary", &[("weekly_summary", "true")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);

    let app = app.restart(&[]).await;
    let page = Window::of(&app, "boss").await.get("/profile").await;
    assert!(page.text().contains("Andon sends no e-mails here"), "{}", page.text());
    app.end().await;
}
