//! Photos, voice notes, PDFs and places that come by chat, by either provider: before a report, in it, right after it.

use crate::attachments::{PNG, newest_ticket};
use crate::facts;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::databases::Backend;
use crate::support::meta::{META, NO_TWILIO};
use andon::channels::{Place, Status};
use andon::people::Role;
use andon::simulator::{Enclosure, Incoming};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["enclosures":
    an_album_in_a_report_gets_one_answer_and_ends_at_its_ticket,
    files_at_the_menu_wait_for_the_report_that_follows,
    files_at_the_menu_are_let_go_after_a_while,
    a_photo_with_an_orders_number_is_kept_and_the_order_shown,
    files_right_after_a_report_join_it,
    a_photo_and_its_words_finish_a_report_and_the_album_joins_it,
    a_shared_place_begins_a_report_and_offers_the_machines_near_it,
    a_place_in_the_form_is_kept_with_the_ticket,
    a_place_far_from_every_machine_is_answered_kindly,
    a_machines_position_is_set_and_taken_away,
    an_orders_picture_is_sent_when_it_is_asked_for,
    a_defects_report_is_sent_when_it_is_asked_for,
    where_something_broke_is_sent_when_it_is_asked_for,
    an_address_is_no_use_to_whoever_changes_it_or_comes_late,
];

const VOICE: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x01";
const PDF: &[u8] = b"%PDF-1.7 a drawing";

/// The plant by Twilio, and by Meta.
async fn plants(backend: Backend) -> [TestApp; 2] {
    let by_meta = [META.as_slice(), &NO_TWILIO].concat();
    [TestApp::start(backend).await, TestApp::with(backend, &by_meta).await]
}

fn file(content_type: &str, bytes: &[u8]) -> Incoming {
    let file = Enclosure { content_type: content_type.to_owned(), bytes: bytes.to_vec() };
    Incoming { media: vec![file], ..Incoming::text(&number(OPERATOR), "") }
}

fn photo(nth: u8) -> Incoming {
    file("image/png", &[PNG, &[nth]].concat())
}

fn place(latitude: f64, longitude: f64) -> Incoming {
    let place = Place { latitude, longitude, label: Some("Gate 4".to_owned()) };
    Incoming { place: Some(place), ..Incoming::text(&number(OPERATOR), "") }
}

async fn says(app: &TestApp, texts: &[&str]) -> Vec<String> {
    let mut last = Vec::new();
    for text in texts {
        last = app.says(OPERATOR, text).await;
    }
    last
}

async fn sends(app: &TestApp, incoming: Incoming) -> Vec<String> {
    app.sends(incoming).await.1
}

/// How many files the newest ticket has.
async fn attached(app: &TestApp) -> i64 {
    app.count("attachments WHERE ticket_id = (SELECT MAX(id) FROM tickets)").await
}

async fn an_album_in_a_report_gets_one_answer_and_ends_at_its_ticket(backend: Backend) {
    for app in plants(backend).await {
        says(&app, &["1", "ORD-12345", "Other"]).await;
        let replies = sends(&app, photo(0)).await;
        assert_eq!(replies, ["📎 Kept for your report.\n\nSeverity (Low / Medium / High): ?"], "with any answer");
        for nth in 1..3 {
            assert_eq!(sends(&app, photo(nth)).await, Vec::<String>::new(), "those in a row are kept in silence");
        }
        assert_eq!(says(&app, &["High"]).await, ["Description (brief details): ?"]);
        let replies = sends(&app, file("audio/ogg; codecs=opus", VOICE)).await;
        assert_eq!(replies, ["📎 Kept for your report.\n\nDescription (brief details): ?"]);
        sends(&app, file("application/pdf", PDF)).await;
        says(&app, &["Cracked"]).await;
        assert_eq!((attached(&app).await, app.count("awaited_media").await), (5, 0));
        app.end().await;
    }
}

async fn files_at_the_menu_wait_for_the_report_that_follows(backend: Backend) {
    for app in plants(backend).await {
        let replies = sends(&app, photo(0)).await;
        assert!(replies[0].starts_with("📎 Kept. What is it about?\n\n👋"), "{replies:?}");
        assert_eq!(sends(&app, photo(1)).await, Vec::<String>::new());
        app.pass(TimeDelta::minutes(2)).await;
        assert_eq!(sends(&app, photo(2)).await.len(), 1, "a later one is answered again");
        says(&app, &["hi", "2", "ORD-12345", "3", "MACH-001", "Bearing", "High"]).await;
        assert_eq!((attached(&app).await, app.count("awaited_media").await), (3, 0));
        app.end().await;
    }
}

