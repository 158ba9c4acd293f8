//! What each kind of record is made of: its columns, how a line is read and written, and who judges and takes it.

mod boms;
mod machines;
mod orders;
mod people;
mod plans;
mod shifts;
mod sop_failures;

pub(super) use boms::Boms;
pub(super) use machines::Machines;
pub(super) use orders::Orders;
pub(super) use people::People;
pub(super) use plans::Plans;
pub(super) use shifts::Shifts;
pub(super) use sop_failures::SopFailures;

use super::cells::Cells;
use super::table::Columns;
use crate::db::Tx;
use crate::kit::records::{Judged, Wrong};
use crate::kit::{Instant, Result};
use chrono_tz::Tz;
use sea_orm::DatabaseConnection;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a line's meaning depends on besides the line.
pub(super) struct Plant<'a> {
    /// The plant's time zone.
    pub(super) tz: Tz,
    /// The present instant.
    pub(super) now: Instant,
    /// The languages that Andon has words in.
    pub(super) languages: &'a [String],
}

/// Adds a line to the record that began above it.
pub(super) type Join<R> = fn(&mut R, R) -> Result<(), Wrong>;

/// One kind of record.
#[async_trait::async_trait]
pub(super) trait Records: 'static {
    /// What the feature takes.
    type Record: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The file's columns; the first is the key.
    const COLUMNS: Columns;
    /// Where a record may have several lines, which then stand together: adds one to those above it.
    const JOIN: Option<Join<Self::Record>> = None;

    /// Reads one line; what is wrong with it stays with `cells`.
    fn read(cells: &mut Cells, plant: &Plant<'_>) -> Self::Record;

    /// By what it is known.
    fn key(record: &Self::Record) -> &str;

    /// What taking these over would do.
    async fn judge(conn: &DatabaseConnection, records: &[Self::Record], now: Instant) -> Result<Vec<Judged>>;

    /// Takes them over.
    async fn put(tx: &Tx, records: &[Self::Record]) -> Result<()>;

    /// The next ones in the order of their keys.
    async fn page(conn: &DatabaseConnection, after: Option<&str>, most: u64) -> Result<Vec<Self::Record>>;

    /// Its lines, the cells in the order of the columns.
    fn lines(record: Self::Record) -> Vec<Vec<String>>;
}

/// Does something with the type that stands for a [`super::Kind`].
macro_rules! with_kind {
    ($kind:expr, $records:ident => $work:expr) => {
        match $kind {
            $crate::records_io::Kind::Orders => {
                type $records = $crate::records_io::kinds::Orders;
                $work
            }
            $crate::records_io::Kind::Machines => {
                type $records = $crate::records_io::kinds::Machines;
                $work
            }
            $crate::records_io::Kind::Boms => {
                type $records = $crate::records_io::kinds::Boms;
                $work
            }
            $crate::records_io::Kind::SopFailures => {
                type $records = $crate::records_io::kinds::SopFailures;
                $work
            }
            $crate::records_io::Kind::People => {
                type $records = $crate::records_io::kinds::People;
                $work
            }
            $crate::records_io::Kind::Shifts => {
                type $records = $crate::records_io::kinds::Shifts;
                $work
            }
            $crate::records_io::Kind::MaintenancePlans => {
                type $records = $crate::records_io::kinds::Plans;
                $work
            }
        }
    };
}
pub(super) use with_kind;
