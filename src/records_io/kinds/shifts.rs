//! Shifts as lines.

use super::{Plant, Records};
use crate::db::Tx;
use crate::kit::records::Judged;
use crate::kit::{Instant, Result, rules};
use crate::records_io::cells::{Cells, written};
use crate::records_io::table::Columns;
use crate::shifts::records::{self, Record};
use sea_orm::DatabaseConnection;

/// Shifts, by person and start.
pub(in crate::records_io) struct Shifts;

#[async_trait::async_trait]
impl Records for Shifts {
    type Record = Record;

    const COLUMNS: Columns =
        Columns { needed: &["person", "starts_at"], all: &["person", "starts_at", "machine", "note"] };

    fn read(cells: &mut Cells, plant: &Plant<'_>) -> Record {
        let person = cells.phone("person").unwrap_or_default();
        let starts_at = cells.read("starts_at", |cell| rules::moment(cell, plant.tz));
        Record {
            key: Record::key_of(&person, starts_at),
            person,
            starts_at,
            machine: cells.key_or_blank("machine"),
            note: cells.text_or_blank("note"),
        }
    }

    fn key(record: &Record) -> &str {
        &record.key
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
            record.person,
            record.starts_at.map(written).unwrap_or_default(),
            record.machine.unwrap_or_default(),
            record.note.unwrap_or_default(),
        ]]
    }
}
