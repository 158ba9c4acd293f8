//! The inbox: what people wrote and what they saw, and the desk's word instead of the bot's.

use crate::facts;
use crate::support::app::{OPERATOR, STRANGER, TestApp, number};
use crate::support::databases::Backend;
use crate::support::user::User;
use crate::support::window::{Seen, Window};
use andon::people::Role;
use andon::simulator::{Enclosure, Incoming};
use chrono::TimeDelta;
use reqwest::StatusCode;

facts!["pages::inbox":
    the_list_shows_who_wrote_last_and_pages_by_cursor,
    the_list_is_narrowed_by_links_and_words,
    a_transcript_shows_both_sides_as_people_saw_them,
    a_long_transcript_goes_back_page_by_page,
    taken_over_the_bot_is_silent_and_handed_back_it_goes_on,
    handed_back_to_start_over_the_menu_comes,
    it_stays_taken_over_through_a_restart,
    outside_the_window_only_a_template_goes,
    who_wants_no_notices_gets_no_template,
    what_is_left_alone_goes_back_by_itself,
];

const SID: &str = "HX00000000000000000000000000000001";

/// A plant with an admin at a window.
pub(crate) struct Desk {
    pub(crate) app: TestApp,
    pub(crate) admin: (User, Window),
}

impl Desk {
    pub(crate) async fn set(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let app = TestApp::with(backend, settings).await;
        let admin = app.at_a_window("boss", Role::Admin).await;
        Self { app, admin }
    }

    /// The conversation of this phone.
    pub(crate) async fn of(&self, phone: &str) -> String {
        format!("/inbox/{}", person(&self.app, phone).await)
    }

    /// Sends a form of a conversation's page as it is there now.
    pub(crate) async fn does(&self, path: &str, what: &str, fields: &[(&str, &str)]) -> Seen {
        let page = self.admin.1.get(path).await;
        let once = page.value("once").unwrap_or_default().to_owned();
        let mut all = vec![("once", once.as_str())];
        all.extend_from_slice(fields);
        self.admin.1.post(&format!("{path}/{what}"), &all).await
    }

    /// The same where it must be done.
    pub(crate) async fn did(&self, path: &str, what: &str, fields: &[(&str, &str)]) {
        let seen = self.does(path, what, fields).await;
        assert_eq!(seen.leads_to(), format!("{path}#write"), "{what}: {} {}", seen.status, seen.text());
        self.app.settle().await;
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        let seen = self.admin.1.get(path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}: {}", seen.text());
        seen.text()
    }
}

/// Whose phone this is.
pub(crate) async fn person(app: &TestApp, phone: &str) -> i64 {
    let query = format!("SELECT person_id AS n FROM addresses WHERE medium = 'whatsapp' AND value = '{phone}'");
    app.rows(&query).await[0].try_get("", "n").expect("a person")
}

/// In this order in the text.
pub(crate) fn in_order(text: &str, what: &[&str]) {
    let mut rest = text;
    for one in what {
        let at = rest.find(one);
        assert!(at.is_some(), "{one:?} is not behind what comes before it: {text}");
        rest = &rest[at.unwrap_or_default() + one.len()..];
    }
}

async fn the_list_shows_who_wrote_last_and_pages_by_cursor(backend: Backend) {
    let desk = Desk::set(backend, &[("ANDON_CHAT_ACCESS", "open")]).await;
    assert!(desk.text("/inbox").await.contains("Nobody has written yet"));
    let phones: Vec<String> = (0..35).map(|nth| format!("+447700900{nth:03}")).collect();
    for phone in &phones {
        desk.app.simulator().send(Incoming::text(&number(phone), format!("order {phone}"))).await;
        desk.app.clock.advance(TimeDelta::seconds(61));
    }
    desk.app.settle().await;
    let first = desk.admin.1.get("/inbox").await;
    in_order(&first.text(), &["+447700900034", "+447700900033", "+447700900005"]);
    assert!(!first.html.contains("+447700900004"), "30 to a page");
    let next = first.html.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a next");
    desk.app.says(&phones[34], "again").await; // what arrives meanwhile neither doubles a row nor hides one
    let second = desk.admin.1.get(&next.replace("&#38;", "&").replace("&amp;", "&")).await;
    in_order(&second.text(), &["+447700900004", "+447700900000"]);
    assert!(!second.html.contains("+447700900005") && second.html.contains("rel=\"prev\""));
    desk.app.end().await;
}

