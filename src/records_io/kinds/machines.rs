//! Machines as lines.

use super::{Plant, Records};
use crate::db::Tx;
use crate::kit::decimal::decimal;
use crate::kit::records::Judged;
use crate::kit::{Instant, Result};
use crate::machines::records::{self, Position, Record};
use crate::records_io::cells::Cells;
use crate::records_io::table::Columns;
use sea_orm::DatabaseConnection;

/// Machines, by number.
pub(in crate::records_io) struct Machines;

#[async_trait::async_trait]
impl Records for Machines {
    type Record = Record;

    const COLUMNS: Columns =
        Columns { needed: &["number"], all: &["number", "name", "location", "department", "latitude", "longitude"] };

    fn read(cells: &mut Cells, _plant: &Plant<'_>) -> Record {
        Record {
            number: cells.key("number"),
            name: cells.text("name"),
            location: cells.text_or_blank("location"),
            department: cells.name("department"),
            position: cells.spot("latitude", "longitude"),
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
        let Record { number, name, location, department, position } = record;
        let spot = position.and_then(Position::spot);
        let degrees = |millionths: Option<i64>| millionths.map(|millionths| decimal(millionths, 0));
        let spot = [degrees(spot.map(|spot| spot.latitude)), degrees(spot.map(|spot| spot.longitude))];
        let rest = [name, location, department].into_iter().chain(spot).map(Option::unwrap_or_default);
        vec![std::iter::once(number).chain(rest).collect()]
    }
}
