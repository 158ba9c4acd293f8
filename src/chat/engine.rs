//! The pure engine: one message in, a new session and words out. No I/O, no clock, no chance.
//!
//! A caller asks [`lookups`] which records the message may refer to, fetches them, and calls [`step`]. Where a
//! form was finished, the caller carries out its action and answers with [`done`], or with [`refused`] when the
//! action says no. [`render`] makes one message of the words.

use super::ask::{answer_vars, ask};
use super::extras::{Enclosure, Extra};
use super::flow::Flows;
use super::offers::{Offer, meant};
use super::pick::clean;
use super::records::{Lookup, Records};
use super::session::{Answer, Session, Stood};
use super::taps::{Tap, Tappable};
use super::turn::{Turn, Typed, said, typed_references};
use crate::channels::{Media, Place};
use crate::kit::earth::Spot;
use crate::people::Role;
use crate::wording::Wording;
use serde_json::Value;

/// One message, as the engine sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    /// The text as it came, not trimmed; may be empty.
    pub text: String,
    /// The payload of a button or list row that was tapped.
    pub tapped: Option<String>,
    /// Files that came with it.
    pub media: Vec<Media>,
    /// The provider's word for what it is, `text`.
    pub kind: String,
    /// A place that was shared.
    pub place: Option<Place>,
}

impl Input {
    /// What was tapped, where a button or a row of ours was.
    pub fn tap(&self) -> Option<Tap> {
        self.tapped.as_deref().and_then(|payload| Tap::read(&clean(payload)))
    }

    /// A message of text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), kind: "text".to_owned(), ..Self::default() }
    }
}

/// Who wrote, as far as the engine must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The role, where there is one.
    pub role: Option<Role>,
    /// Whether the number is registered.
    pub registered: bool,
    /// Whether anybody may use the floor's flows.
    pub open_access: bool,
}

/// Words to say: a text's key and the values it is filled in with, and what may be tapped under them.
#[derive(Clone, Debug, PartialEq)]
pub struct Say {
    /// The key in the wording.
    pub key: String,
    /// The values. Where it is shown with what may be tapped there is also `taps`.
    pub vars: Value,
    /// What may be tapped in answer; the words alone say it too.
    pub taps: Vec<Tappable>,
}

impl Say {
    /// Words with values.
    pub fn new(key: impl Into<String>, vars: Value) -> Self {
        Self { key: key.into(), vars, taps: Vec::new() }
    }

    /// The same words with something to tap.
    #[must_use]
    pub fn with(mut self, taps: impl IntoIterator<Item = Tappable>) -> Self {
        self.taps.extend(taps);
        self
    }

    /// Words without values.
    pub fn plain(key: impl Into<String>) -> Self {
        Self::new(key, Value::Null)
    }
}

/// A form that was filled in and whose action is still to be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The flow's name.
    pub flow: String,
    /// The action's name, one of [`super::flow::ACTIONS`] but never `show`.
    pub action: String,
    /// The answers by question, in the order given.
    pub answers: Vec<(String, Answer)>,
    /// Where the person stands, if they shared that.
    pub place: Option<Stood>,
}

impl Finished {
    /// The answer to a question, where there is one.
    pub fn answer(&self, question: &str) -> Option<&Answer> {
        self.answers.iter().find(|(name, _)| name == question).map(|(_, answer)| answer)
    }
}

/// Files for a ticket that is there already.
#[derive(Clone, Debug, PartialEq)]
pub struct Joins {
    /// The ticket.
    pub ticket_id: i64,
    /// The files.
    pub media: Vec<Media>,
}

/// What one message led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The conversation's new state.
    pub session: Session,
    /// What to say; where a form was finished, what comes before the action's own words.
    pub say: Vec<Say>,
    /// The form that was finished by this message, unless it only shows a record.
    pub finished: Option<Finished>,
    /// Files that join the report made last.
    pub joins: Option<Joins>,
    /// What was asked for, to go with what is said.
    pub enclosure: Option<Enclosure>,
    /// `Some(false)` where the person opted out of notices, `Some(true)` where they opted in.
    pub consent: Option<bool>,
}

/// The records that a message may refer to: fetch them (and, for those that do not exist, the nearest keys) before
/// [`step`]. An unregistered person's message looks nothing up; that is the caller's to decide, by not asking.
pub fn lookups(flows: &Flows, wording: &Wording, session: &Session, input: &Input, dormant: bool) -> Vec<Lookup> {
    let tap = input.tap();
    let of_extra = |extra: &Extra| {
        let (kind, key) = extra.record();
        Lookup { kind, key: key.to_owned() }
    };
    match &tap {
        Some(Tap::Act { flow, key }) => {
            let kind = flows.get(flow).and_then(|flow| flow.questions.first()?.field.record());
            return kind.map(|kind| Lookup { kind, key: key.clone() }).into_iter().collect();
        }
        Some(Tap::Extra(extra)) => return vec![of_extra(extra)],
        _ => {}
    }
    let said = said(input, tap.as_ref());
    let word = super::pick::bare(&input.text);
    let is_typed = tap.is_none();
    if is_typed && ["chat.words.greeting", "chat.words.hello"].into_iter().any(|key| wording.knows(key, &word)) {
        return Vec::new();
    }
    let open = session.open(flows).filter(|_| !dormant && !session.offer);
    let references = || said.iter().flat_map(|text| typed_references(flows, text));
    let wanted = |typed: Typed<'_>| typed.keys.into_iter().map(move |key| Lookup { kind: typed.kind, key });
    let mut lookups: Vec<Lookup> = match open {
        Some((_, question)) => {
            let asked = question.field.record().map_or_else(Vec::new, |kind| {
                let offered = said.iter().filter_map(|text| meant(&session.offered, text));
                let typed = said.iter().flat_map(|text| kind.candidates(text));
                offered.chain(typed).map(|key| Lookup { kind, key }).collect()
            });
            let others = references().filter(|typed| is_typed && question.field.record() != Some(typed.kind));
            asked.into_iter().chain(others.flat_map(wanted)).collect()
        }
        None => references().flat_map(wanted).collect(),
    };
    let asks = |extra: &&Extra| is_typed && wording.knows(&format!("chat.words.{}", extra.words()), &word);
    lookups.extend(session.shown.as_ref().filter(|_| open.is_none()).filter(asks).map(of_extra));
    lookups.sort();
    lookups.dedup();
    lookups
}

