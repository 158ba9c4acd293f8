//! What may be tapped under messages that went out, by the ids that their providers gave them.

use super::rows::{attempt, row};
use crate::channels::{Choices, Rich};
use crate::kit::Result;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QuerySelect as _,
    RelationTrait as _,
};
use std::collections::{BTreeSet, HashMap};

/// The choices of these messages, by channel and provider's id; those with none are left out.
pub async fn choices_under(
    conn: &impl ConnectionTrait,
    messages: &[(&str, &str)],
) -> Result<HashMap<(String, String), Choices>> {
    let channels: BTreeSet<&str> = messages.iter().map(|(channel, _)| *channel).collect();
    let found: Vec<(String, String, String)> = attempt::Entity::find()
        .select_only()
        .columns([attempt::Column::Channel, attempt::Column::ProviderId])
        .column(row::Column::Rich)
        .join(JoinType::InnerJoin, attempt::Relation::Delivery.def())
        .filter(attempt::Column::Channel.is_in(channels))
        .filter(attempt::Column::ProviderId.is_in(messages.iter().map(|(_, id)| *id)))
        .filter(row::Column::Rich.is_not_null())
        .into_tuple()
        .all(conn)
        .await?;
    let choices = found.into_iter().filter_map(|(channel, id, rich)| {
        let rich: Rich = serde_json::from_str(&rich).ok()?;
        Some(((channel, id), rich.choices?))
    });
    Ok(choices.collect())
}
