//! What every page is sent with, in which language, and refusals in the same dress.

use super::Stage;
use crate::facts;
use crate::support::app::{TestApp, answer};
use crate::support::databases::Backend;
use crate::support::window::{Seen, Window};
use andon::people::Role;
use reqwest::StatusCode;

facts!["pages::frame":
    every_page_is_sent_with_a_strict_policy_and_is_small,
    refusals_are_pages_for_people_and_problems_for_programs,
    a_page_speaks_its_readers_language,
    light_and_dark_are_chosen_and_kept,
    the_stylesheet_and_the_script_are_kept_by_browsers_for_good,
    the_demos_first_page_is_the_phone,
];

const MOST_BYTES: usize = 100 * 1024;
/// The words with which a page would run or draw what stands in it.
const INLINE: [&str; 5] = ["<script>", " style=", " onclick=", " onload=", "javascript:"];

fn is_strict(path: &str, seen: &Seen) {
    let header = |name: &str| seen.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default();
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{path}: {policy}");
    assert!(!policy.contains("unsafe-") && !policy.contains("data:") && !policy.contains('*'), "{path}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"), "{path}: {policy}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("referrer-policy"), "same-origin", "{path}");
    assert_eq!(header("cache-control"), "no-store", "{path}");
    assert_eq!(header("content-type"), "text/html; charset=utf-8", "{path}");
    assert!(seen.html.len() < MOST_BYTES, "{path} has {} bytes", seen.html.len());
    for inline in INLINE {
        assert!(!seen.html.contains(inline), "{path} has {inline}");
    }
}

