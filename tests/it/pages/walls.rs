//! Walls: who makes and revokes them, what their link opens and what not, what they show and how their line goes.

use super::harmless::{ATTACKS, is_harmless};
use crate::facts;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use andon::simulator::Incoming;
use chrono::TimeDelta;
use futures_util::StreamExt as _;
use reqwest::{Method, StatusCode};
use sea_orm::ActiveValue::NotSet;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use std::time::Duration;

facts!["pages::walls":
    a_link_is_shown_once_and_opens_its_wall_again_and_again,
    a_supervisor_makes_and_revokes_walls_of_their_own_department_only,
    a_wall_shows_what_is_down_on_hold_and_overdue_and_who_is_on_it,
    a_wall_of_very_much_shows_the_most_urgent_and_counts_no_further,
    a_wall_opens_nothing_else,
    a_revoked_link_opens_nothing_and_ends_the_line,
    the_line_tells_the_board_when_it_is_another_one,
    forms_of_walls_are_refused_where_they_are_forged,
    what_people_write_does_nothing_on_a_wall,
];

/// Makes a wall and answers with the secret of its link.
pub(crate) async fn made(window: &Window, name: &str, department: &str) -> String {
    let fields = [("name", name), ("department", department), ("language", "en")];
    let seen = window.post("/floor/walls", &fields).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text());
    let link = seen.html.split("/wall/enter#").nth(1).and_then(|rest| rest.split('<').next()).expect("a link");
    link.to_owned()
}

/// A screen that was let in.
async fn screen(app: &TestApp, secret: &str) -> Window {
    let screen = Window::new(app);
    screen.get("/wall/enter").await;
    let seen = screen.post("/wall/enter", &[("secret", secret)]).await;
    assert_eq!((seen.status, seen.leads_to()), (StatusCode::SEE_OTHER, "/wall"), "{}", seen.text());
    screen
}

async fn a_link_is_shown_once_and_opens_its_wall_again_and_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, boss) = app.at_a_window("boss", Role::Admin).await;
    let secret = made(&boss, "Hall 1", "Machining").await;
    assert!(secret.len() >= 43, "256 bits: {secret}");
    let list = boss.get("/floor/walls").await;
    assert!(list.text().contains("Hall 1 Machining boss Never yet") && !list.html.contains(&secret), "{}", list.text());
    let kept = app.rows("SELECT hash FROM walls").await;
    let kept: String = kept[0].try_get("", "hash").expect("a hash");
    assert!(kept != secret && kept.len() == 64, "the secret itself is nowhere");

    let first = screen(&app, &secret).await;
    let seen = first.get("/wall").await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(seen.text().contains("Hall 1 Machining · Test Plant"), "{}", seen.text());
    assert!(!seen.html.contains(&secret), "the page has the secret nowhere");
    let cookie = seen.headers["set-cookie"].to_str().expect("a cookie").to_owned();
    for part in ["Path=/wall", "SameSite=Strict", "HttpOnly", "Max-Age=34560000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let whole = format!("http://desk.example/wall/enter#{secret}");
    let again = screen(&app, &whole).await;
    app.pass(TimeDelta::days(300)).await;
    assert_eq!(again.get("/wall").await.status, StatusCode::OK, "pasted whole, and after a long time");
    let boss = Window::of(&app, "boss").await;
    assert!(boss.get("/floor/walls").await.text().contains("just now"), "it was seen");
    let stranger = Window::new(&app);
    assert_eq!(stranger.get("/wall").await.status, StatusCode::UNAUTHORIZED);
    stranger.get("/wall/enter").await;
    for wrong in ["", "x", &secret.to_uppercase(), &"a".repeat(101)] {
        let seen = stranger.post("/wall/enter", &[("secret", wrong)]).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(seen.text().contains("no link that holds"), "{}", seen.text());
    }
    let told = app.rows("SELECT name FROM events WHERE name = 'wall.created'").await;
    assert_eq!(told.len(), 1, "it is in the log");
    app.end().await;
}

