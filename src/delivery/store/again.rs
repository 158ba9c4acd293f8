//! One delivery, held with its line, and what an admin does with it.

use super::rows::row;
use super::{cancel, counted_as, lines};
use crate::channels::{Medium, Status};
use crate::db::Tx;
use crate::delivery::model;
use crate::kit::{Instant, Result};
use crate::people::store::{address, person};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, JoinType, QueryFilter as _, QuerySelect as _,
    RelationTrait as _,
};
use std::collections::{BTreeMap, BTreeSet};

/// Why a notice was taken back.
pub const TAKEN_BACK: &str = "An admin took it back before it left.";

/// A delivery, as nobody else can change it until the transaction ends.
#[expect(clippy::struct_excessive_bools, reason = "facts of their own, each of which may forbid something")]
#[derive(Clone, Debug)]
pub struct Found {
    /// Its row.
    pub id: i64,
    /// Its stored medium.
    pub medium: String,
    /// Its line.
    pub line: String,
    /// Its stored status.
    pub status: String,
    /// Whether it is still to be sent.
    pub waits: bool,
    /// Whether it goes together with others in one message.
    pub is_gathered: bool,
    /// Whether a process has it just now.
    pub is_leased: bool,
    /// Whether the provider may have it.
    pub is_in_doubt: bool,
    /// Whether its text is gone.
    pub is_emptied: bool,
    /// Whether its address wants no notices.
    pub has_opted_out: bool,
    /// Whether its person may use Andon.
    pub is_active: bool,
}

impl Found {
    /// Whether a channel carries it.
    pub fn is_carried(&self) -> bool {
        Medium::named(&self.medium).is_some()
    }
}

#[derive(sea_orm::FromQueryResult)]
struct Details {
    medium: String,
    line: String,
    status: String,
    due_at: Option<Instant>,
    held_until: Option<Instant>,
    digest_id: Option<i64>,
    doubted_at: Option<Instant>,
    emptied_at: Option<Instant>,
    opted_out_at: Option<Instant>,
    is_active: bool,
}

/// Holds a delivery and the line that it stands in; none where there is no such delivery.
pub(in crate::delivery) async fn hold(tx: &Tx, id: i64) -> Result<Option<Found>> {
    loop {
        let line = row::Entity::find_by_id(id).select_only().column(row::Column::Line).into_tuple::<String>();
        let Some(line) = line.one(tx.conn()).await? else { return Ok(None) };
        let owners = lines::lock(tx, &BTreeSet::from([line.clone(), model::own_line(&line, id)])).await?;
        lock(tx, id).await?;
        let details: Option<Details> = row::Entity::find_by_id(id)
            .select_only()
            .columns([row::Column::Medium, row::Column::Line, row::Column::Status, row::Column::DueAt])
            .columns([row::Column::DoubtedAt, row::Column::EmptiedAt, row::Column::HeldUntil, row::Column::DigestId])
            .column(address::Column::OptedOutAt)
            .column(person::Column::IsActive)
            .join(JoinType::InnerJoin, row::Relation::Address.def())
            .join(JoinType::InnerJoin, row::Relation::Person.def())
            .into_model()
            .one(tx.conn())
            .await?;
        let Some(details) = details else { return Ok(None) };
        if details.line != line {
            continue; // it moved to a line of its own meanwhile
        }
        let heads = lines::heads(tx, [&line]).await?;
        let is_first = heads.iter().any(|head| head.id == id);
        return Ok(Some(Found {
            id,
            medium: details.medium,
            status: details.status,
            waits: details.due_at.is_some() || details.held_until.is_some(),
            is_gathered: details.digest_id.is_some(),
            is_leased: is_first && owners.contains_key(&line),
            is_in_doubt: details.doubted_at.is_some(),
            is_emptied: details.emptied_at.is_some(),
            has_opted_out: details.opted_out_at.is_some(),
            is_active: details.is_active,
            line,
        }));
    }
}

async fn lock(tx: &Tx, id: i64) -> Result<()> {
    if tx.conn().get_database_backend() != DbBackend::Sqlite {
        let row = row::Entity::find_by_id(id).select_only().column(row::Column::Id).lock(lines::kept_keys(tx));
        row.into_tuple::<i64>().one(tx.conn()).await?;
    }
    Ok(())
}

/// It waits again, on a line of its own.
pub(in crate::delivery) async fn reopen(tx: &Tx, found: &Found) -> Result<()> {
    let Some(medium) = Medium::named(&found.medium) else { return Ok(()) };
    let line = model::own_line(&found.line, found.id);
    lines::enter(tx, BTreeMap::from([(line.clone(), (medium, tx.now()))])).await?;
    let nothing = || Expr::value(None::<Instant>);
    row::Entity::update_many()
        .col_expr(row::Column::Status, Status::Queued.as_str().into())
        .col_expr(row::Column::StatusRank, i32::from(Status::Queued.rank()).into())
        .col_expr(row::Column::CountedAs, counted_as(Status::Queued))
        .col_expr(row::Column::ErrorCode, Expr::value(None::<i32>))
        .col_expr(row::Column::ErrorText, Expr::value(None::<String>))
        .col_expr(row::Column::SentAt, nothing())
        .col_expr(row::Column::FailedAt, nothing())
        .col_expr(row::Column::DoubtedAt, nothing())
        .col_expr(row::Column::OverBudgetAt, nothing())
        .col_expr(row::Column::HeldUntil, nothing())
        .col_expr(row::Column::DigestId, Expr::value(None::<i64>))
        .col_expr(row::Column::DueAt, tx.now().into())
        .col_expr(row::Column::Line, line.into())
        .filter(row::Column::Id.eq(found.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// It waits no more; what stood behind it may go.
pub(in crate::delivery) async fn take_back(tx: &Tx, found: &Found) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::HeldUntil, Expr::value(None::<Instant>))
        .col_expr(row::Column::DueAt, tx.now().into())
        .filter(row::Column::Id.eq(found.id))
        .filter(row::Column::HeldUntil.is_not_null())
        .exec(tx.conn())
        .await?;
    cancel(tx, &[found.id], TAKEN_BACK).await?;
    lines::wake(tx, &BTreeSet::from([found.line.clone()])).await
}
