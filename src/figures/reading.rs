//! What reports read: figures added up over days, as far as somebody may see them.
//!
//! A supervisor sees the floor's tickets of their department and those of none, as they answer for both; messages and
//! forms are of no department, and an admin's alone.

use super::model::{Kept, Measure};
use super::spread::Spread;
use super::store;
pub use super::store::source::Late;
pub use super::store::{Daily, DailyCost, Sum};
use crate::kit::{Instant, Result};
use crate::people::{Actor, Role};
use chrono::{Days, NaiveDate};
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, HashMap};

/// Days at the plant, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub from: NaiveDate,
    /// The last, not before the first.
    pub until: NaiveDate,
}

impl Span {
    /// How many days.
    pub fn days(self) -> i64 {
        (self.until - self.from).num_days() + 1
    }

    /// As many days right before.
    #[must_use]
    pub fn before(self) -> Self {
        let back = |day: NaiveDate, days: i64| {
            day.checked_sub_days(Days::new(u64::try_from(days).unwrap_or(0))).unwrap_or(NaiveDate::MIN)
        };
        Self { from: back(self.from, self.days()), until: back(self.from, 1) }
    }
}

/// Whose figures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All.
    All,
    /// Those of the floor that this department answers for, and those that every one does.
    Department(Option<String>),
}

impl Scope {
    /// What somebody may see.
    pub fn of(actor: &Actor) -> Self {
        Self::seen_by(actor.role, actor.department.clone())
    }

    /// What somebody with this role, in this department, may see.
    pub fn seen_by(role: Role, department: Option<String>) -> Self {
        if role == Role::Admin { Self::All } else { Self::Department(department) }
    }
}

/// How many kept a deadline, broke it, and had none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// Kept.
    pub kept: i64,
    /// Broken.
    pub broken: i64,
    /// Had none.
    pub free: i64,
}

impl Promises {
    /// How many there were in all.
    pub fn all(self) -> i64 {
        self.kept + self.broken + self.free
    }

    /// The share that was kept of those that had a deadline, in whole percent.
    pub fn percent(self) -> Option<i64> {
        let dated = self.kept + self.broken;
        (dated > 0).then(|| (self.kept * 100) / dated)
    }
}

/// Measures over all days together, by kind and slice.
///
/// # Errors
/// When the database is away.
pub async fn sums(conn: &impl ConnectionTrait, measures: &[Measure], span: Span, scope: &Scope) -> Result<Vec<Sum>> {
    store::sums(conn, measures, span, scope).await
}

/// Measures day by day, by kind, the earliest first.
///
/// # Errors
/// When the database is away.
pub async fn by_day(
    conn: &impl ConnectionTrait,
    measures: &[Measure],
    span: Span,
    scope: &Scope,
) -> Result<Vec<Daily>> {
    store::by_day(conn, measures, span, scope).await
}

/// What messages cost day by day, by channel and currency, the earliest first. An admin's alone.
///
/// # Errors
/// When the database is away.
pub async fn costs_by_day(conn: &impl ConnectionTrait, span: Span) -> Result<Vec<DailyCost>> {
    store::costs_by_day(conn, span).await
}

/// The slices that were counted most, the most first, and how many there were of all slices.
///
/// # Errors
/// When the database is away.
pub async fn most(
    conn: &impl ConnectionTrait,
    measure: Measure,
    span: Span,
    scope: &Scope,
    most: u64,
) -> Result<(Vec<(String, i64)>, i64)> {
    let slices = store::most(conn, measure, span, scope, most).await?;
    let all = store::by_day(conn, &[measure], span, scope).await?;
    Ok((slices, all.iter().map(|day| day.n).sum()))
}

/// How many there were of these slices of a measure, and of all.
///
/// # Errors
/// When the database is away.
pub async fn of_slices(
    conn: &impl ConnectionTrait,
    measure: Measure,
    span: Span,
    scope: &Scope,
    slices: &[String],
) -> Result<(HashMap<String, i64>, i64)> {
    let found = store::of_slices(conn, measure, span, scope, slices).await?;
    let all = store::by_day(conn, &[measure], span, scope).await?;
    Ok((found.into_iter().collect(), all.iter().map(|day| day.n).sum()))
}

/// How long things took, by measure and kind.
///
/// # Errors
/// When the database is away.
pub async fn spreads(
    conn: &impl ConnectionTrait,
    measures: &[Measure],
    span: Span,
    scope: &Scope,
) -> Result<HashMap<(Measure, String), Spread>> {
    let mut all: HashMap<(Measure, String), Spread> = HashMap::new();
    for (measure, kind, written) in store::spreads(conn, measures, span, scope).await? {
        let spread = written.as_deref().map(Spread::read).unwrap_or_default();
        all.entry((measure, kind)).or_default().merge(&spread);
    }
    Ok(all)
}

/// How the deadlines of a measure were kept, by kind.
pub fn promises(sums: &[Sum], measure: Measure) -> BTreeMap<String, Promises> {
    let mut all: BTreeMap<String, Promises> = BTreeMap::new();
    for sum in sums.iter().filter(|sum| sum.measure == measure) {
        let promises = all.entry(sum.kind.clone()).or_default();
        match Kept::named(&sum.slice) {
            Some(Kept::Kept) => promises.kept += sum.n,
            Some(Kept::Broken) => promises.broken += sum.n,
            _ => promises.free += sum.n,
        }
    }
    all
}

/// How many tickets are open at this moment. This one is not of a day, so it is counted where they are.
///
/// # Errors
/// When the database is away.
pub async fn open_now(conn: &impl ConnectionTrait, scope: &Scope) -> Result<u64> {
    store::source::open_now(conn, scope).await
}

/// What missed a deadline that is still to be kept, at this moment, by kind; counted where the tickets are.
///
/// # Errors
/// When the database is away.
pub async fn late_now(conn: &impl ConnectionTrait, scope: &Scope, now: Instant) -> Result<Vec<Late>> {
    store::source::late_now(conn, scope, now).await
}

/// How many days are still to be counted: 0 where the figures are what the tables say.
///
/// # Errors
/// When the database is away.
pub async fn still_to_count(conn: &impl ConnectionTrait) -> Result<u64> {
    store::count_due(conn).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_before_is_as_long_and_touches() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let week = Span { from: day("2026-03-02"), until: day("2026-03-08") };
        assert_eq!(week.before(), Span { from: day("2026-02-23"), until: day("2026-03-01") });
        let one = Span { from: day("2026-03-01"), until: day("2026-03-01") };
        assert_eq!(one.before(), Span { from: day("2026-02-28"), until: day("2026-02-28") });
    }
}
