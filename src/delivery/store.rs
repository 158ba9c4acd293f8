//! Deliveries and attempts as rows; every function handles a set with a fixed number of statements.

mod lease;
mod receive;
pub mod rows;

pub use lease::{Leased, free_leases, lease};
pub use receive::receive;

use super::model;
use crate::channels::{Accepted, Medium, SendError, Status};
use crate::db::Tx;
use crate::kit::{Instant, Result, token};
use rows::{attempt, row};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, OnConflict, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use std::collections::HashMap;

/// Why a delivery exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The answer to a message.
    Reply,
    /// A test that an admin asked for.
    Test,
}

impl Kind {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "REPLY",
            Self::Test => "TEST",
        }
    }
}

/// A message to one person on one medium, about to be stored.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Why.
    pub kind: Kind,
    /// How they will read it.
    pub medium: Medium,
    /// Where it goes.
    pub address_id: i64,
    /// To whom.
    pub person_id: i64,
    /// From which sender of ours, in E.164; none takes the channel's own.
    pub sender: Option<String>,
    /// Deliveries of one line leave in order, one at a time.
    pub line: String,
    /// The text, of any length: what no message holds becomes several.
    pub body: String,
    /// The message it answers.
    pub message_id: Option<i64>,
}

/// What became of one attempt.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The delivery it was made for.
    pub leased: Leased,
    /// The channel it was made on.
    pub channel: &'static str,
    /// When it began.
    pub started_at: Instant,
    /// What the provider said.
    pub answer: Result<Accepted, SendError>,
    /// A random number in 0..1, for the jitter.
    pub chance: f64,
}

/// Stores deliveries in order, and lets go of replies that waited too long in the lines which now get a newer one.
///
/// `max_chars` parts long texts. Answers with the tokens.
pub async fn enqueue(tx: &Tx, new: Vec<NewDelivery>, max_chars: usize) -> Result<Vec<String>> {
    let lines: Vec<String> = new.iter().filter(|d| d.kind == Kind::Reply).map(|d| d.line.clone()).collect();
    expire_stale_replies(tx, &lines).await?;
    let mut tokens = Vec::with_capacity(new.len());
    let mut rows = Vec::with_capacity(new.len());
    for delivery in new {
        for body in model::parts(&delivery.body, max_chars) {
            let token = token::fresh();
            tokens.push(token.clone());
            rows.push(queued(tx.now(), &delivery, token, body));
        }
    }
    row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(tokens)
}

fn queued(now: Instant, delivery: &NewDelivery, token: String, body: String) -> row::ActiveModel {
    row::ActiveModel {
        id: NotSet,
        token: Set(token),
        kind: Set(delivery.kind.as_str().to_owned()),
        medium: Set(delivery.medium.as_str().to_owned()),
        address_id: Set(delivery.address_id),
        person_id: Set(delivery.person_id),
        sender: Set(delivery.sender.clone()),
        line: Set(delivery.line.clone()),
        body: Set(body),
        status: Set(Status::Queued.as_str().to_owned()),
        status_rank: Set(i32::from(Status::Queued.rank())),
        error_code: Set(None),
        error_text: Set(None),
        attempts: Set(0),
        due_at: Set(Some(now)),
        lease: Set(None),
        leased_until: Set(None),
        message_id: Set(delivery.message_id),
        event_id: Set(None),
        created_at: Set(now),
        sent_at: Set(None),
        delivered_at: Set(None),
        read_at: Set(None),
        failed_at: Set(None),
    }
}

/// Replies that waited too long in these lines, which now get a newer one.
async fn expire_stale_replies(tx: &Tx, lines: &[String]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let stale: Vec<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::Line.is_in(lines))
        .filter(row::Column::Kind.eq(Kind::Reply.as_str()))
        .filter(row::Column::DueAt.is_not_null())
        .filter(row::Column::CreatedAt.lt(tx.now() - model::reply_patience()))
        .into_tuple()
        .all(tx.conn())
        .await?;
    cancel(tx, &stale).await
}