async fn a_supervisor_makes_and_revokes_walls_of_their_own_department_only(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, boss) = app.at_a_window("boss", Role::Admin).await;
    app.user_of("shift1", Role::Supervisor, Some("Machining")).await;
    app.user("shift2", Role::Supervisor).await;
    let shift = Window::of(&app, "shift1").await;
    made(&boss, "Everything", "").await;
    made(&boss, "Paint", "Painting").await;
    made(&shift, "Lathes", "Machining").await;
    let seen = shift.get("/floor/walls").await;
    assert!(seen.text().contains("Lathes") && !seen.text().contains("Everything") && !seen.text().contains("Paint "));
    assert!(boss.get("/floor/walls").await.text().contains("Lathes"));
    for department in ["Painting", ""] {
        let fields = [("name", "Mine"), ("department", department), ("language", "en")];
        let seen = shift.post("/floor/walls", &fields).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{department}");
        assert!(seen.html.contains("value=\"Mine\"") && !seen.html.contains("/wall/enter#"), "nothing typed is lost");
    }
    let paint = app.rows("SELECT id FROM walls WHERE name = 'Paint'").await;
    let paint: i64 = paint[0].try_get("", "id").expect("an id");
    assert_eq!(shift.post(&format!("/floor/walls/{paint}/revoke"), &[]).await.status, StatusCode::NOT_FOUND);
    let other = Window::of(&app, "shift2").await;
    assert!(other.get("/floor/walls").await.text().contains("There is none yet"), "who answers for nothing sees none");
    for (name, role) in [("worker1", Role::Operator), ("dev1", Role::Support), ("client1", Role::Client)] {
        app.user(name, role).await;
        let window = Window::of(&app, name).await;
        assert_eq!(window.get("/floor/walls").await.status, StatusCode::FORBIDDEN, "{name}");
        let fields = [("name", "Mine"), ("department", "Machining"), ("language", "en")];
        assert_eq!(window.post("/floor/walls", &fields).await.status, StatusCode::FORBIDDEN, "{name}");
    }
    for (fields, wrong) in [
        ([("name", ""), ("department", "Machining"), ("language", "en")], "name"),
        ([("name", "Mine"), ("department", "Machining"), ("language", "xx")], "language"),
    ] {
        let seen = boss.post("/floor/walls", &fields).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(seen.html.contains("aria-invalid"), "{wrong}");
    }
    app.end().await;
}

async fn a_wall_shows_what_is_down_on_hold_and_overdue_and_who_is_on_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (boss, window) = app.at_a_window("boss", Role::Admin).await;
    let dev = app.user("dev1", Role::Support).await;
    let secret = made(&window, "Hall 1", "Machining").await;
    let plant = made(&window, "Gate", "").await;
    let wall = screen(&app, &secret).await;
    let before = wall.get("/wall").await.text();
    for text in ["hi", "3", "MACH-002", "Hydraulic", "High", "3", "MACH-002", "Bearing", "Low"] {
        app.says(OPERATOR, text).await;
    }
    let ticket = crate::attachments::newest_ticket(&app).await;
    boss.post(&format!("/api/tickets/{ticket}/assign/"), json!({"assigned_to": dev.id})).await;
    for text in ["hi", "1", "ORD-12345", "Other", "High", "A crack"] {
        app.says(OPERATOR, text).await;
    }
    let now = wall.get("/wall").await.text();
    assert!(!before.contains("MACH-002") && now.matches("MACH-002").count() == 1, "once, however many tickets: {now}");
    assert!(now.contains("MACH-002 Milling centre just now · dev1"), "{now}");
    assert!(now.contains("ORD-12345"), "{now}");
    app.pass(TimeDelta::days(4)).await;
    let window = Window::of(&app, "boss").await;
    let later = wall.get("/wall").await.text();
    assert!(later.contains("DEF-20260118143022") && later.contains("MAINT-20260118143022"), "overdue: {later}");
    let other = made(&window, "Paint", "Painting").await;
    let other = screen(&app, &other).await.get("/wall").await.text();
    assert!(!other.contains("MACH-002") && !other.contains("MAINT-20260118143022"), "another department's: {other}");
    assert!(
        other.contains("ORD-12345") && other.contains("DEF-20260118143022"),
        "what is nobody's is everybody's: {other}"
    );
    assert!(screen(&app, &plant).await.get("/wall").await.text().contains("MACH-002"), "the whole plant's");
    app.end().await;
}

