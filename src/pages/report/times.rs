//! How long it took until somebody answered for a ticket, and until it was resolved.

use super::sheet::{Cell, Section, answer};
use super::{asked, before, in_table};
use crate::figures::reading::{self, Scope};
use crate::figures::{Measure, Spread};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::plot::{About, Plot, Series, Unit};
use crate::people::Keeper;
use crate::tickets::Kind;
use axum::response::Response;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::HashMap;

/// What is told of a spread: so many percent took no longer.
const PERCENTS: [i64; 3] = [50, 90, 95];
const MEASURES: [Measure; 2] = [Measure::Responded, Measure::Resolved];
const HOUR: i64 = 3600;

/// `GET /reports/times`.
pub(super) async fn page(desk: Desk, _: Keeper) -> Result<Response> {
    let (range, scope) = asked(&desk, "/reports/times");
    let (conn, words) = (desk.app.db.read(), desk.words());
    let now = reading::spreads(conn, &MEASURES, range.span, &scope);
    let (now, earlier) = tokio::try_join!(now, reading::spreads(conn, &MEASURES, range.span.before(), &scope))?;
    let still = reading::still_to_count(conn).await?;
    let response = section(&desk, ("response", "report.response"), Measure::Responded, &now, &earlier, &scope);
    let mut resolution = section(&desk, ("resolution", "report.resolution"), Measure::Resolved, &now, &earlier, &scope);
    resolution.note = Some(words.w("report.without_holds"));
    answer(&desk, words.w("report.times_title"), range, still, vec![response, resolution])
}

type Spreads = HashMap<(Measure, String), Spread>;

fn section(
    desk: &Desk,
    (id, title): (&'static str, &'static str),
    measure: Measure,
    now: &Spreads,
    earlier: &Spreads,
    scope: &Scope,
) -> Section {
    let words = desk.words();
    let of = |all: &Spreads, kind: Kind| all.get(&(measure, kind.as_str().to_owned())).cloned().unwrap_or_default();
    let kinds: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| *scope == Scope::All || kind.is_of_the_floor()).collect();
    let names = PERCENTS.map(|percent| words.fill("report.percentile", &json!({ "percent": percent.to_string() })));
    let series: Vec<Series> = PERCENTS
        .iter()
        .zip(&names)
        .map(|(percent, name)| {
            let values = kinds.iter().map(|kind| of(now, *kind).percentile(*percent).unwrap_or(0));
            Series { name: name.clone(), values: values.collect() }
        })
        .collect();
    let written = |seconds: i64| words.left(TimeDelta::seconds(seconds));
    let along = kinds.iter().map(|kind| words.w(format!("kind.{}", kind.as_str()))).collect();
    let about = About { id: id.into(), title: words.w(title), says: in_table(words), along };
    let rows = kinds.iter().map(|kind| {
        let (now, earlier) = (of(now, *kind), of(earlier, *kind));
        let mut row = vec![Cell::text(words.w(format!("kind.{}", kind.as_str()))), Cell::number(now.count())];
        row.extend(PERCENTS.map(|percent| Cell::took(desk, now.percentile(percent))));
        row.extend([Cell::number(earlier.count()), Cell::took(desk, earlier.percentile(50))]);
        row
    });
    let rows = rows.collect();
    let mut heads = vec![words.w("fact.kind"), words.w("report.tickets")];
    heads.extend(names.iter().cloned());
    heads.extend([before(words, &words.w("report.tickets")), before(words, &names[0])]);
    let plot = Plot::paired(about, &series, Unit { step: HOUR, written: &written });
    Section { id: id.into(), title: words.w(title), note: None, plot: Some(plot), heads, rows }
}
