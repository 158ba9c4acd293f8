//! What is lost when something is away: nothing.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::bus::Poke;
use andon::reconcile;
use andon::simulator::{Faults, Incoming, ListFault, PostFault, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::json;
use tokio_util::sync::CancellationToken;

facts!["outages":
    a_message_whose_webhook_was_lost_is_fetched,
    what_came_while_andon_was_down_is_fetched_at_start,
    a_provider_that_cannot_be_asked_is_not_asked_at_every_call,
    a_database_that_is_away_loses_nothing,
    connections_that_broke_fail_one_request_and_not_as_many_as_they_are,
    a_full_disk_loses_nothing_that_was_accepted,
    a_half_request_does_not_hold_up_a_stop,
    a_database_slower_than_the_world_refuses_in_time_and_loses_nothing,
    an_outcome_is_kept_while_the_database_is_away,
    a_database_file_that_was_moved_takes_nothing_in,
];

async fn catch_up(app: &TestApp) -> usize {
    let missed = reconcile::once(&app.server.app, &app.server.door).await.expect("the provider can be asked");
    app.settle().await;
    missed
}

async fn lose_webhooks(app: &TestApp, next: u32) {
    let faults = Faults { webhooks: Some(Rule { next, fault: PostFault::Drop }), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("within bounds");
}

async fn a_message_whose_webhook_was_lost_is_fetched(backend: Backend) {
    let app = TestApp::start(backend).await;
    assert_eq!(catch_up(&app).await, 0, "the first look only sets the mark");
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(app.says(OPERATOR, "hi").await.len(), 1);
    lose_webhooks(&app, 1).await;
    assert!(app.says(OPERATOR, "2").await.is_empty());
    app.pass(TimeDelta::minutes(5)).await;
    assert_eq!(catch_up(&app).await, 1);
    assert!(app.bubbles(OPERATOR)[1].text.contains("Order Number"));
    assert_eq!(catch_up(&app).await, 0, "and only once");
    assert_eq!((app.count("messages").await, app.bubbles(OPERATOR).len()), (2, 2));
    app.end().await;
}

async fn what_came_while_andon_was_down_is_fetched_at_start(backend: Backend) {
    let app = TestApp::start(backend).await;
    catch_up(&app).await;
    lose_webhooks(&app, 2).await;
    for text in ["hi", "2"] {
        app.pass(TimeDelta::minutes(1)).await;
        app.simulator().send(Incoming::text(&crate::support::app::number(OPERATOR), text)).await;
    }
    app.pass(TimeDelta::hours(3)).await;
    assert_eq!(catch_up(&app).await, 2);
    let texts: Vec<String> = app.bubbles(OPERATOR).into_iter().map(|bubble| bubble.text).collect();
    assert!(texts.len() == 2 && texts[0].starts_with("👋") && texts[1].contains("Order Number"), "{texts:?}");
    app.end().await;
}

/// Each message that cannot be stored calls for a look: in a flood that would be as many questions.
async fn a_provider_that_cannot_be_asked_is_not_asked_at_every_call(backend: Backend) {
    const ARMED: u32 = 100;
    let app = TestApp::start(backend).await;
    catch_up(&app).await;
    let lists = Some(Rule { next: ARMED, fault: ListFault::Respond { status: 503 } });
    app.simulator().set_faults(Faults { lists, ..Faults::default() }).await.expect("within bounds");
    let stop = CancellationToken::new();
    let looking = reconcile::run(app.server.app.clone(), app.server.door.clone(), stop.clone());
    let calling = async {
        for _ in 0..6 {
            app.server.app.bus.poke(Poke::Reconcile);
            app.says(OPERATOR, "hi").await;
        }
        stop.cancel();
    };
    tokio::join!(looking, calling);
    let asked = ARMED - app.simulator().faults().lists.map_or(0, |rule| rule.next);
    assert!((1..=2).contains(&asked), "asked {asked} times");
    app.end().await;
}

async fn a_database_that_is_away_loses_nothing(backend: Backend) {
    let (app, database) = TestApp::with_a_database_to_take_away(backend).await;
    catch_up(&app).await;
    app.says(OPERATOR, "hi").await;
    database.take_away().await;
    let refused = Form::message("SM00000000000000000000000000000001", OPERATOR, "menu").post(&app).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    let text = refused.text().await.expect("a body");
    assert!(text.contains("database") && !text.contains("sqlx") && !text.contains("127.0.0.1"), "{text}");
    let (sent, replies) = app.sends_into_the_dark(OPERATOR, "2").await;
    assert_eq!((sent.webhook, replies), (Some(503), 0));
    let (status, health) = app.get("/health").await;
    assert_eq!((status, &health["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("down")));
    database.bring_back().await;
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(catch_up(&app).await, 1, "what the provider received meanwhile is taken in");
    assert!(app.bubbles(OPERATOR)[1].text.contains("Order Number"));
    assert_eq!(app.get("/health").await.1["status"], "ok");
    app.end().await;
}

async fn connections_that_broke_fail_one_request_and_not_as_many_as_they_are(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // a file's connections do not break
    }
    let (app, database) = TestApp::with_a_database_to_take_away(backend).await;
    let pool = app.server.app.db.read().clone();
    let opened = futures_util::future::try_join_all((0..6).map(|_| pool.begin())).await.expect("six connections");
    drop(opened);
    database.take_away().await;
    let refused = Form::message("SM00000000000000000000000000000001", OPERATOR, "hi").post_for_status(&app).await;
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
    database.bring_back().await;
    for n in 2..9 {
        let form = Form::message(&format!("SM{n:032}"), OPERATOR, "hi");
        assert_eq!(form.post_for_status(&app).await, StatusCode::OK, "message {n}");
        assert_eq!(app.get("/health").await.1["status"], "ok", "after message {n}");
    }
    app.end().await;
}

async fn a_full_disk_loses_nothing_that_was_accepted(backend: Backend) {
    if backend != Backend::Sqlite {
        return; // a server's disk is the server's
    }
    let app = TestApp::with(backend, &[("ANDON_SENDER_LIMIT", "0")]).await;
    // The limit holds for the writing connection only, so it goes with it, as space comes back to a disk.
    let limit = app.server.app.db.write(|tx| {
        Box::pin(async move {
            tx.conn().execute_unprepared("PRAGMA max_page_count = 1").await?; // never less than there is
            Ok(())
        })
    });
    limit.await.expect("the limit is set");
    let (mut accepted, mut refused) = (0, 0);
    for n in 0..400 {
        let form = Form::message(&format!("SM{n:032}"), OPERATOR, format!("{} {n}", "x".repeat(500)));
        match form.post_for_status(&app).await {
            StatusCode::OK => accepted += 1,
            StatusCode::SERVICE_UNAVAILABLE => refused += 1,
            other => assert_eq!(other, StatusCode::OK),
        }
    }
    assert!(refused > 0, "the disk was full for a while");
    assert_eq!(app.count("messages").await, accepted, "what was accepted is there for everybody to read");
    assert_eq!(Form::message("SMlast", OPERATOR, "hi").post_for_status(&app).await, StatusCode::OK);
    let app = app.restart(&[("ANDON_SENDER_LIMIT", "0")]).await;
    assert_eq!(app.count("messages").await, accepted + 1, "and after a restart");
    app.end().await;
}

async fn a_database_file_that_was_moved_takes_nothing_in(backend: Backend) {
    let app = TestApp::start(backend).await;
    let Some(file) = andon::db::sqlite_file(&app.server.app.settings.database_url()) else {
        return app.end().await; // a server's files are the server's
    };
    let elsewhere = file.with_extension("moved");
    std::fs::rename(&file, &elsewhere).expect("moved");
    let answer = Form::message("SM1", OPERATOR, "hi").post_for_status(&app).await;
    assert_eq!(answer, StatusCode::SERVICE_UNAVAILABLE, "what is written to a file without a name would be lost");
    assert_eq!(app.get("/health").await.1["status"], "down");
    std::fs::rename(&elsewhere, &file).expect("moved back");
    let answer = Form::message("SM1", OPERATOR, "hi").post(&app).await;
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.expect("a body"));
    assert_eq!(app.get("/health").await.1["status"], "ok");
    app.end().await;
}

async fn a_half_request_does_not_hold_up_a_stop(backend: Backend) {
    use tokio::io::AsyncWriteExt as _;
    if backend != Backend::Sqlite {
        return; // once is enough: no database has a part in it
    }
    let app = TestApp::start(backend).await;
    let mut talkers = Vec::new();
    for half in [
        "POST /api/whatsapp/webhook HT",
        "POST /api/whatsapp/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nBo",
    ] {
        let mut connection = tokio::net::TcpStream::connect(app.server.address).await.expect("a connection");
        connection.write_all(half.as_bytes()).await.expect("half a request");
        talkers.push(connection);
    }
    assert_eq!(app.get("/health").await.0, StatusCode::OK, "others are answered meanwhile");
    let stop = tokio::time::timeout(std::time::Duration::from_secs(20), app.end());
    stop.await.expect("the stop does not wait for those who never finish");
}

/// The provider has taken the message, and the database goes before that is written down.
async fn an_outcome_is_kept_while_the_database_is_away(backend: Backend) {
    let (app, database) = TestApp::with_a_database_to_take_away(backend).await;
    let late = Rule { next: 1, fault: SendFault::Delay { ms: 2_000, taken: true } };
    let dropped = Rule { next: 1, fault: PostFault::Drop };
    let faults = Faults { sends: Some(late), callbacks: Some(dropped), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("within bounds");
    assert_eq!(Form::message("SM1", OPERATOR, "hi").post_for_status(&app).await, StatusCode::OK);
    let dispatcher = app.server.dispatcher.clone();
    let sending = tokio::spawn(async move { dispatcher.drain().await });
    while app.simulator().faults().sends.is_some() {
        tokio::task::yield_now().await; // until the message is leased, and with the provider
    }
    database.take_away().await;
    while !app.server.app.db.is_failing() {
        tokio::task::yield_now().await; // until writing the outcome down has failed once
    }
    database.bring_back().await;
    let _outcome = sending.await.expect("the dispatcher does not panic");
    app.pass(TimeDelta::minutes(2)).await; // any lease has run out
    assert_eq!((app.count("attempts").await, app.bubbles(OPERATOR).len()), (1, 1), "sent once, and known to be");
    app.end().await;
}

async fn a_database_slower_than_the_world_refuses_in_time_and_loses_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    assert_eq!(catch_up(&app).await, 0);
    let holder = app.hold_up_writing().await;
    let started = std::time::Instant::now();
    let (sent, _) = app.sends_into_the_dark(OPERATOR, "hi").await;
    assert_eq!(sent.webhook, Some(503));
    assert!(started.elapsed().as_secs() < 14, "before Twilio gives up");
    let flood = (0..100).map(|n| Form::message(&format!("SM{n:032}"), &format!("+447700900{n:03}"), "hi"));
    let flood: Vec<Form> = flood.collect();
    let started = std::time::Instant::now();
    let answers = futures_util::future::join_all(flood.iter().map(|form| form.post_for_status(&app))).await;
    assert!(answers.iter().all(|status| *status == StatusCode::SERVICE_UNAVAILABLE), "{answers:?}");
    // A SQLite that is locked says so after five seconds; the others hang, and are not asked again until they answer.
    assert!(started.elapsed().as_secs() < if backend == Backend::Sqlite { 14 } else { 5 });
    holder.close().await.expect("it is let go");
    for form in &flood {
        while form.post_for_status(&app).await != StatusCode::OK {
            tokio::task::yield_now().await; // until the set that hung is done
        }
    }
    app.clock.advance(TimeDelta::minutes(1));
    catch_up(&app).await;
    assert_eq!(app.count("messages").await, 101, "everything once");
    assert_eq!(app.bubbles(OPERATOR).len(), 1);
    app.end().await;
}
