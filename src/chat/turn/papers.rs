//! Papers: whoever was just shown an order may have it as a picture, and whoever was shown or made the report of a defect
//! may have that as a file.

use super::Turn;
use crate::chat::records::RecordKind;
use crate::chat::session::Answer;
use crate::papers::Paper;
use crate::tickets::Kind;
use serde_json::json;

impl Turn<'_> {
    /// Sends the paper of what was shown last, where that was asked for; says whether it was.
    pub(super) fn send_paper(&mut self) -> bool {
        let (word, key, about) = match &self.shown {
            Some(Paper::Progress(number)) => ("picture", "chat.paper.progress", number),
            Some(Paper::Defect(reference)) => ("paper", "chat.paper.report", reference),
            None => return false,
        };
        if !self.is(word) {
            return false;
        }
        let vars = json!({"key": about});
        self.tell_with(key, vars);
        self.paper.clone_from(&self.shown);
        self.session.shown = self.shown.take();
        true
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
