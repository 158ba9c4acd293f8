//! Files that wait to be taken over, in the database.

use crate::db::{Tx, delete_before};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

/// Keeps a file in the place of whatever this person had waiting; answers with its row.
pub(in crate::records_io) async fn put(tx: &Tx, person_id: i64, kind: &str, name: &str, content: &str) -> Result<i64> {
    row::Entity::delete_many().filter(row::Column::PersonId.eq(person_id)).exec(tx.conn()).await?;
    let file = row::ActiveModel {
        id: NotSet,
        person_id: Set(person_id),
        kind: Set(kind.to_owned()),
        name: Set(name.to_owned()),
        content: Set(content.to_owned()),
        created_at: Set(tx.now()),
    };
    Ok(row::Entity::insert(file).exec(tx.conn()).await?.last_insert_id)
}

/// This file of this person, if it came after `since`.
pub(in crate::records_io) async fn one(
    conn: &impl ConnectionTrait,
    id: i64,
    person_id: i64,
    since: Instant,
) -> Result<Option<row::Model>> {
    let select = row::Entity::find_by_id(id)
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::CreatedAt.gt(since));
    Ok(select.one(conn).await?)
}

/// The row and name of the file that this person has waiting.
pub(in crate::records_io) async fn latest(
    conn: &impl ConnectionTrait,
    person_id: i64,
    since: Instant,
) -> Result<Option<(i64, String)>> {
    let select = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Name])
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::CreatedAt.gt(since))
        .order_by_desc(row::Column::Id);
    Ok(select.into_tuple().one(conn).await?)
}

/// Takes a file of this person away; false where it was gone.
pub(in crate::records_io) async fn remove(tx: &Tx, id: i64, person_id: i64) -> Result<bool> {
    let delete = row::Entity::delete_many().filter(row::Column::Id.eq(id)).filter(row::Column::PersonId.eq(person_id));
    Ok(delete.exec(tx.conn()).await?.rows_affected > 0)
}

/// Takes away those that came before this instant, at most so many.
pub(in crate::records_io) async fn tidy(tx: &Tx, before: Instant, most: u64) -> Result<u64> {
    delete_before::<row::Entity>(tx, row::Column::Id, row::Column::CreatedAt, before, most).await
}

/// The stored file.
pub(in crate::records_io) mod row {
    #![expect(unreachable_pub, reason = "what derives the entity wants its model public")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "waiting_files")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub person_id: i64,
        pub kind: String,
        pub name: String,
        pub content: String,
        pub created_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
