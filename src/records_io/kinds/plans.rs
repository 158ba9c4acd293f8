//! Plans of preventive maintenance as lines.

use super::{Plant, Records};
use crate::db::Tx;
use crate::kit::records::Judged;
use crate::kit::{Instant, Result, rules};
use crate::plans::model::MOST_DAYS;
use crate::plans::records::{self, Record};
use crate::records_io::cells::Cells;
use crate::records_io::table::Columns;
use sea_orm::DatabaseConnection;

/// Plans of preventive maintenance, by number.
pub(in crate::records_io) struct Plans;

#[async_trait::async_trait]
impl Records for Plans {
    type Record = Record;

    const COLUMNS: Columns = Columns {
        needed: &["number"],
        all: &["number", "machine", "title", "instructions", "every_days", "next_on", "responsible"],
    };

    fn read(cells: &mut Cells, _plant: &Plant<'_>) -> Record {
        Record {
            number: cells.key("number"),
            machine: cells.read("machine", rules::key),
            title: cells.name("title"),
            instructions: cells.text_or_blank("instructions"),
            every_days: cells.read("every_days", days),
            next_on: cells.day("next_on"),
            responsible: cells.read("responsible", people),
        }
    }

    fn key(record: &Record) -> &str {
        &record.number
    }

    async fn judge(conn: &DatabaseConnection, records: &[Record], now: Instant) -> Result<Vec<Judged>> {
        records::judge(conn, records, now).await
    }

    async fn put(tx: &Tx, records: &[Record]) -> Result<()> {
        records::put(tx, records).await
    }

    async fn page(conn: &DatabaseConnection, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
        records::page(conn, after, most).await
    }

    fn lines(record: Record) -> Vec<Vec<String>> {
        vec![vec![
            record.number,
            record.machine.unwrap_or_default(),
            record.title.unwrap_or_default(),
            record.instructions.unwrap_or_default(),
            record.every_days.map(|days| days.to_string()).unwrap_or_default(),
            record.next_on.map(|day| day.to_string()).unwrap_or_default(),
            record.responsible.unwrap_or_default().join(" "),
        ]]
    }
}

fn days(cell: &str) -> Result<i32, String> {
    let days = rules::pieces(cell).ok().filter(|days| (1..=MOST_DAYS).contains(days));
    let days = days.and_then(|days| i32::try_from(days).ok());
    days.ok_or_else(|| format!("is not a number of days; write 1 to {MOST_DAYS}"))
}

/// Phone numbers, parted by spaces, commas or semicolons.
fn people(cell: &str) -> Result<Vec<String>, String> {
    cell.split([' ', ',', ';']).filter(|number| !number.is_empty()).map(rules::phone).collect()
}
