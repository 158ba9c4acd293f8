//! The window of each address at each sender of ours: when it was last written from, and when the provider last said that
//! this is too long ago.

use super::rows::{row, window};
use super::{Kind, held};
use crate::channels::Status;
use crate::db::Tx;
use crate::delivery::model;
use crate::kit::{Instant, Result};
use crate::people::store::{Heard, person};
use chrono::TimeDelta;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, EntityTrait as _, JoinType, QueryFilter as _, QuerySelect as _, RelationTrait as _};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Who goes on writing to one sender has their window moved no oftener than this.
const EXACT_TO: TimeDelta = TimeDelta::minutes(1);

/// These were heard: the windows of their addresses are open.
pub async fn open(tx: &Tx, heard: &[Heard<'_>]) -> Result<()> {
    let is_news = |one: &&Heard<'_>| {
        let is_same_sender = one.to == one.known.last_inbound_to.as_deref();
        !is_same_sender || one.known.last_inbound_at.is_none_or(|before| one.at - before >= EXACT_TO)
    };
    let rows: Vec<window::ActiveModel> = heard
        .iter()
        .filter(is_news)
        .filter_map(|one| {
            Some(window::ActiveModel {
                id: NotSet,
                address_id: Set(one.known.address_id),
                sender: Set(one.to?.to_owned()),
                last_inbound_at: Set(Some(one.at)),
                refused_at: Set(None),
            })
        })
        .collect();
    upsert(tx, rows, window::Column::LastInboundAt).await
}

/// The provider said of messages that left at these instants, one address's to one sender each, that the person had last
/// written too long ago.
pub(super) async fn refused(tx: &Tx, shut: impl Iterator<Item = (i64, &String, Instant)>) -> Result<()> {
    let distinct: BTreeMap<(i64, &str), Instant> =
        shut.map(|(address_id, sender, left_at)| ((address_id, sender.as_str()), left_at)).collect();
    let rows = distinct.into_iter().map(|((address_id, sender), left_at)| window::ActiveModel {
        id: NotSet,
        address_id: Set(address_id),
        sender: Set(sender.to_owned()),
        last_inbound_at: Set(None),
        refused_at: Set(Some(left_at)),
    });
    upsert(tx, rows.collect(), window::Column::RefusedAt).await
}

async fn upsert(tx: &Tx, rows: Vec<window::ActiveModel>, news: window::Column) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let key = [window::Column::AddressId, window::Column::Sender];
    window::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(key).update_column(news).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// The windows of these addresses at these senders, by address and sender.
pub(super) async fn known(
    tx: &Tx,
    senders: &[&str],
    address_ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<(i64, String), window::Model>> {
    let known = window::Entity::find()
        .filter(window::Column::Sender.is_in(senders.iter().copied()))
        .filter(window::Column::AddressId.is_in(address_ids))
        .all(tx.conn())
        .await?;
    Ok(known.into_iter().map(|known| ((known.address_id, known.sender.clone()), known)).collect())
}

/// Those of these addresses that wrote to each of these senders too long ago, as far as they wrote to them.
pub async fn shut_for(tx: &Tx, senders: &[String], address_ids: impl IntoIterator<Item = i64>) -> Result<HashSet<i64>> {
    let senders: Vec<&str> = senders.iter().map(String::as_str).collect();
    let known = known(tx, &senders, address_ids).await?;
    let is_shut = |known: &&window::Model| model::is_window_shut(known.last_inbound_at, known.refused_at, tx.now());
    let (shut, open): (Vec<_>, Vec<_>) = known.values().partition(is_shut);
    let open: HashSet<i64> = open.into_iter().map(|known| known.address_id).collect();
    Ok(shut.into_iter().map(|known| known.address_id).filter(|id| !open.contains(id)).collect())
}

/// These may not go as they are, and have no template: they have failed, each group with the words that lack one.
pub(super) async fn give_up(tx: &Tx, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let lacking: Vec<(i64, String, Option<String>, String)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Kind, row::Column::Words])
        .column(person::Column::Language)
        .join(JoinType::InnerJoin, row::Relation::Person.def())
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let mut groups: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (id, kind, words, language) in lacking {
        let words = words.unwrap_or_else(|| "notices.gathered".to_owned());
        let why = if kind == Kind::Desk.as_str() {
            "and this was written in words of its own. Choose a template, or wait until they write.".to_owned()
        } else {
            format!("and the words {words} have none in {language}. Name one in the file of ANDON_TEMPLATES.")
        };
        groups.entry(why).or_default().push(id);
    }
    super::close(tx, ids).await?;
    for (why, ids) in groups {
        let why = format!(
            "The person last wrote over 24 hours ago, so WhatsApp takes only an approved template from us, {why}"
        );
        super::advance(tx, &ids, Status::Failed, Some((None, &why))).await?;
        held::mirror(tx, &ids, Status::Failed, Some((None, &why))).await?;
    }
    Ok(())
}
