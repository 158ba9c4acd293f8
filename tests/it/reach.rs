//! Who is told how: the window and its templates, the next medium, quiet hours, several notices in one message, and what
//! people want.

use crate::facts;
use crate::notifications::{act, change, raise};
use crate::support::app::{PLANT, TestApp, number};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::channels::Medium;
use andon::people::Role;
use andon::simulator::{Faults, PostFault, Rule, SendFault};
use andon::tickets::Action;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;

facts!["reach":
    outside_the_window_a_template_tells_it,
    without_a_template_the_next_medium_tells_it_and_the_log_says_why,
    a_window_that_the_provider_calls_shut_is_shut,
    a_refusal_that_is_told_late_shuts_no_window_that_opened_since,
    what_fails_goes_by_the_next_medium_until_there_is_none,
    what_does_not_arrive_in_time_goes_by_the_next_medium_too,
    who_has_read_it_at_the_desk_is_told_no_further,
    in_quiet_hours_only_what_is_urgent_goes,
    what_is_low_and_follows_soon_goes_as_one_message,
    several_that_fail_as_one_go_on_each_by_itself,
    who_stops_gets_nothing_that_waited,
    everybody_says_how_they_are_told,
];

const ADMIN: &str = "+12025550103";
const BY_MAIL: (&str, &str) = ("EMAIL_FROM", "Andon <andon@example.com>");
const BY_SMS: (&str, &str) = ("TWILIO_SMS_NUMBER", PLANT);
const SID: &str = "HX00000000000000000000000000000001";

/// The plant, whose admin can be told on every medium.
async fn start(backend: Backend, settings: &[(&str, &str)]) -> TestApp {
    let all: Vec<(&str, &str)> = [BY_MAIL, BY_SMS].into_iter().chain(settings.iter().copied()).collect();
    let app = TestApp::with(backend, &all).await;
    for statement in [
        "UPDATE people SET username = LOWER(role) WHERE role IS NOT NULL AND language = 'en'",
        "UPDATE people SET email = 'admin@example.com', phone_number = '+12025550103' WHERE role = 'ADMIN'",
    ] {
        change(&app, statement).await;
    }
    app
}

/// What the admin got on this medium, by first lines.
fn got(app: &TestApp, medium: Medium) -> Vec<String> {
    if medium == Medium::Email {
        return app.simulator().letters().into_iter().map(|letter| letter.subject).collect();
    }
    let bubbles = app.bubbles(ADMIN).into_iter().filter(|bubble| bubble.medium == medium);
    bubbles.map(|bubble| bubble.text.lines().next().unwrap_or_default().to_owned()).collect()
}

async fn arm(app: &TestApp, faults: Faults) {
    app.simulator().set_faults(faults).await.expect("the faults are within bounds");
}

fn sends(next: u32, fault: SendFault) -> Faults {
    Faults { sends: Some(Rule { next, fault }), ..Faults::default() }
}

/// The admin's deliveries: medium, status and what is said of them, in order.
async fn log(app: &TestApp) -> Vec<(String, String, String)> {
    let rows = app
        .rows(
            "SELECT medium, status, error_text FROM deliveries WHERE kind = 'NOTICE' AND medium <> 'browser' \
             AND person_id IN (SELECT id FROM people WHERE username = 'admin') ORDER BY id",
        )
        .await;
    let text = |row: &sea_orm::QueryResult, name: &str| -> String {
        row.try_get::<Option<String>>("", name).expect("a text").unwrap_or_default()
    };
    rows.iter().map(|row| (text(row, "medium"), text(row, "status"), text(row, "error_text"))).collect()
}

/// The same without what is said.
async fn statuses(app: &TestApp) -> Vec<String> {
    log(app).await.into_iter().map(|(medium, status, _)| format!("{medium} {status}")).collect()
}

async fn told(app: &TestApp, title: &str) -> i64 {
    let ticket = raise(app, title).await;
    app.settle().await;
    ticket
}

