//! Attempts whose prices are to be asked, and the prices that came, as sets.

use super::costs::{self, Sort};
use super::lines;
use super::rows::{attempt, row};
use crate::channels::{Status, Taken};
use crate::db::Tx;
use crate::delivery::prices::model;
use crate::kit::{Instant, Money, Result};
use crate::outbox::row as event;
use crate::people::store::address;
use chrono::TimeDelta;
use chrono_tz::Tz;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, LockBehavior, LockType, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationTrait as _,
};
use std::collections::{BTreeMap, HashSet};

/// An attempt that the provider took and whose price is not known.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Unpriced {
    id: i64,
    /// Of which delivery.
    pub delivery_id: i64,
    channel: String,
    /// The provider's id of the message.
    pub provider_id: String,
    started_at: Instant,
    finished_at: Option<Instant>,
    price_tries: i32,
    medium: String,
    kind: String,
    status: String,
    event: Option<String>,
    category: Option<String>,
    address: String,
}

impl Unpriced {
    /// What its channel has to know of it.
    pub fn taken(&self) -> Taken<'_> {
        let arrived = match Status::named(&self.status) {
            Some(Status::Delivered | Status::Read) => Some(true),
            Some(Status::Failed) => Some(false),
            _ => None,
        };
        Taken { provider_id: &self.provider_id, to: &self.address, category: self.category.as_deref(), arrived }
    }
}

/// What is due.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// How many were looked at.
    pub looked_at: usize,
    /// Those of them whose prices are to be asked now, by this process.
    pub ready: Vec<Unpriced>,
}

/// What there is to be known of an attempt's price.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The provider bills this.
    Billed(Money),
    /// By its category it costs this, but for the first so many of a month.
    Estimated(Money, u64),
    /// It is not known yet, or the provider could not be asked.
    NotYet,
    /// It will never be known.
    Never,
}

/// What was found out about an attempt.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The attempt.
    pub attempt: Unpriced,
    /// What there is to be known.
    pub answer: Answer,
}

/// Whether this channel is to be asked for a price. Reads one entry of an index.
pub async fn is_any_due(conn: &impl ConnectionTrait, channel: &str, now: Instant) -> Result<bool> {
    let due = attempt::Entity::find()
        .select_only()
        .column(attempt::Column::Id)
        .filter(attempt::Column::Channel.eq(channel))
        .filter(attempt::Column::PriceDueAt.lte(now))
        .limit(1);
    Ok(due.into_tuple::<i64>().one(conn).await?.is_some())
}

/// Takes up to `most` attempts of this channel whose price is due, the longest due first; those of messages that are
/// still on their way are put off. Others leave the rest alone for so long.
pub async fn lease(tx: &Tx, channel: &str, most: u64, lease: TimeDelta) -> Result<Due> {
    let mut due = attempt::Entity::find()
        .select_only()
        .column(attempt::Column::Id)
        .filter(attempt::Column::Channel.eq(channel))
        .filter(attempt::Column::PriceDueAt.lte(tx.now()))
        .order_by_asc(attempt::Column::PriceDueAt)
        .limit(most);
    if tx.conn().get_database_backend() != DbBackend::Sqlite {
        due = due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let ids: Vec<i64> = due.into_tuple().all(tx.conn()).await?;
    if ids.is_empty() {
        return Ok(Due::default());
    }
    let known: Vec<Unpriced> = attempt::Entity::find()
        .select_only()
        .columns([attempt::Column::Id, attempt::Column::DeliveryId, attempt::Column::Channel])
        .columns([attempt::Column::ProviderId, attempt::Column::StartedAt, attempt::Column::FinishedAt])
        .columns([attempt::Column::PriceTries, attempt::Column::Category])
        .columns([row::Column::Medium, row::Column::Kind, row::Column::Status])
        .column_as(event::Column::Name, "event")
        .column_as(address::Column::Value, "address")
        .join(JoinType::InnerJoin, attempt::Relation::Delivery.def())
        .join(JoinType::InnerJoin, row::Relation::Address.def())
        .join(JoinType::LeftJoin, row::Relation::Event.def())
        .filter(attempt::Column::Id.is_in(ids.iter().copied()))
        .filter(attempt::Column::ProviderId.is_not_null())
        .filter(attempt::Column::PriceMicros.is_null())
        .order_by_asc(attempt::Column::Id)
        .into_model()
        .all(tx.conn())
        .await?;
    let mut ready = Vec::new();
    let mut next: BTreeMap<i64, Option<Instant>> = ids.iter().map(|id| (*id, None)).collect();
    for one in known {
        let taken_at = one.finished_at.unwrap_or(one.started_at);
        let put_off = model::not_before(&one.status, taken_at, tx.now());
        next.insert(one.id, Some(put_off.unwrap_or(tx.now() + lease)));
        if put_off.is_none() {
            ready.push(one);
        }
    }
    put_off(tx, &next, false).await?;
    Ok(Due { looked_at: ids.len(), ready })
}

/// Stores what was found out. Each price is added to what its month cost, once.
pub async fn record(tx: &Tx, findings: &[Finding], tz: Tz) -> Result<()> {
    let mut next: BTreeMap<i64, Option<Instant>> = BTreeMap::new();
    let mut priced: BTreeMap<i64, Priced<'_>> = BTreeMap::new();
    for Finding { attempt, answer } in findings {
        match answer {
            Answer::Billed(price) => {
                priced.insert(attempt.id, Priced { attempt, price: price.clone(), free: None });
            }
            Answer::Estimated(price, free) => {
                priced.insert(attempt.id, Priced { attempt, price: price.clone(), free: Some(*free) });
            }
            Answer::NotYet => {
                next.insert(attempt.id, model::again_at(attempt.price_tries + 1, tx.now()));
            }
            Answer::Never => {
                next.insert(attempt.id, None);
            }
        }
    }
    put_off(tx, &next, true).await?;
    let new = unpriced(tx, priced.keys().copied().collect()).await?;
    priced.retain(|id, _| new.contains(id));
    if priced.is_empty() {
        return Ok(());
    }
    give_free_ones(tx, &mut priced, tz).await?;
    let micros = priced.iter().fold(CaseStatement::new(), |case, (id, priced)| {
        case.case(attempt::Column::Id.eq(*id), costs::amount(tx, priced.price.micros))
    });
    let currency = priced.iter().fold(CaseStatement::new(), |case, (id, priced)| {
        case.case(attempt::Column::Id.eq(*id), Expr::value(priced.price.currency.as_str()))
    });
    attempt::Entity::update_many()
        .col_expr(attempt::Column::PriceMicros, micros.into())
        .col_expr(attempt::Column::Currency, currency.into())
        .col_expr(attempt::Column::PriceDueAt, Expr::value(None::<Instant>))
        .filter(attempt::Column::Id.is_in(priced.keys().copied()))
        .exec(tx.conn())
        .await?;
    costs::add(tx, priced.values().map(|priced| (priced.sort(tz), priced.price.micros))).await
}

/// An attempt with its price.
struct Priced<'a> {
    attempt: &'a Unpriced,
    price: Money,
    /// Of what is estimated: how many messages of its category a month cost nothing.
    free: Option<u64>,
}

