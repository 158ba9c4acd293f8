//! SOP failures in the browser: reported, escalated, decided.

use super::harmless::{ATTACKS, is_harmless};
use crate::facts;
use crate::notifications::change;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::floor_sops":
    a_failure_is_reported_escalated_and_decided,
    a_failure_is_escalated_once_and_by_who_answers_for_it,
    what_is_wrong_with_a_report_is_told_beside_its_field,
    failures_are_found_by_what_is_asked,
    failures_are_for_admins_and_supervisors_and_forged_forms_do_nothing,
    what_is_written_in_a_failure_does_nothing_in_a_page,
];

const PHONE: &str = "+12025550103";
const REPORT: [(&str, &str); 4] = [
    ("procedure", "Torque check after assembly"),
    ("failure_type", "Step skipped"),
    ("department", "Assembly"),
    ("description", "The wrench was not calibrated."),
];

/// Somebody of a department with a window of their own.
async fn supervisor(app: &TestApp, name: &str, department: &str) -> Window {
    app.user_of(name, Role::Supervisor, Some(department)).await;
    Window::of(app, name).await
}

async fn reported(window: &Window) -> String {
    let seen = window.post("/floor/sop-failures/new", &REPORT).await;
    assert!(seen.leads_to().ends_with("?done=sop_reported"), "{}", seen.text());
    seen.leads_to().split('?').next().expect("a path").to_owned()
}

async fn a_failure_is_reported_escalated_and_decided(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, boss) = app.at_a_window("boss", Role::Admin).await;
    let dev = app.user("dev1", Role::Support).await;
    let window = supervisor(&app, "super1", "Assembly").await;
    let form = window.get("/floor/sop-failures/new").await;
    assert_eq!(form.value("department"), Some("Assembly"), "one's own department is there");
    let path = reported(&window).await;
    let page = window.get(&path).await;
    for says in ["Torque check after assembly", "Step skipped", "Assembly", "24h 00m", "Not escalated", "super1"] {
        assert!(page.text().contains(says), "{says}: {}", page.text());
    }
    let seen = window.post(&format!("{path}/escalate"), &[("reason", "The customer is on the phone")]).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=sop_escalated"), "{}", seen.text());
    app.settle().await;
    let told: Vec<String> = app.bubbles(PHONE).into_iter().map(|bubble| bubble.text).collect();
    let is_told =
        |text: &String| text.contains("SOP Failure Escalated") && text.contains("The customer is on the phone");
    assert!(told.iter().any(is_told), "every admin is told: {told:?}");
    let page = window.get(&path).await;
    assert!(page.text().contains("The customer is on the phone"), "the history has it: {}", page.text());
    assert!(!page.html.contains("/escalate\""), "once");
    assert!(boss.get("/floor/sop-failures?escalated=true").await.html.contains(&format!("href=\"{path}\"")));

    let worker = dev.id.to_string();
    let seen = window.post(&format!("{path}/assign"), &[("assigned_to", &worker)]).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=assign"), "{}", seen.text());
    let id = path.rsplit('/').next().expect("an id");
    for (what, body) in [("start_work", json!({})), ("finish_work", json!({"comment": "All were trained"}))] {
        assert!(dev.post(&format!("/api/tickets/{id}/{what}/"), body).await.0.is_success());
    }
    let seen = window.post(&format!("{path}/approve"), &[]).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=approve"), "{}", seen.text());
    let page = window.get(&path).await;
    assert!(page.text().contains("Closed") && page.text().contains("nothing for you to decide"), "{}", page.text());
    let came = app.rows("SELECT door FROM events WHERE name = 'sop_failure.escalated'").await;
    assert_eq!(came[0].try_get::<String>("", "door").expect("a door"), "PAGE");
    app.end().await;
}

async fn a_failure_is_escalated_once_and_by_who_answers_for_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let window = supervisor(&app, "super1", "Assembly").await;
    let other = supervisor(&app, "super2", "Forming").await;
    let path = reported(&window).await;
    let why = [("reason", "It is serious")];
    let page = other.get(&path).await;
    assert!(page.status == StatusCode::OK && !page.html.contains("/escalate\""), "{}", page.text());
    let seen = other.post(&format!("{path}/escalate"), &why).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "{}", seen.text());
    assert!(seen.text().contains("It is serious"), "what was typed is shown: {}", seen.text());
    assert_eq!(other.post(&format!("{path}/correct"), &REPORT).await.status, StatusCode::FORBIDDEN);
    assert_eq!(other.post(&format!("{path}/cancel"), &why).await.status, StatusCode::FORBIDDEN);
    let seen = window.post(&format!("{path}/escalate"), &[]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST, "without a reason: {}", seen.text());
    assert_eq!(window.post(&format!("{path}/escalate"), &why).await.status, StatusCode::SEE_OTHER);
    let again = window.post(&format!("{path}/escalate"), &why).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text().contains("escalated already"), "{}", again.text());
    assert_eq!(app.rows("SELECT id FROM events WHERE name = 'sop_failure.escalated'").await.len(), 1);
    // What is over is not escalated any more; and only an admin charges another department.
    let path = reported(&window).await;
    let corrected = [("procedure", "Torque check"), ("department", "Forming")];
    assert_eq!(window.post(&format!("{path}/correct"), &corrected).await.status, StatusCode::FORBIDDEN);
    let correct = format!("{path}/correct");
    let form = window.get(&path).await.form(&correct).with("procedure", "Torque check");
    let seen = window.sends_form(&form.with("failure_type", "").with("description", "")).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=saved"), "{}", seen.text());
    let page = window.get(&path).await;
    assert!(page.text().contains("Torque check") && !page.text().contains("Step skipped"), "{}", page.text());
    window.post(&format!("{path}/cancel"), &[("reason", "A mistake")]).await;
    let late = window.post(&format!("{path}/escalate"), &why).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
    app.end().await;
}

