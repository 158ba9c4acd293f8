//! The busiest hours: how many tickets, and for an admin messages, came at which hour of which day of the week.

use super::asked;
use super::sheet::{Cell, Section, answer};
use crate::figures::Measure;
use crate::figures::reading::{self, Scope, Sum};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::people::Keeper;
use axum::response::Response;

/// How many shades there are beside none.
const SHADES: i64 = 5;

/// `GET /reports/hours`.
pub(super) async fn page(desk: Desk, _: Keeper) -> Result<Response> {
    let (range, scope) = asked(&desk, "/reports/hours");
    let (conn, words) = (desk.app.db.read(), desk.words());
    let sums = reading::sums(conn, &[Measure::CameAt, Measure::ReceivedAt], range.span, &scope).await?;
    let still = reading::still_to_count(conn).await?;
    let mut sections = vec![section(&desk, ("hours_tickets", "report.hours_tickets"), Measure::CameAt, &sums)];
    if scope == Scope::All {
        sections.push(section(&desk, ("hours_messages", "report.hours_messages"), Measure::ReceivedAt, &sums));
    }
    answer(&desk, words.w("report.hours_title"), range, still, sections)
}

fn section(desk: &Desk, (id, title): (&'static str, &'static str), measure: Measure, sums: &[Sum]) -> Section {
    let words = desk.words();
    let mut counts = [[0_i64; 7]; 24];
    for sum in sums.iter().filter(|sum| sum.measure == measure) {
        let place = sum
            .slice
            .split_once('-')
            .and_then(|(day, hour)| Some((hour.parse::<usize>().ok()?, day.parse::<usize>().ok()?.checked_sub(1)?)));
        if let Some(count) = place.and_then(|(hour, day)| counts.get_mut(hour)?.get_mut(day)) {
            *count += sum.n;
        }
    }
    let most = counts.iter().flatten().copied().max().unwrap_or(0);
    let rows = counts.iter().enumerate().map(|(hour, days)| {
        let cells = days.iter().map(|n| {
            let shade = if most == 0 { 0 } else { (n * SHADES + most - 1) / most };
            Cell::number(*n).heat(u8::try_from(shade).unwrap_or(0))
        });
        [Cell::text(format!("{hour:02}:00"))].into_iter().chain(cells).collect()
    });
    let rows = if most == 0 { Vec::new() } else { rows.collect() };
    let mut heads = vec![words.w("report.hour")];
    heads.extend((1..=7).map(|day| words.w(format!("report.weekday.{day}"))));
    Section { id, title: words.w(title), note: Some(words.w("report.hours_note")), plot: None, heads, rows }
}
