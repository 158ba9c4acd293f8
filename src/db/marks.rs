//! The marks that jobs leave for themselves: a name with an instant, or with a row.

use super::{Db, Tx};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

/// When the job with this name last finished.
pub async fn mark(conn: &impl ConnectionTrait, name: &str) -> Result<Option<Instant>> {
    Ok(row::Entity::find().filter(row::Column::Name.eq(name)).one(conn).await?.map(|mark| mark.at))
}

/// Notes that the job with this name finished what there was until `at`.
pub async fn set_mark(tx: &Tx, name: &str, at: Instant) -> Result<()> {
    let mark = row::ActiveModel { id: NotSet, name: Set(name.to_owned()), at: Set(at), position: NotSet };
    row::Entity::insert(mark)
        .on_conflict(OnConflict::column(row::Column::Name).update_column(row::Column::At).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// The last row that the job with this name is done with; 0 where there is none yet.
pub async fn position(conn: &impl ConnectionTrait, name: &str) -> Result<i64> {
    let mark = row::Entity::find().filter(row::Column::Name.eq(name)).one(conn).await?;
    Ok(mark.and_then(|mark| mark.position).unwrap_or(0))
}

/// Notes the last row that the job with this name is done with.
pub async fn set_position(tx: &Tx, name: &str, position: i64) -> Result<()> {
    let mark =
        row::ActiveModel { id: NotSet, name: Set(name.to_owned()), at: Set(tx.now()), position: Set(Some(position)) };
    let moved = [row::Column::At, row::Column::Position];
    row::Entity::insert(mark)
        .on_conflict(OnConflict::column(row::Column::Name).update_columns(moved).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Takes away all marks whose names begin so.
pub async fn forget(tx: &Tx, beginning: &str) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::Name.starts_with(beginning)).exec(tx.conn()).await?;
    Ok(())
}

/// Holds the mark with this name until the transaction ends: who else wants it waits.
pub async fn hold(tx: &Tx, name: &str) -> Result<()> {
    set_mark(tx, name, tx.now()).await
}

/// Writes a mark of no meaning, to see whether writing works.
pub async fn try_writing(db: &Db) -> Result<()> {
    db.write(|tx| Box::pin(set_mark(tx, "health", tx.now()))).await
}

/// The stored mark.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "marks")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub at: Instant,
        pub position: Option<i64>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
