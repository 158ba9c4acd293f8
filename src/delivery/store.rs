//! Deliveries and attempts as rows; every function handles a set with a fixed number of statements.

pub mod again;
mod book;
pub mod costs;
mod doubt;
pub mod held;
mod lease;
mod lines;
pub mod made;
mod notices;
pub mod over_budget;
pub mod prices;
pub mod processes;
mod receive;
mod route;
pub mod rows;
mod settle;
mod tidy;
mod under;
mod waiting;
pub mod windows;

pub use lease::{Carrier, Lease, Leased, is_anything_due, lease};
pub use notices::{NewNotice, OPTED_OUT, Way, give, withdraw};
pub use receive::{Verdict, receive};
pub use settle::{Came, Outcome, settle};
pub use tidy::empty;
pub use under::choices_under;
pub use waiting::{waiting, waiting_senders, what_waits};

use super::model;
use crate::channels::{Medium, Rich, Status, Template};
use crate::db::{Change, MAX_BOUND_VALUES, Topic, Tx};
use crate::kit::{Instant, Result, sms, token};
use rows::{attempt, row};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use std::collections::{BTreeMap, BTreeSet};

/// Why a reply was taken back.
const OVERTAKEN: &str = "A later message was answered before this reply could leave.";

/// Why a delivery exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The answer to a message.
    Reply,
    /// A test that an admin asked for.
    Test,
    /// What tells somebody of an event.
    Notice,
    /// Several notices in one message.
    Digest,
    /// A code that proves a number.
    Code,
    /// What somebody at the desk wrote.
    Desk,
}

impl Kind {
    /// The stored names of what nobody asked for: whoever opts out gets none of it.
    const UNASKED: [&str; 2] = ["NOTICE", "DIGEST"];

    /// Whether this is the stored name of what nobody asked for.
    fn is_notice(stored: &str) -> bool {
        Self::UNASKED.contains(&stored)
    }

    /// Whether what is stored under this name waits for no answer of the provider's to know that a window is shut.
    fn keeps_to_window(stored: &str) -> bool {
        Self::is_notice(stored) || stored == Self::Desk.as_str()
    }

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "REPLY",
            Self::Test => "TEST",
            Self::Notice => "NOTICE",
            Self::Digest => "DIGEST",
            Self::Code => "CODE",
            Self::Desk => "DESK",
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
    /// What it holds beside its text.
    pub rich: Option<Rich>,
    /// The message it answers.
    pub message_id: Option<i64>,
}

/// Stores deliveries in order, and lets go of replies that waited too long in the lines which now get a newer one.
///
/// `max_chars` parts long texts. Answers with the tokens.
pub async fn enqueue(tx: &Tx, new: Vec<NewDelivery>, max_chars: usize) -> Result<Vec<String>> {
    let replied: BTreeSet<String> = new.iter().filter(|d| d.kind == Kind::Reply).map(|d| d.line.clone()).collect();
    let lines: BTreeMap<String, Medium> = new.iter().map(|d| (d.line.clone(), d.medium)).collect();
    let mut tokens = Vec::with_capacity(new.len());
    let mut rows = Vec::with_capacity(new.len());
    for delivery in new {
        for (body, rich) in model::parted(&delivery.body, delivery.rich.clone(), max_chars) {
            let token = token::fresh();
            tokens.push(token.clone());
            rows.push(queued(tx.now(), &delivery, token, (body, rich.as_ref())));
        }
    }
    if rows.is_empty() {
        return Ok(tokens);
    }
    lines::enter(tx, lines.into_iter().map(|(name, medium)| (name, (medium, tx.now()))).collect()).await?;
    expire_stale_replies(tx, &replied).await?;
    row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(tokens)
}

