//! The tables, one migration a subject, the same for all three databases.
//!
//! Text compares by code point everywhere (MySQL would fold case and accents, PostgreSQL would ask the locale),
//! instants keep microseconds everywhere, and long text is `text`, not MySQL's 255 characters. [`Columns`] says so
//! once. A released migration is never edited; a change is a new file.

mod m01_people;
mod m02_records;
mod m03_tickets;
mod m04_chat;
mod m05_deliveries;
mod m06_lines;
mod m07_imports;
mod m08_floods;
mod m09_users;
mod m10_codes;
mod m11_incidents;
mod m12_files;
mod m13_events_audit;
mod m14_notifications;
mod m16_reminders;
mod m17_media;
mod m18_webhooks_out;
mod m19_costs;
mod m20_reach;
mod m22_languages;
mod m23_user_ids;
mod m24_rich;
mod m25_made;
mod m26_places;
mod m28_meta_prices;
mod m29_pages;
mod m30_inbox;
mod m31_desk;
mod m32_floor;
mod m33_files_in;
mod m34_plant;
mod m36_walls;
mod m38_days;
mod m39_figures;
mod m40_undo;
mod m41_chores;
mod m42_next_due;
mod m43_texts;
mod m44_rules;
mod m45_summaries;
mod m46_bom_decisions;
mod m47_next_due_by_kind;

use crate::db::Db;
use crate::kit::{Error, Result};
use sea_orm::{ConnectionTrait as _, DbBackend, TransactionTrait as _};
use sea_orm_migration::prelude::*;

/// Brings the database to this version's tables; looks once and does nothing when it is there.
///
/// # Errors
/// When the database is away, or is newer than this program.
pub async fn run(db: &Db) -> Result<()> {
    if matches!(look(db).await, Ok(Tables::Current)) {
        return Ok(());
    }
    one_at_a_time(db).await.map_err(|e| {
        let public = "The database could not be brought to this version's tables. Is it reachable, and not newer than \
                      this andon?";
        Error::unavailable(public).because(e)
    })
}

/// Two processes that start at once take turns: the lock is one of the session, which the open transaction keeps.
async fn one_at_a_time(db: &Db) -> std::result::Result<(), DbErr> {
    let (take, let_go) = match db.backend() {
        DbBackend::Postgres => ("SELECT pg_advisory_lock(4242001)", "SELECT pg_advisory_unlock(4242001)"),
        DbBackend::MySql => ("SELECT GET_LOCK('andon.migrations', 60)", "SELECT RELEASE_LOCK('andon.migrations')"),
        _ => return Migrator::up(&db.write, None).await, // SQLite's file is one process's
    };
    let session = db.write.begin().await?;
    session.execute_unprepared(take).await?;
    let outcome = Migrator::up(&db.write, None).await;
    session.execute_unprepared(let_go).await?;
    session.commit().await?;
    outcome
}

/// How the tables there are compare with this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// They are this version's.
    Current,
    /// So many migrations are still to be run.
    Older(usize),
    /// A newer program made them.
    Newer,
}

/// Looks at the tables and changes nothing.
///
/// # Errors
/// When the database is away.
pub async fn look(db: &Db) -> Result<Tables> {
    match Migrator::get_pending_migrations_read_only(&db.read).await {
        Ok(pending) if pending.is_empty() => Ok(Tables::Current),
        Ok(pending) => Ok(Tables::Older(pending.len())),
        // The one thing that is no statement's failure: a migration that this program does not know.
        Err(DbErr::Custom(_)) => Ok(Tables::Newer),
        Err(error) => Err(error.into()),
    }
}

/// What this version's tables are made by, oldest first.
pub fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m01_people::Migration),
            Box::new(m02_records::Migration),
            Box::new(m03_tickets::Migration),
            Box::new(m04_chat::Migration),
            Box::new(m05_deliveries::Migration),
            Box::new(m06_lines::Migration),
            Box::new(m07_imports::Migration),
            Box::new(m08_floods::Migration),
            Box::new(m09_users::Migration),
            Box::new(m10_codes::Migration),
            Box::new(m11_incidents::Migration),
            Box::new(m12_files::Migration),
            Box::new(m13_events_audit::Migration),
            Box::new(m14_notifications::Migration),
            Box::new(m16_reminders::Migration),
            Box::new(m17_media::Migration),
            Box::new(m18_webhooks_out::Migration),
            Box::new(m19_costs::Migration),
            Box::new(m20_reach::Migration),
            Box::new(m22_languages::Migration),
            Box::new(m23_user_ids::Migration),
            Box::new(m24_rich::Migration),
            Box::new(m25_made::Migration),
            Box::new(m26_places::Migration),
            Box::new(m28_meta_prices::Migration),
            Box::new(m29_pages::Migration),
            Box::new(m30_inbox::Migration),
            Box::new(m31_desk::Migration),
            Box::new(m32_floor::Migration),
            Box::new(m33_files_in::Migration),
            Box::new(m34_plant::Migration),
            Box::new(m36_walls::Migration),
            Box::new(m38_days::Migration),
            Box::new(m39_figures::Migration),
            Box::new(m40_undo::Migration),
            Box::new(m41_chores::Migration),
            Box::new(m42_next_due::Migration),
            Box::new(m43_texts::Migration),
            Box::new(m44_rules::Migration),
            Box::new(m45_summaries::Migration),
            Box::new(m46_bom_decisions::Migration),
            Box::new(m47_next_due_by_kind::Migration),
        ]
    }
}

