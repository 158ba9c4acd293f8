//! Which of the provider's messages are known here.

use crate::chat::store::message;
use crate::kit::Result;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::HashSet;

/// Which of these messages of a channel are stored already.
pub(super) async fn known(
    conn: &impl ConnectionTrait,
    channel: &str,
    provider_ids: &[String],
) -> Result<HashSet<String>> {
    let mut known = HashSet::new();
    for ids in provider_ids.chunks(crate::db::MAX_BOUND_VALUES) {
        let found: Vec<String> = message::Entity::find()
            .select_only()
            .column(message::Column::ProviderId)
            .filter(message::Column::Channel.eq(channel))
            .filter(message::Column::ProviderId.is_in(ids))
            .into_tuple()
            .all(conn)
            .await?;
        known.extend(found);
    }
    Ok(known)
}
