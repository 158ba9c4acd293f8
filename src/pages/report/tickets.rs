//! Tickets in and out, by day or by week, and by kind.

use super::sheet::{Cell, Section, answer};
use super::{asked, before, in_table};
use crate::figures::Measure;
use crate::figures::reading::{self, Daily, Span, Sum};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::plot::{About, Plot, Series, Unit};
use crate::people::Keeper;
use crate::tickets::Kind;
use axum::response::Response;
use chrono::{Datelike as _, Days, NaiveDate};
use std::borrow::Cow;

/// Up to so many days are shown one by one; more of them by weeks.
const MOST_SINGLE: i64 = 31;
const MEASURES: [Measure; 2] = [Measure::Came, Measure::Ended];

/// `GET /reports`.
pub(super) async fn page(desk: Desk, _: Keeper) -> Result<Response> {
    let (range, scope) = asked(&desk, "/reports");
    let (conn, words) = (desk.app.db.read(), desk.words());
    let daily = reading::by_day(conn, &MEASURES, range.span, &scope).await?;
    let earlier = reading::sums(conn, &MEASURES, range.span.before(), &scope).await?;
    let still = reading::still_to_count(conn).await?;
    let [came, ended] = ["report.came", "report.ended"].map(|key| words.w(key));
    let counted = |kind: Option<Kind>, measure: Measure| {
        let of = |day: &&Daily| day.measure == measure && kind.is_none_or(|kind| kind.as_str() == day.kind);
        daily.iter().filter(of).map(|day| day.n).sum::<i64>()
    };
    let of_before = |kind: Option<Kind>, measure: Measure| {
        let of = |sum: &&Sum| sum.measure == measure && kind.is_none_or(|kind| kind.as_str() == sum.kind);
        earlier.iter().filter(of).map(|sum| sum.n).sum::<i64>()
    };
    let kinds = Kind::ALL.into_iter().map(Some).chain([None]).map(|kind| {
        let name = kind.map_or_else(|| words.w("report.all"), |kind| words.w(format!("kind.{}", kind.as_str())));
        let numbers = MEASURES.into_iter().flat_map(|measure| [counted(kind, measure), of_before(kind, measure)]);
        [Cell::text(name)].into_iter().chain(numbers.map(Cell::number)).collect()
    });
    let by_kind = Section {
        id: "by_kind".into(),
        title: words.w("report.by_kind"),
        note: None,
        plot: None,
        heads: vec![words.w("fact.kind"), came.clone(), before(words, &came), ended.clone(), before(words, &ended)],
        rows: kinds.collect(),
    };
    let title = words.w("report.in_out");
    let courses = vec![Course::counted(came, &daily, Measure::Came), Course::counted(ended, &daily, Measure::Ended)];
    let in_out = over_time(&desk, ("in_out".into(), title), range.span, courses, Plot::paired, Unit::COUNT);
    let sections = vec![in_out, by_kind];
    answer(&desk, words.w("report.tickets_title"), range, still, sections)
}

/// What happened on which day, under one name.
pub(super) struct Course {
    pub(super) name: String,
    pub(super) days: Vec<(NaiveDate, i64)>,
}

impl Course {
    /// How many there were of a measure.
    pub(super) fn counted(name: String, daily: &[Daily], measure: Measure) -> Self {
        let days = daily.iter().filter(|day| day.measure == measure).map(|day| (day.day, day.n));
        Self { name, days: days.collect() }
    }
}

/// What happened over time, as a plot and a table.
pub(super) fn over_time(
    desk: &Desk,
    (id, title): (Cow<'static, str>, String),
    span: Span,
    courses: Vec<Course>,
    drawn: fn(About, &[Series], Unit<'_>) -> Plot,
    unit: Unit<'_>,
) -> Section {
    let words = desk.words();
    let stretches = stretches(span);
    let series = courses.into_iter().map(|Course { name, days }| {
        let of = |(from, until): &(NaiveDate, NaiveDate)| {
            days.iter().filter(|(day, _)| (*from..=*until).contains(day)).map(|(_, n)| n).sum()
        };
        Series { name, values: stretches.iter().map(of).collect() }
    });
    let series: Vec<Series> = series.collect();
    let along = stretches.iter().map(|(from, _)| from.format("%m-%d").to_string()).collect();
    let about = About { id: id.clone(), title: title.clone(), says: in_table(words), along };
    let rows = stretches.iter().enumerate().map(|(place, (from, _))| {
        let numbers = series.iter().map(|one| Cell::text((unit.written)(one.values[place])));
        [Cell::text(words.date(*from)).plain(from.to_string())].into_iter().chain(numbers).collect()
    });
    let rows = rows.collect();
    let first = if span.days() > MOST_SINGLE { "report.week_from" } else { "report.day" };
    let heads = [words.w(first)].into_iter().chain(series.iter().map(|one| one.name.clone())).collect();
    let plot = drawn(about, &series, unit);
    Section { id, title, note: None, plot: Some(plot), heads, rows }
}

/// The days of a span one by one; of a long one its weeks from Monday to Sunday, cut off where the span is.
fn stretches(span: Span) -> Vec<(NaiveDate, NaiveDate)> {
    let mut all = Vec::new();
    let mut from = span.from;
    while from <= span.until {
        let days = if span.days() > MOST_SINGLE { 6 - u64::from(from.weekday().num_days_from_monday()) } else { 0 };
        let until = from.checked_add_days(Days::new(days)).unwrap_or(span.until).min(span.until);
        all.push((from, until));
        let Some(next) = until.succ_opt() else { break };
        from = next;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_day_lies_in_one_stretch(first in 0_u64..2000, days in 0_u64..731) {
            let day = |nth: u64| NaiveDate::default() + Days::new(nth);
            let span = Span { from: day(first), until: day(first + days) };
            let all = stretches(span);
            prop_assert_eq!((all[0].0, all[all.len() - 1].1), (span.from, span.until));
            prop_assert!(all.windows(2).all(|pair| pair[0].1.succ_opt() == Some(pair[1].0)));
            prop_assert!(all.len() <= 106);
        }
    }
}
