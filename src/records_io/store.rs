//! Imports and their pieces in the database.

pub(super) mod waiting;

use super::Kind;
use crate::db::{self, Db, Tx, Waiting, marks};
use crate::kit::{Error, Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

/// Nothing of it counts yet.
const GATHERING: &str = "GATHERING";
/// All of it counts; its pieces are being written.
const WRITING: &str = "WRITING";
/// Nothing of it will ever count; its pieces are being taken away.
const DROPPED: &str = "DROPPED";
/// Held while an import begins, so that of two the second one sees the first.
const BEGINNING: &str = "imports";

/// Waits until nobody else begins an import.
pub(super) async fn wait_to_begin(tx: &Tx) -> Result<()> {
    marks::hold(tx, BEGINNING).await
}

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

/// The imports of which nothing is to be kept.
pub(super) async fn dropped(conn: &impl ConnectionTrait) -> Result<Vec<row::Model>> {
    Ok(row::Entity::find().filter(row::Column::Status.eq(DROPPED)).all(conn).await?)
}

/// The oldest import that counts and is not written whole.
pub(super) async fn writing(conn: &impl ConnectionTrait) -> Result<Option<row::Model>> {
    let select = row::Entity::find().filter(row::Column::Status.eq(WRITING)).order_by_asc(row::Column::Id);
    Ok(select.one(conn).await?)
}

/// The imports that are not over.
pub(super) async fn under_way(conn: &impl ConnectionTrait) -> Result<Waiting> {
    let open = row::Entity::find().filter(row::Column::Status.is_in([GATHERING, WRITING]));
    db::waiting(conn, open, row::Column::Id, row::Column::CreatedAt).await
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
    // It is there already where the answer to an earlier try was lost.
    piece::Entity::insert(piece)
        .on_conflict_do_nothing_on([piece::Column::ImportId, piece::Column::Position])
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Says that an import is alive. Errors as [`lay_by`].
pub(super) async fn keep(tx: &Tx, import_id: i64) -> Result<()> {
    touch(tx, import_id, GATHERING).await
}

/// From here on the import counts, also where it did already: the answer to an earlier try was lost, if this is
/// `another_try`.
///
/// # Errors
/// As [`lay_by`]; and where an earlier try may have made it count and nothing is left of it since.
pub(super) async fn commit(tx: &Tx, import_id: i64, another_try: bool) -> Result<()> {
    let Err(stood_still) = touch(tx, import_id, WRITING).await else { return Ok(()) };
    match row::Entity::find_by_id(import_id).one(tx.conn()).await? {
        Some(import) if import.status == WRITING => Ok(()),
        None if another_try => {
            let text = "The database was away when this import was to count, and nobody can tell whether it does. \
                        Import the file again: what is taken over already stays as it is.";
            Err(Error::unavailable(text))
        }
        _ => Err(stood_still),
    }
}

/// Says that nothing of an import counts; false where somebody else has decided about it. With `silent_since` only an
/// import that was not heard of after that instant is given up.
pub(super) async fn give_up(tx: &Tx, import_id: i64, silent_since: Option<Instant>) -> Result<bool> {
    let mut update = row::Entity::update_many()
        .col_expr(row::Column::Status, DROPPED.into())
        .filter(row::Column::Id.eq(import_id))
        .filter(row::Column::Status.eq(GATHERING));
    if let Some(at) = silent_since {
        update = update.filter(row::Column::TouchedAt.lt(at));
    }
    Ok(update.exec(tx.conn()).await?.rows_affected == 1)
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
