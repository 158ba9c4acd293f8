//! `GET /api/notifications/stats/`, for ADMIN: how many notifications there were and what became of them, by day, and what
//! messages cost, by month.

use super::shown::{Medium, Standing};
use super::store::stats::{self, Count};
use crate::app::{App, Used};
use crate::delivery::budget;
use crate::delivery::prices::model::month_of;
use crate::delivery::store::costs::{self, Cost};
use crate::kit::decimal::decimal;
use crate::kit::{Error, Result, rules};
use crate::people::actor::Administrator;
use crate::web::refusals::OfLists;
use crate::web::{Fields, Form, Query, read};
use axum::Json;
use axum::extract::State;
use chrono::{Days, NaiveDate};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The most days that can be asked for.
const MOST_DAYS: i64 = 92;
/// How many days there are where nothing is asked for, today included.
const USUAL_DAYS: u64 = 30;

/// Which days.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl Form for Span {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (from, to) =
            (fields.optional("from", read::ruled(rules::day)), fields.optional("to", read::ruled(rules::day)));
        Some(Self { from, to })
    }
}

impl Span {
    /// The first and the last day; where nothing is said, the last thirty until today.
    fn days(self, today: NaiveDate) -> Result<(NaiveDate, NaiveDate)> {
        let last = self.to.unwrap_or(today);
        let first = self.from.or(last.checked_sub_days(Days::new(USUAL_DAYS - 1))).unwrap_or(last);
        match (last - first).num_days() + 1 {
            ..=0 => Err(Error::field("from", format!("must not lie after {last}, the last day that is asked for"))),
            1..=MOST_DAYS => Ok((first, last)),
            many => Err(Error::field("from", format!("asks for {many} days; {MOST_DAYS} can be asked for at a time"))),
        }
    }
}

/// How many notifications there were, what became of them, and what messages cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationStats)]
pub struct Stats {
    /// The first day, at the plant.
    #[schema(value_type = String, format = Date)]
    from: NaiveDate,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    to: NaiveDate,
    /// How many notifications were made.
    #[schema(example = 412)]
    count: i64,
    /// Of each status, zero included; here SENT takes in no others.
    #[schema(example = json!({"PENDING": 2, "SENT": 10, "DELIVERED": 320, "READ": 75, "FAILED": 4, "CANCELLED": 1}))]
    by_status: BTreeMap<&'static str, i64>,
    /// Of each type, zero included.
    #[schema(example = json!({"EMAIL": 10, "WHATSAPP": 190, "SMS": 6, "SYSTEM": 206}))]
    by_type: BTreeMap<&'static str, i64>,
    /// The days on which some were made, the earliest first.
    by_day: Vec<Day>,
    /// What all messages of the months that the days lie in cost, answers in chat included, as far as it is known; the
    /// latest month first.
    costs: Vec<CostShown>,
    /// The budget of the month that it is now; null where there is none.
    budget: Option<BudgetShown>,
}

/// The notifications of a day.
#[expect(clippy::struct_field_names, reason = "a day among days is best known as the day")]
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationDay)]
pub struct Day {
    /// The day at the plant.
    #[schema(value_type = String, format = Date)]
    day: NaiveDate,
    /// How many were made.
    #[schema(example = 14)]
    count: i64,
    /// Of each status, zero included.
    #[schema(example = json!({"PENDING": 0, "SENT": 1, "DELIVERED": 9, "READ": 4, "FAILED": 0, "CANCELLED": 0}))]
    by_status: BTreeMap<&'static str, i64>,
    /// Of each type, zero included.
    #[schema(example = json!({"EMAIL": 1, "WHATSAPP": 6, "SMS": 0, "SYSTEM": 7}))]
    by_type: BTreeMap<&'static str, i64>,
}

/// What messages of one sort cost in a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageCost)]
pub struct CostShown {
    /// The month at the plant.
    #[schema(example = "2026-01")]
    month: String,
    /// The provider.
    #[schema(example = "twilio")]
    channel: String,
    notification_type: Medium,
    /// Why they were sent: `NOTICE`, `DIGEST` (several notices in one message), `REPLY` (in chat), `CODE` or `TEST`.
    #[schema(example = "NOTICE")]
    kind: String,
    /// Of notices: of which event.
    #[schema(example = "ticket.opened")]
    event: Option<String>,
    /// What they cost together.
    #[schema(example = "0.95")]
    cost: String,
    /// Of which currency.
    #[schema(example = "USD")]
    currency: String,
    /// Where the provider says no amount: the category that it is estimated by, from the operator's own table. Null where
    /// the provider billed it.
    #[schema(example = "utility")]
    estimated_by: Option<String>,
    /// How many were billed; one that was sent again is billed again.
    #[schema(example = 190)]
    messages: i64,
}

