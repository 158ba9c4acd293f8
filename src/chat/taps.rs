//! Taps: what may be tapped under a message, and what a tap on it means later.
//!
//! The payload says what the tap is for: which question of which form, which option. So a tap on an old message is
//! understood by that, never by what is asked now. It need not be proved: a tap can only do what writing can. A payload
//! that is none of ours is left aside, and what is seen on the button counts as written.

use super::engine::Say;
use super::extras::Extra;
use crate::channels::{Choice, Choices};
use crate::wording::Wording;
use serde_json::{Value, json};

/// Stands between the parts of a payload.
const JOINT: char = ':';

/// What a tap is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tap {
    /// An answer to a question.
    Answer(Asked, Says),
    /// An option of the menu.
    Start {
        /// The flow.
        flow: String,
    },
    /// What to do with an interrupted form.
    Interrupted {
        /// The form's number.
        form: u32,
        /// To go on with it, or else to start over.
        resume: bool,
    },
    /// Something to do with a record, offered with a notice: the flow starts with its first answer filled in.
    Act {
        /// The flow.
        flow: String,
        /// The record's key.
        key: String,
    },
    /// Something of a record that was shown.
    Extra(Extra),
}

/// One question of one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The form's number in the conversation.
    pub form: u32,
    /// Its flow.
    pub flow: String,
    /// The question.
    pub question: String,
}

/// What is said to a question by a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// One of its options, by its stored value.
    Value(String),
    /// A word that holds everywhere, by the name of its list: `skip`, `help`, `greeting`.
    Word(&'static str),
}

/// The words that can be tapped.
const WORDS: [&str; 3] = ["skip", "help", "greeting"];

impl Tap {
    /// What comes back when it is tapped.
    pub fn payload(&self) -> String {
        let join = |parts: &[&str]| parts.join(&JOINT.to_string());
        match self {
            Self::Answer(Asked { form, flow, question }, says) => {
                let (what, value) = match says {
                    Says::Value(value) => ("answer", value.as_str()),
                    Says::Word(word) => ("say", *word),
                };
                join(&[what, &form.to_string(), flow, question, value])
            }
            Self::Start { flow } => join(&["start", flow]),
            Self::Interrupted { form, resume } => join(&[if *resume { "resume" } else { "anew" }, &form.to_string()]),
            Self::Act { flow, key } => join(&["act", flow, key]),
            Self::Extra(Extra::Progress(number)) => join(&["progress", number]),
            Self::Extra(Extra::Defect(reference)) => join(&["report", reference]),
            Self::Extra(Extra::Place(reference)) => join(&["place", reference]),
        }
    }

    /// The tap with this payload; none where it is none of ours.
    pub fn read(payload: &str) -> Option<Self> {
        let (what, rest) = payload.split_once(JOINT)?;
        match what {
            "answer" | "say" => {
                let mut parts = rest.splitn(4, JOINT);
                let form = parts.next()?.parse().ok()?;
                let asked = Asked { form, flow: parts.next()?.to_owned(), question: parts.next()?.to_owned() };
                let value = parts.next().filter(|value| !value.is_empty())?;
                let says = match what {
                    "answer" => Says::Value(value.to_owned()),
                    _ => Says::Word(WORDS.into_iter().find(|word| *word == value)?),
                };
                Some(Self::Answer(asked, says))
            }
            "start" => Some(Self::Start { flow: rest.to_owned() }),
            "resume" | "anew" => Some(Self::Interrupted { form: rest.parse().ok()?, resume: what == "resume" }),
            "act" => {
                let (flow, key) = rest.split_once(JOINT)?;
                Some(Self::Act { flow: flow.to_owned(), key: key.to_owned() })
            }
            "progress" if !rest.is_empty() => Some(Self::Extra(Extra::Progress(rest.to_owned()))),
            "report" if !rest.is_empty() => Some(Self::Extra(Extra::Defect(rest.to_owned()))),
            "place" if !rest.is_empty() => Some(Self::Extra(Extra::Place(rest.to_owned()))),
            _ => None,
        }
    }

    /// What it says to the question that it is for; none where it is for none.
    pub fn says(&self) -> Option<&Says> {
        if let Self::Answer(_, says) = self { Some(says) } else { None }
    }
}

/// Words to show: a text of the wording's, or as they are.
#[derive(Clone, Debug, PartialEq)]
pub enum Title {
    /// The text with this key.
    Key(String),
    /// These words.
    Text(String),
}

/// Something that may be tapped under a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Tappable {
    /// What it is for.
    pub tap: Tap,
    /// What it says.
    pub title: Title,
    /// What stands smaller under it.
    pub description: Option<String>,
}

impl Tappable {
    /// Something with a title from the wording.
    pub fn new(tap: Tap, key: impl Into<String>) -> Self {
        Self { tap, title: Title::Key(key.into()), description: None }
    }
}

