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
    a_line_break_is_a_change,
    whoever_was_refused_does_not_take_a_shift_from_anybody,
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
    let admin = app.user_of("admin2", Role::Admin, Some("Office")).await.id;
    let page = format!("/people/{admin}");
    let (one, other) = (("role", "OPERATOR"), ("phone_number", "+12025550177"));
    all.push(Shared { action: page.clone(), page, one, other });
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

async fn a_line_break_is_a_change(backend: Backend) {
    let app = TestApp::start(backend).await;
    let boss = app.at_a_window("boss", Role::Admin).await.1;
    let worker = app.user_of("op7", Role::Operator, Some("Machining")).await.id.to_string();
    let note = "Check the coolant\nBring the gauge";
    boss.post("/floor/shifts/new", &[("person", &worker), ("starts_at", "2026-01-19T06:00"), ("note", note)]).await;
    let page = format!("/floor/shifts/{}", last(&app, "shifts").await);
    let form = boss.get(&page).await.form(&page).with("note", "Check the coolant\r\n\r\nBring the gauge");
    assert_eq!(boss.sends_form(&form).await.status, StatusCode::SEE_OTHER);
    let kept = &app.rows("SELECT note FROM shifts").await[0];
    assert_eq!(kept.try_get::<String>("", "note").expect("a note"), "Check the coolant\n\nBring the gauge");
    app.end().await;
}

/// Whose shift it was when the form was opened is not to be chosen any more when it is shown again.
async fn whoever_was_refused_does_not_take_a_shift_from_anybody(backend: Backend) {
    let app = TestApp::start(backend).await;
    let boss = app.at_a_window("boss", Role::Admin).await.1;
    let of = async |name| app.user_of(name, Role::Operator, Some("Machining")).await.id;
    let (first, second) = (of("op7").await, of("op8").await.to_string());
    let shift = [("person", &*first.to_string()), ("starts_at", "2026-01-19T06:00"), ("machine", "MACH-001")];
    boss.post("/floor/shifts/new", &shift).await;
    let page = format!("/floor/shifts/{}", last(&app, "shifts").await);
    let opened = boss.get(&page).await.form(&page);
    boss.sends_form(&opened.clone().with("person", &second)).await;
    boss.post(&format!("/people/{first}/deactivate"), &[]).await;
    let refused = boss.sends_form(&opened.with("machine", "MACH-999").with("note", "Bring the gauge")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text());
    let seen = boss.sends_form(&refused.form(&page).with("machine", "MACH-002")).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text());
    let now = boss.get(&page).await.form(&page);
    let is = |name: &str, value: &str| now.without(&[]).contains(&(name.to_owned(), value.to_owned()));
    assert!(is("person", &second) && is("machine", "MACH-002") && is("note", "Bring the gauge"), "{now:?}");
    app.end().await;
}