fn templates() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("templates.toml");
    let text = format!(
        "[[template]]\nwords = \"ticket.created\"\nlanguage = \"en\"\ncontent_sid = \"{SID}\"\n\
         variables = [\"title\", \"priority\", \"department\"]\n"
    );
    std::fs::write(&path, text).expect("the file is written");
    let path = path.display().to_string();
    (folder, path)
}

async fn outside_the_window_a_template_tells_it(backend: Backend) {
    let (_folder, path) = templates();
    let app = start(backend, &[("ANDON_TEMPLATES", &path)]).await;
    app.says(ADMIN, "hi").await;
    let before = app.bubbles(ADMIN).len();
    app.clock.advance(TimeDelta::hours(23));
    told(&app, "Payments fail").await;
    app.clock.advance(TimeDelta::hours(2));
    arm(&app, Faults { window: true, ..Faults::default() }).await;
    told(&app, "Two\n*lines*").await;
    let texts: Vec<String> = app.bubbles(ADMIN).into_iter().skip(before).map(|bubble| bubble.text).collect();
    assert!(texts[0].starts_with("🎫 *New Ticket Created*"), "{texts:?}");
    let filled = json!({"1": "Two lines", "2": "High", "3": "–"});
    assert_eq!(texts[1..], [format!("[template {SID}] {filled}")], "one line each, and none empty");
    assert_eq!(statuses(&app).await, ["whatsapp DELIVERED", "whatsapp DELIVERED"]);
    assert_eq!(app.count(&format!("attempts WHERE template = '{SID}'")).await, 1);
    app.says(ADMIN, "hi").await;
    told(&app, "Third").await;
    assert!(got(&app, Medium::Whatsapp).last().is_some_and(|text| text.starts_with("🎫")), "the window is open again");
    app.end().await;
}

async fn without_a_template_the_next_medium_tells_it_and_the_log_says_why(backend: Backend) {
    let app = start(backend, &[]).await;
    app.says(ADMIN, "hi").await;
    app.clock.advance(TimeDelta::hours(25));
    told(&app, "Payments fail").await;
    let log = log(&app).await;
    assert_eq!((log[0].0.as_str(), log[0].1.as_str()), ("whatsapp", "FAILED"));
    assert!(log[0].2.contains("the words ticket.created have none in en"), "{log:?}");
    assert_eq!((log[1].0.as_str(), log[1].1.as_str(), log.len()), ("sms", "DELIVERED", 2));
    assert!(got(&app, Medium::Sms)[0].contains("Payments fail"));
    app.end().await;
}

async fn a_window_that_the_provider_calls_shut_is_shut(backend: Backend) {
    let (_folder, path) = templates();
    let app = start(backend, &[("ANDON_TEMPLATES", &path)]).await;
    // Nothing is known of the admin's window: free text is tried, and comes back.
    arm(&app, Faults { window: true, ..Faults::default() }).await;
    let ticket = told(&app, "Payments fail").await;
    let shown = got(&app, Medium::Whatsapp);
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].starts_with("🎫") && shown[1].starts_with(&format!("[template {SID}]")), "{shown:?}");
    assert_eq!(statuses(&app).await, ["whatsapp DELIVERED"]);
    act(&app, Role::Client, ticket, Action::Comment { comment: "Please hurry.".to_owned() }).await;
    app.settle().await;
    assert_eq!(
        got(&app, Medium::Whatsapp).len(),
        2,
        "these words have no template, and the window is known to be shut"
    );
    assert_eq!(statuses(&app).await, ["whatsapp DELIVERED", "whatsapp FAILED", "email SENT"]);
    // The same, refused at once.
    change(&app, "DELETE FROM windows").await;
    arm(&app, sends(1, SendFault::Refuse { code: 63016 })).await;
    told(&app, "Second").await;
    assert!(got(&app, Medium::Whatsapp)[2].starts_with(&format!("[template {SID}]")));
    app.end().await;
}

