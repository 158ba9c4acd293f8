//! Settings: a mistake would have ended the program before; what is left are warnings.

use super::Report;
use crate::config::{Settings, known_names};

const AREA: &str = "Settings";

pub(super) fn examine(settings: &Settings, unknown: Vec<String>, report: &mut Report) {
    let told = unknown.into_iter().chain(settings.warnings());
    told.for_each(|warning| report.look(AREA, warning, ""));
    report.fine(AREA, format!("All {} settings can be read.", known_names().len()));
}