/// Has the delivery with this token go by a template where its window is shut. It has not left yet.
pub async fn give_template(tx: &Tx, token: &str, template: &Template) -> Result<()> {
    let template = serde_json::to_string(template).unwrap_or_default();
    row::Entity::update_many()
        .col_expr(row::Column::Template, template.into())
        .filter(row::Column::Token.eq(token))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// As how many parts a message is billed, where it is by parts.
fn sms_parts(medium: Medium, body: &str) -> Option<i32> {
    (medium == Medium::Sms).then(|| i32::try_from(sms::parts(body)).unwrap_or(i32::MAX))
}

/// As a row keeps it.
fn as_json(rich: Option<&Rich>) -> Option<String> {
    rich.and_then(|rich| serde_json::to_string(rich).ok())
}

fn queued(
    now: Instant,
    delivery: &NewDelivery,
    token: String,
    (body, rich): (String, Option<&Rich>),
) -> row::ActiveModel {
    let sms_parts = sms_parts(delivery.medium, &body);
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
        message_id: Set(delivery.message_id),
        event_id: Set(None),
        created_at: Set(now),
        sent_at: Set(None),
        delivered_at: Set(None),
        read_at: Set(None),
        failed_at: Set(None),
        doubted_at: Set(None),
        may_be_duplicate: Set(false),
        emptied_at: Set(None),
        subject: Set(None),
        unread: Set(None),
        seen_at: Set(None),
        sms_parts: Set(sms_parts),
        over_budget_at: Set(None),
        counted_on: Set(None),
        counted_as: Set(None),
        urgency: Set(None),
        words: Set(None),
        template: Set(None),
        fallback_at: Set(None),
        held_until: Set(None),
        digest_id: Set(None),
        rich: Set(as_json(rich)),
    }
}

/// Replies that waited too long in these lines, which now get a newer one. What a process has just now is left to it.
async fn expire_stale_replies(tx: &Tx, names: &BTreeSet<String>) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let stale: Vec<(i64, String)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Line])
        .filter(row::Column::Line.is_in(names))
        .filter(row::Column::Kind.eq(Kind::Reply.as_str()))
        .filter(row::Column::DueAt.is_not_null())
        .filter(row::Column::CreatedAt.lt(tx.now() - model::reply_patience()))
        .into_tuple()
        .all(tx.conn())
        .await?;
    if stale.is_empty() {
        return Ok(());
    }
    let owners = lines::lock(tx, &stale.iter().map(|(_, line)| line.clone()).collect()).await?;
    let is_free = |line: &String| !owners.contains_key(line);
    let (ids, freed): (Vec<i64>, BTreeSet<String>) = stale.into_iter().filter(|(_, line)| is_free(line)).unzip();
    cancel(tx, &ids, OVERTAKEN).await?;
    lines::wake(tx, &freed).await // their first deliveries are others now
}

/// As what a delivery with this status is counted, if it is a notice.
fn counted_as(status: Status) -> SimpleExpr {
    CaseStatement::new().case(Expr::col(row::Column::CountedOn).is_not_null(), status.as_str()).into()
}

/// Takes deliveries back that are not on their way just now.
async fn cancel(tx: &Tx, stale: &[i64], why: &str) -> Result<()> {
    for ids in stale.chunks(MAX_BOUND_VALUES / 2) {
        row::Entity::update_many()
            .col_expr(row::Column::Status, Status::Cancelled.as_str().into())
            .col_expr(row::Column::StatusRank, i32::from(Status::Cancelled.rank()).into())
            .col_expr(row::Column::CountedAs, counted_as(Status::Cancelled))
            .col_expr(row::Column::ErrorText, why.into())
            .col_expr(row::Column::DueAt, Expr::value(None::<Instant>))
            .col_expr(row::Column::DoubtedAt, Expr::value(None::<Instant>))
            .filter(row::Column::Id.is_in(ids.iter().copied()))
            .filter(row::Column::DueAt.is_not_null())
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Nothing is left to do for these, of which some may be closed already.
async fn close(tx: &Tx, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    row::Entity::update_many()
        .col_expr(row::Column::DueAt, Expr::value(None::<Instant>))
        .col_expr(row::Column::DoubtedAt, Expr::value(None::<Instant>))
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .filter(row::Column::DueAt.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Moves deliveries to a status of higher rank; those already there or beyond stay.
async fn advance(tx: &Tx, ids: &[i64], status: Status, error: Option<(Option<i32>, &str)>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut update = row::Entity::update_many()
        .col_expr(row::Column::Status, status.as_str().into())
        .col_expr(row::Column::StatusRank, i32::from(status.rank()).into())
        .col_expr(row::Column::CountedAs, counted_as(status))
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
    tx.tell_desk(Change::Some(Topic::Deliveries));
    if status == Status::Failed {
        notices::fall_back(tx, ids).await?;
    }
    Ok(())
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
