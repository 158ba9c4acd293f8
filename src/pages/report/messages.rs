//! Messages in and out, and what they cost, by channel. For admins.

use super::sheet::{Cell, Section, answer};
use super::tickets::{Course, over_time};
use super::{asked, before, in_table};
use crate::figures::Measure;
use crate::figures::reading::{self, DailyCost, Span, Sum};
use crate::kit::Result;
use crate::kit::decimal::decimal;
use crate::pages::desk::Desk;
use crate::pages::plot::{About, Plot, Series, Unit};
use crate::people::actor::Administrator;
use axum::response::Response;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The smallest step of a scale of money, in millionths.
const CENT: i64 = 10_000;
const OVER_TIME: [Measure; 2] = [Measure::Received, Measure::Sent];
const ALL: [Measure; 4] = [Measure::Received, Measure::Sent, Measure::Refused, Measure::Cost];

/// `GET /reports/messages`.
pub(super) async fn page(desk: Desk, _: Administrator) -> Result<Response> {
    let (range, scope) = asked(&desk, "/reports/messages");
    let (conn, words) = (desk.app.db.read(), desk.words());
    let daily = reading::by_day(conn, &OVER_TIME, range.span, &scope).await?;
    let now = reading::sums(conn, &ALL, range.span, &scope).await?;
    let earlier = reading::sums(conn, &ALL, range.span.before(), &scope).await?;
    let still = reading::still_to_count(conn).await?;
    let [received, sent] = ["report.received", "report.sent"].map(|key| words.w(key));
    let title = words.w("report.messages_over_time");
    let courses = vec![
        Course::counted(received.clone(), &daily, Measure::Received),
        Course::counted(sent.clone(), &daily, Measure::Sent),
    ];
    let over_time = over_time(&desk, ("messages".into(), title), range.span, courses, Plot::lines, Unit::COUNT);
    let channels: BTreeSet<&str> = now.iter().chain(&earlier).map(|sum| sum.kind.as_str()).collect();
    let n = |sums: &[Sum], measure: Measure, channel: &str| -> i64 {
        sums.iter().filter(|sum| sum.measure == measure && sum.kind == channel).map(|sum| sum.n).sum()
    };
    let rows = channels.iter().map(|channel| {
        vec![
            Cell::text(*channel),
            Cell::number(n(&now, Measure::Received, channel)),
            Cell::number(n(&earlier, Measure::Received, channel)),
            Cell::number(n(&now, Measure::Sent, channel)),
            Cell::number(n(&earlier, Measure::Sent, channel)),
            Cell::number(n(&now, Measure::Refused, channel)),
        ]
    });
    let refused = words.w("report.refused");
    let series = [(Measure::Received, &received), (Measure::Sent, &sent), (Measure::Refused, &refused)];
    let series = series.map(|(measure, name)| Series {
        name: name.clone(),
        values: channels.iter().map(|channel| n(&now, measure, channel)).collect(),
    });
    let title = words.w("report.by_channel");
    let along = channels.iter().map(|channel| (*channel).to_owned()).collect();
    let about = About { id: "by_channel".into(), title: title.clone(), says: in_table(words), along };
    let by_channel = Section {
        id: "by_channel".into(),
        title,
        note: None,
        plot: Some(Plot::paired(about, &series, Unit::COUNT)),
        heads: vec![
            words.w("report.channel"),
            received.clone(),
            before(words, &received),
            sent.clone(),
            before(words, &sent),
            refused,
        ],
        rows: rows.collect(),
    };
    let mut sections = vec![over_time, by_channel, costs(&desk, &now, &earlier)];
    sections.extend(costs_over_time(&desk, range.span, reading::costs_by_day(conn, range.span).await?));
    answer(&desk, words.w("report.messages_title"), range, still, sections)
}

/// What messages cost, by channel and currency: nothing is converted.
fn costs(desk: &Desk, now: &[Sum], earlier: &[Sum]) -> Section {
    let words = desk.words();
    let of = |sums: &[Sum], key: &(&str, &str)| -> (i64, i64) {
        let these =
            sums.iter().filter(|sum| sum.measure == Measure::Cost && (sum.kind.as_str(), sum.slice.as_str()) == *key);
        these.fold((0, 0), |(n, total), sum| (n + sum.n, total + sum.total))
    };
    let priced = now.iter().chain(earlier).filter(|sum| sum.measure == Measure::Cost);
    let keys: BTreeSet<(&str, &str)> = priced.map(|sum| (sum.kind.as_str(), sum.slice.as_str())).collect();
    let rows = keys.iter().map(|key| {
        let ((n, cost), (_, earlier)) = (of(now, key), of(earlier, key));
        vec![
            Cell::text(key.0),
            Cell::text(key.1),
            Cell::number(n),
            Cell::text(decimal(cost, 2)),
            Cell::text(decimal(earlier, 2)),
        ]
    });
    let cost = words.w("report.cost");
    let heads = vec![
        words.w("report.channel"),
        words.w("report.currency"),
        words.w("report.billed"),
        cost.clone(),
        before(words, &cost),
    ];
    let rows = rows.collect();
    Section {
        id: "costs".into(),
        title: words.w("report.costs"),
        note: Some(words.w("report.costs_note")),
        plot: None,
        heads,
        rows,
    }
}

/// What messages cost over time, by channel: a plot for each currency, since nothing is converted.
fn costs_over_time(desk: &Desk, span: Span, costs: Vec<DailyCost>) -> impl Iterator<Item = Section> {
    let mut currencies: BTreeMap<String, BTreeMap<String, Vec<(NaiveDate, i64)>>> = BTreeMap::new();
    for DailyCost { day, channel, currency, micros } in costs {
        currencies.entry(currency).or_default().entry(channel).or_default().push((day, micros));
    }
    currencies.into_iter().map(move |(currency, channels)| {
        let title = desk.words().fill("report.costs_over_time", &json!({ "currency": currency }));
        let courses = channels.into_iter().map(|(name, days)| Course { name, days }).collect();
        let unit = Unit { step: CENT, written: &|micros| decimal(micros, 2) };
        over_time(desk, (format!("costs_{currency}").into(), title), span, courses, Plot::stacked, unit)
    })
}
