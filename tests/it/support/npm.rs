//! What judges the desk's pages, from npm: axe-core, which looks for what stands in people's way, and html-validate.
//!
//! `tests/pages/install` puts them into a folder of the build, once, at the versions that stand there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const INSTALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pages/install");
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pages/html-validate.json");

/// Whether they are there, or in a few words why not.
pub(crate) fn available() -> Result<(), String> {
    folder().map(drop)
}

/// Where they are.
fn folder() -> Result<PathBuf, String> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOLDER.get_or_init(installed).clone()
}

fn installed() -> Result<PathBuf, String> {
    for program in ["node", "npm"] {
        let mut asking = Command::new(program);
        asking.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if !asking.status().is_ok_and(|status| status.success()) {
            return Err(format!("{program} is not on the PATH"));
        }
    }
    let installing = Command::new(INSTALL).arg(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null()).output();
    let installing = installing.map_err(|error| format!("tests/pages/install does not run: {error}"))?;
    if !installing.status.success() {
        let says = String::from_utf8_lossy(&installing.stderr);
        return Err(format!("npm cannot install them: {}", says.lines().next().unwrap_or_default()));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&installing.stdout).trim()))
}

/// axe-core, as a page runs it.
///
/// # Errors
/// Where it is not there.
pub(crate) fn axe() -> Result<String, String> {
    let file = folder()?.join("node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// What is wrong with the HTML files of a folder, a line for each fault; nothing where they are valid.
///
/// # Errors
/// Where it cannot be run.
pub(crate) fn faults_of_html(pages: &Path) -> Result<String, String> {
    let mut judging = Command::new("node");
    judging.arg(folder()?.join("node_modules/html-validate/bin/html-validate.mjs"));
    judging.args(["--formatter", "text", "--config", RULES, "--ext", "html"]).arg(pages).stdin(Stdio::null());
    let judged = judging.output().map_err(|error| format!("html-validate does not run: {error}"))?;
    let says = String::from_utf8_lossy(&judged.stdout).trim().to_owned();
    if judged.status.success() || !says.is_empty() {
        return Ok(says);
    }
    Err(format!("html-validate fails: {}", String::from_utf8_lossy(&judged.stderr).trim()))
}
