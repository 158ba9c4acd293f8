//! Papers and places that go with an answer.

use super::engine::{self, Finished, Say};
use super::extras::{Enclosure, Extra};
use crate::app::App;
use crate::channels::{Enclosed, EnclosedKind, Rich};
use crate::delivery::NewDelivery;
use crate::kit::Instant;
use crate::papers::{self, Paper};
use serde_json::{Value, json};

/// What there is of what a form made.
pub(super) fn made(finished: &Finished, vars: &Value) -> Option<Extra> {
    let reference = vars["reference"].as_str().filter(|_| finished.action == "report_defect")?;
    Some(Extra::Defect(reference.to_owned()))
}

/// The answer with what goes with it; a paper in words alone, where nobody could fetch it.
pub(super) fn with_enclosure(
    app: &App,
    reply: NewDelivery,
    enclosure: Option<&Enclosure>,
    language: &str,
    now: Instant,
) -> NewDelivery {
    let rich = reply.rich.clone().unwrap_or_default();
    let paper = match enclosure {
        None => return reply,
        Some(Enclosure::Place(place)) => {
            return NewDelivery { rich: Some(Rich { place: Some(place.clone()), ..rich }), ..reply };
        }
        Some(Enclosure::Paper(paper)) => paper,
    };
    let (kind, about) = match paper {
        Paper::Progress(number) => (EnclosedKind::Image, number),
        Paper::Defect(reference) => (EnclosedKind::Document, reference),
    };
    let Some(link) = papers::address(app, paper, language, now) else {
        let says = [Say::new("chat.paper.nowhere", json!({"key": about}))];
        return NewDelivery { body: engine::render(&app.wording(), language, &says), ..reply };
    };
    NewDelivery { rich: Some(Rich { files: vec![Enclosed { kind, name: paper.name(), link }], ..rich }), ..reply }
}
