//! Which deliveries, and which of their attempts, a set of receipts speaks of.

use super::lines;
use super::rows::{attempt, row};
use crate::channels::{Receipt, Status};
use crate::db::Tx;
use crate::delivery::prices::model as prices;
use crate::kit::{Instant, Result};
use sea_orm::sea_query::{CaseStatement, Expr};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A delivery that there is news of.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub(super) struct Told {
    pub(super) id: i64,
    pub(super) token: String,
    pub(super) kind: String,
    pub(super) medium: String,
    pub(super) address_id: i64,
    pub(super) person_id: i64,
    pub(super) line: String,
    pub(super) attempts: i32,
    pub(super) due_at: Option<Instant>,
    pub(super) message_id: Option<i64>,
    pub(super) template: Option<String>,
    /// With what it failed before, where it goes again.
    pub(super) error_code: Option<i32>,
}

/// An attempt at one.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub(super) struct Tried {
    pub(super) id: i64,
    delivery_id: i64,
    number: i32,
    outcome: String,
    provider_id: Option<String>,
    /// As what it is billed, where a receipt said so already.
    category: Option<String>,
    /// The template that it went by.
    pub(super) template: Option<String>,
    pub(super) started_at: Instant,
}

/// What is known of a set of receipts.
pub(super) struct Book {
    deliveries: HashMap<i64, Told>,
    by_token: HashMap<String, i64>,
    by_provider: HashMap<String, Tried>,
    /// Lines that were locked and that no process has: whoever closes their deliveries sees to what comes next.
    free: BTreeSet<String>,
    /// Deliveries of which the provider took another message than the one that there is news of.
    taken: HashSet<i64>,
}

impl Book {
    /// Looks the deliveries and attempts up, and locks the lines of those whose process may be about to write down what
    /// this set says: those that are not closed yet, and those that failed, which its own record would undo.
    pub(super) async fn open(tx: &Tx, receipts: &[Receipt]) -> Result<Self> {
        let tokens: Vec<&str> = receipts.iter().filter_map(|receipt| receipt.token.as_deref()).collect();
        let mut told = if tokens.is_empty() { Vec::new() } else { told(tx, row::Column::Token.is_in(tokens)).await? };
        let failed: HashSet<&str> = receipts
            .iter()
            .filter(|receipt| receipt.status == Status::Failed)
            .filter_map(|receipt| receipt.token.as_deref())
            .collect();
        let is_unsettled = |told: &&Told| told.due_at.is_some() || failed.contains(told.token.as_str());
        let unsettled: BTreeSet<String> = told.iter().filter(is_unsettled).map(|told| told.line.clone()).collect();
        let mut free = BTreeSet::new();
        if !unsettled.is_empty() {
            let owners = lines::lock(tx, &unsettled).await?;
            free = unsettled.into_iter().filter(|line| !owners.contains_key(line)).collect();
            told = self::told(tx, row::Column::Id.is_in(told.iter().map(|told| told.id))).await?;
        }
        let by_provider = by_provider(tx, receipts).await?;
        let by_token: HashMap<String, i64> = told.iter().map(|told| (told.token.clone(), told.id)).collect();
        let mut deliveries: HashMap<i64, Told> = told.into_iter().map(|told| (told.id, told)).collect();
        let by_id: Vec<i64> =
            by_provider.values().map(|tried| tried.delivery_id).filter(|id| !deliveries.contains_key(id)).collect();
        if !by_id.is_empty() {
            let more = self::told(tx, row::Column::Id.is_in(by_id)).await?;
            deliveries.extend(more.into_iter().map(|told| (told.id, told)));
        }
        let mut book = Self { deliveries, by_token, by_provider, free, taken: HashSet::new() };
        book.claim(tx, receipts).await?;
        Ok(book)
    }

    /// The delivery that this receipt is of.
    pub(super) fn delivery(&self, receipt: &Receipt) -> Option<&Told> {
        let by_token = receipt.token.as_ref().and_then(|token| self.by_token.get(token));
        let id = by_token.copied().or_else(|| self.attempt(receipt).map(|tried| tried.delivery_id))?;
        self.deliveries.get(&id)
    }

    /// The attempt that this receipt is of.
    pub(super) fn attempt(&self, receipt: &Receipt) -> Option<&Tried> {
        self.by_provider.get(&receipt.provider_id)
    }

