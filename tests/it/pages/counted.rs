//! What is counted for the reports: costs, and the days of another time zone.

use super::Stage;
use super::plotted::{FROM, UNTIL, column, number};
use super::reports::{counted, table};
use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::window::Window;
use chrono::TimeDelta;
use sea_orm::ConnectionTrait as _;
use std::collections::BTreeMap;

facts!["pages::counted":
    what_messages_cost_is_what_their_attempts_say,
    a_plant_that_moves_to_another_time_zone_and_back_is_counted_anew,
];

async fn what_messages_cost_is_what_their_attempts_say(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    app.clock.advance(TimeDelta::days(3));
    for text in ["hi", "2", "ORD-12345", "hi"] {
        app.says(OPERATOR, text).await;
    }
    // Prices as the provider's list tells them later: two currencies, and some that have none.
    let connection = app.connection().await;
    for (nth, id) in column::<i64>(app, "SELECT id FROM attempts ORDER BY id", "id").await.into_iter().enumerate() {
        let (micros, currency) = [(5_000, "'USD'"), (7_250, "'USD'"), (61_000, "'EUR'")][nth % 3];
        if nth % 4 != 3 {
            let price = format!("UPDATE attempts SET price_micros = {micros}, currency = {currency} WHERE id = {id}");
            connection.execute_unprepared(&price).await.expect("it has a price");
        }
    }
    counted(app).await;
    let window = Window::of(app, "boss").await;
    let csv = window.get(&format!("/reports/messages?from={FROM}&until={UNTIL}&csv=costs")).await.html;
    let query = "SELECT currency, price_micros FROM attempts WHERE currency IS NOT NULL";
    let mut expected: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in app.rows(query).await {
        let sum = expected.entry(row.try_get("", "currency").expect("a currency")).or_default();
        *sum = (sum.0 + 1, sum.1 + row.try_get::<i64>("", "price_micros").expect("a price"));
    }
    let told: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!((told.len(), expected.len()), (2, 2), "{csv}");
    for (told, (currency, (n, micros))) in told.iter().zip(expected) {
        assert_eq!(told[..3], ["twilio", currency.as_str(), n.to_string().as_str()], "{csv}");
        let micros = f64::from(i32::try_from(micros).expect("little"));
        assert!((number(told[3]) * 1e6 - micros).abs() <= 5_000.0, "{csv}: within half a hundredth");
    }
    stage.app.end().await;
}

async fn a_plant_that_moves_to_another_time_zone_and_back_is_counted_anew(backend: Backend) {
    let stage = Stage::set(backend).await;
    let hour_of = async |app: &TestApp| {
        counted(app).await;
        let window = Window::of(app, "boss").await;
        let rows = table(&window, "/reports/hours", "hours_tickets").await;
        rows.into_iter().filter(|row| row[8] != "0").map(|row| row[0].clone()).collect::<Vec<_>>()
    };
    let here = hour_of(&stage.app).await;
    assert_eq!(here.len(), 1, "{here:?}");
    let app = stage.app.restart(&[("ANDON_TIMEZONE", "Asia/Tokyo")]).await;
    let there = hour_of(&app).await;
    assert_ne!(here, there);
    let app = app.restart(&[]).await;
    assert_eq!(hour_of(&app).await, here);
    app.end().await;
}
