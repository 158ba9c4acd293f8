//! Attachments and the photos that are still to be fetched, as rows.

pub mod message_media;

use crate::channels::Media;
use crate::db::{self, MAX_BOUND_VALUES, Tx, Waiting};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use std::collections::HashSet;

/// A photo that came by chat has ten columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 12;

/// An attachment about to be written.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    /// Its ticket.
    pub ticket_id: i64,
    /// The hash of its content.
    pub hash: String,
    /// Its name.
    pub filename: String,
    /// Its media type, by content.
    pub content_type: &'static str,
    /// Its length in bytes.
    pub size: i64,
    /// Who attached it.
    pub uploaded_by: Option<i64>,
}

/// Photos of a ticket that are at the provider's.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// The ticket.
    pub ticket_id: i64,
    /// Who sent them.
    pub sent_by: Option<i64>,
    /// Where they are.
    pub media: Vec<Media>,
}

/// Those of these hashes that something refers to.
pub(super) async fn used(conn: &impl ConnectionTrait, hashes: &[String]) -> Result<HashSet<String>> {
    let select = attachment::Entity::find()
        .select_only()
        .column(attachment::Column::Hash)
        .filter(attachment::Column::Hash.is_in(hashes))
        .distinct();
    let shown = message_media::Entity::find()
        .select_only()
        .column(message_media::Column::Hash)
        .filter(message_media::Column::Hash.is_in(hashes))
        .distinct();
    let mut used: HashSet<String> = select.into_tuple::<String>().all(conn).await?.into_iter().collect();
    used.extend(shown.into_tuple::<String>().all(conn).await?);
    Ok(used)
}

/// The attachments of a ticket, oldest first.
pub async fn of_ticket(conn: &impl ConnectionTrait, ticket_id: i64) -> Result<Vec<attachment::Model>> {
    Ok(attached(ticket_id).order_by_asc(attachment::Column::Id).all(conn).await?)
}

fn attached(ticket_id: i64) -> Select<attachment::Entity> {
    let of_ticket = attachment::Entity::find().filter(attachment::Column::TicketId.eq(ticket_id));
    of_ticket.filter(attachment::Column::RemovedAt.is_null())
}

/// Holds a ticket until the transaction ends: what is attached to it at once is counted one after the other.
pub async fn hold_ticket(tx: &Tx, ticket_id: i64) -> Result<()> {
    let held = Query::select()
        .column("id")
        .from("tickets")
        .and_where(Expr::col("id").eq(ticket_id))
        .lock(db::holding(tx.conn().get_database_backend()))
        .to_owned();
    tx.conn().query_one(&held).await?;
    Ok(())
}

/// How many attachments a ticket has.
pub async fn count_of_ticket(conn: &impl ConnectionTrait, ticket_id: i64) -> Result<u64> {
    Ok(attached(ticket_id).count(conn).await?)
}

/// One attachment of a ticket.
pub async fn one(conn: &impl ConnectionTrait, ticket_id: i64, id: i64) -> Result<Option<attachment::Model>> {
    Ok(attached(ticket_id).filter(attachment::Column::Id.eq(id)).one(conn).await?)
}

/// One attachment of a ticket that was taken away, and can be put back.
pub async fn removed(conn: &impl ConnectionTrait, ticket_id: i64, id: i64) -> Result<Option<attachment::Model>> {
    let of_ticket = attachment::Entity::find_by_id(id).filter(attachment::Column::TicketId.eq(ticket_id));
    Ok(of_ticket.filter(attachment::Column::RemovedAt.is_not_null()).one(conn).await?)
}

/// Adds an attachment.
pub async fn add(tx: &Tx, new: NewAttachment) -> Result<attachment::Model> {
    let row = attachment::ActiveModel {
        id: NotSet,
        ticket_id: Set(new.ticket_id),
        hash: Set(new.hash),
        filename: Set(new.filename),
        content_type: Set(new.content_type.to_owned()),
        size: Set(new.size),
        uploaded_by: Set(new.uploaded_by),
        uploaded_at: Set(tx.now()),
        removed_at: Set(None),
    };
    Ok(attachment::Entity::insert(row).exec_with_returning(tx.conn()).await?)
}

/// Takes an attachment away; whether it was there.
pub async fn remove(tx: &Tx, id: i64) -> Result<bool> {
    mark(tx, id, Some(tx.now())).await
}

/// Puts an attachment back; whether it was taken away.
pub async fn put_back(tx: &Tx, id: i64) -> Result<bool> {
    mark(tx, id, None).await
}

