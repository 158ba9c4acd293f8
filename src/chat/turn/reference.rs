//! References that are typed, or scanned from a label: what they start, at the menu and in the middle of a form.

use super::super::field::Field;
use super::super::flow::{Flow, Flows, Question};
use super::super::records::RecordKind;
use super::super::session::Form;
use super::Turn;

/// A flow that a typed reference starts.
pub(in crate::chat) struct Typed<'a> {
    pub(in crate::chat) flow: &'a Flow,
    /// What the flow's first question asks for.
    pub(in crate::chat) kind: RecordKind,
    /// Numbers that were meant, the likeliest last.
    pub(in crate::chat) keys: Vec<String>,
}

/// The flows that a typed reference starts, for different roles.
pub(in crate::chat) fn typed_references<'a>(flows: &'a Flows, text: &str) -> Vec<Typed<'a>> {
    let started = flows.iter().filter_map(|flow| {
        let kind = flow.questions.first()?.field.record()?;
        let keys = flow.prefixes.iter().map(|prefix| RecordKind::typed(prefix, text)).find(|keys| !keys.is_empty())?;
        Some(Typed { flow, kind, keys })
    });
    started.collect()
}

impl<'a> Turn<'a> {
    /// Starts the flow of a typed reference; says whether there was one. An open form is put aside.
    pub(super) fn follow_reference(&mut self, keep_draft: bool) -> bool {
        let mut found = self.said.iter().flat_map(|text| typed_references(self.flows, text));
        let Some(Typed { flow, keys, .. }) = found.find(|typed| self.may_use(typed.flow)) else { return false };
        let Some(question) = flow.questions.first() else { return false };
        let form: Option<Form> = self.session.close();
        if keep_draft && form.is_some() {
            self.session.draft = form;
        }
        if !keep_draft {
            self.bring_files(flow);
        }
        self.begin(flow);
        self.read(flow, question, &keys);
        true
    }

    /// Somebody in the middle of a form names something else that is there, as by scanning its label: that is what they
    /// want now. What is only shown is shown, and the form goes on; for what asks for more it is put aside, if anything was
    /// answered. The label that began the form, scanned again, begins no second one. Where words are asked for, everything
    /// is words.
    pub(super) fn turn_to_reference(&mut self, open: &'a Flow, asked: &'a Question) -> bool {
        let takes_words = matches!(asked.field, Field::Text { .. } | Field::Photo);
        if self.tap.is_some() || takes_words || !self.session.offered.is_empty() || !self.input.media.is_empty() {
            return false;
        }
        let mut found = self.said.iter().flat_map(|text| typed_references(self.flows, text)).filter_map(|typed| {
            let key = typed.keys.iter().find(|key| self.records.get(typed.kind, key).is_some())?.clone();
            Some((typed.flow, typed.kind, key))
        });
        let is_other = |kind| asked.field.record().is_none_or(|own| own != kind);
        let Some((flow, _, key)) = found.find(|(flow, kind, _)| self.may_use(flow) && is_other(*kind)) else {
            return false;
        };
        let Some(first) = flow.questions.first() else { return false };
        if flow.name == open.name && self.session.answer(&first.name).is_some_and(|answer| answer.value == key) {
            self.session.misses = 0;
            self.ask(open, asked);
            return true;
        }
        let form = self.session.close();
        self.begin(flow);
        self.read(flow, first, &[key]);
        match form {
            Some(form) if self.session.flow.is_none() => {
                self.session.reopen(form);
                self.ask(open, asked);
            }
            Some(form) if !form.answers.is_empty() => self.put_aside(form),
            _ => {}
        }
        true
    }
}