async fn files_at_the_menu_are_let_go_after_a_while(backend: Backend) {
    let app = TestApp::start(backend).await;
    sends(&app, photo(0)).await;
    app.pass(TimeDelta::minutes(14)).await;
    sends(&app, photo(1)).await;
    app.pass(TimeDelta::minutes(2)).await;
    says(&app, &["3", "MACH-001", "Bearing", "High"]).await;
    assert_eq!(attached(&app).await, 0, "as long as the first of them");
    app.end().await;
}

async fn a_photo_with_an_orders_number_is_kept_and_the_order_shown(backend: Backend) {
    for app in plants(backend).await {
        let replies = sends(&app, Incoming { text: "ORD-12345".to_owned(), ..photo(0) }).await;
        assert!(replies[0].starts_with("📎 Kept. What is it about?\n\n📦 Order Status: ORD-12345"), "{replies:?}");
        says(&app, &["3", "MACH-001", "Bearing", "High"]).await;
        assert_eq!(attached(&app).await, 1);
        app.end().await;
    }
}

async fn files_right_after_a_report_join_it(backend: Backend) {
    for app in plants(backend).await {
        says(&app, &["3", "MACH-001", "Bearing", "High"]).await;
        let replies = sends(&app, photo(0)).await;
        assert_eq!(replies, ["📎 Added to MAINT-20260118143022."]);
        assert_eq!(sends(&app, file("video/mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")).await, Vec::<String>::new());
        assert_eq!(attached(&app).await, 2);
        for nth in 1..10 {
            sends(&app, photo(nth)).await;
        }
        assert_eq!(attached(&app).await, 10, "ten of them");
        let said = app.replies(&number(OPERATOR));
        assert_eq!(said.iter().filter(|text| text.contains("10 files")).count(), 1, "said once: {said:?}");
        app.pass(TimeDelta::minutes(11)).await;
        let replies = sends(&app, photo(1)).await;
        assert!(replies[0].starts_with("📎 Kept. What is it about?"), "no longer right after it: {replies:?}");
        app.end().await;
    }
}

async fn a_photo_and_its_words_finish_a_report_and_the_album_joins_it(backend: Backend) {
    for app in plants(backend).await {
        says(&app, &["1", "ORD-12345", "Other", "High"]).await;
        let replies = sends(&app, Incoming { text: "Cracked".to_owned(), ..photo(0) }).await;
        assert!(replies[0].starts_with("✅ Defect Report Created!"), "{replies:?}");
        let replies = [sends(&app, photo(1)).await, sends(&app, photo(2)).await].concat();
        assert_eq!(replies, ["📎 Added to DEF-20260118143022."]);
        assert_eq!(attached(&app).await, 3);
        app.end().await;
    }
}

async fn a_shared_place_begins_a_report_and_offers_the_machines_near_it(backend: Backend) {
    for app in plants(backend).await {
        let replies = sends(&app, place(50.1101, 8.6821)).await;
        let expected = "📍 Place kept. Machines near it:\n1️⃣ MACH-001 (CNC lathe), 15 m away\n\
                        2️⃣ MACH-002 (Milling centre), 25 m away\n3️⃣ MACH-003 (Hydraulic press), 110 m away\n\
                        4️⃣ MACH-004 (Assembly line A), 210 m away\n\nReply with a number from the list, or with another \
                        ID.\n\nMachine ID (e.g., MACH-001): ?";
        assert_eq!(replies, [expected]);
        let replies = says(&app, &["3"]).await;
        assert!(replies[0].starts_with("✅ Machine found: MACH-003 (Hydraulic press)"), "{replies:?}");
        let replies = says(&app, &["1", "High"]).await;
        assert!(replies[0].contains("MAINT-20260118143022"), "1 is an issue type then: {replies:?}");
        let about_it = "SELECT place FROM tickets WHERE reference = 'MAINT-20260118143022'";
        let stored: String = app.rows(about_it).await[0].try_get("", "place").expect("a place");
        let stored: Value = serde_json::from_str(&stored).expect("JSON");
        assert_eq!(stored["latitude"], json!(50.1101), "{stored}");
        app.end().await;
    }
}

