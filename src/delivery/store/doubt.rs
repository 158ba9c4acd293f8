//! Attempts in doubt: what the provider's list says of them.
//!
//! One message at the provider answers for one attempt: who claims it has locked the address, so that two deliveries
//! of the same text to the same person are told apart, whichever process asks.

use super::lines;
use super::model;
use super::rows::{attempt, line, row};
use super::settle::{Came, Outcome, Turns};
use crate::channels::{Receipt, Sent};
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::people::store::address;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use std::collections::{BTreeSet, HashSet};

const CANNOT_TELL: &str = "The provider may have this message, and cannot be asked. It was sent twice already.";
const ASKED_IN_VAIN: &str =
    "The provider may have this message. It could not be asked for hours; it is not sent again.";
const NEVER_TAKEN: &str = "The provider never took this message, however often it was sent.";

/// Locks the addresses of deliveries that were asked about, so that nobody else claims messages to them.
pub(super) async fn lock_addresses(tx: &Tx, asked: &[&Outcome]) -> Result<()> {
    if asked.is_empty() || tx.conn().get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let ids: BTreeSet<i64> = asked.iter().map(|outcome| outcome.leased.address_id).collect();
    address::Entity::find()
        .select_only()
        .column(address::Column::Id)
        .filter(address::Column::Id.is_in(ids))
        .order_by_asc(address::Column::Id)
        .lock(lines::kept_keys(tx))
        .into_tuple::<i64>()
        .all(tx.conn())
        .await?;
    Ok(())
}

/// Decides about deliveries that were asked about. Answers with what the provider's list says of those it has.
pub(super) async fn resolve<'a>(tx: &Tx, asked: &[&'a Outcome], turns: &mut Turns<'a>) -> Result<Vec<Receipt>> {
    let open = still_open(tx, asked).await?;
    let busy = busy_addresses(tx, asked).await?;
    let mut listed = Vec::new();
    let (mut untaken, mut unknown) = (Vec::new(), Vec::new());
    for outcome in asked.iter().filter(|outcome| open.contains(&outcome.leased.id)) {
        let (leased, Came::Asked(answer)) = (&outcome.leased, &outcome.came) else { continue };
        let doubted_at = leased.doubted_at.unwrap_or(outcome.started_at);
        match answer {
            Err(error) => {
                let next = model::after_question(error, doubted_at, tx.now(), outcome.chance);
                turns.go_on(leased.id, next, error.code, ASKED_IN_VAIN);
            }
            Ok(None) if leased.may_be_duplicate => {
                turns.go_on(leased.id, model::Next::GiveUp, None, CANNOT_TELL);
            }
            Ok(None) => unknown.push(leased.id),
            // What is on its way to them just now has no provider's id yet, and may be what the list shows.
            Ok(Some(_)) if busy.contains(&leased.address_id) => {
                turns.again.push((leased.id, tx.now() + model::ASK_AGAIN));
            }
            Ok(Some(sent)) => listed.push((*outcome, model::likely(sent.clone(), &leased.words(), doubted_at))),
        }
    }
    let mut claimed = claimed(tx, &listed).await?;
    let mut found = Vec::new();
    for (outcome, likely) in listed {
        let leased = &outcome.leased;
        if let Some(sent) = likely.into_iter().find(|sent| claimed.insert(sent.provider_id.clone())) {
            turns.accepted.push(leased.id);
            turns.end_attempt(outcome, "ACCEPTED", Some(sent.provider_id.clone()), tx.now(), None);
            found.push(receipt(outcome.channel, sent));
        } else if leased.attempts >= model::MOST_ATTEMPTS {
            turns.go_on(leased.id, model::Next::GiveUp, None, NEVER_TAKEN);
        } else {
            untaken.push(leased.id);
        }
    }
    send_again(tx, &untaken, false).await?;
    send_again(tx, &unknown, true).await?;
    tell(asked, &found, &untaken, &unknown);
    Ok(found)
}

fn tell(asked: &[&Outcome], found: &[Receipt], untaken: &[i64], unknown: &[i64]) {
    if !asked.is_empty() {
        tracing::info!(
            asked = asked.len(),
            taken = found.len(),
            sent_again = ?untaken,
            may_be_duplicate = ?unknown,
            "messages in doubt were asked about"
        );
    }
}

fn receipt(channel: &'static str, sent: Sent) -> Receipt {
    let Sent { provider_id, status, error_code, .. } = sent;
    Receipt { channel, provider_id, token: None, from: None, status, error_code, error_text: None, category: None }
}

/// Those that no callback has settled meanwhile.
async fn still_open(tx: &Tx, asked: &[&Outcome]) -> Result<HashSet<i64>> {
    if asked.is_empty() {
        return Ok(HashSet::new());
    }
    let open: Vec<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::Id.is_in(asked.iter().map(|outcome| outcome.leased.id)))
        .filter(row::Column::DueAt.is_not_null())
        .filter(row::Column::DoubtedAt.is_not_null())
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(open.into_iter().collect())
}

/// Addresses to which something else is on its way.
async fn busy_addresses(tx: &Tx, asked: &[&Outcome]) -> Result<HashSet<i64>> {
    if asked.is_empty() {
        return Ok(HashSet::new());
    }
    let leased: Vec<String> = line::Entity::find()
        .select_only()
        .column(line::Column::Name)
        .filter(line::Column::Lease.is_not_null())
        .into_tuple()
        .all(tx.conn())
        .await?;
    let heads = lines::heads(tx, &leased).await?;
    let busy: Vec<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::AddressId)
        .filter(row::Column::Id.is_in(heads.iter().map(|head| head.id)))
        .filter(row::Column::AddressId.is_in(asked.iter().map(|outcome| outcome.leased.address_id)))
        .filter(row::Column::DoubtedAt.is_null())
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(busy.into_iter().collect())
}

/// Which of the listed messages answer for an attempt already.
async fn claimed(tx: &Tx, listed: &[(&Outcome, Vec<Sent>)]) -> Result<HashSet<String>> {
    let ids: BTreeSet<&str> = listed.iter().flat_map(|(_, sent)| sent).map(|sent| sent.provider_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let claimed: Vec<String> = attempt::Entity::find()
        .select_only()
        .column(attempt::Column::ProviderId)
        .filter(attempt::Column::Channel.is_in(listed.iter().map(|(outcome, _)| outcome.channel)))
        .filter(attempt::Column::ProviderId.is_in(ids))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(claimed.into_iter().collect())
}

/// Nothing is in doubt any more about these: they go again, some of them as possible duplicates.
async fn send_again(tx: &Tx, ids: &[i64], may_be_duplicate: bool) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    if !may_be_duplicate {
        attempt::Entity::update_many()
            .col_expr(attempt::Column::Outcome, "NOT_TAKEN".into())
            .filter(attempt::Column::DeliveryId.is_in(ids.iter().copied()))
            .filter(attempt::Column::Outcome.eq("IN_DOUBT"))
            .exec(tx.conn())
            .await?;
    }
    row::Entity::update_many()
        .col_expr(row::Column::DoubtedAt, Expr::value(None::<Instant>))
        .col_expr(row::Column::MayBeDuplicate, may_be_duplicate.into())
        .col_expr(row::Column::DueAt, tx.now().into())
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .filter(row::Column::DueAt.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}
