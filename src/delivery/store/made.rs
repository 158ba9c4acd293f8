//! What was made at providers so that choices can be shown: by its shape, once.

use super::rows::made;
use crate::db::Tx;
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

/// The provider's id of what was made for this shape; none where nothing was yet.
pub async fn of(conn: &impl ConnectionTrait, shape: &str) -> Result<Option<String>> {
    let id = made::Entity::find()
        .select_only()
        .column(made::Column::ProviderId)
        .filter(made::Column::Shape.eq(shape))
        .into_tuple()
        .one(conn)
        .await?;
    Ok(id)
}

/// Remembers what was made for a shape, and answers with what is remembered: what another process made before stays.
pub async fn remember(tx: &Tx, channel: &str, shape: &str, provider_id: &str) -> Result<Option<String>> {
    let row = made::ActiveModel {
        id: NotSet,
        shape: Set(shape.to_owned()),
        channel: Set(channel.to_owned()),
        provider_id: Set(provider_id.to_owned()),
        created_at: Set(tx.now()),
    };
    made::Entity::insert_many([row])
        .on_conflict_do_nothing_on([made::Column::Shape])
        .exec_without_returning(tx.conn())
        .await?;
    of(tx.conn(), shape).await
}
