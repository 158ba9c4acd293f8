//! `andon doctor`: the findings as lines or JSON. Exit code 0 where nothing is wrong, else 1.

use super::out::say;
use crate::config::{self, Settings};
use crate::doctor::{Finding, Report};
use crate::kit::{Error, Result};
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Box<Settings>,
}

pub(super) async fn run(asked: Doctor) -> Result<()> {
    let report = Report::examine(&asked.settings, config::unknown_variables(config::variable_names())).await?;
    if asked.json {
        let told = json!({"ok": report.wrongs() == 0, "findings": report.findings()});
        say!("{}", serde_json::to_string_pretty(&told).map_err(Error::internal)?);
    } else {
        print(report.findings());
    }
    match report.wrongs() {
        0 => Ok(()),
        1 => Err(Error::unavailable("One thing is wrong (✗).")),
        count => Err(Error::unavailable(format!("{count} things are wrong (✗)."))),
    }
}

fn print(findings: &[Finding]) {
    let mut area = "";
    for finding in findings {
        if finding.area != area {
            area = finding.area;
            say!("{area}");
        }
        say!("  {} {}", finding.level.sign(), finding.says);
        if let Some(mend) = &finding.mend {
            say!("      {mend}");
        }
    }
}
