//! Receipts: the provider's news of our messages, taken in as a set and never moving a status back.
//!
//! News of an attempt that is over says nothing of a later one, unless it is that the message arrived after all. What
//! failed for a passing reason, after it was taken, goes again on a line of its own.

use super::book::{Book, Told};
use super::lease::{self, Reply};
use super::rows::{attempt, row};
use super::{Kind, advance, close, counted_as, held, lines, model, windows};
use crate::channels::{Medium, Receipt, Retry, Status};
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::people;
use sea_orm::sea_query::{CaseStatement, Expr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a channel says of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the message may be sent again.
    pub retry: Retry,
    /// The provider's code in plain words.
    pub reason: Option<String>,
    /// Whether the recipient wants no messages from us any more.
    pub is_opt_out: bool,
    /// The sender of ours to which the recipient last wrote too long ago.
    pub shut: Option<String>,
    /// The media on which another channel may carry what this one refuses.
    pub elsewhere: Vec<Medium>,
}

/// Takes a set of receipts in: finds each delivery by its token, else by the provider's id, and moves it on by rank.
/// `judge` knows the provider's codes. Receipts of messages that are not ours are dropped. Answers with whose they are.
pub async fn receive(tx: &Tx, receipts: &[Receipt], judge: impl Fn(&Receipt) -> Verdict) -> Result<Vec<i64>> {
    if receipts.is_empty() {
        return Ok(Vec::new());
    }
    let book = Book::open(tx, receipts).await?;
    categorize(tx, &book.new_categories(receipts)).await?;
    // By rank, so that a set which says both ends as one that came in order would.
    let mut moves: BTreeMap<(i16, Option<i32>), Move> = BTreeMap::new();
    for receipt in receipts {
        let Some(delivery) = book.delivery(receipt) else { continue };
        let arrived = receipt.status.rank() >= Status::Delivered.rank();
        if !arrived && !book.is_current(receipt, delivery) {
            continue;
        }
        let key = (receipt.status.rank(), receipt.error_code);
        let group = moves.entry(key).or_insert_with(|| Move::new(receipt, judge(receipt)));
        group.deliveries.push(delivery);
        if let Some(attempt) = book.attempt(receipt) {
            group.attempts.push(attempt.id);
            group.left.insert(delivery.id, (attempt.started_at, attempt.template.is_some()));
        }
    }
    let arrived: HashSet<i64> = moves
        .iter()
        .filter(|((rank, _), _)| *rank >= Status::Delivered.rank())
        .flat_map(|(_, group)| group.deliveries.iter().map(|delivery| delivery.id))
        .collect();
    for ((_, code), mut group) in moves {
        if group.status == Status::Failed {
            group.deliveries.retain(|delivery| !arrived.contains(&delivery.id));
            fail(tx, code, group).await?;
            continue;
        }
        let ids: Vec<i64> = group.deliveries.iter().map(|delivery| delivery.id).collect();
        tracing::info!(delivery.ids = ?ids, delivery.status = group.status.as_str(), "deliveries moved on");
        // The provider has it: whatever our own record of the attempt says, it must not be sent again.
        close(tx, &ids).await?;
        advance(tx, &ids, group.status, None).await?;
        held::mirror(tx, &digests(&group.deliveries), group.status, None).await?;
    }
    let people = receipts.iter().filter_map(|receipt| Some(book.delivery(receipt)?.person_id)).collect();
    lines::let_go(tx, &book.free_lines()).await?;
    Ok(people)
}

