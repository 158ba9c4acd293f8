//! Papers: whoever was just shown an order may have it as a picture, and whoever was shown or made the report of a defect
//! may have that as a file.

use super::Turn;
use crate::chat::flow::Flow;
use crate::chat::records::RecordKind;
use crate::chat::session::Answer;
use crate::chat::taps::{Tap, Tappable};
use crate::papers::Paper;
use crate::tickets::Kind;
use serde_json::json;

impl Turn<'_> {
    /// Sends the paper of what was shown last, where that was asked for; says whether it was.
    pub(super) fn send_shown_paper(&mut self) -> bool {
        let asked_for = self.shown.take().filter(|paper| self.is(word_for(paper)));
        asked_for.is_some_and(|paper| {
            self.send_paper(paper);
            true
        })
    }

    /// Sends a paper. What it is of was shown a while ago: who may see that is looked at anew.
    pub(super) fn send_paper(&mut self, paper: Paper) {
        let (kind, about) = record_of(&paper);
        let shows = |flow: &&Flow| flow.questions.first().and_then(|one| one.field.record()) == Some(kind);
        let may_see = self.flows.iter().filter(shows).any(|flow| self.may_use(flow));
        if !may_see || self.records.get(kind, about).is_none() {
            return self.tell_with("chat.miss.not_found", json!({"key": about, "near": []}));
        }
        let key = match paper {
            Paper::Progress(_) => "chat.paper.progress",
            Paper::Defect(_) => "chat.paper.report",
        };
        self.tell_with(key, json!({"key": about}));
        self.session.shown = Some(paper.clone());
        self.paper = Some(paper);
    }
}

/// The paper to be tapped under what it is of.
pub(in crate::chat) fn tap(paper: &Paper) -> Tappable {
    let title = match paper {
        Paper::Progress(_) => "chat.tap.progress",
        Paper::Defect(_) => "chat.tap.report",
    };
    Tappable::new(Tap::Paper(paper.clone()), title)
}

/// The record that a paper is of.
pub(in crate::chat) fn record_of(paper: &Paper) -> (RecordKind, &str) {
    match paper {
        Paper::Progress(number) => (RecordKind::Order, number),
        Paper::Defect(reference) => (RecordKind::Ticket, reference),
    }
}

/// The list of words that ask for a paper, by its name.
pub(in crate::chat) fn word_for(paper: &Paper) -> &'static str {
    match paper {
        Paper::Progress(_) => "picture",
        Paper::Defect(_) => "paper",
    }
}

/// The paper there is of a record that was shown.
pub(super) fn paper_of(kind: RecordKind, answer: &Answer) -> Option<Paper> {
    match kind {
        RecordKind::Order => Some(Paper::Progress(answer.value.clone())),
        RecordKind::Ticket if answer.facts["kind"] == Kind::Defect.as_str() => {
            Some(Paper::Defect(answer.value.clone()))
        }
        _ => None,
    }
}
