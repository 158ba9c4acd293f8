//! Shifts and plans of preventive maintenance in the browser: seen by day and by what falls due, made, changed, done.

use super::harmless::{ATTACKS, is_harmless};
use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::floor_calendar":
    a_shift_is_planned_changed_and_taken_off,
    a_shift_begins_when_the_plants_clock_says,
    what_is_wrong_with_a_shift_is_told_beside_its_field,
    coming_shifts_are_found_by_machine_person_and_day,
    a_plan_is_added_done_changed_and_given_up,
    a_supervisor_changes_the_plans_of_their_department,
    plans_are_found_by_what_falls_due,
    both_are_for_admins_and_supervisors_and_forged_forms_do_nothing,
    what_is_written_in_them_does_nothing_in_a_page,
];

async fn supervisor(app: &TestApp, name: &str, department: &str) -> Window {
    app.user_of(name, Role::Supervisor, Some(department)).await;
    Window::of(app, name).await
}

fn shift<'a>(person: &'a str, starts_at: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("person", person), ("starts_at", starts_at), ("machine", "mach-001"), ("note", "Bring the gauge")]
}

/// A plan whose parts are this machine and this day.
fn plan<'a>(number: &'a str, machine: &'a str, next_on: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("number", number),
        ("machine", machine),
        ("title", "Change the hydraulic oil"),
        ("instructions", "Drain, rinse, fill"),
        ("every_days", "90"),
        ("next_on", next_on),
    ]
}

async fn a_shift_is_planned_changed_and_taken_off(backend: Backend) {
    let app = TestApp::start(backend).await;
    let window = supervisor(&app, "super1", "Machining").await;
    let worker = app.user_of("op7", Role::Operator, Some("Machining")).await;
    let person = worker.id.to_string();
    assert!(window.get("/floor/shifts").await.text().contains("No shift is planned from today on."));
    let seen = window.post("/floor/shifts/new", &shift(&person, "2026-01-19T06:00")).await;
    assert_eq!(seen.leads_to(), "/floor/shifts?done=shift_added", "{}", seen.text());
    let list = window.get("/floor/shifts").await;
    for says in ["2026-01-19", "in 1 d", "06:00", "op7", "MACH-001", "Bring the gauge"] {
        assert!(list.text().contains(says), "{says}: {}", list.text());
    }
    let path = list.html.split("class=\"title\"").nth(1).and_then(|rest| rest.split("href=\"").nth(1)).expect("a link");
    let path = path.split('"').next().expect("a path").to_owned();
    let form = window.get(&path).await;
    assert_eq!((form.value("starts_at"), form.value("machine")), (Some("2026-01-19T06:00"), Some("MACH-001")));
    let emptied = form.form(&path).with("starts_at", "2026-01-20T14:00").with("machine", "").with("note", "");
    let seen = window.sends_form(&emptied).await;
    assert_eq!(seen.leads_to(), "/floor/shifts?done=saved", "{}", seen.text());
    let list = window.get("/floor/shifts").await;
    assert!(list.text().contains("No machine") && !list.text().contains("Bring the gauge"), "{}", list.text());
    assert!(list.text().contains("14:00") && !list.text().contains("06:00"), "{}", list.text());
    let seen = window.post(&format!("{path}/delete"), &[]).await;
    assert_eq!(seen.leads_to(), "/floor/shifts?done=shift_deleted", "{}", seen.text());
    assert_eq!(window.get(&path).await.status, StatusCode::NOT_FOUND);
    let came = app.rows("SELECT name FROM events WHERE name LIKE 'shift.%' AND door = 'PAGE'").await;
    assert_eq!(came.len(), 3);
    app.end().await;
}

async fn a_shift_begins_when_the_plants_clock_says(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_TIMEZONE", "Europe/Madrid")]).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let person = admin.id.to_string();
    window.post("/floor/shifts/new", &shift(&person, "2026-01-19T00:30")).await;
    let (_, listed) = admin.get("/api/shifts/").await;
    assert_eq!(listed["results"][0]["starts_at"], "2026-01-18T23:30:00Z", "{listed}");
    let list = window.get("/floor/shifts?from=2026-01-19").await;
    assert!(list.text().contains("00:30") && list.text().contains("2026-01-19"), "{}", list.text());
    app.end().await;
}