/// Keeps as what attempts are billed.
async fn categorize(tx: &Tx, categories: &BTreeMap<i64, &str>) -> Result<()> {
    if categories.is_empty() {
        return Ok(());
    }
    let category = categories.iter().fold(CaseStatement::new(), |case, (id, category)| {
        case.case(attempt::Column::Id.eq(*id), Expr::value(*category))
    });
    attempt::Entity::update_many()
        .col_expr(attempt::Column::Category, category.into())
        .filter(attempt::Column::Id.is_in(categories.keys().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Deliveries that go to the same status, with the reason where that is a failure.
struct Move<'a> {
    status: Status,
    deliveries: Vec<&'a Told>,
    /// The attempts that the news is of, where they are known.
    attempts: Vec<i64>,
    retry: Retry,
    reason: String,
    is_opt_out: bool,
    shut: Option<String>,
    elsewhere: Vec<Medium>,
    /// When they left, where that is known, and whether by a template.
    left: HashMap<i64, (Instant, bool)>,
}

impl Move<'_> {
    fn new(receipt: &Receipt, verdict: Verdict) -> Self {
        let reason = verdict.reason.or_else(|| receipt.error_text.clone());
        Self {
            status: receipt.status,
            deliveries: Vec::new(),
            attempts: Vec::new(),
            retry: verdict.retry,
            is_opt_out: verdict.is_opt_out,
            shut: verdict.shut,
            elsewhere: verdict.elsewhere,
            left: HashMap::new(),
            reason: reason.unwrap_or_else(|| "The provider gave no reason.".to_owned()),
        }
    }
}

/// These were taken and have failed: for good, or until they go again.
async fn fail(tx: &Tx, code: Option<i32>, mut group: Move<'_>) -> Result<()> {
    let ranks = not_arrived(tx, &group.deliveries).await?;
    group.deliveries.retain(|told| ranks.contains_key(&told.id));
    if group.deliveries.is_empty() {
        return Ok(());
    }
    let group = &group;
    let again = again(tx, group, &ranks).await?;
    let lost: Vec<i64> = group.deliveries.iter().map(|told| told.id).filter(|id| !again.contains_key(id)).collect();
    tracing::warn!(delivery.ids = ?lost, delivery.again = ?again.keys(), provider.code = code, "deliveries failed: {}", group.reason);
    end_attempts(tx, code, group).await?;
    if group.is_opt_out {
        let gone: Vec<i64> = group.deliveries.iter().map(|told| told.address_id).collect();
        people::store::consent(tx, &gone, false).await?;
    }
    let left_at = |told: &Told| group.left.get(&told.id).map_or(tx.now(), |(at, _)| *at);
    let shut = group.deliveries.iter().filter_map(|told| Some((told.address_id, group.shut.as_ref()?, left_at(told))));
    windows::refused(tx, shut).await?;
    close(tx, &lost).await?;
    let error = Some((code, group.reason.as_str()));
    advance(tx, &lost, Status::Failed, error).await?;
    let gone: Vec<&Told> = group.deliveries.iter().copied().filter(|told| lost.contains(&told.id)).collect();
    held::mirror(tx, &digests(&gone), Status::Failed, error).await?;
    reopen(tx, code, group, &again).await
}

/// Those of these that carry several notices.
fn digests(deliveries: &[&Told]) -> Vec<i64> {
    let digests = deliveries.iter().filter(|told| told.kind == Kind::Digest.as_str());
    digests.map(|told| told.id).collect()
}

/// The ranks of those that did not arrive, as they are once nobody else can move them on.
async fn not_arrived(tx: &Tx, deliveries: &[&Told]) -> Result<HashMap<i64, i32>> {
    if deliveries.is_empty() {
        return Ok(HashMap::new());
    }
    let mut ranks = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::StatusRank])
        .filter(row::Column::Id.is_in(deliveries.iter().map(|told| told.id)))
        .filter(row::Column::StatusRank.lt(i32::from(Status::Delivered.rank())))
        .order_by_asc(row::Column::Id);
    if tx.conn().get_database_backend() != DbBackend::Sqlite {
        ranks = ranks.lock(lines::kept_keys(tx));
    }
    Ok(ranks.into_tuple::<(i64, i32)>().all(tx.conn()).await?.into_iter().collect())
}

