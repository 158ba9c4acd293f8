//! Where attachments are kept: a bucket that speaks S3, one that is away or not there, a folder that is none.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::bucket::{Bucket, KEY_ID};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::config::Settings;
use andon::doctor::{Finding, Level, Report};
use andon::housekeeping;
use andon::people::Role;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::TimeDelta;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

facts!["storage":
    a_bucket_keeps_the_same_content_once_gives_it_back_and_lets_it_go,
    a_bucket_that_is_away_puts_off_uploads_and_downloads_and_nothing_is_stored,
    a_store_that_nobody_can_reach_puts_off_uploads,
    a_wrong_bucket_or_key_puts_off_uploads_and_the_doctor_says_which,
    a_folder_that_is_none_puts_off_uploads_and_the_doctor_says_so,
];

const TEXT: &[u8] = b"The bearing at the far end is cracked.";

/// A plant that keeps its files in this bucket.
async fn plant_with(backend: Backend, bucket: &Bucket, url: &str, key_id: &str) -> TestApp {
    let settings = bucket.settings(url, key_id);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    TestApp::with(backend, &settings).await
}

/// A defect that the operator reports; its ticket's id.
async fn defect(app: &TestApp) -> i64 {
    for text in ["hi", "1", "ORD-12345", "Other", "High", "Cracked"] {
        app.says(OPERATOR, text).await;
    }
    let rows = app.rows("SELECT MAX(id) AS id FROM tickets").await;
    rows[0].try_get("", "id").expect("a ticket")
}

async fn attach(user: &User, ticket: i64) -> Response {
    let body = json!({"file_data": BASE64.encode(TEXT), "filename": "note.txt"});
    let request = user.request(Method::POST, &format!("/api/tickets/{ticket}/add_attachment/")).json(&body);
    request.send().await.expect("an answer")
}

async fn attached(user: &User, ticket: i64) -> String {
    let answer = attach(user, ticket).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let done: serde_json::Value = answer.json().await.expect("JSON");
    done["attachment_id"].to_string()
}

async fn download(user: &User, ticket: i64, id: &str) -> Response {
    let request = user.request(Method::GET, &format!("/api/tickets/{ticket}/attachments/{id}/"));
    request.send().await.expect("an answer")
}

/// Put off, and said for how long.
#[track_caller]
fn is_put_off(answer: &Response) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    assert!(wait.and_then(|wait| wait.parse::<u64>().ok()).is_some_and(|wait| wait > 0), "{wait:?}");
}

/// What the doctor says of files with these settings.
async fn examined(settings: &Settings) -> Finding {
    let report = Report::examine(settings, Vec::new()).await.expect("it can look");
    assert!(!format!("{:?}", report.findings()).contains(crate::support::bucket::SECRET));
    let files = report.findings().iter().find(|finding| finding.area == "Files");
    files.expect("it looks at files").clone()
}

async fn a_bucket_keeps_the_same_content_once_gives_it_back_and_lets_it_go(backend: Backend) {
    let bucket = Bucket::start().await;
    let app = plant_with(backend, &bucket, "s3://plant-files/andon/line-2", KEY_ID).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    let ids = [attached(&admin, ticket).await, attached(&admin, ticket).await];
    let names = bucket.names();
    assert!(names.len() == 1 && names[0].starts_with("andon/line-2/sha256/"), "{names:?}");
    for id in &ids {
        let answer = download(&admin, ticket, id).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.bytes().await.expect("a body"), TEXT);
    }
    let found = examined(&app.server.app.settings).await;
    assert!(
        found.level == Level::Fine && found.says.contains("the bucket plant-files at http://127.0.0.1:"),
        "{found:?}"
    );
    assert_eq!(bucket.names(), names, "looking leaves nothing");
    for id in &ids {
        let (status, _) = admin.delete(&format!("/api/tickets/{ticket}/delete_attachment/{id}/")).await;
        assert_eq!(status, StatusCode::OK);
    }
    // Files are dated by the machine's clock, which is ahead of the test's.
    app.clock.advance(TimeDelta::days(3_650));
    housekeeping::once(&app.server.app).await.expect("it tidies");
    assert_eq!(bucket.names(), Vec::<String>::new());
    app.end().await;
}

