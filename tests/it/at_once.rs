//! What is asked for at the same moment: nothing gets lost, no bound is passed, nothing is two people's.
//!
//! A transaction of the test's own holds a row until those who ask wait for it, so that they meet each time.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp, answer, number};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use crate::support::user::PASSWORD;
use crate::users::{dev, login, with};
use andon::channels::Medium;
use andon::people::{self, Role};
use andon::proof::Passwords;
use andon::records_io::{self, BadLine, Kind, Options, Watch};
use andon::simulator::{Enclosure, Incoming};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::TimeDelta;
use chrono_tz::Tz;
use futures_util::future::join_all;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};

facts!["at_once":
    what_refers_to_somebody_held_is_written_meanwhile,
    who_signs_in_while_the_password_changes_or_they_are_deactivated_is_out,
    a_first_and_a_last_name_make_one_name,
    a_strangers_number_becomes_one_users,
    a_number_that_somebody_writes_from_in_this_moment_is_given_all_the_same,
    an_import_takes_nobody_away_who_becomes_an_admin_meanwhile,
    codes_are_counted_one_after_the_other,
    a_code_comes_from_one_phone,
    a_ticket_never_has_more_attachments_than_it_may,
    there_is_one_first_admin,
    two_changes_of_one_machine_are_both_there,
    what_waits_is_not_answered_where_its_number_changed_hands,
    a_photo_that_the_database_refuses_counts_a_try_and_holds_up_no_other,
];

const OWN: &str = "+12025550142";

/// What a transaction of the test's own holds.
struct Held {
    holder: DatabaseConnection,
    watcher: DatabaseConnection,
}

impl Held {
    async fn by(app: &TestApp, statement: &str) -> Self {
        let held = Self { holder: app.connection().await, watcher: app.connection().await };
        for statement in ["BEGIN", statement] {
            held.holder.execute_unprepared(statement).await.expect("it is free");
        }
        held
    }

    /// Until so many wait for it; then the transaction ends.
    async fn until(self, waiting: i64, end: &str) {
        let backend = self.watcher.get_database_backend();
        let from = match backend {
            DbBackend::Postgres => "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            // InnoDB's own table of what waits is a copy, which is not renewed while somebody reads it often.
            _ => {
                "information_schema.processlist WHERE db = DATABASE() AND command IN ('Query', 'Execute') AND time_ms > 300 AND \
                 id <> CONNECTION_ID()"
            }
        };
        loop {
            let query = Statement::from_string(backend, format!("SELECT COUNT(*) AS n FROM {from}"));
            let row = self.watcher.query_one_raw(query).await.expect("an answer").expect("a row");
            if row.try_get::<i64>("", "n").expect("a number") >= waiting {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.holder.execute_unprepared(end).await.expect("it ends");
        self.holder.close().await.expect("it closes");
        self.watcher.close().await.expect("it closes");
    }
}

fn sorted(answers: impl IntoIterator<Item = (StatusCode, Value)>) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.into_iter().map(|(status, _)| status.as_u16()).collect();
    statuses.sort_unstable();
    statuses
}

/// When the test begins, as the database has it.
fn instant(backend: Backend) -> &'static str {
    if backend == Backend::MariaDb { "'2026-01-18 14:30:22'" } else { "'2026-01-18 14:30:22+00:00'" }
}

/// Inserts a person who has this name.
fn new_person(backend: Backend, username: &str) -> String {
    let at = instant(backend);
    format!(
        "INSERT INTO people (token, username, language, is_active, created_at, updated_at) \
         VALUES ('token of {username}', '{username}', 'en', TRUE, {at}, {at})"
    )
}

async fn what_refers_to_somebody_held_is_written_meanwhile(backend: Backend) {
    if backend != Backend::Postgres {
        return; // the others have no such lock
    }
    let app = TestApp::start(backend).await;
    let id = app.user("dev1", Role::Support).await.id;
    let other = app.connection().await;
    let written = app.server.app.db.write(move |tx| {
        let other = other.clone();
        Box::pin(async move {
            people::store::lock(tx, vec![id]).await?;
            // What PostgreSQL does for a row that refers to this one.
            let refer = format!("SELECT id FROM people WHERE id = {id} FOR KEY SHARE NOWAIT");
            other.execute_unprepared(&refer).await?;
            Ok(())
        })
    });
    written.await.expect("nobody waits");
    app.end().await;
}

