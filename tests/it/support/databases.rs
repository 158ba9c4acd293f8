//! Which backends a test run has, and a fresh database for one test.
//!
//! SQLite is always there. PostgreSQL and MariaDB are used when they answer within two seconds at
//! `ANDON_TEST_POSTGRES` and `ANDON_TEST_MARIADB` (defaults below). A database is dropped with its test, also when the
//! test fails. Passwords in the addresses are never printed.

use libtest_mimic::Trial;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

const DEFAULT_POSTGRES: &str = "postgres://postgres@127.0.0.1:5432/postgres";
const DEFAULT_MARIADB: &str = "mysql://root@127.0.0.1:3306/";
/// How long a server may take to answer before the run goes on without it.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long making or dropping a database may wait for a connection on a busy machine.
const ADMIN_TIMEOUT: Duration = Duration::from_secs(20);

/// A kind of database that Andon runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
    MariaDb,
}

impl Backend {
    pub(crate) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::MariaDb];

    /// The name in `ANDON_TEST_REQUIRE` and in the names of trials.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
        }
    }

    /// Where databases are made and dropped; `None` for SQLite, which has no server.
    fn server(self) -> Option<Result<Url, String>> {
        let (variable, default) = match self {
            Self::Sqlite => return None,
            Self::Postgres => ("ANDON_TEST_POSTGRES", DEFAULT_POSTGRES),
            Self::MariaDb => ("ANDON_TEST_MARIADB", DEFAULT_MARIADB),
        };
        let address = environment(variable).unwrap_or_else(|| default.to_owned());
        Some(Url::parse(&address).map_err(|e| format!("{variable} is no address: {e}")))
    }

    fn default_port(self) -> u16 {
        if self == Self::MariaDb { 3306 } else { 5432 }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MariaDb => "MariaDB",
        })
    }
}

/// A backend and, when it is not there, the reason in a few words.
pub(crate) type Found = (Backend, Result<(), String>);

/// Asks every backend whether it is there.
pub(crate) async fn probe() -> Vec<Found> {
    let answers = Backend::ALL.map(|backend| async move {
        let answer = match backend.server() {
            None => Ok(()),
            Some(Err(reason)) => Err(reason),
            Some(Ok(server)) => probe_server(backend, &server).await,
        };
        (backend, answer)
    });
    futures_util::future::join_all(answers).await
}

/// A fresh, empty database of one test.
pub(crate) struct Database {
    backend: Backend,
    url: String,
    name: String,
    folder: Option<TempDir>,
    dropped: bool,
}

impl Database {
    /// Makes a database with a random name (`andon_test_…`).
    ///
    /// # Panics
    /// When the server refuses: a test without its database cannot say anything.
    pub(crate) async fn create(backend: Backend) -> Self {
        let name = random_name();
        let Some(server) = backend.server() else {
            let folder = TempDir::with_prefix("andon_test_").expect("a folder for SQLite");
            let url = sqlite_url(&folder.path().join("andon.db"));
            return Self { backend, url, name, folder: Some(folder), dropped: false };
        };
        let statement = match backend {
            Backend::MariaDb => format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
            _ => format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"),
        };
        let mut url = server.expect("the address can be read");
        administer(&url, &statement).await.expect("the server makes a fresh database");
        url.set_path(&name);
        Self { backend, url: url.into(), name, folder: None, dropped: false }
    }

    /// A database of its own with all that is in this one, to which nobody may be connected: PostgreSQL's way.
    ///
    /// # Panics
    /// When the server refuses.
    pub(crate) async fn copy(&self) -> Self {
        let name = random_name();
        let mut url = Url::parse(&self.url).expect("the address can be read");
        let statement = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        let server = self.backend.server().expect("only a server copies").expect("the address can be read");
        administer(&server, &statement).await.expect("the server copies a database");
        url.set_path(&name);
        Self { backend: self.backend, url: url.into(), name, folder: None, dropped: false }
    }

    /// SQLite's file.
    ///
    /// # Panics
    /// Where a server has it.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.as_ref().expect("only SQLite's database is a file").path().join("andon.db")
    }

    /// Drops the database though others may look at this value.
    pub(crate) async fn drop_in_place(&self) -> Result<(), String> {
        drop_database(self.backend, &self.name).await
    }

    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    /// What `DATABASE_URL` would be.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Drops the database; what still holds a connection to it loses it.
    ///
    /// # Panics
    /// When the server refuses.
    pub(crate) async fn destroy(mut self) {
        self.dropped = true;
        drop_database(self.backend, &self.name).await.expect("the server drops the database");
        if let Some(folder) = self.folder.take() {
            folder.close().expect("the folder of SQLite can be removed");
        }
    }
}

