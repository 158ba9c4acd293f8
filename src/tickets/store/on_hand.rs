//! The tickets that people have on hand, those of many people with one statement.

use super::{assignment, row};
use crate::kit::Result;
use crate::tickets::model::Status;
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, IntoColumnRef as _, Order, Query, WindowStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};

/// What a ticket is to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// They raised or reported it.
    Raised,
    /// They work on it.
    Assigned,
}

/// A ticket that somebody has on hand.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct OnHand {
    /// Who.
    pub person_id: i64,
    /// The ticket's reference.
    pub reference: String,
    /// Its title.
    pub title: String,
    /// How far it is.
    pub status: Status,
}

/// The tickets in these statuses that each of these people raised or works on, the newest first, at most so many each.
pub async fn on_hand(
    conn: &impl ConnectionTrait,
    side: Side,
    people: &[i64],
    statuses: &[Status],
    most: u64,
) -> Result<Vec<OnHand>> {
    let person = match side {
        Side::Raised => (row::Entity, row::Column::RequesterId).into_column_ref(),
        Side::Assigned => (assignment::Entity, assignment::Column::PersonId).into_column_ref(),
    };
    let number = (row::Entity, row::Column::Id);
    let mut ranked = Query::select();
    ranked
        .expr_as(Expr::col(person.clone()), "person_id")
        .columns(
            [row::Column::Id, row::Column::Reference, row::Column::Title, row::Column::Status]
                .map(|c| (row::Entity, c)),
        )
        .expr_window_as(
            Func::cust("ROW_NUMBER"),
            WindowStatement::partition_by(person.clone()).order_by(number, Order::Desc).take(),
            "nth",
        )
        .from(row::Entity)
        .and_where(Expr::col(person).is_in(people.iter().copied()))
        .and_where(Expr::col((row::Entity, row::Column::Status)).is_in(statuses.iter().map(|status| status.as_str())));
    if side == Side::Assigned {
        let theirs = Expr::col((assignment::Entity, assignment::Column::TicketId)).equals(number);
        ranked.inner_join(assignment::Entity, theirs);
    }
    let select = Query::select()
        .columns(["person_id", "reference", "title", "status"])
        .from_subquery(ranked, "ranked")
        .and_where(Expr::col("nth").lte(most))
        .order_by("person_id", Order::Asc)
        .order_by("nth", Order::Asc)
        .to_owned();
    let rows = conn.query_all(&select).await?;
    Ok(rows.iter().map(|row| OnHand::from_query_result(row, "")).collect::<Result<_, _>>()?)
}
