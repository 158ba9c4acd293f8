//! A machine's figures over a chosen time, and what is to be known of how they were counted.

use crate::kit::{Instant, Result, rules};
use crate::machines::row;
use crate::maintenance::{self, MOST_REPORTS};
use crate::orders::model::start_of_day;
use crate::pages::desk::Desk;
use crate::pages::form::Field;
use chrono::{Days, NaiveDate};
use serde_json::json;

/// How many days there are where nothing else is asked.
const USUAL_DAYS: u64 = 90;

/// The figures as they are shown.
pub(super) struct Figures {
    /// The two days of the form.
    pub(super) fields: Vec<Field>,
    /// Name, value and what it is.
    pub(super) numbers: Vec<Number>,
    /// How they were counted.
    pub(super) notes: Vec<String>,
}

/// One figure.
pub(super) struct Number {
    pub(super) label: String,
    pub(super) value: String,
    /// The same in larger units.
    pub(super) also: String,
}

/// The figures of the time that the query asks for; where a day is wrong it is said beside it, and there are none.
pub(super) async fn of(desk: &Desk, machine: &row::Model, query: &str) -> Result<Figures> {
    let words = desk.words();
    let today = desk.now.with_timezone(&desk.app.settings.timezone).date_naive();
    let usual = today.checked_sub_days(Days::new(USUAL_DAYS)).unwrap_or(today);
    let (from, first) = day(desk, "from", query, usual);
    let (until, mut last) = day(desk, "until", query, today);
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        last.error = Some(words.w("wrong.until_before_from"));
    }
    let is_wrong = last.error.is_some() || first.error.is_some();
    let fields = vec![first, last];
    let (Some(from), Some(until), false) = (from, until, is_wrong) else {
        return Ok(Figures { fields, numbers: Vec::new(), notes: Vec::new() });
    };
    let tz = desk.app.settings.timezone;
    let after = start_of_day(until.succ_opt().unwrap_or(until), tz).min(desk.now);
    let found = maintenance::figures(desk.app.db.read(), machine, start_of_day(from, tz), after).await?;
    let Some(found) = found else {
        let notes = vec![words.fill("machine.too_many", &json!({ "most": MOST_REPORTS.to_string() }))];
        return Ok(Figures { fields, numbers: Vec::new(), notes });
    };
    Ok(Figures { fields, numbers: numbers(desk, &found), notes: notes(desk, &found, start_of_day(from, tz)) })
}

fn numbers(desk: &Desk, found: &maintenance::Figures) -> Vec<Number> {
    let (words, figures) = (desk.words(), &found.reliability);
    let minutes = |name: &str, minutes: Option<i64>| Number {
        label: words.w(format!("machine.{name}")),
        value: minutes.map_or_else(
            || words.w("machine.unknown"),
            |minutes| words.fill("time.minutes", &json!({ "count": minutes.to_string() })),
        ),
        also: minutes.filter(|minutes| *minutes >= 60).map(|minutes| larger(desk, minutes)).unwrap_or_default(),
    };
    let count = |name: &str, count: usize| Number {
        label: words.w(format!("machine.{name}")),
        value: count.to_string(),
        also: String::new(),
    };
    vec![
        count("failures", figures.failures),
        count("repairs", figures.completed),
        minutes("downtime", Some(figures.down)),
        minutes("uptime", Some(figures.up)),
        minutes("mttr", figures.mttr),
        minutes("mtbf", figures.mtbf),
    ]
}

/// Minutes as `44h 32m`, or as days.
fn larger(desk: &Desk, minutes: i64) -> String {
    desk.words().left(chrono::TimeDelta::minutes(minutes))
}

fn notes(desk: &Desk, found: &maintenance::Figures, asked_from: Instant) -> Vec<String> {
    let (words, figures) = (desk.words(), &found.reliability);
    let counted = |name: &str, count: usize| {
        (count > 0).then(|| words.fill(format!("machine.{name}"), &json!({ "count": count.to_string() })))
    };
    let known = (figures.from > asked_from)
        .then(|| words.fill("machine.known_from", &json!({ "day": words.day(figures.from) })));
    let all = [
        Some(words.w("machine.how")),
        known,
        counted("open_at_end", figures.open_at_end),
        counted("began_before", figures.began_before),
        counted("taken_back", found.taken_back),
    ];
    all.into_iter().flatten().collect()
}

/// A day of the query, and its field.
fn day(desk: &Desk, name: &'static str, query: &str, usual: NaiveDate) -> (Option<NaiveDate>, Field) {
    let typed = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value);
    let typed = typed.map(|typed| typed.trim().to_owned()).filter(|typed| !typed.is_empty());
    let mut field = Field::new(desk.words(), "date", name, 0);
    field.id = format!("figures-{name}");
    match typed {
        None => (Some(usual), field.value(usual.to_string())),
        Some(typed) => {
            let read = rules::day(&typed).ok();
            if read.is_none() {
                field.error = Some(desk.words().w("wrong.day"));
            }
            (read, field.value(typed))
        }
    }
}