async fn the_list_is_narrowed_by_links_and_words(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    for text in ["hi", "3"] {
        desk.app.says(OPERATOR, text).await;
    }
    desk.app.says(STRANGER, "where is the red 50%_forklift?").await;
    let all = desk.text("/inbox").await;
    in_order(&all, &[STRANGER, "Bot:", OPERATOR, "Bot:", "Report Maintenance"]);
    for (query, shows, hides) in [
        ("?which=unread", Some(OPERATOR), None),
        ("?which=taken", None, Some(OPERATOR)),
        ("?q=50%25_FORKLIFT", Some(STRANGER), Some(OPERATOR)),
        ("?q=forklift+red", Some(STRANGER), Some(OPERATOR)),
        ("?q=5xxforklift", None, Some(STRANGER)),
        ("?q=2025550101", Some(OPERATOR), Some(STRANGER)),
        ("?which=mine", None, Some(OPERATOR)),
        ("?which=unassigned", Some(OPERATOR), None),
    ] {
        let text = desk.text(&format!("/inbox{query}")).await;
        assert!(shows.is_none_or(|shows| text.contains(shows)), "{query} shows no {shows:?}: {text}");
        assert!(hides.is_none_or(|hides| !text.contains(hides)), "{query} shows {hides:?}: {text}");
    }
    let path = desk.of(OPERATOR).await;
    desk.did(&path, "take-over", &[]).await;
    for query in ["?which=mine", "?which=taken"] {
        assert!(desk.text(&format!("/inbox{query}")).await.contains(OPERATOR), "{query}");
    }
    assert_eq!(desk.admin.1.get("/inbox?which=nonsense").await.status, StatusCode::BAD_REQUEST);
    desk.app.end().await;
}

async fn a_transcript_shows_both_sides_as_people_saw_them(backend: Backend) {
    let desk = Desk::set(backend, &[("ANDON_TAPS", "true")]).await;
    for text in ["hi", "1", "ORD-12345"] {
        desk.app.says(OPERATOR, text).await;
    }
    let photo = Enclosure { content_type: "image/png".to_owned(), bytes: crate::attachments::PNG.to_vec() };
    desk.app.sends(Incoming { media: vec![photo], ..Incoming::text(&number(OPERATOR), "") }).await;
    let path = desk.of(OPERATOR).await;
    let seen = desk.admin.1.get(&path).await;
    let text = seen.text();
    in_order(&text, &["2026-01-18", "hi", "Welcome to Test Plant", "Create Defect Report", "Delivered", "ORD-12345"]);
    in_order(&text, &["Order found", "Internal Reject", "Delivered"]);
    assert!(text.contains("Create Defect Report · defect type"), "where the bot is: {text}");
    assert!(text.contains("Free text for: 23h 59m"), "{text}");
    assert!(seen.html.contains("<ul class=\"choices\""), "what could be tapped");
    let image = seen.html.split("<img src=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the photo");
    let request = desk.admin.1.request(reqwest::Method::GET, image);
    let shown = desk.admin.1.send(request).await;
    assert_eq!((shown.status, shown.headers["content-type"].as_bytes()), (StatusCode::OK, &b"image/png"[..]));
    assert!(shown.headers["content-security-policy"].to_str().is_ok_and(|policy| policy.contains("sandbox")));
    let other = image.replace(&path, &desk.of("+12025550103").await);
    assert_eq!(desk.admin.1.get(&other).await.status, StatusCode::NOT_FOUND, "in nobody else's conversation");
    desk.app.end().await;
}