async fn a_bucket_that_is_away_puts_off_uploads_and_downloads_and_nothing_is_stored(backend: Backend) {
    let bucket = Bucket::start().await;
    let app = plant_with(backend, &bucket, "s3://plant-files", KEY_ID).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    let id = attached(&admin, ticket).await;
    let (rows, events) = (app.count("attachments").await, app.count("events").await);
    bucket.goes_away(true);
    is_put_off(&attach(&admin, ticket).await);
    is_put_off(&download(&admin, ticket, &id).await);
    let listed = admin.request(Method::GET, &format!("/api/tickets/{ticket}/get_attachments/"));
    is_put_off(&listed.send().await.expect("an answer"));
    assert_eq!((app.count("attachments").await, app.count("events").await), (rows, events));
    assert_eq!(app.says(OPERATOR, "hi").await.len(), 1, "the chat goes on");
    bucket.goes_away(false);
    assert_eq!(download(&admin, ticket, &id).await.status(), StatusCode::OK);
    attached(&admin, ticket).await;
    app.end().await;
}

async fn a_store_that_nobody_can_reach_puts_off_uploads(backend: Backend) {
    let nobody = [
        ("ANDON_FILES_URL", "s3://plant-files"),
        ("ANDON_FILES_ENDPOINT", "http://127.0.0.1:9"),
        ("ANDON_FILES_KEY_ID", "key"),
        ("ANDON_FILES_SECRET", "secret"),
    ];
    let app = TestApp::with(backend, &nobody).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    is_put_off(&attach(&admin, ticket).await);
    assert_eq!(app.count("attachments").await, 0);
    let found = examined(&app.server.app.settings).await;
    assert!(found.level == Level::Wrong && found.says.contains("refused"), "{found:?}");
    assert!(found.mend.is_some_and(|mend| mend.contains("ANDON_FILES_ENDPOINT")));
    app.end().await;
}

async fn a_wrong_bucket_or_key_puts_off_uploads_and_the_doctor_says_which(backend: Backend) {
    let bucket = Bucket::start().await;
    for (url, key_id, says, mend) in [
        ("s3://plant-fils", KEY_ID, "there is no such bucket", "ANDON_FILES_URL"),
        ("s3://plant-files", "another-key", "its store refuses the key", "ANDON_FILES_KEY_ID and ANDON_FILES_SECRET"),
    ] {
        let app = plant_with(backend, &bucket, url, key_id).await;
        let admin = app.user("admin", Role::Admin).await;
        let ticket = defect(&app).await;
        is_put_off(&attach(&admin, ticket).await);
        assert_eq!((app.count("attachments").await, bucket.names().len()), (0, 0));
        let found = examined(&app.server.app.settings).await;
        assert!(found.level == Level::Wrong && found.says.contains(says), "{found:?}");
        assert!(found.mend.as_ref().is_some_and(|told| told.contains(mend)), "{found:?}");
        app.end().await;
    }
}

async fn a_folder_that_is_none_puts_off_uploads_and_the_doctor_says_so(backend: Backend) {
    let home = tempfile::tempdir().expect("a folder");
    let app = TestApp::with(backend, &[("ANDON_DATA_DIR", home.path().to_str().expect("UTF-8"))]).await;
    let admin = app.user("admin", Role::Admin).await;
    let ticket = defect(&app).await;
    assert_eq!(examined(&app.server.app.settings).await.level, Level::Fine);
    let id = attached(&admin, ticket).await;
    std::fs::rename(home.path().join("files"), home.path().join("elsewhere")).expect("it moves");
    std::fs::write(home.path().join("files"), "no folder").expect("it can be written");
    is_put_off(&attach(&admin, ticket).await);
    is_put_off(&download(&admin, ticket, &id).await);
    assert_eq!(app.count("attachments").await, 1);
    let found = examined(&app.server.app.settings).await;
    assert!(found.level == Level::Wrong && found.says.contains("files"), "{found:?}");
    app.end().await;
}
