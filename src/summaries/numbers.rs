//! A week in numbers, as the reports have them, with those of the week before.

use crate::app::App;
use crate::figures::model::bounds;
use crate::figures::reading::{self, Promises, Scope, Span, Sum};
use crate::figures::{Measure, Spread};
use crate::kit::Result;
use crate::kit::decimal::decimal;
use crate::maintenance::{self, Of};
use crate::orders;
use crate::sla::format_left;
use chrono::TimeDelta;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What everybody is told of.
const OF_TICKETS: [Measure; 4] = [Measure::Came, Measure::Ended, Measure::Responded, Measure::Resolved];
/// What admins are told of besides.
const OF_MESSAGES: [Measure; 4] = [Measure::Received, Measure::Sent, Measure::Cost, Measure::FormDone];
/// What is told of how long things took.
const SPREADS: [Measure; 2] = [Measure::Responded, Measure::Resolved];
/// How what is not there is written.
const NONE: &str = "–";

/// The numbers of a week by their names; `_before` behind those of the week before.
pub(super) async fn of(app: &App, week: Span, scope: &Scope) -> Result<Map<String, Value>> {
    let conn = app.db.read();
    let on_hold = orders::desk::Filter { status: Some(orders::model::Status::OnHold), ..Default::default() };
    let mut all = Map::new();
    all.insert("open_tickets".to_owned(), json!(reading::open_now(conn, scope).await?));
    all.insert("orders_on_hold".to_owned(), json!(orders::desk::count(conn, &on_hold).await?));
    all.insert("has_messages".to_owned(), json!(*scope == Scope::All));
    for (span, behind) in [(week, ""), (week.before(), "_before")] {
        let said = in_week(app, span, scope).await?;
        all.extend(said.into_iter().map(|(name, value)| (format!("{name}{behind}"), value)));
    }
    Ok(all)
}

async fn in_week(app: &App, span: Span, scope: &Scope) -> Result<Vec<(&'static str, Value)>> {
    let (conn, tz) = (app.db.read(), app.settings.timezone);
    let sums = reading::sums(conn, &OF_TICKETS, span, scope).await?;
    let spreads = reading::spreads(conn, &SPREADS, span, scope).await?;
    let of_machines = match scope {
        Scope::All => Of::All,
        Scope::Department(department) => Of::Department(department.as_deref()),
    };
    let ((from, _), (_, until)) = (bounds(span.from, tz), bounds(span.until, tz));
    let down = maintenance::downtime(conn, of_machines, from, until).await?;
    let mut said = vec![
        ("came", json!(count(&sums, Measure::Came))),
        ("ended", json!(count(&sums, Measure::Ended))),
        ("downtime", json!(took(down.map(TimeDelta::minutes)))),
    ];
    for (measure, [half, most, kept, broken]) in [
        (Measure::Responded, ["answer_half", "answer_most", "answers_kept", "answers_broken"]),
        (Measure::Resolved, ["solution_half", "solution_most", "solutions_kept", "solutions_broken"]),
    ] {
        let mut spread = Spread::default();
        for ((_, _), one) in spreads.iter().filter(|((of, _), _)| *of == measure) {
            spread.merge(one);
        }
        let within = |percent| json!(took(spread.percentile(percent).map(TimeDelta::seconds)));
        let promises = reading::promises(&sums, measure).into_values();
        let promises = promises.fold(Promises::default(), |all, one| Promises {
            kept: all.kept + one.kept,
            broken: all.broken + one.broken,
            free: all.free + one.free,
        });
        said.extend([(half, within(50)), (most, within(90))]);
        said.extend([(kept, json!(promises.kept)), (broken, json!(promises.broken))]);
    }
    if *scope == Scope::All {
        let sums = reading::sums(conn, &OF_MESSAGES, span, scope).await?;
        said.extend([
            ("received", json!(count(&sums, Measure::Received))),
            ("sent", json!(count(&sums, Measure::Sent))),
            ("costs", costs(&sums)),
            ("forms_done", json!(count(&sums, Measure::FormDone))),
        ]);
    }
    Ok(said)
}

fn count(sums: &[Sum], measure: Measure) -> i64 {
    sums.iter().filter(|sum| sum.measure == measure).map(|sum| sum.n).sum()
}

/// What messages cost, by currency: nothing is converted.
fn costs(sums: &[Sum]) -> Value {
    let mut costs: BTreeMap<&str, i64> = BTreeMap::new();
    for sum in sums.iter().filter(|sum| sum.measure == Measure::Cost) {
        *costs.entry(&sum.slice).or_default() += sum.total;
    }
    costs.iter().map(|(currency, micros)| json!({ "sum": decimal(*micros, 2), "currency": currency })).collect()
}

fn took(time: Option<TimeDelta>) -> String {
    time.map_or_else(|| NONE.to_owned(), format_left)
}
