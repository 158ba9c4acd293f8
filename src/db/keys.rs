//! Rows as sets: by their natural keys, those that exist and the nearest existing ones to those that do not; those whose
//! instant has come; and old ones to be deleted.
//!
//! A fixed number of statements whatever the set's size, cut only where a statement would bind too many values.

use super::{MAX_BOUND_VALUES, Tx};
use crate::kit::nearest::{self, LookedUp};
use crate::kit::{Instant, Result};
use sea_orm::sea_query::{Query, UnionType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many nearest keys are named for one that does not exist.
const NEAREST: usize = 3;
/// How many slips of one mistyped key are asked for.
const SLIPS: usize = 128;
/// How many missing keys one statement asks neighbours for: two selects each, and SQLite joins at most 500.
const NEIGHBOURS_AT_ONCE: usize = 200;

/// The rows of `select` whose `column` is one of `keys`, in the order of the keys, which is also the order in which
/// a `select` that locks takes its locks.
pub async fn rows_by_key<E>(
    conn: &impl ConnectionTrait,
    select: Select<E>,
    column: E::Column,
    keys: impl IntoIterator<Item = &String>,
) -> Result<Vec<E::Model>>
where
    E: EntityTrait,
{
    let keys: Vec<&str> = keys.into_iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
    let mut rows = Vec::with_capacity(keys.len());
    for part in keys.chunks(MAX_BOUND_VALUES) {
        let select = select.clone().filter(column.is_in(part.iter().copied())).order_by_asc(column);
        rows.extend(select.all(conn).await?);
    }
    Ok(rows)
}

/// The rows of `select` behind `from` in the order of a unique `column`, at most so many; or those before it, nearest
/// first.
pub fn page_by_key<E>(select: Select<E>, column: E::Column, from: Option<&str>, is_before: bool, most: u64) -> Select<E>
where
    E: EntityTrait,
{
    let select = match from {
        Some(from) if is_before => select.filter(column.lt(from)),
        Some(from) => select.filter(column.gt(from)),
        None => select,
    };
    select.order_by(column, if is_before { Order::Desc } else { Order::Asc }).limit(most)
}

/// Deletes rows whose instant in `at` lies before `before`, at most so many; answers with how many.
pub async fn delete_before<E>(tx: &Tx, id: E::Column, at: E::Column, before: Instant, most: u64) -> Result<u64>
where
    E: EntityTrait,
{
    let old = E::find().select_only().column(id).filter(at.lt(before)).limit(most);
    let old: Vec<i64> = old.into_tuple().all(tx.conn()).await?;
    if old.is_empty() {
        return Ok(0);
    }
    Ok(E::delete_many().filter(id.is_in(old)).exec(tx.conn()).await?.rows_affected)
}

/// Whether some row's instant in `at` has come by `now`.
pub async fn is_any_due<E>(conn: &impl ConnectionTrait, id: E::Column, at: E::Column, now: Instant) -> Result<bool>
where
    E: EntityTrait,
{
    let due = E::find().select_only().column(id).filter(at.lte(now)).limit(1);
    Ok(due.into_tuple::<i64>().one(conn).await?.is_some())
}

/// At most so many rows whose instant in `at` has come, locked, the longest due first.
pub async fn due<E>(tx: &Tx, id: E::Column, at: E::Column, most: u64) -> Result<Vec<E::Model>>
where
    E: EntityTrait,
{
    let due = E::find().filter(at.lte(tx.now())).order_by_asc(at).order_by_asc(id).limit(most).lock_exclusive();
    Ok(due.all(tx.conn()).await?)
}

/// For each of the `missing` keys the `most` existing ones nearest to it: those one slip away, else its neighbours
/// in order. A bare number is tried behind `prefix` (`ORD-`) too.
pub async fn nearest_keys<E>(
    conn: &impl ConnectionTrait,
    column: E::Column,
    prefix: &str,
    missing: &[String],
    most: usize,
) -> Result<HashMap<String, Vec<String>>>
where
    E: EntityTrait,
{
    let meant: BTreeMap<&String, String> = missing.iter().map(|key| (key, whole(key, prefix))).collect();
    let mut guesses: HashMap<&String, Vec<String>> = HashMap::with_capacity(meant.len());
    for (key, whole) in &meant {
        let mut slips = nearest::variants(whole, SLIPS);
        slips.push(whole.clone());
        guesses.insert(key, slips);
    }
    let existing = existing::<E>(conn, column, guesses.values().flatten().collect()).await?;
    let mut near = HashMap::with_capacity(meant.len());
    let mut lonely = Vec::new();
    for (key, whole) in &meant {
        let real = guesses[*key].iter().filter(|guess| existing.contains(*guess)).cloned();
        let real = nearest::closest(whole, real, most);
        if real.is_empty() {
            lonely.push((*key, whole));
        }
        near.insert((*key).clone(), real);
    }
    let asked: Vec<&String> = lonely.iter().map(|(_, whole)| *whole).collect();
    let neighbours = neighbours::<E>(conn, column, &asked).await?;
    for (key, whole) in lonely {
        let below = neighbours.range::<String, _>(..whole).next_back();
        let above = neighbours.range::<String, _>(whole..).next();
        let beside = below.into_iter().chain(above).cloned();
        near.insert(key.clone(), nearest::closest(whole, beside, most));
    }
    Ok(near)
}

/// What a look-up of records that everybody may see answers: the facts that were `found`, and for each of the other
/// `keys` the nearest existing ones, as [`nearest_keys`] has them.
pub async fn with_nearest<E>(
    conn: &impl ConnectionTrait,
    column: E::Column,
    prefix: &str,
    keys: &[String],
    found: impl IntoIterator<Item = (String, Value)>,
) -> Result<LookedUp>
where
    E: EntityTrait,
{
    let open_to_all = |key: String| (key, ());
    let found: HashMap<String, (Value, ())> = found.into_iter().map(|(key, facts)| (key, (facts, ()))).collect();
    let missing: Vec<String> = keys.iter().filter(|key| !found.contains_key(*key)).cloned().collect();
    let near = nearest_keys::<E>(conn, column, prefix, &missing, NEAREST).await?;
    let near = near.into_iter().map(|(key, near)| (key, near.into_iter().map(open_to_all).collect())).collect();
    Ok(LookedUp { found, near })
}

fn whole(key: &str, prefix: &str) -> String {
    let is_bare_number = !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit());
    if is_bare_number { format!("{prefix}{key}") } else { key.to_owned() }
}

