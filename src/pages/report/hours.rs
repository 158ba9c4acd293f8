//! The busiest hours: how many tickets, and for an admin messages, came at which hour of which day of the week; and at
//! which hour of the day, against the time before.

use super::sheet::{Cell, Section, answer};
use super::{asked, before, in_table};
use crate::figures::Measure;
use crate::figures::reading::{self, Scope, Sum};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::plot::{About, Plot, Series, Unit};
use crate::people::Keeper;
use axum::response::Response;

const MEASURES: [Measure; 2] = [Measure::CameAt, Measure::ReceivedAt];
/// How many shades there are beside none.
const SHADES: i64 = 5;

/// How many came at each hour of each day of the week.
type Counts = [[i64; 7]; 24];

/// `GET /reports/hours`.
pub(super) async fn page(desk: Desk, _: Keeper) -> Result<Response> {
    let (range, scope) = asked(&desk, "/reports/hours");
    let (conn, words) = (desk.app.db.read(), desk.words());
    let now = reading::sums(conn, &MEASURES, range.span, &scope);
    let (now, earlier) = tokio::try_join!(now, reading::sums(conn, &MEASURES, range.span.before(), &scope))?;
    let still = reading::still_to_count(conn).await?;
    let of = |measure| (counts(&now, measure), counts(&earlier, measure));
    let mut sections = vec![section(&desk, ("hours_tickets", "report.hours_tickets"), &of(Measure::CameAt))];
    if scope == Scope::All {
        let of_messages = of(Measure::ReceivedAt);
        sections.push(section(&desk, ("hours_messages", "report.hours_messages"), &of_messages));
    }
    answer(&desk, words.w("report.hours_title"), range, still, sections)
}

fn counts(sums: &[Sum], measure: Measure) -> Counts {
    let mut counts = Counts::default();
    for sum in sums.iter().filter(|sum| sum.measure == measure) {
        let place = sum
            .slice
            .split_once('-')
            .and_then(|(day, hour)| Some((hour.parse::<usize>().ok()?, day.parse::<usize>().ok()?.checked_sub(1)?)));
        if let Some(count) = place.and_then(|(hour, day)| counts.get_mut(hour)?.get_mut(day)) {
            *count += sum.n;
        }
    }
    counts
}

fn section(desk: &Desk, (id, title): (&'static str, &'static str), (now, earlier): &(Counts, Counts)) -> Section {
    let words = desk.words();
    let most = now.iter().flatten().copied().max().unwrap_or(0);
    let of_hours = |counts: &Counts| counts.iter().map(|days| days.iter().sum()).collect::<Vec<i64>>();
    let (totals, before_totals) = (of_hours(now), of_hours(earlier));
    let is_nothing = totals.iter().chain(&before_totals).all(|n| *n == 0);
    let named = |hour: usize| format!("{hour:02}:00");
    let rows = now.iter().enumerate().map(|(hour, days)| {
        let cells = days.iter().map(|n| {
            let shade = if most == 0 { 0 } else { (n * SHADES + most - 1) / most };
            Cell::number(*n).heat(u8::try_from(shade).unwrap_or(0))
        });
        let together = [Cell::number(totals[hour]), Cell::number(before_totals[hour])];
        [Cell::text(named(hour))].into_iter().chain(cells).chain(together).collect()
    });
    let rows = if is_nothing { Vec::new() } else { rows.collect() };
    let all = words.w("report.all");
    let all_before = before(words, &all);
    let mut heads = vec![words.w("report.hour")];
    heads.extend((1..=7).map(|day| words.w(format!("report.weekday.{day}"))));
    heads.extend([all.clone(), all_before.clone()]);
    let series = [Series { name: all, values: totals }, Series { name: all_before, values: before_totals }];
    let along = (0..now.len()).map(named).collect();
    let about = About { id: id.into(), title: words.w(title), says: in_table(words), along };
    let plot = Some(Plot::paired(about, &series, Unit::COUNT));
    Section { id: id.into(), title: words.w(title), note: Some(words.w("report.hours_note")), plot, heads, rows }
}
