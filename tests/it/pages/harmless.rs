//! Text of outsiders does nothing in a page: from the chat, in names, in file names, in what is searched for.

use super::Stage;
use super::forged::attach;
use crate::attachments::PNG;
use crate::facts;
use crate::notifications::change;
use crate::support::app::OPERATOR;
use crate::support::databases::Backend;
use crate::support::window::Seen;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::harmless":
    text_from_the_chat_names_and_file_names_does_nothing_in_a_page,
    what_is_typed_and_refused_does_nothing_either,
    a_file_that_is_a_page_is_never_shown_as_one,
];

/// What people with bad intent write.
pub(crate) const ATTACKS: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</textarea><svg/onload=alert(1)>",
    "{{ 7 * 7 }} {% raw %} &lt;b&gt;",
];

/// Every attack stands in the page as text, or not at all.
pub(crate) fn is_harmless(path: &str, seen: &Seen) {
    for tag in ["<script>", "<img src=x", "<svg/onload", "' onmouseover='", "alert(1)>", " 49 "] {
        assert!(!seen.html.contains(tag), "{path} has {tag}");
    }
}

async fn text_from_the_chat_names_and_file_names_does_nothing_in_a_page(backend: Backend) {
    let stage = Stage::set(backend).await;
    let all = ATTACKS.join(" ");
    for text in ["hi", "1", "ORD-12345", "Other", "High", &all] {
        stage.app.says(OPERATOR, text).await;
    }
    let defect = crate::attachments::newest_ticket(&stage.app).await;
    let mut raised = Vec::new();
    for attack in ATTACKS {
        let body = json!({"project_name": attack, "title": attack, "description": attack, "priority": "HIGH", "category": "BUG"});
        let (_, ticket) = stage.client.0.post("/api/tickets/", body).await;
        let id = ticket["id"].as_i64().expect("a ticket");
        stage.client.0.post(&format!("/api/tickets/{id}/add_comment/"), json!({"comment": attack})).await;
        let name = attack.replace(['"', '/'], "_") + ".png";
        let token = stage.client.1.token();
        assert_eq!(attach(&stage.client.1, id, Some(&token), PNG, &name).await, StatusCode::SEE_OTHER);
        raised.push(id);
    }
    for role in ["CLIENT", "OPERATOR", "SUPPORT"] {
        let name = all.replace('\'', "''");
        change(&stage.app, &format!("UPDATE people SET name = '{name}', first_name = '{name}' WHERE role = '{role}'"))
            .await;
    }
    stage.app.settle().await;
    let mut paths: Vec<String> = raised.iter().chain([&defect]).map(|id| format!("/tickets/{id}")).collect();
    paths.extend(["/tickets", "/tickets/board"].map(str::to_owned));
    for path in &paths {
        let seen = stage.admin.1.get(path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        is_harmless(path, &seen);
        assert!(seen.html.contains("alert(1)"), "{path} shows it as text");
    }
    is_harmless("/profile", &stage.client.1.get("/profile").await);
    stage.app.end().await;
}

async fn what_is_typed_and_refused_does_nothing_either(backend: Backend) {
    let stage = Stage::set(backend).await;
    for attack in ATTACKS {
        let seen = stage.client.1.post("/tickets/new", &[("title", attack), ("description", attack)]).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST);
        is_harmless("/tickets/new", &seen);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("q", attack).append_pair("next", attack).append_pair("done", attack).finish();
        for path in ["/tickets", "/sign-in", "/nowhere"] {
            is_harmless(path, &stage.client.1.get(&format!("{path}?{query}")).await);
        }
        let seen = crate::support::window::Window::new(&stage.app).signs_in(attack, attack).await;
        is_harmless("/sign-in", &seen);
    }
    stage.app.end().await;
}

async fn a_file_that_is_a_page_is_never_shown_as_one(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (window, id) = (&stage.client.1, stage.ticket);
    let token = window.token();
    for (bytes, name) in [
        (&b"<html><script>alert(1)</script>"[..], "page.html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "drawing.svg"),
        (PNG, "photo.png"),
    ] {
        assert_eq!(attach(window, id, Some(&token), bytes, name).await, StatusCode::SEE_OTHER);
    }
    let page = window.get(&format!("/tickets/{id}")).await;
    let pictures = page.html.matches("<img ").count();
    assert_eq!(pictures, 1, "only the photo is shown in place");
    let links: Vec<&str> = page.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let mut files: Vec<&str> = links.into_iter().filter(|link| link.contains("/attachments/")).collect();
    files.dedup();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let seen = window.get(file).await;
        assert_eq!(seen.status, StatusCode::OK, "{file}");
        let header = |name: &str| seen.headers[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let (kind, shown) = (header("content-type"), header("content-disposition").starts_with("inline"));
        assert!(kind == "image/png" && shown || kind == "text/plain; charset=utf-8" && !shown, "{file}: {kind}");
    }
    assert_eq!(stage.support.1.get(&format!("/tickets/{id}")).await.status, StatusCode::NOT_FOUND);
    stage.app.end().await;
}
