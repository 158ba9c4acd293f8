//! Logging to standard error, as text for people or JSON for machines.
//!
//! `info` tells the story of the business, `warn` what an operator should look at some time, `error` what a
//! person should act on. Phone numbers are masked; bodies, tokens and codes are never logged.

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One readable line.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging for the process. `filter` is tracing's directive syntax (`info`, `andon=debug,sqlx=warn`).
///
/// # Errors
/// When `filter` cannot be read; the text says which part.
pub fn start(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|e| format!("ANDON_LOG: {e}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|e| e.to_string())
}
