//! Leases: which process sends which delivery now.
//!
//! A line is leased, and with it the delivery at its head. An attempt is opened with the lease, so that a process
//! which dies leaves a trace of what it may have sent; a delivery in doubt gets none, it is asked about first.

use super::lines::{self, Head};
use super::rows::{attempt, line, row};
use super::{Kind, OVERTAKEN, cancel, model, notices, route, windows};
use crate::channels::{Channel, Medium, Rich, Template};
use crate::db::Tx;
use crate::delivery::model::Lane;
use crate::delivery::pace::{Due, Taken, Turn};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, RelationTrait as _,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Who has a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// The process.
    pub process: String,
    /// Since which of its rounds.
    pub round: i64,
}

/// A delivery that this process has leased, with all it needs to be sent.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Leased {
    /// The delivery's row.
    pub id: i64,
    /// Its token.
    pub token: String,
    /// How it is read.
    pub medium: String,
    /// The row of the address it goes to.
    pub address_id: i64,
    /// To whom.
    pub person_id: i64,
    /// Where it goes: a number in E.164, or a mailbox.
    pub to: String,
    /// From which sender.
    pub sender: Option<String>,
    /// What it is about, in one line.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// What it holds beside its text, as JSON.
    pub rich: Option<String>,
    /// The template that goes in its place while the window is shut, as JSON.
    pub template: Option<String>,
    /// Its line, which is leased with it.
    pub line: String,
    /// The number of the attempt, from 1: the one to be made, or the one in doubt.
    pub attempts: i32,
    /// Why it exists.
    pub kind: String,
    /// When it was stored.
    pub created_at: Instant,
    /// Since when the last attempt is in doubt: to be asked about, not sent.
    pub doubted_at: Option<Instant>,
    /// With what it failed before, where it goes again.
    pub error_code: Option<i32>,
    /// It was sent again before without knowing whether it had arrived.
    pub may_be_duplicate: bool,
    /// Whether the window is shut, so that only the template may go.
    #[sea_orm(skip)]
    pub by_template: bool,
    /// The channel that carries it.
    #[sea_orm(skip)]
    pub channel: &'static str,
    /// By which lease it is ours.
    #[sea_orm(skip)]
    pub lease: Lease,
    /// Since when.
    #[sea_orm(skip)]
    pub leased_at: Instant,
}

impl Leased {
    /// The template that goes, or went, in place of the text.
    ///
    /// # Errors
    /// Where the row holds none that can be read.
    pub fn template(&self) -> Result<Option<Template>, serde_json::Error> {
        self.template.as_deref().filter(|_| self.by_template).map(serde_json::from_str).transpose()
    }

    /// What it holds beside its text.
    ///
    /// # Errors
    /// Where the row holds none that can be read.
    pub fn rich(&self) -> Result<Rich, serde_json::Error> {
        self.rich.as_deref().map_or_else(|| Ok(Rich::default()), serde_json::from_str)
    }

    /// What the provider's list shows of it: its text, the one above its choices where they were shown to be tapped, or
    /// what was filled into its template. Each is a set of words of which the list shows all.
    pub(super) fn words(&self) -> Vec<Vec<String>> {
        if let Ok(Some(template)) = self.template() {
            return vec![template.variables];
        }
        let above = self.rich().ok().and_then(|rich| rich.choices?.text);
        [Some(self.body.clone()), above].into_iter().flatten().map(|text| vec![text]).collect()
    }
}

/// What carries deliveries.
#[derive(Clone)]
pub struct Carrier {
    /// The channel.
    pub channel: Arc<dyn Channel>,
    /// The sender of ours, where it is always the same.
    pub sender: Option<String>,
    /// It is out, and worth another try then.
    pub out_until: Option<Instant>,
}

