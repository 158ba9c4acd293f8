//! SOP failures as lines.

use super::{Plant, Records};
use crate::db::Tx;
use crate::kit::records::Judged;
use crate::kit::{Instant, Result};
use crate::records_io::cells::{Cells, written};
use crate::records_io::table::Columns;
use crate::sop_failures::records::{self, Record};
use crate::tickets::Status;
use sea_orm::DatabaseConnection;

/// SOP failures, by reference.
pub(in crate::records_io) struct SopFailures;

#[async_trait::async_trait]
impl Records for SopFailures {
    type Record = Record;

    const COLUMNS: Columns = Columns {
        needed: &["number"],
        all: &[
            "number",
            "procedure",
            "failure_type",
            "department",
            "description",
            "reported_at",
            "status",
            "requester",
        ],
    };

    fn read(cells: &mut Cells, plant: &Plant<'_>) -> Record {
        let statuses = Status::ALL.map(|status| (status.as_str(), status));
        Record {
            number: cells.read("number", records::reference).unwrap_or_default(),
            procedure: cells.text("procedure"),
            failure_type: cells.text_or_blank("failure_type"),
            department: cells.name("department"),
            description: cells.text_or_blank("description"),
            reported_at: cells.past("reported_at", plant.now, plant.tz),
            status: cells.choice("status", &statuses),
            requester: cells.phone_or_blank("requester"),
        }
    }

    fn key(record: &Record) -> &str {
        &record.number
    }

    async fn judge(conn: &DatabaseConnection, records: &[Record], _now: Instant) -> Result<Vec<Judged>> {
        records::judge(conn, records).await
    }

    async fn put(tx: &Tx, records: &[Record]) -> Result<()> {
        records::put(tx, records, None).await
    }

    async fn page(conn: &DatabaseConnection, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
        records::page(conn, after, most).await
    }

    fn lines(record: Record) -> Vec<Vec<String>> {
        vec![vec![
            record.number,
            record.procedure.unwrap_or_default(),
            record.failure_type.unwrap_or_default(),
            record.department.unwrap_or_default(),
            record.description.unwrap_or_default(),
            record.reported_at.map(written).unwrap_or_default(),
            record.status.map(Status::as_str).unwrap_or_default().to_owned(),
            record.requester.unwrap_or_default(),
        ]]
    }
}
