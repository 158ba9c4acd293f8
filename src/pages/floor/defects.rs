//! What goes wrong most: defects by sort and by order, breakdowns by machine, as Pareto has it: the few that make the most.
//!
//! A defect is reported on an order and names no machine; what is known of machines are the breakdowns reported for them.

use crate::figures::Measure;
use crate::figures::model::bounds;
use crate::figures::reading;
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::plot::{About, Plot};
use crate::pages::report::sheet::{Cell, Section, answer};
use crate::pages::report::{asked, before};
use crate::pages::words::Words;
use crate::people::Keeper;
use crate::tickets::Kind;
use crate::tickets::model::in_words;
use axum::response::Response;
use chrono::SecondsFormat;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use std::collections::HashMap;

/// The most bars of a plot.
const MOST: u64 = 12;
/// What is shown: the table's id, its measure, of which kind of tickets, its title, and what its rows are.
const SHOWN: [(&str, Measure, Kind, &str, &str); 3] = [
    ("defects_by_type", Measure::DefectType, Kind::Defect, "defects.by_type", "defects.type"),
    ("defects_by_order", Measure::DefectOrder, Kind::Defect, "defects.by_order", "defects.order"),
    ("breakdowns", Measure::Breakdown, Kind::Maintenance, "defects.by_machine", "defects.machine"),
];

/// `GET /floor/defects`.
pub(super) async fn page(desk: Desk, _: Keeper) -> Result<Response> {
    let (range, scope) = asked(&desk, "/floor/defects");
    let (conn, words) = (desk.app.db.read(), desk.words());
    let still = reading::still_to_count(conn).await?;
    let tz = desk.app.settings.timezone;
    let made = [bounds(range.span.from, tz).0, bounds(range.span.until, tz).1];
    let made = made.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    let mut sections = Vec::with_capacity(SHOWN.len());
    for (id, measure, kind, title, head) in SHOWN {
        let (most, all) = reading::most(conn, measure, range.span, &scope, MOST).await?;
        let slices: Vec<String> = most.iter().map(|(slice, _)| slice.clone()).collect();
        let earlier = reading::of_slices(conn, measure, range.span.before(), &scope, &slices).await?;
        let found = Found { most, all, earlier: earlier.0, all_earlier: earlier.1 };
        sections.push(section(words, id, (measure, kind), [title, head], &found, &made));
    }
    answer(&desk, words.w("defects.title"), range, still, sections)
}

/// What was found of a measure.
struct Found {
    /// The slices that were counted most, the most first.
    most: Vec<(String, i64)>,
    all: i64,
    /// How many there were of the same in the time before.
    earlier: HashMap<String, i64>,
    all_earlier: i64,
}

/// `made` is since and until when the tickets were made that are listed.
fn section(
    words: &Words,
    id: &'static str,
    (measure, kind): (Measure, Kind),
    [title, head]: [&str; 2],
    Found { most, all, earlier, all_earlier }: &Found,
    [since, until]: &[String; 2],
) -> Section {
    let all = *all;
    let named = |slice: &str| match measure {
        Measure::DefectType => words
            .of_table(&format!("chat.create_defect.defect_type.options.{slice}"))
            .unwrap_or_else(|| in_words(slice)),
        _ => slice.to_owned(),
    };
    // Titles name all three, the sort in the words of the flow.
    let sought = |slice: &str| if measure == Measure::DefectType { in_words(slice) } else { slice.to_owned() };
    let href = |slice: &str| {
        let sought = sought(slice);
        let sought = utf8_percent_encode(&sought, NON_ALPHANUMERIC);
        let kind = kind.as_str();
        format!("/tickets?kind={kind}&status=ALL&created_since={since}&created_until={until}&q={sought}")
    };
    let bars: Vec<(String, i64, Option<String>)> =
        most.iter().map(|(slice, n)| (named(slice), *n, Some(href(slice)))).collect();
    let (title, series) = (words.w(title), [words.w("report.tickets"), words.w("report.cumulated")]);
    let about = About { id: id.into(), title: title.clone(), says: words.w("defects.says"), along: Vec::new() };
    let plot = Plot::pareto(about, &bars, all, series);
    let (mut sum, mut rows) = (0, Vec::with_capacity(most.len()));
    for (rank, (slice, n)) in (1..).zip(most) {
        sum += n;
        rows.push(vec![
            Cell::number(rank),
            Cell::text(named(slice)).plain(slice.clone()).href(Some(href(slice))),
            Cell::number(*n),
            Cell::percent(Some(n * 100 / all.max(1))),
            Cell::percent(Some(sum * 100 / all.max(1))),
            Cell::number(earlier.get(slice).copied().unwrap_or(0)),
        ]);
    }
    let heads = ["report.rank", head, "report.tickets", "report.share", "report.cumulated"].map(|key| words.w(key));
    let heads = heads.into_iter().chain([before(words, &words.w("report.tickets"))]).collect();
    let of_all = json!({ "count": all.to_string(), "earlier": all_earlier.to_string() });
    let note = (all > 0).then(|| words.fill("defects.of_all", &of_all));
    Section { id: id.into(), title, note, plot: Some(plot), heads, rows }
}
