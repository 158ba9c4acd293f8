//! Second factors and their recovery codes, as rows. What is kept of a secret is its salt, of a code its hash.

use crate::db::Tx;
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

/// Somebody's second factor, in force or only shown so far.
pub async fn of(conn: &impl ConnectionTrait, person_id: i64) -> Result<Option<factor::Model>> {
    Ok(factor::Entity::find_by_id(person_id).one(conn).await?)
}

/// Keeps the salt of a factor that is shown and not in force yet; one that is in force stays as it is.
pub async fn offer(tx: &Tx, person_id: i64, salt: &str) -> Result<()> {
    let row = factor::ActiveModel {
        person_id: Set(person_id),
        salt: Set(salt.to_owned()),
        made_at: Set(tx.now()),
        confirmed_at: Set(None),
        last_step: Set(None),
    };
    factor::Entity::insert_many([row])
        .on_conflict_do_nothing_on([factor::Column::PersonId])
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Puts a factor that was shown in force, by its first code; whether that was possible.
pub async fn confirm(tx: &Tx, person_id: i64, step: i64) -> Result<bool> {
    let done = factor::Entity::update_many()
        .col_expr(factor::Column::ConfirmedAt, Some(tx.now()).into())
        .col_expr(factor::Column::LastStep, Some(step).into())
        .filter(factor::Column::PersonId.eq(person_id))
        .filter(factor::Column::ConfirmedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Notes that the code of this half minute was taken; false where it, or a later one, was taken before.
pub async fn take(tx: &Tx, person_id: i64, step: i64) -> Result<bool> {
    let is_new = Condition::any().add(factor::Column::LastStep.is_null()).add(factor::Column::LastStep.lt(step));
    let done = factor::Entity::update_many()
        .col_expr(factor::Column::LastStep, Some(step).into())
        .filter(factor::Column::PersonId.eq(person_id))
        .filter(is_new)
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Takes somebody's factor off, with its recovery codes; whether there was one in force.
pub async fn take_off(tx: &Tx, person_id: i64) -> Result<bool> {
    let was_there = of(tx.conn(), person_id).await?.is_some_and(|factor| factor.confirmed_at.is_some());
    recovery::Entity::delete_many().filter(recovery::Column::PersonId.eq(person_id)).exec(tx.conn()).await?;
    factor::Entity::delete_many().filter(factor::Column::PersonId.eq(person_id)).exec(tx.conn()).await?;
    Ok(was_there)
}

/// Keeps the hashes of somebody's recovery codes in the place of those before.
pub async fn keep_codes(tx: &Tx, person_id: i64, hashes: &[String]) -> Result<()> {
    recovery::Entity::delete_many().filter(recovery::Column::PersonId.eq(person_id)).exec(tx.conn()).await?;
    let rows = hashes.iter().map(|hash| recovery::ActiveModel {
        id: NotSet,
        person_id: Set(person_id),
        hash: Set(hash.clone()),
        used_at: Set(None),
    });
    recovery::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Uses a recovery code up; whether it was one of theirs and unused.
pub async fn use_code(tx: &Tx, person_id: i64, hash: &str) -> Result<bool> {
    let done = recovery::Entity::update_many()
        .col_expr(recovery::Column::UsedAt, Some(tx.now()).into())
        .filter(recovery::Column::PersonId.eq(person_id))
        .filter(recovery::Column::Hash.eq(hash))
        .filter(recovery::Column::UsedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}

/// How many recovery codes somebody has left.
pub async fn codes_left(conn: &impl ConnectionTrait, person_id: i64) -> Result<u64> {
    let left = recovery::Entity::find()
        .filter(recovery::Column::PersonId.eq(person_id))
        .filter(recovery::Column::UsedAt.is_null());
    Ok(left.count(conn).await?)
}

/// The stored second factor.
pub mod factor {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "second_factors")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: i64,
        pub salt: String,
        pub made_at: Instant,
        pub confirmed_at: Option<Instant>,
        pub last_step: Option<i64>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod recovery {
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_codes")]
    pub(super) struct Model {
        #[sea_orm(primary_key)]
        pub(super) id: i64,
        pub(super) person_id: i64,
        pub(super) hash: String,
        pub(super) used_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
