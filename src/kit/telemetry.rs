//! Logging to standard error, as text for people or JSON for machines.
//!
//! `info` tells the story of the business, `warn` what an operator should look at some time, `error` what a
//! person should act on. Phone numbers are masked; bodies, tokens and codes are never logged.
//!
//! A server's lines wait in a bounded queue for a thread that writes them: where standard error takes them too slowly,
//! lines are dropped and counted rather than messages held up.

use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::time::Duration;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// They tell at `info`, with every command, that there is nothing to migrate, and of each try of a bucket's store.
const CHATTY: [&str; 2] = ["sea_orm_migration", "object_store"];

/// The most lines that wait to be written: a few megabytes, and some seconds of a flood.
const MAX_WAITING_LINES: usize = 16_384;
/// How often it is told that lines were dropped.
const TELL_DROPPED: Duration = Duration::from_secs(10);

static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One readable line.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging for a command: lines are written at once. A command says itself what it did, so plain `info`, which
/// is what the setting says by itself, shows lines from `warn` on. `filter` is tracing's directive syntax (`info`,
/// `andon=debug,sqlx=warn`). The lines of `sea_orm_migration` and `object_store` appear from `warn` on, unless `filter`
/// names them.
///
/// # Errors
/// When `filter` cannot be read; the text says which part.
pub fn start(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = if filter == "info" { "warn" } else { filter };
    start_with(filter, format, std::io::stderr)
}

/// Starts logging for a server, as [`start`] does, but never waits for standard error. What waits is written when the
/// guard is dropped.
///
/// # Errors
/// As [`start`].
pub fn start_for_server(filter: &str, format: LogFormat) -> Result<WorkerGuard, String> {
    let (writer, guard) = never_waiting_for(std::io::stderr());
    start_with(filter, format, writer)?;
    Ok(guard)
}

/// A writer that leaves its lines to a thread, and drops and counts what that cannot write in time.
fn never_waiting_for(slow: impl std::io::Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(MAX_WAITING_LINES);
    let (writer, guard) = builder.finish(slow);
    DROPPED.get_or_init(|| writer.error_counter());
    (writer, guard)
}

/// How many lines were dropped so far.
pub fn dropped_lines() -> u64 {
    DROPPED.get().map_or(0, |dropped| dropped.dropped_lines() as u64)
}

/// Tells, from time to time, that lines were dropped; never ends.
pub async fn tell_dropped() {
    let mut told = 0;
    loop {
        tokio::time::sleep(TELL_DROPPED).await;
        let dropped = dropped_lines();
        if dropped > told {
            tracing::warn!(
                log.dropped = dropped - told,
                "log lines were dropped: standard error takes them too slowly"
            );
            told = dropped;
        }
    }
}

fn start_with<W>(filter: &str, format: LogFormat, writer: W) -> Result<(), String>
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = read(filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
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
    if is_stricter {
        return Ok(read);
    }
    let unnamed = CHATTY.iter().filter(|part| !filter.contains(**part));
    let quiet = unnamed.map(|part| format!("{part}=warn").parse().expect("a fixed directive is well-formed"));
    Ok(quiet.fold(read, EnvFilter::add_directive))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::mpsc;

    /// Takes its first line when it is told to, and the others at once.
    struct Slow {
        has_one: mpsc::Sender<()>,
        may_go_on: mpsc::Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.has_one.send(()).is_ok() {
                let _nobody_waits_any_more = self.may_go_on.recv();
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_in_time_are_dropped_and_counted() {
        let (has_one, one) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let (mut writer, guard) = never_waiting_for(Slow { has_one, may_go_on });
        writer.write_all(b"one\n").expect("it never waits");
        one.recv().expect("the thread has the first line in hand");
        for _ in 0..MAX_WAITING_LINES {
            writer.write_all(b"and more\n").expect("it never waits");
        }
        assert_eq!(dropped_lines(), 0, "there is room for so many");
        for _ in 0..3 {
            writer.write_all(b"too many\n").expect("it never waits");
        }
        assert_eq!(dropped_lines(), 3);
        drop((one, go_on));
        drop(guard);
    }

    #[test]
    fn what_is_chatty_is_quiet_unless_named_and_no_filter_grows_louder() {
        for (filter, expected) in [
            ("info", "sea_orm_migration=warn,object_store=warn,info"),
            ("debug", "sea_orm_migration=warn,object_store=warn,debug"),
            ("info,sea_orm_migration=debug", "sea_orm_migration=debug,object_store=warn,info"),
            ("info,object_store=info", "sea_orm_migration=warn,object_store=info,info"),
            ("error", "error"),
            ("off", "off"),
        ] {
            assert_eq!(read(filter).expect("well-formed").to_string(), expected, "{filter}");
        }
        assert!(read("andon=loud").is_err_and(|text| text.starts_with("ANDON_LOG: ")));
    }
}
