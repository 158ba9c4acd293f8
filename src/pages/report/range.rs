//! The days that a report is about: from a form or a link, thirty where nothing is said.

use crate::figures::reading::Span;
use crate::kit::rules;
use crate::pages::links::{Asking, Group, Link};
use crate::pages::words::Words;
use chrono::{Days, NaiveDate};
use serde_json::json;

/// What is kept of an address.
const KNOWN: [&str; 2] = ["from", "until"];
/// The most days that can be asked for: two years.
const MOST_DAYS: i64 = 731;
/// How many days there are where nothing is said.
const USUAL: u64 = 30;
/// Stretches that are offered: how many days, until today.
const OFFERED: [(u64, &str); 4] =
    [(7, "report.week"), (30, "report.month"), (90, "report.quarter"), (365, "report.year")];

/// The days that are asked for, as they are shown beside the report.
pub(in crate::pages) struct Range {
    pub(in crate::pages) span: Span,
    /// What was typed, or what holds.
    pub(in crate::pages) from: String,
    pub(in crate::pages) until: String,
    /// Why what was typed does not hold.
    pub(in crate::pages) wrong: Option<String>,
    /// Stretches that are offered.
    pub(in crate::pages) offered: Group,
    pub(in crate::pages) asking: Asking,
}

impl Range {
    /// What `query` asks for at `here`.
    pub(in crate::pages) fn of(words: &Words, here: &'static str, query: &str, today: NaiveDate) -> Self {
        let asking = Asking::of(here, &KNOWN, query);
        let (typed_from, typed_until) = (asking.get("from"), asking.get("until"));
        let read = span(typed_from, typed_until, today);
        let span = read.as_ref().copied().unwrap_or_else(|_| usual(today));
        let shown = |typed: Option<&str>, day: NaiveDate| typed.map_or_else(|| day.to_string(), str::to_owned);
        let offered = OFFERED.map(|(days, name)| {
            let from = back(today, days - 1);
            let href = format!("{here}?from={from}&until={today}");
            Link { href, label: words.w(name), is_on: span == Span { from, until: today } }
        });
        Self {
            from: shown(typed_from, span.from),
            until: shown(typed_until, span.until),
            wrong: read.err().map(|wrong| words.fill(wrong, &json!({ "most": MOST_DAYS.to_string() }))),
            offered: Group { label: words.w("report.days"), links: offered.into() },
            asking,
            span,
        }
    }
}

fn span(from: Option<&str>, until: Option<&str>, today: NaiveDate) -> Result<Span, &'static str> {
    let day =
        |typed: Option<&str>| typed.map(|typed| rules::day(typed.trim())).transpose().map_err(|_| "report.no_day");
    let until = day(until)?.unwrap_or(today);
    let from = day(from)?.unwrap_or_else(|| back(until, USUAL - 1));
    let span = Span { from, until };
    match span.days() {
        ..=0 => Err("report.turned"),
        1..=MOST_DAYS => Ok(span),
        _ => Err("report.too_long"),
    }
}

fn usual(today: NaiveDate) -> Span {
    Span { from: back(today, USUAL - 1), until: today }
}

fn back(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_or_refused() {
        let today: NaiveDate = "2026-03-31".parse().expect("a day");
        let read = |from, until| span(from, until, today).map(|span| format!("{} {}", span.from, span.until));
        assert_eq!(read(None, None), Ok("2026-03-02 2026-03-31".to_owned()));
        assert_eq!(read(None, Some("2026-01-30")), Ok("2026-01-01 2026-01-30".to_owned()));
        assert_eq!(read(Some("2026-02-30"), None), Err("report.no_day"));
        assert_eq!(read(Some("2026-02-02"), Some("2026-02-01")), Err("report.turned"));
        assert_eq!(read(Some("1900-01-01"), Some("9999-12-31")), Err("report.too_long"));
        assert!(read(Some("2024-03-31"), None).is_ok(), "two years");
    }
}