async fn what_is_wrong_with_a_report_is_told_beside_its_field(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, window) = app.at_a_window("boss", Role::Admin).await;
    let seen = window.post("/floor/sop-failures/new", &[("procedure", " "), ("department", "Assembly")]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.text().contains("Please fill this in.") && seen.value("department") == Some("Assembly"));
    let mut taken = REPORT.to_vec();
    taken.push(("reference", "SOP-999"));
    let seen = window.post("/floor/sop-failures/new", &taken).await;
    assert!(seen.status.is_client_error() && seen.value("reference") == Some("SOP-999"), "{}", seen.text());
    app.end().await;
}

async fn failures_are_found_by_what_is_asked(backend: Backend) {
    let app = TestApp::start(backend).await;
    let window = supervisor(&app, "super1", "Assembly").await;
    let path = reported(&window).await;
    let has = async |query: &str| {
        let seen = window.get(&format!("/floor/sop-failures{query}")).await;
        assert_eq!(seen.status, StatusCode::OK, "{query}");
        (seen.html.contains(&format!("href=\"{path}\"")), seen.text().contains("SOP-999"))
    };
    for (query, found) in [
        ("", (true, true)),
        ("?q=torque+after", (true, false)),
        ("?q=sop-999", (false, true)),
        ("?department=Assembly&status=NEW", (true, false)),
        ("?status=CLOSED", (false, false)),
        ("?escalated=true", (false, false)),
        ("?escalated=false", (true, true)),
    ] {
        let (is_there, is_demo) = has(query).await;
        assert_eq!(is_there, found.0, "{query}");
        if query != "?department=Assembly&status=NEW" {
            assert_eq!(is_demo, found.1, "{query}");
        }
    }
    let first = path.clone();
    for _ in 0..51 {
        reported(&window).await;
    }
    let list = window.get("/floor/sop-failures?department=Assembly").await;
    assert!(!list.html.contains(&format!("href=\"{first}\"")), "fifty of a page");
    let next = list.html.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a page");
    let next = window.get(&next.replace("&amp;", "&").replace("&#38;", "&")).await;
    assert!(next.html.contains(&format!("href=\"{first}\"")) && next.html.contains("rel=\"prev\""), "{}", next.text());
    assert_eq!(window.get("/floor/sop-failures?status=LOST").await.status, StatusCode::BAD_REQUEST);
    app.end().await;
}

async fn failures_are_for_admins_and_supervisors_and_forged_forms_do_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, boss) = app.at_a_window("boss", Role::Admin).await;
    let path = reported(&boss).await;
    let pages = ["/floor/sop-failures", "/floor/sop-failures/new", &path];
    let (escalate, correct, cancel) = (format!("{path}/escalate"), format!("{path}/correct"), format!("{path}/cancel"));
    let forms: [(&str, &[(&str, &str)]); 4] = [
        ("/floor/sop-failures/new", &REPORT),
        (&escalate, &[("reason", "Forged")]),
        (&correct, &REPORT),
        (&cancel, &[("reason", "Forged")]),
    ];
    for role in [Role::Operator, Role::Client, Role::Support] {
        let (_, window) = app.at_a_window(&role.as_str().to_lowercase(), role).await;
        for page in pages {
            assert_eq!(window.get(page).await.status, StatusCode::FORBIDDEN, "{role:?} {page}");
        }
        for (path, fields) in forms {
            assert_eq!(window.post(path, fields).await.status, StatusCode::FORBIDDEN, "{role:?} {path}");
        }
    }
    let before = (app.count("events").await, app.count("ticket_history").await);
    for (path, fields) in forms {
        let all: Vec<(&str, &str)> = [("token", "forged")].into_iter().chain(fields.iter().copied()).collect();
        assert_eq!(boss.post_just(path, &all).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!((app.count("events").await, app.count("ticket_history").await), before);
    assert_eq!(boss.post(&format!("{path}/explode"), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(boss.get("/floor/sop-failures/999999").await.status, StatusCode::NOT_FOUND);
    app.end().await;
}

async fn what_is_written_in_a_failure_does_nothing_in_a_page(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, boss) = app.at_a_window("boss", Role::Admin).await;
    for attack in ATTACKS {
        let typed = [("procedure", attack), ("failure_type", attack), ("department", attack), ("description", attack)];
        let seen = boss.post("/floor/sop-failures/new", &typed).await;
        let path = seen.leads_to().split('?').next().expect("a path").to_owned();
        boss.post(&format!("{path}/escalate"), &[("reason", attack)]).await;
        let page = boss.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", seen.text());
        is_harmless(&path, &page);
        let mut refused = typed.to_vec();
        refused.push(("reference", attack));
        is_harmless("refused", &boss.post("/floor/sop-failures/new", &refused).await);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("q", attack).append_pair("department", attack).finish();
        is_harmless("list", &boss.get(&format!("/floor/sop-failures?{query}")).await);
    }
    let all = ATTACKS.join(" ").replace('\'', "''");
    change(&app, &format!("UPDATE people SET name = '{all}' WHERE username = 'boss'")).await;
    is_harmless("list", &boss.get("/floor/sop-failures").await);
    app.end().await;
}
