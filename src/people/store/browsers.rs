//! Browsers that somebody is signed in with, as rows: who has a cookie, and which there are.

use super::person;
use super::sign_ins::sign_in;
use crate::db::Tx;
use crate::kit::{Instant, Result};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    RelationTrait as _,
};

/// Who came with a cookie, and what they are now.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Held {
    /// The sign-in.
    pub token: String,
    /// The person.
    pub person_id: i64,
    /// The name they sign in with.
    pub username: Option<String>,
    /// Their name as others read it.
    pub name: Option<String>,
    /// The stored role.
    pub role: Option<String>,
    /// Their department.
    pub department: Option<String>,
    /// Their language.
    pub language: String,
    /// When they signed in.
    pub created_at: Instant,
    /// Until when the sign-in holds.
    pub expires_at: Instant,
    /// When the browser was last seen, roughly.
    pub seen_at: Option<Instant>,
}

/// Who has the cookie with this hash, as long as the sign-in holds and the person is active.
pub async fn by_cookie(conn: &impl ConnectionTrait, hash: &str, now: Instant) -> Result<Option<Held>> {
    let select = sign_in::Entity::find()
        .select_only()
        .columns([sign_in::Column::Token, sign_in::Column::PersonId, sign_in::Column::CreatedAt])
        .columns([sign_in::Column::ExpiresAt, sign_in::Column::SeenAt])
        .columns([person::Column::Username, person::Column::Name, person::Column::Role])
        .columns([person::Column::Department, person::Column::Language])
        .join(JoinType::InnerJoin, sign_in::Relation::Person.def())
        .filter(sign_in::Column::CookieHash.eq(hash))
        .filter(sign_in::Column::EndedAt.is_null())
        .filter(sign_in::Column::ExpiresAt.gt(now))
        .filter(person::Column::IsActive.eq(true));
    Ok(select.into_model::<Held>().one(conn).await?)
}

/// Notes that a browser was seen, and until when its sign-in holds now.
pub async fn seen(tx: &Tx, token: &str, expires_at: Instant) -> Result<()> {
    sign_in::Entity::update_many()
        .col_expr(sign_in::Column::SeenAt, Some(tx.now()).into())
        .col_expr(sign_in::Column::ExpiresAt, expires_at.into())
        .filter(sign_in::Column::Token.eq(token))
        .filter(sign_in::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Somebody's sign-ins that hold, of browsers and of the API, the newest first.
pub async fn of(conn: &impl ConnectionTrait, person_id: i64, now: Instant, most: u64) -> Result<Vec<sign_in::Model>> {
    let select = sign_in::Entity::find()
        .filter(sign_in::Column::PersonId.eq(person_id))
        .filter(sign_in::Column::EndedAt.is_null())
        .filter(sign_in::Column::ExpiresAt.gt(now))
        .order_by_desc(sign_in::Column::Id)
        .limit(most);
    Ok(select.all(conn).await?)
}

/// Ends one of somebody's sign-ins; whether there was one to end.
pub async fn end(tx: &Tx, person_id: i64, id: i64) -> Result<bool> {
    let done = sign_in::Entity::update_many()
        .col_expr(sign_in::Column::EndedAt, Some(tx.now()).into())
        .filter(sign_in::Column::Id.eq(id))
        .filter(sign_in::Column::PersonId.eq(person_id))
        .filter(sign_in::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}
