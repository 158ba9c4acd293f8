//! Views: what somebody asks the list of tickets for again and again, kept under a name of their own.
//!
//! A view is the list's parameters as they stand in an address; it holds nothing that its reader may not ask for
//! themselves, and is nobody's but theirs.

use super::api::query::Asked;
use super::store::views as store;
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Instant, Result};
use crate::web::Fields;
use sea_orm::ConnectionTrait;
pub use store::row;

/// The longest name, in characters.
pub const MAX_NAME: usize = 60;
/// The longest query, in bytes.
pub const MAX_QUERY: usize = 1_000;
/// The most views of one person.
const MOST: u64 = 50;
/// The parameters that a view keeps, which are the list's own: which tickets and in which order, and not which page of them.
pub const KEPT: [&str; 12] = [
    "status",
    "priority",
    "category",
    "kind",
    "assigned_to",
    "created_by",
    "overdue",
    "due_soon",
    "created_since",
    "created_until",
    "q",
    "sort",
];

/// A view to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewView {
    /// What its owner calls it; one line.
    pub name: String,
    /// The list's parameters, as [`kept`] writes them.
    pub query: String,
}

/// What a view keeps of a query: its parameters that say which tickets, in a fixed order, what is blank left out.
///
/// # Errors
/// Where the list would not take it.
pub fn kept(query: &str) -> Result<String> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(known, value)| known == name && !value.trim().is_empty());
    let mut kept = form_urlencoded::Serializer::new(String::new());
    let mut asked = form_urlencoded::Serializer::new(String::new());
    for (name, value) in KEPT.into_iter().filter_map(value) {
        kept.append_pair(name, value);
        // The page's word for every status.
        if (name.as_str(), value.as_str()) != ("status", "ALL") {
            asked.append_pair(name, value);
        }
    }
    Fields::of_query(&asked.finish()).into_form::<Asked>()?;
    let kept = kept.finish();
    if kept.len() > MAX_QUERY {
        return Err(Error::field("query", format!("must have at most {MAX_QUERY} bytes")));
    }
    Ok(kept)
}

/// Somebody's views, in the order in which they were kept.
///
/// # Errors
/// When the database is away.
pub async fn of(conn: &impl ConnectionTrait, person_id: i64) -> Result<Vec<row::Model>> {
    store::of(conn, person_id).await
}

/// One of somebody's own views.
///
/// # Errors
/// When the database is away.
pub async fn one(conn: &impl ConnectionTrait, person_id: i64, id: i64) -> Result<Option<row::Model>> {
    store::one(conn, person_id, id).await
}

/// Keeps a view.
///
/// # Errors
/// [`Kind::Conflict`] where somebody has as many as may be.
pub async fn keep(tx: &Tx, person_id: i64, new: &NewView) -> Result<row::Model> {
    must_have_room(tx, person_id).await?;
    store::insert(tx, person_id, &new.name, &new.query).await
}

/// Gives one of somebody's own views another name, or other parameters.
///
/// # Errors
/// [`Kind::NotFound`] where it is none of theirs.
pub async fn change(
    tx: &Tx,
    person_id: i64,
    id: i64,
    (name, query): (Option<&str>, Option<&str>),
) -> Result<row::Model> {
    let view = store::one(tx.conn(), person_id, id).await?.ok_or_else(unknown)?;
    let name = name.map_or_else(|| view.name.clone(), str::to_owned);
    let query = query.map_or_else(|| view.query.clone(), str::to_owned);
    let view = row::Model { name, query, ..view };
    store::change(tx, &view).await?;
    Ok(view)
}

/// Takes one of somebody's own views away; until house-keeping it can be put back.
///
/// # Errors
/// [`Kind::NotFound`] where it is none of theirs.
pub async fn remove(tx: &Tx, person_id: i64, id: i64) -> Result<()> {
    if store::remove(tx, person_id, id).await? { Ok(()) } else { Err(unknown()) }
}

/// Puts one of somebody's own views back.
///
/// # Errors
/// [`Kind::NotFound`] where none of theirs was taken away; [`Kind::Conflict`] where they have as many as may be.
pub async fn put_back(tx: &Tx, person_id: i64, id: i64) -> Result<row::Model> {
    must_have_room(tx, person_id).await?;
    if !store::put_back(tx, person_id, id).await? {
        return Err(unknown());
    }
    store::one(tx.conn(), person_id, id).await?.ok_or_else(unknown)
}

/// Deletes the views that were taken away before; answers with how many.
///
/// # Errors
/// When the database is away.
pub async fn delete_removed(tx: &Tx, before: Instant) -> Result<u64> {
    store::delete_removed(tx, before).await
}

async fn must_have_room(tx: &Tx, person_id: i64) -> Result<()> {
    if store::count(tx, person_id).await? >= MOST {
        return Err(Error::new(Kind::Conflict, format!("{MOST} views are the most that are kept. Delete one first.")));
    }
    Ok(())
}

fn unknown() -> Error {
    Error::not_found("There is no such view among yours.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_keeps_which_tickets_and_in_which_order_and_nothing_else() {
        for (query, expected) in [
            ("", ""),
            ("sort=-priority&status=NEW", "status=NEW&sort=-priority"),
            ("q=pay+card&cursor=abc&done=saved&q=other", "q=pay+card"),
            ("status=ALL&overdue=true&kind=", "status=ALL&overdue=true"),
            ("assigned_to=me&page_size=50", "assigned_to=me"),
        ] {
            assert_eq!(kept(query).ok().as_deref(), Some(expected), "{query}");
        }
        for wrong in ["status=LOST", "sort=nothing", "assigned_to=somebody"] {
            assert!(kept(wrong).is_err(), "{wrong}");
        }
        let long: Vec<String> = (0..2).map(|_| "a".repeat(90)).collect();
        assert!(kept(&format!("q={}", long[0])).is_ok());
    }
}
