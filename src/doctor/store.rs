//! What the doctor reads: in bounds, and nothing is written.

use crate::channels::Status;
use crate::delivery::store::rows::row;
use crate::kit::Result;
use crate::people::store::{address, person};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use std::collections::BTreeMap;

/// A kind of failure among the latest messages.
#[derive(Debug)]
pub(super) struct Failed {
    /// The provider's code.
    pub(super) code: Option<i32>,
    /// What was wrong and what to do about it.
    pub(super) text: String,
    /// How many failed so.
    pub(super) count: usize,
}

/// The failures among the latest `most` messages.
pub(super) async fn latest_failures(conn: &impl ConnectionTrait, most: u64) -> Result<Vec<Failed>> {
    let latest: Vec<(String, Option<i32>, Option<String>)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Status, row::Column::ErrorCode, row::Column::ErrorText])
        .order_by_desc(row::Column::Id)
        .limit(most)
        .into_tuple()
        .all(conn)
        .await?;
    let mut kinds: BTreeMap<Option<i32>, Failed> = BTreeMap::new();
    for (_, code, text) in latest.into_iter().filter(|(status, ..)| status == Status::Failed.as_str()) {
        let new = || Failed { code, text: text.unwrap_or_default(), count: 0 };
        kinds.entry(code).or_insert_with(new).count += 1;
    }
    Ok(kinds.into_values().collect())
}

/// The names of active people with a role and no WhatsApp number; at most `most`.
pub(super) async fn without_number(conn: &impl ConnectionTrait, most: u64) -> Result<Vec<String>> {
    let reachable = Query::select()
        .column(address::Column::PersonId)
        .from(address::Entity)
        .and_where(address::Column::Medium.eq("whatsapp"))
        .take();
    let names: Vec<Option<String>> = person::Entity::find()
        .select_only()
        .column(person::Column::Name)
        .filter(person::Column::Role.is_not_null())
        .filter(person::Column::IsActive.eq(true))
        .filter(Expr::col(person::Column::Id).not_in_subquery(reachable))
        .limit(most)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(names.into_iter().map(|name| name.unwrap_or_else(|| "(no name)".to_owned())).collect())
}
