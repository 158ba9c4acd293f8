//! What messages cost, added up: a row for each month, channel, medium, kind of event and currency.

pub use super::rows::cost::Model as Cost;

use super::rows::cost;
use crate::db::Tx;
use crate::kit::Result;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use std::collections::{BTreeMap, BTreeSet};

/// What is added up together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sort {
    /// The month at the plant, `2026-01`.
    pub month: String,
    /// The channel.
    pub channel: String,
    /// The medium.
    pub medium: String,
    /// Why the messages were sent.
    pub kind: String,
    /// Of notices: of which event.
    pub event: Option<String>,
    /// The currency.
    pub currency: String,
    /// Of what is estimated: the category that it is estimated by.
    pub category: Option<String>,
}

impl Sort {
    /// All of it in one.
    fn name(&self) -> String {
        let Self { month, channel, medium, kind, event, currency, category } = self;
        let event = event.as_deref().unwrap_or_default();
        let billed = format!("{month} {currency} {channel} {medium} {kind} {event}");
        category.as_ref().map_or_else(|| billed.clone(), |category| format!("{billed} {category}"))
    }
}

/// Adds what messages cost, each in millionths of its currency.
pub async fn add(tx: &Tx, messages: impl Iterator<Item = (Sort, i64)>) -> Result<()> {
    let mut sums: BTreeMap<Sort, (i64, i64)> = BTreeMap::new();
    for (sort, micros) in messages {
        let sum = sums.entry(sort).or_default();
        *sum = (sum.0.saturating_add(micros), sum.1 + 1);
    }
    if sums.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = sums.keys().map(Sort::name).collect();
    let rows = sums.keys().zip(&names).map(|(sort, name)| cost::ActiveModel {
        name: Set(name.clone()),
        month: Set(sort.month.clone()),
        channel: Set(sort.channel.clone()),
        medium: Set(sort.medium.clone()),
        kind: Set(sort.kind.clone()),
        event: Set(sort.event.clone()),
        currency: Set(sort.currency.clone()),
        category: Set(sort.category.clone()),
        micros: Set(0),
        messages: Set(0),
    });
    cost::Entity::insert_many(rows)
        .on_conflict_do_nothing_on([cost::Column::Name])
        .exec_without_returning(tx.conn())
        .await?;
    let by_name = |of: fn(&(i64, i64)) -> i64| -> SimpleExpr {
        let case = names.iter().zip(sums.values()).fold(CaseStatement::new(), |case, (name, sum)| {
            case.case(cost::Column::Name.eq(name.as_str()), amount(tx, of(sum)))
        });
        case.into()
    };
    cost::Entity::update_many()
        .col_expr(cost::Column::Micros, Expr::col(cost::Column::Micros).add(by_name(|sum| sum.0)))
        .col_expr(cost::Column::Messages, Expr::col(cost::Column::Messages).add(by_name(|sum| sum.1)))
        .filter(cost::Column::Name.is_in(names.iter().map(String::as_str)))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// What the months from one to another cost, the latest first.
pub async fn between(conn: &impl ConnectionTrait, first: &str, last: &str) -> Result<Vec<Cost>> {
    let costs = cost::Entity::find()
        .filter(cost::Column::Month.gte(first))
        .filter(cost::Column::Month.lte(last))
        .order_by_desc(cost::Column::Month)
        .order_by_asc(cost::Column::Name);
    Ok(costs.all(conn).await?)
}

/// What a month cost in one currency, in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// All of it.
    pub micros: i64,
    /// How much of that is estimated.
    pub estimated: i64,
}

/// What a month cost, by currency.
pub async fn spent(conn: &impl ConnectionTrait, month: &str) -> Result<BTreeMap<String, Spent>> {
    let mut spent: BTreeMap<String, Spent> = BTreeMap::new();
    for cost in between(conn, month, month).await? {
        let sum = spent.entry(cost.currency).or_default();
        sum.micros = sum.micros.saturating_add(cost.micros);
        if cost.category.is_some() {
            sum.estimated = sum.estimated.saturating_add(cost.micros);
        }
    }
    Ok(spent)
}

/// How many messages of these months' categories are counted so far.
pub async fn counted(
    conn: &impl ConnectionTrait,
    of: &BTreeSet<(String, String)>,
) -> Result<BTreeMap<(String, String), u64>> {
    let mut counted = BTreeMap::new();
    if of.is_empty() {
        return Ok(counted);
    }
    let some = cost::Entity::find()
        .select_only()
        .columns([cost::Column::Month, cost::Column::Category, cost::Column::Messages])
        .filter(cost::Column::Month.is_in(of.iter().map(|(month, _)| month.as_str())))
        .filter(cost::Column::Category.is_in(of.iter().map(|(_, category)| category.as_str())));
    for (month, category, messages) in some.into_tuple::<(String, String, i64)>().all(conn).await? {
        let sum: &mut u64 = counted.entry((month, category)).or_default();
        *sum = sum.saturating_add(u64::try_from(messages).unwrap_or(0));
    }
    Ok(counted)
}

/// PostgreSQL takes the type of a CASE from its branches, and a bound parameter has none.
pub(super) fn amount(tx: &Tx, micros: i64) -> SimpleExpr {
    let value = Expr::value(micros);
    if tx.conn().get_database_backend() == DbBackend::Postgres { value.cast_as("bigint") } else { value }
}