async fn existing<E>(
    conn: &impl ConnectionTrait,
    column: E::Column,
    keys: BTreeSet<&String>,
) -> Result<BTreeSet<String>>
where
    E: EntityTrait,
{
    let keys: Vec<&String> = keys.into_iter().collect();
    let mut existing = BTreeSet::new();
    for part in keys.chunks(MAX_BOUND_VALUES) {
        let names = part.iter().map(|key| key.as_str());
        let select = E::find().select_only().column(column).filter(column.is_in(names));
        existing.extend(select.into_tuple::<String>().all(conn).await?);
    }
    Ok(existing)
}

/// The greatest existing key below each of `keys` and the least above it, all together.
async fn neighbours<E>(conn: &impl ConnectionTrait, column: E::Column, keys: &[&String]) -> Result<BTreeSet<String>>
where
    E: EntityTrait,
{
    let mut found = BTreeSet::new();
    for part in keys.chunks(NEIGHBOURS_AT_ONCE) {
        let mut selects = part.iter().flat_map(|key| {
            let key = key.as_str();
            let below = Query::select().expr(column.max()).from(E::default()).and_where(column.lt(key)).to_owned();
            let above = Query::select().expr(column.min()).from(E::default()).and_where(column.gt(key)).to_owned();
            [below, above]
        });
        let Some(mut all) = selects.next() else { break };
        for select in selects {
            all.union(UnionType::All, select);
        }
        for row in conn.query_all(&all).await? {
            found.extend(row.try_get_by_index::<Option<String>>(0)?);
        }
    }
    Ok(found)
}
