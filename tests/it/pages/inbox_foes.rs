//! The inbox under attack: two at once, what is sent twice, what arrives meanwhile, who may not see it, what outsiders
//! write, and two people who turn out to be one.

use super::inbox::{Desk, person};
use crate::facts;
use crate::support::app::{OPERATOR, STRANGER, TestApp, number};
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use andon::simulator::Incoming;
use chrono::TimeDelta;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;
use std::time::Duration;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

facts!["pages::inbox_foes":
    of_two_who_take_over_at_once_one_has_it,
    a_form_that_is_sent_twice_is_done_once,
    messages_that_arrive_while_it_is_taken_or_handed_back_are_answered_or_not_but_never_twice,
    what_waited_for_its_turn_is_not_answered_once_it_is_taken,
    whoever_may_not_see_it_is_refused,
    what_outsiders_write_does_nothing_in_the_inbox,
    a_number_that_changed_hands_is_not_written_to,
    two_people_become_one,
    nobody_is_merged_away_who_signs_in,
    what_changes_is_told_to_those_who_may_see_it,
];

async fn of_two_who_take_over_at_once_one_has_it(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    let other = desk.app.at_a_window("boss2", Role::Admin).await;
    desk.app.says(OPERATOR, "hi").await;
    let path = desk.of(OPERATOR).await;
    let take = format!("{path}/take-over");
    let (one, two) = tokio::join!(desk.admin.1.post(&take, &[]), other.1.post(&take, &[]));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    let loser = if one.status == StatusCode::CONFLICT { one } else { two };
    assert!(loser.text().contains("Somebody else took this conversation over"), "{}", loser.text());
    assert_eq!(desk.app.count("desk_entries WHERE kind = 'TAKEN'").await, 1);
    assert_eq!(desk.app.count("events WHERE name = 'conversation.taken_over'").await, 1);
    desk.app.end().await;
}

