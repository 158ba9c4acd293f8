//! Extras: whoever was just shown an order may have it as a picture, whoever was shown or made the report of a defect may
//! have that as a file, and whoever was shown what is broken may see where it is.

use super::Turn;
use crate::channels::Place;
use crate::chat::extras::{Enclosure, Extra};
use crate::chat::flow::Flow;
use crate::papers::Paper;
use serde_json::json;

impl Turn<'_> {
    /// Sends the extra of what was shown last, where that was asked for; says whether it was.
    pub(super) fn send_shown_extra(&mut self) -> bool {
        let asked_for = self.shown.take().filter(|extra| self.is(extra.words()));
        asked_for.is_some_and(|extra| {
            self.send_extra(extra);
            true
        })
    }

    /// Sends an extra. What it is of was shown a while ago: who may see that is looked at anew.
    pub(super) fn send_extra(&mut self, extra: Extra) {
        let (kind, about) = extra.record();
        let shows = |flow: &&Flow| flow.questions.first().and_then(|one| one.field.record()) == Some(kind);
        let may_see = self.flows.iter().filter(shows).any(|flow| self.may_use(flow));
        let Some(facts) = self.records.get(kind, about).filter(|_| may_see) else {
            return self.tell_with("chat.miss.not_found", json!({"key": about, "near": []}));
        };
        let (key, enclosure) = match &extra {
            Extra::Progress(number) => ("chat.paper.progress", Enclosure::Paper(Paper::Progress(number.clone()))),
            Extra::Defect(reference) => ("chat.paper.report", Enclosure::Paper(Paper::Defect(reference.clone()))),
            Extra::Place(_) => match serde_json::from_value::<Place>(facts["place"].clone()) {
                Ok(place) => ("chat.place.of", Enclosure::Place(place)),
                Err(_) => return self.tell_with("chat.place.gone", json!({"key": about})),
            },
        };
        self.tell_with(key, json!({"key": about, "label": facts["place"]["label"]}));
        self.session.shown = Some(extra);
        self.enclosure = Some(enclosure);
    }
}