async fn a_long_transcript_goes_back_page_by_page(backend: Backend) {
    let desk = Desk::set(backend, &[("ANDON_SENDER_LIMIT", "0")]).await;
    for nth in 0..60 {
        desk.app.says(OPERATOR, &format!("Word {nth:02}")).await;
    }
    let mut path = desk.of(OPERATOR).await;
    let mut words: Vec<String> = Vec::new();
    for _ in 0..3 {
        let seen = desk.admin.1.get(&path).await;
        let text = seen.text();
        let here = text.split("Word ").skip(1).filter_map(|rest| rest.get(..2).map(str::to_owned)).collect::<Vec<_>>();
        words.splice(0..0, here);
        let older = seen.html.split("href=\"").find(|rest| rest.contains("?before=") && !rest.starts_with('#'));
        let Some(older) = older.and_then(|rest| rest.split('"').next()).filter(|href| href.contains("before")) else {
            break;
        };
        older.clone_into(&mut path);
    }
    let expected: Vec<String> = (0..60).map(|nth| format!("{nth:02}")).collect();
    assert_eq!(words, expected, "each once, in order");
    desk.app.end().await;
}

async fn taken_over_the_bot_is_silent_and_handed_back_it_goes_on(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    for text in ["hi", "1", "ORD-12345", "1"] {
        desk.app.says(OPERATOR, text).await;
    }
    let path = desk.of(OPERATOR).await;
    let seen = desk.does(&path, "write", &[("text", "Too early")]).await;
    assert_eq!(seen.status, StatusCode::CONFLICT);
    assert!(seen.text().contains("Take it over first") && seen.html.contains("Too early"), "nothing typed is lost");
    desk.app.clock.advance(TimeDelta::seconds(1));
    desk.did(&path, "take-over", &[]).await;
    desk.app.clock.advance(TimeDelta::seconds(1));
    for text in ["High", "hi", "menu", "ORD-12345", "cancel", "2"] {
        assert_eq!(desk.app.says(OPERATOR, text).await, [""; 0], "{text}");
    }
    assert_eq!(desk.app.state(OPERATOR).await.as_deref(), Some("create_defect.severity"), "nothing was answered");
    desk.app.clock.advance(TimeDelta::seconds(1));
    desk.did(&path, "write", &[("text", "Hello, this is *the desk*.\nWhat happened?")]).await;
    let said = desk.app.bubbles(OPERATOR).pop().expect("a message");
    assert_eq!(said.text, "Hello, this is *the desk*.\nWhat happened?");
    let text = desk.text(&path).await;
    in_order(
        &text,
        &["boss took the conversation over", "High", "cancel", "boss", "Hello, this is", "the desk", "Delivered"],
    );
    let before = desk.app.bubbles(OPERATOR).len();
    desk.app.clock.advance(TimeDelta::seconds(1));
    desk.did(&path, "hand-back", &[]).await;
    let replies: Vec<String> = desk.app.bubbles(OPERATOR).into_iter().skip(before).map(|one| one.text).collect();
    assert_eq!(replies, ["Severity (Low / Medium / High): ?"], "it asks again where it was");
    desk.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(desk.app.says(OPERATOR, "High").await, ["Description (brief details): ?"]);
    assert!(desk.app.says(OPERATOR, "Scratched").await[0].contains("Defect Report Created"));
    in_order(&desk.text(&path).await, &["Severity", "handed it back: the bot goes on", "High", "Scratched"]);
    let events = desk.app.rows("SELECT name, actor_id FROM events WHERE name LIKE 'conversation.%' ORDER BY id").await;
    let names: Vec<String> = events.iter().map(|row| row.try_get("", "name").expect("a name")).collect();
    assert_eq!(names, ["conversation.taken_over", "conversation.handed_back"]);
    assert!(events.iter().all(|row| row.try_get::<i64>("", "actor_id").is_ok_and(|by| by == desk.admin.0.id)));
    desk.app.end().await;
}

