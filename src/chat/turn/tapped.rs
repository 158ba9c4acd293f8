//! What was tapped: understood by what it was for, never by what is asked now.
//!
//! What was for the question that is asked now is an answer to it, as if its word had been written. What was for another
//! one changes nothing: that is said, and the current question is asked again. So an old message may be tapped at any
//! time, and nothing that was answered is lost.

use super::super::flow::{Flow, Question};
use super::super::taps::Tap;
use super::Turn;
use crate::tickets::model::{Status, WAITING_APPROVAL};
use serde_json::json;

impl<'a> Turn<'a> {
    /// Deals with what was tapped; says whether that is done. A tap for the question that is asked now goes on as its
    /// word would.
    pub(super) fn has_tapped(&mut self, open: Option<(&'a Flow, &'a Question)>, dormant: bool) -> bool {
        let is_gone = self.session.flow.is_some() && open.is_none();
        let Some(tap) = self.tap.clone().filter(|_| !is_gone) else { return false };
        let is_waiting = open.is_some() && (dormant || self.session.offer);
        match tap {
            Tap::Answer(asked, _) => {
                let is_asked = open.is_some_and(|(flow, question)| {
                    (asked.form, &asked.flow, &asked.question) == (self.session.form, &flow.name, &question.name)
                });
                if !is_asked {
                    self.was_for_another(open, is_waiting);
                }
                !is_asked
            }
            Tap::Start { flow } => match self.to_start(&flow).filter(|_| self.session.flow.is_none()) {
                Some(flow) => {
                    self.start(flow);
                    true
                }
                None if is_waiting => false,
                None => {
                    self.was_for_another(open, false);
                    true
                }
            },
            Tap::Interrupted { form, resume } => {
                let is_this_form = form == self.session.form;
                if is_waiting && is_this_form {
                    return false;
                }
                if resume && self.session.draft.as_ref().is_some_and(|draft| draft.number == form) {
                    self.resume();
                } else {
                    self.was_for_another(open, is_waiting);
                }
                true
            }
            Tap::Act { flow, key } => {
                self.act(&flow, &key, open, is_waiting);
                true
            }
            Tap::Extra(extra) => {
                self.send_extra(extra);
                if open.is_some() {
                    self.go_on_asking(open, is_waiting);
                }
                true
            }
        }
    }

    /// The flow with this name, where it may be started now as from the menu.
    pub(super) fn to_start(&self, name: &str) -> Option<&'a Flow> {
        self.flows.get(name).filter(|flow| self.may_use(flow))
    }

    /// Something is to be done with a record that a notice spoke of. An open form is put aside; where one is already, that
    /// would be lost, so this one is to be finished first.
    fn act(&mut self, name: &str, key: &str, open: Option<(&'a Flow, &'a Question)>, is_waiting: bool) {
        let flow = self.flows.get(name);
        let Some((flow, question)) = flow.and_then(|flow| Some((flow, flow.questions.first()?))) else {
            return self.was_for_another(open, is_waiting);
        };
        let facts = question.field.record().and_then(|kind| self.records.get(kind, key));
        let status = facts.and_then(|facts| facts["status"].as_str()).unwrap_or_default();
        let stored = Status::named(if status == WAITING_APPROVAL { Status::Resolved.as_str() } else { status });
        let is_too_late = question.offers.is_some_and(|offer| !stored.is_some_and(|s| offer.statuses().contains(&s)));
        let refusal = match facts {
            _ if !self.may_use(flow) => Some("chat.refused.ticket_not_yours"),
            None => Some("chat.refused.ticket_unknown"),
            Some(_) if is_too_late => Some("chat.refused.ticket_status"),
            Some(_) if open.is_some() && self.session.draft.is_some() => Some("chat.tap.busy"),
            Some(_) => None,
        };
        if let Some(refusal) = refusal {
            self.tell_with(refusal, json!({"key": key, "status": status}));
            return self.go_on_asking(open, is_waiting);
        }
        if let Some(form) = self.session.close() {
            self.put_aside(form);
        }
        self.session.begin(&flow.name);
        self.read(flow, question, &[key.to_owned()]);
    }

    fn was_for_another(&mut self, open: Option<(&'a Flow, &'a Question)>, is_waiting: bool) {
        self.tell("chat.tap.earlier");
        self.go_on_asking(open, is_waiting);
    }

    /// Asks again what is open, or offers to go on with it; at the menu shows that.
    fn go_on_asking(&mut self, open: Option<(&'a Flow, &'a Question)>, is_waiting: bool) {
        match open {
            Some((flow, _)) if is_waiting => self.offer(flow),
            Some((flow, question)) => self.ask(flow, question),
            None => self.show_menu(),
        }
    }
}
