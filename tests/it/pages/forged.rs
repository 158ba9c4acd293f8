//! Forms that are not the sender's own: refused, nothing changed, nothing typed lost.

use super::Stage;
use super::furnished::Furnished;
use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::window::Window;
use reqwest::header::ORIGIN;
use reqwest::{Method, StatusCode};
use std::collections::BTreeSet;

facts!["pages::forged":
    a_form_without_its_token_changes_nothing_and_shows_what_was_typed,
    no_form_of_any_page_works_without_its_token,
    a_form_of_another_site_is_refused,
    the_form_of_signing_in_is_guarded_too,
    a_file_is_not_taken_before_its_form_is_known,
    the_live_ticket_takes_a_token,
];

/// Forms of one's own and of tickets, with what would make them work.
const FORMS: &[(&str, &[(&str, &str)])] = &[
    ("/sign-out", &[]),
    ("/theme", &[("theme", "dark")]),
    ("/profile", &[("first_name", "Forged"), ("language", "en")]),
    ("/profile/password", &[("password", "a forged password"), ("password_confirm", "a forged password")]),
    ("/profile/number/code", &[]),
    ("/profile/number/confirm", &[("whatsapp_number", "+12025550142")]),
    ("/profile/number/send", &[("whatsapp_number", "+12025550142")]),
    ("/profile/number/verify", &[("code", "7KQ2M9XB")]),
    ("/profile/second-factor", &[]),
    ("/profile/second-factor/confirm", &[("code", "123456")]),
    ("/profile/second-factor/off", &[("code", "123456")]),
    ("/profile/summary", &[("weekly_summary", "true")]),
    ("/profile/devices/end", &[("id", "1")]),
    ("/profile/tokens", &[("name", "Forged"), ("scope", "write")]),
    ("/profile/tokens/revoke", &[("id", "1")]),
    (
        "/tickets/new",
        &[("title", "Forged"), ("description", "x"), ("project_name", "x"), ("priority", "LOW"), ("category", "BUG")],
    ),
    ("/tickets/{id}/open_ticket", &[("admin_notes", "Forged")]),
    ("/settings/rules/digest", &[("minutes", "30")]),
    ("/settings/rules/digest/put-back", &[]),
    ("/settings/webhooks/new", &[("url", "https://elsewhere.example/"), ("events", "*")]),
    ("/messages/texts/chat.miss.menu", &[("language", "en"), ("text", "Forged"), ("seen", "0"), ("act", "save")]),
];
/// What a forged form could have changed.
const TABLES: &[&str] = &[
    "events",
    "tickets",
    "ticket_history",
    "api_tokens",
    "codes",
    "second_factors",
    "deliveries",
    "notice_preferences",
    "webhooks",
    "rules",
    "texts",
];

async fn counted(stage: &Stage) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TABLES {
        counts.push(stage.app.count(table).await);
    }
    counts
}

async fn a_form_without_its_token_changes_nothing_and_shows_what_was_typed(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (window, before) = (&stage.admin.1, counted(&stage).await);
    let foreign = stage.client.1.token();
    for (path, fields) in FORMS {
        let path = path.replace("{id}", &stage.ticket.to_string());
        for token in [None, Some(""), Some("forged"), Some(foreign.as_str())] {
            let all: Vec<(&str, &str)> =
                token.map(|token| ("token", token)).into_iter().chain(fields.iter().copied()).collect();
            let seen = window.post_just(&path, &all).await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path} {token:?}: {}", seen.text());
        }
    }
    assert_eq!(counted(&stage).await, before);
    let name = stage.app.rows("SELECT first_name FROM people WHERE username = 'boss'").await;
    assert_eq!(name[0].try_get::<Option<String>>("", "first_name").expect("a column"), None);
    let seen = window.post_just("/profile", &[("first_name", "What I typed"), ("language", "en")]).await;
    assert_eq!(seen.value("first_name"), Some("What I typed"));
    assert!(seen.text().contains("Nothing was sent yet: please send it again."), "{}", seen.text());
    let path = format!("/tickets/{}/cancel", stage.ticket);
    let seen = window.post_just(&path, &[("reason", "What I typed")]).await;
    assert!(seen.html.contains("What I typed</textarea>"), "{}", seen.text());
    // The page that came back has the right token: sent again, it works.
    let seen = window.post(&path, &[("reason", "What I typed"), ("version", "0")]).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text());
    stage.app.end().await;
}

/// The fewest forms that all pages have: fewer, and the test below looks at the wrong thing.
const LEAST: usize = 60;

/// What a form sends along without being asked, but for its token.
fn hidden(form: &str) -> Vec<(String, String)> {
    let inputs = form.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
    let attribute =
        |tag: &str, name: &str| tag.split(&format!("{name}=\"")).nth(1)?.split('"').next().map(str::to_owned);
    let pairs = inputs
        .filter(|tag| tag.contains("type=\"hidden\""))
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)));
    pairs.filter(|(name, _)| name != "token").collect()
}