async fn every_page_is_sent_with_a_strict_policy_and_is_small(backend: Backend) {
    let stage = Stage::set(backend).await;
    for nth in 0..60 {
        let body = serde_json::json!({"project_name": "Shop", "title": format!("Number {nth}, {}", "long ".repeat(50)),
            "description": "x".repeat(20_000), "priority": "LOW", "category": "BUG"});
        assert_eq!(stage.client.0.post("/api/tickets/", body).await.0, StatusCode::CREATED);
    }
    let id = stage.ticket;
    let guest = Window::new(&stage.app);
    is_strict("/sign-in", &guest.get("/sign-in").await);
    let ticket = format!("/tickets/{id}");
    for path in [
        "/now",
        "/notifications",
        "/tickets",
        "/tickets?q=number&sort=-priority",
        "/tickets/board",
        "/tickets/new",
        "/profile",
        &ticket,
    ] {
        let seen = stage.admin.1.get(path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        is_strict(path, &seen);
    }
    for path in ["/nowhere", "/tickets/999999", "/tickets?sort=nothing"] {
        let seen = stage.admin.1.get(path).await;
        assert!(seen.status.is_client_error(), "{path}");
        is_strict(path, &seen);
    }
    stage.app.end().await;
}

async fn refusals_are_pages_for_people_and_problems_for_programs(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.client.1;
    for (path, status, says) in [
        ("/nowhere", 404, "There is nothing here"),
        ("/tickets/999999", 404, "There is nothing here"),
        ("/tickets/x", 404, "There is nothing here"),
        ("/tickets?status=LOST", 400, "We did not understand that"),
    ] {
        let seen = window.get(path).await;
        assert_eq!(seen.status.as_u16(), status, "{path}");
        assert!(seen.text().contains(says) && seen.html.contains("data-go=\"t\""), "{path}: {}", seen.text());
    }
    let seen = stage.support.1.get("/tickets/new").await;
    assert!(
        seen.status == StatusCode::FORBIDDEN && seen.text().contains("This is not for you to do"),
        "{}",
        seen.text()
    );
    assert_eq!(window.post("/tickets", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let (status, problem) = answer(stage.app.http.get(stage.app.url("/nowhere"))).await;
    assert_eq!((status, &problem["status"]), (StatusCode::NOT_FOUND, &serde_json::json!(404)));
    let seen = window.get("/api/tickets/").await;
    assert_eq!(seen.headers["content-type"], "application/problem+json", "the API stays what it is, whoever asks");
    stage.app.end().await;
}

async fn a_page_speaks_its_readers_language(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Support).await;
    let window = Window::of(&app, "dev1").await;
    for (language, dir, says) in [
        ("ar", "rtl", "التذاكر"),
        ("es", "ltr", "No hay nada abierto. Buen trabajo."),
        ("fr", "ltr", "Rien n’est ouvert. Bravo."),
        ("pt", "ltr", "Não há nada aberto. Bom trabalho."),
        ("en", "ltr", "Nothing is open. Well done."),
    ] {
        let seen = window.post("/profile", &[("language", language)]).await;
        assert_eq!(seen.leads_to(), "/profile?done=saved", "{}", seen.text());
        let seen = window.get("/tickets").await;
        assert!(seen.html.contains(&format!("<html lang=\"{language}\" dir=\"{dir}\"")), "{language}");
        assert!(seen.text().contains(says), "{language}: {}", seen.text());
        // Where a word is missing, its key would stand.
        for path in ["/now", "/notifications", "/tickets", "/tickets/board", "/profile"] {
            assert!(!window.get(path).await.html.contains("pages."), "{language} {path}");
        }
    }
    let guest = Window::new(&app);
    let request = guest.request(reqwest::Method::GET, "/sign-in").header("accept-language", "de-DE,fr-CA;q=0.8");
    let seen = guest.send(request).await;
    assert!(seen.html.contains("lang=\"fr\"") && seen.text().contains("Mot de passe"), "{}", seen.text());
    app.end().await;
}

async fn light_and_dark_are_chosen_and_kept(backend: Backend) {
    let app = TestApp::start(backend).await;
    let window = Window::new(&app);
    assert!(window.get("/sign-in").await.html.contains("data-theme=\"system\""));
    let seen = window.post("/theme", &[("theme", "dark"), ("next", "/tickets")]).await;
    assert_eq!(seen.leads_to(), "/tickets");
    assert!(window.get("/sign-in").await.html.contains("data-theme=\"dark\""));
    window.jar().insert("andon_theme".to_owned(), "\"><script>".to_owned());
    assert!(window.get("/sign-in").await.html.contains("data-theme=\"system\""));
    app.end().await;
}

async fn the_stylesheet_and_the_script_are_kept_by_browsers_for_good(backend: Backend) {
    let app = TestApp::start(backend).await;
    let window = Window::new(&app);
    let page = window.get("/sign-in").await;
    for start in ["href=\"/assets/desk.css", "src=\"/assets/desk.js"] {
        let address = page.html.split(start).nth(1).and_then(|rest| rest.split('"').next()).expect("an address");
        let path = format!("{}{address}", start.split('"').nth(1).expect("a path"));
        let seen = window.get(&path).await;
        assert_eq!(seen.headers["cache-control"], "public, max-age=31536000, immutable", "{path}");
        let seen = window.get(path.split('?').next().expect("a path")).await;
        assert_eq!(seen.headers["cache-control"], "no-cache");
        let tag = seen.headers["etag"].clone();
        let again = window.request(reqwest::Method::GET, &path).header("if-none-match", tag);
        assert_eq!(window.send(again).await.status, StatusCode::NOT_MODIFIED);
    }
    assert_eq!(window.get("/assets/nothing.css").await.status, StatusCode::NOT_FOUND);
    app.end().await;
}

async fn the_demos_first_page_is_the_phone(backend: Backend) {
    if backend != Backend::Sqlite {
        return; // the demo has its own
    }
    let folder = tempfile::tempdir().expect("a folder");
    let bind = "127.0.0.1:0".parse().expect("an address");
    let settings = andon::config::Settings::demo(Some(folder.path().to_owned()), bind);
    let jobs = andon::server::Jobs::ByHand;
    let demo = andon::server::Server::start(settings, andon::kit::Clock::System, jobs).await.expect("a demo");
    let http = andon::kit::http::client().expect("a client");
    let seen = http.get(format!("http://{}/", demo.address)).send().await.expect("an answer");
    assert_eq!(seen.headers()["location"], "/simulator");
    demo.stop().await.expect("it stops");
}
