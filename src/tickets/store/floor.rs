//! The floor's tickets as a wall shows them: of a department, up to a bound.

use super::row;
use crate::kit::{Instant, Result};
use crate::tickets::model::{Kind, Priority, Status};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

/// What is still to be done.
const OPEN: [Status; 4] = [Status::New, Status::Opened, Status::InProgress, Status::OnHold];

/// Which of the floor's tickets.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    /// Of this kind; none: of any.
    pub kind: Option<Kind>,
    /// Of this department and of none; none: of all.
    pub department: Option<&'a str>,
}

/// Those that are still to be done, the most urgent first, then in the order in which they were made.
pub async fn open(conn: &impl ConnectionTrait, of: Of<'_>, most: u64) -> Result<Vec<row::Model>> {
    let urgency: SimpleExpr = Priority::ALL
        .into_iter()
        .fold(CaseStatement::new(), |urgency, priority| {
            urgency.case(row::Column::Priority.eq(priority), Expr::value(priority as i32))
        })
        .into();
    let select = of_the_floor(of).filter(row::Column::Status.is_in(OPEN)).order_by_desc(urgency);
    Ok(select.order_by_asc(row::Column::Id).limit(most).all(conn).await?)
}

/// Those that are past a deadline.
pub async fn overdue(conn: &impl ConnectionTrait, of: Of<'_>, now: Instant, most: u64) -> Result<Vec<row::Model>> {
    let select = of_the_floor(of).filter(row::Column::NextDueAt.lt(now)).order_by_asc(row::Column::NextDueAt);
    Ok(select.order_by_asc(row::Column::Id).limit(most).all(conn).await?)
}

fn of_the_floor(of: Of<'_>) -> Select<row::Entity> {
    let kinds = Kind::ALL.into_iter().filter(|kind| kind.is_of_the_floor() && of.kind.is_none_or(|only| only == *kind));
    let mut select = row::Entity::find().filter(row::Column::Kind.is_in(kinds));
    if let Some(department) = of.department {
        // In one term, or SQLite would read all tickets of a kind for those of no department.
        let whose = Func::coalesce([Expr::col(row::Column::Department), Expr::value(department)]);
        select = select.filter(Expr::expr(whose).eq(department));
    }
    select
}
