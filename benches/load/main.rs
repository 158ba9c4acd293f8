//! What Andon takes, how fast, and what it costs: `just bench`.
//!
//! The built program runs in a process of its own on a fresh database; this process is the world around it. It
//! prints a table, and afterwards holds the database against what was sent: a figure that lost something is none.

mod desk;
#[expect(dead_code, reason = "the kill tests use more of it")]
mod drive;
mod history;
mod report;
mod run;
mod scenarios;

use clap::Parser;
use drive::databases::{self, Backend};
use report::{Row, medians, table};
use scenarios::Scenario;
use std::path::PathBuf;
use std::process::ExitCode;

/// Over how many connections people write.
const CONNECTIONS: u32 = 64;
/// Over how many the desk is asked.
const DESK_CONNECTIONS: u32 = 32;

/// Measures Andon on each database that is there.
#[derive(Parser)]
#[command(name = "load")]
struct Arguments {
    /// Only this database: sqlite, postgres or mariadb; may be given again
    #[arg(long)]
    database: Vec<String>,
    /// Only this scenario; may be given again
    #[arg(long)]
    scenario: Vec<Scenario>,
    /// How long messages are sent, instead of the scenario's own time
    #[arg(long)]
    seconds: Option<u64>,
    /// Over how many connections; without it 64 for messages, 32 for the desk
    #[arg(long)]
    connections: Option<u32>,
    /// How many notices wait at once in the scenario of that name
    #[arg(long, default_value_t = 20_000)]
    notices: u32,
    /// How often each is run; the table shows the medians
    #[arg(long, default_value_t = 1)]
    runs: u32,
    /// Also write the figures to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match runtime.block_on(measure(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was asked for; whether everything was as it should be.
async fn measure(arguments: &Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    let known = Backend::ALL.map(Backend::key);
    if let Some(unknown) = arguments.database.iter().find(|asked| !known.contains(&asked.as_str())) {
        return Err(format!("--database {unknown}: it is none of {}.", known.join(", ")).into());
    }
    let mut rows: Vec<Row> = Vec::new();
    for (backend, answer) in databases::probe().await {
        if !arguments.database.is_empty() && !arguments.database.iter().any(|asked| asked == backend.key()) {
            continue;
        }
        if let Err(reason) = answer {
            println!("{backend} is skipped: {reason}");
            continue;
        }
        for scenario in Scenario::ALL.into_iter().filter(|it| arguments.is_wanted(*it)) {
            for _ in 0..arguments.runs {
                if scenario.is_of_the_desk() {
                    let connections = arguments.connections.unwrap_or(DESK_CONNECTIONS);
                    let plan = desk::Plan { connections, seconds: arguments.seconds, notices: arguments.notices };
                    rows.extend(desk::run(backend, scenario, plan).await?);
                    continue;
                }
                let plan = scenario.plan(arguments.seconds, arguments.connections.unwrap_or(CONNECTIONS));
                let row = run::run(backend, scenario, &plan).await?;
                println!("{}", row.line());
                rows.push(row);
            }
        }
    }
    println!("\n{}", table(&medians(&rows)));
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(rows.iter().all(|row| row.faults.is_empty()))
}

impl Arguments {
    fn is_wanted(&self, scenario: Scenario) -> bool {
        self.scenario.is_empty() || self.scenario.contains(&scenario)
    }
}
