//! Two people have the same form open. Whoever sends it last undoes nothing of what the other one changed.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::receiver::HERE;
use crate::support::window::{Seen, Window};
use andon::people::Role;
use reqwest::StatusCode;

facts!["pages::meanwhile":
    whoever_sends_a_form_last_undoes_nothing,
    a_form_that_was_refused_still_knows_what_its_sender_changed,
];

/// A form: its page and where it is sent; what one person changes in it, and what the other.
struct Shared {
    page: String,
    action: String,
    one: (&'static str, &'static str),
    other: (&'static str, &'static str),
}

impl Shared {
    fn of(made: &Seen, to: &str, one: (&'static str, &'static str), other: (&'static str, &'static str)) -> Self {
        let page = made.leads_to().split('?').next().unwrap_or_default().to_owned();
        assert!(page.starts_with('/'), "{}", made.text());
        Self { action: format!("{page}{to}"), page, one, other }
    }
}

/// The row of what was made last.
async fn last(app: &TestApp, table: &str) -> i64 {
    app.rows(&format!("SELECT MAX(id) AS id FROM {table}")).await[0].try_get("", "id").expect("a row")
}

/// One of each.
async fn forms(app: &TestApp, boss: &Window) -> Vec<Shared> {
    let worker = app.user_of("op7", Role::Operator, Some("Machining")).await.id.to_string();
    let order = [
        ("number", "ORD-900"),
        ("customer", "Plant 2"),
        ("product", "Gearbox"),
        ("quantity_ordered", "10"),
        ("starts_on", "2026-01-10"),
        ("due_on", "2026-02-10"),
        ("status", "PENDING"),
    ];
    let machine = [("number", "MACH-90"), ("name", "Saw"), ("location", "Hall 1"), ("department", "Machining")];
    let plan = [
        ("number", "PM-90"),
        ("machine", "MACH-001"),
        ("title", "Change the oil"),
        ("instructions", "Drain, \"rinse\" & fill\nTwice"),
        ("every_days", "90"),
        ("next_on", "2026-02-10"),
        ("responsible", worker.as_str()),
    ];
    let failure = [("procedure", "Torque check"), ("failure_type", "Skipped"), ("department", "Assembly")];
    let order = boss.post("/floor/orders/new", &order).await;
    let machine = boss.post("/floor/machines/new", &machine).await;
    let plan = boss.post("/floor/plans/new", &plan).await;
    let failure = boss.post("/floor/sop-failures/new", &failure).await;
    let mut all = vec![
        Shared::of(&order, "", ("product", "Gearbox GX-21"), ("quantity_completed", "4")),
        Shared::of(&machine, "", ("name", "Band saw"), ("location", "")),
        Shared::of(&plan, "", ("title", "Change all the oil"), ("next_on", "2026-03-01")),
        Shared::of(&failure, "/correct", ("procedure", "Torque check, twice"), ("failure_type", "")),
    ];
    let shift = [("person", worker.as_str()), ("starts_at", "2026-01-19T06:00"), ("machine", "MACH-001")];
    boss.post("/floor/shifts/new", &shift).await;
    let page = format!("/floor/shifts/{}", last(app, "shifts").await);
    all.push(Shared { action: page.clone(), page, one: ("note", "Bring the gauge"), other: ("machine", "") });
    let hook = [("url", "https://erp.plant.example/x"), ("events", "order.held"), ("events", "order.released")];
    boss.post("/settings/webhooks/new", &hook).await;
    let page = format!("/settings/webhooks/{}", last(app, "webhooks").await);
    all.push(Shared { action: page.clone(), page, one: ("description", "Planning"), other: ("events", "order.held") });
    all
}

async fn whoever_sends_a_form_last_undoes_nothing(backend: Backend) {
    let app = TestApp::with(backend, &[HERE]).await;
    let boss = app.at_a_window("boss", Role::Admin).await.1;
    for Shared { page, action, one, other } in forms(&app, &boss).await {
        let before = boss.get(&page).await.form(&action);
        for (name, value) in [one, other] {
            let seen = boss.sends_form(&before.clone().with(name, value)).await;
            assert_eq!(seen.status, StatusCode::SEE_OTHER, "{action} {name}: {}", seen.text());
        }
        let now = boss.get(&page).await.form(&action);
        let wanted = before.with(one.0, one.1).with(other.0, other.1);
        assert_eq!(now.without(&["was", "token"]), wanted.without(&["was", "token"]), "{action}");
    }
    app.end().await;
}

async fn a_form_that_was_refused_still_knows_what_its_sender_changed(backend: Backend) {
    let app = TestApp::with(backend, &[HERE]).await;
    let boss = app.at_a_window("boss", Role::Admin).await.1;
    for Shared { page, action, one, other } in forms(&app, &boss).await {
        let before = boss.get(&page).await.form(&action);
        let seen = boss.sends_form(&before.clone().with(one.0, one.1)).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{action}: {}", seen.text());
        let refused = boss.sends_form(&before.clone().with(other.0, other.1).with("token", "forged")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{action}");
        let seen = boss.sends_form(&refused.form(&action)).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{action}: {}", seen.text());
        let now = boss.get(&page).await.form(&action);
        let wanted = before.with(one.0, one.1).with(other.0, other.1);
        assert_eq!(now.without(&["was", "token"]), wanted.without(&["was", "token"]), "{action}");
    }
    app.end().await;
}
