//! `andon flows`: check the flow files before the floor meets them.

use super::out::say;
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
    let built_in = Flows::load(None, &wording).map_err(|problems| told(&problems))?;
    let is_own = |name: &&str| {
        let has_a_file = flows_dir.as_ref().is_some_and(|folder| folder.join(format!("{name}.toml")).is_file());
        has_a_file || built_in.get(name).is_none()
    };
    let own: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).filter(is_own).collect();
    let slips = wording.slips(&own);
    if !slips.is_empty() {
        return Err(told(&slips));
    }
    say!("{} flows, no mistakes.", flows.iter().count());
    Ok(())
}

pub(super) fn told<P: std::fmt::Display>(problems: &[P]) -> Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Error::setting(format!("mistakes found:\n{}", lines.join("\n")))
}