/// Column definitions that mean the same on every database.
#[derive(Clone, Copy)]
struct Columns(DbBackend);

#[expect(clippy::unused_self, reason = "a column is asked of `Columns` whether or not the databases differ on it")]
impl Columns {
    fn of(manager: &SchemaManager<'_>) -> Self {
        Self(manager.get_database_backend())
    }

    /// The row's number, given by the database.
    fn id(self) -> ColumnDef {
        ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key().take()
    }

    /// Another row's number.
    fn of_row(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().not_null().take()
    }

    fn of_row_or_null(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().null().take()
    }

    /// Short text that is looked up, compared and indexed: at most 255 characters.
    fn key(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).custom(self.binary("varchar(255)")).not_null().take()
    }

    fn key_or_null(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).custom(self.binary("varchar(255)")).null().take()
    }

    /// A name that we gave ourselves: at most 60 characters, so that several of them fit into one index.
    fn word(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).custom(self.binary("varchar(60)")).not_null().take()
    }

    /// Text of any length.
    fn text(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).custom(self.long_text()).not_null().take()
    }

    fn text_or_null(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).custom(self.long_text()).null().take()
    }

    fn instant(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).custom(self.microseconds()).not_null().take()
    }

    fn instant_or_null(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).custom(self.microseconds()).null().take()
    }

    fn date(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).date().not_null().take()
    }

    fn date_or_null(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).date().null().take()
    }

    fn count(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().not_null().default(0).take()
    }

    fn count_or_null(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().null().take()
    }

    fn small(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).integer().not_null().default(0).take()
    }

    fn small_or_null(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).integer().null().take()
    }

    fn flag(self, name: &'static str, default: bool) -> ColumnDef {
        ColumnDef::new(name).boolean().not_null().default(default).take()
    }

    fn binary(self, sql_type: &str) -> String {
        match self.0 {
            DbBackend::MySql => format!("{sql_type} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
            DbBackend::Postgres => format!("{sql_type} COLLATE \"C\""),
            _ => sql_type.to_owned(),
        }
    }

    fn long_text(self) -> String {
        self.binary(if self.0 == DbBackend::MySql { "mediumtext" } else { "text" })
    }

    fn microseconds(self) -> String {
        match self.0 {
            DbBackend::MySql => "datetime(6)",
            DbBackend::Postgres => "timestamptz(6)",
            _ => "timestamp_with_timezone_text",
        }
        .to_owned()
    }
}

/// Creates a table from its columns and its references to other tables' `id`.
async fn table(
    manager: &SchemaManager<'_>,
    name: &'static str,
    columns: Vec<ColumnDef>,
    references: &[(&'static str, &'static str)],
) -> Result<(), DbErr> {
    let mut table = Table::create();
    table.table(name).if_not_exists();
    for mut column in columns {
        table.col(&mut column);
    }
    for (column, to) in references {
        table.foreign_key(ForeignKey::create().name(format!("fk_{name}_{column}")).from(name, *column).to(*to, "id"));
    }
    manager.create_table(table).await
}

/// Adds a column to a table, unless it is there.
async fn add_column(manager: &SchemaManager<'_>, table: &'static str, mut column: ColumnDef) -> Result<(), DbErr> {
    if manager.has_column(table, column.get_column_name()).await? {
        return Ok(());
    }
    manager.alter_table(Table::alter().table(table).add_column(&mut column).take()).await
}

/// Creates an index named after its table and columns, unless it is there.
///
/// MySQL and MariaDB commit each table and each index as it is made. A start that was cut short in between is
/// picked up where it stopped.
async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    let name = format!("ix_{table}_{}", columns.join("_"));
    if manager.has_index(table, &name).await? {
        return Ok(());
    }
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}

/// Names a migration after what it makes.
macro_rules! migration {
    ($name:literal) => {
        pub(super) struct Migration;
        impl MigrationName for Migration {
            fn name(&self) -> &'static str {
                $name
            }
        }
    };
}
use migration;
