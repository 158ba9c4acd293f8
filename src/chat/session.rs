//! The state of one conversation: which form is open, what was answered, what was put aside.
//!
//! There is no pointer to the current question: it is the first question of the flow without an answer. So a
//! flow that an operator changes meanwhile cannot leave a session pointing nowhere.

use super::extras::Extra;
use super::flow::{Flow, Flows, Question};
use crate::channels::Media;
use crate::kit::Instant;
use crate::kit::earth::Spot;
use crate::wording::FALLBACK;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of the state in which no form is open.
pub const MENU: &str = "MENU";

/// What Andon remembers of one chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The open form's flow; `None` at the menu.
    pub flow: Option<String>,
    /// The open form's number: what was tapped says by it which form it is for.
    pub form: u32,
    /// How many forms were begun.
    pub forms: u32,
    /// The open form's answers by question, in the order given.
    pub answers: Vec<(String, Answer)>,
    /// Pictures that came before the text of the question they belong to.
    pub pictures: Vec<Media>,
    /// Files that came at the menu, for the report that follows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<Media>,
    /// Since when the first of them is there; kept by the caller, who lets them go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead_since: Option<Instant>,
    /// The report made last, which files that come right after it join; set and let go by the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
    /// What may be asked for of what the last answer showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<Extra>,
    /// What the last message was answered with, where that was a file: the next ones in a row need no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_a_row: Option<InARow>,
    /// Where the person stands, if they shared that with the open form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Stood>,
    /// Tickets that were offered by number: `{reference, title, status}`; or machines: `{reference, title, metres}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<Value>,
    /// How many messages in a row did not fit.
    pub misses: u8,
    /// Whether "resume or start over" was offered and not yet answered.
    pub offer: bool,
    /// A form that was interrupted and can be taken up again with `resume`.
    pub draft: Option<Form>,
    /// Since when it has been put aside; kept by the caller, for the engine reads no clock.
    pub draft_since: Option<Instant>,
    /// The language of the replies, `en`. The person's own wins over it when the session is taken up again.
    pub language: String,
    /// Whether they or an admin chose it; else a greeting in another language changes it. Kept with the person.
    #[serde(skip)]
    pub has_chosen_language: bool,
}

/// A report that was just made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// Its ticket.
    pub ticket_id: i64,
    /// The ticket's reference.
    pub reference: String,
    /// When it was made.
    pub at: Instant,
    /// How many files joined it since.
    pub files: usize,
}

/// Where somebody stood, as they shared it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stood {
    /// The spot.
    pub spot: Spot,
    /// What the place is called, where they picked one with a name.
    pub label: Option<String>,
}

/// What was said of a file, when others follow it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InARow {
    /// That it is kept.
    Kept,
    /// That there are enough.
    Enough,
}

/// An interrupted form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The flow's name.
    pub flow: String,
    /// Its number.
    #[serde(default)]
    pub number: u32,
    /// The answers by question, in the order given.
    pub answers: Vec<(String, Answer)>,
    /// Pictures that came before their text.
    #[serde(default)]
    pub pictures: Vec<Media>,
    /// Where the person stands, if they shared that.
    #[serde(default)]
    pub place: Option<Stood>,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The canonical value: a record's key, an option's name, a text. Empty where the question was skipped.
    pub value: String,
    /// The record's facts, `{"label": …}` for a choice or a change, else null.
    #[serde(default)]
    pub facts: Value,
    /// Pictures sent with it.
    #[serde(default)]
    pub media: Vec<Media>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            flow: None,
            form: 0,
            forms: 0,
            answers: Vec::new(),
            pictures: Vec::new(),
            ahead: Vec::new(),
            ahead_since: None,
            made: None,
            shown: None,
            in_a_row: None,
            place: None,
            offered: Vec::new(),
            misses: 0,
            offer: false,
            draft: None,
            draft_since: None,
            language: FALLBACK.to_owned(),
            has_chosen_language: false,
        }
    }
}

impl Session {
    /// The state's name, `MENU` or `create_defect.severity`. A form that its flow no longer knows is `MENU`.
    pub fn state(&self, flows: &Flows) -> String {
        match self.open(flows) {
            Some((flow, question)) => format!("{}.{}", flow.name, question.name),
            None => MENU.to_owned(),
        }
    }

    /// The questions answered so far, in the order given.
    pub fn data_keys(&self) -> Vec<&str> {
        self.answers.iter().map(|(question, _)| question.as_str()).collect()
    }

    /// The answer to a question, where there is one.
    pub fn answer(&self, question: &str) -> Option<&Answer> {
        self.answers.iter().find(|(name, _)| name == question).map(|(_, answer)| answer)
    }

    /// The open flow and its current question; `None` at the menu, and where the flow was removed or changed so
    /// that the answers no longer fit it.
    pub fn open<'a>(&self, flows: &'a Flows) -> Option<(&'a Flow, &'a Question)> {
        let flow = flows.get(self.flow.as_deref()?)?;
        if !flow.fits(&self.answers) {
            return None;
        }
        let question = flow.questions.iter().find(|question| self.answer(&question.name).is_none())?;
        Some((flow, question))
    }

    /// Closes the open form and gives it back; the session stands at the menu then.
    pub fn close(&mut self) -> Option<Form> {
        self.misses = 0;
        self.offer = false;
        self.offered.clear();
        let answers = std::mem::take(&mut self.answers);
        let pictures = std::mem::take(&mut self.pictures);
        let (number, place) = (self.form, self.place.take());
        self.flow.take().map(|flow| Form { flow, number, answers, pictures, place })
    }

    /// Opens a new form of this flow.
    pub fn begin(&mut self, flow: &str) {
        self.forms = self.forms.wrapping_add(1);
        self.form = self.forms;
        self.flow = Some(flow.to_owned());
    }

    /// Opens a form where it was left.
    pub fn reopen(&mut self, form: Form) {
        self.misses = 0;
        self.offer = false;
        self.flow = Some(form.flow);
        self.form = form.number;
        self.answers = form.answers;
        self.pictures = form.pictures;
        self.place = form.place;
    }
}