/// Whether a line of this medium and lane is due that nobody has.
pub async fn is_anything_due(conn: &impl ConnectionTrait, medium: Medium, lane: Lane, now: Instant) -> Result<bool> {
    let due: Option<String> = line::Entity::find()
        .select_only()
        .column(line::Column::Name)
        .filter(line::Column::Medium.eq(medium.as_str()))
        .filter(line::Column::Lane.eq(lane.number()))
        .filter(line::Column::DueAt.lte(now))
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    Ok(due.is_some())
}

/// Leases due lines of this medium and lane whose turn it is, and opens attempts for the deliveries at their heads, each
/// on the channel that carries it. Lines whose turn comes later are put off until then; what may not go and never will
/// is closed.
pub async fn lease(
    tx: &Tx,
    lease: &Lease,
    (medium, lane): (Medium, Lane),
    carriers: &[Carrier],
    turn: &Turn,
) -> Result<Taken> {
    let due = due_lines(tx, medium, lane, turn.most() as u64).await?;
    let (heads, plan) = loop {
        let heads = lines::heads(tx, &due).await?;
        let (stale, unwanted) = (stale(tx, &heads).await?, notices::unwanted(tx, &heads).await?);
        let plan = route::plan(tx, carriers, &heads).await?;
        if stale.is_empty() && unwanted.is_empty() && plan.without_template.is_empty() && plan.refused.is_empty() {
            break (heads, plan);
        }
        windows::give_up(tx, &plan.without_template).await?;
        route::give_up(tx, &plan.refused).await?;
        cancel(tx, &stale, OVERTAKEN).await?; // and look again: the next of these lines may go now
        notices::take_back(tx, &unwanted).await?;
    };
    let mut heads: Vec<&Head> = heads.iter().filter(|head| head.due_at <= tx.now()).collect();
    heads.sort_by_key(|head| head.id);
    let due_heads: BTreeSet<&String> = heads.iter().map(|head| &head.line).collect();
    let idle: BTreeSet<String> = due.iter().filter(|name| !due_heads.contains(name)).cloned().collect();
    lines::let_go(tx, &idle).await?;
    let out: BTreeMap<String, Instant> =
        heads.iter().filter_map(|head| Some((head.line.clone(), *plan.waits.get(&head.id)?))).collect();
    lines::put_off(tx, out.iter().map(|(name, at)| (name, *at))).await?;
    heads.retain(|head| plan.ways.contains_key(&head.id));
    let senders: HashMap<i64, Option<String>> =
        heads.iter().map(|head| (head.id, sender(carriers, plan.ways.get(&head.id), head))).collect();
    let due = heads.iter().map(|head| {
        let sender = senders.get(&head.id).and_then(Option::as_deref);
        Due { line: &head.line, sender, address_id: head.address_id }
    });
    let sorted = turn.sort(due, tx.now());
    lines::put_off(tx, sorted.later.iter().map(|(name, at)| (name, *at))).await?;
    let (ready, ids): (BTreeSet<&String>, Vec<i64>) =
        sorted.go.iter().filter_map(|place| heads.get(*place)).map(|head| (&head.line, head.id)).unzip();
    let put_off = sorted.later.len() + idle.len() + out.len();
    let mut taken = Taken { leased: Vec::new(), put_off, strangers: sorted.strangers };
    if ids.is_empty() {
        return Ok(taken);
    }
    line::Entity::update_many()
        .col_expr(line::Column::Lease, lease.process.as_str().into())
        .col_expr(line::Column::Round, lease.round.into())
        .col_expr(line::Column::DueAt, Expr::value(None::<Instant>))
        .filter(line::Column::Name.is_in(ready))
        .exec(tx.conn())
        .await?;
    row::Entity::update_many()
        .col_expr(row::Column::Attempts, Expr::col(row::Column::Attempts).add(1))
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .filter(row::Column::DoubtedAt.is_null())
        .exec(tx.conn())
        .await?;
    let mut leased: Vec<Leased> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Token, row::Column::Medium, row::Column::AddressId])
        .columns([row::Column::Sender, row::Column::Subject, row::Column::Body, row::Column::Line])
        .columns([row::Column::PersonId])
        .columns([row::Column::Attempts, row::Column::Template, row::Column::Rich])
        .columns([row::Column::DoubtedAt, row::Column::MayBeDuplicate, row::Column::Kind, row::Column::CreatedAt])
        .column(row::Column::ErrorCode)
        .column_as(crate::people::store::address::Column::Value, "to")
        .join(JoinType::InnerJoin, row::Relation::Address.def())
        .filter(row::Column::Id.is_in(ids))
        .order_by_asc(row::Column::Id)
        .into_model::<Leased>()
        .all(tx.conn())
        .await?;
    let went_by_template = doubted_templates(tx, &leased).await?;
    for delivery in &mut leased {
        let way = plan.ways.get(&delivery.id);
        delivery.by_template = match delivery.doubted_at {
            Some(_) => went_by_template.contains(&(delivery.id, delivery.attempts)),
            None => way.is_some_and(|way| way.by_template),
        };
        let carrier = way.and_then(|way| carriers.get(way.carrier));
        delivery.channel = carrier.map_or("", |carrier| carrier.channel.name());
        delivery.sender = senders.get(&delivery.id).cloned().flatten();
        delivery.lease = lease.clone();
        delivery.leased_at = tx.now();
    }
    open_attempts(tx, &leased).await?;
    taken.leased = leased;
    Ok(taken)
}