async fn who_signs_in_while_the_password_changes_or_they_are_deactivated_is_out(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let hash = Passwords::new().hash("another horse battery").await.expect("a hash");
    for (name, is_deactivated) in [("dev1", false), ("dev2", true)] {
        let id = app.user(name, Role::Support).await.id;
        // Passwords are looked at one after the other: when this one is answered, some of the others were read and wait.
        let change = async {
            login(&app, "nobody", PASSWORD).await;
            if is_deactivated {
                let path = format!("/api/users/{id}/deactivate/");
                assert_eq!(admin.post(&path, json!({})).await.0, StatusCode::OK);
            } else {
                let change = app.server.app.db.write_with(hash.clone(), move |tx, hash| {
                    Box::pin(people::users::change_password(tx, id, hash, None, None))
                });
                change.await.expect("it changes");
            }
        };
        let (statuses, ()) = tokio::join!(join_all((0..6).map(|_| login(&app, name, PASSWORD))), change);
        let left = app.count(&format!("sign_ins WHERE person_id = {id} AND ended_at IS NULL")).await;
        assert_eq!(left, 0, "{name}, who was answered {statuses:?}");
    }
    app.end().await;
}

async fn a_first_and_a_last_name_make_one_name(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // it has one writer
    }
    let app = TestApp::start(backend).await;
    let (admin, id) = (app.user("boss", Role::Admin).await, app.user("dev1", Role::Support).await.id);
    let path = format!("/api/users/{id}/");
    let held = Held::by(&app, &format!("SELECT id FROM people WHERE id = {id} FOR UPDATE")).await;
    let (first, last, ()) = tokio::join!(
        admin.patch(&path, json!({"first_name": "Dev"})),
        admin.patch(&path, json!({"last_name": "One"})),
        held.until(2, "COMMIT")
    );
    assert_eq!((first.0, last.0), (StatusCode::OK, StatusCode::OK));
    assert_eq!(app.count(&format!("people WHERE id = {id} AND name = 'Dev One'")).await, 1);
    app.end().await;
}

async fn a_strangers_number_becomes_one_users(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // it has one writer
    }
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let users = [app.user("dev1", Role::Support).await.id, app.user("dev2", Role::Support).await.id];
    for (number, is_new) in [(OWN, false), ("+12025550143", true)] {
        app.says(number, "hi").await;
        let theirs = format!("SELECT person_id FROM addresses WHERE value = '{number}'");
        let held = Held::by(&app, &format!("SELECT id FROM people WHERE id = ({theirs}) FOR UPDATE")).await;
        let ask = async |n: usize| {
            if is_new {
                let username = format!("new{n}");
                let user = with(with(dev(), "username", json!(username)), "email", Value::Null);
                return admin.post("/api/users/", with(user, "whatsapp_number", json!(number))).await;
            }
            admin.patch(&format!("/api/users/{}/", users[n]), json!({"whatsapp_number": number})).await
        };
        let (one, two, ()) = tokio::join!(ask(0), ask(1), held.until(2, "COMMIT"));
        let (given, refused) = if one.0.is_success() { (one, two) } else { (two, one) };
        assert_eq!((given.0.is_success(), &given.1["whatsapp_number"]), (true, &json!(number)), "{}", given.1);
        assert_eq!(refused.0, StatusCode::BAD_REQUEST, "{}", refused.1);
        assert!(refused.1["errors"]["whatsapp_number"][0].is_string(), "{}", refused.1);
        let (_, shown) = admin.get(&format!("/api/users/{}", given.1["id"])).await;
        assert_eq!(shown, given.1);
    }
    app.end().await;
}

async fn a_number_that_somebody_writes_from_in_this_moment_is_given_all_the_same(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // it has one writer
    }
    let app = TestApp::start(backend).await;
    let (admin, id) = (app.user("boss", Role::Admin).await, app.user("dev1", Role::Support).await.id);
    let held = Held::by(&app, &new_person(backend, "stranger")).await;
    let at = instant(backend);
    let writes = format!(
        "INSERT INTO addresses (person_id, medium, value, created_at) \
         SELECT id, '{}', '{OWN}', {at} FROM people WHERE username = 'stranger'",
        Medium::Whatsapp.as_str()
    );
    held.holder.execute_unprepared(&writes).await.expect("somebody writes");
    let path = format!("/api/users/{id}/");
    let (given, ()) = tokio::join!(admin.patch(&path, json!({"whatsapp_number": OWN})), held.until(1, "COMMIT"));
    assert_eq!((given.0, &given.1["whatsapp_number"]), (StatusCode::OK, &json!(OWN)), "{}", given.1);
    app.end().await;
}

