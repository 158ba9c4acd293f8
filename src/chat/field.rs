//! Fields: what fits a question, and what to say of an answer that does not.
//!
//! A field reads one text into a canonical [`Answer`] or names the words that explain why it cannot; it never
//! guesses between two meanings.

use super::ask::label_key;
use super::change::{self, read_amount};
use super::engine::Say;
use super::flow::{Flow, Question};
use super::offers::meant;
use super::pick::{Names, clean, pick};
use super::records::{RecordKind, Records};
use super::session::Answer;
use crate::kit::decimal::decimal;
use crate::kit::reference::fold;
use crate::tickets::model::{Status, WAITING_APPROVAL};
use crate::wording::{Wording, shortened};
use serde_json::{Value, json};

/// How long a text may be where the flow does not say.
pub const MAX_TEXT_CHARS: usize = 2000;
/// How many near keys are offered where a record is not found.
const MAX_NEAR: usize = 3;

/// What fits a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A record of the plant's.
    Record(RecordKind),
    /// A component of the BOM that an earlier question holds.
    BomComponent {
        /// The earlier question.
        of: String,
    },
    /// A change to a component.
    BomChange {
        /// The earlier question that holds the BOM.
        of: String,
    },
    /// One of several.
    Choice {
        /// The stored values, `HIGH`.
        options: Vec<String>,
    },
    /// A number, in millionths.
    Number {
        /// The smallest that fits.
        min: Option<i64>,
        /// The largest that fits.
        max: Option<i64>,
    },
    /// A text.
    Text {
        /// How long it may be.
        max_chars: usize,
    },
    /// A picture.
    Photo,
}

impl Field {
    /// Every field's name in flow files.
    pub const NAMES: [&'static str; 11] = [
        "order",
        "machine",
        "ticket",
        "sop_failure",
        "bom",
        "bom_component",
        "bom_change",
        "choice",
        "number",
        "text",
        "photo",
    ];

    /// The name in flow files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Record(kind) => kind.as_str(),
            Self::BomComponent { .. } => "bom_component",
            Self::BomChange { .. } => "bom_change",
            Self::Choice { .. } => "choice",
            Self::Number { .. } => "number",
            Self::Text { .. } => "text",
            Self::Photo => "photo",
        }
    }

    /// The earlier question that this one hangs on.
    pub fn of(&self) -> Option<&str> {
        match self {
            Self::BomComponent { of } | Self::BomChange { of } => Some(of),
            _ => None,
        }
    }

    /// The kind of record it asks for, where it does.
    pub fn record(&self) -> Option<RecordKind> {
        if let Self::Record(kind) = self { Some(*kind) } else { None }
    }
}

/// Where an answer is read: the question, what was answered before, and the words of the asker's language.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// All words.
    pub wording: &'a Wording,
    /// The asker's language.
    pub language: &'a str,
    /// The open flow.
    pub flow: &'a Flow,
    /// The current question.
    pub question: &'a Question,
    /// The answers so far.
    pub answers: &'a [(String, Answer)],
    /// The tickets or machines that were offered by number.
    pub offered: &'a [Value],
}

impl Place<'_> {
    /// Reads a text as an answer to the question; what does not fit is answered with the words that say why.
    pub fn read(&self, typed: &str, records: &Records) -> Result<Answer, Say> {
        match &self.question.field {
            Field::Record(kind) => {
                let offered = meant(self.offered, typed);
                self.fit(find(*kind, offered.as_deref().unwrap_or(typed), records)?)
            }
            Field::BomComponent { of } => self.component(of, typed),
            Field::BomChange { .. } => self.change(typed),
            Field::Choice { options } => self.choice(options, typed),
            Field::Number { min, max } => number(*min, *max, typed),
            Field::Text { max_chars } => text(*max_chars, typed),
            Field::Photo => Err(Say::plain("chat.miss.photo")),
        }
    }

    /// A record whose status will not do is refused where it is named, not when the form is done.
    fn fit(&self, answer: Answer) -> Result<Answer, Say> {
        // A flow file means the same status whoever asks.
        let stored = |name| if name == WAITING_APPROVAL { Status::Resolved.as_str() } else { name };
        let status = answer.facts["status"].as_str().map(stored);
        if status.is_some_and(|status| self.question.refuses.iter().any(|refused| stored(refused) == status)) {
            let key = format!("chat.{}.{}.refused", self.flow.name, self.question.name);
            return Err(Say::new(key, json!({"key": answer.value})));
        }
        Ok(answer)
    }

    fn component(&self, of: &str, typed: &str) -> Result<Answer, Say> {
        let components = components(self.answers, of);
        if components.is_empty() {
            return Err(Say::plain("chat.miss.no_components"));
        }
        let text = |component: &Value, key: &str| component[key].as_str().unwrap_or_default().to_owned();
        let names: Vec<Names> = components
            .iter()
            .map(|component| Names::new([text(component, "number"), text(component, "name")]))
            .collect();
        match pick(typed, &names).and_then(|place| components.get(place)) {
            Some(component) => {
                Ok(Answer { value: text(component, "number"), facts: component.clone(), media: Vec::new() })
            }
            None => Err(Say::plain("chat.miss.bom_component")),
        }
    }

    fn change(&self, typed: &str) -> Result<Answer, Say> {
        let change = change::read(typed, self.wording)
            .map_err(|why| Say::plain(format!("chat.miss.bom_change.{}", why.key())))?;
        Ok(Answer {
            value: change::canonical(&change),
            facts: json!({"label": shortened(&clean(typed), 80)}),
            media: Vec::new(),
        })
    }

    fn choice(&self, options: &[String], typed: &str) -> Result<Answer, Say> {
        let (flow, question) = (&self.flow.name, &self.question.name);
        let label = |option: &str| self.wording.render(self.language, &label_key(flow, question, option), &Value::Null);
        let names: Vec<Names> = options
            .iter()
            .map(|option| {
                let synonyms = format!("chat.{flow}.{question}.synonyms.{option}");
                Names::of(self.wording, self.language, option, &[label_key(flow, question, option), synonyms])
            })
            .collect();
        match pick(typed, &names).and_then(|place| options.get(place)) {
            Some(option) => {
                Ok(Answer { value: option.clone(), facts: json!({"label": label(option)}), media: Vec::new() })
            }
            None => Err(Say::new("chat.miss.choice", json!({"count": options.len()}))),
        }
    }
}