impl Priced<'_> {
    fn sort(&self, tz: Tz) -> Sort {
        let Self { attempt, price, free } = self;
        Sort {
            month: model::month(attempt.started_at, tz),
            channel: attempt.channel.clone(),
            medium: attempt.medium.clone(),
            kind: attempt.kind.clone(),
            event: attempt.event.clone(),
            currency: price.currency.as_str().to_owned(),
            category: free.and(attempt.category.clone()),
        }
    }
}

/// Takes the price off those that are among the first of their category in their month. Two processes that count at the
/// same time may both give the last one away: it is an estimate.
async fn give_free_ones(tx: &Tx, priced: &mut BTreeMap<i64, Priced<'_>>, tz: Tz) -> Result<()> {
    let counted_as = |priced: &Priced<'_>| {
        let month = model::month(priced.attempt.started_at, tz);
        priced.free.filter(|free| *free > 0).and(priced.attempt.category.clone()).map(|category| (month, category))
    };
    let mut counted = costs::counted(tx.conn(), &priced.values().filter_map(counted_as).collect()).await?;
    for priced in priced.values_mut() {
        let (Some(key), Some(free)) = (counted_as(priced), priced.free) else { continue };
        let so_far = counted.entry(key).or_default();
        if *so_far < free {
            priced.price.micros = 0;
        }
        *so_far += 1;
    }
    Ok(())
}

/// Those of these attempts that have no price yet; nobody else gives them one until the transaction ends.
async fn unpriced(tx: &Tx, ids: Vec<i64>) -> Result<HashSet<i64>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let mut unpriced = attempt::Entity::find()
        .select_only()
        .column(attempt::Column::Id)
        .filter(attempt::Column::Id.is_in(ids))
        .filter(attempt::Column::PriceMicros.is_null())
        .order_by_asc(attempt::Column::Id);
    if tx.conn().get_database_backend() != DbBackend::Sqlite {
        unpriced = unpriced.lock_exclusive();
    }
    Ok(unpriced.into_tuple::<i64>().all(tx.conn()).await?.into_iter().collect())
}

/// When each of these is looked at next, if ever; `is_try` where its price was asked.
async fn put_off(tx: &Tx, next: &BTreeMap<i64, Option<Instant>>, is_try: bool) -> Result<()> {
    if next.is_empty() {
        return Ok(());
    }
    let later: Vec<(i64, Instant)> = next.iter().filter_map(|(id, at)| Some((*id, (*at)?))).collect();
    let due: SimpleExpr = if later.is_empty() {
        Expr::value(None::<Instant>)
    } else {
        let case = CaseStatement::new();
        later
            .into_iter()
            .fold(case, |case, (id, at)| case.case(attempt::Column::Id.eq(id), lines::instant(tx, at)))
            .into()
    };
    attempt::Entity::update_many()
        .col_expr(attempt::Column::PriceDueAt, due)
        .col_expr(attempt::Column::PriceTries, Expr::col(attempt::Column::PriceTries).add(i32::from(is_try)))
        .filter(attempt::Column::Id.is_in(next.keys().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}
