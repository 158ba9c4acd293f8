//! What became of attempts, recorded as a set, and what their deliveries do next.
//!
//! A process that lost its leases (it was paused, or cut off) has no say any more in what is done next. That a
//! provider took its message counts all the same.

use super::lines;
use super::receive::Verdict;
use super::rows::{attempt, row};
use super::{Kind, Leased, counted_as, doubt, held, model, windows};
use crate::channels::{Accepted, Receipt, Retry, SendError, Sent, Status};
use crate::db::Tx;
use crate::delivery::prices::model as prices;
use crate::kit::{Instant, Result};
use crate::people;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, SimpleExpr};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What became of one leased delivery.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The delivery.
    pub leased: Leased,
    /// The channel it went to.
    pub channel: &'static str,
    /// When the provider was turned to.
    pub started_at: Instant,
    /// What the provider said.
    pub came: Came,
    /// Whether it said that the recipient wants no messages from us any more.
    pub is_opt_out: bool,
    /// Whether each message of this sort is billed.
    pub is_billed: bool,
    /// The sender of ours to which, as it said, the recipient last wrote too long ago.
    pub shut: Option<String>,
    /// What the channel refused goes by another one.
    pub goes_elsewhere: bool,
    /// A random number in 0..1, for the jitter.
    pub chance: f64,
}

/// What a provider said.
#[derive(Clone, Debug)]
pub enum Came {
    /// To the message.
    Sent(Result<Accepted, SendError>),
    /// To the question what it has of an attempt in doubt; nothing where it cannot be asked.
    Asked(Result<Option<Vec<Sent>>, SendError>),
}