async fn a_place_in_the_form_is_kept_with_the_ticket(backend: Backend) {
    let app = TestApp::start(backend).await;
    says(&app, &["3", "MACH-005"]).await;
    let replies = sends(&app, place(50.1101, 8.6821)).await;
    assert!(replies[0].starts_with("📍 Place kept.\n\nIssue Type"), "{replies:?}");
    says(&app, &["Bearing", "High"]).await;
    let admin = app.user("admin", Role::Admin).await;
    let newest = newest_ticket(&app).await;
    let (status, ticket) = admin.get(&format!("/api/tickets/{newest}/")).await;
    assert_eq!(status, StatusCode::OK, "{ticket}");
    assert_eq!(ticket["place"], json!({"latitude": 50.1101, "longitude": 8.6821, "name": "Gate 4"}));
    says(&app, &["1"]).await;
    let replies = sends(&app, place(50.1101, 8.6821)).await;
    assert!(replies[0].starts_with("📍 I cannot use a place here."), "a defect has none: {replies:?}");
    app.end().await;
}

async fn a_place_far_from_every_machine_is_answered_kindly(backend: Backend) {
    for app in plants(backend).await {
        let replies = sends(&app, place(-33.9, 18.4)).await;
        let expected =
            "📍 Place kept. I know of no machine near it, so please name it.\n\nMachine ID (e.g., MACH-001): ?";
        assert_eq!(replies, [expected]);
        let replies = says(&app, &["1"]).await;
        assert!(replies[0].starts_with("✅ Machine found: MACH-001"), "{replies:?}");
        app.end().await;
    }
}

async fn a_machines_position_is_set_and_taken_away(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("admin", Role::Admin).await;
    let here = json!({"latitude": -33.9, "longitude": 18.4});
    let new = json!({"number": "MACH-9", "name": "Saw", "department": "Forming", "position": here});
    let (status, made) = admin.post("/api/machines/", new).await;
    assert_eq!((status, &made["position"]), (StatusCode::CREATED, &here), "{made}");
    let path = format!("/api/machines/{}/", made["id"]);
    let replies = sends(&app, place(-33.9, 18.4)).await;
    assert!(replies[0].contains("1️⃣ MACH-9 (Saw), 0 m away"), "{replies:?}");
    for (change, expected) in [
        (json!({"name": "Band saw"}), here),
        (json!({"position": null}), Value::Null),
        (json!({"position": {"latitude": 90, "longitude": -180}}), json!({"latitude": 90.0, "longitude": -180.0})),
    ] {
        let (status, changed) = admin.patch(&path, change).await;
        assert_eq!((status, &changed["position"]), (StatusCode::OK, &expected), "{changed}");
    }
    for wrong in [json!({"latitude": 90.1, "longitude": 0}), json!({"latitude": 1}), json!("50.1,8.6"), json!([1, 2])] {
        let (status, refused) = admin.patch(&path, json!({"position": wrong})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    }
    app.end().await;
}

/// The last message's file, as the phone has it after fetching it.
fn last_file(app: &TestApp) -> Option<(String, String)> {
    let last = app.bubbles(OPERATOR).pop()?;
    assert_eq!(last.status, Status::Delivered, "{last:?}");
    last.media.into_iter().next().map(|file| (file.content_type, file.url))
}

async fn an_orders_picture_is_sent_when_it_is_asked_for(backend: Backend) {
    for app in plants(backend).await {
        let replies = says(&app, &["picture"]).await;
        assert!(replies[0].starts_with("Sorry, I did not understand that."), "of what? {replies:?}");
        says(&app, &["ORD-12345"]).await;
        assert_eq!(says(&app, &["Picture"]).await, ["📊 ORD-12345"]);
        let (content_type, url) = last_file(&app).expect("a file");
        assert_eq!(content_type, "image/png");
        assert!(url.starts_with(&app.url("/files/")), "{url}");
        assert_eq!(says(&app, &["foto"]).await, ["📊 ORD-12345"], "as often as one likes, in any language");
        assert_eq!(app.count("deliveries WHERE status = 'DELIVERED' AND rich IS NOT NULL").await, 2);
        let replies = says(&app, &["pdf"]).await;
        assert!(replies[0].starts_with("Sorry"), "an order has no report: {replies:?}");
        app.end().await;
    }
}

async fn a_defects_report_is_sent_when_it_is_asked_for(backend: Backend) {
    for app in plants(backend).await {
        says(&app, &["1", "ORD-12345", "Other", "High"]).await;
        sends(&app, Incoming { text: "Cracked".to_owned(), ..photo(0) }).await;
        sends(&app, photo(1)).await;
        assert_eq!(says(&app, &["pdf"]).await, ["📄 DEF-20260118143022"], "after its photos too");
        let (content_type, url) = last_file(&app).expect("a file");
        assert_eq!(content_type, "application/pdf");
        let answer = reqwest::get(&url).await.expect("an answer");
        let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-disposition"), "inline; filename=\"DEF-20260118143022.pdf\"");
        assert_eq!(
            (header("cache-control").as_str(), header("x-content-type-options").as_str()),
            ("private, no-store", "nosniff")
        );
        assert!(answer.bytes().await.expect("a body").starts_with(b"%PDF-"));
        says(&app, &["5", "DEF-20260118143022"]).await;
        assert_eq!(says(&app, &["pdf"]).await, ["📄 DEF-20260118143022"], "after it was looked up");
        app.end().await;
    }
}

