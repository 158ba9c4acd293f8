//! Orders as a planner reads them: those that stand in some way, what is due first or by number, a page at a time.
//!
//! Every status is read along an index of its own and the stretches are put together here, so a page costs a statement a
//! status, however many orders there are and however few of them fit.

use super::{Status, row, store};
use crate::kit::Result;
use crate::web::page::{Cursor, Cut, Part};
use crate::web::{Fields, Form, read};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use std::cmp::Ordering;

/// What a page of orders is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By the day they are due, the earliest first; those of one day by row.
    Due,
    /// By number.
    Number,
}

impl Order {
    /// Every order; the first is the usual one.
    pub const ALL: [Self; 2] = [Self::Due, Self::Number];

    /// Its name in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due_on",
            Self::Number => "number",
        }
    }

    /// Where an order stands among the others.
    pub fn compare(self, one: &row::Model, other: &row::Model) -> Ordering {
        match self {
            Self::Due => (one.due_on, one.id).cmp(&(other.due_on, other.id)),
            Self::Number => one.number.cmp(&other.number),
        }
    }

    fn place(self, order: &row::Model) -> Cursor {
        match self {
            Self::Due => Cursor { id: order.id, ..Cursor::of_key(self.as_str(), &order.due_on.to_string()) },
            Self::Number => Cursor::of_key(self.as_str(), &order.number),
        }
    }
}

/// Which orders are asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where they stand.
    pub statuses: Vec<Status>,
    /// Words that are all in the number, the customer or the product.
    pub words: Option<String>,
    /// In which order.
    pub order: Order,
    /// Which part of them.
    pub part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let status = fields.optional("status", read::one_of(&Status::ALL, Status::as_str));
        let is_whole = fields.optional("all", read::boolean).unwrap_or_default();
        let statuses = match status {
            Some(status) => vec![status],
            None if is_whole => Status::ALL.to_vec(),
            None => Status::ALL.into_iter().filter(|status| !status.is_final()).collect(),
        };
        let words = fields.optional("q", read::line(1..=100));
        let order = fields.optional("sort", read::one_of(&Order::ALL, Order::as_str)).unwrap_or(Order::ALL[0]);
        let part = Part::read(fields, order.as_str());
        let is_place = |cursor: &Cursor| order == Order::Number || day(cursor).is_some();
        if part.cursor.as_ref().is_some_and(|cursor| !is_place(cursor)) {
            fields.wrong("cursor", "must be the cursor of a page's next or previous");
        }
        Some(Self { statuses, words, order, part })
    }
}

/// The day in a cursor of [`Order::Due`].
pub(super) fn day(cursor: &Cursor) -> Option<NaiveDate> {
    cursor.key.as_deref()?.parse().ok()
}

/// A page of the orders that fit.
pub async fn page(conn: &impl ConnectionTrait, asked: &Asked) -> Result<Cut<row::Model>> {
    let mut rows = Vec::new();
    for status in &asked.statuses {
        rows.extend(store::planned::of_status(conn, *status, asked).await?);
    }
    let is_before = asked.part.is_before();
    rows.sort_by(|one, other| {
        let order = asked.order.compare(one, other);
        if is_before { order.reverse() } else { order }
    });
    rows.truncate(usize::try_from(asked.part.fetched()).unwrap_or(usize::MAX));
    Ok(asked.part.cut(rows, |order| asked.order.place(order)))
}