impl Drop for Database {
    /// A test that failed never reached `destroy`; its database goes all the same, as well as that works.
    fn drop(&mut self) {
        if self.dropped || self.folder.is_some() {
            return;
        }
        let (backend, name) = (self.backend, self.name.clone());
        let helper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(drop_database(backend, &name)))
        });
        if !matches!(helper.join(), Ok(Ok(Ok(())))) {
            eprintln!("{} kept {}", self.backend, self.name);
        }
    }
}

/// What this file promises, as trials of the `it` binary.
pub(crate) fn trials(backends: &[Backend]) -> Vec<Trial> {
    let trial = |backend: Backend| {
        Trial::test(format!("support::a_database_is_fresh_and_goes_again::{}", backend.key()), move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(a_database_is_fresh_and_goes_again(backend));
            Ok(())
        })
    };
    backends.iter().copied().map(trial).collect()
}

fn random_name() -> String {
    format!("andon_test_{:016x}", rand::random::<u64>())
}

async fn probe_server(backend: Backend, server: &Url) -> Result<(), String> {
    let host = server.host_str().unwrap_or("127.0.0.1");
    let place = format!("{host}:{}", server.port().unwrap_or_else(|| backend.default_port()));
    match timeout(PROBE_TIMEOUT, TcpStream::connect(&place)).await {
        Err(_) => return Err(format!("no answer from {place} within {PROBE_TIMEOUT:?}")),
        Ok(Err(e)) if e.kind() == ErrorKind::ConnectionRefused => {
            return Err(format!("no server at {place}: connection refused"));
        }
        Ok(Err(e)) => return Err(format!("no server at {place}: {e}")),
        Ok(Ok(_)) => {}
    }
    let refusal = match timeout(PROBE_TIMEOUT, connect(server.as_str(), PROBE_TIMEOUT)).await {
        Ok(Ok(connection)) => return connection.close().await.map_err(|e| format!("{place}: {e}")),
        Ok(Err(e)) => e.to_string(),
        Err(late) => late.to_string(),
    };
    if refusal.contains("timed out") || refusal.contains("elapsed") {
        return Err(format!("no answer from {place} within {PROBE_TIMEOUT:?}"));
    }
    // SeaORM's and sqlx's own words come first and say nothing new.
    Err(format!("{place} turns us away: {}", refusal.rsplit("database: ").next().unwrap_or(&refusal)))
}

async fn connect(url: &str, patience: Duration) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).connect_timeout(patience).acquire_timeout(patience).sqlx_logging(false);
    sea_orm::Database::connect(options).await
}

/// Runs one statement on the server itself.
async fn administer(server: &Url, statement: &str) -> Result<(), DbErr> {
    let connection = connect(server.as_str(), ADMIN_TIMEOUT).await?;
    let outcome = connection.execute_unprepared(statement).await;
    connection.close().await?;
    outcome.map(|_| ())
}

/// Runs statements in the database at this address.
pub(crate) async fn administer_at(url: &str, statements: &str) -> Result<(), DbErr> {
    administer(&Url::parse(url).expect("the address can be read"), statements).await
}

async fn drop_database(backend: Backend, name: &str) -> Result<(), String> {
    let Some(server) = backend.server() else { return Ok(()) };
    let force = if backend == Backend::Postgres { " WITH (FORCE)" } else { "" };
    administer(&server?, &format!("DROP DATABASE IF EXISTS {name}{force}")).await.map_err(|e| e.to_string())
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}?mode=rwc", file.display())
}

#[expect(clippy::disallowed_methods, reason = "where the test servers are is no setting of Andon")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

async fn a_database_is_fresh_and_goes_again(backend: Backend) {
    let database = Database::create(backend).await;
    let connection = connect(&database.url(), ADMIN_TIMEOUT).await.expect("the new database answers");
    connection.execute_unprepared("CREATE TABLE t (word varchar(20))").await.expect("it is ours to fill");
    connection.execute_unprepared("INSERT INTO t VALUES ('🔴 Ω')").await.expect("it holds every character");
    connection.close().await.expect("the connection closes");

    let other = Database::create(backend).await;
    assert_eq!(other.backend(), backend);
    let (url, left_to_drop) = (database.url(), other.url());
    database.destroy().await;
    drop(other);
    for gone in [url, left_to_drop] {
        let gone = gone.replace("mode=rwc", "mode=rw");
        assert!(connect(&gone, PROBE_TIMEOUT).await.is_err(), "{backend} still has it");
    }
}
