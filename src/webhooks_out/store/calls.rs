//! Calls of webhooks in the database, as sets.

use crate::db::{self, MAX_BOUND_VALUES, Tx, Waiting};
use crate::kit::{Instant, Result};
use crate::web::page::Part;
use crate::webhooks_out::model::{Status, gives_up_at};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use std::collections::HashMap;

/// A call has eighteen columns.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 20;

/// A call about to be stored.
#[derive(Clone, Debug)]
pub(in crate::webhooks_out) struct NewCall {
    pub(in crate::webhooks_out) webhook_id: i64,
    /// The event's place in the log; none of a test.
    pub(in crate::webhooks_out) position: Option<i64>,
    pub(in crate::webhooks_out) event: String,
    pub(in crate::webhooks_out) message: String,
}

impl NewCall {
    fn row(&self, now: Instant) -> row::Model {
        row::Model {
            id: 0,
            webhook_id: self.webhook_id,
            position: self.position,
            message: self.message.clone(),
            event: self.event.clone(),
            status: Status::Pending,
            attempts: 0,
            tries: 0,
            due_at: Some(now),
            give_up_at: gives_up_at(&self.event, now),
            lease: None,
            last_attempt_at: None,
            took_ms: None,
            status_code: None,
            answer: None,
            problem: None,
            created_at: now,
        }
    }
}

impl row::Model {
    /// Whether somebody is making it.
    pub fn is_under_way(&self, now: Instant) -> bool {
        self.lease.is_some() && self.due_at.is_some_and(|until| now < until)
    }
}

/// Stores calls; those that are there already stay as they are.
pub(in crate::webhooks_out) async fn make(tx: &Tx, new: &[NewCall]) -> Result<()> {
    for part in new.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|call| row::ActiveModel { id: NotSet, ..call.row(tx.now()).into() });
        row::Entity::insert_many(rows)
            .on_conflict_do_nothing_on([row::Column::WebhookId, row::Column::Position])
            .exec_without_returning(tx.conn())
            .await?;
    }
    Ok(())
}

/// Stores one call, and answers with its row.
pub(in crate::webhooks_out) async fn insert(tx: &Tx, new: &NewCall) -> Result<row::Model> {
    let row = new.row(tx.now());
    let inserted = row::Entity::insert(row::ActiveModel { id: NotSet, ..row.clone().into() }).exec(tx.conn()).await?;
    Ok(row::Model { id: inserted.last_insert_id, ..row })
}

/// The calls of these webhooks that are not over.
pub(in crate::webhooks_out) async fn waiting(conn: &impl ConnectionTrait, webhooks: &[i64]) -> Result<Waiting> {
    use row::Column as C;
    let open =
        row::Entity::find().filter(C::WebhookId.is_in(webhooks.iter().copied())).filter(C::Status.eq(Status::Pending));
    db::waiting(conn, open, C::Id, C::CreatedAt).await
}

/// The calls whose turn has come by `now`: of each of these webhooks at most so many, the longest due first. One
/// statement.
pub(in crate::webhooks_out) async fn due(
    conn: &impl ConnectionTrait,
    rooms: &[(i64, u64)],
    now: Instant,
) -> Result<Vec<i64>> {
    use row::Column as C;
    let of_one = |(webhook, most): &(i64, u64)| -> SelectStatement {
        let due = Query::select()
            .column(C::Id)
            .from(row::Entity)
            .and_where(C::WebhookId.eq(*webhook))
            .and_where(C::DueAt.lte(now))
            .order_by(C::DueAt, Order::Asc)
            .order_by(C::Id, Order::Asc)
            .limit(*most)
            .take();
        // SQLite takes an order and a limit in a part of a union only one level down.
        Query::select().column(C::Id).from_subquery(due, "due").take()
    };
    let mut selects = rooms.iter().map(of_one);
    let Some(mut all) = selects.next() else { return Ok(Vec::new()) };
    for select in selects {
        all.union(UnionType::All, select);
    }
    let found = conn.query_all(&all).await?;
    Ok(found.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// Takes those of these calls whose turn has come, under this lease, and answers with them: nobody else has them until
/// `until`.
pub(in crate::webhooks_out) async fn lease(
    tx: &Tx,
    ids: &[i64],
    lease: &str,
    until: Instant,
) -> Result<Vec<row::Model>> {
    use row::Column as C;
    let one_more = |count: C| Expr::col(count).add(1);
    row::Entity::update_many()
        .col_expr(C::Lease, Expr::value(Some(lease.to_owned())))
        .col_expr(C::DueAt, Expr::value(Some(until)))
        .col_expr(C::Attempts, one_more(C::Attempts))
        .col_expr(C::Tries, one_more(C::Tries))
        .filter(C::Id.is_in(ids.iter().copied()))
        .filter(C::DueAt.lte(tx.now()))
        .exec(tx.conn())
        .await?;
    let taken = row::Entity::find().filter(C::Id.is_in(ids.iter().copied())).filter(C::Lease.eq(lease));
    Ok(taken.order_by_asc(C::Id).all(tx.conn()).await?)
}

/// These calls, held until the transaction ends, in the order of their rows.
pub(in crate::webhooks_out) async fn by_ids_locked(tx: &Tx, ids: &[i64]) -> Result<Vec<row::Model>> {
    let these = row::Entity::find().filter(row::Column::Id.is_in(ids.iter().copied()));
    Ok(these.order_by_asc(row::Column::Id).lock_exclusive().all(tx.conn()).await?)
}

/// Writes the new state of calls that are held.
pub(in crate::webhooks_out) async fn update(tx: &Tx, calls: Vec<row::Model>) -> Result<()> {
    use row::Column as C;
    let conflict = OnConflict::column(C::Id)
        .update_columns([C::Status, C::Tries, C::DueAt, C::GiveUpAt, C::Lease, C::LastAttemptAt, C::TookMs])
        .update_columns([C::StatusCode, C::Answer, C::Problem])
        .to_owned();
    for part in calls.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|call| row::ActiveModel { id: Set(call.id), ..call.clone().into() });
        row::Entity::insert_many(rows).on_conflict(conflict.clone()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// A call of this webhook.
pub(in crate::webhooks_out) async fn by_id(
    conn: &impl ConnectionTrait,
    webhook_id: i64,
    id: i64,
) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).filter(row::Column::WebhookId.eq(webhook_id)).one(conn).await?)
}

