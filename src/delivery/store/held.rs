//! Notices that wait for their hour, and several that go as one message.

use super::lines;
use super::rows::row;
use super::{Kind, NewDelivery, Way, advance, queued};
use crate::channels::{Medium, Status};
use crate::db::{self, Tx};
use crate::delivery::model;
use crate::kit::{Instant, Result, token};
use crate::people::store::{address, person};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    RelationTrait as _,
};
use std::collections::{BTreeMap, HashMap};

/// A notice whose hour has come.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Held {
    /// Its row.
    pub id: i64,
    /// How it is read.
    pub medium: String,
    /// Where it goes.
    pub address_id: i64,
    /// To whom.
    pub person_id: i64,
    /// In one line.
    pub subject: Option<String>,
    /// The person's language.
    pub language: String,
    line: String,
}

/// Notices to one address that go as one message.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// They.
    pub members: Vec<Held>,
    /// How they are read.
    pub medium: Medium,
    /// What the message is about, in one line.
    pub subject: String,
    /// What it says; one message holds it.
    pub body: String,
}

/// Whether the hour of a notice has come.
pub async fn is_anything_due(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    db::is_any_due::<row::Entity>(conn, row::Column::Id, row::Column::HeldUntil, now).await
}

/// The notices whose hour has come, those first that were made first. Whoever opted out meanwhile gets none: they are
/// taken back when they come to be sent.
pub async fn due(tx: &Tx, most: u64) -> Result<Vec<Held>> {
    let due = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Medium, row::Column::AddressId, row::Column::PersonId])
        .columns([row::Column::Subject, row::Column::Line])
        .column(person::Column::Language)
        .join(JoinType::InnerJoin, row::Relation::Person.def())
        .filter(row::Column::HeldUntil.lte(tx.now()))
        .order_by_asc(row::Column::HeldUntil)
        .order_by_asc(row::Column::Id)
        .limit(most);
    Ok(due.into_model().all(tx.conn()).await?)
}

/// These go now, each by itself.
pub async fn release(tx: &Tx, held: &[Held]) -> Result<()> {
    if held.is_empty() {
        return Ok(());
    }
    let entered = held.iter().filter_map(|one| Some((one.line.clone(), (Medium::named(&one.medium)?, tx.now()))));
    lines::enter(tx, entered.collect::<BTreeMap<_, _>>()).await?;
    row::Entity::update_many()
        .col_expr(row::Column::DueAt, tx.now().into())
        .col_expr(row::Column::HeldUntil, Expr::value(None::<Instant>))
        .filter(row::Column::Id.is_in(held.iter().map(|one| one.id)))
        .filter(row::Column::HeldUntil.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Each of these groups goes now as one message, whose fate is its members' fate.
pub async fn gather(tx: &Tx, groups: &[Gathered]) -> Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    let mut entered = BTreeMap::new();
    let mut rows = Vec::with_capacity(groups.len());
    let mut tokens = Vec::with_capacity(groups.len());
    for group in groups {
        let Some(first) = group.members.first() else { continue };
        let new = NewDelivery {
            kind: Kind::Digest,
            medium: group.medium,
            address_id: first.address_id,
            person_id: first.person_id,
            sender: None,
            line: model::digest_line(first.address_id),
            body: group.body.clone(),
            rich: None,
            message_id: None,
        };
        entered.insert(new.line.clone(), (group.medium, tx.now()));
        let token = token::fresh();
        let mut row = queued(tx.now(), &new, token.clone(), (group.body.clone(), None));
        row.subject = Set(Some(group.subject.clone()));
        rows.push(row);
        tokens.push((token, group.members.iter().map(|one| one.id).collect::<Vec<i64>>()));
    }
    lines::enter(tx, entered).await?;
    row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    let made: Vec<(String, i64)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Token, row::Column::Id])
        .filter(row::Column::Token.is_in(tokens.iter().map(|(token, _)| token.as_str())))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let made: HashMap<String, i64> = made.into_iter().collect();
    // A number of ours, written out: PostgreSQL takes the type of a CASE from its branches.
    let carrier = tokens.iter().fold(CaseStatement::new(), |case, (token, members)| match made.get(token) {
        Some(id) => case.case(row::Column::Id.is_in(members.iter().copied()), Expr::cust(id.to_string())),
        None => case,
    });
    row::Entity::update_many()
        .col_expr(row::Column::DigestId, carrier.into())
        .col_expr(row::Column::HeldUntil, Expr::value(None::<Instant>))
        .filter(row::Column::Id.is_in(tokens.into_iter().flat_map(|(_, members)| members)))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// These addresses were told something of low urgency just now: what follows soon waits for company.
pub async fn note_low(tx: &Tx, address_ids: &[i64]) -> Result<()> {
    if address_ids.is_empty() {
        return Ok(());
    }
    address::Entity::update_many()
        .col_expr(address::Column::ToldLowAt, tx.now().into())
        .filter(address::Column::Id.is_in(address_ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// What became of these messages became of the notices that they carry.
pub(super) async fn mirror(tx: &Tx, digests: &[i64], status: Status, error: Option<(Option<i32>, &str)>) -> Result<()> {
    if digests.is_empty() {
        return Ok(());
    }
    let members: Vec<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::DigestId.is_in(digests.iter().copied()))
        .into_tuple()
        .all(tx.conn())
        .await?;
    advance(tx, &members, status, error).await
}

/// A notice that may have to be told by another medium.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Overdue {
    /// Its row.
    pub id: i64,
    /// The event that it tells.
    pub event_id: Option<i64>,
    /// Whom it tells.
    pub person_id: i64,
    /// The file of its words.
    pub words: Option<String>,
    /// How far it got.
    pub status: String,
}

/// Whether there is a notice to think of another medium for.
pub async fn is_anything_overdue(conn: &impl ConnectionTrait, now: Instant) -> Result<bool> {
    db::is_any_due::<row::Entity>(conn, row::Column::Id, row::Column::FallbackAt, now).await
}

/// The notices to think of another medium for; each is thought of once.
pub async fn overdue(tx: &Tx, most: u64) -> Result<Vec<Overdue>> {
    let overdue: Vec<Overdue> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::EventId, row::Column::PersonId, row::Column::Words])
        .column(row::Column::Status)
        .filter(row::Column::FallbackAt.lte(tx.now()))
        .order_by_asc(row::Column::FallbackAt)
        .limit(most)
        .into_model()
        .all(tx.conn())
        .await?;
    if !overdue.is_empty() {
        row::Entity::update_many()
            .col_expr(row::Column::FallbackAt, Expr::value(None::<Instant>))
            .filter(row::Column::Id.is_in(overdue.iter().map(|one| one.id)))
            .exec(tx.conn())
            .await?;
    }
    Ok(overdue)
}

/// By which ways these people were told of these events, and whether they have seen it at the desk.
pub async fn told(
    tx: &Tx,
    events: impl IntoIterator<Item = i64>,
    people: impl IntoIterator<Item = i64>,
) -> Result<Vec<(i64, i64, Way, bool)>> {
    let told: Vec<(Option<i64>, i64, String, Option<Instant>)> = row::Entity::find()
        .select_only()
        .columns([row::Column::EventId, row::Column::PersonId, row::Column::Medium, row::Column::SeenAt])
        .filter(row::Column::EventId.is_in(events))
        .filter(row::Column::PersonId.is_in(people))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let told = told.into_iter().filter_map(|(event_id, person_id, medium, seen_at)| {
        Some((event_id?, person_id, Way::named(&medium)?, seen_at.is_some()))
    });
    Ok(told.collect())
}
