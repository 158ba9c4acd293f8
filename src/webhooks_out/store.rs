//! Webhooks in the database.

pub mod calls;

use super::sign::Kept;
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::web::page::Part;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

/// A webhook about to be stored.
#[derive(Clone, Debug)]
pub(super) struct NewWebhook {
    pub(super) url: String,
    pub(super) events: Vec<String>,
    pub(super) description: String,
    pub(super) is_active: bool,
    pub(super) secret: Kept,
    /// Events behind this place in the log are told.
    pub(super) since: i64,
}

impl row::Model {
    /// The kinds of events that it is told of.
    pub fn kinds(&self) -> Vec<String> {
        serde_json::from_str(&self.events).unwrap_or_default()
    }

    /// What is kept of its secret, and until `old_until` of the one before.
    pub(super) fn secrets(&self, now: Instant) -> (Kept, Option<Kept>) {
        let old =
            self.old_salt.clone().zip(self.old_mark.clone()).filter(|_| self.old_until.is_some_and(|at| now < at));
        let kept = |(salt, mark)| Kept { salt, mark };
        (kept((self.salt.clone(), self.mark.clone())), old.map(kept))
    }
}

/// Kinds of events as they are stored.
pub(super) fn stored(kinds: &[String]) -> String {
    serde_json::json!(kinds).to_string()
}

fn all() -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::DeletedAt.is_null())
}

/// The webhook with this row.
pub(super) async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    Ok(all().filter(row::Column::Id.eq(id)).one(conn).await?)
}

/// The same, held until the transaction ends.
pub(super) async fn by_id_locked(tx: &Tx, id: i64) -> Result<Option<row::Model>> {
    Ok(all().filter(row::Column::Id.eq(id)).lock_exclusive().one(tx.conn()).await?)
}

/// These webhooks, held until the transaction ends, in the order of their rows.
pub(super) async fn by_ids_locked(tx: &Tx, ids: &[i64]) -> Result<Vec<row::Model>> {
    let these = all().filter(row::Column::Id.is_in(ids.iter().copied())).order_by_asc(row::Column::Id);
    Ok(these.lock_exclusive().all(tx.conn()).await?)
}

/// Those that are told of events.
pub(super) async fn active(conn: &impl ConnectionTrait) -> Result<Vec<row::Model>> {
    Ok(all().filter(row::Column::IsActive.eq(true)).order_by_asc(row::Column::Id).all(conn).await?)
}

/// The same, held until the transaction ends.
pub(super) async fn active_locked(tx: &Tx) -> Result<Vec<row::Model>> {
    let active = all().filter(row::Column::IsActive.eq(true)).order_by_asc(row::Column::Id);
    Ok(active.lock_exclusive().all(tx.conn()).await?)
}

/// At most so many, oldest first.
pub async fn first(conn: &impl ConnectionTrait, most: u64) -> Result<Vec<row::Model>> {
    Ok(all().order_by_asc(row::Column::Id).limit(most).all(conn).await?)
}

/// A page of them, oldest first, with one more than are shown.
pub(super) async fn list(conn: &impl ConnectionTrait, part: &Part) -> Result<Vec<row::Model>> {
    let mut select = all();
    if let Some(cursor) = &part.cursor {
        let beside = if part.is_before() { row::Column::Id.lt(cursor.id) } else { row::Column::Id.gt(cursor.id) };
        select = select.filter(beside);
    }
    let order = if part.is_before() { Order::Desc } else { Order::Asc };
    Ok(select.order_by(row::Column::Id, order).limit(part.fetched()).all(conn).await?)
}

/// How many there are.
pub(super) async fn count(conn: &impl ConnectionTrait) -> Result<u64> {
    Ok(all().count(conn).await?)
}

/// Stores a webhook, and answers with its row.
pub(super) async fn insert(tx: &Tx, new: NewWebhook) -> Result<row::Model> {
    let row = row::Model {
        id: 0,
        url: new.url,
        events: stored(&new.events),
        description: new.description,
        is_active: new.is_active,
        salt: new.secret.salt,
        mark: new.secret.mark,
        old_salt: None,
        old_mark: None,
        old_until: None,
        since: new.since,
        failing_since: None,
        last_failure_at: None,
        last_failure: None,
        last_success_at: None,
        created_at: tx.now(),
        updated_at: tx.now(),
        deleted_at: None,
    };
    let inserted = row::Entity::insert(row::ActiveModel { id: NotSet, ..row.clone().into() }).exec(tx.conn()).await?;
    Ok(row::Model { id: inserted.last_insert_id, ..row })
}

/// Writes the new state of webhooks that are held.
pub(super) async fn update(tx: &Tx, webhooks: Vec<row::Model>) -> Result<()> {
    use row::Column as C;
    if webhooks.is_empty() {
        return Ok(());
    }
    let news = [C::Url, C::Events, C::Description, C::IsActive, C::Salt, C::Mark, C::OldSalt, C::OldMark, C::OldUntil];
    let conflict = OnConflict::column(C::Id)
        .update_columns(news)
        .update_columns([C::Since, C::FailingSince, C::LastFailureAt, C::LastFailure, C::LastSuccessAt])
        .update_columns([C::UpdatedAt, C::DeletedAt])
        .to_owned();
    let rows = webhooks.into_iter().map(|webhook| row::ActiveModel { id: Set(webhook.id), ..webhook.into() });
    row::Entity::insert_many(rows).on_conflict(conflict).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// The rows of webhooks that were taken away.
pub(super) async fn deleted(conn: &impl ConnectionTrait) -> Result<Vec<i64>> {
    let deleted =
        row::Entity::find().select_only().column(row::Column::Id).filter(row::Column::DeletedAt.is_not_null());
    Ok(deleted.into_tuple().all(conn).await?)
}

/// Takes these rows, of which no calls are left.
pub(super) async fn forget(tx: &Tx, ids: &[i64]) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::Id.is_in(ids.iter().copied())).exec(tx.conn()).await?;
    Ok(())
}

/// The stored webhook.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhooks")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub url: String,
        pub events: String,
        pub description: String,
        pub is_active: bool,
        pub salt: String,
        pub mark: String,
        pub old_salt: Option<String>,
        pub old_mark: Option<String>,
        pub old_until: Option<Instant>,
        pub since: i64,
        pub failing_since: Option<Instant>,
        pub last_failure_at: Option<Instant>,
        pub last_failure: Option<String>,
        pub last_success_at: Option<Instant>,
        pub created_at: Instant,
        pub updated_at: Instant,
        pub deleted_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
