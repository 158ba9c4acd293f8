//! Attachments: what is taken in, who may see it and take it away, and photos that come by chat.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp, answer, number};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::housekeeping;
use andon::people::Role;
use andon::simulator::{Enclosure, Incoming};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

facts!["attachments":
    a_file_is_attached_shown_downloaded_and_taken_away,
    a_file_is_what_its_content_says_and_text_is_never_shown_in_place,
    a_file_that_is_too_large_or_of_no_known_type_is_refused,
    who_may_not_see_the_ticket_sees_nothing_of_its_attachments,
    one_takes_away_ones_own_and_an_admin_anybodys_but_a_clients,
    a_photo_from_the_chat_becomes_an_attachment,
    a_photo_that_is_not_the_providers_is_never_asked_for,
    a_photo_that_cannot_be_fetched_is_tried_again_later,
    a_file_goes_a_day_after_the_last_attachment_that_had_it,
];

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR a small picture";

/// A defect that the operator reports; its ticket's id.
async fn defect(app: &TestApp) -> i64 {
    for text in ["hi", "1", "ORD-12345", "Other", "High", "Cracked"] {
        app.says(OPERATOR, text).await;
    }
    newest_ticket(app).await
}

pub(crate) async fn newest_ticket(app: &TestApp) -> i64 {
    let rows = app.rows("SELECT MAX(id) AS id FROM tickets").await;
    rows[0].try_get("", "id").expect("a ticket")
}

async fn attach(user: &User, ticket: i64, bytes: &[u8], filename: &str) -> (StatusCode, Value) {
    let body = json!({"file_data": BASE64.encode(bytes), "filename": filename});
    user.post(&format!("/api/tickets/{ticket}/add_attachment/"), body).await
}

async fn attached(user: &User, ticket: i64) -> Vec<Value> {
    let (status, answer) = user.get(&format!("/api/tickets/{ticket}/get_attachments/")).await;
    assert_eq!((status, &answer["ticket_id"]), (StatusCode::OK, &json!(ticket)), "{answer}");
    answer["attachments"].as_array().expect("a list").clone()
}

