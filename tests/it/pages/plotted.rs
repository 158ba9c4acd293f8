//! What plots show: every bar and every point of every plot is what a query of the test's own says, and as high.

use super::Stage;
use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::figures;
use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Timelike as _, Utc};
use reqwest::StatusCode;
use sea_orm::TryGetable;
use serde_json::json;
use std::collections::BTreeMap;

facts!["pages::plotted":
    every_plot_shows_what_the_tables_have,
];

/// The days that are looked at, one by one: all that happens does on some of them, but what is before the first.
pub(super) const FROM: &str = "2026-01-20";
pub(super) const UNTIL: &str = "2026-02-12";

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn days() -> impl Iterator<Item = NaiveDate> {
    day(FROM).iter_days().take_while(|one| *one <= day(UNTIL))
}

fn is_within(at: DateTime<Utc>) -> bool {
    (day(FROM)..=day(UNTIL)).contains(&at.date_naive())
}

/// What is between two texts, wherever both are.
fn between<'a>(html: &'a str, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
}

fn one<'a>(html: &'a str, before: &'a str, after: &'a str) -> &'a str {
    between(html, before, after).next().ok_or_else(|| format!("{before} in {html}")).expect("it is there")
}

pub(super) fn number(text: &str) -> f64 {
    text.parse().map_err(|_| text).expect("a number")
}

/// A plot as it stands in a page.
pub(super) struct Plot {
    /// What each bar says and its height.
    pub(super) bars: Vec<(String, f64)>,
    /// The heights of each line's points.
    lines: Vec<Vec<f64>>,
    pub(super) top: f64,
}

impl Plot {
    pub(super) async fn of(window: &Window, page: &str, id: &str) -> Self {
        let seen = window.get(&format!("{page}?from={FROM}&until={UNTIL}")).await;
        assert_eq!(seen.status, StatusCode::OK, "{page}: {}", seen.text());
        let title = format!("<title id=\"{id}-title\">");
        let figure = between(&seen.html, "<figure", "</figure>").find(|figure| figure.contains(&title));
        let figure = figure.ok_or_else(|| format!("no plot {id} at {page}: {}", seen.html)).expect("a plot");
        let bars = between(figure, "<rect class=\"bar", "</rect>");
        let bars = bars.map(|bar| {
            let says = one(bar, "<title>", "</title>").replace("&#38;", "&").replace("&#39;", "'");
            let high = number(one(bar, " height=\"", "\""));
            assert!((number(one(bar, " y=\"", "\"")) + high) <= 300.1, "{says} stands on the ground or upon another");
            (says, high)
        });
        let lines = between(figure, "<polyline", ">").map(|line| {
            let points = one(line, "points=\"", "\"").split_whitespace();
            points.map(|point| 300.0 - number(point.split(',').nth(1).expect("two numbers"))).collect()
        });
        Self {
            bars: bars.collect(),
            lines: lines.collect(),
            top: number(one(one(figure, "<div class=\"scale\"", "</div>"), "<span>", "</span>")),
        }
    }

    /// The bars say these numbers, in this order, and are as high.
    #[track_caller]
    fn shows(&self, what: &str, expected: &[i64]) {
        let told: Vec<i64> = self.bars.iter().map(|(says, _)| value(says)).collect();
        assert_eq!(told, expected, "{what}: {:?}", self.bars);
        for ((says, high), value) in self.bars.iter().zip(expected) {
            self.is_as_high(says, *high, *value);
        }
    }

    #[track_caller]
    fn is_as_high(&self, what: &str, high: f64, value: i64) {
        let expected = 300.0 * f64::from(i32::try_from(value).expect("few")) / self.top;
        assert!((high - expected).abs() <= 0.051, "{what} is {high} high, not {expected}");
    }
}

fn value(says: &str) -> i64 {
    let text = says.rsplit_once(": ").map_or(says, |(_, value)| value);
    text.parse().map_err(|_| says).expect("it ends with its number")
}

/// A column of what a query finds.
pub(super) async fn column<T: TryGetable>(app: &TestApp, query: &str, name: &str) -> Vec<T> {
    let rows = app.rows(query).await;
    rows.iter()
        .map(|row| row.try_get("", name).map_err(|error| format!("{query}: {error}")).expect("a value"))
        .collect()
}

/// The moments that a query finds in the column `at`, of the days that are looked at.
async fn moments(app: &TestApp, query: &str) -> Vec<DateTime<Utc>> {
    let all: Vec<Option<DateTime<Utc>>> = column(app, query, "at").await;
    all.into_iter().flatten().filter(|at| is_within(*at)).collect()
}