async fn an_import_takes_nobody_away_who_becomes_an_admin_meanwhile(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // it has one writer
    }
    let app = TestApp::start(backend).await;
    let operator = format!("id = (SELECT person_id FROM addresses WHERE value = '{OPERATOR}')");
    let held = Held::by(&app, &format!("UPDATE people SET role = 'ADMIN' WHERE {operator}")).await;
    let file = format!("whatsapp,role,department\n{OPERATOR},SUPERVISOR,Paint shop\n");
    let options = Options { dry_run: false, skip_bad: false, tz: Tz::UTC, languages: vec!["en".to_owned()] };
    let (db, mut quiet) = (&app.server.app.db, Quiet);
    let import = records_io::import(db, Kind::People, file.as_bytes(), &options, &mut quiet);
    let (imported, ()) = tokio::join!(import, held.until(1, "COMMIT"));
    imported.expect("a table");
    assert_eq!(app.count(&format!("people WHERE {operator} AND role = 'ADMIN'")).await, 1);
    app.end().await;
}

struct Quiet;

impl Watch for Quiet {
    fn warn(&mut self, _warning: &str) {}

    fn bad(&mut self, _line: &BadLine) {}

    fn read(&mut self, _bytes: u64) {}

    fn written(&mut self, _pieces: u64, _of: u64) {}
}

async fn codes_are_counted_one_after_the_other(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client", Role::Client).await;
    let ask = async || {
        let own = json!({"whatsapp_number": OWN});
        join_all((0..8).map(|_| client.post("/api/profile/whatsapp/send/", own.clone()))).await
    };
    let sent = if backend == Backend::Sqlite {
        ask().await
    } else {
        let held = Held::by(&app, &format!("SELECT id FROM people WHERE id = {} FOR UPDATE", client.id)).await;
        tokio::join!(ask(), held.until(8, "COMMIT")).0
    };
    assert_eq!(sorted(sent), [202, 202, 202, 202, 202, 429, 429, 429]);
    let tries = (0..8).map(|_| client.post("/api/profile/whatsapp/verify/", json!({"code": "00000000"})));
    assert_eq!(sorted(join_all(tries).await), [400, 400, 400, 400, 400, 429, 429, 429]);
    app.end().await;
}

async fn a_code_comes_from_one_phone(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let app = TestApp::start(backend).await;
    let (client, other) = (app.user("client", Role::Client).await, app.process_beside(&[]).await);
    let phones = [OWN, "+12025550143"];
    // They are known, so that they wait for nothing but the code.
    for phone in phones {
        app.says(phone, "hi").await;
    }
    let (_, shown) = client.post("/api/profile/whatsapp/code/", json!({})).await;
    let code = shown["code"].as_str().expect("a code");
    let [one, two] = phones.map(|phone| Form::message(&format!("SM{:0>32}", &phone[1..]), phone, code));
    let held = Held::by(&app, "SELECT id FROM codes FOR UPDATE").await;
    let posted = tokio::join!(one.post_for_status(&app), two.post_to(&app, other.address), held.until(2, "COMMIT"));
    assert_eq!((posted.0, posted.1), (StatusCode::OK, StatusCode::OK));
    app.settle().await;
    let told = phones.map(|phone| app.bubbles(phone).pop().is_some_and(|last| last.text.contains("confirm")));
    assert!(told[0] != told[1], "one is told to confirm it: {told:?}");
    let came_from = phones[usize::from(told[1])];
    assert_eq!(client.get("/api/profile/whatsapp/").await.1["came_from"], came_from);
    other.stop().await.expect("it stops");
    app.end().await;
}

async fn a_ticket_never_has_more_attachments_than_it_may(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (one, other) = (app.user("boss", Role::Admin).await, app.user("chief", Role::Admin).await);
    let third = app.user("head", Role::Admin).await;
    let rows = app.rows("SELECT MAX(id) AS id FROM tickets").await;
    let ticket: i64 = rows[0].try_get("", "id").expect("a ticket");
    let at = instant(backend);
    let row = format!("({ticket}, 'hash', 'a.txt', 'text/plain', 3, {at})");
    let columns = "ticket_id, hash, filename, content_type, size, uploaded_at";
    let insert = format!("INSERT INTO attachments ({columns}) VALUES {}", vec![row; 98].join(", "));
    app.connection().await.execute_unprepared(&insert).await.expect("they are there");
    let path = format!("/api/tickets/{ticket}/add_attachment/");
    let ask = async || {
        let body = json!({"file_data": BASE64.encode(b"abc"), "filename": "b.txt"});
        // Each has two places on the way in.
        join_all([&one, &one, &other, &other, &third].map(|admin| admin.post(&path, body.clone()))).await
    };
    let attached = if backend == Backend::Sqlite {
        ask().await
    } else {
        let held = Held::by(&app, &format!("SELECT id FROM tickets WHERE id = {ticket} FOR UPDATE")).await;
        tokio::join!(ask(), held.until(5, "COMMIT")).0
    };
    assert_eq!(sorted(attached), [200, 200, 409, 409, 409]);
    app.end().await;
}

