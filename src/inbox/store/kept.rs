//! Replies kept at hand, as rows: one for each name and language.

use crate::db::Tx;
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};

/// All, by name and language.
pub async fn all(conn: &impl ConnectionTrait) -> Result<Vec<row::Model>> {
    let all = row::Entity::find().order_by_asc(row::Column::Name).order_by_asc(row::Column::Language);
    Ok(all.all(conn).await?)
}

/// Keeps one: it replaces that of the same name and language.
pub async fn put(tx: &Tx, name: &str, language: &str, body: &str, author_id: i64) -> Result<()> {
    let one = row::ActiveModel {
        id: NotSet,
        name: Set(name.to_owned()),
        language: Set(language.to_owned()),
        body: Set(body.to_owned()),
        author_id: Set(Some(author_id)),
        updated_at: Set(tx.now()),
    };
    let changed = [row::Column::Body, row::Column::AuthorId, row::Column::UpdatedAt];
    row::Entity::insert(one)
        .on_conflict(OnConflict::columns([row::Column::Name, row::Column::Language]).update_columns(changed).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Lets one go; whether it was there.
pub async fn delete(tx: &Tx, id: i64) -> Result<bool> {
    Ok(row::Entity::delete_many().filter(row::Column::Id.eq(id)).exec(tx.conn()).await?.rows_affected == 1)
}

/// The stored reply.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "canned_replies")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub language: String,
        pub body: String,
        pub author_id: Option<i64>,
        pub updated_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
