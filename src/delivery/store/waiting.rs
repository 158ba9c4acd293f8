//! What waits to be sent, read in bounds.

use super::rows::{attempt, row};
use crate::channels::{Channel, Medium, Retry};
use crate::db;
use crate::delivery::waiting::{Tried, Waiting};
use crate::kit::{Instant, Rate, Result};
use crate::people::store::address;
use sea_orm::sea_query::{Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    RelationTrait as _,
};
use std::collections::HashMap;
use std::sync::Arc;

/// How many deliveries wait, and when the one that is due longest was stored. Reads the index of what is due and one row.
pub async fn waiting(conn: &impl ConnectionTrait) -> Result<db::Waiting> {
    let waiting = row::Entity::find().filter(row::Column::DueAt.is_not_null());
    db::waiting(conn, waiting, row::Column::DueAt, row::Column::CreatedAt).await
}

/// Up to `most` waiting deliveries with their latest attempts, those first that are due longest. `channels` know what
/// their codes mean.
pub async fn what_waits(conn: &impl ConnectionTrait, most: u64, channels: &[Arc<dyn Channel>]) -> Result<Vec<Waiting>> {
    let rows: Vec<Row> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Kind, row::Column::Medium, row::Column::Line])
        .columns([row::Column::CreatedAt, row::Column::HeldUntil, row::Column::OverBudgetAt, row::Column::Sender])
        .expr_as(when(), "due_at")
        .column_as(address::Column::Value, "to")
        .join(JoinType::InnerJoin, row::Relation::Address.def())
        .filter(row::Column::DueAt.is_not_null().or(row::Column::HeldUntil.is_not_null()))
        .order_by_asc(when())
        .order_by_asc(row::Column::Id)
        .limit(most)
        .into_model()
        .all(conn)
        .await?;
    let mut last: HashMap<i64, attempt::Model> = HashMap::new();
    for ids in rows.chunks(crate::db::MAX_BOUND_VALUES) {
        let attempts = attempt::Entity::find()
            .filter(attempt::Column::DeliveryId.is_in(ids.iter().map(|row| row.id)))
            .order_by_asc(attempt::Column::Number)
            .all(conn)
            .await?;
        last.extend(attempts.into_iter().map(|attempt| (attempt.delivery_id, attempt)));
    }
    let waiting = rows.into_iter().map(|row| Waiting {
        last: last.remove(&row.id).map(|attempt| tried(attempt, channels)),
        sends: sends(&row, channels),
        id: row.id,
        kind: row.kind,
        medium: row.medium,
        to: row.to,
        line: row.line,
        is_held: row.held_until.is_some(),
        due_at: row.due_at,
        created_at: row.created_at,
        over_budget_at: row.over_budget_at,
    });
    let mut waiting: Vec<Waiting> = waiting.collect();
    for channel in channels {
        let latest = waiting.iter_mut().filter_map(|one| one.last.as_mut());
        let away: Vec<&mut Tried> = latest.filter(|tried| tried.is_outage && tried.channel == channel.name()).collect();
        if away.is_empty() {
            continue;
        }
        if let Some(taken_at) = last_taken(conn, channel.name()).await? {
            for tried in away {
                tried.is_outage = tried.at > taken_at;
            }
        }
    }
    Ok(waiting)
}

/// The senders that deliveries of this medium name which wait to be sent.
pub async fn waiting_senders(conn: &impl ConnectionTrait, medium: Medium) -> Result<Vec<String>> {
    let senders = row::Entity::find()
        .select_only()
        .column(row::Column::Sender)
        .distinct()
        .filter(row::Column::DueAt.is_not_null())
        .filter(row::Column::Medium.eq(medium.as_str()))
        .filter(row::Column::Sender.is_not_null());
    Ok(senders.into_tuple().all(conn).await?)
}

/// When this channel was turned to with the message that it took last.
async fn last_taken(conn: &impl ConnectionTrait, channel: &str) -> Result<Option<Instant>> {
    let last = attempt::Entity::find()
        .select_only()
        .column(attempt::Column::StartedAt)
        .filter(attempt::Column::Channel.eq(channel))
        .filter(attempt::Column::Outcome.eq("ACCEPTED"))
        .order_by_desc(attempt::Column::Id)
        .limit(1);
    Ok(last.into_tuple().one(conn).await?)
}

/// When a delivery may go: when it is due, or until when it is held.
fn when() -> SimpleExpr {
    Expr::col((row::Entity, row::Column::DueAt)).if_null(Expr::col((row::Entity, row::Column::HeldUntil)))
}

#[derive(sea_orm::FromQueryResult)]
struct Row {
    id: i64,
    kind: String,
    medium: String,
    sender: Option<String>,
    line: String,
    due_at: Instant,
    held_until: Option<Instant>,
    created_at: Instant,
    over_budget_at: Option<Instant>,
    to: String,
}

/// From what it goes, and how fast that may send.
fn sends(row: &Row, channels: &[Arc<dyn Channel>]) -> Option<(String, Option<Rate>)> {
    let medium = Medium::named(&row.medium)?;
    let mut carriers = channels.iter().filter(|channel| channel.carries(medium));
    let knows = |channel: &&Arc<dyn Channel>| row.sender.as_deref().is_some_and(|name| channel.knows_sender(name));
    let channel = carriers.clone().find(knows).or_else(|| carriers.next())?;
    let sender = row.sender.clone().or_else(|| channel.default_sender(medium))?;
    let rate = channel.rate(medium, &sender);
    Some((sender, rate))
}

fn tried(attempt: attempt::Model, channels: &[Arc<dyn Channel>]) -> Tried {
    // A setting that is missing has no code of the provider's.
    let is_unset = attempt.error_text.as_deref().is_some_and(|text| text.starts_with("not_configured"));
    let channel = channels.iter().find(|channel| channel.name() == attempt.channel);
    // `name (code): advice`, as errors are shown.
    let name = attempt.error_text.as_deref().and_then(|text| text.split([':', ' ']).next());
    let says = |code| channel.map(|channel| channel.retry(code));
    let stops = |code| says(code) == Some(Retry::StopChannel);
    Tried {
        is_outage: name.is_some_and(|name| channel.is_some_and(|channel| channel.is_outage(name))),
        too_many: attempt.error_code.is_some_and(|code| matches!(says(code), Some(Retry::Slower(_)))),
        channel_out: is_unset || attempt.error_code.is_some_and(stops),
        number: attempt.number,
        channel: attempt.channel,
        at: attempt.started_at,
        is_open: attempt.outcome == "STARTED",
        in_doubt: attempt.outcome == "IN_DOUBT",
        code: attempt.error_code,
        error: attempt.error_text,
    }
}