async fn where_something_broke_is_sent_when_it_is_asked_for(backend: Backend) {
    for app in plants(backend).await {
        says(&app, &["3", "MACH-005"]).await;
        sends(&app, place(50.1101, 8.6821)).await;
        says(&app, &["Bearing", "High", "5", "MAINT-20260118143022"]).await;
        assert_eq!(says(&app, &["place"]).await, ["📍 MAINT-20260118143022: Gate 4"]);
        let sent = app.bubbles(OPERATOR).pop().expect("a message");
        let shared = Place { latitude: 50.1101, longitude: 8.6821, label: Some("Gate 4".to_owned()) };
        assert_eq!((sent.status, sent.place), (Status::Delivered, Some(shared)));
        let admin = app.user("admin", Role::Admin).await;
        let (_, machines) = admin.get("/api/machines/?q=MACH-005").await;
        let machine = format!("/api/machines/{}/", machines["results"][0]["id"]);
        for (position, stands) in [(json!({"latitude": -33.9, "longitude": 18.4}), true), (Value::Null, false)] {
            let (status, changed) = admin.patch(&machine, json!({"position": position})).await;
            assert_eq!(status, StatusCode::OK, "{changed}");
            app.clock.advance(TimeDelta::seconds(1));
            let replies = says(&app, &["3", "MACH-005", "Bearing", "High"]).await;
            let reference = replies[0].split_whitespace().find(|word| word.starts_with("MAINT-")).expect("a reference");
            let replies = says(&app, &["5", reference, "map"]).await;
            if stands {
                assert!(replies[0].starts_with(&format!("📍 {reference}: ")), "where its machine stands: {replies:?}");
                let sent = app.bubbles(OPERATOR).pop().and_then(|bubble| bubble.place).expect("a place");
                assert!((sent.latitude, sent.longitude) == (-33.9, 18.4), "{sent:?}");
            } else {
                assert!(replies[0].starts_with("Sorry"), "nobody knows where: {replies:?}");
            }
        }
        app.end().await;
    }
}

async fn an_address_is_no_use_to_whoever_changes_it_or_comes_late(backend: Backend) {
    let app = TestApp::start(backend).await;
    says(&app, &["ORD-12345", "picture"]).await;
    let (_, url) = last_file(&app).expect("a file");
    let status = async |url: &str| reqwest::get(url).await.expect("an answer").status();
    assert_eq!(status(&url).await, StatusCode::OK);
    let (head, token) = url.rsplit_once('/').expect("a path");
    let other = token.replacen(|c: char| c.is_ascii_lowercase(), "A", 1);
    for wrong in [other.as_str(), &token[..token.len() - 1], "x", "x.y", "%00.%ff"] {
        assert_eq!(status(&format!("{head}/{wrong}")).await, StatusCode::NOT_FOUND, "{wrong}");
    }
    app.clock.advance(TimeDelta::hours(7));
    assert_eq!(status(&url).await, StatusCode::NOT_FOUND, "it has expired");
    app.end().await;
}