/// What a set of outcomes makes of its deliveries.
#[derive(Default)]
pub(super) struct Turns<'a> {
    /// The provider has them.
    pub(super) accepted: Vec<i64>,
    /// Those of them that the provider handed on, and of which it will say no more.
    sent: Vec<i64>,
    /// They go again, each at its own instant.
    pub(super) again: Vec<(i64, Instant)>,
    /// Since when they are in doubt.
    pub(super) doubted: Vec<(i64, Instant)>,
    /// Their attempts were the channel's fault and do not count.
    pub(super) uncounted: Vec<i64>,
    /// They go by another channel, by code and reason for which this one refused them.
    handed_over: HashMap<(Option<i32>, &'a str), Vec<i64>>,
    /// They failed, by code and reason.
    pub(super) failed: HashMap<(Option<i32>, &'a str), Vec<i64>>,
    /// Those that carry several notices.
    digests: HashSet<i64>,
    /// Their attempts, ended.
    pub(super) attempts: Vec<attempt::ActiveModel>,
}

/// Records what became of a set of leased deliveries, and lets go of their lines. `judge` says what a status means that
/// a question brought to light.
pub async fn settle(tx: &Tx, outcomes: &[Outcome], judge: impl Fn(&Receipt) -> Verdict) -> Result<()> {
    let asked: Vec<&Outcome> = outcomes.iter().filter(|outcome| matches!(outcome.came, Came::Asked(_))).collect();
    doubt::lock_addresses(tx, &asked).await?;
    let owners = lines::lock(tx, &outcomes.iter().map(|outcome| outcome.leased.line.clone()).collect()).await?;
    let is_ours = |leased: &Leased| owners.get(&leased.line) == Some(&leased.lease);
    let known = by_receipt(tx, outcomes).await?;

    let digests = outcomes.iter().filter(|outcome| outcome.leased.kind == Kind::Digest.as_str());
    let mut turns = Turns { digests: digests.map(|outcome| outcome.leased.id).collect(), ..Turns::default() };
    for outcome in outcomes {
        let Came::Sent(answer) = &outcome.came else { continue };
        let is_news = match (known.get(&attempt_of(outcome)).map(String::as_str), answer) {
            (Some("FAILED"), _) | (Some("ACCEPTED"), Err(_)) => false,
            (_, Ok(_)) => true,
            (_, Err(_)) => is_ours(&outcome.leased),
        };
        if is_news {
            turns.take(tx.now(), outcome, answer);
        }
    }
    let asked: Vec<&Outcome> = asked.into_iter().filter(|outcome| is_ours(&outcome.leased)).collect();
    let found = doubt::resolve(tx, &asked, &mut turns).await?;
    turns.write(tx).await?;
    let gone: Vec<i64> = outcomes.iter().filter(|one| one.is_opt_out).map(|one| one.leased.address_id).collect();
    people::store::consent(tx, &gone, false).await?;
    let shut = outcomes.iter().filter_map(|one| Some((one.leased.address_id, one.shut.as_ref()?, one.started_at)));
    windows::refused(tx, shut).await?;
    super::receive(tx, &found, judge).await?;

    let (ours, others): (Vec<&Leased>, Vec<&Leased>) =
        outcomes.iter().map(|outcome| &outcome.leased).partition(|leased| is_ours(leased));
    let names = |leased: Vec<&Leased>| leased.into_iter().map(|leased| leased.line.clone()).collect::<BTreeSet<_>>();
    lines::let_go(tx, &names(ours)).await?;
    lines::wake(tx, &names(others)).await
}

/// What receipts have said already of these attempts: that they were taken, or taken and failed, before we had written
/// down anything.
async fn by_receipt(tx: &Tx, outcomes: &[Outcome]) -> Result<HashMap<(i64, i32), String>> {
    let of: HashSet<(i64, i32)> = outcomes.iter().map(attempt_of).collect();
    let known: Vec<(i64, i32, String)> = attempt::Entity::find()
        .select_only()
        .columns([attempt::Column::DeliveryId, attempt::Column::Number, attempt::Column::Outcome])
        .filter(attempt::Column::DeliveryId.is_in(of.iter().map(|(id, _)| *id)))
        .filter(attempt::Column::Outcome.is_in(["ACCEPTED", "FAILED"]))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let known = known.into_iter().map(|(id, number, outcome)| ((id, number), outcome));
    Ok(known.filter(|(attempt, _)| of.contains(attempt)).collect())
}

/// Which attempt this is the outcome of: of which delivery, and its number. A process that was paused may tell of one
/// together with the outcome of a later one.
fn attempt_of(outcome: &Outcome) -> (i64, i32) {
    (outcome.leased.id, outcome.leased.attempts)
}

impl<'a> Turns<'a> {
    fn take(&mut self, now: Instant, outcome: &'a Outcome, answer: &'a Result<Accepted, SendError>) {
        let leased = &outcome.leased;
        let (name, provider_id, error) = match answer {
            Ok(taken) => {
                self.accepted.push(leased.id);
                if taken.status == Status::Sent {
                    self.sent.push(leased.id);
                }
                ("ACCEPTED", Some(taken.provider_id.clone()), None)
            }
            Err(error) => {
                let times = (leased.created_at, outcome.started_at);
                let may_go_by_template = outcome.shut.is_some() && leased.template.is_some() && !leased.by_template;
                if outcome.goes_elsewhere && error.retry == Retry::Elsewhere {
                    self.handed_over.entry((error.code, &error.advice)).or_default().push(leased.id);
                }
                let next = if may_go_by_template || outcome.goes_elsewhere {
                    model::Next::Again(now)
                } else {
                    model::after_failure(error, leased.attempts, times, now, outcome.chance)
                };
                let name = match next {
                    model::Next::GiveUp => "REFUSED",
                    _ if error.in_doubt => "IN_DOUBT",
                    _ => "RETRY",
                };
                if error.in_doubt {
                    self.doubted.push((leased.id, outcome.started_at));
                }
                self.go_on(leased.id, next, error.code, &error.advice);
                if matches!(next, model::Next::Wait(_)) {
                    self.uncounted.push(leased.id);
                }
                (name, None, Some(error))
            }
        };
        self.end_attempt(outcome, name, provider_id, now, error.map(|error| (error.code, error.to_string())));
    }

    pub(super) fn go_on(&mut self, id: i64, next: model::Next, code: Option<i32>, advice: &'a str) {
        match next {
            model::Next::GiveUp => self.failed.entry((code, advice)).or_default().push(id),
            model::Next::Again(at) | model::Next::Wait(at) => self.again.push((id, at)),
        }
    }

    pub(super) fn end_attempt(
        &mut self,
        outcome: &Outcome,
        name: &str,
        provider_id: Option<String>,
        now: Instant,
        error: Option<(Option<i32>, String)>,
    ) {
        let (code, text) = error.unzip();
        let is_taken = provider_id.is_some();
        self.attempts.push(attempt::ActiveModel {
            id: NotSet,
            delivery_id: Set(outcome.leased.id),
            number: Set(outcome.leased.attempts),
            channel: Set(outcome.channel.to_owned()),
            provider_id: Set(provider_id),
            outcome: Set(name.to_owned()),
            error_code: Set(code.flatten()),
            error_text: Set(text),
            started_at: Set(outcome.started_at),
            finished_at: Set(Some(now)),
            price_micros: Set(None),
            currency: Set(None),
            price_due_at: Set((is_taken && outcome.is_billed).then(|| prices::first_look(now))),
            price_tries: Set(0),
            category: Set(None),
            template: NotSet,
        });
    }

    async fn write(self, tx: &Tx) -> Result<()> {
        let digests = |ids: &[i64]| ids.iter().copied().filter(|id| self.digests.contains(id)).collect::<Vec<i64>>();
        record_attempts(tx, self.attempts).await?;
        accept(tx, &self.accepted).await?;
        super::advance(tx, &self.sent, Status::Sent, None).await?;
        held::mirror(tx, &digests(&self.sent), Status::Sent, None).await?;
        uncount(tx, &self.uncounted).await?;
        postpone(tx, &self.again, &self.doubted).await?;
        for ((code, reason), ids) in self.handed_over {
            mark_refused(tx, &ids, code, reason).await?;
        }
        for (error, ids) in self.failed {
            super::close(tx, &ids).await?;
            super::advance(tx, &ids, Status::Failed, Some(error)).await?;
            held::mirror(tx, &digests(&ids), Status::Failed, Some(error)).await?;
        }
        Ok(())
    }
}

/// Writes ended attempts over the rows that their lease opened.
async fn record_attempts(tx: &Tx, attempts: Vec<attempt::ActiveModel>) -> Result<()> {
    if attempts.is_empty() {
        return Ok(());
    }
    let ended = [
        attempt::Column::ProviderId,
        attempt::Column::Outcome,
        attempt::Column::ErrorCode,
        attempt::Column::ErrorText,
        attempt::Column::FinishedAt,
        attempt::Column::PriceDueAt,
    ];
    let key = [attempt::Column::DeliveryId, attempt::Column::Number];
    attempt::Entity::insert_many(attempts)
        .on_conflict(OnConflict::columns(key).update_columns(ended).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// The provider has these: closed, and sending, in one. One whose receipt was quicker keeps its status.
async fn accept(tx: &Tx, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let (sending, rank) = (Status::Sending.as_str(), i32::from(Status::Sending.rank()));
    let is_behind = || row::Column::StatusRank.lt(rank);
    let kept = |column| Expr::col(column);
    // The status before its rank: MariaDB sees what an update has set already.
    row::Entity::update_many()
        .col_expr(row::Column::Status, Expr::case(is_behind(), sending).finally(kept(row::Column::Status)).into())
        .col_expr(
            row::Column::CountedAs,
            Expr::case(is_behind(), counted_as(Status::Sending)).finally(kept(row::Column::CountedAs)).into(),
        )
        .col_expr(row::Column::StatusRank, Expr::case(is_behind(), rank).finally(kept(row::Column::StatusRank)).into())
        .col_expr(row::Column::DueAt, Expr::value(None::<Instant>))
        .col_expr(row::Column::DoubtedAt, Expr::value(None::<Instant>))
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// These attempts do not count; the next one takes their number.
async fn uncount(tx: &Tx, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    row::Entity::update_many()
        .col_expr(row::Column::Attempts, Expr::col(row::Column::Attempts).sub(1))
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Due again, each at its own instant, unless a receipt closed it meanwhile.
/// Keeps why a channel refused these, by which it is known that another one carries them.
async fn mark_refused(tx: &Tx, ids: &[i64], code: Option<i32>, reason: &str) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::ErrorCode, code.into())
        .col_expr(row::Column::ErrorText, reason.into())
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn postpone(tx: &Tx, again: &[(i64, Instant)], doubted: &[(i64, Instant)]) -> Result<()> {
    set_instants(tx, row::Column::DueAt, again).await?;
    set_instants(tx, row::Column::DoubtedAt, doubted).await
}

async fn set_instants(tx: &Tx, column: row::Column, at: &[(i64, Instant)]) -> Result<()> {
    if at.is_empty() {
        return Ok(());
    }
    let each: SimpleExpr = lines::by_id(tx, at.iter().copied());
    row::Entity::update_many()
        .col_expr(column, each)
        .filter(row::Column::Id.is_in(at.iter().map(|(id, _)| *id)))
        .filter(row::Column::DueAt.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}
