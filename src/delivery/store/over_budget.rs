//! Notices that are held back because the month's budget is spent.
//!
//! Each waits on a line of its own, so that what is urgent and stood behind it goes.

use super::lease::due_lines;
use super::rows::row;
use super::{Kind, lines};
use crate::channels::Medium;
use crate::db::{MAX_BOUND_VALUES, Tx};
use crate::delivery::model::{self, Lane};
use crate::kit::{Instant, Result};
use crate::outbox::Urgency;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::BTreeSet;

/// How many lines are looked at together.
const LINES_AT_ONCE: u64 = 500;
/// How many notices leave their wait in one transaction.
const AT_ONCE: u64 = 1_000;

/// Holds back until then what is due on this medium and not urgent, and what stands behind it in its line. What is in
/// doubt is asked about all the same. Answers with how many that were.
pub async fn hold_back(tx: &Tx, medium: Medium, until: Instant) -> Result<usize> {
    let mut held = 0;
    loop {
        let due = due_lines(tx, medium, Lane::Notices, LINES_AT_ONCE).await?;
        let some = not_urgent(tx, &due).await?;
        if some.is_empty() {
            return Ok(held);
        }
        held += some.len();
        for part in some.chunks(MAX_BOUND_VALUES / 4) {
            wait(tx, medium, part, until).await?;
        }
        lines::let_go(tx, &some.into_iter().map(|(_, line)| line).collect()).await?;
    }
}

/// The notices of these lines that can wait, with their lines.
async fn not_urgent(tx: &Tx, lines: &BTreeSet<String>) -> Result<Vec<(i64, String)>> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let some = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Line])
        .filter(row::Column::Line.is_in(lines))
        .filter(row::Column::Kind.is_in(Kind::UNASKED))
        .filter(row::Column::DueAt.is_not_null())
        .filter(row::Column::DoubtedAt.is_null())
        .filter(row::Column::Urgency.is_null().or(row::Column::Urgency.ne(Urgency::Urgent.number())));
    Ok(some.into_tuple().all(tx.conn()).await?)
}

async fn wait(tx: &Tx, medium: Medium, some: &[(i64, String)], until: Instant) -> Result<()> {
    let own = |(id, line): &(i64, String)| model::own_line(line, *id);
    lines::enter(tx, some.iter().map(|one| (own(one), (medium, until))).collect()).await?;
    let line =
        some.iter().fold(CaseStatement::new(), |case, one| case.case(row::Column::Id.eq(one.0), Expr::value(own(one))));
    row::Entity::update_many()
        .col_expr(row::Column::Line, line.into())
        .col_expr(row::Column::DueAt, until.into())
        .col_expr(row::Column::OverBudgetAt, tx.now().into())
        .filter(row::Column::Id.is_in(some.iter().map(|(id, _)| *id)))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Lets some of what is held back go; answers with how many that were, none where nothing is.
pub async fn release(tx: &Tx) -> Result<usize> {
    let held: Vec<(i64, String)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Line])
        .filter(row::Column::DueAt.gt(tx.now()))
        .filter(row::Column::OverBudgetAt.is_not_null())
        .limit(AT_ONCE)
        .into_tuple()
        .all(tx.conn())
        .await?;
    if held.is_empty() {
        return Ok(0);
    }
    let (ids, lines): (Vec<i64>, BTreeSet<String>) = held.into_iter().unzip();
    lines::lock(tx, &lines).await?;
    row::Entity::update_many()
        .col_expr(row::Column::DueAt, tx.now().into())
        .col_expr(row::Column::OverBudgetAt, Expr::value(None::<Instant>))
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .filter(row::Column::DueAt.is_not_null())
        .exec(tx.conn())
        .await?;
    lines::wake(tx, &lines).await?;
    Ok(ids.len())
}