async fn a_form_that_is_sent_twice_is_done_once(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    desk.app.says(OPERATOR, "hi").await;
    let path = desk.of(OPERATOR).await;
    for _ in 0..2 {
        desk.did(&path, "take-over", &[]).await;
    }
    let once = desk.admin.1.get(&path).await.value("once").expect("a key").to_owned();
    let fields = [("once", once.as_str()), ("text", "Only once")];
    let address = format!("{path}/write");
    let sent = join_all((0..4).map(|_| desk.admin.1.post(&address, &fields))).await;
    assert!(sent.iter().all(|seen| seen.status == StatusCode::SEE_OTHER), "each is told that it is done");
    desk.app.settle().await;
    let said = desk.app.bubbles(OPERATOR).into_iter().filter(|bubble| bubble.text == "Only once").count();
    assert_eq!((said, desk.app.count("deliveries WHERE kind = 'DESK'").await), (1, 1));
    for _ in 0..2 {
        desk.did(&path, "start-over", &[]).await;
    }
    let menus = desk.app.bubbles(OPERATOR).into_iter().filter(|bubble| bubble.text.contains("Welcome")).count();
    assert_eq!(menus, 2, "that of the greeting, and one more");
    assert_eq!(desk.app.count("desk_entries WHERE kind IN ('TAKEN', 'STARTED_OVER')").await, 2);
    let keyless = desk.admin.1.post(&address, &[("text", "Without a key")]).await;
    assert_eq!(keyless.status, StatusCode::BAD_REQUEST);
    let forged = desk.admin.1.post_just(&format!("{path}/take-over"), &[("token", "forged")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    desk.app.end().await;
}

async fn messages_that_arrive_while_it_is_taken_or_handed_back_are_answered_or_not_but_never_twice(backend: Backend) {
    let desk = Desk::set(backend, &[("ANDON_SENDER_LIMIT", "0")]).await;
    desk.app.says(OPERATOR, "hi").await;
    let path = desk.of(OPERATOR).await;
    for round in 0..6 {
        let what = if round % 2 == 0 { "take-over" } else { "hand-back" };
        let address = format!("{path}/{what}");
        let phone = number(OPERATOR);
        let sends = join_all(
            (0..4).map(|nth| desk.app.simulator().send(Incoming::text(&phone, format!("help {round} {nth}")))),
        );
        let (_, seen) = tokio::join!(sends, desk.admin.1.post(&address, &[]));
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text());
        desk.app.settle().await;
    }
    assert_eq!(desk.app.count("messages").await, 25);
    let twice =
        "(SELECT message_id FROM deliveries WHERE message_id IS NOT NULL GROUP BY message_id HAVING COUNT(*) > 1) t";
    assert_eq!(desk.app.count(twice).await, 0);
    // What came after it was taken, by the order of rows, has no answer.
    assert!(!desk.app.says(OPERATOR, "hi").await.is_empty(), "handed back at last");
    desk.app.end().await;
}

async fn what_waited_for_its_turn_is_not_answered_once_it_is_taken(backend: Backend) {
    let desk = Desk::set(backend, &[("ANDON_SENDER_LIMIT", "2")]).await;
    for nth in 0..6 {
        desk.app.simulator().send(Incoming::text(&number(OPERATOR), format!("hi {nth}"))).await;
    }
    assert!(desk.app.count("waiting_messages").await > 0);
    let path = desk.of(OPERATOR).await;
    desk.did(&path, "take-over", &[]).await;
    assert_eq!(desk.app.count("waiting_messages").await, 0);
    let before = desk.app.bubbles(OPERATOR).len();
    for _ in 0..10 {
        desk.app.says(OPERATOR, "and more").await; // no flood of the bot's: nobody is told to slow down
    }
    desk.app.pass(TimeDelta::minutes(5)).await;
    assert_eq!(desk.app.bubbles(OPERATOR).len(), before);
    desk.did(&path, "hand-back", &[]).await;
    assert!(!desk.app.says(OPERATOR, "hi").await.is_empty(), "what was written in silence is no debt");
    desk.app.end().await;
}

async fn whoever_may_not_see_it_is_refused(backend: Backend) {
    let desk = Desk::set(backend, &[("ANDON_REQUEST_LIMIT", "0")]).await;
    desk.app.user_of("super1", Role::Supervisor, Some("Machining")).await;
    desk.app.user_of("super2", Role::Supervisor, Some("Paint")).await;
    for (name, role) in [("client1", Role::Client), ("dev1", Role::Support), ("op1", Role::Operator)] {
        desk.app.user(name, role).await;
    }
    for phone in [OPERATOR, STRANGER] {
        desk.app.says(phone, "hi").await;
    }
    crate::notifications::change(&desk.app, "UPDATE people SET department = 'Machining' WHERE role = 'OPERATOR'").await;
    let (known, stranger) = (desk.of(OPERATOR).await, desk.of(STRANGER).await);
    for (who, list, of_known, of_stranger) in [
        ("boss", 200, 200, 200),
        ("super1", 200, 200, 404),
        ("super2", 200, 404, 404),
        ("client1", 403, 403, 403),
        ("dev1", 403, 403, 403),
        ("op1", 403, 403, 403),
    ] {
        let window = Window::of(&desk.app, who).await;
        let seen = window.get("/inbox").await;
        assert_eq!(seen.status, list, "{who}");
        assert_eq!(seen.html.contains(OPERATOR), of_known == 200, "{who}");
        assert_eq!(seen.html.contains(STRANGER), of_stranger == 200, "{who}");
        for (path, expected) in [(&known, of_known), (&stranger, of_stranger)] {
            assert_eq!(window.get(path).await.status, expected, "{who} {path}");
            for what in ["take-over", "write", "note", "assign", "hand-back", "canned", "template", "typing"] {
                let done = window.post(&format!("{path}/{what}"), &[]).await;
                let is_refused = done.status == expected;
                assert!(expected == 200 || is_refused, "{who} {what} {path}: {}", done.status);
            }
        }
        assert_eq!(window.get("/inbox/replies").await.status, list, "{who}");
        let merge = window.get(&format!("{known}/merge")).await.status;
        let expected = if who == "boss" {
            200
        } else if of_known == 200 {
            403
        } else {
            of_known
        };
        assert_eq!(merge, expected, "{who}");
    }
    assert_eq!(Window::new(&desk.app).get(&known).await.status, StatusCode::SEE_OTHER, "a guest signs in first");
    assert_eq!(desk.admin.1.get("/inbox/999999").await.status, StatusCode::NOT_FOUND);
    desk.app.end().await;
}

const ATTACKS: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</textarea><svg/onload=alert(1)>",
    "*<b>bold</b>* javascript:alert(1) https://x.example/\"onclick=alert(1)",
    "{{ 7 * 7 }} {% raw %} &lt;b&gt;",
];

