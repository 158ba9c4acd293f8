//! `andon flows`: check the flow files before the floor meets them.

use crate::chat::flow::Flows;
use crate::kit::{Error, Result};
use crate::wording::Wording;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what is wrong in the flow files, with file, line and the mend.
    Check {
        /// The folder of your own flow files; the built-in ones are checked with them.
        #[arg(long, env = "ANDON_FLOWS_DIR")]
        flows_dir: Option<PathBuf>,
        /// The folder of your own wording files.
        #[arg(long, env = "ANDON_WORDING_DIR")]
        wording_dir: Option<PathBuf>,
    },
}

pub(super) fn run(command: Command) -> Result<()> {
    let Command::Check { flows_dir, wording_dir } = command;
    let wording = Wording::load(wording_dir.as_deref()).map_err(|problems| told(&problems))?;
    let flows = Flows::load(flows_dir.as_deref(), &wording).map_err(|problems| told(&problems))?;
    println!("{} flows, no mistakes.", flows.iter().count());
    Ok(())
}

fn told<P: std::fmt::Display>(problems: &[P]) -> Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Error::setting(format!("mistakes found:\n{}", lines.join("\n")))
}
