//! How a question is put: its words, the values they are filled in with, and what may be tapped in answer.

use super::engine::Say;
use super::field::{Field, components};
use super::flow::{Flow, Question};
use super::session::{Answer, Session};
use super::taps::{Asked, Says, Tap, Tappable, Title};
use crate::kit::decimal::decimal;
use serde_json::{Map, Value, json};

/// The words that ask a question, with the answers so far at hand.
pub fn ask(flow: &Flow, question: &Question, session: &Session, offered: &[Value]) -> Say {
    let vars = question_vars(flow, question, &session.answers);
    let mut say = Say::new(format!("chat.{}.{}.ask", flow.name, question.name), vars);
    say.taps = taps(flow, question, session, offered);
    if question.offers.is_some() {
        let numbered = offered.iter().enumerate().map(|(place, ticket)| {
            let mut ticket = ticket.clone();
            ticket["keycap"] = keycap(place + 1).into();
            ticket
        });
        say.vars["tickets"] = numbered.collect();
    }
    say
}

/// The words that explain what a question expects.
pub fn expected(flow: &Flow, question: &Question, session: &Session) -> Say {
    let vars = question_vars(flow, question, &session.answers);
    Say::new(format!("chat.expect.{}", question.field.name()), vars).with(taps(flow, question, session, &[]))
}

/// A word that holds everywhere, to be tapped under this question.
pub fn word(flow: &Flow, question: &Question, session: &Session, word: &'static str) -> Tappable {
    Tappable::new(to(flow, question, session, Says::Word(word)), format!("chat.tap.{word}"))
}

/// What may be tapped in answer to a question: its options, the components, the tickets or machines offered, and to skip it.
fn taps(flow: &Flow, question: &Question, session: &Session, offered: &[Value]) -> Vec<Tappable> {
    let one_of = |value: &str| to(flow, question, session, Says::Value(value.to_owned()));
    let text = |record: &Value, key: &str| record[key].as_str().unwrap_or_default().to_owned();
    let named = |record: &Value, key: &str, name: &str| {
        let (key, name) = (text(record, key), text(record, name));
        Tappable { tap: one_of(&key), title: Title::Text(key), description: (!name.is_empty()).then_some(name) }
    };
    let mut taps: Vec<Tappable> = match &question.field {
        Field::Choice { options } => {
            let label = |option: &str| label_key(&flow.name, &question.name, option);
            options.iter().map(|option| Tappable::new(one_of(option), label(option))).collect()
        }
        Field::BomComponent { of } => {
            let priced = |one: &Value| {
                let [name, quantity, cost] = ["name", "quantity", "unit_cost"].map(|key| text(one, key));
                Tappable { description: Some(format!("{name} ({quantity} × {cost})")), ..named(one, "number", "name") }
            };
            components(&session.answers, of).iter().map(priced).collect()
        }
        Field::Record(_) => offered.iter().map(|one| named(one, "reference", "title")).collect(),
        _ => Vec::new(),
    };
    taps.extend(question.optional.then(|| word(flow, question, session, "skip")));
    taps
}

/// A tap for this question of the open form.
fn to(flow: &Flow, question: &Question, session: &Session, says: Says) -> Tap {
    Tap::Answer(Asked { form: session.form, flow: flow.name.clone(), question: question.name.clone() }, says)
}

/// Values for a question's words: the answers by name, the options, the limits, the components.
fn question_vars(flow: &Flow, question: &Question, answers: &[(String, Answer)]) -> Value {
    let mut vars = answer_vars(answers);
    vars.insert("optional".to_owned(), question.optional.into());
    vars.insert("photos".to_owned(), question.photos.into());
    match &question.field {
        Field::Choice { options } => {
            let options = options.iter().enumerate().map(|(place, option)| {
                json!({"keycap": keycap(place + 1), "label": label_key(&flow.name, &question.name, option)})
            });
            vars.insert("options".to_owned(), options.collect());
        }
        Field::BomComponent { of } => {
            vars.insert("components".to_owned(), Value::Array(components(answers, of).to_vec()));
        }
        Field::Text { max_chars } => {
            vars.insert("limit".to_owned(), (*max_chars).into());
        }
        Field::Number { min, max } => {
            vars.insert("min".to_owned(), min.map(|min| decimal(min, 0)).into());
            vars.insert("max".to_owned(), max.map(|max| decimal(max, 0)).into());
        }
        Field::Record(_) | Field::BomChange { .. } | Field::Photo => {}
    }
    Value::Object(vars)
}

/// The key of an option's label.
pub fn label_key(flow: &str, question: &str, option: &str) -> String {
    format!("chat.{flow}.{question}.options.{option}")
}

/// Answers as values for words, by question: a record's facts, a choice's `{value, label}`, else the text.
pub fn answer_vars(answers: &[(String, Answer)]) -> Map<String, Value> {
    let value = |answer: &Answer| match &answer.facts {
        Value::Object(facts) => {
            let mut facts = facts.clone();
            facts.entry("value").or_insert_with(|| answer.value.clone().into());
            Value::Object(facts)
        }
        _ => Value::String(answer.value.clone()),
    };
    answers.iter().map(|(question, answer)| (question.clone(), value(answer))).collect()
}

/// A number as keycaps, `7️⃣`; ten has a sign of its own.
pub fn keycap(number: usize) -> String {
    if number == 10 {
        return '\u{1F51F}'.to_string();
    }
    number.to_string().chars().flat_map(|digit| [digit, '\u{FE0F}', '\u{20E3}']).collect()
}