async fn what_is_wrong_with_a_shift_is_told_beside_its_field(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let person = admin.id.to_string();
    let wrong = [("person", person.as_str()), ("starts_at", "soon"), ("machine", "MACH-999"), ("note", "Kept")];
    let seen = window.post("/floor/shifts/new", &wrong).await;
    assert!(seen.status == StatusCode::BAD_REQUEST && seen.value("machine") == Some("MACH-999"), "{}", seen.text());
    assert!(seen.text().contains("a date and a time") && seen.html.contains("Kept</textarea>"), "{}", seen.text());
    let unknown = [("person", person.as_str()), ("starts_at", "2026-01-19T06:00"), ("machine", "MACH-999")];
    let seen = window.post("/floor/shifts/new", &unknown).await;
    assert!(seen.text().contains("There is no machine with this number."), "{}", seen.text());
    let nobody = [("person", "999999"), ("starts_at", "2026-01-19T06:00")];
    let seen = window.post("/floor/shifts/new", &nobody).await;
    assert!(seen.text().contains("somebody who is active"), "{}", seen.text());
    for expected in [StatusCode::SEE_OTHER, StatusCode::CONFLICT] {
        let seen = window.post("/floor/shifts/new", &shift(&person, "2026-01-19T06:00")).await;
        assert_eq!(seen.status, expected, "a person begins at one moment once: {}", seen.text());
    }
    app.end().await;
}

async fn coming_shifts_are_found_by_machine_person_and_day(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let one = app.user_of("op1", Role::Operator, Some("Machining")).await;
    let two = app.user_of("op2", Role::Operator, Some("Machining")).await;
    for (person, machine, at) in [
        (&one, "MACH-001", "2026-01-18T06:00:00Z"),
        (&two, "MACH-002", "2026-01-18T22:00:00Z"),
        (&one, "MACH-001", "2026-01-21T06:00:00Z"),
        (&two, "MACH-001", "2026-01-17T06:00:00Z"),
    ] {
        let body = json!({"person": person.id, "machine": machine, "starts_at": at, "note": format!("shift {at}")});
        assert_eq!(admin.post("/api/shifts/", body).await.0, StatusCode::CREATED);
    }
    let found = async |query: &str| {
        let seen = window.get(&format!("/floor/shifts{query}")).await;
        assert_eq!(seen.status, StatusCode::OK, "{query}");
        seen.text().matches("shift 2026-01-").count()
    };
    for (query, count) in [
        (String::new(), 3), // from the beginning of this day on
        ("?from=2026-01-17".to_owned(), 4),
        ("?from=2026-01-19".to_owned(), 1),
        ("?machine=mach-002".to_owned(), 1),
        (format!("?person={}&machine=&from=", one.id), 2),
        (format!("?person={}&from=2026-01-20", two.id), 0),
    ] {
        assert_eq!(found(&query).await, count, "{query}");
    }
    assert!(window.get("/floor/shifts?machine=MACH-006").await.text().contains("No shift fits."));
    for nth in 0..60 {
        let at = format!("2026-02-01T{:02}:{:02}:00Z", nth / 6, nth % 6 * 10);
        let body = json!({"person": one.id, "starts_at": at, "note": format!("late {nth:02}")});
        assert_eq!(admin.post("/api/shifts/", body).await.0, StatusCode::CREATED);
    }
    let list = window.get("/floor/shifts").await;
    let next = list.html.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a page");
    let next = window.get(&next.replace("&#38;", "&").replace("&amp;", "&")).await;
    assert!(next.text().contains("late 59") && !next.text().contains("late 00"), "{}", next.text());
    app.end().await;
}

