//! The log of what happened: who may read it, what it says, and that who follows it misses nothing.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use andon::db::Door;
use andon::people::Role;
use andon::records_io::{self, BadLine, Kind, Options, Watch};
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["events_api":
    who_did_what_by_which_door_can_be_read,
    the_log_is_for_admins,
    who_follows_the_log_sees_each_event_once_also_what_was_committed_late,
    people_who_are_imported_are_in_the_log_and_what_tells_nobody_does_not_wait,
    whoever_reads_does_not_wait_until_all_of_very_much_has_its_place,
];

/// Nobody watches.
struct Unwatched;

impl Watch for Unwatched {
    fn warn(&mut self, _warning: &str) {}
    fn bad(&mut self, _line: &BadLine) {}
    fn read(&mut self, _bytes: u64) {}
    fn written(&mut self, _pieces: u64, _of: u64) {}
}

async fn whoever_reads_does_not_wait_until_all_of_very_much_has_its_place(backend: Backend) {
    use sea_orm::ConnectionTrait as _;
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("admin", Role::Admin).await;
    assert_eq!(admin.get("/api/events/").await.0, StatusCode::OK);
    let connection = app.connection().await;
    // As after a large import: none of them has a place yet.
    let copy = "INSERT INTO events (name, payload, at, handled_at, subject_kind, subject_id) \
                SELECT 'test.happened', '{}', at, at, 'order', 1 FROM events";
    while app.count("events").await < 3_000 {
        connection.execute_unprepared(copy).await.expect("more of them");
    }
    let without = "events WHERE position IS NULL";
    let before = app.count(without).await;
    assert_eq!(admin.get("/api/events/?page_size=1").await.0, StatusCode::OK);
    assert_eq!(window.get("/floor/orders/1").await.status, StatusCode::OK);
    let placed = before - app.count(without).await;
    assert!(placed > 0 && placed <= 2_000, "a few at a time, and not all: {placed} of {before}");
    andon::figures::once(&app.server.app).await.expect("the jobs see to the rest");
    assert_eq!(app.count(without).await, 0);
    app.end().await;
}

async fn people_who_are_imported_are_in_the_log_and_what_tells_nobody_does_not_wait(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    app.says("+12025550150", "hi").await;
    let db = app.server.app.db.through(Door::Cli);
    let options = Options { dry_run: false, skip_bad: false, tz: chrono_tz::Tz::UTC, languages: vec!["en".to_owned()] };
    for file in [
        "whatsapp,name,role\n+12025550150,Line 3,OPERATOR\n+12025550151,Line 4,CLIENT\n",
        "whatsapp,name,role,department\n+12025550150,Line 3,OPERATOR,\n+12025550151,Line 5,SUPERVISOR,Assembly\n",
        "whatsapp,name\n+12025550151,Line 5\n",
    ] {
        records_io::import(&db, Kind::People, file.as_bytes(), &options, &mut Unwatched).await.expect("a table");
    }
    assert_eq!(app.count("events WHERE handled_at IS NULL").await, 0, "nobody is to be told");
    let (_, page) = admin.get("/api/events/?door=CLI&subject_kind=person&sort=id").await;
    let told: Vec<(&Value, &Value)> =
        page["results"].as_array().expect("a list").iter().map(|event| (&event["name"], &event["details"])).collect();
    assert_eq!(told.len(), 3, "{page}");
    assert_eq!((told[0].0, &told[0].1["role"]), (&json!("person.created"), &json!("OPERATOR")));
    assert_eq!((told[1].0, &told[1].1["role"]), (&json!("person.created"), &json!("CLIENT")));
    let (changed, what) = told[2];
    assert_eq!((changed, &what["role"]), (&json!("person.changed"), &json!("SUPERVISOR")));
    assert_eq!(what["fields"], json!(["name", "role", "department"]));
    app.end().await;
}

async fn who_did_what_by_which_door_can_be_read(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    for text in ["hi", "1", "ORD-12345", "Other", "High", "Cracked"] {
        app.says(OPERATOR, text).await;
    }
    let (_, page) = admin.get("/api/events/?door=CHAT&sort=id").await;
    let names: Vec<&Value> = page["results"].as_array().expect("a list").iter().map(|event| &event["name"]).collect();
    assert_eq!(names, ["ticket.created", "order.held"]);
    let held = &page["results"][1];
    assert_eq!((&held["subject_kind"], &held["actor_name"]), (&json!("order"), &json!("Operator")));
    assert_eq!(held["ticket"], page["results"][0]["subject_id"]);
    assert_eq!(held["details"]["order"], "ORD-12345");
    let id = held["id"].as_i64().expect("a number");
    for (filter, count) in [
        ("door=CHAT&name=order.held".to_owned(), 1),
        (format!("ticket={}", held["ticket"]), 2),
        (format!("door=CHAT&actor={}&since=2026-01-18T14:30:22Z", held["actor"]), 2),
        ("door=CHAT&until=2026-01-18T14:30:22Z".to_owned(), 0),
        (format!("sort=id&after={}", id - 1), 1),
        (format!("sort=id&after={id}"), 0),
        ("subject_kind=order&door=CHAT".to_owned(), 1),
    ] {
        let (status, page) = admin.get(&format!("/api/events/?count=true&{filter}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let shown = page["results"].as_array().map(Vec::len);
        assert_eq!(shown, Some(count), "{filter}: {page}");
    }
    app.end().await;
}

async fn the_log_is_for_admins(backend: Backend) {
    let app = TestApp::start(backend).await;
    for role in Role::ALL {
        let user = app.user(&role.as_str().to_lowercase(), role).await;
        let expected = if role == Role::Admin { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(user.get("/api/events/").await.0, expected, "{role:?}");
        if role == Role::Admin {
            for wrong in ["actor=x", "door=WINDOW", "since=soon", "sort=name", "after=3", "page_size=x"] {
                let (status, problem) = user.get(&format!("/api/events/?{wrong}")).await;
                let field = wrong.split('=').next().unwrap_or_default();
                assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
                assert!(problem["errors"][field][0].is_string(), "{problem}");
            }
        }
    }
    app.end().await;
}

async fn who_follows_the_log_sees_each_event_once_also_what_was_committed_late(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let (_, page) = admin.get("/api/events/?page_size=1").await;
    let mut last = page["results"][0]["id"].as_i64().unwrap_or(0);
    let mut seen = Vec::new();
    let insert = |id: i64| {
        format!(
            "INSERT INTO events (id, name, payload, at, door, subject_kind, subject_id) \
             VALUES ({id}, 'test.happened', '{{}}', '2026-01-18 14:30:22', 'JOB', 'test', {id})"
        )
    };
    // Rows' ids as several writers get them and commit them: not in their order.
    let connection = app.connection().await;
    for batch in [[5_001, 5_003], [5_002, 5_000], [5_004, 4_999]] {
        for id in batch {
            use sea_orm::ConnectionTrait as _;
            connection.execute_unprepared(&insert(id)).await.expect("it is committed");
        }
        loop {
            let (status, page) =
                admin.get(&format!("/api/events/?subject_kind=test&sort=id&page_size=1&after={last}")).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            let Some(event) = page["results"].get(0) else { break };
            last = event["id"].as_i64().expect("a number");
            seen.push(event["subject_id"].as_i64().expect("a number"));
        }
    }
    assert_eq!(seen, [5_001, 5_003, 5_000, 5_002, 4_999, 5_004]);
    app.end().await;
}
