//! What goes wrong most: defects by sort and by order, breakdowns by machine, as Pareto has it: the few that make the most.
//!
//! A defect is reported on an order and names no machine; what is known of machines are the breakdowns reported for them.

use crate::figures::Measure;
use crate::figures::reading;
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::plot::{About, Plot};
use crate::pages::report::asked;
use crate::pages::report::sheet::{Cell, Section, answer};
use crate::pages::words::Words;
use crate::people::Keeper;
use crate::tickets::Kind;
use crate::tickets::model::in_words;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

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
    let mut sections = Vec::with_capacity(SHOWN.len());
    for (id, measure, kind, title, head) in SHOWN {
        let (most, all) = reading::most(conn, measure, range.span, &scope, MOST).await?;
        sections.push(section(words, id, (measure, kind), [title, head], &most, all));
    }
    answer(&desk, words.w("defects.title"), range, still, sections)
}

fn section(
    words: &Words,
    id: &'static str,
    (measure, kind): (Measure, Kind),
    [title, head]: [&str; 2],
    most: &[(String, i64)],
    all: i64,
) -> Section {
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
        format!("/tickets?kind={}&status=ALL&q={sought}", kind.as_str())
    };
    let bars: Vec<(String, i64, Option<String>)> =
        most.iter().map(|(slice, n)| (named(slice), *n, Some(href(slice)))).collect();
    let (title, series) = (words.w(title), [words.w("report.tickets"), words.w("report.cumulated")]);
    let about = About { id, title: title.clone(), says: words.w("defects.says"), along: Vec::new() };
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
        ]);
    }
    let heads = ["report.rank", head, "report.tickets", "report.share", "report.cumulated"].map(|key| words.w(key));
    let note = (all > 0).then(|| words.fill("defects.of_all", &serde_json::json!({ "count": all.to_string() })));
    Section { id, title, note, plot: Some(plot), heads: heads.into(), rows }
}
