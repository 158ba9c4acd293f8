//! Which backends a test run has, and a fresh database for one test.
//!
//! SQLite is always there. PostgreSQL and MariaDB are used when they answer within two seconds at
//! `ANDON_TEST_POSTGRES` and `ANDON_TEST_MARIADB` (defaults below), Redis likewise (`support/redis.rs`); otherwise the run goes on without them and
//! [`summary_line`] says why, unless `ANDON_TEST_REQUIRE` names them. A database is dropped with its test, also
//! when the test fails. Passwords in the addresses are never printed.

use libtest_mimic::Trial;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr};
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
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

/// What a run may be told to insist on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Required {
    Database(Backend),
    Redis,
    Browser,
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

/// What `ANDON_TEST_REQUIRE` insists on.
///
/// # Errors
/// A word that names neither a backend nor the browser.
pub(crate) fn required() -> Result<Vec<Required>, String> {
    parse_required(&environment("ANDON_TEST_REQUIRE").unwrap_or_default())
}

/// Everything required that is missing, in one line.
pub(crate) fn missing(
    required: &[Required],
    databases: &[Found],
    redis: &Result<(), String>,
    browser: &Result<(), String>,
) -> Option<String> {
    let reasons: Vec<String> = required
        .iter()
        .filter_map(|required| match required {
            Required::Redis => redis.as_ref().err().map(|reason| format!("Redis ({reason})")),
            Required::Browser => browser.as_ref().err().map(|reason| format!("a browser ({reason})")),
            Required::Database(backend) => databases.iter().find_map(|(found, answer)| {
                answer.as_ref().err().filter(|_| found == backend).map(|reason| format!("{found} ({reason})"))
            }),
        })
        .collect();
    (!reasons.is_empty()).then(|| format!("ANDON_TEST_REQUIRE asks for what is not here: {}.", reasons.join(", ")))
}

/// One line that says what the run had and what it did not.
pub(crate) fn summary_line(databases: &[Found], redis: &Result<(), String>, browser: &Result<(), String>) -> String {
    let names: Vec<String> =
        databases.iter().filter(|(_, answer)| answer.is_ok()).map(|(backend, _)| backend.to_string()).collect();
    let mut line = format!("Databases: ran on {}", names.join(", "));
    let absent: Vec<String> = databases
        .iter()
        .filter_map(|(backend, answer)| answer.as_ref().err().map(|reason| format!("{backend} ({reason})")))
        .collect();
    if !absent.is_empty() {
        line.push_str("; not on ");
        line.push_str(&absent.join(", nor on "));
    }
    let found = |there: &Result<(), String>, name: &str| match there {
        Ok(()) => name.to_owned(),
        Err(reason) => format!("none ({reason})"),
    };
    format!("{line}. Redis: {}. Browser: {}.", found(redis, "there"), found(browser, "Chromium"))
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
        let name = format!("andon_test_{:016x}", rand::random::<u64>());
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
pub(crate) fn trials(databases: &[Found]) -> Vec<Trial> {
    let mut trials = vec![
        fact("support::the_summary_names_what_ran_and_what_did_not", the_summary_names_what_ran_and_what_did_not),
        fact("support::a_required_backend_that_is_absent_is_named", a_required_backend_that_is_absent_is_named),
        fact("support::a_misspelt_requirement_is_refused", a_misspelt_requirement_is_refused),
    ];
    for (backend, _) in databases.iter().filter(|(_, answer)| answer.is_ok()) {
        let backend = *backend;
        trials.push(fact(&format!("support::a_database_is_fresh_and_goes_again::{}", backend.key()), move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(a_database_is_fresh_and_goes_again(backend));
        }));
    }
    trials
}

fn fact(name: &str, check: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        check();
        Ok(())
    })
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

async fn drop_database(backend: Backend, name: &str) -> Result<(), String> {
    let Some(server) = backend.server() else { return Ok(()) };
    let force = if backend == Backend::Postgres { " WITH (FORCE)" } else { "" };
    administer(&server?, &format!("DROP DATABASE IF EXISTS {name}{force}")).await.map_err(|e| e.to_string())
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}?mode=rwc", file.display())
}

fn parse_required(words: &str) -> Result<Vec<Required>, String> {
    let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| match Backend::ALL.into_iter().find(|backend| backend.key() == word) {
            Some(backend) => Ok(Required::Database(backend)),
            None if word == "redis" => Ok(Required::Redis),
            None if word == "browser" => Ok(Required::Browser),
            None => {
                Err(format!("ANDON_TEST_REQUIRE: \"{word}\" is none of sqlite, postgres, mariadb, redis, browser."))
            }
        })
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "where the test servers are is no setting of Andon")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn the_summary_names_what_ran_and_what_did_not() {
    let refused = "no server at 127.0.0.1:3306: connection refused";
    let found = [(Backend::Sqlite, Ok(())), (Backend::Postgres, Ok(())), (Backend::MariaDb, Err(refused.to_owned()))];
    assert_eq!(
        summary_line(&found, &Ok(()), &Ok(())),
        "Databases: ran on SQLite, PostgreSQL; not on MariaDB (no server at 127.0.0.1:3306: connection refused). \
         Redis: there. Browser: Chromium."
    );
    let found =
        [(Backend::Sqlite, Ok(())), (Backend::Postgres, Err("x".to_owned())), (Backend::MariaDb, Err("y".to_owned()))];
    assert_eq!(
        summary_line(&found, &Err("r".to_owned()), &Err("z".to_owned())),
        "Databases: ran on SQLite; not on PostgreSQL (x), nor on MariaDB (y). Redis: none (r). Browser: none (z)."
    );
}

fn a_required_backend_that_is_absent_is_named() {
    let found = [(Backend::Sqlite, Ok(())), (Backend::Postgres, Err("x".to_owned()))];
    let wanted = parse_required("sqlite, postgres,redis,browser").expect("all four are known");
    assert_eq!(
        missing(&wanted, &found, &Err("r".to_owned()), &Err("z".to_owned())).as_deref(),
        Some("ANDON_TEST_REQUIRE asks for what is not here: PostgreSQL (x), Redis (r), a browser (z).")
    );
    assert_eq!(missing(&[Required::Database(Backend::Sqlite)], &found, &Ok(()), &Err("z".to_owned())), None);
    assert_eq!(parse_required(""), Ok(vec![]));
}

fn a_misspelt_requirement_is_refused() {
    assert!(parse_required("sqlite,postgers").is_err_and(|says| says.contains("postgers")));
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