/// Takes replies back that are not on their way just now.
async fn cancel(tx: &Tx, stale: &[i64]) -> Result<()> {
    if stale.is_empty() {
        return Ok(());
    }
    row::Entity::update_many()
        .col_expr(row::Column::Status, Status::Cancelled.as_str().into())
        .col_expr(row::Column::StatusRank, i32::from(Status::Cancelled.rank()).into())
        .col_expr(row::Column::ErrorText, "A later message was answered before this reply could leave.".into())
        .col_expr(row::Column::DueAt, Expr::value(None::<Instant>))
        .filter(row::Column::Id.is_in(stale.iter().copied()))
        .filter(row::Column::DueAt.is_not_null())
        .filter(row::Column::LeasedUntil.is_null().or(row::Column::LeasedUntil.lte(tx.now())))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Records what became of a set of attempts, and what their deliveries do next.
pub async fn settle(tx: &Tx, outcomes: &[Outcome]) -> Result<()> {
    let mut accepted = Vec::new();
    let mut again = Vec::new();
    let mut uncounted = Vec::new();
    let mut failed: HashMap<(Option<i32>, &str), Vec<i64>> = HashMap::new();
    let mut attempts = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        let leased = &outcome.leased;
        let (name, provider_id, error) = match &outcome.answer {
            Ok(taken) => {
                accepted.push(leased.id);
                ("ACCEPTED", Some(taken.provider_id.clone()), None)
            }
            Err(error) => match model::after_failure(error, leased.attempts, tx.now(), outcome.chance) {
                model::Next::GiveUp => {
                    failed.entry((error.code, error.advice.as_str())).or_default().push(leased.id);
                    ("REFUSED", None, Some(error))
                }
                model::Next::Again(at) => {
                    again.push((leased, at));
                    (if error.in_doubt { "IN_DOUBT" } else { "RETRY" }, None, Some(error))
                }
                model::Next::Wait(at) => {
                    again.push((leased, at));
                    uncounted.push(leased);
                    ("RETRY", None, Some(error))
                }
            },
        };
        attempts.push(attempt::ActiveModel {
            id: NotSet,
            delivery_id: Set(leased.id),
            number: Set(leased.attempts),
            channel: Set(outcome.channel.to_owned()),
            provider_id: Set(provider_id),
            outcome: Set(name.to_owned()),
            error_code: Set(error.and_then(|e| e.code)),
            error_text: Set(error.map(ToString::to_string)),
            started_at: Set(outcome.started_at),
            finished_at: Set(Some(tx.now())),
        });
    }
    record_attempts(tx, attempts).await?;
    close(tx, &accepted).await?;
    advance(tx, &accepted, Status::Sending, None).await?;
    uncount(tx, &uncounted).await?;
    postpone(tx, &again).await?;
    for (error, ids) in failed {
        close(tx, &ids).await?;
        advance(tx, &ids, Status::Failed, Some(error)).await?;
    }
    Ok(())
}