/// So many more tickets like the newest one, about the same machine.
async fn multiplied(app: &TestApp, times: usize) {
    use andon::{maintenance, tickets};
    let (connection, id) = (app.connection().await, crate::attachments::newest_ticket(app).await);
    let ticket = tickets::row::Entity::find_by_id(id).one(&connection).await.expect("read").expect("a ticket");
    let facts = maintenance::row::Entity::find().filter(maintenance::row::Column::TicketId.eq(id)).one(&connection);
    let facts = facts.await.expect("read").expect("its machine");
    for nth in 0..times {
        let reference = format!("{}-{nth}", ticket.reference);
        let more = tickets::row::Model { reference, ..ticket.clone() };
        let more = tickets::row::ActiveModel { id: NotSet, ..more.into() };
        let id = tickets::row::Entity::insert(more).exec(&connection).await.expect("a ticket").last_insert_id;
        let more = maintenance::row::Model { ticket_id: id, ..facts.clone() };
        let more = maintenance::row::ActiveModel { id: NotSet, ..more.into() };
        maintenance::row::Entity::insert(more).exec_without_returning(&connection).await.expect("its machine");
    }
}

async fn a_wall_of_very_much_shows_the_most_urgent_and_counts_no_further(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, window) = app.at_a_window("boss", Role::Admin).await;
    let wall = screen(&app, &made(&window, "Gate", "").await).await;
    for text in ["hi", "3", "MACH-001", "Bearing", "Low"] {
        app.says(OPERATOR, text).await;
    }
    multiplied(&app, 310).await;
    for text in ["3", "MACH-002", "Hydraulic", "High"] {
        app.says(OPERATOR, text).await;
    }
    let seen = wall.get("/wall").await.text();
    let place = |number| seen.find(number);
    assert!(place("MACH-002").is_some() && place("MACH-002") < place("MACH-001"), "the newest is the worst: {seen}");
    app.clock.advance(TimeDelta::days(30));
    let seen = wall.get("/wall").await.text();
    assert!(seen.contains("300+") && seen.contains("295+ more"), "{seen}");
    app.end().await;
}

