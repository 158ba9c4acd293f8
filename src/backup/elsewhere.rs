//! PostgreSQL and MariaDB: the commands of their own tools, ready to be copied. Never with the password.

use crate::kit::Error;
use secrecy::{ExposeSecret as _, SecretString};
use std::path::Path;
use url::Url;

/// How to back this database up.
pub(super) fn how_to_back_up(url: &SecretString, to: &Path) -> Error {
    let to = quoted(&to.display().to_string());
    let command = match Server::of(url) {
        Some(Server::Postgres(address)) => format!("pg_dump --format=custom --file={to} {}", quoted(&address)),
        Some(Server::MariaDb { login, database }) => {
            format!("mariadb-dump --single-transaction {login} --result-file={to} {database}")
        }
        None => return unknown(),
    };
    Error::setting(format!("This database is backed up by its own tool, also while Andon runs:\n  {command}"))
}

/// How to restore this database.
pub(super) fn how_to_restore(url: &SecretString, from: &Path) -> Error {
    let from = quoted(&from.display().to_string());
    let command = match Server::of(url) {
        Some(Server::Postgres(address)) => {
            format!("pg_restore --clean --if-exists --single-transaction --dbname={} {from}", quoted(&address))
        }
        Some(Server::MariaDb { login, database }) => format!("mariadb {login} {database} < {from}"),
        None => return unknown(),
    };
    Error::setting(format!("This database is restored by its own tool. Stop Andon first, then:\n  {command}"))
}

fn unknown() -> Error {
    Error::setting("DATABASE_URL names no file and no server, so there is nothing to back up or restore.")
}

enum Server {
    Postgres(String),
    MariaDb { login: String, database: String },
}

impl Server {
    fn of(url: &SecretString) -> Option<Self> {
        let mut url = Url::parse(url.expose_secret()).ok()?;
        url.set_password(None).ok()?;
        url.set_query(None);
        if url.scheme().starts_with("postgres") {
            return Some(Self::Postgres(url.into()));
        }
        let (host, port) = (url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(3306));
        let login = format!("--host={} --port={port} --user={} --password", quoted(host), quoted(url.username()));
        let database = quoted(url.path().trim_start_matches('/'));
        matches!(url.scheme(), "mysql" | "mariadb").then_some(Self::MariaDb { login, database })
    }
}

/// A word as a shell takes it for itself.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_whole_and_holds_no_password() {
        for (url, backup, restore) in [
            (
                "postgres://andon:hunter2@db:5433/andon?sslmode=require",
                "pg_dump --format=custom --file='/b/it'\\''s.dump' postgres://andon@db:5433/andon",
                "pg_restore --clean --if-exists --single-transaction --dbname=postgres://andon@db:5433/andon '/b/it'\\''s.dump'",
            ),
            (
                "mysql://andon:hunter2@db/andon",
                "mariadb-dump --single-transaction --host=db --port=3306 --user=andon --password --result-file='/b/it'\\''s.dump' andon",
                "mariadb --host=db --port=3306 --user=andon --password andon < '/b/it'\\''s.dump'",
            ),
        ] {
            let (url, file) = (url.to_owned().into(), Path::new("/b/it's.dump"));
            assert!(how_to_back_up(&url, file).public().ends_with(backup), "{}", how_to_back_up(&url, file));
            assert!(how_to_restore(&url, file).public().ends_with(restore), "{}", how_to_restore(&url, file));
        }
    }
}
