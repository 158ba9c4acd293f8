//! What waits in a queue that is rows: how much, and since when.

use crate::kit::{Instant, Result};
use sea_orm::sea_query::{Alias, Expr, Func, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select};

/// More than so many are not counted: a look from outside must not cost what a long queue costs.
const MOST_COUNTED: u64 = 20_000;

/// What waits in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How much, as far as was counted.
    pub count: u64,
    /// Whether there may be more: 20,000 were counted.
    pub is_cut: bool,
    /// Since when the first of it waits, where that is known.
    pub oldest: Option<Instant>,
}

impl Waiting {
    /// How much, as people read it: `12`, `20000+`.
    pub fn told(self) -> String {
        format!("{}{}", self.count, if self.is_cut { "+" } else { "" })
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let oldest = [self.oldest, other.oldest].into_iter().flatten().min();
        Self { count: self.count + other.count, is_cut: self.is_cut || other.is_cut, oldest }
    }
}

/// What waits of these rows, of which the first by `order` waits longest, since the instant in `since`.
pub async fn waiting<E: EntityTrait>(
    conn: &impl ConnectionTrait,
    rows: Select<E>,
    order: E::Column,
    since: impl ColumnTrait,
) -> Result<Waiting> {
    let some = rows.clone().select_only().column(order).limit(MOST_COUNTED);
    let counted = Query::select()
        .expr_as(Func::count(Expr::val(1)), "waiting")
        .from_subquery(some.into_query(), Alias::new("some"))
        .take();
    let count = conn.query_one(&counted).await?.map(|row| row.try_get::<i64>("", "waiting")).transpose()?;
    let first = rows.select_only().column_as(since, "since").order_by_asc(order).limit(1);
    let oldest = first.into_tuple::<Instant>().one(conn).await?;
    let count = count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
    Ok(Waiting { count, is_cut: count >= MOST_COUNTED, oldest })
}
