//! Whether a text may be as somebody at the desk wrote it. Pure.
//!
//! A text must be readable, speak of nothing that is not there, fit its medium when it is filled in, and make no word mean
//! two things. What cannot be tried because nobody knows likely values, as in a flow of the operator's own, is only read.

use super::sample;
use crate::chat::{Flows, words};
use crate::kit::sms;
use crate::notify::sample::{names, samples_in};
use crate::notify::words::{MAX_SMS_PARTS, MAX_SUBJECT};
use crate::wording::desk::{Changed, MAX_TEXT_CHARS, Untaken, Written};
use crate::wording::{FALLBACK, Problem, Wording, plain};
use serde_json::Value;
use std::collections::BTreeSet;
use thiserror::Error;

/// The most characters of a message on WhatsApp. **Source**: Twilio's OpenAPI, error 21617.
const MAX_WHATSAPP: usize = 1600;
/// The most characters on a button. **Source**: Meta's OpenAPI, interactive messages.
const MAX_BUTTON: usize = 20;
/// The most characters of a name that people type or tap: longer, it would not be understood when it is typed.
const MAX_LABEL: usize = 60;
/// Parts of a key below which stand names of things and not sentences.
const LABELS: [&str; 6] = ["options", "status", "priority", "clock", "sla", "title"];
/// What a text may use beside values: the look-up of another text, and what a loop counts.
const FUNCTIONS: [&str; 2] = ["t", "loop"];
/// The texts of pages and the forms of dates are nothing that people are sent.
const OTHERS: [&str; 2] = ["pages", "formats"];

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    /// There is nothing in it.
    #[error("must not be empty")]
    Empty,
    /// It is a subject, a text message or a name, and has several lines.
    #[error("must be one line")]
    NotOneLine,
    /// It is no template.
    #[error("cannot be read: {0}. Write a value as {{{{ name }}}} and a condition as {{% if name %}}…{{% endif %}}")]
    Unreadable(String),
    /// It speaks of values that are not there.
    #[error("speaks of {unknown}, which is not there; there are: {known}")]
    UnknownValues {
        /// Those that are not there.
        unknown: String,
        /// Those that are.
        known: String,
    },
    /// It cannot be filled in.
    #[error("cannot be filled in: {0}")]
    Unfilled(String),
    /// Filled in, it has more characters than its medium takes.
    #[error("has {chars} characters when it is filled in, and {most} are the most")]
    TooLong {
        /// How many it has.
        chars: usize,
        /// How many it may have.
        most: usize,
    },
    /// As a text message it takes more parts than are sent.
    #[error("takes {parts} parts as a text message, and {most} are the most")]
    TooManyParts {
        /// How many it takes.
        parts: usize,
        /// How many it may take.
        most: usize,
    },
    /// Somebody who types it would mean two things.
    #[error("would mean two things: {0}")]
    Clash(String),
}

/// Whether a text with this key is one that people are sent.
pub fn is_for_people(key: &str) -> bool {
    key.split_once('.').is_some_and(|(file, _)| !OTHERS.contains(&file))
}

/// Of a notice's key, `notice.ticket.opened.text`, the file of its words and the part.
pub fn notice_of(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix("notice.")?.rsplit_once('.')
}

/// The values that a text with this key may speak of.
pub fn values(files: &Wording, language: &str, key: &str) -> BTreeSet<String> {
    let mut values = match notice_of(key) {
        Some(_) => names(),
        None => [language, FALLBACK].into_iter().flat_map(|language| files.values_within(language, key)).collect(),
    };
    values.retain(|name| !FUNCTIONS.contains(&top(name)));
    values
}

