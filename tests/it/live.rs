//! The live line: who may connect, what arrives, what who comes back is told, and what ends it.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::redis::Keyspace;
use crate::support::user::User;
use andon::people::Role;
use chrono::TimeDelta;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) mod changes;

facts!["live":
    a_ticket_opens_one_connection_within_a_minute,
    an_access_token_opens_one_in_the_query_the_header_or_the_first_message,
    who_cannot_say_who_they_are_is_turned_away,
    what_is_no_websocket_is_told_so,
    a_notice_arrives_with_its_ticket_at_those_whom_it_concerns,
    a_ping_is_answered_with_the_same_number,
    who_comes_back_misses_nothing_and_hears_nothing_twice,
    who_missed_too_much_is_sent_to_the_list,
    a_ticket_ends_with_its_sign_in_and_its_token,
    a_ticket_is_no_history,
    a_sign_out_ends_the_connection,
    a_token_that_expires_ends_the_connection,
    a_stop_tells_everybody_to_come_back,
    a_notice_is_pushed_without_waiting_for_a_timer,
];

pub(crate) fn facts_with_redis() -> Vec<crate::Fact> {
    vec![("live::a_notice_made_by_another_process_is_pushed_too", |backend| {
        Box::pin(a_notice_made_by_another_process_is_pushed_too(backend))
    })]
}

/// What a connection said.
#[derive(Debug, PartialEq)]
enum Said {
    Text(Value),
    Closed(u16),
    Gone,
}

