//! Attachments over slow lines: what one person has on the way is bounded, and holds up nobody else.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::people::Role;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

facts!["slow_lines":
    who_reads_slowly_gets_no_third_answer_and_holds_up_nobody,
    who_sends_slowly_has_two_files_on_the_way_and_holds_up_nobody,
];

/// More than the system keeps for a connection whose other end does not read.
const LARGE: usize = 12 * 1024 * 1024;

/// A defect that the operator reports; its ticket's id.
async fn defect(app: &TestApp) -> i64 {
    for text in ["hi", "1", "ORD-12345", "Other", "High", "Cracked"] {
        app.says(OPERATOR, text).await;
    }
    let rows = app.rows("SELECT MAX(id) AS id FROM tickets").await;
    rows[0].try_get("", "id").expect("a ticket")
}

async fn attach(user: &User, ticket: i64, bytes: &[u8]) -> Response {
    let body = json!({"file_data": BASE64.encode(bytes), "filename": "log.txt"});
    let request = user.request(Method::POST, &format!("/api/tickets/{ticket}/add_attachment/")).json(&body);
    request.send().await.expect("an answer")
}

async fn asked(user: &User, path: &str) -> StatusCode {
    let response = user.request(Method::GET, path).send().await.expect("an answer");
    let status = response.status();
    response.bytes().await.expect("all of it");
    status
}

/// A request of this user's, and the first line that comes back; nothing else is read.
async fn begins(app: &TestApp, user: &User, request: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(app.server.address).await.expect("a connection");
    let (line, headers) = request.split_once('\n').unwrap_or((request, ""));
    let head = format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{headers}\r\n", user.access);
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n") {
        read.push(stream.read_u8().await.expect("an answer"));
    }
    (stream, String::from_utf8_lossy(&read).into_owned())
}

/// Put off, and said for how long.
#[track_caller]
fn is_put_off(answer: &Response) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    assert!(wait.and_then(|wait| wait.parse::<u64>().ok()).is_some_and(|wait| wait > 0), "{wait:?}");
}

async fn who_reads_slowly_gets_no_third_answer_and_holds_up_nobody(backend: Backend) {
    if backend != Backend::Sqlite {
        return; // it is a matter of connections and memory
    }
    let app = TestApp::start(backend).await;
    let (slow, other) = (app.user("slow", Role::Admin).await, app.user("other", Role::Admin).await);
    let ticket = defect(&app).await;
    assert_eq!(attach(&slow, ticket, &vec![b'a'; LARGE]).await.status(), StatusCode::OK);
    let (list, one) =
        (format!("/api/tickets/{ticket}/get_attachments/"), format!("/api/tickets/{ticket}/attachments/1/"));
    let (first, said) = begins(&app, &slow, &format!("GET {list}")).await;
    assert!(said.contains(" 200 "), "{said}");
    let (second, said) = begins(&app, &slow, &format!("GET {one}")).await;
    assert!(said.contains(" 200 "), "{said}");
    for path in [&list, &one] {
        is_put_off(&slow.request(Method::GET, path).send().await.expect("an answer"));
        assert_eq!(asked(&other, path).await, StatusCode::OK, "others do not wait");
    }
    drop((first, second));
    for path in [&list, &one] {
        assert_eq!(asked(&slow, path).await, StatusCode::OK, "there is room again");
    }
    app.end().await;
}

async fn who_sends_slowly_has_two_files_on_the_way_and_holds_up_nobody(backend: Backend) {
    if backend != Backend::Sqlite {
        return; // as above
    }
    let app = TestApp::start(backend).await;
    let (slow, other) = (app.user("slow", Role::Admin).await, app.user("other", Role::Admin).await);
    let ticket = defect(&app).await;
    let request = format!(
        "POST /api/tickets/{ticket}/add_attachment/\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n"
    );
    let mut held = Vec::new();
    for _ in 0..2 {
        let (stream, said) = begins(&app, &slow, &request).await;
        assert!(said.contains(" 100 "), "the file is waited for: {said}");
        held.push(stream);
    }
    is_put_off(&attach(&slow, ticket, b"a third").await);
    assert_eq!(attach(&other, ticket, b"another's").await.status(), StatusCode::OK);
    drop(held);
    assert_eq!(attach(&slow, ticket, b"a third").await.status(), StatusCode::OK);
    app.end().await;
}