async fn handed_back_to_start_over_the_menu_comes(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    for text in ["hi", "1", "ORD-12345"] {
        desk.app.says(OPERATOR, text).await;
    }
    let path = desk.of(OPERATOR).await;
    desk.did(&path, "take-over", &[]).await;
    let before = desk.app.bubbles(OPERATOR).len();
    desk.did(&path, "start-over", &[]).await;
    let replies: Vec<String> = desk.app.bubbles(OPERATOR).into_iter().skip(before).map(|one| one.text).collect();
    assert!(replies.len() == 1 && replies[0].starts_with("👋 Welcome to Test Plant!"), "{replies:?}");
    assert_eq!(desk.app.state(OPERATOR).await.as_deref(), Some("MENU"));
    desk.did(&path, "take-over", &[]).await;
    desk.did(&path, "hand-back", &[]).await;
    assert_eq!(desk.app.bubbles(OPERATOR).len(), before + 1, "at the menu it has nothing to ask");
    assert_eq!(desk.app.says(OPERATOR, "2").await, ["Order Number (e.g., ORD-12345): ?"]);
    desk.app.end().await;
}

async fn it_stays_taken_over_through_a_restart(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    desk.app.says(OPERATOR, "hi").await;
    let path = desk.of(OPERATOR).await;
    desk.did(&path, "take-over", &[]).await;
    let app = desk.app.restart(&[]).await;
    assert_eq!(app.says(OPERATOR, "hi").await, [""; 0]);
    // Past the life of a session, too: house-keeping leaves it for the bot to go on with.
    let person = person(&app, OPERATOR).await;
    let update =
        "UPDATE conversations SET updated_at = '2025-12-01 00:00:00+00:00', desk_at = '2099-01-01 00:00:00+00:00'";
    let update = if backend == Backend::MariaDb { update.replace("+00:00", "") } else { update.to_owned() };
    crate::notifications::change(&app, &format!("{update} WHERE person_id = {person}")).await;
    andon::housekeeping::once(&app.server.app).await.expect("the database answers");
    assert_eq!(app.count("conversations WHERE taken_at IS NOT NULL AND cleared_at IS NULL").await, 1);
    app.end().await;
}

/// A file with one approved template.
pub(crate) fn templates() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("templates.toml");
    let text = format!(
        "[[template]]\nwords = \"ticket.created\"\nlanguage = \"en\"\ncontent_sid = \"{SID}\"\n\
         variables = [\"client\", \"title\"]\n"
    );
    std::fs::write(&path, text).expect("the file is written");
    let path = path.display().to_string();
    (folder, path)
}

