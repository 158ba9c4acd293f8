//! What time lets go, and what stays.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::housekeeping::{self, LetGo};
use andon::people::Role;
use andon::simulator::{Faults, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::StatusCode;
use sea_orm::ConnectionTrait as _;

facts!["housekeeping":
    a_session_past_its_days_is_let_go_and_its_language_is_not,
    old_texts_are_let_go_and_rows_stay,
    a_text_that_still_has_to_be_answered_or_sent_stays,
    a_text_that_was_sent_after_all_goes_too,
    days_of_traffic_leave_nothing_growing_but_rows,
    a_long_reader_leaves_no_long_log,
    a_code_goes_a_day_after_it_ran_out,
];

async fn tidy(app: &TestApp) -> LetGo {
    housekeeping::once(&app.server.app).await.expect("the database answers")
}

async fn a_session_past_its_days_is_let_go_and_its_language_is_not(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_DRAFT_DAYS", "2")]).await;
    for text in ["hi", "1"] {
        app.says(OPERATOR, text).await;
    }
    app.pass(TimeDelta::days(1)).await;
    app.says("+12025550102", "hi").await;
    assert_eq!(tidy(&app).await, LetGo::default(), "both may still resume");
    app.pass(TimeDelta::days(1) + TimeDelta::seconds(1)).await;
    assert_eq!(tidy(&app).await, LetGo { conversations: 1, ..LetGo::default() });
    assert_eq!((app.count("conversations WHERE cleared_at IS NULL").await, app.count("messages").await), (1, 3));
    assert_eq!(app.count("conversations WHERE session = '{}' AND state = 'MENU'").await, 1, "its answers are gone");
    let replies = app.says(OPERATOR, "hi").await;
    assert!(replies.len() == 1 && replies[0].starts_with("👋"), "{replies:?}");
    app.end().await;
}

async fn old_texts_are_let_go_and_rows_stay(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_KEEP_MESSAGES", "3")]).await;
    let tickets = app.count("tickets").await;
    for text in ["1", "ORD-12345", "return", "high", "It is bent."] {
        app.says(OPERATOR, text).await;
    }
    app.pass(TimeDelta::days(2)).await;
    let old = Form::message("SM1", OPERATOR, "hi");
    assert_eq!(old.post_for_status(&app).await, StatusCode::OK);
    app.settle().await;
    app.pass(TimeDelta::days(1) + TimeDelta::seconds(1)).await;
    assert_eq!(tidy(&app).await.texts, 12, "five messages, their replies, and notices to two people");
    for (table, old) in [("messages", 5), ("deliveries", 7)] {
        assert_eq!(app.count(table).await, old + 1, "{table}");
        assert_eq!(app.count(&format!("{table} WHERE body = '' AND emptied_at IS NOT NULL")).await, old, "{table}");
    }
    assert_eq!(app.count("tickets WHERE description = 'It is bent.'").await, 1, "what was reported stays");
    assert_eq!(app.count("tickets").await, tickets + 1);
    app.pass(TimeDelta::days(3)).await;
    assert_eq!((tidy(&app).await.texts, tidy(&app).await.texts), (2, 0), "it goes on where it stopped");
    assert_eq!(old.post_for_status(&app).await, StatusCode::OK);
    assert_eq!(app.count("messages").await, 6, "a redelivered webhook finds its row");
    app.end().await;
}

async fn a_text_that_still_has_to_be_answered_or_sent_stays(backend: Backend) {
    let settings = [("ANDON_KEEP_MESSAGES", "1"), ("ANDON_SENDER_LIMIT", "1")];
    let app = TestApp::with(backend, &settings).await;
    for (n, text) in ["hi", "2"].into_iter().enumerate() {
        assert_eq!(Form::message(&format!("SM{n}"), OPERATOR, text).post_for_status(&app).await, StatusCode::OK);
    }
    app.clock.advance(TimeDelta::days(2)); // Andon stood still meanwhile
    assert_eq!(tidy(&app).await.conversations, 0);
    assert_eq!(app.count("messages WHERE body = '2'").await, 1);
    assert_eq!(app.count("deliveries WHERE body = ''").await, 0);
    app.settle().await;
    let replies: Vec<String> = app.bubbles(OPERATOR).into_iter().map(|bubble| bubble.text).collect();
    assert!(replies.last().is_some_and(|last| last.contains("Order Number")), "{replies:#?}");
    app.end().await;
}

async fn a_text_that_was_sent_after_all_goes_too(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_KEEP_MESSAGES", "1")]).await;
    let fault = SendFault::Respond { status: 503, retry_after_s: Some(60), taken: false };
    app.simulator().set_faults(Faults { sends: Some(Rule { next: 1, fault }), ..Faults::default() }).await.expect("ok");
    app.says(OPERATOR, "hi").await;
    app.says("+12025550102", "hi").await;
    app.clock.advance(TimeDelta::days(2)); // Andon stood still meanwhile
    tidy(&app).await;
    assert_eq!(app.count("deliveries WHERE body = ''").await, 1, "the other one still has to be sent");
    app.settle().await;
    assert_eq!(app.bubbles(OPERATOR).len(), 1);
    assert_eq!(tidy(&app).await.texts, 1);
    assert_eq!((app.count("deliveries WHERE body = ''").await, tidy(&app).await.texts), (2, 0));
    app.end().await;
}

async fn a_code_goes_a_day_after_it_ran_out(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client", Role::Client).await;
    let (status, _) = client.post("/api/profile/whatsapp/code/", serde_json::json!({})).await;
    assert_eq!(status, StatusCode::CREATED);
    app.pass(TimeDelta::days(1) + TimeDelta::minutes(9)).await;
    tidy(&app).await;
    assert_eq!(app.count("codes").await, 1, "it ran out less than a day ago");
    app.pass(TimeDelta::minutes(2)).await;
    tidy(&app).await;
    assert_eq!(app.count("codes").await, 0);
    app.end().await;
}

/// Fifty people a day, a third of them new each day, ask where an order stands.
async fn days_of_traffic_leave_nothing_growing_but_rows(backend: Backend) {
    let settings = [("ANDON_CHAT_ACCESS", "open"), ("ANDON_DRAFT_DAYS", "2"), ("ANDON_KEEP_MESSAGES", "3")];
    let app = TestApp::with(backend, &settings).await;
    let (days, people) = if backend == Backend::Sqlite { (8, 50) } else { (6, 20) };
    let steps = ["hi", "2", "ORD-12345"];
    for day in 0..days {
        for (step, text) in steps.into_iter().enumerate() {
            let forms = (0..people).map(|n| {
                let phone = format!("+447700900{:03}", day * people / 3 + n);
                Form::message(&format!("SM{day:04}{step}{n:027}"), &phone, text)
            });
            let forms: Vec<Form> = forms.collect();
            let answers = futures_util::future::join_all(forms.iter().map(|form| form.post_for_status(&app))).await;
            assert!(answers.iter().all(|status| *status == StatusCode::OK), "{answers:?}");
            app.settle().await;
        }
        app.pass(TimeDelta::days(1)).await;
        tidy(&app).await;
        let conversations = app.count("conversations WHERE cleared_at IS NULL").await;
        assert!(conversations <= i64::from(people + people / 3 + 1), "day {day}: {conversations} conversations");
        for table in ["messages", "deliveries"] {
            let texts = app.count(&format!("{table} WHERE body <> ''")).await;
            assert!(texts <= i64::from(3 * people * 3), "day {day}: {texts} texts of {table}");
        }
    }
    assert_eq!(app.count("messages").await, i64::from(days * people * 3), "each once");
    assert_eq!(app.count("deliveries").await, i64::from(days * people * 3));
    assert_eq!(app.count("waiting_messages").await, 0);
    assert!(log_bytes(&app) <= LONGEST_LOG, "{} bytes of log", log_bytes(&app));
    app.end().await;
}

/// What SQLite's log is cut back to, and a page to spare.
const LONGEST_LOG: u64 = 16 * 1024 * 1024 + 8192;

/// How long SQLite's log is; nothing on other databases.
fn log_bytes(app: &TestApp) -> u64 {
    andon::db::sqlite_file(&app.server.app.settings.database_url()).map_or(0, |file| {
        let mut log = file.into_os_string();
        log.push("-wal");
        std::fs::metadata(log).expect("the log is there while Andon runs").len()
    })
}

async fn a_long_reader_leaves_no_long_log(backend: Backend) {
    if backend != Backend::Sqlite {
        return; // a server keeps its own log
    }
    let app = TestApp::start(backend).await;
    let db = app.server.app.db.clone();
    let reader = app.connection().await;
    reader.execute_unprepared("BEGIN").await.expect("it begins to read");
    reader.execute_unprepared("SELECT COUNT(*) FROM messages").await.expect("it reads");
    let much = db.write(|tx| {
        Box::pin(async move {
            tx.conn().execute_unprepared("CREATE TABLE filler AS SELECT zeroblob(20000000) AS bytes").await?;
            Ok(())
        })
    });
    much.await.expect("it is written");
    assert!(log_bytes(&app) > LONGEST_LOG, "the log grows while somebody reads");
    assert!(db.shorten_log().await.expect("it answers") > 0);
    reader.execute_unprepared("ROLLBACK").await.expect("it ends");
    assert_eq!(db.shorten_log().await.expect("it answers"), 0);
    assert_eq!(Form::message("SMlast", OPERATOR, "hi").post_for_status(&app).await, StatusCode::OK);
    assert!(log_bytes(&app) <= LONGEST_LOG, "{} bytes of log", log_bytes(&app));
    app.end().await;
}