async fn a_refusal_that_is_told_late_shuts_no_window_that_opened_since(backend: Backend) {
    let app = start(backend, &[]).await;
    arm(&app, Faults { callbacks: Some(Rule { next: 1, fault: PostFault::Drop }), ..Faults::default() }).await;
    told(&app, "Payments fail").await;
    let query = "SELECT provider_id, token FROM attempts JOIN deliveries ON deliveries.id = delivery_id";
    let first = &app.rows(query).await[0];
    let text = |name: &str| -> String { first.try_get("", name).expect("a text") };
    app.clock.advance(TimeDelta::seconds(10));
    app.says(ADMIN, "hi").await;
    app.clock.advance(TimeDelta::seconds(10));
    let refused = Form::status(&text("provider_id"), &text("token"), "undelivered").with("ErrorCode", "63016");
    assert_eq!(refused.post_for_status(&app).await, StatusCode::NO_CONTENT);
    told(&app, "Second").await;
    let statuses = statuses(&app).await;
    assert!(statuses.contains(&"whatsapp FAILED".to_owned()), "{statuses:?}");
    assert!(statuses.contains(&"whatsapp DELIVERED".to_owned()), "the admin has written since: {statuses:?}");
    app.end().await;
}

async fn what_fails_goes_by_the_next_medium_until_there_is_none(backend: Backend) {
    let app = start(backend, &[]).await;
    arm(&app, sends(2, SendFault::Refuse { code: 21211 })).await;
    told(&app, "Payments fail").await;
    assert_eq!(statuses(&app).await, ["whatsapp FAILED", "sms FAILED", "email SENT"]);
    arm(&app, sends(1, SendFault::FailLater { code: 63024 })).await;
    told(&app, "Second").await;
    assert_eq!(statuses(&app).await[3..], ["whatsapp FAILED", "sms DELIVERED"], "by callback as well");
    change(&app, "UPDATE people SET email = NULL, phone_number = NULL WHERE role = 'ADMIN'").await;
    change(&app, "UPDATE addresses SET opted_out_at = created_at WHERE medium = 'sms'").await;
    arm(&app, sends(1, SendFault::Refuse { code: 21211 })).await;
    told(&app, "Third").await;
    assert_eq!(statuses(&app).await[5..], ["whatsapp FAILED"]);
    app.pass(TimeDelta::hours(2)).await;
    assert_eq!(statuses(&app).await.len(), 6);
    app.end().await;
}

async fn what_does_not_arrive_in_time_goes_by_the_next_medium_too(backend: Backend) {
    let app = start(backend, &[]).await;
    let unheard = Some(Rule { next: 1, fault: PostFault::Drop });
    arm(&app, Faults { callbacks: unheard, ..Faults::default() }).await;
    let ticket = told(&app, "Payments fail").await; // of high priority, so urgent
    assert_eq!(statuses(&app).await, ["whatsapp SENDING"]);
    app.pass(TimeDelta::minutes(4)).await;
    assert_eq!(statuses(&app).await.len(), 1);
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(statuses(&app).await, ["whatsapp SENDING", "sms DELIVERED"]);
    app.pass(TimeDelta::hours(2)).await;
    assert_eq!(statuses(&app).await.len(), 2, "that arrived");
    // What the first one's provider says later is shown.
    let query =
        "SELECT provider_id, token FROM attempts JOIN deliveries ON deliveries.id = delivery_id ORDER BY attempts.id";
    let first = &app.rows(query).await[0];
    let text = |name: &str| -> String { first.try_get("", name).expect("a text") };
    let late = Form::status(&text("provider_id"), &text("token"), "delivered").post_for_status(&app).await;
    assert_eq!(late, StatusCode::NO_CONTENT);
    assert_eq!(statuses(&app).await, ["whatsapp DELIVERED", "sms DELIVERED"]);
    // What is low waits for ever.
    arm(&app, Faults { callbacks: unheard, ..Faults::default() }).await;
    act(&app, Role::Client, ticket, Action::Comment { comment: "Please hurry.".to_owned() }).await;
    app.pass(TimeDelta::hours(9)).await;
    assert_eq!(statuses(&app).await[2..], ["whatsapp SENDING"]);
    app.end().await;
}

