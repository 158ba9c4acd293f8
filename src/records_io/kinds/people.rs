//! People as lines.

use super::{Plant, Records};
use crate::db::Tx;
use crate::kit::records::Judged;
use crate::kit::{Instant, Result};
use crate::people::Role;
use crate::people::store::records::{self, Record};
use crate::records_io::cells::Cells;
use crate::records_io::table::Columns;
use sea_orm::DatabaseConnection;

/// People with a role, by WhatsApp number.
pub(in crate::records_io) struct People;

#[async_trait::async_trait]
impl Records for People {
    type Record = Record;

    const COLUMNS: Columns =
        Columns { needed: &["whatsapp"], all: &["whatsapp", "name", "role", "department", "language"] };

    fn read(cells: &mut Cells, plant: &Plant<'_>) -> Record {
        let roles = Role::ALL.map(|role| (role.as_str(), role));
        Record {
            whatsapp: cells.phone("whatsapp").unwrap_or_default(),
            name: cells.text("name"),
            role: cells.choice("role", &roles),
            department: cells.name_or_blank("department"),
            language: cells.read("language", |cell| {
                let known = plant.languages.iter().find(|language| language.eq_ignore_ascii_case(cell));
                known
                    .cloned()
                    .ok_or_else(|| format!("is no language Andon speaks; write {}", plant.languages.join(", ")))
            }),
        }
    }

    fn key(record: &Record) -> &str {
        &record.whatsapp
    }

    async fn judge(conn: &DatabaseConnection, records: &[Record], _now: Instant) -> Result<Vec<Judged>> {
        records::judge(conn, records).await
    }

    async fn put(tx: &Tx, records: &[Record]) -> Result<()> {
        records::put(tx, records).await
    }

    async fn page(conn: &DatabaseConnection, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
        records::page(conn, after, most).await
    }

    fn lines(record: Record) -> Vec<Vec<String>> {
        let Record { whatsapp, name, role, department, language } = record;
        let role = role.map(|role| role.as_str().to_owned());
        let rest = [name, role, department, language].into_iter().map(Option::unwrap_or_default);
        vec![std::iter::once(whatsapp).chain(rest).collect()]
    }
}