/// The sender that this delivery goes from: the one that it names, where the channel knows it; else, where several
/// channels could carry it, the channel's own.
fn sender(carriers: &[Carrier], way: Option<&route::Way>, head: &Head) -> Option<String> {
    let carrier = carriers.get(way?.carrier)?;
    let named = head.sender.clone().filter(|name| carrier.channel.knows_sender(name));
    named.or_else(|| carrier.sender.clone().filter(|_| carriers.len() > 1))
}

/// Those of these deliveries in doubt whose attempt, by its number, went by a template.
async fn doubted_templates(tx: &Tx, leased: &[Leased]) -> Result<HashSet<(i64, i32)>> {
    let doubted = leased.iter().filter(|delivery| delivery.doubted_at.is_some() && delivery.template.is_some());
    let doubted: Vec<i64> = doubted.map(|delivery| delivery.id).collect();
    if doubted.is_empty() {
        return Ok(HashSet::new());
    }
    let by_template: Vec<(i64, i32)> = attempt::Entity::find()
        .select_only()
        .columns([attempt::Column::DeliveryId, attempt::Column::Number])
        .filter(attempt::Column::DeliveryId.is_in(doubted))
        .filter(attempt::Column::Template.is_not_null())
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(by_template.into_iter().collect())
}

/// The lines that are due longest. One that another process is just leasing is that process's business.
pub(super) async fn due_lines(tx: &Tx, medium: Medium, lane: Lane, most: u64) -> Result<BTreeSet<String>> {
    let mut lines = line::Entity::find()
        .select_only()
        .column(line::Column::Name)
        .filter(line::Column::Medium.eq(medium.as_str()))
        .filter(line::Column::Lane.eq(lane.number()))
        .filter(line::Column::DueAt.lte(tx.now()))
        .order_by_asc(line::Column::DueAt)
        .limit(most);
    if tx.conn().get_database_backend() != DbBackend::Sqlite {
        lines = lines.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    Ok(lines.into_tuple::<String>().all(tx.conn()).await?.into_iter().collect())
}

/// The replies at the heads of lines and behind them that are no longer worth sending: those that waited too long with a
/// later one behind them, and those that came back after a failure, when a later message was answered meanwhile.
async fn stale(tx: &Tx, heads: &[Head]) -> Result<Vec<i64>> {
    let too_old = tx.now() - model::reply_patience();
    let replies = heads.iter().filter(|head| head.kind == Kind::Reply.as_str());
    let (back, waiting): (Vec<&Head>, Vec<&Head>) = replies.partition(|head| model::is_own_line(&head.line));
    let back: Vec<Reply<'_>> = back
        .into_iter()
        .map(|head| Reply { id: head.id, line: model::first_line(&head.line), message_id: head.message_id })
        .collect();
    let mut stale = overtaken(tx, &back).await?;
    let late: Vec<&str> =
        waiting.into_iter().filter(|head| head.created_at < too_old).map(|head| head.line.as_str()).collect();
    if late.is_empty() {
        return Ok(stale);
    }
    // In a line everything later is still behind the first, so what is closed need not be looked at.
    let open: Vec<(i64, String, Option<i64>, Instant)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Line, row::Column::MessageId, row::Column::CreatedAt])
        .filter(row::Column::Line.is_in(late))
        .filter(row::Column::DueAt.is_not_null())
        .into_tuple()
        .all(tx.conn())
        .await?;
    let mut latest: HashMap<&str, Option<i64>> = HashMap::new();
    for (_, line, message_id, _) in &open {
        let latest = latest.entry(line).or_default();
        *latest = std::cmp::max(*latest, *message_id);
    }
    let is_stale = |(_, line, message_id, created_at): &&(i64, String, Option<i64>, Instant)| {
        *created_at < too_old && latest.get(line.as_str()).is_some_and(|latest| latest > message_id)
    };
    stale.extend(open.iter().filter(is_stale).map(|(id, ..)| *id));
    Ok(stale)
}

