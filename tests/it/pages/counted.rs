//! What is counted for the reports: costs, and the days of another time zone.

use super::Stage;
use super::plotted::{FROM, Plot, UNTIL, column, number};
use super::reports::{counted, table};
use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::housekeeping;
use andon::people::Role;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::ConnectionTrait as _;
use std::collections::BTreeMap;

facts!["pages::counted":
    what_messages_cost_is_what_their_attempts_say,
    what_they_cost_is_drawn_day_by_day_for_each_currency,
    what_ends_later_is_counted_at_once,
    what_is_late_and_open_stands_beside_what_was_kept,
    a_plant_that_moves_to_another_time_zone_and_back_is_counted_anew,
];

/// Two days with messages that have a price.
async fn priced(app: &TestApp) {
    app.clock.advance(TimeDelta::days(3));
    for text in ["hi", "2", "ORD-12345", "hi"] {
        app.says(OPERATOR, text).await;
    }
    app.clock.advance(TimeDelta::days(1));
    for text in ["hi", "2", "ORD-12346"] {
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
}

async fn what_messages_cost_is_what_their_attempts_say(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    priced(app).await;
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

async fn what_they_cost_is_drawn_day_by_day_for_each_currency(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    priced(app).await;
    let window = Window::of(app, "boss").await;
    let query = "SELECT started_at, currency, price_micros FROM attempts WHERE currency IS NOT NULL";
    let mut expected: BTreeMap<String, BTreeMap<NaiveDate, i64>> = BTreeMap::new();
    for row in app.rows(query).await {
        let at: DateTime<Utc> = row.try_get("", "started_at").expect("a moment");
        let days = expected.entry(row.try_get("", "currency").expect("a currency")).or_default();
        *days.entry(at.date_naive()).or_default() += row.try_get::<i64>("", "price_micros").expect("a price");
    }
    assert!(expected.len() == 2 && expected.values().all(|days| days.len() == 2), "{expected:?}");
    for (currency, days) in expected {
        let plot = Plot::of(&window, "/reports/messages", &format!("costs_{currency}")).await;
        let drawn: Vec<&(String, f64)> = plot.bars.iter().filter(|(_, high)| *high > 0.0).collect();
        assert_eq!(drawn.len(), days.len(), "{drawn:?}");
        for ((says, high), (day, micros)) in drawn.into_iter().zip(days) {
            let cost = f64::from(i32::try_from(micros).expect("little")) / 1e6;
            let told = says.rsplit_once(": ").map_or("", |(_, told)| told);
            assert!(says.starts_with(&day.format("%m-%d").to_string()) && says.contains("twilio"), "{says}");
            assert!((number(told) - cost).abs() < 1e-9, "{says} is {cost} {currency}");
            assert!((high - 300.0 * cost / plot.top).abs() <= 0.051, "{says} is {high} high");
        }
    }
    stage.app.end().await;
}

async fn what_ends_later_is_counted_at_once(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    app.clock.advance(TimeDelta::days(3));
    app.says(OPERATOR, "hi").await;
    let taken = async || {
        counted(app).await;
        let window = Window::of(app, "boss").await;
        let sent = table(&window, "/reports/messages", "by_channel").await;
        sent.iter().map(|row| row[3].parse::<i64>().expect("a number")).sum::<i64>()
    };
    let before = taken().await;
    assert!(before > 0);
    // An attempt that was begun, counted, and taken afterwards.
    let last = column::<i64>(app, "SELECT MAX(id) AS id FROM attempts", "id").await[0];
    let connection = app.connection().await;
    let becomes = async |outcome: &str| {
        let change = format!("UPDATE attempts SET outcome = '{outcome}' WHERE id = {last}");
        connection.execute_unprepared(&change).await.expect("it is so");
    };
    becomes("STARTED").await;
    assert_eq!(taken().await, before - 1);
    becomes("ACCEPTED").await;
    assert_eq!(taken().await, before);

    // A form that is let go of by time alone: no message comes, and none goes out.
    let left = async || {
        counted(app).await;
        let window = Window::of(app, "boss").await;
        let forms = table(&window, "/reports/chats", "given_up").await;
        forms.iter().map(|row| row[2].parse::<i64>().expect("a number")).sum::<i64>()
    };
    for text in ["1", "ORD-12345"] {
        app.says(OPERATOR, text).await;
    }
    app.clock.advance(TimeDelta::hours(3));
    app.settle().await;
    housekeeping::once(&app.server.app).await.expect("tidied");
    let before = left().await;
    app.clock.advance(TimeDelta::days(8));
    counted(app).await;
    housekeeping::once(&app.server.app).await.expect("tidied");
    assert_eq!(left().await, before + 1);
    stage.app.end().await;
}

async fn what_is_late_and_open_stands_beside_what_was_kept(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    for text in ["hi", "3", "MACH-001", "1", "1"] {
        app.says(OPERATOR, text).await;
    }
    let of = async |name: &str| {
        let rows = table(&Window::of(app, name).await, "/reports/sla", "sla_open").await;
        rows.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect::<Vec<_>>()
    };
    app.clock.advance(TimeDelta::days(3));
    let now = app.clock.now();
    app.user_of("shift1", Role::Supervisor, Some("Machining")).await;
    let mut late = 0;
    for (name, n, by) in of("boss").await {
        let kind = name.to_uppercase().replace(' ', "_");
        let mut due: BTreeMap<i64, DateTime<Utc>> = BTreeMap::new();
        for (deadline, kept) in [("response_due_at", "opened_at"), ("resolution_due_at", "resolved_at")] {
            let open = format!("kind = '{kind}' AND closed_at IS NULL AND {kept} IS NULL AND {deadline} IS NOT NULL");
            let query = format!("SELECT id, {deadline} AS due FROM tickets WHERE {open} ORDER BY id");
            let all = column::<i64>(app, &query, "id").await.into_iter().zip(column(app, &query, "due").await);
            for (id, at) in all.filter(|(_, at)| *at < now) {
                let first = due.entry(id).or_insert(at);
                *first = at.min(*first);
            }
        }
        assert_eq!(n, due.len().to_string(), "{name}");
        let longest = due.values().min().map(|due| (now - *due).num_minutes().to_string());
        assert_eq!(by, longest.unwrap_or_default(), "{name}");
        late += due.len();
    }
    assert!(late > 0, "the test says something");
    let names: Vec<String> = of("shift1").await.into_iter().map(|(name, ..)| name).collect();
    assert!(!names.contains(&"Incident".to_owned()) && names.len() > 1, "{names:?}");
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