/// The words with this text in them, where it may be so.
///
/// # Errors
/// What is wrong with it, the first thing first.
pub fn tried(now: &Wording, files: &Wording, flows: &Flows, company: &str, new: &Changed) -> Result<Wording, Wrong> {
    let (language, key) = (new.language.as_str(), new.key.as_str());
    if new.text.trim().is_empty() {
        return Err(Wrong::Empty);
    }
    let most = most_in_line(files, key);
    if most.is_some() && new.text.contains('\n') {
        return Err(Wrong::NotOneLine);
    }
    let mut changes = now.changes();
    changes.retain(|change| (change.language.as_str(), change.key.as_str()) != (language, key));
    changes.push(new.clone());
    let last = changes.len() - 1;
    let (tried, untaken) = files.changed_by(&changes);
    match untaken.into_iter().find(|(at, _)| *at == last) {
        Some((_, Untaken::TooLong(chars))) => return Err(Wrong::TooLong { chars, most: MAX_TEXT_CHARS }),
        Some((_, why)) => return Err(Wrong::Unreadable(why.to_string())),
        None => {}
    }
    speaks_of_what_is_there(&tried, files, language, key)?;
    fits(&tried, files, company, language, key, most)?;
    means_one_thing(now, &tried, flows)?;
    Ok(tried)
}

/// The most characters of what must be one line; none where it need not be.
fn most_in_line(files: &Wording, key: &str) -> Option<usize> {
    match notice_of(key) {
        Some((_, "subject")) => return Some(MAX_SUBJECT),
        Some((_, "sms")) => return Some(MAX_WHATSAPP), // its parts count
        Some(_) => return None,
        None => {}
    }
    let Some(Written::Text(built_in)) = files.written_as(FALLBACK, key) else { return None };
    if built_in.trim().contains('\n') {
        return None;
    }
    let chars = built_in.chars().count();
    if key.starts_with("chat.tap.") && chars <= MAX_BUTTON {
        return Some(MAX_BUTTON);
    }
    (key.split('.').any(|part| LABELS.contains(&part)) && chars <= MAX_LABEL).then_some(MAX_LABEL)
}

fn speaks_of_what_is_there(tried: &Wording, files: &Wording, language: &str, key: &str) -> Result<(), Wrong> {
    let known = values(files, language, key);
    let is_notice = notice_of(key).is_some();
    let is_known = |name: &String| {
        FUNCTIONS.contains(&top(name)) || known.contains(name) || (is_notice && known.contains(top(name)))
    };
    let unknown: Vec<String> = tried.values_within(language, key).into_iter().filter(|name| !is_known(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let known = known.into_iter().collect::<Vec<_>>().join(", ");
    Err(Wrong::UnknownValues {
        unknown: unknown.join(", "),
        known: if known.is_empty() { "–".to_owned() } else { known },
    })
}

/// What a text is filled in with, once for each way in which it can be said; none where nobody knows likely values.
pub(super) fn samples(wording: &Wording, company: &str, language: &str, key: &str) -> Vec<Value> {
    if let Some((file, _)) = notice_of(key) {
        return samples_in(wording, language, file);
    }
    let known = sample::names();
    let speaks_of: BTreeSet<String> =
        [language, FALLBACK].into_iter().flat_map(|language| wording.values_in(language, key)).collect();
    let is_known = speaks_of.iter().all(|name| known.contains(name) || FUNCTIONS.contains(&name.as_str()));
    if is_known { sample::samples(key, company).to_vec() } else { Vec::new() }
}

fn fits(
    tried: &Wording,
    files: &Wording,
    company: &str,
    language: &str,
    key: &str,
    most: Option<usize>,
) -> Result<(), Wrong> {
    let most = most.unwrap_or(MAX_WHATSAPP);
    for sample in samples(files, company, language, key) {
        let filled = tried.check(language, key, &sample).map_err(Wrong::Unfilled)?;
        let chars = filled.chars().count();
        if chars > most {
            return Err(Wrong::TooLong { chars, most });
        }
        let parts = sms::parts(&sms::folded(&plain(&filled)));
        if notice_of(key).is_some_and(|(_, part)| part == "sms") && parts > MAX_SMS_PARTS {
            return Err(Wrong::TooManyParts { parts, most: MAX_SMS_PARTS });
        }
    }
    Ok(())
}

/// Refuses a text by which a word would mean two things that means one thing now.
fn means_one_thing(now: &Wording, tried: &Wording, flows: &Flows) -> Result<(), Wrong> {
    let clashes = |wording: &Wording| -> BTreeSet<Problem> {
        words::clashes(wording).into_iter().chain(words::clashes_with(wording, flows)).collect()
    };
    let before = clashes(now);
    let new = clashes(tried).into_iter().find(|problem| !before.contains(problem));
    new.map_or(Ok(()), |problem| Err(Wrong::Clash(problem.what)))
}

fn top(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}