async fn who_has_read_it_at_the_desk_is_told_no_further(backend: Backend) {
    let app = start(backend, &[]).await;
    arm(&app, Faults { callbacks: Some(Rule { next: 1, fault: PostFault::Drop }), ..Faults::default() }).await;
    told(&app, "Payments fail").await;
    change(&app, "UPDATE deliveries SET unread = NULL, seen_at = created_at WHERE medium = 'browser'").await;
    app.pass(TimeDelta::minutes(6)).await;
    assert_eq!(statuses(&app).await, ["whatsapp SENDING"]);
    app.end().await;
}

async fn in_quiet_hours_only_what_is_urgent_goes(backend: Backend) {
    let app = start(backend, &[("ANDON_QUIET_HOURS", "14:00-16:00"), ("ANDON_DIGEST_MINUTES", "0")]).await; // it is 14:30
    let first = told(&app, "Payments fail").await; // of high priority, so urgent
    assert_eq!(got(&app, Medium::Whatsapp).len(), 1);
    change(&app, "UPDATE tickets SET priority = 'LOW'").await;
    for comment in ["Please hurry.", "It is worse now."] {
        act(&app, Role::Client, first, Action::Comment { comment: comment.to_owned() }).await;
        app.settle().await;
    }
    assert_eq!(got(&app, Medium::Whatsapp).len(), 1);
    assert_eq!(app.count("deliveries WHERE held_until IS NOT NULL AND medium = 'whatsapp'").await, 2);
    app.pass(TimeDelta::hours(1)).await;
    assert_eq!(got(&app, Medium::Whatsapp).len(), 1);
    app.pass(TimeDelta::minutes(30)).await;
    let shown = app.bubbles(ADMIN);
    assert_eq!(shown.len(), 2, "what waited goes as one message: {shown:?}");
    assert!(
        shown[1].text.starts_with("📋 *2 Updates*") && shown[1].text.contains("Payments fail"),
        "{}",
        shown[1].text
    );
    assert_eq!(statuses(&app).await, ["whatsapp DELIVERED"; 3], "and each of them says what became of it");
    app.end().await;
}

async fn what_is_low_and_follows_soon_goes_as_one_message(backend: Backend) {
    let app = start(backend, &[]).await;
    let ticket = told(&app, "Payments fail").await;
    for comment in ["One.", "Two.", "Three."] {
        act(&app, Role::Client, ticket, Action::Comment { comment: comment.to_owned() }).await;
        app.pass(TimeDelta::minutes(1)).await;
    }
    let shown = got(&app, Medium::Whatsapp);
    assert_eq!(shown.len(), 2, "the first at once, the others later: {shown:?}");
    app.pass(TimeDelta::minutes(3)).await;
    assert_eq!(got(&app, Medium::Whatsapp)[2], "📋 *2 Updates*");
    act(&app, Role::Client, ticket, Action::Comment { comment: "Four.".to_owned() }).await;
    app.pass(TimeDelta::minutes(6)).await;
    let shown = got(&app, Medium::Whatsapp);
    assert_eq!(shown[3..], ["💬 *New Comment on a Ticket*"], "one alone is told as it is");
    let boss = app.user("boss", Role::Admin).await;
    let (_, listed) = boss.get("/api/notifications/?notification_type=WHATSAPP&status=DELIVERED").await;
    assert_eq!(listed["count"], 5, "five notices, four messages: {listed}");
    app.end().await;
}

async fn several_that_fail_as_one_go_on_each_by_itself(backend: Backend) {
    let app = start(backend, &[("ANDON_DIGEST_MINUTES", "1")]).await;
    let ticket = told(&app, "Payments fail").await;
    for comment in ["One.", "Two.", "Three."] {
        act(&app, Role::Client, ticket, Action::Comment { comment: comment.to_owned() }).await;
        app.settle().await;
    }
    arm(&app, sends(1, SendFault::Refuse { code: 21211 })).await;
    app.pass(TimeDelta::minutes(2)).await;
    let gone: Vec<String> = statuses(&app).await;
    assert_eq!(gone.iter().filter(|one| *one == "whatsapp FAILED").count(), 2, "{gone:?}");
    app.pass(TimeDelta::minutes(2)).await;
    assert_eq!(got(&app, Medium::Email).len(), 2, "{:?}", statuses(&app).await);
    app.end().await;
}