/// What may be tapped under these words, with the text above it; none where nothing may, or more than a message shows.
/// `text` is what they are where nothing can be tapped; without `papers` none can be asked for.
pub fn choices(wording: &Wording, language: &str, says: &[Say], text: &str, papers: bool) -> Option<Choices> {
    let is_offered = |offered: &&Tappable| papers || !matches!(&offered.tap, Tap::Extra(extra) if extra.is_paper());
    let mut options: Vec<Choice> = Vec::new();
    for offered in says.iter().flat_map(|say| &say.taps).filter(is_offered) {
        let id = offered.tap.payload();
        let title = match &offered.title {
            Title::Key(key) => wording.render(language, key, &Value::Null),
            Title::Text(text) => text.clone(),
        };
        if options.iter().all(|option| option.id != id) {
            options.push(Choice { id, title, description: offered.description.clone() });
        }
    }
    if options.is_empty() {
        return None;
    }
    let above = super::engine::joined(says.iter().map(|say| {
        let mut vars = say.vars.clone();
        if !say.taps.is_empty() {
            match &mut vars {
                Value::Object(vars) => {
                    vars.insert("taps".to_owned(), true.into());
                }
                vars => *vars = json!({"taps": true}),
            }
        }
        wording.render(language, &say.key, &vars)
    }));
    let choices = Choices {
        text: (above != text).then_some(above),
        button: wording.render(language, "chat.tap.button", &Value::Null),
        options,
    };
    choices.can_be_shown().then_some(choices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Flows;
    use crate::chat::ask::label_key;
    use crate::chat::field::Field;
    use proptest::prelude::*;

    fn asked() -> Asked {
        Asked { form: 3, flow: "create_defect".to_owned(), question: "severity".to_owned() }
    }

    #[test]
    fn a_payload_says_what_the_tap_is_for() {
        for (payload, tap) in [
            ("answer:3:create_defect:severity:HIGH", Tap::Answer(asked(), Says::Value("HIGH".to_owned()))),
            ("answer:3:create_defect:severity:a:b ✅", Tap::Answer(asked(), Says::Value("a:b ✅".to_owned()))),
            ("say:3:create_defect:severity:skip", Tap::Answer(asked(), Says::Word("skip"))),
            ("start:create_defect", Tap::Start { flow: "create_defect".to_owned() }),
            ("resume:7", Tap::Interrupted { form: 7, resume: true }),
            ("anew:7", Tap::Interrupted { form: 7, resume: false }),
            ("act:approve_ticket:INC-7", Tap::Act { flow: "approve_ticket".to_owned(), key: "INC-7".to_owned() }),
            ("progress:ORD-7", Tap::Extra(Extra::Progress("ORD-7".to_owned()))),
            ("report:DEF-7", Tap::Extra(Extra::Defect("DEF-7".to_owned()))),
            ("place:MAINT-7", Tap::Extra(Extra::Place("MAINT-7".to_owned()))),
        ] {
            assert_eq!(tap.payload(), payload);
            assert_eq!(Tap::read(payload), Some(tap), "{payload}");
        }
    }

    #[test]
    fn what_is_none_of_ours_is_left_aside() {
        for payload in [
            "",
            "1",
            "approve:7",
            "answer",
            "answer:",
            "answer:x:a:b:c",
            "answer:3:a:b",
            "answer:3:a:b:",
            "say:3:a:b:stop",
            "resume:",
            "resume:-1",
            "resume:99999999999",
            "act:approve_ticket",
            "progress:",
            "🙂:🙂",
        ] {
            assert_eq!(Tap::read(payload), None, "{payload}");
        }
    }

    #[test]
    fn whatever_is_built_in_is_shown_whole_in_every_language() {
        let wording = Wording::load(None).expect("the built-in wording is right");
        let flows = Flows::load(None, &wording).expect("the built-in flows are right");
        let words = ["button", "resume", "start_over", "skip", "help", "greeting", "progress", "report"]
            .map(|word| format!("chat.tap.{word}"));
        let titles = flows.iter().filter(|flow| flow.menu.is_some()).map(|flow| format!("chat.{}.title", flow.name));
        let options = flows.iter().flat_map(|flow| {
            flow.questions.iter().flat_map(|question| match &question.field {
                Field::Choice { options } => {
                    let most = if options.len() > 3 { 24 } else { 20 };
                    options.iter().map(|option| (label_key(&flow.name, &question.name, option), most)).collect()
                }
                _ => Vec::new(),
            })
        });
        let all = words.into_iter().map(|key| (key, 20)).chain(titles.map(|key| (key, 24))).chain(options);
        for (key, most) in all {
            for language in wording.languages() {
                let text = wording.render(language, &key, &Value::Null);
                assert!((1..=most).contains(&text.chars().count()), "{language}: {key}: {text}");
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_back_is_read_or_left_aside(payload in "\\PC{0,80}") {
            if let Some(tap) = Tap::read(&payload) {
                prop_assert_eq!(Tap::read(&tap.payload()), Some(tap));
            }
        }
    }
}