/// Which of the asker's tickets a message wants to be offered: fetch them before [`step`], and hand them in with the
/// records.
pub fn offer(flows: &Flows, wording: &Wording, session: &Session, input: &Input, asker: Asker) -> Option<Offer> {
    if session.flow.is_some() {
        return None;
    }
    Turn::new(flows, wording, session.clone(), input, &Records::new(), asker, "").wants_offered()
}

/// Around which spot a message wants machines to be looked for: fetch them before [`step`], and hand them in with the
/// records.
pub fn spot(flows: &Flows, wording: &Wording, session: &Session, input: &Input, asker: Asker) -> Option<Spot> {
    Turn::new(flows, wording, session.clone(), input, &Records::new(), asker, "").wants_machines()
}

/// Takes one message in. `dormant` says that the time-out passed since the last one; `records` holds what was found
/// for [`lookups`]; a draft past its life is not to be in the session any more.
#[expect(
    clippy::too_many_arguments,
    reason = "a pure function of all that decides a reply; a struct would only rename them"
)]
pub fn step(
    flows: &Flows,
    wording: &Wording,
    session: Session,
    input: &Input,
    records: &Records,
    asker: Asker,
    dormant: bool,
    company: &str,
) -> Step {
    Turn::new(flows, wording, session, input, records, asker, company).take(dormant)
}

/// The desk gives a conversation back: what the bot says then, by which the person knows what it waits for. Where it
/// goes on it asks its open question once more, and at the menu it says nothing; where it starts over, open and put aside
/// forms are dropped and the menu is shown. Whoever may not speak is told nothing.
pub fn go_on(
    flows: &Flows,
    wording: &Wording,
    session: Session,
    asker: Asker,
    company: &str,
    starts_over: bool,
) -> (Session, Vec<Say>) {
    let (input, records) = (Input::default(), Records::new());
    Turn::new(flows, wording, session, &input, &records, asker, company).given_back(starts_over)
}

/// The last words of a form whose action was carried out; `vars` is what the action gives (`reference`, `sla` …),
/// the answers are there by question.
pub fn done(finished: &Finished, vars: Value) -> Say {
    Say::new(format!("chat.{}.done", finished.flow), with_answers(&finished.answers, vars))
}

/// The action said no: the other answers are kept, and the question it names is asked again, with those that hang
/// on it (a BOM's component). Without such a question the form is closed. `key` and `vars` say why.
pub fn refused(
    flows: &Flows,
    mut session: Session,
    finished: &Finished,
    question: Option<&str>,
    key: &str,
    vars: Value,
) -> (Session, Vec<Say>) {
    let mut say = vec![Say::new(key, with_answers(&finished.answers, vars))];
    session.close();
    let flow = flows.get(&finished.flow).filter(|flow| flow.fits(&finished.answers));
    if let Some((flow, question)) = flow.and_then(|flow| Some((flow, question.and_then(|name| flow.question(name))?))) {
        let again = flow.hanging_on(&question.name);
        let (dropped, kept) = finished.answers.iter().cloned().partition(|(name, _)| again.contains(&name.as_str()));
        session.flow = Some(flow.name.clone());
        session.answers = kept;
        session.pictures = pictures_of(dropped);
        session.place.clone_from(&finished.place);
        say.push(ask(flow, question, &session, &[]));
    }
    (session, say)
}

fn pictures_of(answers: Vec<(String, Answer)>) -> Vec<Media> {
    answers.into_iter().flat_map(|(_, answer)| answer.media).collect()
}

fn with_answers(answers: &[(String, Answer)], vars: Value) -> Value {
    let mut all = answer_vars(answers);
    if let Value::Object(vars) = vars {
        all.extend(vars);
    }
    Value::Object(all)
}

/// One message of all that is to be said, its parts a blank line apart.
pub fn render(wording: &Wording, language: &str, says: &[Say]) -> String {
    joined(says.iter().map(|say| wording.render(language, &say.key, &say.vars)))
}

/// These texts as one, a blank line apart.
pub(super) fn joined(texts: impl Iterator<Item = String>) -> String {
    let texts = texts.map(|text| text.trim().to_owned());
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests;
