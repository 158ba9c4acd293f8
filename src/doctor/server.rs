//! The server: whether it runs where it should, and what it says of itself.

use super::{PATIENCE, Report};
use crate::config::Settings;
use serde_json::Value;

const AREA: &str = "Server";

/// Whether it runs.
pub(super) async fn examine(settings: &Settings, http: &reqwest::Client, report: &mut Report) -> bool {
    let origin = settings.local_origin();
    let answer = http.get(format!("{origin}/health")).timeout(PATIENCE).send().await;
    let Ok(answer) = answer else {
        let mend = "Start it with `andon serve`. If it runs, it has another ANDON_BIND than this command.";
        report.look(AREA, format!("Andon does not answer at {origin}; some checks are left out."), mend);
        return false;
    };
    let health: Value = answer.json().await.unwrap_or_default();
    let Some(version) = health["version"].as_str() else {
        let mend = "Set ANDON_BIND to a free port, or stop the other program.";
        report.wrong(AREA, format!("Another program answers at {origin}."), mend);
        return false;
    };
    report.fine(AREA, format!("Andon {version} answers at {origin}."));
    if version != env!("CARGO_PKG_VERSION") {
        let says = format!("The server is version {version}, this command {}.", env!("CARGO_PKG_VERSION"));
        report.look(AREA, says, "Restart the server after an upgrade.");
    }
    let is_down = health["status"] == "down";
    for trouble in health["degraded"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if is_down {
            report.wrong(AREA, trouble, "");
        } else {
            report.look(AREA, trouble, "");
        }
    }
    true
}
