//! Imports and their pieces in the database.

use super::Kind;
use crate::db::{Db, Tx};
use crate::kit::{Error, Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

/// Nothing of it counts yet.
const GATHERING: &str = "GATHERING";
/// All of it counts; its pieces are being written.
const WRITING: &str = "WRITING";

/// Begins an import and answers with its id.
pub(super) async fn begin(tx: &Tx, kind: Kind) -> Result<i64> {
    let import = row::ActiveModel {
        id: NotSet,
        kind: Set(kind.as_str().to_owned()),
        status: Set(GATHERING.to_owned()),
        created_at: Set(tx.now()),
        touched_at: Set(tx.now()),
    };
    Ok(row::Entity::insert(import).exec(tx.conn()).await?.last_insert_id)
}

/// The imports that are being gathered.
pub(super) async fn gathering(conn: &impl ConnectionTrait) -> Result<Vec<row::Model>> {
    Ok(row::Entity::find().filter(row::Column::Status.eq(GATHERING)).all(conn).await?)
}

/// The oldest import that counts and is not written whole.
pub(super) async fn writing(conn: &impl ConnectionTrait) -> Result<Option<row::Model>> {
    let select = row::Entity::find().filter(row::Column::Status.eq(WRITING)).order_by_asc(row::Column::Id);
    Ok(select.one(conn).await?)
}

/// Lays a piece by.
///
/// # Errors
/// When the import is no longer gathered: another one took it for dead.
pub(super) async fn lay_by(tx: &Tx, import_id: i64, position: i32, records: &str) -> Result<()> {
    touch(tx, import_id, GATHERING).await?;
    let piece = piece::ActiveModel {
        id: NotSet,
        import_id: Set(import_id),
        position: Set(position),
        records: Set(records.to_owned()),
    };
    piece::Entity::insert(piece).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Says that an import is alive. Errors as [`lay_by`].
pub(super) async fn keep(tx: &Tx, import_id: i64) -> Result<()> {
    touch(tx, import_id, GATHERING).await
}

/// From here on the import counts. Errors as [`lay_by`].
pub(super) async fn commit(tx: &Tx, import_id: i64) -> Result<()> {
    touch(tx, import_id, WRITING).await
}

async fn touch(tx: &Tx, import_id: i64, status: &str) -> Result<()> {
    let touched = row::Entity::update_many()
        .col_expr(row::Column::Status, status.into())
        .col_expr(row::Column::TouchedAt, tx.now().into())
        .filter(row::Column::Id.eq(import_id))
        .filter(row::Column::Status.eq(GATHERING))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected == 1 {
        return Ok(());
    }
    let text = "This import stood still for too long, and another one began. Nothing was changed; import again.";
    Err(Error::bad_request(text))
}

/// The next piece of an import, whose row is locked, so that of two who write it each piece is written once.
pub(super) async fn next_piece(tx: &Tx, import_id: i64) -> Result<Option<piece::Model>> {
    row::Entity::find_by_id(import_id).lock_exclusive().one(tx.conn()).await?;
    let select = piece::Entity::find()
        .filter(piece::Column::ImportId.eq(import_id))
        .order_by_asc(piece::Column::Position)
        .limit(1);
    Ok(select.one(tx.conn()).await?)
}

/// How many pieces of an import are left.
pub(super) async fn pieces_left(db: &Db, import_id: i64) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    Ok(piece::Entity::find().filter(piece::Column::ImportId.eq(import_id)).count(db.read()).await?)
}

/// Takes a piece away.
pub(super) async fn remove(tx: &Tx, piece_id: i64) -> Result<()> {
    piece::Entity::delete_by_id(piece_id).exec(tx.conn()).await?;
    Ok(())
}

/// Takes an import away that has no pieces.
pub(super) async fn end(tx: &Tx, import_id: i64) -> Result<()> {
    row::Entity::delete_by_id(import_id).exec(tx.conn()).await?;
    Ok(())
}

/// The stored import.
pub(super) mod row {
    #![expect(unreachable_pub, reason = "what derives the entity wants its model public")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "imports")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub kind: String,
        pub status: String,
        pub created_at: Instant,
        pub touched_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored piece: a JSON array of records.
pub(super) mod piece {
    #![expect(unreachable_pub, reason = "what derives the entity wants its model public")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "import_pieces")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub import_id: i64,
        pub position: i32,
        pub records: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