/// The month's budget for messages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageBudget)]
pub struct BudgetShown {
    /// The month at the plant.
    #[schema(example = "2026-01")]
    month: String,
    /// What was billed in the budget's currency; nothing is converted.
    #[schema(example = "82.40")]
    spent: String,
    /// How much of that is estimated.
    #[schema(example = "0.00")]
    estimated: String,
    /// What may be.
    #[schema(example = "100.00")]
    budget: String,
    #[schema(example = "USD")]
    currency: String,
    /// How much of it is spent, in whole percent.
    #[schema(example = 82)]
    percent: i64,
    /// Whether notices wait just now that are not urgent and would cost.
    holds_back: bool,
}

/// How many notifications there were, by status, type and day, and what messages cost, by month, channel and kind of
/// event. For ADMIN.
#[utoipa::path(
    get, path = "/api/notifications/stats", tag = "Notifications", operation_id = "notification_stats",
    params(
        ("from" = Option<String>, Query, format = Date, example = "2026-01-01", description = "The first day, at the plant; where nothing is said 29 days before the last"),
        ("to" = Option<String>, Query, format = Date, example = "2026-01-31", description = "The last day, at most 92 days with the first; where nothing is said today"),
    ),
    security(("bearer" = [])),
    responses((status = 200, body = Stats), OfLists),
)]
pub async fn stats(_: Administrator, State(app): State<App>, Query(span): Query<Span>) -> Result<Json<Stats>> {
    let (now, tz) = (app.clock.now(), app.settings.timezone);
    let (from, to) = span.days(now.with_timezone(&tz).date_naive())?;
    let counts = stats::counts(app.db.read(), from, to).await?;
    let costs = costs::between(app.db.read(), &month_of(from), &month_of(to)).await?;
    let budget = match &app.rules().budget {
        Some(budget) => Some(budget::standing(app.db.read(), budget, now, tz).await?),
        None => None,
    };
    Ok(Json(Stats {
        from,
        to,
        count: counts.iter().map(|count| count.n).sum(),
        by_status: by_status(&counts),
        by_type: by_type(&counts),
        by_day: counts.chunk_by(|one, next| one.day == next.day).filter_map(Day::of).collect(),
        costs: costs.into_iter().map(CostShown::from).collect(),
        budget: budget.map(BudgetShown::from),
    }))
}

impl Day {
    fn of(counts: &[Count]) -> Option<Self> {
        let count = counts.iter().map(|count| count.n).sum();
        Some(Self { day: counts.first()?.day, count, by_status: by_status(counts), by_type: by_type(counts) })
    }
}

fn by_status(counts: &[Count]) -> BTreeMap<&'static str, i64> {
    let named = counts.iter().map(|count| (Standing::of(&count.status).as_str(), count.n));
    summed(Standing::ALL.map(Standing::as_str), named)
}

fn by_type(counts: &[Count]) -> BTreeMap<&'static str, i64> {
    let named = counts.iter().map(|count| (Medium::of(&count.medium).as_str(), count.n));
    summed(Medium::ALL.map(Medium::as_str), named)
}

fn summed<const N: usize>(
    names: [&'static str; N],
    counts: impl Iterator<Item = (&'static str, i64)>,
) -> BTreeMap<&'static str, i64> {
    let mut sums: BTreeMap<&'static str, i64> = names.map(|name| (name, 0)).into();
    for (name, count) in counts {
        *sums.entry(name).or_default() += count;
    }
    sums
}

impl From<Cost> for CostShown {
    fn from(cost: Cost) -> Self {
        let Cost { month, channel, medium, kind, event, currency, category, micros, messages, .. } = cost;
        let (notification_type, cost) = (Medium::of(&medium), decimal(micros, 2));
        Self { month, channel, notification_type, kind, event, cost, currency, estimated_by: category, messages }
    }
}

impl From<budget::Standing> for BudgetShown {
    fn from(standing: budget::Standing) -> Self {
        Self {
            percent: standing.percent(),
            holds_back: standing.holds_back && standing.used() == Used::All,
            spent: decimal(standing.spent.micros, 2),
            estimated: decimal(standing.estimated, 2),
            budget: decimal(standing.sum.micros, 2),
            currency: standing.sum.currency.as_str().to_owned(),
            month: standing.month,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_92_days_at_most_and_30_where_nothing_is_said() {
        let day = |text: &str| rules::day(text).expect("a day");
        let days = |from: Option<&str>, to: Option<&str>| {
            let span = Span { from: from.map(day), to: to.map(day) };
            span.days(day("2026-03-31")).map(|(first, last)| format!("{first} {last}")).map_err(drop)
        };
        assert_eq!(days(None, None), Ok("2026-03-02 2026-03-31".to_owned()));
        assert_eq!(days(None, Some("2026-01-30")), Ok("2026-01-01 2026-01-30".to_owned()));
        assert_eq!(days(Some("2026-01-01"), Some("2026-04-02")), Ok("2026-01-01 2026-04-02".to_owned()));
        assert_eq!(days(Some("2026-01-01"), Some("2026-04-03")), Err(()));
        assert_eq!(days(Some("2025-12-01"), None), Err(()));
        assert_eq!(days(Some("2026-02-02"), Some("2026-02-01")), Err(()));
        assert_eq!(days(Some("1900-01-01"), Some("9999-12-31")), Err(()));
    }
}
