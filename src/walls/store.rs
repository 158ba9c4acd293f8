//! Walls in the database.

use super::New;
use crate::db::Tx;
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

pub(super) async fn insert(tx: &Tx, new: &New, hash: String, by: i64) -> Result<row::Model> {
    let wall = row::ActiveModel {
        id: NotSet,
        name: Set(new.name.clone()),
        department: Set(new.department.clone()),
        language: Set(new.language.clone()),
        hash: Set(hash.clone()),
        made_by: Set(by),
        created_at: Set(tx.now()),
        seen_at: Set(None),
        revoked_at: Set(None),
    };
    let id = row::Entity::insert(wall).exec(tx.conn()).await?.last_insert_id;
    let New { name, department, language } = new.clone();
    let created_at = tx.now();
    Ok(row::Model { id, name, department, language, hash, made_by: by, created_at, seen_at: None, revoked_at: None })
}

/// How many hold.
pub(super) async fn count(conn: &impl ConnectionTrait) -> Result<u64> {
    Ok(row::Entity::find().filter(row::Column::RevokedAt.is_null()).count(conn).await?)
}

/// Those that hold, by name.
pub(super) async fn list(conn: &impl ConnectionTrait, most: u64) -> Result<Vec<row::Model>> {
    let select = row::Entity::find()
        .filter(row::Column::RevokedAt.is_null())
        .order_by_asc(row::Column::Name)
        .order_by_asc(row::Column::Id)
        .limit(most);
    Ok(select.all(conn).await?)
}

pub(super) async fn by_hash(conn: &impl ConnectionTrait, hash: &str) -> Result<Option<row::Model>> {
    let select = row::Entity::find().filter(row::Column::Hash.eq(hash)).filter(row::Column::RevokedAt.is_null());
    Ok(select.one(conn).await?)
}

pub(super) async fn holding(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).filter(row::Column::RevokedAt.is_null()).one(conn).await?)
}

/// Revokes one; whether it held until now.
pub(super) async fn revoke(tx: &Tx, id: i64) -> Result<bool> {
    let done = row::Entity::update_many()
        .col_expr(row::Column::RevokedAt, Some(tx.now()).into())
        .filter(row::Column::Id.eq(id))
        .filter(row::Column::RevokedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}

pub(super) async fn seen(tx: &Tx, id: i64) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::SeenAt, Some(tx.now()).into())
        .filter(row::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The stored wall.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "walls")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub department: Option<String>,
        pub language: String,
        pub hash: String,
        pub made_by: i64,
        pub created_at: Instant,
        pub seen_at: Option<Instant>,
        pub revoked_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