fn count(all: &[DateTime<Utc>], is_it: impl Fn(&DateTime<Utc>) -> bool) -> i64 {
    i64::try_from(all.iter().filter(|at| is_it(at)).count()).expect("few")
}

/// How often each of them is there: the most first, then by name.
fn ranked<T: Ord>(all: Vec<T>) -> Vec<(T, i64)> {
    let mut counted: BTreeMap<T, i64> = BTreeMap::new();
    for one in all {
        *counted.entry(one).or_default() += 1;
    }
    let mut counted: Vec<(T, i64)> = counted.into_iter().collect();
    counted.sort_by_key(|(_, n)| -n); // stable: names stay in order
    counted
}

/// Three days of a plant: what is raised, answered for in time and late, done in time and late, reported and given up.
async fn three_days(stage: &Stage) {
    let app = &stage.app;
    for (nth, texts) in [
        &["hi", "1", "ORD-12345", "1", "1", "It is bent", "hi", "3", "MACH-001", "1", "1", "hi", "2", "ORD-12345"][..],
        &[
            "hi",
            "1",
            "ORD-12346",
            "2",
            "cancel",
            "hi",
            "1",
            "ORD-12347",
            "2",
            "1",
            "Bent",
            "hi",
            "3",
            "MACH-003",
            "1",
            "1",
        ],
        &["hi", "1", "ORD-12345", "2", "1", "Bent", "hi", "3", "MACH-001", "1", "1", "hi", "1", "ORD-12345", "cancel"],
    ]
    .into_iter()
    .enumerate()
    {
        for text in texts {
            app.says(OPERATOR, text).await;
        }
        for priority in ["HIGH", "LOW", "HIGH"] {
            let again = async |user| app.signed_in_again(user).await;
            let (admin, client) = (again(&stage.admin.0).await, again(&stage.client.0).await);
            let support = again(&stage.support.0).await;
            let body = json!({"project_name": "Shop", "title": "It fails", "description": "Again",
                "priority": priority, "category": "BUG"});
            let id = client.post("/api/tickets/", body).await.1["id"].as_i64().expect("a ticket");
            // Fifty minutes on the second and third day: an answer is due within thirty.
            app.clock.advance(TimeDelta::minutes(25 * i64::try_from(nth).expect("few")));
            let due_at = (app.clock.now() + TimeDelta::minutes(90)).to_rfc3339();
            let due = json!({"assigned_to": support.id, "resolution_due_at": due_at});
            for (who, what, body) in
                [(&admin, "open_ticket", json!({})), (&admin, "assign", due), (&support, "start_work", json!({}))]
            {
                let (status, told) = who.post(&format!("/api/tickets/{id}/{what}/"), body).await;
                assert!(status.is_success(), "{what}: {told}");
            }
            app.clock.advance(TimeDelta::minutes(if priority == "LOW" { 100 } else { 20 }));
            let (again, body) = (app.signed_in_again(&stage.support.0).await, json!({"comment": "Done"}));
            let (status, told) = again.post(&format!("/api/tickets/{id}/finish_work/"), body).await;
            assert!(status.is_success(), "{told}");
            if nth < 2 {
                let again = app.signed_in_again(&stage.client.0).await;
                again.post(&format!("/api/tickets/{id}/approve/"), json!({})).await;
            }
        }
        app.clock.advance(TimeDelta::hours(29));
    }
}

