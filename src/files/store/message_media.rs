//! What people sent in messages, fetched to be shown at the desk.

use super::ROWS_AT_ONCE;
use crate::channels::Media;
use crate::db::{self, Tx, Waiting};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

pub use row::{ActiveModel, Column, Entity, Model};

/// The files of a message.
#[derive(Clone, Copy, Debug)]
pub struct Came<'a> {
    /// The message.
    pub message_id: i64,
    /// Who sent it.
    pub person_id: i64,
    /// Where they are.
    pub media: &'a [Media],
}

/// Notes the files of these messages, to be fetched.
pub async fn note(tx: &Tx, came: &[Came<'_>]) -> Result<()> {
    let files = came.iter().flat_map(|came| came.media.iter().enumerate().map(move |one| (came, one)));
    let rows: Vec<ActiveModel> = files
        .map(|(came, (place, media))| ActiveModel {
            id: NotSet,
            message_id: Set(came.message_id),
            person_id: Set(came.person_id),
            place: Set(i32::try_from(place).unwrap_or(i32::MAX)),
            url: Set(media.url.clone()),
            hash: Set(None),
            content_type: Set(None),
            size: Set(None),
            tries: Set(0),
            due_at: Set(Some(tx.now())),
            created_at: Set(tx.now()),
        })
        .collect();
    for some in rows.chunks(ROWS_AT_ONCE) {
        Entity::insert_many(some.to_vec()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// The files that are still to be fetched.
pub(super) async fn waiting(conn: &impl ConnectionTrait) -> Result<Waiting> {
    let waiting = Entity::find().filter(Column::DueAt.is_not_null());
    db::waiting(conn, waiting, Column::CreatedAt, Column::CreatedAt).await
}

/// Whether the turn of any file has come.
pub async fn is_any_due(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    let due = Entity::find().select_only().column(Column::Id).filter(Column::DueAt.lte(now)).limit(1);
    Ok(due.into_tuple::<i64>().one(conn).await?.is_some())
}

/// The files whose turn has come, at most so many, kept from others until `until`.
pub async fn lease(tx: &Tx, most: u64, until: Instant) -> Result<Vec<Model>> {
    let due = Entity::find()
        .filter(Column::DueAt.lte(tx.now()))
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(most)
        .lock_exclusive()
        .all(tx.conn())
        .await?;
    let ids: Vec<i64> = due.iter().map(|one| one.id).collect();
    postpone(tx, &ids, Some(until)).await?;
    Ok(due)
}

/// Leaves files that were kept from others to whoever comes next.
pub async fn leave(tx: &Tx, ids: &[i64]) -> Result<()> {
    postpone(tx, ids, Some(tx.now())).await
}

async fn postpone(tx: &Tx, ids: &[i64], until: Option<Instant>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(until))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Notes that a file could not be fetched; where there is no next time, it never will be.
pub async fn note_try(tx: &Tx, id: i64, tries: i32, again_at: Option<Instant>) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Tries, Expr::value(tries))
        .col_expr(Column::DueAt, Expr::value(again_at))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Notes that a file is here.
pub async fn is_here(tx: &Tx, id: i64, hash: &str, content_type: &str, size: i64) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Hash, Expr::value(Some(hash.to_owned())))
        .col_expr(Column::ContentType, Expr::value(Some(content_type.to_owned())))
        .col_expr(Column::Size, Expr::value(Some(size)))
        .col_expr(Column::DueAt, Expr::value(None::<Instant>))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Lets go of the files of these messages; what nothing refers to any more goes with house-keeping.
pub async fn forget(tx: &Tx, messages: &[i64]) -> Result<()> {
    Entity::delete_many().filter(Column::MessageId.is_in(messages.iter().copied())).exec(tx.conn()).await?;
    Ok(())
}

/// The stored file.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message_media")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub message_id: i64,
        pub person_id: i64,
        pub place: i32,
        pub url: String,
        pub hash: Option<String>,
        pub content_type: Option<String>,
        pub size: Option<i64>,
        pub tries: i32,
        pub due_at: Option<Instant>,
        pub created_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