async fn mark(tx: &Tx, id: i64, removed_at: Option<Instant>) -> Result<bool> {
    let column = attachment::Column::RemovedAt;
    let one = attachment::Entity::update_many()
        .col_expr(column, Expr::value(removed_at))
        .filter(attachment::Column::Id.eq(id))
        .filter(if removed_at.is_some() { column.is_null() } else { column.is_not_null() });
    Ok(one.exec(tx.conn()).await?.rows_affected == 1)
}

/// Deletes the attachments that were taken away before; their files go where nothing else refers to them.
pub async fn delete_removed(tx: &Tx, before: Instant) -> Result<u64> {
    let old = attachment::Entity::delete_many().filter(attachment::Column::RemovedAt.lt(before));
    Ok(old.exec(tx.conn()).await?.rows_affected)
}

/// Notes photos that are to be fetched.
pub async fn await_media(tx: &Tx, awaited: &[Awaited]) -> Result<()> {
    let rows: Vec<awaited::ActiveModel> = awaited
        .iter()
        .flat_map(|of_one| of_one.media.iter().map(move |media| (of_one, media)))
        .map(|(of_one, media)| awaited::ActiveModel {
            id: NotSet,
            ticket_id: Set(of_one.ticket_id),
            sent_by: Set(of_one.sent_by),
            url: Set(media.url.clone()),
            tries: Set(0),
            due_at: Set(Some(tx.now())),
            problem: Set(None),
            created_at: Set(tx.now()),
        })
        .collect();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<_> = rows.by_ref().take(ROWS_AT_ONCE).collect();
        awaited::Entity::insert_many(some).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// The photos and files of messages that are still to be fetched.
pub async fn waiting(conn: &impl ConnectionTrait) -> Result<Waiting> {
    use awaited::{Column, Entity};
    let photos = Entity::find().filter(Column::DueAt.is_not_null());
    let photos = db::waiting(conn, photos, Column::CreatedAt, Column::CreatedAt).await?;
    Ok(photos.and(message_media::waiting(conn).await?))
}

/// Whether the turn of any photo has come.
pub async fn has_due_media(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    let select = awaited::Entity::find().select_only().column(awaited::Column::Id);
    let due = select.filter(awaited::Column::DueAt.lte(now)).limit(1).into_tuple::<i64>().one(conn).await?;
    Ok(due.is_some())
}

/// The photos whose turn has come, at most so many, kept from others until `until`.
pub async fn lease_media(tx: &Tx, most: u64, until: Instant) -> Result<Vec<awaited::Model>> {
    let due = awaited::Entity::find()
        .filter(awaited::Column::DueAt.lte(tx.now()))
        .order_by_asc(awaited::Column::DueAt)
        .order_by_asc(awaited::Column::Id)
        .limit(most)
        .lock_exclusive()
        .all(tx.conn())
        .await?;
    postpone(tx, &due.iter().map(|one| one.id).collect::<Vec<_>>(), until).await?;
    Ok(due)
}

/// Leaves photos that were kept from others to whoever comes next.
pub async fn leave_media(tx: &Tx, ids: &[i64]) -> Result<()> {
    postpone(tx, ids, tx.now()).await
}

async fn postpone(tx: &Tx, ids: &[i64], until: Instant) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    awaited::Entity::update_many()
        .col_expr(awaited::Column::DueAt, Expr::value(Some(until)))
        .filter(awaited::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Notes that a photo could not be fetched; where there is no next time, it never will be.
pub async fn note_problem(tx: &Tx, id: i64, tries: i32, problem: String, again_at: Option<Instant>) -> Result<()> {
    awaited::Entity::update_many()
        .col_expr(awaited::Column::Tries, Expr::value(tries))
        .col_expr(awaited::Column::Problem, Expr::value(Some(problem)))
        .col_expr(awaited::Column::DueAt, Expr::value(again_at))
        .filter(awaited::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Notes that a photo was fetched; whether it was still awaited.
pub async fn fetched(tx: &Tx, id: i64) -> Result<bool> {
    Ok(awaited::Entity::delete_by_id(id).exec(tx.conn()).await?.rows_affected == 1)
}

/// The stored attachment.
pub mod attachment {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attachments")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub hash: String,
        pub filename: String,
        pub content_type: String,
        pub size: i64,
        pub uploaded_by: Option<i64>,
        pub uploaded_at: Instant,
        pub removed_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored photo that is still to be fetched.
pub mod awaited {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "awaited_media")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub sent_by: Option<i64>,
        pub url: String,
        pub tries: i32,
        pub due_at: Option<Instant>,
        pub problem: Option<String>,
        pub created_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