/// The components of the BOM that an earlier question holds.
pub(super) fn components<'a>(answers: &'a [(String, Answer)], of: &str) -> &'a [Value] {
    let bom = answers.iter().find(|(name, _)| name == of).map(|(_, answer)| &answer.facts);
    bom.and_then(|facts| facts["components"].as_array()).map_or(&[], Vec::as_slice)
}

/// Finds the record that a typed key means, among those that were looked up.
fn find(kind: RecordKind, typed: &str, records: &Records) -> Result<Answer, Say> {
    let keys = kind.candidates(typed);
    let found: Vec<(&String, &Value)> = keys.iter().filter_map(|key| Some((key, records.get(kind, key)?))).collect();
    let typed_whole = fold(typed);
    let exact = found.iter().find(|(key, _)| **key == typed_whole);
    if let Some((key, facts)) = exact.or(found.first().filter(|_| found.len() == 1)) {
        return Ok(Answer { value: (*key).clone(), facts: (*facts).clone(), media: Vec::new() });
    }
    let is_bare = |key: &&String| kind.prefixes().len() > 1 && key.bytes().all(|b| b.is_ascii_digit());
    let shown = keys.iter().find(is_bare).or(keys.first());
    let Some(shown) = shown.filter(|key| kind.may_be(key)) else {
        return Err(Say::plain(format!("chat.miss.{}", kind.as_str())));
    };
    let mut near: Vec<&String> = found.iter().map(|(key, _)| *key).collect();
    for key in keys.iter().flat_map(|key| records.near(kind, key)) {
        if !near.contains(&key) {
            near.push(key);
        }
    }
    near.truncate(MAX_NEAR);
    Err(Say::new("chat.miss.not_found", json!({"key": shown, "near": near})))
}

fn number(min: Option<i64>, max: Option<i64>, typed: &str) -> Result<Answer, Say> {
    let amount = read_amount(typed).map_err(|why| Say::plain(format!("chat.miss.number.{}", why.key())))?;
    if min.is_some_and(|min| amount < min) || max.is_some_and(|max| amount > max) {
        let limit = |limit: Option<i64>| limit.map(|limit| decimal(limit, 0));
        return Err(Say::new("chat.miss.number.range", json!({"min": limit(min), "max": limit(max)})));
    }
    Ok(Answer { value: decimal(amount, 0), ..Answer::default() })
}

fn text(max_chars: usize, typed: &str) -> Result<Answer, Say> {
    let value = clean(typed);
    let length = value.chars().count();
    if length == 0 {
        return Err(Say::plain("chat.miss.empty"));
    }
    if length > max_chars {
        return Err(Say::new("chat.miss.too_long", json!({"limit": max_chars, "length": length})));
    }
    Ok(Answer { value, ..Answer::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_will_not_do_is_refused_under_both_its_names() {
        let wording = Wording::load(None).expect("the built-in wording is right");
        for (refused, status, is_refused) in [
            ("RESOLVED", "RESOLVED", true),
            ("RESOLVED", "WAITING_APPROVAL", true),
            ("WAITING_APPROVAL", "RESOLVED", true),
            ("CANCELLED", "WAITING_APPROVAL", false),
        ] {
            let question = Question {
                name: "ticket".to_owned(),
                field: Field::Record(RecordKind::Ticket),
                optional: false,
                photos: false,
                refuses: vec![refused.to_owned()],
                offers: None,
            };
            let flow = Flow {
                name: "reopen".to_owned(),
                menu: None,
                roles: Vec::new(),
                by_word: Vec::new(),
                prefixes: Vec::new(),
                action: "show".to_owned(),
                questions: vec![question.clone()],
            };
            let mut records = Records::new();
            records.found(RecordKind::Ticket, "MAINT-555", json!({"status": status}));
            let place = Place {
                wording: &wording,
                language: "en",
                flow: &flow,
                question: &question,
                answers: &[],
                offered: &[],
            };
            let read = place.read("MAINT-555", &records);
            let says_so = read.as_ref().is_err_and(|say| say.key.ends_with(".reopen.ticket.refused"));
            assert_eq!((says_so, read.is_err()), (is_refused, is_refused), "{refused} {status}");
        }
    }
}
