//! Records in and out: orders, machines, BOMs, SOP failures, people, shifts and maintenance
//! plans as CSV files.
//!
//! [`import`] takes a file over as a whole or not at all, beside a running server. It works in three steps, none of
//! which keeps the database's one writer for long:
//!
//! 1. *Gather*: every line is read and judged against what is stored; what would create or change something is laid
//!    by in pieces (`import_pieces`), which nobody reads. A bad line ends it here, with nothing changed.
//! 2. *Commit*: one row turns from GATHERING to WRITING. From here on the whole file counts. An import that comes to
//!    nothing turns to DROPPED instead, before the first of its pieces goes.
//! 3. *Write*: piece by piece, each with its removal in one transaction. [`finish`] does the same for an import that
//!    was killed meanwhile: the next command does it, or the running server within a minute.
//!
//! So whoever reads during the third step sees a part of it; whoever reads after it sees all of it, whatever died.
//! [`export`] writes the same form back.

mod cells;
mod export;
mod gather;
mod import;
mod kinds;
mod lines;
mod store;
mod table;
pub mod waiting;

pub use cells::harmless;
pub use export::{export, pieces};
pub use import::{Imported, Options, Watch, finish, import, under_way};

use std::fmt;

/// What can be taken in and out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Orders, by number.
    Orders,
    /// Machines, by number.
    Machines,
    /// BOMs, by number: one line a component.
    Boms,
    /// SOP failures, by reference.
    SopFailures,
    /// People with a role, by WhatsApp number.
    People,
    /// Shifts, by WhatsApp number and start.
    Shifts,
    /// Plans of preventive maintenance, by number.
    MaintenancePlans,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Orders,
        Self::Machines,
        Self::Boms,
        Self::SopFailures,
        Self::People,
        Self::Shifts,
        Self::MaintenancePlans,
    ];

    /// As it is written on the command line, `sop-failures`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Machines => "machines",
            Self::Boms => "boms",
            Self::SopFailures => "sop-failures",
            Self::People => "people",
            Self::Shifts => "shifts",
            Self::MaintenancePlans => "maintenance-plans",
        }
    }

    /// As it reads in a sentence, `SOP failures`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Machines => "machines",
            Self::Boms => "BOMs",
            Self::SopFailures => "SOP failures",
            Self::People => "people",
            Self::Shifts => "shifts",
            Self::MaintenancePlans => "maintenance plans",
        }
    }
}

/// A line that cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number in the file, from 1; the header is a line too.
    pub line: u64,
    /// The column at fault; none where the line as a whole is.
    pub column: Option<&'static str>,
    /// What stands there, shortened.
    pub value: String,
    /// What is wrong with it and what to write instead.
    pub reason: String,
}

/// `line 17, due_on: "31.02.2026" is not a date; write YYYY-MM-DD`.
impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "line {}, {column}: {:?} {}", self.line, self.value, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}