/// Those of a failed group that are worth another attempt, and when.
async fn again(tx: &Tx, group: &Move<'_>, ranks: &HashMap<i64, i32>) -> Result<HashMap<i64, Instant>> {
    let chance = rand::random();
    let failed = i32::from(Status::Failed.rank());
    let passing: Vec<&Told> = group
        .deliveries
        .iter()
        .copied()
        .filter(|told| ranks.get(&told.id).is_some_and(|rank| *rank < failed))
        .collect();
    let taken = times_taken(tx, group.retry, &passing).await?;
    let went_by_template = |told: &Told| group.left.get(&told.id).is_some_and(|(_, by_template)| *by_template);
    let may_go_by_template = |told: &Told| group.shut.is_some() && told.template.is_some() && !went_by_template(told);
    let may_go_elsewhere = |told: &Told| {
        let may_another = Medium::named(&told.medium).is_some_and(|medium| group.elsewhere.contains(&medium));
        may_another && told.error_code.is_none() // once only
    };
    let when = |told: &Told| {
        let times = taken.get(&told.id).copied().unwrap_or(1);
        let as_it_is = || model::after_late_failure(group.retry, times, tx.now(), chance);
        if may_go_by_template(told) || may_go_elsewhere(told) { Some(tx.now()) } else { as_it_is() }
    };
    let passing: Vec<(&Told, Instant)> = passing.into_iter().filter_map(|told| Some((told, when(told)?))).collect();
    let replies = passing.iter().filter(|(told, _)| told.kind == Kind::Reply.as_str());
    let replies: Vec<Reply<'_>> = replies
        .map(|(told, _)| Reply { id: told.id, line: model::first_line(&told.line), message_id: told.message_id })
        .collect();
    let overtaken = lease::overtaken(tx, &replies).await?;
    Ok(passing.into_iter().map(|(told, at)| (told.id, at)).filter(|(id, _)| !overtaken.contains(id)).collect())
}

/// How often the provider took each of these; asked only where they may go again.
async fn times_taken(tx: &Tx, retry: Retry, deliveries: &[&Told]) -> Result<HashMap<i64, i32>> {
    if deliveries.is_empty() || matches!(retry, Retry::Never | Retry::Elsewhere | Retry::StopChannel) {
        return Ok(HashMap::new());
    }
    let counted = attempt::Entity::find()
        .select_only()
        .column(attempt::Column::DeliveryId)
        .column_as(attempt::Column::Id.count(), "times")
        .filter(attempt::Column::DeliveryId.is_in(deliveries.iter().map(|told| told.id)))
        .filter(attempt::Column::ProviderId.is_not_null())
        .group_by(attempt::Column::DeliveryId)
        .into_tuple::<(i64, i64)>()
        .all(tx.conn())
        .await?;
    Ok(counted.into_iter().map(|(id, times)| (id, i32::try_from(times).unwrap_or(i32::MAX))).collect())
}

async fn end_attempts(tx: &Tx, code: Option<i32>, group: &Move<'_>) -> Result<()> {
    if group.attempts.is_empty() {
        return Ok(());
    }
    attempt::Entity::update_many()
        .col_expr(attempt::Column::Outcome, "FAILED".into())
        .col_expr(attempt::Column::ErrorCode, code.into())
        .col_expr(attempt::Column::ErrorText, group.reason.as_str().into())
        .filter(attempt::Column::Id.is_in(group.attempts.iter().copied()))
        .filter(attempt::Column::DeliveryId.is_in(group.deliveries.iter().map(|told| told.id)))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// These wait again, each on a line of its own.
async fn reopen(tx: &Tx, code: Option<i32>, group: &Move<'_>, again: &HashMap<i64, Instant>) -> Result<()> {
    let deliveries: Vec<&Told> = group.deliveries.iter().copied().filter(|told| again.contains_key(&told.id)).collect();
    if deliveries.is_empty() {
        return Ok(());
    }
    let own_line = |told: &Told| model::own_line(&told.line, told.id);
    let line = deliveries
        .iter()
        .fold(CaseStatement::new(), |case, told| case.case(row::Column::Id.eq(told.id), Expr::value(own_line(told))));
    let entered = deliveries
        .iter()
        .filter_map(|told| Some((own_line(told), (Medium::named(&told.medium)?, *again.get(&told.id)?))));
    lines::enter(tx, entered.collect()).await?;
    row::Entity::update_many()
        .col_expr(row::Column::Status, Status::Queued.as_str().into())
        .col_expr(row::Column::StatusRank, i32::from(Status::Queued.rank()).into())
        .col_expr(row::Column::CountedAs, counted_as(Status::Queued))
        .col_expr(row::Column::ErrorCode, code.into())
        .col_expr(row::Column::ErrorText, group.reason.as_str().into())
        .col_expr(row::Column::SentAt, Expr::value(None::<Instant>))
        .col_expr(row::Column::DoubtedAt, Expr::value(None::<Instant>))
        .col_expr(row::Column::DueAt, lines::by_id(tx, again.iter().map(|(id, at)| (*id, *at))))
        .col_expr(row::Column::Line, line.into())
        .filter(row::Column::Id.is_in(again.keys().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}