async fn every_plot_shows_what_the_tables_have(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    // The stage itself was set before the days that are looked at: the time before.
    app.clock.advance(TimeDelta::days(3));
    three_days(&stage).await;
    figures::once(&app.server.app).await.expect("the days are counted");
    let window = Window::of(app, "boss").await;

    let came = moments(app, "SELECT created_at AS at FROM tickets").await;
    let ended = moments(app, "SELECT closed_at AS at FROM tickets").await;
    let expected: Vec<i64> =
        days().flat_map(|day| [&came, &ended].map(|all| count(all, |at| at.date_naive() == day))).collect();
    assert!(expected.iter().filter(|n| **n > 0).count() >= 5, "there is something on several days: {expected:?}");
    Plot::of(&window, "/reports", "in_out").await.shows("in_out", &expected);

    sla(app, &window).await;
    times(app, &window).await;

    for (id, query) in [
        ("hours_tickets", "SELECT created_at AS at FROM tickets"),
        ("hours_messages", "SELECT received_at AS at FROM messages"),
    ] {
        let now = moments(app, query).await;
        let all: Vec<Option<DateTime<Utc>>> = column(app, query, "at").await;
        let earlier: Vec<_> = all.into_iter().flatten().filter(|at| at.date_naive() < day(FROM)).collect();
        assert!(id == "hours_messages" || !earlier.is_empty(), "there is a time before");
        let expected: Vec<i64> =
            (0..24).flat_map(|hour| [&now, &earlier].map(|all| count(all, |at| at.hour() == hour))).collect();
        Plot::of(&window, "/reports/hours", id).await.shows(id, &expected);
        let csv = window.get(&format!("/reports/hours?from={FROM}&until={UNTIL}&csv={id}")).await.html;
        for (hour, row) in (0..24).zip(csv.lines().skip(1)) {
            let told: Vec<i64> = row.split(',').skip(1).take(7).map(|n| n.parse().expect("a number")).collect();
            let on =
                |weekday: u32| count(&now, |at| at.hour() == hour && at.weekday().num_days_from_monday() == weekday);
            assert_eq!(told, (0..7).map(on).collect::<Vec<_>>(), "{id}, {hour}: {row}");
        }
    }

    let received = moments(app, "SELECT received_at AS at FROM messages").await;
    let taken = moments(app, "SELECT started_at AS at FROM attempts WHERE outcome = 'ACCEPTED'").await;
    let refused = moments(app, "SELECT started_at AS at FROM attempts WHERE outcome = 'REFUSED'").await;
    let by_channel = [&received, &taken, &refused].map(|all| count(all, |_| true));
    Plot::of(&window, "/reports/messages", "by_channel").await.shows("by_channel", &by_channel);
    let plot = Plot::of(&window, "/reports/messages", "messages").await;
    assert_eq!(plot.lines.len(), 2);
    for (line, all) in plot.lines.iter().zip([&received, &taken]) {
        assert_eq!(line.len(), days().count());
        for (high, day) in line.iter().zip(days()) {
            plot.is_as_high(&format!("messages of {day}"), *high, count(all, |at| at.date_naive() == day));
        }
    }

    forms(app, &window).await;
    what_goes_wrong(app, &window).await;
    stage.app.end().await;
}

/// Kinds in the order of product.md.
const KINDS: [&str; 4] = ["INCIDENT", "DEFECT", "MAINTENANCE", "SOP_FAILURE"];

async fn sla(app: &TestApp, window: &Window) {
    let of = async |which: &str, at: &str, due: &str, is_kept: bool| {
        let compare = if is_kept { "<=" } else { ">" };
        let query = format!("SELECT {at} AS at FROM tickets WHERE {which} AND {at} {compare} {due}");
        count(&moments(app, &query).await, |_| true)
    };
    for (id, at, due) in
        [("sla_response", "opened_at", "response_due_at"), ("sla_resolution", "resolved_at", "resolution_due_at")]
    {
        let mut expected = Vec::new();
        for kind in KINDS {
            let which = format!("kind = '{kind}'");
            expected.extend([of(&which, at, due, true).await, of(&which, at, due, false).await]);
        }
        assert!(expected[0] > 0 && expected[1] > 0, "{id} says something: {expected:?}");
        Plot::of(window, "/reports/sla", id).await.shows(id, &expected);
    }
    let people: Vec<i64> =
        column(app, "SELECT person_id FROM ticket_assignments ORDER BY person_id", "person_id").await;
    let mut all = Vec::new();
    for (person, _) in ranked(people) {
        let which = format!("id IN (SELECT ticket_id FROM ticket_assignments WHERE person_id = {person})");
        let of = async |is_kept| of(&which, "resolved_at", "resolution_due_at", is_kept).await;
        let both = [of(true).await, of(false).await];
        all.extend((both != [0, 0]).then_some(both));
    }
    all.sort_by_key(|[kept, broken]| -(kept + broken));
    Plot::of(window, "/reports/sla", "sla_people").await.shows("sla_people", all.as_flattened());
}