async fn what_outsiders_write_does_nothing_in_the_inbox(backend: Backend) {
    let desk = Desk::set(backend, &[("ANDON_CHAT_ACCESS", "open")]).await;
    let all = ATTACKS.join(" ");
    for attack in ATTACKS {
        let incoming = Incoming::text(&number(STRANGER), attack);
        desk.app.sends(Incoming { profile_name: Some(all.clone()), ..incoming }).await;
    }
    let path = desk.of(STRANGER).await;
    desk.did(&path, "take-over", &[]).await;
    desk.did(&path, "note", &[("note", &all)]).await;
    desk.did(&path, "write", &[("text", &all)]).await;
    let fields = [("name", ATTACKS[0]), ("language", "en"), ("body", &all)];
    assert_eq!(desk.admin.1.post("/inbox/replies", &fields).await.status, StatusCode::SEE_OTHER);
    let search = format!("/inbox?q={}", "%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    for page in ["/inbox", "/now", "/inbox/replies", &search, &path, &format!("{path}/merge")] {
        let seen = desk.admin.1.get(page).await;
        assert_eq!(seen.status, StatusCode::OK, "{page}");
        for tag in ["<script>", "<img src=x", "<svg/onload", "' onmouseover='", "alert(1)>", " 49 ", "<b>", "\"onclick"]
        {
            assert!(!seen.html.contains(tag), "{page} has {tag}");
        }
        assert!(!seen.html.contains("href=\"javascript"), "{page}");
    }
    assert!(desk.text(&path).await.contains("alert(1)"), "it is there as text");
    desk.app.end().await;
}

