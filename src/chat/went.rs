//! How forms go: begun, finished, or left, and at which question; told by comparing a session before and after a message.
//! Pure but for writing it down.
//!
//! A form that is put aside is still there; it is left when it makes room for another, is cancelled, or is let go of by
//! time (house-keeping says so). Nothing but names is kept: not whose form it was, and no answer.

use super::engine::{Finished, Say};
use super::flow::Flows;
use super::session::Session;
use crate::kit::stored_enum;
use std::collections::BTreeMap;

stored_enum! {
    /// What became of a form.
    pub enum What {
        /// It was begun.
        Begun = "BEGUN",
        /// All was answered, and done.
        Done = "DONE",
        /// It was given up.
        Left = "LEFT",
    }
}

/// What became of one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Went {
    /// What.
    pub what: What,
    /// The form's flow.
    pub flow: String,
    /// Of one that was left: the question that was open; empty where none was.
    pub question: String,
}

/// The forms of a session, open or put aside, by their numbers: flow, and the question that is next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Forms(BTreeMap<u32, (String, String)>);

impl Forms {
    pub(super) fn of(session: &Session, flows: &Flows) -> Self {
        let question = |flow: &str, is_answered: &dyn Fn(&str) -> bool| {
            let questions = flows.get(flow).map(|flow| flow.questions.iter()).into_iter().flatten();
            questions.map(|question| question.name.clone()).find(|name| !is_answered(name)).unwrap_or_default()
        };
        let open = session.flow.as_ref().map(|flow| {
            let is_answered = |name: &str| session.answer(name).is_some();
            (session.form, (flow.clone(), question(flow, &is_answered)))
        });
        let aside = session.draft.as_ref().map(|draft| {
            let is_answered = |name: &str| draft.answers.iter().any(|(known, _)| known == name);
            (draft.number, (draft.flow.clone(), question(&draft.flow, &is_answered)))
        });
        Self(aside.into_iter().chain(open).collect())
    }

    /// What became of these by a message that left the session as it is now, said `says`, and finished a form or not.
    pub(super) fn went(
        mut self,
        session: &Session,
        flows: &Flows,
        says: &[Say],
        finished: Option<&Finished>,
    ) -> Vec<Went> {
        let mut now = Self::of(session, flows);
        // An action that was refused has its form open again.
        let finished = finished.map(|finished| finished.flow.as_str());
        let finished = finished.filter(|flow| session.flow.as_deref() != Some(*flow));
        let mut shown = says.iter().filter_map(|say| say.key.strip_prefix("chat.")?.strip_suffix(".done"));
        let done = finished.or_else(|| shown.rfind(|flow| flows.get(flow).is_some()));
        let mut went = Vec::new();
        let mut note = |what: What, flow: &str, question: String| {
            went.push(Went { what, flow: flow.to_owned(), question });
        };
        if let Some(flow) = done {
            let of_flow = self.0.iter().rev().find(|(number, (open, _))| open == flow && !now.0.contains_key(*number));
            match of_flow.map(|(number, _)| *number) {
                Some(number) => drop(self.0.remove(&number)),
                None => note(What::Begun, flow, String::new()), // begun and done by one message
            }
            note(What::Done, flow, String::new());
        }
        for (number, (flow, question)) in self.0 {
            if now.0.remove(&number).is_none() {
                note(What::Left, &flow, question);
            }
        }
        for (flow, _) in now.0.into_values() {
            note(What::Begun, &flow, String::new());
        }
        went
    }
}

/// The flow and question of a stored state, `create_defect.severity`; none of the menu.
pub(super) fn of_state(state: &str) -> Option<Went> {
    let (flow, question) = state.split_once('.')?;
    Some(Went { what: What::Left, flow: flow.to_owned(), question: question.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::session::Answer;
    use crate::wording::Wording;
    use serde_json::Value;

    fn flows() -> Flows {
        let wording = Wording::load(None).expect("the built-in texts are right");
        Flows::load(None, &wording).expect("the built-in flows are right")
    }

    fn told(went: &[Went]) -> Vec<String> {
        went.iter().map(|went| format!("{} {} {}", went.what.as_str(), went.flow, went.question)).collect()
    }

    #[test]
    fn a_form_is_begun_and_left_where_it_was() {
        let (flows, mut session) = (flows(), Session::default());
        let before = Forms::of(&session, &flows);
        session.begin("create_defect");
        assert_eq!(told(&before.went(&session, &flows, &[], None)), ["BEGUN create_defect "]);
        session.answers.push(("order".to_owned(), Answer::default()));
        let before = Forms::of(&session, &flows);
        assert_eq!(told(&before.clone().went(&session, &flows, &[], None)), [""; 0]);
        session.draft = session.close();
        session.begin("order_status");
        assert_eq!(told(&before.went(&session, &flows, &[], None)), ["BEGUN order_status "], "put aside, not left");
        let before = Forms::of(&session, &flows);
        session.draft = None;
        assert_eq!(told(&before.went(&session, &flows, &[], None)), ["LEFT create_defect defect_type"]);
    }

    #[test]
    fn a_form_is_done_when_its_last_words_are_said() {
        let (flows, mut session) = (flows(), Session::default());
        let done = [Say::new("chat.order_status.done", Value::Null)];
        let straight = Forms::of(&session, &flows).went(&session, &flows, &done, None);
        assert_eq!(told(&straight), ["BEGUN order_status ", "DONE order_status "]);
        session.begin("order_status");
        let before = Forms::of(&session, &flows);
        session.close();
        assert_eq!(told(&before.went(&session, &flows, &done, None)), ["DONE order_status "]);
    }
}
