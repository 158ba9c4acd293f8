//! What Andon goes by, changed at the desk: it holds at once, everywhere, and no longer than wanted.

use super::Stage;
use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use andon::config::Rules;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::StatusCode;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

facts!["pages::rules":
    new_tickets_get_the_deadlines_that_the_desk_says_in_every_process,
    the_environment_holds_until_the_desk_says_otherwise,
    what_is_wrong_is_told_beside_its_field_and_changes_nothing,
    whoever_saw_an_older_rule_is_told_and_changes_nothing,
];

/// Deadlines as they are typed: first answers, then solutions, each high, medium, low.
fn figures(figures: [&'static str; 6]) -> [(&'static str, &'static str); 6] {
    let names = ["answer_high", "answer_medium", "answer_low", "solution_high", "solution_medium", "solution_low"];
    std::array::from_fn(|nth| (names[nth], figures[nth]))
}

/// In how many minutes a ticket must be opened.
fn answer_within(ticket: &Value) -> i64 {
    let at = |field: &str| ticket[field].as_str().and_then(|at| at.parse::<andon::kit::Instant>().ok());
    let (made, due) = (at("created_at").expect("an instant"), at("response_due_at").expect("a deadline"));
    (due - made).num_minutes()
}

async fn new_tickets_get_the_deadlines_that_the_desk_says_in_every_process(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (app, window, client) = (&stage.app, &stage.admin.1, &stage.client.0);
    let other = if backend == Backend::Sqlite { None } else { Some(app.process_beside(&[]).await) };
    let raise = || async { client.post("/api/tickets/", crate::tickets::incident()).await.1 };
    let before = raise().await;
    let saved = window.post("/settings/rules/deadlines_incident", &figures(["20", "60", "600", "2", "8", "72"])).await;
    assert_eq!(saved.leads_to(), "/settings/rules?done=rule_changed");
    let after = raise().await;
    assert_eq!(before["priority"], after["priority"]);
    let usual = answer_within(&before);
    let (nth, wanted) = match usual {
        30 => (0, 20),
        120 => (1, 60),
        _ => (2, 600),
    };
    assert_eq!(answer_within(&after), wanted);
    let due = after["resolution_due_at"].as_str().and_then(|at| at.parse::<andon::kit::Instant>().ok());
    assert_eq!(due.map(|due| due - app.clock.now()), Some(TimeDelta::hours([2, 8, 72][nth])));
    let (_, kept) = client.get(&format!("/api/tickets/{}/", before["id"])).await;
    assert_eq!(kept["response_due_at"], before["response_due_at"], "deadlines that are there stay");

    let saved = window.post("/settings/rules/deadlines_maintenance", &figures(["", "", "", "12", "36", "96"])).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    for text in ["hi", "3", "MACH-002", "Hydraulic"] {
        app.says(OPERATOR, text).await;
    }
    let told = app.says(OPERATOR, "High").await.join("\n");
    assert!(told.contains("SLA: 12 hours"), "{told}");

    if let Some(other) = other {
        assert_eq!(*other.app.rules(), Rules::of(&other.app.settings), "nobody has told it yet");
        other.settle().await.expect("it looks");
        assert_eq!(other.app.rules(), app.server.app.rules());
        other.stop().await.expect("it stops");
    }
    let (_, log) = stage.admin.0.get("/api/events/?name=rule.changed&sort=id").await;
    let told = &log["results"][0];
    assert_eq!((&told["actor_name"], &told["door"]), (&json!("boss"), &json!("PAGE")), "{log}");
    assert_eq!(told["details"]["was"]["answer_minutes"], json!({"HIGH": 30, "MEDIUM": 120, "LOW": 1440}));
    assert_eq!(told["details"]["is"]["solution_hours"], json!({"HIGH": 2, "MEDIUM": 8, "LOW": 72}));
    let page = window.get("/settings/rules").await;
    for says in
        ["The desk says so: boss", "Changed lately", "Incident", "agreed each time", "0h 20m / 1h 00m / 10h 00m"]
    {
        assert!(page.text().contains(says), "{says}: {}", page.text());
    }
    window.post("/settings/rules/deadlines_incident/put-back", &[]).await;
    assert_eq!(answer_within(&raise().await), usual);
    assert!(window.get("/settings/rules").await.text().contains("Incident put back boss"));

    let app = stage.app.restart(&[]).await;
    let rules = app.server.app.rules();
    let hours = rules.policies.maintenance.resolution_hours(andon::sla::Priority::High);
    assert_eq!(hours, Some(12), "it is known at the start");
    app.end().await;
}

async fn the_environment_holds_until_the_desk_says_otherwise(backend: Backend) {
    let settings = [("ANDON_QUIET_HOURS", "22:00-06:00"), ("ANDON_MESSAGE_BUDGET", "100 USD")];
    let app = TestApp::with(backend, &settings).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let page = window.get("/settings/rules").await;
    assert_eq!((page.value("quiet_from"), page.value("quiet_until")), (Some("22:00"), Some("06:00")));
    assert_eq!(page.value("sum"), Some("100.00 USD"));
    assert!(page.text().contains("As the environment says: ANDON_QUIET_HOURS"), "{}", page.text());
    let quiet = || async { admin.get("/api/notifications/preferences/").await.1["quiet_hours"].clone() };
    assert_eq!(quiet().await, "22:00-06:00");

    window.post("/settings/rules/quiet_hours", &[("quiet_from", "20:30"), ("quiet_until", "07:00")]).await;
    assert_eq!(quiet().await, "20:30-07:00");
    let page = window.get("/settings/rules").await;
    assert!(page.text().contains("The desk says so: boss"), "{}", page.text());
    assert!(page.text().contains("Without the desk’s word: 22:00-06:00"), "{}", page.text());
    window.post("/settings/rules/quiet_hours", &[("quiet_from", ""), ("quiet_until", "")]).await;
    assert_eq!(quiet().await, Value::Null, "the desk wants none");
    window.post("/settings/rules/quiet_hours/put-back", &[]).await;
    assert_eq!(quiet().await, "22:00-06:00");

    window.post("/settings/rules/budget", &[("sum", "200 usd"), ("holds_back", "true")]).await;
    let (_, stats) = admin.get("/api/notifications/stats/").await;
    assert!(stats["budget"].to_string().contains("200"), "{stats}");
    let rules = app.server.app.rules();
    assert!(rules.budget.as_ref().is_some_and(|budget| budget.holds_back));
    let events = app.count("events").await;
    for (path, fields) in [
        ("/settings/rules/budget", &[("sum", "200 USD"), ("holds_back", "true")][..]),
        ("/settings/rules/digest", &[("minutes", "5")]),
        ("/settings/rules/patience_urgent/put-back", &[]),
    ] {
        assert_eq!(window.post(path, fields).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    assert_eq!(app.count("events").await, events, "what changes nothing is no news");
    window.post("/settings/rules/digest", &[("minutes", "0")]).await;
    window.post("/settings/rules/patience_normal", &[("minutes", "90")]).await;
    let rules = app.server.app.rules();
    assert_eq!((rules.digest, rules.patience_normal), (None, Some(TimeDelta::minutes(90))));

    // Rows of another version, or of somebody's own hand, harm nobody.
    for (name, value) in [("digest", "\"soon\""), ("patience_normal", "no JSON")] {
        let spoilt = format!("UPDATE rules SET value = '{value}' WHERE name = '{name}'");
        app.connection().await.execute_unprepared(&spoilt).await.expect("it is committed");
    }
    let strange = "UPDATE rules SET name = 'of_tomorrow' WHERE name = 'budget'";
    app.connection().await.execute_unprepared(strange).await.expect("it is committed");
    app.settle().await;
    assert_eq!(*app.server.app.rules(), Rules::of(&app.server.app.settings));
    let page = window.get("/settings/rules").await;
    assert_eq!((page.status, page.value("sum")), (StatusCode::OK, Some("100.00 USD")));
    window.post("/settings/rules/digest", &[("minutes", "30")]).await;
    assert_eq!(app.server.app.rules().digest, Some(TimeDelta::minutes(30)));
    app.end().await;
}

async fn what_is_wrong_is_told_beside_its_field_and_changes_nothing(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    for (rule, fields, field, says) in [
        ("deadlines_incident", &figures(["0", "60", "600", "", "", ""])[..], "answer_high", "from 1 to 43200"),
        ("deadlines_incident", &figures(["61", "60", "600", "", "", ""]), "answer_medium", "less urgent"),
        ("deadlines_incident", &figures(["30", "", "600", "", "", ""]), "answer_medium", "Please fill this in."),
        ("deadlines_incident", &figures(["90", "90", "90", "1", "2", "3"]), "answer_high", "after the solution"),
        ("deadlines_defect", &figures(["", "", "", "", "", ""]), "solution_high", "Please fill this in."),
        ("deadlines_defect", &figures(["", "", "", "1.5", "2", "3"]), "solution_high", "a whole number from 1 to 8784"),
        ("quiet_hours", &[("quiet_from", "22:00"), ("quiet_until", "22:00")], "quiet_until", "at the same time"),
        ("quiet_hours", &[("quiet_from", "22:00"), ("quiet_until", "25:00")], "quiet_until", "like 22:00"),
        ("quiet_hours", &[("quiet_from", "22:00"), ("quiet_until", "")], "quiet_until", "Please fill this in."),
        ("patience_urgent", &[("minutes", "soon")], "minutes", "a whole number from 0 to 10080"),
        ("patience_urgent", &[("minutes", "10081")], "minutes", "a whole number from 0 to 10080"),
        ("budget", &[("sum", "100")], "sum", "like 100 USD"),
        ("budget", &[("sum", "ten USD")], "sum", "like 100 USD"),
        ("budget", &[("sum", "0 USD")], "sum", "more than 0"),
        ("budget", &[("sum", ""), ("holds_back", "true")], "sum", "take the mark away"),
    ] {
        let seen = window.post(&format!("/settings/rules/{rule}"), fields).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{rule} {fields:?}");
        let beside = seen.html.split(&format!("id=\"{rule}-{field}-says\"")).nth(1);
        let beside = beside.and_then(|rest| rest.split("</p>").next()).unwrap_or_default();
        assert!(beside.contains(says), "{rule} {fields:?}: {beside}");
        for (name, typed) in fields.iter().filter(|(name, _)| *name != "holds_back") {
            let kept = format!("id=\"{rule}-{name}\" type=\"");
            let kept = seen.html.split(&kept).nth(1).and_then(|rest| rest.split('>').next()).unwrap_or_default();
            assert!(kept.contains(&format!("value=\"{typed}\"")), "{rule} {name}: {kept}");
        }
    }
    assert_eq!(window.post("/settings/rules/of_thumb", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.app.count("rules").await, 0);
    let app = &stage.app.server.app;
    assert_eq!(*app.rules(), Rules::of(&app.settings));
    stage.app.end().await;
}

async fn whoever_saw_an_older_rule_is_told_and_changes_nothing(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (app, window) = (&stage.app, &stage.admin.1);
    let page = window.get("/settings/rules").await;
    let form = page.html.split("action=\"/settings/rules/patience_urgent\"").nth(1).expect("its form");
    let seen =
        form.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("what it says");
    let seen = seen.replace("&#34;", "\"");
    let say =
        async |minutes| window.post("/settings/rules/patience_urgent", &[("minutes", minutes), ("seen", &seen)]).await;
    assert_eq!(say("7").await.status, StatusCode::SEE_OTHER);
    let late = say("9").await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED, "{}", late.text());
    assert!(late.html.contains("value=\"9\""), "what was typed is there: {}", late.text());
    let again = say("7").await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "who wishes what holds already loses nothing");
    let rules = app.server.app.rules();
    assert_eq!(rules.get(andon::config::RuleName::PatienceUrgent), andon::config::Rule::minutes("7").expect("a rule"));
    stage.app.end().await;
}