    /// Whether it is news of the last attempt, and that one is not over.
    pub(super) fn is_current(&self, receipt: &Receipt, delivery: &Told) -> bool {
        match self.attempt(receipt) {
            Some(tried) => tried.number == delivery.attempts && tried.outcome != "FAILED",
            None => !self.taken.contains(&delivery.id),
        }
    }

    /// The attempts that these receipts say a category of for the first time, with the category.
    pub(super) fn new_categories<'a>(&self, receipts: &'a [Receipt]) -> BTreeMap<i64, &'a str> {
        let said = receipts.iter().filter_map(|receipt| Some((self.attempt(receipt)?, receipt.category.as_deref()?)));
        said.filter(|(tried, _)| tried.category.is_none()).map(|(tried, category)| (tried.id, category)).collect()
    }

    /// The lines that nobody else sees to: their first deliveries may be others now.
    pub(super) fn free_lines(self) -> BTreeSet<String> {
        self.free
    }

    /// News of a message whose id nobody has written down yet: it answers for the last attempt without one.
    async fn claim(&mut self, tx: &Tx, receipts: &[Receipt]) -> Result<()> {
        let mut unknown: HashMap<i64, &Receipt> = HashMap::new();
        for receipt in receipts.iter().filter(|receipt| self.attempt(receipt).is_none()) {
            if let Some(delivery) = self.delivery(receipt) {
                unknown.insert(delivery.id, receipt);
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let tried: Vec<Tried> = attempt::Entity::find()
            .filter(attempt::Column::DeliveryId.is_in(unknown.keys().copied()))
            .order_by_asc(attempt::Column::Number)
            .into_model()
            .all(tx.conn())
            .await?;
        self.taken = tried.iter().filter(|tried| tried.provider_id.is_some()).map(|tried| tried.delivery_id).collect();
        let mut claims: HashMap<i64, Tried> = HashMap::new();
        for tried in tried.into_iter().filter(|tried| matches!(tried.outcome.as_str(), "STARTED" | "IN_DOUBT")) {
            claims.insert(tried.delivery_id, tried); // the last one stays
        }
        if claims.is_empty() {
            return Ok(());
        }
        let provider_id = claims.iter().fold(CaseStatement::new(), |case, (delivery, tried)| {
            case.case(attempt::Column::Id.eq(tried.id), Expr::value(unknown[delivery].provider_id.clone()))
        });
        attempt::Entity::update_many()
            .col_expr(attempt::Column::ProviderId, provider_id.into())
            .col_expr(attempt::Column::Outcome, "ACCEPTED".into())
            .col_expr(attempt::Column::FinishedAt, tx.now().into())
            .col_expr(attempt::Column::PriceDueAt, prices::first_look(tx.now()).into())
            .filter(attempt::Column::Id.is_in(claims.values().map(|tried| tried.id)))
            .exec(tx.conn())
            .await?;
        for (delivery, tried) in claims {
            self.by_provider.insert(unknown[&delivery].provider_id.clone(), tried);
        }
        Ok(())
    }
}

async fn told(tx: &Tx, which: sea_orm::sea_query::SimpleExpr) -> Result<Vec<Told>> {
    let told = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Token, row::Column::Kind, row::Column::Medium, row::Column::Line])
        .columns([row::Column::AddressId, row::Column::Attempts, row::Column::DueAt, row::Column::MessageId])
        .columns([row::Column::PersonId, row::Column::Template])
        .filter(which)
        .into_model()
        .all(tx.conn())
        .await?;
    Ok(told)
}

/// The attempts that these receipts name by the provider's id.
async fn by_provider(tx: &Tx, receipts: &[Receipt]) -> Result<HashMap<String, Tried>> {
    let channels: BTreeSet<&str> = receipts.iter().map(|receipt| receipt.channel).collect();
    let tried: Vec<Tried> = attempt::Entity::find()
        .select_only()
        .columns([attempt::Column::Id, attempt::Column::DeliveryId, attempt::Column::Number])
        .columns([attempt::Column::Outcome, attempt::Column::ProviderId, attempt::Column::Template])
        .columns([attempt::Column::StartedAt, attempt::Column::Category])
        .filter(attempt::Column::Channel.is_in(channels))
        .filter(attempt::Column::ProviderId.is_in(receipts.iter().map(|receipt| receipt.provider_id.as_str())))
        .into_model()
        .all(tx.conn())
        .await?;
    Ok(tried.into_iter().filter_map(|tried| Some((tried.provider_id.clone()?, tried))).collect())
}
