//! Tokens of programs, as rows. The token itself is nowhere: only its SHA-256 is kept.

use super::person;
use crate::db::Tx;
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationTrait as _,
};

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whose.
    pub person_id: i64,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the token, in hexadecimal digits.
    pub hash: String,
    /// Whether it may change anything.
    pub can_write: bool,
    /// Until when it holds.
    pub expires_at: Option<Instant>,
}

/// Who holds a token, and what they are now.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Bearer {
    /// The token's row.
    pub token_id: i64,
    /// The person.
    pub person_id: i64,
    /// Whether the token may change anything.
    pub can_write: bool,
    /// When it was used last, as far as that was noted.
    pub last_used_at: Option<Instant>,
    /// The name they sign in with.
    pub username: Option<String>,
    /// The stored role.
    pub role: Option<String>,
    /// Their department.
    pub department: Option<String>,
}

/// Who holds the token with this hash, as long as it holds and they are active.
pub async fn bearer(conn: &impl ConnectionTrait, hash: &str, now: Instant) -> Result<Option<Bearer>> {
    let holds = Condition::any().add(row::Column::ExpiresAt.is_null()).add(row::Column::ExpiresAt.gt(now));
    let select = row::Entity::find()
        .select_only()
        .column_as(row::Column::Id, "token_id")
        .columns([row::Column::PersonId, row::Column::CanWrite, row::Column::LastUsedAt])
        .columns([person::Column::Username, person::Column::Role, person::Column::Department])
        .join(JoinType::InnerJoin, row::Relation::Person.def())
        .filter(row::Column::Hash.eq(hash))
        .filter(row::Column::RevokedAt.is_null())
        .filter(person::Column::IsActive.eq(true))
        .filter(holds);
    Ok(select.into_model::<Bearer>().one(conn).await?)
}

/// Keeps a token, and answers with its row.
pub async fn insert(tx: &Tx, new: NewToken) -> Result<row::Model> {
    let row = row::ActiveModel {
        id: NotSet,
        person_id: Set(new.person_id),
        name: Set(new.name.clone()),
        hash: Set(new.hash.clone()),
        can_write: Set(new.can_write),
        created_at: Set(tx.now()),
        expires_at: Set(new.expires_at),
        last_used_at: Set(None),
        revoked_at: Set(None),
    };
    let id = row::Entity::insert(row).exec(tx.conn()).await?.last_insert_id;
    let NewToken { person_id, name, hash, can_write, expires_at } = new;
    let (created_at, last_used_at, revoked_at) = (tx.now(), None, None);
    Ok(row::Model { id, person_id, name, hash, can_write, created_at, expires_at, last_used_at, revoked_at })
}

/// Somebody's tokens that were not revoked, the newest first.
pub async fn of(conn: &impl ConnectionTrait, person_id: i64) -> Result<Vec<row::Model>> {
    let select = row::Entity::find()
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::RevokedAt.is_null())
        .order_by_desc(row::Column::Id);
    Ok(select.all(conn).await?)
}

/// The token with this row, unless it was revoked.
pub async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).filter(row::Column::RevokedAt.is_null()).one(conn).await?)
}

/// Notes that it was used.
pub async fn touch(tx: &Tx, id: i64) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::LastUsedAt, tx.now().into())
        .filter(row::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Revokes one.
pub async fn revoke(tx: &Tx, id: i64) -> Result<()> {
    revoke_those(tx, row::Column::Id.eq(id)).await
}

/// Revokes all of somebody's.
pub async fn revoke_all(tx: &Tx, person_id: i64) -> Result<()> {
    revoke_those(tx, row::Column::PersonId.eq(person_id)).await
}

async fn revoke_those(tx: &Tx, which: sea_orm::sea_query::Expr) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::RevokedAt, tx.now().into())
        .filter(which)
        .filter(row::Column::RevokedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Takes somebody's tokens out for good.
pub(super) async fn forget(tx: &Tx, person_id: i64) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::PersonId.eq(person_id)).exec(tx.conn()).await?;
    Ok(())
}

/// The stored token.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_tokens")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub person_id: i64,
        pub name: String,
        pub hash: String,
        pub can_write: bool,
        pub created_at: Instant,
        pub expires_at: Option<Instant>,
        pub last_used_at: Option<Instant>,
        pub revoked_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::super::person::Entity",
            from = "Column::PersonId",
            to = "super::super::person::Column::Id"
        )]
        Person,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