async fn a_plan_is_added_done_changed_and_given_up(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let person = admin.id.to_string();
    let mut new = plan("pm-001", "MACH-001", "2026-01-10");
    new.push(("responsible", &person));
    let seen = window.post("/floor/plans/new", &new).await;
    let path = seen.leads_to().split('?').next().expect("a path").to_owned();
    assert!(path.starts_with("/floor/plans/") && path != "/floor/plans/new", "{}", seen.text());
    let page = window.get(&path).await;
    for says in ["PM-001", "Change the hydraulic oil", "Overdue", "8 d ago", "90 d", "Not yet", "Machining", "boss"] {
        assert!(page.text().contains(says), "{says}: {}", page.text());
    }
    let again = window.post("/floor/plans/new", &new).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
    let wrong = window.post("/floor/plans/new", &[("number", "PM-2"), ("every_days", "often")]).await;
    assert!(wrong.value("every_days") == Some("often") && wrong.text().contains("from 1 to 3650"), "{}", wrong.text());

    let seen = window.post(&format!("{path}/done"), &[("done_on", "2026-01-19")]).await;
    assert!(seen.status == StatusCode::BAD_REQUEST && seen.text().contains("still to come"), "{}", seen.text());
    let seen = window.post(&format!("{path}/done"), &[("done_on", "2026-01-17"), ("comment", "The filter too")]).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=plan_done"), "{}", seen.text());
    let page = window.get(&path).await;
    assert!(page.text().contains("in 89 d") && page.text().contains("1 d ago"), "it moves on: {}", page.text());
    assert!(!page.text().contains("Overdue"), "{}", page.text());

    let changed = page.form(&path).with("machine", "MACH-002").with("next_on", "2026-03-01").with("instructions", "");
    let seen = window.sends_form(&changed.with("responsible", "")).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=saved"), "{}", seen.text());
    let page = window.get(&path).await;
    assert!(page.text().contains("MACH-002") && page.text().contains("Nothing is written"), "{}", page.text());
    assert!(page.text().contains("The department"), "nobody is responsible any more: {}", page.text());
    let seen = window.post(&format!("{path}/delete"), &[]).await;
    assert_eq!(seen.leads_to(), "/floor/plans?done=plan_deleted", "{}", seen.text());
    assert_eq!(window.get(&path).await.status, StatusCode::NOT_FOUND);
    app.end().await;
}

async fn a_supervisor_changes_the_plans_of_their_department(backend: Backend) {
    let app = TestApp::start(backend).await;
    let window = supervisor(&app, "super1", "Machining").await;
    let other = supervisor(&app, "super2", "Assembly").await;
    let seen = window.post("/floor/plans/new", &plan("PM-001", "MACH-004", "2026-02-01")).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "MACH-004 is Assembly's: {}", seen.text());
    assert_eq!(seen.value("number"), Some("PM-001"));
    let seen = window.post("/floor/plans/new", &plan("PM-001", "MACH-001", "2026-02-01")).await;
    let path = seen.leads_to().split('?').next().expect("a path").to_owned();
    let page = other.get(&path).await;
    assert!(page.text().contains("Its machine’s department takes care of it.") && !page.html.contains("/done\""));
    for form in ["", "/done", "/delete"] {
        let seen = other.post(&format!("{path}{form}"), &plan("", "MACH-004", "2026-02-01")).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{form}: {}", seen.text());
    }
    let taken = window.post(&path, &plan("", "MACH-004", "2026-02-01")).await;
    assert_eq!(taken.status, StatusCode::FORBIDDEN, "nor is it given away: {}", taken.text());
    assert_eq!(window.post(&format!("{path}/done"), &[]).await.status, StatusCode::SEE_OTHER);
    app.end().await;
}

