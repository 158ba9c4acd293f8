//! Forms that were interrupted: offered again after a time-out, put aside as a draft, taken up again.

use super::super::engine::Say;
use super::super::flow::{Flow, Question};
use super::super::pick::{Names, pick};
use super::super::session::{Form, Session};
use super::super::taps::{Tap, Tappable};
use super::Turn;
use serde_json::json;

impl<'a> Turn<'a> {
    /// The desk gives the conversation back.
    pub(in crate::chat) fn given_back(mut self, starts_over: bool) -> (Session, Vec<Say>) {
        if starts_over {
            self.session.close();
            self.session.draft = None;
            if self.may_speak() {
                self.show_menu();
            }
        } else if let Some((flow, question)) = self.session.open(self.flows).filter(|(flow, _)| self.may_use(flow)) {
            self.session.misses = 0;
            self.session.offer = false;
            self.ask(flow, question);
        }
        (self.session, self.say)
    }

    /// A message after the time-out, or after the offer: resume, start over, or the offer (again). The message itself
    /// is no answer to the form's question.
    pub(super) fn come_back(&mut self, flow: &'a Flow, question: &'a Question) {
        let choice = match self.tap {
            Some(Tap::Interrupted { resume, .. }) => Some(usize::from(!resume)),
            Some(Tap::Answer(..)) => None,
            _ if self.session.offer => self.offered(),
            _ => None,
        };
        if self.is("resume") || choice == Some(0) {
            self.go_on(flow, question);
        } else if choice.is_some() {
            self.session.close();
            self.show_menu();
        } else {
            self.offer(flow);
        }
    }

    pub(super) fn offer(&mut self, flow: &Flow) {
        self.session.offer = true;
        let form = self.session.form;
        let choice = |resume, key| Tappable::new(Tap::Interrupted { form, resume }, key);
        let taps = [choice(true, "chat.tap.resume"), choice(false, "chat.tap.start_over")];
        self.say.push(Say::new("chat.resume.offer", json!({"flow": flow.name})).with(taps));
    }

    /// Keeps an open form for later, and says how to go on with it.
    pub(super) fn put_aside(&mut self, form: Form) {
        let tap = Tap::Interrupted { form: form.number, resume: true };
        let hint = Say::new("chat.resume.hint", json!({"flow": form.flow}));
        self.say.push(hint.with([Tappable::new(tap, "chat.tap.resume")]));
        self.session.draft = Some(form);
    }

    /// Which of "resume" (0) and "start over" (1) was picked.
    fn offered(&self) -> Option<usize> {
        let names = ["resume", "start_over"]
            .map(|what| Names::of(self.wording, &self.session.language, what, &[format!("chat.words.{what}")]));
        self.said.iter().find_map(|text| pick(text, &names))
    }

    fn go_on(&mut self, flow: &Flow, question: &Question) {
        self.session.offer = false;
        self.session.misses = 0;
        self.take_ahead(flow);
        self.tell_with("chat.resume.going_on", json!({"flow": flow.name}));
        self.ask(flow, question);
    }

    pub(super) fn resume(&mut self) {
        let Some(draft) = self.session.draft.take() else {
            self.tell("chat.resume.nothing");
            return self.show_menu();
        };
        self.session.draft = self.session.close();
        self.session.reopen(draft);
        if let Some((flow, question)) = self.session.open(self.flows).filter(|(flow, _)| self.may_use(flow)) {
            self.go_on(flow, question);
        } else {
            self.session.close();
            self.tell("chat.gone");
            self.show_menu();
        }
    }
}
