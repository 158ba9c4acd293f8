//! Records as files in the desk: every line's verdict before it counts, all or nothing, and out again harmlessly.

use super::Stage;
use crate::facts;
use crate::support::databases::Backend;
use crate::support::window::{Seen, Window};
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::json;

facts!["pages::floor_files":
    a_file_with_wrong_lines_says_which_and_is_not_taken_over,
    a_mended_file_counts_when_it_is_taken_over_and_not_before,
    a_file_is_its_owners_and_waits_an_hour,
    what_changed_meanwhile_is_judged_again_when_a_file_is_taken_over,
    who_may_bring_in_and_take_out_what,
    a_file_that_is_forged_too_large_or_no_table_is_refused,
    what_stands_in_a_file_does_nothing_in_a_page,
    what_goes_out_is_harmless_and_comes_back_the_same,
];

const HEAD: &str = "number,customer,product,quantity_ordered,starts_on,due_on\n";

/// Brings a file in by the page's form.
async fn brings(window: &Window, token: Option<&str>, kind: &str, name: &str, bytes: &[u8]) -> Seen {
    let mut body = Vec::new();
    let mut field = |head: &str, value: &[u8]| {
        body.extend_from_slice(format!("--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    };
    if let Some(token) = token {
        field("name=\"token\"", token.as_bytes());
    }
    field("name=\"kind\"", kind.as_bytes());
    field(&format!("name=\"file\"; filename=\"{name}\""), bytes);
    body.extend_from_slice(b"--edge--\r\n");
    let request = window.request(Method::POST, "/floor/records");
    window.send(request.header("content-type", "multipart/form-data; boundary=edge").body(body)).await
}

async fn brings_orders(window: &Window, lines: &str) -> Seen {
    let token = window.token();
    brings(window, Some(&token), "orders", "orders.csv", format!("{HEAD}{lines}").as_bytes()).await
}

const THREE_WRONG: &str = "ORD-901,Northwind,Gearbox,10,2026-01-20,2026-02-20\n\
    ORD-902,Northwind,Gearbox,ten,2026-01-20,2026-02-20\n\
    ORD-903,Northwind,Gearbox,10,2026-01-20,31.02.2026\n\
    ORD-12345,Harbour Marine,Gearbox GX-20,210,2026-01-06,2026-01-25\n\
    ORD-904,,Gearbox,10,2026-01-20,2026-02-20\n";

async fn a_file_with_wrong_lines_says_which_and_is_not_taken_over(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let orders = stage.app.count("orders").await;
    let path = brings_orders(window, THREE_WRONG).await.leads_to().to_owned();
    let seen = window.get(&path).await;
    assert_eq!(seen.status, StatusCode::OK, "{path}");
    let text = seen.text();
    for what in [
        "New 1 Changed 1 Unchanged 0 Wrong 3",
        "3 ORD-902 Wrong quantity_ordered “ ten ” is not a whole number",
        "4 ORD-903 Wrong due_on “ 31.02.2026 ” is not a date",
        "6 ORD-904 Wrong customer",
        "2 ORD-901 New",
        "5 ORD-12345 Changed",
        "cannot be taken over as it is",
    ] {
        assert!(text.contains(what), "{what}: {text}");
    }
    assert!(!seen.html.contains("id=\"take\""));
    let forced = window.post(&format!("{path}/take"), &[]).await;
    assert_eq!(forced.status, StatusCode::CONFLICT);
    assert!(forced.text().contains("Nothing was taken over"), "{}", forced.text());
    assert_eq!(stage.app.count("orders").await, orders);
    assert_eq!(stage.app.count("imports").await, 0);
    stage.app.end().await;
}

async fn a_mended_file_counts_when_it_is_taken_over_and_not_before(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let orders = stage.app.count("orders").await;
    let mended = THREE_WRONG.replace("ten", "10").replace("31.02.2026", "2026-02-28").replace("904,,", "904,North,");
    brings_orders(window, THREE_WRONG).await;
    let path = brings_orders(window, &mended).await.leads_to().to_owned();
    assert_eq!(stage.app.count("waiting_files").await, 1, "the new one in the place of the other");
    let seen = window.get(&path).await;
    assert!(seen.text().contains("New 4 Changed 1 Unchanged 0 Wrong 0"), "{}", seen.text());
    assert!(window.get("/floor/records").await.html.contains(&format!("href=\"{path}\"")), "it is told that it waits");
    assert_eq!(stage.app.count("orders").await, orders, "nothing counts yet");
    let taken = window.post(&format!("{path}/take"), &[]).await;
    assert_eq!(taken.leads_to(), "/floor/records?done=taken_over", "{}", taken.text());
    assert_eq!(stage.app.count("orders").await, orders + 4);
    assert_eq!(stage.app.count("waiting_files").await, 0);
    assert_eq!(window.post(&format!("{path}/take"), &[]).await.status, StatusCode::NOT_FOUND, "once");
    let again = brings_orders(window, &mended).await.leads_to().to_owned();
    assert!(window.get(&again).await.text().contains("there is nothing to take over"));
    let gone = window.post(&format!("{again}/drop"), &[]).await;
    assert_eq!(gone.leads_to(), "/floor/records?done=file_let_go");
    assert_eq!(stage.app.count("waiting_files").await, 0);
    stage.app.end().await;
}

async fn a_file_is_its_owners_and_waits_an_hour(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    stage.app.user("boss2", Role::Admin).await;
    let other = Window::of(&stage.app, "boss2").await;
    let path =
        brings_orders(window, "ORD-901,Northwind,Gearbox,10,2026-01-20,2026-02-20\n").await.leads_to().to_owned();
    assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND);
    for act in ["take", "drop"] {
        assert_eq!(other.post(&format!("{path}/{act}"), &[]).await.status, StatusCode::NOT_FOUND);
        let forged = window.post_just(&format!("{path}/{act}"), &[("token", "forged")]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{act}");
    }
    stage.app.pass(TimeDelta::minutes(61)).await;
    assert_eq!(window.get(&path).await.status, StatusCode::NOT_FOUND);
    andon::housekeeping::once(&stage.app.server.app).await.expect("the house is kept");
    assert_eq!(stage.app.count("waiting_files").await, 0);
    stage.app.end().await;
}

async fn what_changed_meanwhile_is_judged_again_when_a_file_is_taken_over(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (admin, window) = &stage.admin;
    // It moves the due day only; the day on which work begins is moved behind it meanwhile.
    let file = b"number,due_on\nORD-12345,2026-01-20\n";
    let token = window.token();
    let path = brings(window, Some(&token), "orders", "due.csv", file).await.leads_to().to_owned();
    assert!(window.get(&path).await.html.contains("id=\"take\""));
    let found = stage.app.rows("SELECT id FROM orders WHERE number = 'ORD-12345'").await;
    let id: i64 = found[0].try_get("", "id").expect("an id");
    let (status, told) = admin.patch(&format!("/api/orders/{id}/"), json!({"starts_on": "2026-01-22"})).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let refused = window.post(&format!("{path}/take"), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text().contains("is before the order begins"), "{}", refused.text());
    stage.app.end().await;
}

async fn who_may_bring_in_and_take_out_what(backend: Backend) {
    let stage = Stage::set(backend).await;
    stage.app.user_of("shift1", Role::Supervisor, Some("Machining")).await;
    let supervisor = Window::of(&stage.app, "shift1").await;
    let token = supervisor.token();
    for (kind, status) in [
        ("orders", StatusCode::SEE_OTHER),
        ("shifts", StatusCode::FORBIDDEN),
        ("machines", StatusCode::FORBIDDEN),
        ("boms", StatusCode::FORBIDDEN),
        ("people", StatusCode::FORBIDDEN),
        ("everything", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(brings(&supervisor, Some(&token), kind, "a.csv", b"number\nA\n").await.status, status, "{kind}");
    }
    for kind in ["people", "shifts", "sop-failures", "maintenance-plans"] {
        let path = format!("/floor/records/out/{kind}.csv");
        assert_eq!(supervisor.get(&path).await.status, StatusCode::NOT_FOUND, "{kind} names people");
        assert!(!supervisor.get("/floor/records").await.html.contains(&path), "{kind} is not offered");
    }
    assert_eq!(supervisor.get("/floor/records/out/machines.csv").await.status, StatusCode::OK);
    for other in [&stage.client.1, &stage.support.1] {
        let token = other.token();
        assert_eq!(other.get("/floor/records").await.status, StatusCode::FORBIDDEN);
        assert_eq!(other.get("/floor/records/out/orders.csv").await.status, StatusCode::FORBIDDEN);
        assert_eq!(brings(other, Some(&token), "orders", "a.csv", b"number\nA\n").await.status, StatusCode::FORBIDDEN);
    }
    let people = stage.admin.1.get("/floor/records/out/people.csv").await;
    assert_eq!(people.status, StatusCode::OK);
    assert!(people.html.contains("'+12025550101"), "{}", people.html);
    stage.app.end().await;
}

async fn a_file_that_is_forged_too_large_or_no_table_is_refused(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    for token in [None, Some("forged")] {
        assert_eq!(brings(window, token, "orders", "a.csv", HEAD.as_bytes()).await.status, StatusCode::FORBIDDEN);
    }
    let token = window.token();
    let large = vec![b'a'; 2 * 1024 * 1024 + 1];
    assert_eq!(brings(window, Some(&token), "orders", "a.csv", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for nothing in [("a.csv", &b""[..]), ("", b"")] {
        let seen = brings(window, Some(&token), "orders", nothing.0, nothing.1).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{}", seen.text());
    }
    assert_eq!(stage.app.count("waiting_files").await, 0);
    for no_table in [&b"\x89PNG\r\n\x1a\n"[..], b"name,price\nA,1\n", b"\0\0\0"] {
        let path = brings(window, Some(&token), "orders", "a.csv", no_table).await.leads_to().to_owned();
        let seen = window.get(&path).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", seen.text());
        assert!(seen.html.contains("role=\"alert\"") && !seen.html.contains("id=\"take\""), "{}", seen.text());
        assert!(!window.post(&format!("{path}/take"), &[]).await.status.is_redirection());
    }
    stage.app.end().await;
}

async fn what_stands_in_a_file_does_nothing_in_a_page(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let attack = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    let lines = format!("{attack},{attack},{attack},{attack},{attack},{attack}\nORD-1,a,b,1,2026-01-01,2026-01-02\n");
    let token = window.token();
    let file = format!("{HEAD}{lines}");
    let seen = brings(window, Some(&token), "orders", "<script>alert(1)<.csv", file.as_bytes()).await;
    let path = seen.leads_to().to_owned();
    for path in [path.as_str(), "/floor/records"] {
        let seen = window.get(path).await;
        assert!(seen.html.contains("alert(1)"), "{path} shows it as text");
        assert!(!seen.html.contains("<script>alert") && !seen.html.contains("<img src=x"), "{path}");
    }
    stage.app.end().await;
}

async fn what_goes_out_is_harmless_and_comes_back_the_same(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (admin, window) = &stage.admin;
    let body = json!({"number": "ORD-1", "customer": "=HYPERLINK(\"http://example.com\")", "product": "@SUM(1)",
        "quantity_ordered": 1, "starts_on": "2026-01-01", "due_on": "2026-01-02"});
    admin.post("/api/orders/", body).await;
    let out = window.get("/floor/records/out/orders.csv").await;
    let header = |name: &str| out.headers[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(header("content-disposition"), "attachment; filename=\"orders-2026-01-18.csv\"");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(out.html.starts_with("number,") || out.html.starts_with("\u{feff}number,"), "{}", out.html);
    assert!(out.html.contains("'=HYPERLINK") && out.html.contains("'@SUM(1)"), "{}", out.html);
    let token = window.token();
    let path = brings(window, Some(&token), "orders", "orders.csv", out.html.as_bytes()).await.leads_to().to_owned();
    let seen = window.get(&path).await.text();
    let count = stage.app.count("orders").await;
    assert!(seen.contains(&format!("New 0 Changed 0 Unchanged {count} Wrong 0")), "{seen}");
    for kind in ["machines", "boms", "sop-failures", "people", "shifts", "maintenance-plans"] {
        let out = window.get(&format!("/floor/records/out/{kind}.csv")).await;
        assert_eq!(out.status, StatusCode::OK, "{kind}");
        let path = brings(window, Some(&token), kind, "a.csv", out.html.as_bytes()).await.leads_to().to_owned();
        let seen = window.get(&path).await.text();
        assert!(seen.contains("New 0 Changed 0"), "{kind}: {seen}");
    }
    assert_eq!(window.get("/floor/records/out/secrets.csv").await.status, StatusCode::NOT_FOUND);
    stage.app.end().await;
}
