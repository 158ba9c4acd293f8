//! What a provider brings again: every request that it made, any number of times, in any order.

use crate::attachments::PNG;
use crate::facts;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::databases::Backend;
use crate::support::meta::META;
use andon::channels::Place;
use andon::simulator::{Button, Enclosure, Incoming, Provider};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::StatusCode;
use sea_orm::{FromQueryResult as _, JsonValue};
use serde_json::Value;

facts!["redelivery": whatever_either_provider_brings_again_changes_nothing];

const SEED: u64 = 7;
/// What a webhook may change.
const TABLES: [&str; 10] = [
    "messages",
    "conversations",
    "people",
    "addresses",
    "windows",
    "tickets",
    "orders",
    "deliveries",
    "attempts",
    "events",
];

/// Every row of what a webhook may change.
async fn all(app: &TestApp) -> Vec<(&'static str, Vec<Value>)> {
    let mut all = Vec::new();
    for table in TABLES {
        let rows = app.rows(&format!("SELECT * FROM {table} ORDER BY 1")).await;
        let rows = rows.iter().map(|row| JsonValue::from_query_result(row, "").expect("every column has its JSON"));
        all.push((table, rows.collect()));
    }
    all
}

async fn converse(app: &TestApp, provider: Provider) {
    let by = |text: &str| Incoming { provider: Some(provider), ..Incoming::text(&number(OPERATOR), text) };
    let photo = Enclosure { content_type: "image/png".to_owned(), bytes: PNG.to_vec() };
    let place = Place { latitude: 50.11, longitude: 8.68, label: None };
    let tapped = Button { text: "High".to_owned(), payload: "start:order_status".to_owned(), is_row: false };
    for incoming in ["hi", "1", "ORD-12345", "1", "3"].map(by) {
        app.sends(incoming).await;
    }
    app.sends(Incoming { media: vec![photo], ..by("Scratched") }).await;
    app.sends(Incoming { button: Some(tapped), ..by("High") }).await;
    app.sends(by("cancel")).await;
    app.sends(Incoming { place: Some(place), ..by("") }).await;
    app.sends(by("hi")).await;
    app.simulator().read(&number(OPERATOR));
    app.settle().await;
}

async fn whatever_either_provider_brings_again_changes_nothing(backend: Backend) {
    let app = TestApp::with(backend, &META).await;
    for provider in [Provider::Twilio, Provider::Meta] {
        converse(&app, provider).await;
    }
    let (status, told) = app.get("/simulator/api/requests").await;
    assert_eq!(status, StatusCode::OK);
    let requests = told["requests"].as_array().expect("requests").clone();
    let before = all(&app).await;
    assert!(before.iter().all(|(_, rows)| !rows.is_empty()), "there is something to be changed");
    let mut rng = StdRng::seed_from_u64(SEED);
    let mut again: Vec<&Value> = requests.iter().flat_map(|request| vec![request; rng.random_range(1..4)]).collect();
    again.shuffle(&mut rng);
    for request in again {
        let sent = app.http.post(request["url"].as_str().expect("an address"));
        let headers = request["headers"].as_object().expect("headers").iter();
        let sent = headers.fold(sent, |sent, (name, value)| sent.header(name, value.as_str().unwrap_or_default()));
        let sent = sent.body(request["body"].as_str().unwrap_or_default().to_owned());
        let status = sent.send().await.expect("the server answers").status();
        assert!(status.is_success(), "{request}");
    }
    app.settle().await;
    for ((table, before), (_, after)) in before.iter().zip(all(&app).await) {
        assert_eq!(before, &after, "{table}");
    }
    assert_eq!(app.get("/simulator/api/requests").await.1["requests"].as_array(), Some(&requests), "nothing followed");
    app.end().await;
}