async fn no_form_of_any_page_works_without_its_token(backend: Backend) {
    let app = TestApp::start(backend).await;
    let furnished = Furnished::on(&app).await;
    app.settle().await;
    let boss = Window::of(&app, "boss").await;
    let mut forms = BTreeSet::new();
    for (_, path) in furnished.pages() {
        let html = boss.get(&path).await.html;
        for form in html.split("<form ").skip(1).filter(|form| form.contains("method=\"post\"")) {
            let tag = form.split('>').next().unwrap_or_default();
            let action = tag.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or(&path);
            let form = form.split("</form>").next().unwrap_or_default();
            forms.insert((action.to_owned(), tag.contains("multipart/form-data"), hidden(form)));
        }
    }
    assert!(forms.len() >= LEAST, "{} forms: {forms:?}", forms.len());
    let before = app.count("events").await;
    for (action, has_file, mut fields) in forms {
        let request = boss.request(Method::POST, &action);
        let request = if has_file {
            let (kind, body) = parts(Some("forged"), b"A note", "note.txt");
            request.header("content-type", kind).body(body)
        } else {
            fields.push(("token".to_owned(), "forged".to_owned()));
            request.form(&fields)
        };
        let seen = boss.send(request).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{action}: {}", seen.text());
    }
    assert_eq!(app.count("events").await, before);
    app.end().await;
}

async fn a_form_of_another_site_is_refused(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (window, before) = (&stage.admin.1, counted(&stage).await);
    let path = format!("/tickets/{}/open_ticket", stage.ticket);
    let token = window.token();
    for (name, value) in [
        (ORIGIN.as_str(), "https://elsewhere.example"),
        (ORIGIN.as_str(), "null"),
        (ORIGIN.as_str(), "http://127.0.0.1.elsewhere.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = stage.app.http.post(stage.app.url(&path)).header("accept", "text/html");
        let seen = window.send(request.header(name, value).form(&[("token", token.as_str())])).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(counted(&stage).await, before);
    let request = stage.app.http.post(stage.app.url(&path)).header("sec-fetch-site", "same-origin");
    let seen = window.send(request.form(&[("token", token.as_str())])).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    stage.app.end().await;
}

async fn the_form_of_signing_in_is_guarded_too(backend: Backend) {
    use crate::support::user::PASSWORD;
    let stage = Stage::set(backend).await;
    let (one, other) = (Window::new(&stage.app), Window::new(&stage.app));
    one.get("/sign-in").await;
    other.get("/sign-in").await;
    let token = other.token();
    let fields = [("token", token.as_str()), ("username", "dev1"), ("password", PASSWORD)];
    let seen = one.post_just("/sign-in", &fields).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert_eq!(seen.value("username"), Some("dev1"));
    assert!(!one.jar().contains_key("andon"), "a guest's token is of their own cookie");
    stage.app.end().await;
}

fn parts(token: Option<&str>, bytes: &[u8], filename: &str) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    if let Some(token) = token {
        let part = format!("--edge\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

/// Attaches a file by the page's form.
pub(crate) async fn attach(window: &Window, ticket: i64, token: Option<&str>, bytes: &[u8], name: &str) -> StatusCode {
    let (kind, body) = parts(token, bytes, name);
    let request = window.request(Method::POST, &format!("/tickets/{ticket}/attach"));
    window.send(request.header("content-type", kind).body(body)).await.status
}

async fn a_file_is_not_taken_before_its_form_is_known(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.client.1;
    for token in [None, Some("forged")] {
        assert_eq!(attach(window, stage.ticket, token, b"A note", "note.txt").await, StatusCode::FORBIDDEN);
    }
    assert_eq!(stage.app.count("attachments").await, 0);
    let token = window.token();
    assert_eq!(attach(window, stage.ticket, Some(&token), b"A note", "note.txt").await, StatusCode::SEE_OTHER);
    assert_eq!(attach(window, stage.ticket, Some(&token), b"", "note.txt").await, StatusCode::BAD_REQUEST);
    assert_eq!(stage.app.count("attachments").await, 1);
    stage.app.end().await;
}

async fn the_live_ticket_takes_a_token(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.client.1;
    let asks = async |token: Option<String>| {
        let mut request = window.request(Method::POST, "/live-ticket");
        if let Some(token) = token {
            request = request.header("x-form-token", token);
        }
        window.send(request).await
    };
    for token in [None, Some("forged".to_owned()), Some(stage.admin.1.token())] {
        assert_eq!(asks(token).await.status, StatusCode::FORBIDDEN);
    }
    let seen = asks(Some(window.token())).await;
    assert!(seen.status == StatusCode::OK && seen.html.starts_with("{\"ticket\":\""), "{}", seen.html);
    stage.app.end().await;
}