/// Writes ended attempts over the rows that their lease opened.
async fn record_attempts(tx: &Tx, attempts: Vec<attempt::ActiveModel>) -> Result<()> {
    let ended = [
        attempt::Column::ProviderId,
        attempt::Column::Outcome,
        attempt::Column::ErrorCode,
        attempt::Column::ErrorText,
        attempt::Column::FinishedAt,
    ];
    let key = [attempt::Column::DeliveryId, attempt::Column::Number];
    attempt::Entity::insert_many(attempts)
        .on_conflict(OnConflict::columns(key).update_columns(ended).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Nothing is left to do for these.
async fn close(tx: &Tx, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    row::Entity::update_many()
        .col_expr(row::Column::DueAt, Expr::value(None::<Instant>))
        .col_expr(row::Column::Lease, Expr::value(None::<String>))
        .col_expr(row::Column::LeasedUntil, Expr::value(None::<Instant>))
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// These attempts were the channel's fault and do not count; the next one takes their number.
async fn uncount(tx: &Tx, uncounted: &[&Leased]) -> Result<()> {
    if uncounted.is_empty() {
        return Ok(());
    }
    row::Entity::update_many()
        .col_expr(row::Column::Attempts, Expr::col(row::Column::Attempts).sub(1))
        .filter(row::Column::Id.is_in(uncounted.iter().map(|leased| leased.id)))
        .filter(row::Column::Lease.is_in(uncounted.iter().map(|leased| leased.lease.clone())))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Due again at its own instant, where the lease is still ours.
async fn postpone(tx: &Tx, again: &[(&Leased, Instant)]) -> Result<()> {
    if again.is_empty() {
        return Ok(());
    }
    let due = again.iter().fold(CaseStatement::new(), |case, (leased, at)| {
        case.case(row::Column::Id.eq(leased.id), cast_instant(tx, *at))
    });
    row::Entity::update_many()
        .col_expr(row::Column::DueAt, due.into())
        .col_expr(row::Column::Lease, Expr::value(None::<String>))
        .col_expr(row::Column::LeasedUntil, Expr::value(None::<Instant>))
        .filter(row::Column::Id.is_in(again.iter().map(|(leased, _)| leased.id)))
        .filter(row::Column::Lease.is_in(again.iter().map(|(leased, _)| leased.lease.clone())))
        .filter(row::Column::DueAt.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// PostgreSQL takes the type of a CASE from its branches, and a bound parameter has none.
fn cast_instant(tx: &Tx, at: Instant) -> SimpleExpr {
    let value = Expr::value(at);
    if tx.conn().get_database_backend() == DbBackend::Postgres { value.cast_as("timestamptz") } else { value }
}

/// Moves deliveries to a status of higher rank; those already there or beyond stay.
async fn advance(tx: &Tx, ids: &[i64], status: Status, error: Option<(Option<i32>, &str)>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut update = row::Entity::update_many()
        .col_expr(row::Column::Status, status.as_str().into())
        .col_expr(row::Column::StatusRank, i32::from(status.rank()).into())
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .filter(row::Column::StatusRank.lt(i32::from(status.rank())));
    let reached = match status {
        Status::Sent => Some(row::Column::SentAt),
        Status::Delivered => Some(row::Column::DeliveredAt),
        Status::Read => Some(row::Column::ReadAt),
        Status::Failed => Some(row::Column::FailedAt),
        Status::Queued | Status::Sending | Status::Cancelled => None,
    };
    if let Some(column) = reached {
        update = update.col_expr(column, tx.now().into());
    }
    if matches!(status, Status::Delivered | Status::Read) {
        // It arrived after all: what an earlier failure said no longer holds.
        let (code, text) = (Expr::value(None::<i32>), Expr::value(None::<String>));
        update = update.col_expr(row::Column::ErrorCode, code).col_expr(row::Column::ErrorText, text);
    }
    if let Some((code, text)) = error {
        update = update.col_expr(row::Column::ErrorCode, code.into()).col_expr(row::Column::ErrorText, text.into());
    }
    update.exec(tx.conn()).await?;
    Ok(())
}

/// How many deliveries wait, and since when the one that is due longest.
pub async fn waiting(conn: &impl ConnectionTrait) -> Result<(u64, Option<Instant>)> {
    let count = row::Entity::find().filter(row::Column::DueAt.is_not_null()).count(conn).await?;
    let oldest: Option<Instant> = row::Entity::find()
        .select_only()
        .column(row::Column::CreatedAt)
        .filter(row::Column::DueAt.is_not_null())
        .order_by_asc(row::Column::DueAt)
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    Ok((count, oldest))
}

/// Whether a delivery is due that nobody has leased.
pub async fn is_anything_due(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    let due: Option<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::DueAt.lte(now))
        .filter(row::Column::LeasedUntil.is_null().or(row::Column::LeasedUntil.lte(now)))
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    Ok(due.is_some())
}

/// One delivery with its attempts, by its token.
pub async fn by_token(conn: &impl ConnectionTrait, token: &str) -> Result<Option<(row::Model, Vec<attempt::Model>)>> {
    let Some(delivery) = row::Entity::find().filter(row::Column::Token.eq(token)).one(conn).await? else {
        return Ok(None);
    };
    let attempts = attempt::Entity::find()
        .filter(attempt::Column::DeliveryId.eq(delivery.id))
        .order_by_asc(attempt::Column::Number)
        .all(conn)
        .await?;
    Ok(Some((delivery, attempts)))
}