async fn who_stops_gets_nothing_that_waited(backend: Backend) {
    let app = start(backend, &[]).await;
    let ticket = told(&app, "Payments fail").await;
    for comment in ["One.", "Two.", "Three."] {
        act(&app, Role::Client, ticket, Action::Comment { comment: comment.to_owned() }).await;
        app.settle().await;
    }
    app.says(ADMIN, "STOP").await;
    let before = app.bubbles(ADMIN).len();
    app.pass(TimeDelta::minutes(6)).await;
    assert_eq!(app.bubbles(ADMIN).len(), before);
    let statuses = statuses(&app).await;
    assert_eq!(statuses[2..], ["whatsapp CANCELLED", "whatsapp CANCELLED"], "{statuses:?}");
    app.end().await;
}

async fn everybody_says_how_they_are_told(backend: Backend) {
    let app = start(backend, &[("ANDON_QUIET_HOURS", "22:00-06:00")]).await;
    let (boss, support) = (app.user("boss", Role::Admin).await, app.user("worker", Role::Support).await);
    let path = "/api/notifications/preferences/";
    let (status, usual) = support.get(path).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        usual,
        json!({"urgent": ["WHATSAPP", "SMS", "EMAIL"], "normal": ["WHATSAPP", "SMS", "EMAIL"],
               "low": ["WHATSAPP", "EMAIL", "SMS"], "quiet_hours": "22:00-06:00", "weekly_summary": false, "own": [],
               "addresses": []})
    );
    let (status, own) = support.patch(path, json!({"low": [], "urgent": ["EMAIL"], "quiet_hours": ""})).await;
    assert_eq!((status, &own["own"]), (StatusCode::OK, &json!(["urgent", "low", "quiet_hours"])), "{own}");
    assert_eq!((&own["low"], &own["quiet_hours"]), (&json!([]), &json!(null)));
    let (_, own) =
        support.patch(path, json!({"low": null, "quiet_hours": "23:00-05:30", "urgent": ["EMAIL", "EMAIL"]})).await;
    assert_eq!((&own["low"], &own["quiet_hours"]), (&json!(["WHATSAPP", "EMAIL", "SMS"]), &json!("23:00-05:30")));
    assert_eq!(own["own"], json!(["urgent", "quiet_hours"]));
    for (wrong, field) in [
        (json!({"urgent": ["FAX"]}), "urgent"),
        (json!({"urgent": ["SYSTEM"]}), "urgent"),
        (json!({"urgent": ["SMS", "SMS", "SMS", "SMS"]}), "urgent"),
        (json!({"normal": "SMS"}), "normal"),
        (json!({"quiet_hours": "22-6"}), "quiet_hours"),
        (json!({"quiet": "22:00-06:00"}), "quiet"),
    ] {
        let (status, refused) = support.patch(path, wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(refused["errors"][field].is_array(), "{refused}");
    }
    let of_support = format!("{path}?user={}", support.id);
    assert_eq!(boss.get(&of_support).await.1["urgent"], json!(["EMAIL"]));
    assert_eq!(boss.patch(&of_support, json!({"urgent": null})).await.0, StatusCode::OK);
    assert_eq!(support.get(&of_support).await.1["own"], json!(["quiet_hours"]));
    for id in [boss.id, 999_999] {
        assert_eq!(support.get(&format!("{path}?user={id}")).await.0, StatusCode::NOT_FOUND);
    }
    // The admin wants e-mails only, and gets them; where they opted out is shown.
    app.says(ADMIN, "STOP").await;
    let admin: i64 =
        app.rows("SELECT id FROM people WHERE username = 'admin'").await[0].try_get("", "id").expect("an id");
    let of_admin = format!("{path}?user={admin}");
    let (_, shown) = boss.patch(&of_admin, json!({"urgent": ["EMAIL", "SMS"]})).await;
    assert!(shown["addresses"][0]["opted_out_at"].is_string(), "{shown}");
    assert_eq!(shown["addresses"][0]["value"], number(ADMIN).as_str());
    told(&app, "Payments fail").await;
    assert_eq!(statuses(&app).await.first().map(String::as_str), Some("email SENT"));
    app.end().await;
}