/// A page of a webhook's calls, the newest first, with one more than are shown.
pub(in crate::webhooks_out) async fn list(
    conn: &impl ConnectionTrait,
    webhook_id: i64,
    status: Option<Status>,
    part: &Part,
) -> Result<Vec<row::Model>> {
    let mut select = of_one(webhook_id, status);
    if let Some(cursor) = &part.cursor {
        let beside = if part.is_before() { row::Column::Id.gt(cursor.id) } else { row::Column::Id.lt(cursor.id) };
        select = select.filter(beside);
    }
    let order = if part.is_before() { Order::Asc } else { Order::Desc };
    Ok(select.order_by(row::Column::Id, order).limit(part.fetched()).all(conn).await?)
}

/// How many calls a webhook has.
pub(in crate::webhooks_out) async fn count(
    conn: &impl ConnectionTrait,
    webhook_id: i64,
    status: Option<Status>,
) -> Result<u64> {
    Ok(of_one(webhook_id, status).count(conn).await?)
}

fn of_one(webhook_id: i64, status: Option<Status>) -> Select<row::Entity> {
    let calls = row::Entity::find().filter(row::Column::WebhookId.eq(webhook_id));
    match status {
        Some(status) => calls.filter(row::Column::Status.eq(status)),
        None => calls,
    }
}

/// How many calls of each of these webhooks were given up; of one without any nothing is said.
pub async fn parked(conn: &impl ConnectionTrait, webhooks: &[i64]) -> Result<HashMap<i64, i64>> {
    if webhooks.is_empty() {
        return Ok(HashMap::new());
    }
    let counts = row::Entity::find()
        .select_only()
        .column(row::Column::WebhookId)
        .column_as(row::Column::Id.count(), "calls")
        .filter(row::Column::WebhookId.is_in(webhooks.iter().copied()))
        .filter(row::Column::Status.eq(Status::Parked))
        .group_by(row::Column::WebhookId);
    Ok(counts.into_tuple::<(i64, i64)>().all(conn).await?.into_iter().collect())
}

/// Deletes calls that were made before this instant, at most so many; answers with how many.
pub(in crate::webhooks_out) async fn delete_old(tx: &Tx, before: Instant, most: u64) -> Result<u64> {
    db::delete_before::<row::Entity>(tx, row::Column::Id, row::Column::CreatedAt, before, most).await
}

/// Deletes calls of these webhooks, at most so many; answers with how many.
pub(in crate::webhooks_out) async fn delete_of(tx: &Tx, webhooks: &[i64], most: u64) -> Result<u64> {
    let theirs = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::WebhookId.is_in(webhooks.iter().copied()))
        .limit(most);
    let theirs: Vec<i64> = theirs.into_tuple().all(tx.conn()).await?;
    if theirs.is_empty() {
        return Ok(0);
    }
    Ok(row::Entity::delete_many().filter(row::Column::Id.is_in(theirs)).exec(tx.conn()).await?.rows_affected)
}

/// The stored call.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use crate::webhooks_out::model::Status;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_calls")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub webhook_id: i64,
        pub position: Option<i64>,
        pub message: String,
        pub event: String,
        pub status: Status,
        pub attempts: i32,
        pub tries: i32,
        pub due_at: Option<Instant>,
        pub give_up_at: Instant,
        pub lease: Option<String>,
        pub last_attempt_at: Option<Instant>,
        pub took_ms: Option<i32>,
        pub status_code: Option<i32>,
        pub answer: Option<String>,
        pub problem: Option<String>,
        pub created_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