async fn plans_are_found_by_what_falls_due(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    for (number, machine, next_on) in [
        ("PM-001", "MACH-001", "2026-01-17"),
        ("PM-002", "MACH-002", "2026-01-18"),
        ("PM-003", "MACH-001", "2026-02-10"),
        ("PM-004", "MACH-001", "2026-12-01"),
    ] {
        let body = json!({"number": number, "machine": machine, "title": format!("Job of {number}"), "every_days": 30,
            "next_on": next_on});
        assert_eq!(admin.post("/api/maintenance_plans/", body).await.0, StatusCode::CREATED);
    }
    let all = window.get("/floor/plans").await;
    assert!(all.text().contains("Overdue · 1 d ago") && all.text().contains("today"), "{}", all.text());
    for (query, count) in [
        ("", 4),
        ("?due_by=2026-01-17", 1),
        ("?due_by=2026-01-25", 2),
        ("?due_by=2026-02-17", 3),
        ("?machine=MACH-002", 1),
        ("?q=job+003", 1),
        ("?q=nothing", 0),
    ] {
        let seen = window.get(&format!("/floor/plans{query}")).await;
        assert_eq!(seen.text().matches("Job of PM-").count(), count, "{query}: {}", seen.text());
    }
    for day in ["2026-01-17", "2026-01-25", "2026-02-17"] {
        assert!(all.html.contains(&format!("due_by={day}")), "{day} is a filter");
    }
    for language in ["ar", "es", "fr", "pt", "en"] {
        window.post("/profile", &[("language", language)]).await;
        for path in [
            "/floor/plans",
            "/floor/plans/new",
            "/floor/shifts",
            "/floor/shifts/new",
            "/floor/sop-failures",
            "/floor/sop-failures/new",
            "/floor/plans/1",
        ] {
            assert!(!window.get(path).await.html.contains("pages."), "{language} {path}");
        }
    }
    app.end().await;
}

async fn both_are_for_admins_and_supervisors_and_forged_forms_do_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, boss) = app.at_a_window("boss", Role::Admin).await;
    let person = admin.id.to_string();
    let (shift, plan) = (shift(&person, "2026-01-19T06:00"), plan("PM-001", "MACH-001", "2026-02-01"));
    boss.post("/floor/shifts/new", &shift).await;
    boss.post("/floor/plans/new", &plan).await;
    let pages =
        ["/floor/shifts", "/floor/shifts/new", "/floor/shifts/1", "/floor/plans", "/floor/plans/new", "/floor/plans/1"];
    let forms: [(&str, &[(&str, &str)]); 7] = [
        ("/floor/shifts/new", &shift),
        ("/floor/shifts/1", &shift),
        ("/floor/shifts/1/delete", &[]),
        ("/floor/plans/new", &plan),
        ("/floor/plans/1", &plan),
        ("/floor/plans/1/done", &[]),
        ("/floor/plans/1/delete", &[]),
    ];
    for page in pages {
        assert_eq!(boss.get(page).await.status, StatusCode::OK, "{page}");
    }
    let before = app.count("events").await;
    for (path, fields) in forms {
        let all: Vec<(&str, &str)> = [("token", "forged")].into_iter().chain(fields.iter().copied()).collect();
        assert_eq!(boss.post_just(path, &all).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(app.count("events").await, before);
    for role in [Role::Operator, Role::Client, Role::Support] {
        let (_, window) = app.at_a_window(&role.as_str().to_lowercase(), role).await;
        for page in pages {
            assert_eq!(window.get(page).await.status, StatusCode::FORBIDDEN, "{role:?} {page}");
        }
        for (path, fields) in forms {
            assert_eq!(window.post(path, fields).await.status, StatusCode::FORBIDDEN, "{role:?} {path}");
        }
    }
    assert_eq!((app.count("shifts").await, app.count("maintenance_plans").await), (1, 1));
    app.end().await;
}

async fn what_is_written_in_them_does_nothing_in_a_page(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, boss) = app.at_a_window("boss", Role::Admin).await;
    let person = admin.id.to_string();
    for (nth, attack) in ATTACKS.iter().enumerate() {
        let at = format!("2026-01-19T0{nth}:00");
        let seen = boss.post("/floor/shifts/new", &[("person", &person), ("starts_at", &at), ("note", attack)]).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text());
        let number = format!("PM-{nth}{attack}");
        let mut new = plan(&number, "MACH-001", "2026-02-01");
        (new[2].1, new[3].1) = (attack, attack);
        let seen = boss.post("/floor/plans/new", &new).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text());
        let path = seen.leads_to().split('?').next().expect("a path").to_owned();
        is_harmless(&path, &boss.get(&path).await);
        for path in ["/floor/shifts/new", "/floor/plans/new"] {
            let typed =
                [("person", *attack), ("machine", *attack), ("note", *attack), ("title", attack), ("number", attack)];
            is_harmless(path, &boss.post(path, &typed).await);
        }
    }
    for path in ["/floor/shifts", "/floor/shifts/1", "/floor/plans"] {
        is_harmless(path, &boss.get(path).await);
    }
    app.end().await;
}
