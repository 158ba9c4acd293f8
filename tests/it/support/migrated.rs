//! Fresh databases with Andon's tables in them, copied from one that was migrated once: migrating anew is most of what a
//! short test takes. That the migrations run is for tests of their own to show.

use super::databases::{Backend, Database, administer_at};
use andon::db::{Db, migrations};
use andon::kit::Clock;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use tokio::sync::OnceCell;

/// What copies are made from.
enum Original {
    /// The bytes of SQLite's file.
    File(Vec<u8>),
    /// A database that PostgreSQL copies by itself.
    Template(Database),
    /// The statements that make MariaDB's tables and what is in them.
    Statements(String),
}

static SQLITE: OnceCell<Original> = OnceCell::const_new();
static POSTGRES: OnceCell<Original> = OnceCell::const_new();
static MARIADB: OnceCell<Original> = OnceCell::const_new();

/// A database with a random name, as it is after every migration.
///
/// # Panics
/// When the server refuses: a test without its database cannot say anything.
pub(crate) async fn database(backend: Backend) -> Database {
    let original = match backend {
        Backend::Sqlite => &SQLITE,
        Backend::Postgres => &POSTGRES,
        Backend::MariaDb => &MARIADB,
    };
    match original.get_or_init(|| make(backend)).await {
        Original::Template(original) => original.copy().await,
        Original::File(bytes) => {
            let database = Database::create(backend).await;
            tokio::fs::write(database.file(), bytes).await.expect("the file can be written");
            database
        }
        Original::Statements(statements) => {
            let database = Database::create(backend).await;
            administer_at(&database.url(), statements).await.expect("the tables are made");
            database
        }
    }
}

/// Drops what copies were made from; after the last test.
pub(crate) async fn drop_originals() {
    if let Some(Original::Template(original)) = POSTGRES.get() {
        original.drop_in_place().await.expect("the server drops the database");
    }
}

async fn make(backend: Backend) -> Original {
    let database = Database::create(backend).await;
    let db = Db::open(&database.url().into(), Clock::System).await.expect("the new database answers");
    migrations::run(&db).await.expect("the migrations run");
    let statements = if backend == Backend::MariaDb { statements(db.read()).await } else { String::new() };
    db.close().await.expect("the connections close");
    let original = match backend {
        Backend::Postgres => return Original::Template(database),
        Backend::Sqlite => Original::File(tokio::fs::read(database.file()).await.expect("the file can be read")),
        Backend::MariaDb => Original::Statements(statements),
    };
    database.destroy().await;
    original
}

/// What makes the tables of this database, with the migrations that were run. Tables may come before those they refer to.
async fn statements(conn: &DatabaseConnection) -> String {
    let ask =
        async |sql: &str| conn.query_all_raw(sea_orm::Statement::from_string(conn.get_database_backend(), sql)).await;
    let mut all = vec!["SET FOREIGN_KEY_CHECKS = 0".to_owned()];
    for table in ask("SHOW TABLES").await.expect("the tables can be listed") {
        let table: String = table.try_get_by_index(0).expect("a name");
        let made = ask(&format!("SHOW CREATE TABLE {table}")).await.expect("a table can be shown");
        let made: String = made[0].try_get_by_index(1).expect("a statement");
        all.push(made);
        if table != "seaql_migrations" {
            let rows = ask(&format!("SELECT 1 FROM {table} LIMIT 1")).await.expect("a table can be read");
            assert!(rows.is_empty(), "a migration fills {table}: copies would lack that");
        }
    }
    for run in ask("SELECT version, applied_at FROM seaql_migrations").await.expect("what was run") {
        let (version, at): (String, i64) =
            (run.try_get_by_index(0).expect("a name"), run.try_get_by_index(1).expect("an instant"));
        all.push(format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{version}', {at})"));
    }
    all.join("; ")
}