async fn a_number_that_changed_hands_is_not_written_to(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    desk.app.says(OPERATOR, "hi").await;
    let path = desk.of(OPERATOR).await;
    desk.did(&path, "take-over", &[]).await;
    let client = desk.app.user("client1", Role::Client).await;
    let query = format!("UPDATE addresses SET person_id = {} WHERE value = '{OPERATOR}'", client.id);
    crate::notifications::change(&desk.app, &query).await;
    let before = desk.app.bubbles(OPERATOR).len();
    let refused = desk.does(&path, "write", &[("text", "Secret of the one before")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    desk.did(&path, "start-over", &[]).await;
    assert_eq!(desk.app.bubbles(OPERATOR).len(), before, "nothing goes to who has the number now");
    desk.app.end().await;
}

async fn opened(app: &TestApp, phone: &str, texts: &[&str]) {
    for text in texts {
        app.says(phone, text).await;
    }
}

async fn two_people_become_one(backend: Backend) {
    let desk = Desk::set(backend, &[("ANDON_CHAT_ACCESS", "open")]).await;
    opened(&desk.app, OPERATOR, &["hi", "1", "ORD-12345"]).await;
    desk.app.pass(TimeDelta::seconds(1)).await;
    opened(&desk.app, STRANGER, &["hi", "3", "MACH-001", "1", "3", "3", "MACH-001"]).await;
    let (known, stranger) = (desk.of(OPERATOR).await, desk.of(STRANGER).await);
    desk.did(&stranger, "note", &[("note", "Writes from a new phone")]).await;
    desk.did(&stranger, "take-over", &[]).await;
    let (one, other) = (person(&desk.app, STRANGER).await, person(&desk.app, OPERATOR).await);
    let tickets = desk.app.count(&format!("tickets WHERE requester_id = {other}")).await;
    let merge = format!("{stranger}/merge");
    for (number, status) in [("nonsense", 400), ("%2B447700900999", 400), ("%2B12025550199", 400)] {
        assert_eq!(desk.admin.1.get(&format!("{merge}?number={number}")).await.status, status, "{number}");
    }
    let asks = desk.admin.1.get(&format!("{merge}?number=%2B12025550101")).await.text();
    for says in [STRANGER, OPERATOR, "Tickets: 1", "Both are in the middle of a form", "There is no way back"] {
        assert!(asks.contains(says), "{says}: {asks}");
    }
    assert_eq!(desk.app.count("desk_entries WHERE kind = 'MERGED'").await, 0, "asked, not done");
    let into = other.to_string();
    for _ in 0..2 {
        let done = desk.admin.1.post(&merge, &[("into", &into)]).await;
        let is_gone = done.status == StatusCode::NOT_FOUND;
        assert!(is_gone || done.leads_to() == format!("{known}?done=merged"), "{}", done.text());
    }
    assert_eq!(desk.app.count("desk_entries WHERE kind = 'MERGED'").await, 1);
    assert_eq!(desk.admin.1.get(&stranger).await.status, StatusCode::NOT_FOUND);
    for table in ["addresses", "messages", "deliveries", "conversations", "desk_entries"] {
        assert_eq!(desk.app.count(&format!("{table} WHERE person_id = {one}")).await, 0, "{table}");
    }
    assert_eq!(desk.app.count(&format!("tickets WHERE requester_id = {one}")).await, 0);
    assert_eq!(desk.app.count(&format!("tickets WHERE requester_id = {other}")).await, tickets + 1);
    let text = desk.text(&known).await;
    for says in ["ORD-12345", "MACH-001", "Writes from a new phone", "added the conversation of", "With the desk"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    desk.did(&known, "hand-back", &[]).await;
    let asked = desk.app.bubbles(STRANGER).pop().expect("a question").text;
    assert!(asked.contains("Defect Type"), "the other's own form goes on, where they wrote last: {asked}");
    opened(&desk.app, OPERATOR, &["cancel"]).await;
    let resumed = desk.app.says(OPERATOR, "resume").await.join(" ");
    assert!(resumed.contains("Issue Type"), "the one put aside is taken up again: {resumed}");
    desk.app.end().await;
}

async fn nobody_is_merged_away_who_signs_in(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    for phone in [OPERATOR, STRANGER] {
        desk.app.says(phone, "hi").await;
    }
    let query = format!("UPDATE people SET username = 'op1' WHERE id = {}", person(&desk.app, OPERATOR).await);
    crate::notifications::change(&desk.app, &query).await;
    let known = desk.of(OPERATOR).await;
    let asks = desk.admin.1.get(&format!("{known}/merge?number=%2B12025550199")).await;
    assert_eq!(asks.status, StatusCode::CONFLICT);
    assert!(asks.text().contains("the other way round"), "{}", asks.text());
    let into = person(&desk.app, STRANGER).await.to_string();
    let done = desk.admin.1.post(&format!("{known}/merge"), &[("into", &into)]).await;
    assert_eq!(done.status, StatusCode::CONFLICT);
    let own = person(&desk.app, OPERATOR).await.to_string();
    assert_eq!(desk.admin.1.post(&format!("{known}/merge"), &[("into", &own)]).await.status, StatusCode::BAD_REQUEST);
    desk.app.end().await;
}

/// What the pages' script would hear.
struct Line(tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>);

impl Line {
    async fn open(app: &TestApp, window: &Window) -> Self {
        let request = window.request(reqwest::Method::POST, "/live-ticket").header("x-form-token", window.token());
        let issued: Value = serde_json::from_str(&window.send(request).await.html).expect("a ticket");
        let ticket = issued["ticket"].as_str().expect("a ticket");
        let address = format!("ws://{}/ws/notifications/?changes=true&ticket={ticket}", app.server.address);
        let (line, _) = connect_async(address).await.expect("a connection");
        let mut line = Self(line);
        assert_eq!(line.next().await.expect("a greeting")["type"], "connection_established");
        line
    }

    /// The next thing it says; none where it is silent.
    async fn next(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(Duration::from_millis(500), self.0.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return serde_json::from_str(&text).ok(),
                Ok(Some(Ok(_))) => {}
                Ok(_) | Err(_) => return None,
            }
        }
    }
}

async fn what_changes_is_told_to_those_who_may_see_it(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    desk.app.user_of("super2", Role::Supervisor, Some("Paint")).await;
    let client = desk.app.at_a_window("client1", Role::Client).await;
    let other = Window::of(&desk.app, "super2").await;
    let mut lines = Vec::new();
    for window in [&desk.admin.1, &other, &client.1] {
        lines.push(Line::open(&desk.app, window).await);
    }
    desk.app.settle().await;
    for line in &mut lines {
        while line.next().await.is_some() {} // what the seeds changed
    }
    desk.app.says(OPERATOR, "hi").await;
    let id = person(&desk.app, OPERATOR).await;
    let heard = lines[0].next().await.expect("a word");
    let topics = heard["topics"].as_array().expect("topics");
    assert!(
        topics.contains(&format!("conversation-{id}").into()) && topics.contains(&"conversations".into()),
        "{heard}"
    );
    assert_eq!((&heard["type"], heard.as_object().map(serde_json::Map::len)), (&"changed".into(), Some(2)), "{heard}");
    assert_eq!((lines[1].next().await, lines[2].next().await), (None, None));
    while lines[0].next().await.is_some() {}
    let window = &desk.admin.1;
    let path = format!("/inbox/{id}/typing");
    let unsigned = window.send(window.request(reqwest::Method::POST, &path)).await;
    assert_eq!(unsigned.status, StatusCode::FORBIDDEN);
    let request = window.request(reqwest::Method::POST, &path).header("x-form-token", window.token());
    assert_eq!(window.send(request).await.status, StatusCode::NO_CONTENT);
    desk.app.settle().await;
    let typing = lines[0].next().await.expect("a word");
    assert_eq!(typing["conversation"], Value::from(id));
    assert_eq!((&typing["type"], &typing["by"]), (&"typing".into(), &desk.admin.0.id.into()));
    assert_eq!(lines[1].next().await, None);
    drop(lines);
    desk.app.end().await;
}
