//! Papers that go with an answer.

use super::engine::{self, Finished, Say};
use crate::app::App;
use crate::channels::{Enclosed, EnclosedKind, Rich};
use crate::delivery::NewDelivery;
use crate::kit::Instant;
use crate::papers::{self, Paper};
use serde_json::{Value, json};

/// The paper there is of what a form made.
pub(super) fn paper_made(finished: &Finished, vars: &Value) -> Option<Paper> {
    let reference = vars["reference"].as_str().filter(|_| finished.action == "report_defect")?;
    Some(Paper::Defect(reference.to_owned()))
}

/// The answer with its paper; in words alone, where nobody could fetch it.
pub(super) fn with_paper(
    app: &App,
    reply: NewDelivery,
    paper: Option<&Paper>,
    language: &str,
    now: Instant,
) -> NewDelivery {
    let Some(paper) = paper else { return reply };
    let (kind, about) = match paper {
        Paper::Progress(number) => (EnclosedKind::Image, number),
        Paper::Defect(reference) => (EnclosedKind::Document, reference),
    };
    let Some(link) = papers::address(app, paper, language, now) else {
        let says = [Say::new("chat.paper.nowhere", json!({"key": about}))];
        return NewDelivery { body: engine::render(&app.wording, language, &says), ..reply };
    };
    let rich = Rich { files: vec![Enclosed { kind, name: paper.name(), link }], ..reply.rich.unwrap_or_default() };
    NewDelivery { rich: Some(rich), ..reply }
}
