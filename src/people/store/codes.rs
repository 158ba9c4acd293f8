//! One-time codes as rows.

use crate::db::{Tx, delete_before};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use std::collections::HashMap;

/// A code to keep.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// Who proves something by it.
    pub person_id: i64,
    /// Its hash.
    pub hash: String,
    /// The number it is sent to; none: it is shown at the desk.
    pub sent_to: Option<String>,
    /// Until when it holds.
    pub expires_at: Instant,
}

/// Keeps a code; it takes the place of the one of the same way before.
pub async fn insert(tx: &Tx, new: NewCode) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::EndedAt, tx.now().into())
        .filter(row::Column::PersonId.eq(new.person_id))
        .filter(row::Column::IsSent.eq(new.sent_to.is_some()))
        .filter(row::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    let row = row::ActiveModel {
        id: NotSet,
        person_id: Set(new.person_id),
        hash: Set(new.hash),
        is_sent: Set(new.sent_to.is_some()),
        number: Set(new.sent_to),
        created_at: Set(tx.now()),
        expires_at: Set(new.expires_at),
        ended_at: Set(None),
    };
    row::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Somebody's codes that hold, the newest first.
pub async fn of(conn: &impl ConnectionTrait, person_id: i64, now: Instant) -> Result<Vec<row::Model>> {
    let select = row::Entity::find()
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::EndedAt.is_null())
        .filter(row::Column::ExpiresAt.gt(now))
        .order_by_desc(row::Column::Id);
    Ok(select.all(conn).await?)
}

/// The codes with these hashes that are shown at a desk, hold, and came from no number yet.
pub async fn shown(conn: &impl ConnectionTrait, hashes: &[String], now: Instant) -> Result<HashMap<String, i64>> {
    let select = row::Entity::find()
        .select_only()
        .columns([row::Column::Hash, row::Column::Id])
        .filter(row::Column::Hash.is_in(hashes))
        .filter(row::Column::IsSent.eq(false))
        .filter(row::Column::Number.is_null())
        .filter(row::Column::EndedAt.is_null())
        .filter(row::Column::ExpiresAt.gt(now));
    Ok(select.into_tuple::<(String, i64)>().all(conn).await?.into_iter().collect())
}

/// Notes the number that a code came from. False where another phone was faster, or a newer code took its place.
pub async fn came_from(tx: &Tx, id: i64, number: &str) -> Result<bool> {
    let done = row::Entity::update_many()
        .col_expr(row::Column::Number, number.into())
        .filter(row::Column::Id.eq(id))
        .filter(row::Column::Number.is_null())
        .filter(row::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends a code: it was used. False where somebody was faster.
pub async fn end(tx: &Tx, id: i64) -> Result<bool> {
    let done = row::Entity::update_many()
        .col_expr(row::Column::EndedAt, tx.now().into())
        .filter(row::Column::Id.eq(id))
        .filter(row::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}

/// How many codes were sent for this person since then.
pub async fn sent_since(conn: &impl ConnectionTrait, person_id: i64, since: Instant) -> Result<u64> {
    let select = row::Entity::find()
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::IsSent.eq(true))
        .filter(row::Column::CreatedAt.gt(since));
    Ok(select.count(conn).await?)
}

/// How many wrong codes came for each of these numbers since then; those with none are left out.
pub async fn wrong_since(
    conn: &impl ConnectionTrait,
    numbers: &[String],
    since: Instant,
) -> Result<HashMap<String, i64>> {
    let select = wrong::Entity::find()
        .select_only()
        .column(wrong::Column::Number)
        .column_as(wrong::Column::Id.count(), "count")
        .filter(wrong::Column::Number.is_in(numbers))
        .filter(wrong::Column::At.gt(since))
        .group_by(wrong::Column::Number);
    Ok(select.into_tuple::<(String, i64)>().all(conn).await?.into_iter().collect())
}

/// Notes wrong codes; those that count no more are let go.
pub async fn note_wrong(tx: &Tx, numbers: &[String], until: Instant) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    wrong::Entity::delete_many().filter(wrong::Column::At.lte(until)).exec(tx.conn()).await?;
    let rows =
        numbers.iter().map(|number| wrong::ActiveModel { id: NotSet, number: Set(number.clone()), at: Set(tx.now()) });
    wrong::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Deletes codes that ran out before then, at most so many at once; answers with how many.
pub async fn delete_old(tx: &Tx, before: Instant, most: u64) -> Result<u64> {
    delete_before::<row::Entity>(tx, row::Column::Id, row::Column::ExpiresAt, before, most).await
}

/// Takes somebody's codes out for good.
pub(super) async fn forget(tx: &Tx, person_id: i64) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::PersonId.eq(person_id)).exec(tx.conn()).await?;
    Ok(())
}

/// The stored code.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "codes")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub person_id: i64,
        pub hash: String,
        pub is_sent: bool,
        pub number: Option<String>,
        pub created_at: Instant,
        pub expires_at: Instant,
        pub ended_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod wrong {
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "wrong_codes")]
    pub(super) struct Model {
        #[sea_orm(primary_key)]
        pub(super) id: i64,
        pub(super) number: String,
        pub(super) at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
