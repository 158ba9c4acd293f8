//! Replies kept at hand, as rows: one for each name and language.

use crate::db::Tx;
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};

/// All, by name and language.
pub async fn all(conn: &impl ConnectionTrait) -> Result<Vec<row::Model>> {
    let all = row::Entity::find()
        .filter(row::Column::RemovedAt.is_null())
        .order_by_asc(row::Column::Name)
        .order_by_asc(row::Column::Language);
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
        removed_at: Set(None),
    };
    let changed = [row::Column::Body, row::Column::AuthorId, row::Column::UpdatedAt, row::Column::RemovedAt];
    row::Entity::insert(one)
        .on_conflict(OnConflict::columns([row::Column::Name, row::Column::Language]).update_columns(changed).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Takes one away; whether it was there.
pub async fn remove(tx: &Tx, id: i64) -> Result<bool> {
    mark(tx, id, Some(tx.now())).await
}

/// Puts one back; whether it was taken away.
pub async fn put_back(tx: &Tx, id: i64) -> Result<bool> {
    mark(tx, id, None).await
}

async fn mark(tx: &Tx, id: i64, removed_at: Option<Instant>) -> Result<bool> {
    let one = row::Entity::update_many()
        .col_expr(row::Column::RemovedAt, Expr::value(removed_at))
        .filter(row::Column::Id.eq(id))
        .filter(if removed_at.is_some() {
            row::Column::RemovedAt.is_null()
        } else {
            row::Column::RemovedAt.is_not_null()
        });
    Ok(one.exec(tx.conn()).await?.rows_affected == 1)
}

/// Deletes those that were taken away before.
pub async fn delete_removed(tx: &Tx, before: Instant) -> Result<u64> {
    let old = row::Entity::delete_many().filter(row::Column::RemovedAt.lt(before));
    Ok(old.exec(tx.conn()).await?.rows_affected)
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
        pub removed_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
