//! What the endpoints of orders take: queries and bodies, by the rules that files go by too.

use super::BY_NUMBER;
use crate::kit::rules;
use crate::orders::desk::Filter;
use crate::orders::model::Status;
use crate::orders::records::Record;
use crate::web::page::Part;
use crate::web::{Fields, Form, read};
use chrono::NaiveDate;
use sea_orm::Iterable as _;
use utoipa::ToSchema;

/// Which orders are asked for.
pub struct Asked {
    pub(super) filter: Filter,
    pub(super) part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = Filter {
            words: fields.optional("q", read::line(1..=100)),
            number: fields.optional("number", read::ruled(rules::key)),
            status: fields.optional("status", read::one_of(&Status::iter().collect::<Vec<_>>(), Status::as_str)),
        };
        Some(Self { filter, part: Part::read(fields, BY_NUMBER) })
    }
}

/// A new order.
#[derive(ToSchema)]
pub struct NewOrder {
    #[schema(example = "ORD-12345", min_length = 1, max_length = 255)]
    number: String,
    #[schema(example = "Northwind", min_length = 1, max_length = 20_000)]
    customer: String,
    #[schema(example = "Gearbox", min_length = 1, max_length = 20_000)]
    product: String,
    #[schema(example = 200, minimum = 0, maximum = 1_000_000_000_000_i64)]
    quantity_ordered: i64,
    /// 0 where nothing is said.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    quantity_completed: Option<i64>,
    /// 0 where nothing is said.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    quantity_rejected: Option<i64>,
    starts_on: NaiveDate,
    /// Not before `starts_on`.
    due_on: NaiveDate,
    /// PENDING where nothing is said; `ON_HOLD` comes by holding it.
    status: Option<Status>,
}

impl Form for NewOrder {
    fn read(fields: &mut Fields) -> Option<Self> {
        let number = fields.required("number", read::ruled(rules::key));
        let customer = fields.required("customer", read::ruled(rules::filled(rules::text)));
        let product = fields.required("product", read::ruled(rules::filled(rules::text)));
        let quantity_ordered = fields.required("quantity_ordered", read::whole(0..=rules::MOST_PIECES));
        let quantity_completed = fields.optional("quantity_completed", read::whole(0..=rules::MOST_PIECES));
        let quantity_rejected = fields.optional("quantity_rejected", read::whole(0..=rules::MOST_PIECES));
        let starts_on = fields.required("starts_on", read::ruled(rules::day));
        let due_on = fields.required("due_on", read::ruled(rules::day));
        let status = status(fields);
        Some(Self {
            number: number?,
            customer: customer?,
            product: product?,
            quantity_ordered: quantity_ordered?,
            quantity_completed,
            quantity_rejected,
            starts_on: starts_on?,
            due_on: due_on?,
            status,
        })
    }
}

/// What is to be changed of an order; what is not said stays.
#[derive(ToSchema)]
pub struct OrderChange {
    #[schema(min_length = 1, max_length = 20_000)]
    customer: Option<String>,
    #[schema(min_length = 1, max_length = 20_000)]
    product: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    quantity_ordered: Option<i64>,
    #[schema(example = 150, minimum = 0, maximum = 1_000_000_000_000_i64)]
    quantity_completed: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    quantity_rejected: Option<i64>,
    starts_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    /// Of an order that is held, the one it gets back; `ON_HOLD` comes by holding it.
    status: Option<Status>,
}

impl Form for OrderChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            customer: fields.optional("customer", read::ruled(rules::filled(rules::text))),
            product: fields.optional("product", read::ruled(rules::filled(rules::text))),
            quantity_ordered: fields.optional("quantity_ordered", read::whole(0..=rules::MOST_PIECES)),
            quantity_completed: fields.optional("quantity_completed", read::whole(0..=rules::MOST_PIECES)),
            quantity_rejected: fields.optional("quantity_rejected", read::whole(0..=rules::MOST_PIECES)),
            starts_on: fields.optional("starts_on", read::ruled(rules::day)),
            due_on: fields.optional("due_on", read::ruled(rules::day)),
            status: status(fields),
        })
    }
}

fn status(fields: &mut Fields) -> Option<Status> {
    let status = fields.optional("status", read::one_of(&Status::iter().collect::<Vec<_>>(), Status::as_str));
    if status == Some(Status::OnHold) {
        fields.wrong("status", "ON_HOLD comes by holding the order: POST /api/orders/{id}/hold/");
    }
    status
}

impl NewOrder {
    /// What it says of the order.
    pub fn record(self) -> Record {
        Record {
            number: self.number,
            customer: Some(self.customer),
            product: Some(self.product),
            quantity_ordered: Some(self.quantity_ordered),
            quantity_completed: self.quantity_completed,
            quantity_rejected: self.quantity_rejected,
            starts_on: Some(self.starts_on),
            due_on: Some(self.due_on),
            status: self.status,
        }
    }
}

impl OrderChange {
    /// What it says of the order with this number.
    pub fn record(self, number: String) -> Record {
        Record {
            number,
            customer: self.customer,
            product: self.product,
            quantity_ordered: self.quantity_ordered,
            quantity_completed: self.quantity_completed,
            quantity_rejected: self.quantity_rejected,
            starts_on: self.starts_on,
            due_on: self.due_on,
            status: self.status,
        }
    }
}