async fn a_wall_opens_nothing_else(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, boss) = app.at_a_window("boss", Role::Admin).await;
    let secret = made(&boss, "Hall 1", "").await;
    let wall = screen(&app, &secret).await;
    // Even where a browser were to send the cookie everywhere, under any name of a sign-in.
    wall.jar().insert("andon".to_owned(), secret.clone());
    wall.jar().insert("__Host-andon".to_owned(), secret.clone());
    for path in ["/now", "/tickets", "/floor/walls", "/floor/labels", "/inbox", "/people", "/profile"] {
        let seen = wall.get(path).await;
        assert!(seen.leads_to().starts_with("/sign-in"), "{path}: {:?} {}", seen.status, seen.leads_to());
    }
    for path in ["/api/tickets/", "/api/orders/", "/api/machines/", "/api/users/", "/api/events/"] {
        let request = wall.request(Method::GET, path).bearer_auth(&secret);
        assert_eq!(wall.sends(request).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["/live-ticket", "/floor/walls", "/floor/walls/1/revoke", "/tickets/new"] {
        assert_eq!(wall.post(path, &[]).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let socket = wall.request(Method::GET, &format!("/ws/notifications/?token={secret}"));
    let socket = socket.header("connection", "upgrade").header("upgrade", "websocket");
    let socket = socket.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(wall.sends(socket).await.status(), StatusCode::UNAUTHORIZED);
    // Nor does a sign-in open a wall.
    assert_eq!(boss.get("/wall").await.status, StatusCode::UNAUTHORIZED);
    app.end().await;
}

/// A screen's line, word by word.
struct Line {
    bytes: std::pin::Pin<Box<dyn futures_util::Stream<Item = Vec<u8>>>>,
    read: String,
}

impl Line {
    async fn open(screen: &Window) -> Self {
        let response = screen.sends(screen.request(Method::GET, "/wall/live")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let bytes = futures_util::stream::unfold(response, |mut response| async move {
            let chunk = response.chunk().await.ok()??;
            Some((chunk.to_vec(), response))
        });
        Self { bytes: Box::pin(bytes), read: String::new() }
    }

    /// The next word: its name and what it says; none where the line is at its end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((word, rest)) = self.read.clone().split_once("\n\n") {
                let line =
                    |start: &str| word.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default().trim();
                let said = (line("event:").to_owned(), serde_json::from_str(line("data:")).expect("JSON"));
                rest.clone_into(&mut self.read);
                return Some(said);
            }
            let chunk =
                tokio::time::timeout(Duration::from_secs(30), self.bytes.next()).await.expect("a word in time")?;
            self.read += std::str::from_utf8(&chunk).expect("text");
        }
    }

    /// The next word that is no mere sign of life.
    async fn news(&mut self) -> Option<(String, Value)> {
        loop {
            match self.next().await {
                Some((name, _)) if name == "beat" => {}
                other => return other,
            }
        }
    }
}

async fn a_revoked_link_opens_nothing_and_ends_the_line(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, boss) = app.at_a_window("boss", Role::Admin).await;
    let secret = made(&boss, "Hall 1", "").await;
    let wall = screen(&app, &secret).await;
    let mut line = Line::open(&wall).await;
    assert_eq!(line.news().await.expect("a word").0, "board");
    let row = app.rows("SELECT id FROM walls").await;
    let id: i64 = row[0].try_get("", "id").expect("an id");
    let seen = boss.post(&format!("/floor/walls/{id}/revoke"), &[]).await;
    assert_eq!(seen.leads_to(), "/floor/walls?done=wall_revoked");
    assert_eq!(line.news().await.expect("a word").0, "over");
    assert!(line.next().await.is_none(), "the line ends");
    let seen = wall.get("/wall").await;
    assert_eq!(seen.status, StatusCode::UNAUTHORIZED);
    assert!(seen.text().contains("it was revoked"), "{}", seen.text());
    let request = wall.request(Method::GET, "/wall/live");
    assert_eq!(wall.sends(request).await.status(), StatusCode::UNAUTHORIZED, "and no way to a page to sign in at");
    assert!(boss.get("/floor/walls").await.text().contains("There is none yet"));
    assert_eq!(boss.post(&format!("/floor/walls/{id}/revoke"), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.rows("SELECT name FROM events WHERE name = 'wall.revoked'").await.len(), 1);
    app.end().await;
}

async fn the_line_tells_the_board_when_it_is_another_one(backend: Backend) {
    let app = TestApp::running(backend, &[]).await;
    let (_, boss) = app.at_a_window("boss", Role::Admin).await;
    let wall = screen(&app, &made(&boss, "Hall 1", "").await).await;
    let mut line = Line::open(&wall).await;
    let (name, said) = line.next().await.expect("a word");
    assert_eq!(name, "board");
    assert!(!said["board"].as_str().expect("a board").contains("MACH-002"), "{said}");
    for text in ["hi", "3", "MACH-002", "Hydraulic", "High"] {
        app.simulator().send(Incoming::text(&number(OPERATOR), text)).await;
    }
    let (name, said) = line.news().await.expect("a word");
    assert_eq!(name, "board");
    assert!(said["board"].as_str().expect("a board").contains("MACH-002"), "{said}");
    app.end().await;
}

async fn forms_of_walls_are_refused_where_they_are_forged(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, boss) = app.at_a_window("boss", Role::Admin).await;
    let secret = made(&boss, "Hall 1", "").await;
    let fields = [("token", "forged"), ("name", "Mine"), ("department", ""), ("language", "en"), ("secret", &*secret)];
    let row = app.rows("SELECT id FROM walls").await;
    let id: i64 = row[0].try_get("", "id").expect("an id");
    for path in ["/floor/walls", &format!("/floor/walls/{id}/revoke"), "/wall/enter"] {
        let seen = boss.post_just(path, &fields).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}");
        assert!(
            !seen.headers.get_all("set-cookie").iter().any(|cookie| cookie.to_str().is_ok_and(|c| c.contains("wall")))
        );
        let foreign = boss.request(Method::POST, path).header("sec-fetch-site", "cross-site").form(&fields);
        assert_eq!(boss.sends(foreign).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(app.count("walls").await, 1);
    assert_eq!(screen(&app, &secret).await.get("/wall").await.status, StatusCode::OK, "it holds still");
    app.end().await;
}

async fn what_people_write_does_nothing_on_a_wall(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (boss, window) = app.at_a_window("boss", Role::Admin).await;
    let all = ATTACKS.join(" ");
    let secret = made(&window, &all[..100.min(all.len())], "").await;
    let wall = screen(&app, &secret).await;
    let body = json!({"number": "MACH-666", "name": all, "department": all});
    assert_eq!(boss.post("/api/machines/", body).await.0, StatusCode::CREATED);
    for text in ["hi", "MACH-666", "Other", "High", "hi", "1", "ORD-12345", "Other", "High", &all] {
        app.says(OPERATOR, text).await;
    }
    crate::notifications::change(&app, &format!("UPDATE order_holds SET reason = '{}'", all.replace('\'', "''"))).await;
    let seen = wall.get("/wall").await;
    assert!(seen.html.contains("MACH-666") && seen.html.contains("alert(1)"), "it is there as text");
    is_harmless("/wall", &seen);
    is_harmless("/floor/walls", &window.get("/floor/walls").await);
    app.end().await;
}