async fn a_file_is_attached_shown_downloaded_and_taken_away(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    let (status, done) = attach(&admin, ticket, PNG, "../Lager \u{fc}.png").await;
    assert_eq!((status, &done["ticket_id"]), (StatusCode::OK, &json!(ticket)), "{done}");
    // The same as a form of several parts.
    let form = [
        &b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.png\"\r\n\r\n"[..],
        PNG,
        b"\r\n--x--\r\n",
    ];
    let path = format!("/api/tickets/{ticket}/add_attachment");
    let request = admin.request(Method::POST, &path).header("Content-Type", "multipart/form-data; boundary=x");
    let (status, answer_to_form) = answer(request.body(form.concat())).await;
    assert_eq!(status, StatusCode::OK, "{answer_to_form}");

    let listed = attached(&admin, ticket).await;
    assert_eq!(listed.len(), 2);
    let first = &listed[0];
    assert_eq!((&first["filename"], &first["content_type"]), (&json!("Lager \u{fc}.png"), &json!("image/png")));
    assert_eq!((&first["size"], &first["uploaded_by_name"]), (&json!(PNG.len()), &json!("admin")));
    assert_eq!(first["file_data"], BASE64.encode(PNG));

    let response =
        admin.request(Method::GET, first["url"].as_str().expect("an address")).send().await.expect("an answer");
    let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(
        header("content-disposition"),
        "inline; filename=\"Lager _.png\"; filename*=UTF-8''Lager%20%C3%BC%2Epng"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(response.bytes().await.expect("a body"), PNG);

    let path = format!("/api/tickets/{ticket}/delete_attachment/{}/", first["id"]);
    let (status, done) = admin.delete(&path).await;
    assert_eq!((status, &done["attachment_id"]), (StatusCode::OK, &first["id"]), "{done}");
    assert_eq!(admin.delete(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(attached(&admin, ticket).await.len(), 1);
    let (_, events) = admin.get(&format!("/api/events/?ticket={ticket}&actor={}&sort=id", admin.id)).await;
    let told: Vec<&Value> = events["results"].as_array().expect("a list").iter().map(|event| &event["name"]).collect();
    assert_eq!(told, ["ticket.attached", "ticket.attached", "ticket.detached"]);
    app.end().await;
}

async fn a_file_is_what_its_content_says_and_text_is_never_shown_in_place(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    for (content, name) in [
        (&b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..], "a.svg"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "a.html"),
        (b"<script>alert(1)</script>", "photo.png"),
    ] {
        attach(&admin, ticket, content, name).await;
    }
    for shown in attached(&admin, ticket).await {
        assert_eq!(shown["content_type"], "text/plain", "{shown}");
        let path = shown["url"].as_str().expect("an address").to_owned();
        let response = admin.request(Method::GET, &path).send().await.expect("an answer");
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-type"), "text/plain; charset=utf-8");
        assert!(header("content-disposition").starts_with("attachment; "));
        assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
    }
    app.end().await;
}

async fn a_file_that_is_too_large_or_of_no_known_type_is_refused(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_MAX_ATTACHMENT", "1")]).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    let path = format!("/api/tickets/{ticket}/add_attachment/");
    let (status, refused) = attach(&admin, ticket, b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0", "photo.jpg").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refused["errors"]["file_data"][0].as_str().is_some_and(|why| why.contains("images, PDF")), "{refused}");
    assert_eq!(attach(&admin, ticket, &vec![b'a'; 1024 * 1024], "a.txt").await.0, StatusCode::OK);
    let (status, refused) = attach(&admin, ticket, &vec![b'a'; 1024 * 1024 + 1], "a.txt").await;
    assert_eq!((status, &refused["status"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!(413)), "{refused}");
    let not_to_its_end = [vec![b'a'; 20_000], b"\x7fELF\x02\x01\x01\0".to_vec()].concat();
    let (status, refused) = attach(&admin, ticket, &not_to_its_end, "a.txt").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    let large = vec![b'a'; 3 * 1024 * 1024];
    let form =
        [&b"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"[..], &large, b"\r\n--x--\r\n"].concat();
    let form = admin.request(Method::POST, &path).header("Content-Type", "multipart/form-data; boundary=x").body(form);
    assert_eq!(answer(form).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    for (body, field) in [
        (json!({}), "file_data"),
        (json!({"file_data": "%%%"}), "file_data"),
        (json!({"file_data": ""}), "file_data"),
        (json!({"file_data": "YWJj", "more": 1}), "more"),
    ] {
        let (status, refused) = admin.post(&path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(refused["errors"][field][0].is_string(), "{refused}");
    }
    let text = admin.request(Method::POST, &path).header("Content-Type", "text/plain").body("abc");
    assert_eq!(answer(text).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for header in ["multipart/form-data", "multipart/form-data; boundary=y"] {
        let broken = admin.request(Method::POST, &path).header("Content-Type", header).body("--x");
        assert_eq!(answer(broken).await.0, StatusCode::BAD_REQUEST, "{header}");
    }
    app.end().await;
}

async fn who_may_not_see_the_ticket_sees_nothing_of_its_attachments(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    let id = attach(&admin, ticket, PNG, "a.png").await.1["attachment_id"].clone();
    for (role, expected) in [
        (Role::Client, StatusCode::NOT_FOUND),
        (Role::Support, StatusCode::NOT_FOUND),
        (Role::Operator, StatusCode::OK),
        (Role::Supervisor, StatusCode::OK),
    ] {
        let user = app.user(&role.as_str().to_lowercase(), role).await;
        for path in ["get_attachments/".to_owned(), format!("attachments/{id}/")] {
            let request = user.request(Method::GET, &format!("/api/tickets/{ticket}/{path}"));
            assert_eq!(request.send().await.expect("an answer").status(), expected, "{role:?} {path}");
        }
        assert_eq!(attach(&user, ticket, PNG, "b.png").await.0, expected, "{role:?}");
    }
    // Of another ticket it is not.
    assert_eq!(admin.get(&format!("/api/tickets/1/attachments/{id}/")).await.0, StatusCode::NOT_FOUND);
    let (status, _) = app.anybody(Method::GET, &format!("/api/tickets/{ticket}/attachments/{id}/"), None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    app.end().await;
}

async fn one_takes_away_ones_own_and_an_admin_anybodys_but_a_clients(backend: Backend) {
    let app = TestApp::start(backend).await;
    let ticket = defect(&app).await;
    let admin = app.user("admin", Role::Admin).await;
    let operator = app.user("op1", Role::Operator).await;
    let other = app.user("op2", Role::Operator).await;
    let client = app.user("client1", Role::Client).await;
    let requester = format!("UPDATE tickets SET requester_id = {} WHERE id = {ticket}", client.id);
    app.connection().await.execute_unprepared(&requester).await.expect("it is the client's");
    let mut theirs = Vec::new();
    for user in [&operator, &client, &client] {
        theirs.push(attach(user, ticket, PNG, "a.png").await.1["attachment_id"].clone());
    }
    for (user, whose, expected) in [
        (&other, 0, StatusCode::FORBIDDEN),
        (&client, 0, StatusCode::FORBIDDEN),
        (&admin, 0, StatusCode::OK),
        (&admin, 1, StatusCode::FORBIDDEN),
        (&client, 1, StatusCode::OK),
    ] {
        let path = format!("/api/tickets/{ticket}/delete_attachment/{}/", theirs[whose]);
        assert_eq!(user.delete(&path).await.0, expected, "{} {whose}", user.id);
    }
    assert_eq!(attached(&admin, ticket).await.len(), 1);
    app.end().await;
}

async fn a_photo_from_the_chat_becomes_an_attachment(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    for text in ["hi", "1", "ORD-12345", "Other", "High"] {
        app.says(OPERATOR, text).await;
    }
    let photo = Enclosure { content_type: "image/jpeg".to_owned(), bytes: PNG.to_vec() };
    let described = Incoming { media: vec![photo], ..Incoming::text(&number(OPERATOR), "Cracked, see photo") };
    app.sends(described).await;
    let ticket = newest_ticket(&app).await;
    let listed = attached(&admin, ticket).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(
        (&listed[0]["content_type"], &listed[0]["file_data"]),
        (&json!("image/png"), &json!(BASE64.encode(PNG)))
    );
    assert_eq!(listed[0]["uploaded_by_name"], "Operator");
    assert_eq!(app.count("awaited_media").await, 0);
    let (_, events) = admin.get(&format!("/api/events/?ticket={ticket}&name=ticket.attached")).await;
    assert_eq!(events["results"][0]["door"], "CHAT");
    app.end().await;
}

/// Has the job fetch a photo for this ticket from this address.
async fn await_photo(app: &TestApp, ticket: i64, url: &str) {
    let insert = format!(
        "INSERT INTO awaited_media (ticket_id, url, tries, due_at, created_at) \
         VALUES ({ticket}, '{url}', 0, '2026-01-18 14:30:22+00:00', '2026-01-18 14:30:22+00:00')"
    );
    let insert =
        if app.server.app.db.backend() == sea_orm::DbBackend::MySql { insert.replace("+00:00", "") } else { insert };
    app.connection().await.execute_unprepared(&insert).await.expect("it is awaited");
    app.settle().await;
}

async fn awaited(app: &TestApp) -> (i32, Option<String>) {
    let rows = app.rows("SELECT tries, problem FROM awaited_media").await;
    (rows[0].try_get("", "tries").expect("a number"), rows[0].try_get("", "problem").expect("text"))
}

async fn a_photo_that_is_not_the_providers_is_never_asked_for(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    await_photo(&app, ticket, "http://169.254.169.254/latest/meta-data").await;
    let (tries, problem) = awaited(&app).await;
    assert!(tries == 1 && problem.as_ref().is_some_and(|why| why.contains("no provider")), "{problem:?}");
    assert_eq!(attached(&admin, ticket).await, Vec::<Value>::new());
    app.pass(TimeDelta::days(2)).await;
    assert_eq!(awaited(&app).await.0, 1, "it is given up");
    app.end().await;
}

async fn a_photo_that_cannot_be_fetched_is_tried_again_later(backend: Backend) {
    // Nobody answers where the provider should be.
    let app = TestApp::with(backend, &[("TWILIO_API_BASE", "http://127.0.0.1:9")]).await;
    let ticket = newest_ticket(&app).await;
    await_photo(&app, ticket, "http://127.0.0.1:9/2010-04-01/Accounts/AC0/Messages/MM1/Media/ME1").await;
    let (tries, problem) = awaited(&app).await;
    assert!(tries == 1 && problem.as_ref().is_some_and(|why| why.contains("cannot be reached")), "{problem:?}");
    app.settle().await;
    assert_eq!(awaited(&app).await.0, 1, "not before its time");
    app.pass(TimeDelta::seconds(10)).await;
    assert_eq!(awaited(&app).await.0, 2);
    app.end().await;
}

async fn a_file_goes_a_day_after_the_last_attachment_that_had_it(backend: Backend) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    let app = TestApp::with(backend, &[("ANDON_DATA_DIR", path)]).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    let mut ids = Vec::new();
    for name in ["a.png", "b.png"] {
        ids.push(attach(&admin, ticket, PNG, name).await.1["attachment_id"].clone());
    }
    let kept = || {
        std::fs::read_dir(folder.path().join("files/sha256")).map_or(0, |folders| {
            folders.flatten().filter_map(|folder| std::fs::read_dir(folder.path()).ok()).map(Iterator::count).sum()
        })
    };
    assert_eq!(kept(), 1, "the same content is kept once");
    // Files are dated by the machine's clock, which is ahead of the test's.
    app.clock.advance(TimeDelta::days(3_650));
    let admin = app.user("admin2", Role::Admin).await;
    housekeeping::once(&app.server.app).await.expect("it tidies");
    assert_eq!(kept(), 1, "two attachments have it");
    for id in &ids {
        let (status, _) = admin.delete(&format!("/api/tickets/{ticket}/delete_attachment/{id}/")).await;
        assert_eq!(status, StatusCode::OK);
    }
    app.clock.advance(TimeDelta::days(2));
    assert_eq!(housekeeping::once(&app.server.app).await.expect("it tidies").files, 1);
    assert_eq!(kept(), 0);
    app.end().await;
}
