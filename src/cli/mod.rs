//! The command line: `andon serve`, `demo`, `migrate`, `seed`, `person`, `user`, `import`, `export`, `backup`,
//! `restore`, `flows`, `wording`, `outbox`, `doctor`, `chat`, `settings`.
//!
//! Exit codes: 0 done, 1 it could not be done now, 2 a setting, a file or the command itself is wrong.

mod backup;
mod chat;
mod doctor;
mod export;
mod flows;
mod import;
mod out;
mod outbox;
mod person;
pub mod seed;
mod serve;
mod user;
mod wording;

use crate::config::{self, Settings};
use crate::db::{self, Db, Door};
use crate::kit::error::Kind;
use crate::kit::{Clock, Error, Result, telemetry};
use crate::records_io;
use clap::{CommandFactory as _, Parser, Subcommand};
use out::{complain, say};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::Builder;

/// A self-hosted operations desk whose front door is WhatsApp.
#[derive(Debug, Parser)]
#[command(name = "andon", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run Andon: the webhooks, the dispatcher and the jobs.
    Serve {
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Try everything with no account and no phone: demo records, and a phone in the browser.
    Demo {
        /// Address and port to listen on; loopback only.
        #[arg(long, env = "ANDON_BIND", default_value = "127.0.0.1:8000")]
        bind: SocketAddr,
        /// The demo's own data folder (default: andon-demo).
        #[arg(long)]
        data_dir: Option<PathBuf>,
        /// WhatsApp by Meta's own API instead of Twilio's.
        #[arg(long)]
        meta: bool,
        /// WhatsApp by both: the phone has a switch, and where one refuses the other may carry.
        #[arg(long, conflicts_with = "meta")]
        both: bool,
    },
    /// Bring the database to this version's tables (`serve` does so by itself).
    Migrate {
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Load the demo records: orders, machines, tickets, a BOM, one person per role. Twice changes nothing.
    Seed {
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// The people whose numbers Andon knows.
    Person {
        #[command(subcommand)]
        command: person::Command,
    },
    /// The users: people who sign in.
    User {
        #[command(subcommand)]
        command: user::Command,
    },
    /// Take records in from a CSV file, all of it or nothing.
    Import {
        #[command(flatten)]
        asked: import::Asked,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Write records out as a CSV file, in the form that `import` takes.
    Export {
        #[command(flatten)]
        asked: export::Asked,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Copy the whole database into one file, also while Andon runs (SQLite).
    Backup {
        /// The new file, or a folder for a file with a dated name.
        to: PathBuf,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Put a backup in the place of the database, while Andon is stopped (SQLite).
    Restore {
        /// The backup.
        from: PathBuf,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// The chat's flow files.
    Flows {
        #[command(subcommand)]
        command: flows::Command,
    },
    /// What people are told: the words of every event.
    Wording {
        #[command(subcommand)]
        command: wording::Command,
    },
    /// What waits to be sent, and why.
    Outbox(outbox::Outbox),
    /// Check everything, and say what to do where something is wrong. Changes nothing.
    Doctor(doctor::Doctor),
    /// The simulator's phone in a terminal: type, or pipe lines in.
    Chat(chat::Chat),
    /// Show every setting with its default and meaning.
    Settings {
        /// As the Markdown table of the README.
        #[arg(long)]
        markdown: bool,
    },
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let outcome = config::load_env_file().and_then(|_| run(Cli::parse().command));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(if matches!(error.kind(), Kind::Setting | Kind::BadRequest) { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> Result<()> {
    // What a database has answered goes before what just came in: tasks woken from outside the runtime are looked for
    // each time, and not once in a while.
    let runtime = Builder::new_multi_thread().enable_all().global_queue_interval(1).build().map_err(Error::internal)?;
    match command {
        Command::Serve { settings } => runtime.block_on(serve::serve(*settings)),
        Command::Demo { bind, data_dir, meta, both } => {
            let by = if both {
                serve::By::Both
            } else if meta {
                serve::By::Meta
            } else {
                serve::By::Twilio
            };
            runtime.block_on(serve::demo(data_dir, bind, by))
        }
        Command::Migrate { settings } => runtime.block_on(async {
            migrated(&settings).await?;
            say!("The database is at this version's tables.");
            Ok(())
        }),
        Command::Seed { settings } => runtime.block_on(async {
            let db = migrated(&settings).await?;
            say!("{}", seed::run(&db, settings.timezone).await?);
            Ok(())
        }),
        Command::Person { command } => runtime.block_on(person::run(command)),
        Command::User { command } => runtime.block_on(user::run(command)),
        Command::Import { asked, settings } => runtime.block_on(import::run(asked, &settings)),
        Command::Export { asked, settings } => runtime.block_on(export::run(asked, &settings)),
        Command::Backup { to, settings } => runtime.block_on(backup::back_up(&to, &settings)),
        Command::Restore { from, settings } => runtime.block_on(backup::restore(&from, &settings)),
        Command::Flows { command } => flows::run(command),
        Command::Wording { command } => wording::run(command),
        Command::Outbox(asked) => runtime.block_on(outbox::run(asked)),
        Command::Doctor(asked) => runtime.block_on(doctor::run(asked)),
        Command::Chat(asked) => runtime.block_on(chat::run(asked)),
        Command::Settings { markdown } => {
            show_settings(markdown);
            Ok(())
        }
    }
}

/// The database of these settings, brought up to date; an import that was cut short is finished first.
async fn migrated(settings: &Settings) -> Result<Db> {
    telemetry::start(&settings.log, settings.log_format).map_err(Error::setting)?;
    let url = settings.database_url();
    if let Some(file) = db::sqlite_file(&url) {
        db::make_folder(&file)?;
    }
    let db = Db::open(&url, Clock::System).await?.through(Door::Cli);
    db::migrations::run(&db).await?;
    records_io::finish(&db).await?;
    Ok(db)
}

fn show_settings(markdown: bool) {
    if markdown {
        say!("{}", config::settings_table());
    } else {
        let mut command = Cli::command();
        if let Some(serve) = command.find_subcommand_mut("serve") {
            say!("{}", serve.render_long_help());
        }
    }
}

/// One line for a person; the private cause follows where it helps an operator.
fn report(error: &Error) {
    complain!("andon: {error}");
    let cause = error.private();
    if !cause.is_empty() {
        complain!("  because: {cause}");
    }
}
