//! Choices as Twilio shows them: quick replies or a list picker, made once through its Content API.
//!
//! What is made has no words of its own: each line of the text, each title, description and id is a variable, so that one
//! serves every message of its shape in every language. A variable's value holds no line end, which is why each line is
//! one. Whatever does not fit goes as text, which says the same.
//!
//! **Source**: Twilio's OpenAPI `twilio_content_v1` (`CreateContent`); its pages on `twilio/quick-reply`,
//! `twilio/list-picker`, "Using Variables with Content Templates" and error 21656, read in November 2026.

use super::content::base;
use super::outbound::ask;
use super::{Twilio, errors};
use crate::channels::taps::{Shown, shown};
use crate::channels::{Choice, Need, Outbound, SendError};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// How many variables there may be.
const MAX_VARIABLES: usize = 100;
/// How long the value of one may be.
const MAX_VALUE_CHARS: usize = 255;
/// How long an id is, `HX…`.
const SID_LENGTH: usize = 34;
/// In what language everything that is made is said to be: it has no words.
const LANGUAGE: &str = "en";

/// A shape, and what it is filled in with for one message.
struct Filled {
    types: Value,
    values: Vec<String>,
}

impl Filled {
    /// Keeps a value; answers with where it goes.
    fn put(&mut self, value: &str) -> String {
        self.values.push(value.split_whitespace().collect::<Vec<_>>().join(" "));
        format!("{{{{{}}}}}", self.values.len())
    }

    fn by_number(&self, value: impl Fn(&str) -> String) -> Value {
        let numbered = self.values.iter().enumerate();
        Value::Object(numbered.map(|(at, text)| ((at + 1).to_string(), value(text).into())).collect::<Map<_, _>>())
    }
}

/// What has to be made for this message; see [`crate::channels::Channel::needs`].
pub(super) fn needs(twilio: &Twilio, message: &Outbound) -> Option<Need> {
    let filled = filled(message)?;
    let mut hash = Sha256::new_with_prefix(twilio.account_sid()?);
    hash.update(filled.types.to_string());
    let key = hash.finalize().iter().fold(String::new(), |mut key, byte| {
        let _ = write!(key, "{byte:02x}");
        key
    });
    let body = json!({
        "friendly_name": format!("andon_{}", &key[..12]),
        "language": LANGUAGE,
        "variables": filled.by_number(|_| "…".to_owned()),
        "types": filled.types,
    });
    Some(Need { key, body })
}

/// Has it made; the answer is its `HX…`.
pub(super) async fn make(twilio: &Twilio, need: &Need) -> Result<String, SendError> {
    let url = format!("{}/v1/Content", base(&twilio.api_base));
    let answer = ask(twilio, || twilio.http.post(&url).json(&need.body)).await?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| errors::unreadable())?;
    let is_content = |sid: &&str| sid.len() == SID_LENGTH && sid.starts_with("HX");
    answer["sid"].as_str().filter(is_content).map(str::to_owned).ok_or_else(errors::unreadable)
}

/// What fills it in for this message, as `ContentVariables` takes it; none where it does not fit.
pub(super) fn variables(message: &Outbound) -> Option<String> {
    filled(message).map(|filled| filled.by_number(str::to_owned).to_string())
}

fn filled(message: &Outbound) -> Option<Filled> {
    let Shown { text, opens, options } = shown(message).filter(|_| message.template.is_none())?;
    let mut filled = Filled { types: Value::Null, values: Vec::new() };
    let lines: Vec<String> =
        text.lines().map(|line| if line.trim().is_empty() { String::new() } else { filled.put(line) }).collect();
    let body = lines.join("\n");
    filled.types = match opens {
        None => {
            let button = |option: &Choice, filled: &mut Filled| {
                let (title, id) = (filled.put(&option.title), filled.put(&option.id));
                json!({"type": "QUICK_REPLY", "title": title, "id": id})
            };
            let actions: Vec<Value> = options.iter().map(|option| button(option, &mut filled)).collect();
            json!({"twilio/quick-reply": {"body": body, "actions": actions}})
        }
        Some(opens) => {
            let row = |option: &Choice, filled: &mut Filled| {
                let mut item = json!({"item": filled.put(&option.title), "id": filled.put(&option.id)});
                if let Some(description) = &option.description {
                    item["description"] = filled.put(description).into();
                }
                item
            };
            let button = filled.put(&opens);
            let items: Vec<Value> = options.iter().map(|option| row(option, &mut filled)).collect();
            json!({"twilio/list-picker": {"body": body, "button": button, "items": items}})
        }
    };
    let fits = |value: &String| (1..=MAX_VALUE_CHARS).contains(&value.chars().count());
    let ids_stay = options.iter().all(|option| filled.values.contains(&option.id));
    (filled.values.len() <= MAX_VARIABLES && filled.values.iter().all(fits) && ids_stay).then_some(filled)
}