/// A reply that may have been overtaken.
pub(super) struct Reply<'a> {
    pub(super) id: i64,
    /// The line of its conversation.
    pub(super) line: &'a str,
    /// The message it answers.
    pub(super) message_id: Option<i64>,
}

/// Those of these replies that have the answer to a later message after them in the line of their conversation.
pub(super) async fn overtaken(tx: &Tx, replies: &[Reply<'_>]) -> Result<Vec<i64>> {
    if replies.is_empty() {
        return Ok(Vec::new());
    }
    let last = row::Entity::find()
        .select_only()
        .column_as(row::Column::Id.max(), "id")
        .filter(row::Column::Line.is_in(replies.iter().map(|reply| reply.line)))
        .group_by(row::Column::Line)
        .into_query();
    let latest: Vec<(String, Option<i64>)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Line, row::Column::MessageId])
        .filter(row::Column::Id.in_subquery(last))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let latest: HashMap<String, Option<i64>> = latest.into_iter().collect();
    let is_overtaken = |reply: &&Reply<'_>| latest.get(reply.line).is_some_and(|latest| *latest > reply.message_id);
    Ok(replies.iter().filter(is_overtaken).map(|reply| reply.id).collect())
}

async fn open_attempts(tx: &Tx, leased: &[Leased]) -> Result<()> {
    let attempts: Vec<attempt::ActiveModel> = leased
        .iter()
        .filter(|delivery| delivery.doubted_at.is_none())
        .map(|delivery| attempt::ActiveModel {
            id: NotSet,
            delivery_id: Set(delivery.id),
            number: Set(delivery.attempts),
            channel: Set(delivery.channel.to_owned()),
            provider_id: Set(None),
            outcome: Set("STARTED".to_owned()),
            error_code: Set(None),
            error_text: Set(None),
            started_at: Set(tx.now()),
            finished_at: Set(None),
            price_micros: Set(None),
            currency: Set(None),
            price_due_at: Set(None),
            price_tries: Set(0),
            category: Set(None),
            template: Set(delivery.template().ok().flatten().map(|template| template.key())),
        })
        .collect();
    if attempts.is_empty() {
        return Ok(());
    }
    // An attempt that did not count left its number, and its row, to the next one.
    let anew = [
        attempt::Column::Channel,
        attempt::Column::Outcome,
        attempt::Column::ErrorCode,
        attempt::Column::ErrorText,
        attempt::Column::StartedAt,
        attempt::Column::FinishedAt,
        attempt::Column::Template,
    ];
    let key = [attempt::Column::DeliveryId, attempt::Column::Number];
    attempt::Entity::insert_many(attempts)
        .on_conflict(OnConflict::columns(key).update_columns(anew).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