async fn there_is_one_first_admin(backend: Backend) {
    let app = TestApp::start(backend).await;
    let code = app.server.app.proof.setup.open(app.clock.now());
    let ask = async |username: &str| {
        let form = [("code", &*code), ("username", username), ("password", PASSWORD), ("password_confirm", PASSWORD)];
        answer(app.http.post(app.url("/setup")).form(&form)).await
    };
    let asked = if backend == Backend::Sqlite {
        tokio::join!(ask("boss"), ask("chief"))
    } else {
        // Both names are about to be taken by somebody who then is not there.
        let held = Held::by(&app, &new_person(backend, "boss")).await;
        held.holder.execute_unprepared(&new_person(backend, "chief")).await.expect("it is free");
        let (one, two, ()) = tokio::join!(ask("boss"), ask("chief"), held.until(2, "ROLLBACK"));
        (one, two)
    };
    assert_eq!(sorted([asked.0, asked.1])[0], 201);
    assert_eq!(app.count("passwords").await, 1);
    app.end().await;
}

async fn two_changes_of_one_machine_are_both_there(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // it has one writer
    }
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let (_, page) = admin.get("/api/machines/?number=MACH-001").await;
    let path = format!("/api/machines/{}/", page["results"][0]["id"]);
    let held = Held::by(&app, "SELECT id FROM machines WHERE number = 'MACH-001' FOR UPDATE").await;
    let (one, two, ()) = tokio::join!(
        admin.patch(&path, json!({"name": "Lathe II"})),
        admin.patch(&path, json!({"location": "Hall 9"})),
        held.until(2, "COMMIT")
    );
    assert_eq!((one.0, two.0), (StatusCode::OK, StatusCode::OK));
    let (_, now) = admin.get(&path).await;
    assert_eq!((&now["name"], &now["location"]), (&json!("Lathe II"), &json!("Hall 9")));
    app.end().await;
}

async fn what_waits_is_not_answered_where_its_number_changed_hands(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_SENDER_LIMIT", "1")]).await;
    let (admin, id) = (app.user("boss", Role::Admin).await, app.user("dev1", Role::Support).await.id);
    for n in 0..4 {
        let form = Form::message(&format!("SM{n:032}"), OWN, "hi");
        assert_eq!(form.post_for_status(&app).await, StatusCode::OK);
    }
    app.settle().await;
    assert_eq!(app.count("waiting_messages").await, 3);
    let given = admin.patch(&format!("/api/users/{id}/"), json!({"whatsapp_number": OWN})).await;
    assert_eq!(given.0, StatusCode::OK, "{}", given.1);
    for _ in 0..3 {
        app.pass(TimeDelta::minutes(1)).await;
    }
    assert_eq!((app.count("waiting_messages").await, app.count("conversations WHERE waiting > 0").await), (0, 0));
    assert_eq!(app.count("messages WHERE is_unanswered").await, 3, "who has the number now did not write them");
    assert_eq!(app.says(OWN, "hi").await.len(), 1);
    app.end().await;
}

async fn a_photo_that_the_database_refuses_counts_a_try_and_holds_up_no_other(backend: Backend) {
    if backend != Backend::Sqlite {
        return; // each database has triggers of its own kind
    }
    let app = TestApp::start(backend).await;
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON attachments WHEN NEW.filename = 'chat-1.png' \
                  BEGIN SELECT RAISE(ABORT, 'no'); END";
    app.connection().await.execute_unprepared(refuse).await.expect("the trigger is there");
    for text in ["hi", "1", "ORD-12345", "Other", "High"] {
        app.says(OPERATOR, text).await;
    }
    let photo = Enclosure { content_type: "image/png".to_owned(), bytes: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec() };
    let photos = vec![photo.clone(), photo];
    app.sends(Incoming { media: photos, ..Incoming::text(&number(OPERATOR), "Cracked, see photos") }).await;
    assert_eq!((app.count("attachments").await, app.count("awaited_media WHERE tries = 1").await), (1, 1));
    app.pass(TimeDelta::seconds(10)).await;
    assert_eq!(app.count("awaited_media WHERE tries = 2").await, 1);
    app.end().await;
}
