//! The review of proposed changes: what somebody submitted is approved or rejected.
//!
//! A change was made from the revision that was in force when it was submitted. What is approved is the change,
//! applied to what is in force now, so that of two that were submitted together the second does not undo the first.

use super::events::RevisionDecided;
use super::model::{self, Change, Component, Status};
use super::store::desk as store_desk;
use super::{revision_row, row, store};
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::outbox;

/// Why a revision cannot be decided like this now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none with this number.
    #[error("There is no such revision of this BOM. Please check its number.")]
    Unknown,
    /// Somebody was faster.
    #[error("Revision {0} was decided already: it is {1}.")]
    Decided(i32, &'static str),
    /// A later one is in force.
    #[error(
        "Revision {later} is in force, which is later than revision {this}. Reject this one and submit its change anew."
    )]
    Overtaken {
        /// This one.
        this: i32,
        /// The one in force.
        later: i32,
    },
    /// The change does not fit what is in force now.
    #[error("The change no longer fits what is in force: {0} Reject it.")]
    NoLongerFits(model::Refusal),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let kind = if refusal == Refusal::Unknown { Kind::NotFound } else { Kind::Conflict };
        Self::new(kind, refusal.to_string()).because(refusal)
    }
}

/// Puts a revision in force.
///
/// # Errors
/// A [`Refusal`].
pub async fn approve(tx: &Tx, bom_id: i64, number: i32, comment: Option<String>, by: i64) -> Result<()> {
    let (bom, revision) = waiting(tx, bom_id, number).await?;
    let in_force = store::approved(tx.conn(), &[bom_id]).await?.remove(&bom_id);
    let base: Vec<i64> = in_force.iter().map(|in_force| in_force.id).collect();
    let lines = store::components(tx.conn(), &base).await?.into_values().next().unwrap_or_default();
    let mut cost_change = revision.cost_change_micros;
    if let Some(revised) = outcome(&bom.number, &revision, in_force.map(|in_force| in_force.number), &lines)? {
        cost_change = revised.1;
        store_desk::replace_components(tx, revision.id, &revised.0).await?;
    }
    decided(tx, bom, revision, Status::Approved, cost_change, comment, by).await
}

/// What approving a revision would put in force, where `lines` of the revision numbered `in_force` are in force now, and
/// what that costs more; none where it came as a whole and stays as it is.
///
/// # Errors
/// Why it could not be approved.
pub fn outcome(
    bom: &str,
    revision: &revision_row::Model,
    in_force: Option<i32>,
    lines: &[Component],
) -> Result<Option<(Vec<Component>, i64)>, Refusal> {
    if let Some(later) = in_force.filter(|later| *later > revision.number) {
        return Err(Refusal::Overtaken { this: revision.number, later });
    }
    let change = change_of(revision);
    let revised = change.map(|(component, change)| model::revise(bom, lines, component, &change));
    revised.transpose().map_err(Refusal::NoLongerFits)
}

/// The component that a revision changes, and what it changes of it; none where it came as a whole.
pub fn change_of(revision: &revision_row::Model) -> Option<(&str, Change)> {
    let change = serde_json::from_str(revision.change.as_deref()?).ok()?;
    Some((revision.component.as_deref()?, change))
}

/// Turns a revision down.
///
/// # Errors
/// A [`Refusal`].
pub async fn reject(tx: &Tx, bom_id: i64, number: i32, reason: String, by: i64) -> Result<()> {
    let (bom, revision) = waiting(tx, bom_id, number).await?;
    let cost_change = revision.cost_change_micros;
    decided(tx, bom, revision, Status::Rejected, cost_change, Some(reason), by).await
}

/// The revision, which waits for review, with its BOM, which is locked.
async fn waiting(tx: &Tx, bom_id: i64, number: i32) -> Result<(row::Model, revision_row::Model)> {
    let bom = store::by_id_locked(tx, bom_id).await?.ok_or(Refusal::Unknown)?;
    let revision = store_desk::revision(tx.conn(), bom_id, number).await?.ok_or(Refusal::Unknown)?;
    match revision.status {
        Status::PendingReview => Ok((bom, revision)),
        other => Err(Refusal::Decided(number, other.as_str()).into()),
    }
}

async fn decided(
    tx: &Tx,
    bom: row::Model,
    revision: revision_row::Model,
    decision: Status,
    cost_change: i64,
    comment: Option<String>,
    by: i64,
) -> Result<()> {
    store_desk::decide(tx, revision.id, decision, cost_change, comment.clone(), by).await?;
    let told = RevisionDecided {
        bom_id: bom.id,
        bom: bom.number,
        revision: revision.number,
        decision,
        comment,
        submitted_by: revision.submitted_by,
        decided_by: by,
    };
    outbox::append(tx, &[told]).await
}
