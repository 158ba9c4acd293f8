//! Logging to standard error, as text for people or JSON for machines.
//!
//! `info` tells the story of the business, `warn` what an operator should look at some time, `error` what a
//! person should act on. Phone numbers are masked; bodies, tokens and codes are never logged.

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// It tells at `info`, with every command, that there is nothing to migrate.
const CHATTY: &str = "sea_orm_migration";

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One readable line.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging for the process. `filter` is tracing's directive syntax (`info`, `andon=debug,sqlx=warn`). The
/// migrations' own lines appear from `warn` on, unless `filter` names `sea_orm_migration`.
///
/// # Errors
/// When `filter` cannot be read; the text says which part.
pub fn start(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = read(filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|e| e.to_string())
}

fn read(filter: &str) -> Result<EnvFilter, String> {
    let read = EnvFilter::try_new(filter).map_err(|e| format!("ANDON_LOG: {e}"))?;
    // A filter that is stricter by itself stays so.
    let is_stricter = read.max_level_hint().is_some_and(|level| level <= LevelFilter::WARN);
    if is_stricter || filter.contains(CHATTY) {
        return Ok(read);
    }
    let quiet = format!("{CHATTY}=warn").parse().expect("a fixed directive is well-formed");
    Ok(read.add_directive(quiet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_quiet_unless_named_and_no_filter_grows_louder() {
        for (filter, expected) in [
            ("info", "sea_orm_migration=warn,info"),
            ("debug", "sea_orm_migration=warn,debug"),
            ("info,sea_orm_migration=debug", "sea_orm_migration=debug,info"),
            ("error", "error"),
            ("off", "off"),
        ] {
            assert_eq!(read(filter).expect("well-formed").to_string(), expected, "{filter}");
        }
        assert!(read("andon=loud").is_err_and(|text| text.starts_with("ANDON_LOG: ")));
    }
}