/// So many of a hundred took no longer, within the twentieth that a spread is exact to.
async fn times(app: &TestApp, window: &Window) {
    for (id, at) in [("response", "opened_at"), ("resolution", "resolved_at")] {
        let csv = window.get(&format!("/reports/times?from={FROM}&until={UNTIL}&csv={id}")).await.html;
        for (kind, row) in KINDS.into_iter().zip(csv.lines().skip(1)) {
            let query = format!("SELECT created_at, {at} AS ended FROM tickets WHERE kind = '{kind}'");
            let mut took: Vec<i64> = Vec::new();
            for row in app.rows(&query).await {
                let made: DateTime<Utc> = row.try_get("", "created_at").expect("a moment");
                let ended: Option<DateTime<Utc>> = row.try_get("", "ended").expect("a moment or none");
                took.extend(ended.filter(|at| is_within(*at)).map(|ended| (ended - made).num_minutes()));
            }
            took.sort_unstable();
            let told: Vec<&str> = row.split(',').collect();
            assert_eq!(told[1], took.len().to_string(), "{id} of {kind}: {row}");
            for (column, percent) in [(2, 50), (3, 90), (4, 95)] {
                let Some(exact) = took.get((took.len() * percent).div_ceil(100).saturating_sub(1)) else {
                    assert_eq!(told[column], "", "{id} of {kind}: {row}");
                    continue;
                };
                let told: i64 = told[column].parse().expect("minutes");
                assert!((told - exact).abs() <= exact / 20 + 1, "{id} of {kind}, {percent}: {told}, not {exact}");
            }
        }
    }
}

async fn forms(app: &TestApp, window: &Window) {
    let of = async |what: &str, of: &str| {
        let query = format!("SELECT {of} AS it, at FROM form_turns WHERE what = '{what}' ORDER BY {of}");
        let names: Vec<String> = column(app, &query, "it").await;
        let at: Vec<DateTime<Utc>> = column(app, &query, "at").await;
        assert!(at.into_iter().all(is_within), "the stage wrote nothing");
        names
    };
    let mut flows: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for (place, what) in ["BEGUN", "DONE", "LEFT"].into_iter().enumerate() {
        for flow in of(what, "flow").await {
            flows.entry(flow).or_default()[place] += 1;
        }
    }
    let expected: Vec<[i64; 3]> = flows.values().copied().collect();
    assert!(expected.len() >= 3 && expected.iter().any(|[_, _, left]| *left > 0), "{flows:?}");
    Plot::of(window, "/reports/chats", "completion").await.shows("completion", expected.as_flattened());
    let query = "SELECT flow, question FROM form_turns WHERE what = 'LEFT'";
    let (left, questions): (Vec<String>, Vec<String>) =
        (column(app, query, "flow").await, column(app, query, "question").await);
    let expected: Vec<i64> = ranked(left.into_iter().zip(questions).collect()).into_iter().map(|(_, n)| n).collect();
    let plot = Plot::of(window, "/reports/chats", "given_up").await;
    plot.shows("given_up", &expected);
    is_cumulated(&plot, &expected);
}

async fn what_goes_wrong(app: &TestApp, window: &Window) {
    let since = "JOIN tickets ON tickets.id = ticket_id WHERE tickets.created_at >= '2026-01-20'";
    for (id, query) in [
        ("defects_by_type", format!("SELECT defect_type AS it FROM defects {since}")),
        (
            "defects_by_order",
            format!("SELECT number AS it FROM orders JOIN defects ON defects.order_id = orders.id {since}"),
        ),
        (
            "breakdowns",
            format!("SELECT number AS it FROM machines JOIN maintenance ON machine_id = machines.id {since}"),
        ),
    ] {
        let expected = ranked::<String>(column(app, &query, "it").await);
        let plot = Plot::of(window, "/floor/defects", id).await;
        let numbers: Vec<i64> = expected.iter().map(|(_, n)| *n).collect();
        assert!(numbers.len() > 1 && numbers[0] > 1, "{id} says something: {expected:?}");
        plot.shows(id, &numbers);
        is_cumulated(&plot, &numbers);
        if id != "defects_by_type" {
            for ((says, _), (name, _)) in plot.bars.iter().zip(&expected) {
                assert!(says.contains(name.as_str()), "{says} is of {name}");
            }
        }
    }
}

/// The line of a Pareto's plot ends at all of them together, and is as high at each bar as the bars until there.
#[track_caller]
fn is_cumulated(plot: &Plot, numbers: &[i64]) {
    let all: i64 = numbers.iter().sum();
    let mut sum = 0;
    assert_eq!(plot.lines[0].len(), numbers.len());
    for (high, n) in plot.lines[0].iter().zip(numbers) {
        sum += n;
        let share = |n: i64| f64::from(i32::try_from(n).expect("few"));
        assert!((high - 300.0 * share(sum) / share(all)).abs() <= 0.051, "{high} for {sum} of {all}");
    }
}
