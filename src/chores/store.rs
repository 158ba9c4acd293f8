//! Chores as rows.

use super::Kind;
use crate::db::{Change, Topic, Tx};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

/// The latest of a kind.
pub(super) async fn latest(conn: &impl ConnectionTrait, kind: Kind) -> Result<Option<row::Model>> {
    let all = row::Entity::find().filter(row::Column::Kind.eq(kind)).order_by_desc(row::Column::Id);
    Ok(all.limit(1).one(conn).await?)
}

pub(super) async fn insert(tx: &Tx, kind: Kind, asked_by: i64) -> Result<i64> {
    let new = row::ActiveModel {
        id: NotSet,
        kind: Set(kind),
        asked_by: Set(asked_by),
        asked_at: Set(tx.now()),
        taken_until: Set(None),
        ended_at: Set(None),
        outcome: Set(None),
        problem: Set(None),
    };
    tx.tell_desk(Change::Some(Topic::Chores));
    Ok(row::Entity::insert(new).exec(tx.conn()).await?.last_insert_id)
}

/// The next that nobody does, or whoever did it is gone.
pub(super) async fn next(conn: &impl ConnectionTrait, now: Instant) -> Result<Option<row::Model>> {
    let is_free = Condition::any().add(row::Column::TakenUntil.is_null()).add(row::Column::TakenUntil.lt(now));
    let open = row::Entity::find().filter(row::Column::EndedAt.is_null()).filter(is_free);
    Ok(open.order_by_asc(row::Column::Id).limit(1).one(conn).await?)
}

/// Takes one that nobody does; whether it was still so.
pub(super) async fn take(tx: &Tx, chore: &row::Model, until: Instant) -> Result<bool> {
    let before = match chore.taken_until {
        Some(before) => row::Column::TakenUntil.eq(before),
        None => row::Column::TakenUntil.is_null(),
    };
    let taken = row::Entity::update_many()
        .col_expr(row::Column::TakenUntil, Expr::value(Some(until)))
        .filter(row::Column::Id.eq(chore.id))
        .filter(row::Column::EndedAt.is_null())
        .filter(before);
    Ok(taken.exec(tx.conn()).await?.rows_affected == 1)
}

/// Notes what came of one.
pub(super) async fn end(tx: &Tx, id: i64, outcome: Option<String>, problem: Option<String>) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::EndedAt, Expr::value(Some(tx.now())))
        .col_expr(row::Column::Outcome, Expr::value(outcome))
        .col_expr(row::Column::Problem, Expr::value(problem))
        .filter(row::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    tx.tell_desk(Change::Some(Topic::Chores));
    Ok(())
}

/// The stored chore.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::{Instant, Kind};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chores")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub kind: Kind,
        pub asked_by: i64,
        pub asked_at: Instant,
        pub taken_until: Option<Instant>,
        pub ended_at: Option<Instant>,
        pub outcome: Option<String>,
        pub problem: Option<String>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
