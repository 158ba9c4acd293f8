//! Kept views of the list of tickets, as rows.

use crate::db::Tx;
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, Select,
};

/// Somebody's views, in the order in which they were kept.
pub(in crate::tickets) async fn of(conn: &impl ConnectionTrait, person_id: i64) -> Result<Vec<row::Model>> {
    Ok(theirs(person_id).order_by_asc(row::Column::Id).all(conn).await?)
}

pub(in crate::tickets) async fn one(
    conn: &impl ConnectionTrait,
    person_id: i64,
    id: i64,
) -> Result<Option<row::Model>> {
    Ok(theirs(person_id).filter(row::Column::Id.eq(id)).one(conn).await?)
}

pub(in crate::tickets) async fn count(tx: &Tx, person_id: i64) -> Result<u64> {
    Ok(theirs(person_id).count(tx.conn()).await?)
}

fn theirs(person_id: i64) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::PersonId.eq(person_id)).filter(row::Column::RemovedAt.is_null())
}

pub(in crate::tickets) async fn insert(tx: &Tx, person_id: i64, name: &str, query: &str) -> Result<row::Model> {
    let new = row::ActiveModel {
        id: NotSet,
        person_id: Set(person_id),
        name: Set(name.to_owned()),
        query: Set(query.to_owned()),
        created_at: Set(tx.now()),
        removed_at: Set(None),
    };
    let id = row::Entity::insert(new).exec(tx.conn()).await?.last_insert_id;
    Ok(row::Model {
        id,
        person_id,
        name: name.to_owned(),
        query: query.to_owned(),
        created_at: tx.now(),
        removed_at: None,
    })
}

pub(in crate::tickets) async fn change(tx: &Tx, view: &row::Model) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::Name, view.name.as_str().into())
        .col_expr(row::Column::Query, view.query.as_str().into())
        .filter(row::Column::Id.eq(view.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Takes one away; whether it was there.
pub(in crate::tickets) async fn remove(tx: &Tx, person_id: i64, id: i64) -> Result<bool> {
    mark(tx, person_id, id, Some(tx.now())).await
}

/// Puts one back; whether it was taken away.
pub(in crate::tickets) async fn put_back(tx: &Tx, person_id: i64, id: i64) -> Result<bool> {
    mark(tx, person_id, id, None).await
}

async fn mark(tx: &Tx, person_id: i64, id: i64, removed_at: Option<Instant>) -> Result<bool> {
    let view = row::Entity::update_many()
        .col_expr(row::Column::RemovedAt, Expr::value(removed_at))
        .filter(row::Column::Id.eq(id))
        .filter(row::Column::PersonId.eq(person_id))
        .filter(if removed_at.is_some() {
            row::Column::RemovedAt.is_null()
        } else {
            row::Column::RemovedAt.is_not_null()
        });
    Ok(view.exec(tx.conn()).await?.rows_affected == 1)
}

/// Deletes those that were taken away before.
pub(in crate::tickets) async fn delete_removed(tx: &Tx, before: Instant) -> Result<u64> {
    let old = row::Entity::delete_many().filter(row::Column::RemovedAt.lt(before));
    Ok(old.exec(tx.conn()).await?.rows_affected)
}

/// The stored view.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket_views")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub person_id: i64,
        pub name: String,
        pub query: String,
        pub created_at: Instant,
        pub removed_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