struct Wire(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Wire {
    /// Connects; or the status with which that is refused.
    async fn open(address: SocketAddr, query: &str, bearer: Option<&str>) -> Result<Self, StatusCode> {
        let mut request = format!("ws://{address}/ws/notifications/{query}").into_client_request().expect("a request");
        if let Some(token) = bearer {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(refused)) => Err(refused.status()),
            Err(error) => unreachable!("no connection: {error}"),
        }
    }

    /// The next thing it says, pings left out.
    async fn next(&mut self) -> Said {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Said::Text(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => return Said::Closed(frame.map_or(0, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Said::Gone,
            }
        }
    }

    async fn text(&mut self) -> Value {
        match self.next().await {
            Said::Text(value) => value,
            other => unreachable!("not a text: {other:?}"),
        }
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("it is sent");
    }

    /// What there is to be heard until the answer to a ping.
    async fn rest(&mut self) -> Vec<Value> {
        self.say(json!({"type": "ping", "timestamp": 99})).await;
        let mut rest = Vec::new();
        loop {
            match self.text().await {
                pong if pong["type"] == "pong" => return rest,
                other => rest.push(other),
            }
        }
    }
}

/// Connects somebody with a ticket; the greeting is heard.
async fn at_the_desk(app: &TestApp, user: &User, more: &str) -> Wire {
    let (status, issued) = user.post("/api/ws_ticket/", json!({})).await;
    assert_eq!((status, &issued["expires_in"]), (StatusCode::OK, &json!(60)), "{issued}");
    let query = format!("?ticket={}{more}", issued["ticket"].as_str().expect("a ticket"));
    let mut wire = Wire::open(app.server.address, &query, None).await.expect("a connection");
    let greeting = wire.text().await;
    assert_eq!((&greeting["type"], &greeting["user_id"]), (&json!("connection_established"), &json!(user.id)));
    wire
}

async fn raise(client: &User, title: &str) -> i64 {
    let body = json!({
        "title": title, "description": "Nobody can pay.", "project_name": "Shop", "priority": "HIGH", "category": "BUG",
    });
    let (status, ticket) = client.post("/api/tickets/", body).await;
    assert_eq!(status, StatusCode::CREATED, "{ticket}");
    ticket["id"].as_i64().expect("an id")
}

fn heads(notices: &[Value]) -> Vec<&str> {
    notices.iter().map(|notice| notice["ticket"]["title"].as_str().expect("a title")).collect()
}

async fn a_ticket_opens_one_connection_within_a_minute(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    assert_eq!(app.anybody(Method::POST, "/api/ws_ticket/", None).await.0, StatusCode::UNAUTHORIZED);
    let ticket = async || {
        let (_, issued) = admin.post("/api/ws_ticket/", json!({})).await;
        format!("?ticket={}", issued["ticket"].as_str().expect("a ticket"))
    };
    let (first, second) = (ticket().await, ticket().await);
    let wire = Wire::open(app.server.address, &first, None).await;
    assert!(wire.is_ok());
    assert_eq!(Wire::open(app.server.address, &first, None).await.err(), Some(StatusCode::UNAUTHORIZED), "once");
    app.clock.advance(TimeDelta::seconds(60));
    assert_eq!(Wire::open(app.server.address, &second, None).await.err(), Some(StatusCode::UNAUTHORIZED), "too late");
    let kept = app.rows("SELECT hash FROM live_tickets").await;
    let kept: Vec<String> = kept.iter().map(|row| row.try_get("", "hash").expect("a text")).collect();
    assert!(!kept.iter().any(|hash| first.contains(hash) || second.contains(hash)), "who has the rows has no ticket");
    app.end().await;
}

async fn a_ticket_ends_with_its_sign_in_and_its_token(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = async |user: &User| {
        let (_, issued) = user.post("/api/ws_ticket/", json!({})).await;
        format!("?ticket={}", issued["ticket"].as_str().expect("a ticket"))
    };
    let refused = async |query: &str| Wire::open(app.server.address, query, None).await.err();
    let (leaves, goes) = (app.user("leaves", Role::Client).await, app.user("goes", Role::Client).await);
    let (of_one, of_other) = (ticket(&leaves).await, ticket(&goes).await);
    assert_eq!(leaves.post("/api/auth/logout/", json!({})).await.0, StatusCode::OK);
    assert_eq!(admin.post(&format!("/api/users/{}/deactivate/", goes.id), json!({})).await.0, StatusCode::OK);
    for query in [of_one, of_other] {
        assert_eq!(refused(&query).await, Some(StatusCode::UNAUTHORIZED));
        assert_eq!(refused(&format!("{query}&last_id=0")).await, Some(StatusCode::UNAUTHORIZED));
    }
    app.clock.advance(TimeDelta::minutes(119) + TimeDelta::seconds(30));
    let late = ticket(&admin).await;
    app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(refused(&late).await, Some(StatusCode::UNAUTHORIZED), "the access token holds two hours");
    app.end().await;
}

async fn a_ticket_is_no_history(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    assert_eq!(client.post("/api/ws_ticket/", json!({})).await.0, StatusCode::OK);
    let (status, done) = admin.delete(&format!("/api/users/{}/", client.id)).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{done}");
    assert_eq!(app.count("live_tickets").await, 0);
    app.end().await;
}

async fn an_access_token_opens_one_in_the_query_the_header_or_the_first_message(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let address = app.server.address;
    let mut by_query = Wire::open(address, &format!("?token={}", admin.access), None).await.expect("a connection");
    let mut by_header = Wire::open(address, "", Some(&admin.access)).await.expect("a connection");
    let mut by_message = Wire::open(address, "", None).await.expect("a connection");
    by_message.say(json!({"type": "authenticate", "token": admin.access})).await;
    for wire in [&mut by_query, &mut by_header, &mut by_message] {
        assert_eq!(wire.text().await["user_id"], admin.id);
    }
    app.end().await;
}

async fn who_cannot_say_who_they_are_is_turned_away(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let address = app.server.address;
    let refused = async |query: &str| Wire::open(address, query, None).await.err();
    for query in ["?token=nonsense", &format!("?token={}", admin.refresh), "?ticket=nonsense"] {
        assert_eq!(refused(query).await, Some(StatusCode::UNAUTHORIZED), "{query}");
    }
    assert_eq!(refused("?last_id=x").await, Some(StatusCode::BAD_REQUEST));
    for first in [json!({"token": "nonsense"}), json!({"type": "ping", "timestamp": 1}), json!([])] {
        let mut wire = Wire::open(address, "", None).await.expect("it may still say who it is");
        wire.say(first.clone()).await;
        assert_eq!(wire.next().await, Said::Closed(4401), "{first}");
    }
    app.end().await;
}

async fn what_is_no_websocket_is_told_so(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (status, problem) = app.anybody(Method::GET, "/ws/notifications/", None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["error"].as_str().is_some_and(|text| text.contains("ws://")), "{problem}");
    app.end().await;
}

async fn a_notice_arrives_with_its_ticket_at_those_whom_it_concerns(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    let (mut one, mut two) = (at_the_desk(&app, &admin, "").await, at_the_desk(&app, &admin, "").await);
    let mut theirs = at_the_desk(&app, &client, "").await;
    let ticket = raise(&client, "Payments fail").await;
    app.settle().await;
    let notice = one.text().await;
    assert_eq!(two.text().await, notice, "on every screen");
    let (_, shown) = admin.get(&format!("/api/tickets/{ticket}/")).await;
    let created_at = shown["created_at"].clone();
    assert_eq!(
        notice,
        json!({
            "id": notice["id"],
            "notification_type": "ticket_created",
            "message": format!("New ticket {}: Payments fail", shown["reference"].as_str().expect("a text")),
            "ticket": {
                "id": ticket, "reference": shown["reference"], "title": "Payments fail", "priority": "HIGH",
                "priority_display": "High", "category": "BUG", "status": "NEW", "created_by": client.id,
                "project_name": "Shop", "created_at": created_at,
            },
            "timestamp": "2026-01-18T14:30:22Z",
        })
    );
    let (_, stored) = admin.get(&format!("/api/notifications/{}/", notice["id"])).await;
    assert_eq!((&stored["notification_type"], &stored["ticket"]), (&json!("SYSTEM"), &json!(ticket)), "{stored}");
    assert!(theirs.rest().await.is_empty(), "who did it is not told");
    admin.post(&format!("/api/tickets/{ticket}/open_ticket/"), json!({})).await;
    app.settle().await;
    assert_eq!(theirs.text().await["notification_type"], "ticket_opened");
    assert!(one.rest().await.is_empty());
    app.end().await;
}

async fn a_ping_is_answered_with_the_same_number(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let mut wire = at_the_desk(&app, &admin, "").await;
    wire.say(json!({"type": "ping", "timestamp": 1_768_746_622_123_i64})).await;
    assert_eq!(wire.text().await, json!({"type": "pong", "timestamp": 1_768_746_622_123_i64}));
    wire.0.send(Message::text("no JSON")).await.expect("it is sent");
    assert!(wire.rest().await.is_empty(), "what is not understood is passed over");
    app.end().await;
}

async fn who_comes_back_misses_nothing_and_hears_nothing_twice(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    let mut wire = at_the_desk(&app, &admin, "").await;
    raise(&client, "One").await;
    app.settle().await;
    let last = wire.text().await["id"].as_i64().expect("an id");
    drop(wire);
    raise(&client, "Two").await;
    app.settle().await;
    app.pass(TimeDelta::minutes(5)).await;
    raise(&client, "Three").await;
    let mut back = at_the_desk(&app, &admin, &format!("&last_id={last}")).await;
    raise(&client, "Four").await;
    app.settle().await;
    assert_eq!(heads(&back.rest().await), ["Two", "Three", "Four"]);
    let mut since = at_the_desk(&app, &admin, "&since=2026-01-18T14:35:22Z").await;
    assert_eq!(heads(&since.rest().await), ["Three", "Four"]);
    let mut overlap = at_the_desk(&app, &admin, "&since=2026-01-18T14:30:30Z").await;
    assert_eq!(heads(&overlap.rest().await).len(), 4, "clocks differ: what was shortly before comes again");
    let mut anew = at_the_desk(&app, &admin, "").await;
    assert!(anew.rest().await.is_empty(), "without a word of what is known, only what is new");
    app.end().await;
}

async fn who_missed_too_much_is_sent_to_the_list(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    crate::notifications::raise_many(&app, client.id, 501).await;
    app.settle().await;
    let mut back = at_the_desk(&app, &admin, "&last_id=0").await;
    let said = back.text().await;
    assert_eq!(said["type"], "resync", "{said}");
    raise(&client, "New").await;
    app.settle().await;
    assert_eq!(heads(&back.rest().await), ["New"], "and it goes on");
    app.end().await;
}

async fn a_sign_out_ends_the_connection(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (one, other) = (app.user("one", Role::Admin).await, app.user("other", Role::Admin).await);
    let (mut leaves, mut stays) = (at_the_desk(&app, &one, "").await, at_the_desk(&app, &other, "").await);
    assert_eq!(one.post("/api/auth/logout/", json!({})).await.0, StatusCode::OK);
    app.settle().await;
    assert_eq!(leaves.next().await, Said::Closed(4401));
    assert!(stays.rest().await.is_empty());
    app.end().await;
}

async fn a_token_that_expires_ends_the_connection(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let mut wire = at_the_desk(&app, &admin, "").await;
    app.pass(TimeDelta::minutes(119)).await;
    assert!(wire.rest().await.is_empty());
    app.pass(TimeDelta::minutes(2)).await;
    assert_eq!(wire.next().await, Said::Closed(4401));
    app.end().await;
}

async fn a_stop_tells_everybody_to_come_back(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let mut wire = at_the_desk(&app, &admin, "").await;
    app.end().await;
    assert_eq!(wire.next().await, Said::Closed(1012));
}

async fn a_notice_is_pushed_without_waiting_for_a_timer(backend: Backend) {
    let app = TestApp::running(backend, &[]).await;
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    let mut wire = at_the_desk(&app, &admin, "").await;
    let mut waits = Vec::new();
    for n in 0..21 {
        raise(&client, &format!("Ticket {n}")).await;
        let committed = tokio::time::Instant::now();
        wire.text().await;
        waits.push(committed.elapsed());
    }
    waits.sort();
    // On an idle machine it is some milliseconds; every timer there is takes a second or more.
    assert!(waits[10] < Duration::from_millis(500), "{waits:?}");
    app.end().await;
}

async fn a_notice_made_by_another_process_is_pushed_too(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let redis = Keyspace::new().await;
    let app = TestApp::running(backend, &redis.settings()).await;
    let other = app.process_beside(&redis.settings()).await; // runs no jobs: the first one tells
    let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
    let live = tokio::spawn(other.live.clone().run(tokio_util::sync::CancellationToken::new()));
    let (_, issued) = admin.post("/api/ws_ticket/", json!({})).await;
    let query = format!("?ticket={}", issued["ticket"].as_str().expect("a ticket"));
    let mut wire = Wire::open(other.address, &query, None).await.expect("a ticket is good at every process");
    wire.text().await;
    raise(&client, "Payments fail").await;
    assert_eq!(wire.text().await["ticket"]["title"], "Payments fail");
    live.abort();
    other.stop().await.expect("it stops");
    app.end().await;
    redis.clear().await;
}
