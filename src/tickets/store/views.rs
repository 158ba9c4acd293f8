//! Kept views of the list of tickets, as rows.

use crate::db::Tx;
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
};

/// Somebody's views, in the order in which they were kept.
pub(in crate::tickets) async fn of(conn: &impl ConnectionTrait, person_id: i64) -> Result<Vec<row::Model>> {
    let theirs = row::Entity::find().filter(row::Column::PersonId.eq(person_id));
    Ok(theirs.order_by_asc(row::Column::Id).all(conn).await?)
}

pub(in crate::tickets) async fn one(
    conn: &impl ConnectionTrait,
    person_id: i64,
    id: i64,
) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).filter(row::Column::PersonId.eq(person_id)).one(conn).await?)
}

pub(in crate::tickets) async fn count(tx: &Tx, person_id: i64) -> Result<u64> {
    Ok(row::Entity::find().filter(row::Column::PersonId.eq(person_id)).count(tx.conn()).await?)
}

pub(in crate::tickets) async fn insert(tx: &Tx, person_id: i64, name: &str, query: &str) -> Result<row::Model> {
    let new = row::ActiveModel {
        id: NotSet,
        person_id: Set(person_id),
        name: Set(name.to_owned()),
        query: Set(query.to_owned()),
        created_at: Set(tx.now()),
    };
    let id = row::Entity::insert(new).exec(tx.conn()).await?.last_insert_id;
    Ok(row::Model { id, person_id, name: name.to_owned(), query: query.to_owned(), created_at: tx.now() })
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

pub(in crate::tickets) async fn delete(tx: &Tx, person_id: i64, id: i64) -> Result<bool> {
    let view = row::Entity::delete_many().filter(row::Column::Id.eq(id)).filter(row::Column::PersonId.eq(person_id));
    Ok(view.exec(tx.conn()).await?.rows_affected == 1)
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
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
