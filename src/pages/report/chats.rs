//! Forms in the chat: how many were begun and finished, and at which question people give up. For admins.

use super::sheet::{Cell, Section, answer};
use super::{asked, before, in_table};
use crate::figures::Measure;
use crate::figures::reading::{self, Sum};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::plot::{About, Plot, Series, Unit};
use crate::pages::words::Words;
use crate::people::actor::Administrator;
use axum::response::Response;
use std::collections::BTreeSet;

const ALL: [Measure; 3] = [Measure::FormBegun, Measure::FormDone, Measure::FormLeft];
/// The most questions that are shown.
const MOST: usize = 12;

/// `GET /reports/chats`.
pub(super) async fn page(desk: Desk, _: Administrator) -> Result<Response> {
    let (range, scope) = asked(&desk, "/reports/chats");
    let (conn, words) = (desk.app.db.read(), desk.words());
    let now = reading::sums(conn, &ALL, range.span, &scope).await?;
    let earlier = reading::sums(conn, &ALL, range.span.before(), &scope).await?;
    let still = reading::still_to_count(conn).await?;
    let sections = vec![completion(words, &now, &earlier), given_up(words, &now)];
    answer(&desk, words.w("report.chats_title"), range, still, sections)
}

fn completion(words: &Words, now: &[Sum], earlier: &[Sum]) -> Section {
    let flows: Vec<&str> = now.iter().map(|sum| sum.kind.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let n = |sums: &[Sum], measure: Measure, flow: &str| -> i64 {
        sums.iter().filter(|sum| sum.measure == measure && sum.kind == flow).map(|sum| sum.n).sum()
    };
    let share = |sums: &[Sum], flow: &str| {
        let begun = n(sums, Measure::FormBegun, flow);
        (begun > 0).then(|| n(sums, Measure::FormDone, flow) * 100 / begun)
    };
    let [begun, done, left] = ["report.begun", "report.done", "report.left"].map(|key| words.w(key));
    let values = |measure: Measure| flows.iter().map(|flow| n(now, measure, flow)).collect();
    let series = [(Measure::FormBegun, &begun), (Measure::FormDone, &done), (Measure::FormLeft, &left)]
        .map(|(measure, name)| Series { name: name.clone(), values: values(measure) });
    let along = flows.iter().map(|flow| called(words, flow)).collect();
    let title = words.w("report.completion");
    let about = About { id: "completion".into(), title: title.clone(), says: in_table(words), along };
    let rows = flows.iter().map(|flow| {
        vec![
            Cell::text(called(words, flow)).plain(*flow),
            Cell::number(n(now, Measure::FormBegun, flow)),
            Cell::number(n(now, Measure::FormDone, flow)),
            Cell::number(n(now, Measure::FormLeft, flow)),
            Cell::percent(share(now, flow)),
            Cell::percent(share(earlier, flow)),
        ]
    });
    let finished = words.w("report.finished_percent");
    let heads = vec![
        words.w("report.form"),
        begun.clone(),
        done.clone(),
        left.clone(),
        finished.clone(),
        before(words, &finished),
    ];
    let rows = rows.collect();
    let plot = Some(Plot::paired(about, &series, Unit::COUNT));
    Section { id: "completion".into(), title, note: Some(words.w("report.completion_note")), plot, heads, rows }
}

fn given_up(words: &Words, now: &[Sum]) -> Section {
    let mut left: Vec<(String, String, i64)> = now
        .iter()
        .filter(|sum| sum.measure == Measure::FormLeft)
        .map(|sum| (sum.kind.clone(), sum.slice.clone(), sum.n))
        .collect();
    left.sort_by(|one, other| other.2.cmp(&one.2).then_with(|| one.cmp(other)));
    let all: i64 = left.iter().map(|(.., n)| n).sum();
    left.truncate(MOST);
    let named = |(flow, question, _): &(String, String, i64)| format!("{} · {question}", called(words, flow));
    let bars: Vec<(String, i64, Option<String>)> = left.iter().map(|one| (named(one), one.2, None)).collect();
    let title = words.w("report.given_up");
    let about = About { id: "given_up".into(), title: title.clone(), says: in_table(words), along: Vec::new() };
    let series = [words.w("report.left"), words.w("report.cumulated")];
    let plot = Plot::pareto(about, &bars, all, series);
    let mut sum = 0;
    let rows = left.iter().enumerate().map(|(nth, one)| {
        sum += one.2;
        let place = Cell::text(named(one)).plain(format!("{}.{}", one.0, one.1));
        vec![Cell::number(rank(nth)), place, Cell::number(one.2), Cell::percent(Some(sum * 100 / all.max(1)))]
    });
    let rows = rows.collect();
    let heads = ["report.rank", "report.question", "report.left", "report.cumulated"].map(|key| words.w(key)).into();
    Section { id: "given_up".into(), title, note: None, plot: Some(plot), heads, rows }
}

fn rank(nth: usize) -> i64 {
    i64::try_from(nth).unwrap_or(i64::MAX).saturating_add(1)
}

/// What a flow is called in the menu.
fn called(words: &Words, flow: &str) -> String {
    words.of_table(&format!("chat.{flow}.title")).unwrap_or_else(|| flow.to_owned())
}
