//! Orders as lines.

use super::{Plant, Records};
use crate::db::Tx;
use crate::kit::records::Judged;
use crate::kit::{Instant, Result};
use crate::orders::Status;
use crate::orders::records::{self, Record};
use crate::records_io::cells::Cells;
use crate::records_io::table::Columns;
use sea_orm::{DatabaseConnection, Iterable as _};

/// Orders, by number.
pub(in crate::records_io) struct Orders;

#[async_trait::async_trait]
impl Records for Orders {
    type Record = Record;

    const COLUMNS: Columns = Columns {
        needed: &["number"],
        all: &[
            "number",
            "customer",
            "product",
            "quantity_ordered",
            "quantity_completed",
            "quantity_rejected",
            "starts_on",
            "due_on",
            "status",
        ],
    };

    fn read(cells: &mut Cells, _plant: &Plant<'_>) -> Record {
        let statuses: Vec<_> = Status::iter().map(|status| (status.as_str(), status)).collect();
        Record {
            number: cells.key("number"),
            customer: cells.text("customer"),
            product: cells.text("product"),
            quantity_ordered: cells.whole("quantity_ordered"),
            quantity_completed: cells.whole("quantity_completed"),
            quantity_rejected: cells.whole("quantity_rejected"),
            starts_on: cells.day("starts_on"),
            due_on: cells.day("due_on"),
            status: cells.choice("status", &statuses),
        }
    }

    fn key(record: &Record) -> &str {
        &record.number
    }

    async fn judge(conn: &DatabaseConnection, records: &[Record], now: Instant) -> Result<Vec<Judged>> {
        records::judge(conn, records, now).await
    }

    async fn put(tx: &Tx, records: &[Record]) -> Result<()> {
        records::put(tx, records, None).await
    }

    async fn page(conn: &DatabaseConnection, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
        records::page(conn, after, most).await
    }

    fn lines(record: Record) -> Vec<Vec<String>> {
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        vec![vec![
            record.number,
            record.customer.unwrap_or_default(),
            record.product.unwrap_or_default(),
            number(record.quantity_ordered),
            number(record.quantity_completed),
            number(record.quantity_rejected),
            record.starts_on.map(|day| day.to_string()).unwrap_or_default(),
            record.due_on.map(|day| day.to_string()).unwrap_or_default(),
            record.status.map(Status::as_str).unwrap_or_default().to_owned(),
        ]]
    }
}