async fn outside_the_window_only_a_template_goes(backend: Backend) {
    let (_folder, file) = templates();
    let desk = Desk::set(backend, &[("ANDON_TEMPLATES", &file)]).await;
    desk.app.says(OPERATOR, "hi").await;
    let path = desk.of(OPERATOR).await;
    desk.did(&path, "take-over", &[]).await;
    let open =
        desk.does(&path, "template", &[("template", "ticket.created/en"), ("value", "Ada"), ("value", "It")]).await;
    assert_eq!(open.status, StatusCode::CONFLICT, "while the window is open, one writes");
    desk.app.clock.advance(TimeDelta::hours(11));
    desk.did(&path, "note", &[("note", "Not forgotten")]).await;
    desk.app.clock.advance(TimeDelta::hours(11));
    desk.did(&path, "note", &[("note", "Still not")]).await;
    desk.app.clock.advance(TimeDelta::hours(3));
    let before = desk.app.bubbles(OPERATOR).len();
    let seen = desk.does(&path, "write", &[("text", "Are you there?")]).await;
    assert_eq!(seen.status, StatusCode::CONFLICT);
    assert!(
        seen.text().contains("only an approved template") && seen.html.contains("Are you there?"),
        "{}",
        seen.text()
    );
    let page = desk.text(&path).await;
    for says in ["Templates only", "ticket.created · en", "over 24 hours ago"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let lacking =
        desk.does(&path, "template", &[("template", "ticket.created/en"), ("value", ""), ("value", "It")]).await;
    assert_eq!(lacking.status, StatusCode::BAD_REQUEST);
    let unknown = desk.does(&path, "template", &[("template", "ticket.opened/en"), ("value", "It")]).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    assert_eq!(desk.app.bubbles(OPERATOR).len(), before, "nothing went");
    let fields = [("template", "ticket.created/en"), ("value", "Two\n lines"), ("value", "The press")];
    desk.did(&path, "template", &fields).await;
    let texts: Vec<String> = desk.app.bubbles(OPERATOR).into_iter().skip(before).map(|one| one.text).collect();
    assert_eq!(texts, [format!("[template {SID}] {}", serde_json::json!({"1": "Two lines", "2": "The press"}))]);
    in_order(&desk.text(&path).await, &["by template", "New Ticket Created", "Two lines", "The press", "Delivered"]);
    assert_eq!(desk.app.says(OPERATOR, "yes?").await, [""; 0], "it is taken over still");
    desk.did(&path, "write", &[("text", "There you are")]).await;
    assert_eq!(desk.app.bubbles(OPERATOR).pop().expect("one").text, "There you are");
    desk.app.end().await;
}

async fn who_wants_no_notices_gets_no_template(backend: Backend) {
    let (_folder, file) = templates();
    let desk = Desk::set(backend, &[("ANDON_TEMPLATES", &file)]).await;
    desk.app.says(OPERATOR, "hi").await;
    let path = desk.of(OPERATOR).await;
    desk.did(&path, "take-over", &[]).await;
    assert_eq!(desk.app.says(OPERATOR, "Stop").await, [""; 0], "the bot is silent");
    assert_eq!(desk.app.count("addresses WHERE opted_out_at IS NOT NULL").await, 1, "and hears it");
    assert!(desk.text(&path).await.contains("Wants no notices"));
    desk.did(&path, "write", &[("text", "As you like. Goodbye!")]).await;
    desk.app.clock.advance(TimeDelta::hours(11));
    desk.did(&path, "note", &[("note", "Stopped")]).await;
    desk.app.clock.advance(TimeDelta::hours(11));
    desk.did(&path, "note", &[("note", "Stopped still")]).await;
    desk.app.clock.advance(TimeDelta::hours(3));
    let fields = [("template", "ticket.created/en"), ("value", "Ada"), ("value", "The press")];
    let refused = desk.does(&path, "template", &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text().contains("asked for no messages"), "{}", refused.text());
    assert_eq!(desk.app.says(OPERATOR, "START").await, [""; 0]);
    assert_eq!(desk.app.count("addresses WHERE opted_out_at IS NOT NULL").await, 0, "and hears that too");
    desk.app.end().await;
}

async fn what_is_left_alone_goes_back_by_itself(backend: Backend) {
    let desk = Desk::set(backend, &[]).await;
    for text in ["hi", "1"] {
        desk.app.says(OPERATOR, text).await;
    }
    let path = desk.of(OPERATOR).await;
    desk.did(&path, "take-over", &[]).await;
    desk.app.pass(TimeDelta::hours(11)).await;
    desk.did(&path, "write", &[("text", "One moment")]).await;
    desk.app.pass(TimeDelta::hours(11)).await;
    assert_eq!(desk.app.says(OPERATOR, "ORD-12345").await, [""; 0], "eleven hours after the last word");
    desk.app.pass(TimeDelta::hours(1)).await;
    let window = Window::of(&desk.app, "boss").await;
    let text = window.get(&path).await.text();
    in_order(&text, &["One moment", "ORD-12345", "Nobody at the desk wrote for 12 hours"]);
    assert!(!desk.app.says(OPERATOR, "hi").await.is_empty(), "the bot answers again");
    assert_eq!(desk.app.count("events WHERE name = 'conversation.returned' AND actor_id IS NULL").await, 1);
    desk.app.end().await;
}
