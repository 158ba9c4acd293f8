//! Every word a person reads: tables of texts per language, with the operator's overrides.
//!
//! `wording/<language>/<file>.toml` holds nested tables; a text's key is the file's stem and the tables' names
//! joined by dots, `chat.menu.text`. Texts with something to fill in are minijinja templates, compiled at load, so that
//! a mistake is found at start and not in a conversation. Nothing here escapes: what comes from people goes through the
//! filter `line`, which keeps it on one line and takes the force from WhatsApp's formatting signs, or `lines`, which
//! does so line by line.
//!
//! A notice is a file of its own, `wording/<language>/<event>.txt`: a short head with its `subject` and, where it has
//! words of its own for text messages, `sms`; an empty line; and the text as people will see it. Its keys are
//! `notice.<event>.subject`, `notice.<event>.sms` and `notice.<event>.text`.

pub mod bidi;
pub mod desk;
pub mod html;
pub mod in_force;
mod local;
mod markup;
mod notices;
pub mod parity;
mod reading;
mod spoken;

pub use markup::{cut, harmless_line, harmless_lines, plain, shortened};

use crate::kit::typed::unaccented;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, State, UndefinedBehavior, Value as Jinja};
use reading::Reading;
use rust_embed::RustEmbed;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The language that always has every text.
pub const FALLBACK: &str = "en";
/// In how many steps a text is filled in at the most: far more than any of ours takes, some milliseconds.
const MOST_STEPS: u64 = 50_000;

#[derive(RustEmbed)]
#[folder = "wording/"]
struct BuiltIn;

/// A mistake in a file of the operator's: where it is, what it is, what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as the operator knows it: `flows/near_miss.toml`.
    pub file: String,
    /// The line, from 1, where it can be told.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to write instead; a sentence.
    pub instead: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}. {}", self.what, self.instead)
    }
}

/// Where the lines of a text begin: for telling the lines of many places.
#[derive(Clone, Debug)]
pub struct Lines(Vec<usize>);

impl Lines {
    /// The lines of this text.
    pub fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(place, _)| place).collect())
    }

    /// The line, from 1, of a byte's place in the text.
    pub fn at(&self, place: usize) -> usize {
        self.0.partition_point(|end| *end < place) + 1
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Text(String),
    List(Vec<String>),
}

type Tables = BTreeMap<String, BTreeMap<String, Entry>>;
/// Of texts that were changed, by language and key: what stood there before, if anything.
type Below = BTreeMap<(String, String), Option<Entry>>;

/// All texts in all languages.
#[derive(Debug)]
pub struct Wording {
    tables: Arc<Tables>,
    lenient: Environment<'static>,
    strict: Environment<'static>,
    slips: Vec<reading::Slip>,
    /// What is built in where the operator's folder says something else.
    below_folder: Below,
    /// What holds without the desk where the desk says something else.
    below_desk: Below,
    /// What people may call something, made bare, by its key: in which language, and the word.
    spoken: HashMap<String, Vec<(String, String)>>,
}

impl Wording {
    /// The built-in texts, with those of the operator's folder (`<folder>/<language>/<file>.toml`) over them, key
    /// by key. A key that is not built in is welcome: an operator's flow needs words of its own. What is built in is read
    /// once in a process.
    ///
    /// # Errors
    /// Every mistake found, all at once.
    pub fn load(overrides: Option<&Path>) -> Result<Arc<Self>, Vec<Problem>> {
        static BUILT_IN: OnceLock<Result<Arc<Wording>, Vec<Problem>>> = OnceLock::new();
        match overrides {
            Some(_) => Self::read(overrides).map(Arc::new),
            None => BUILT_IN.get_or_init(|| Self::read(None).map(Arc::new)).clone(),
        }
    }

    fn read(overrides: Option<&Path>) -> Result<Self, Vec<Problem>> {
        let mut reading = Reading::default();
        for path in BuiltIn::iter() {
            if let Some(file) = BuiltIn::get(&path) {
                reading.take(&format!("wording/{path}"), &path, &file.data);
            }
        }
        let built_in: BTreeSet<String> = reading.homes.keys().map(|(_, key)| key.clone()).collect();
        let mut below_folder = Below::new();
        if let Some(folder) = overrides {
            let before = reading.tables.clone();
            reading.take_folder(folder);
            below_folder = desk::below(&before, &reading.tables);
        }
        let slips = reading.slips(&built_in);
        let tables = Arc::new(reading.tables);
        let mut lenient = environment(&tables);
        for ((language, key), file) in &reading.homes {
            let Some(Entry::Text(text)) = tables.get(language).and_then(|table| table.get(key)) else { continue };
            if is_plain(text) {
                continue;
            }
            if let Err(error) = lenient.add_template_owned(format!("{language}/{key}"), text.clone()) {
                reading.problems.push(Problem {
                    file: file.clone(),
                    line: None,
                    what: format!("the text {key} cannot be read: {}", explain(&error)),
                    instead: "Write a value as {{ name }} and a condition as {% if name %}…{% endif %}.".to_owned(),
                });
            }
        }
        if !reading.problems.is_empty() {
            return Err(reading.problems);
        }
        Ok(Self::assembled(tables, lenient, slips, [below_folder, Below::new()]))
    }

    /// The operator's keys that are not built in but nearly so, those below one of `own_flows` left out: their
    /// words are the operator's own.
    pub fn slips(&self, own_flows: &[&str]) -> Vec<Problem> {
        let is_own = |slip: &&reading::Slip| own_flows.iter().any(|flow| slip.is_below(flow));
        self.slips.iter().filter(|slip| !is_own(slip)).map(reading::Slip::problem).collect()
    }

    /// The text with this key, filled in. A language that is not there falls back to English; a key that is not
    /// there gives the key itself and an error in the log.
    pub fn render(&self, language: &str, key: &str, vars: &Value) -> String {
        let filled = self.home(language, key).map(|home| self.fill(&self.lenient, home, key, vars));
        match filled {
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                tracing::error!(
                    wording.key = key,
                    wording.language = language,
                    "text cannot be filled in: {}",
                    explain(&error)
                );
                key.to_owned()
            }
            None => {
                tracing::error!(wording.key = key, wording.language = language, "there is no such text");
                key.to_owned()
            }
        }
    }

    /// The text filled in strictly: a value that is not there is a mistake, told in words.
    pub fn check(&self, language: &str, key: &str, vars: &Value) -> Result<String, String> {
        let home = self.home(language, key).ok_or_else(|| format!("there is no text {key}"))?;
        self.fill(&self.strict, home, key, vars).map_err(|error| explain(&error))
    }

    /// An instant (`2026-01-20 14:30 UTC`), a date or a duration (`5h 59m`) as this language writes it; anything else as
    /// it is.
    pub fn written(&self, language: &str, text: &str) -> String {
        local::written(&self.tables, language, text)
    }

    /// A number with decimals, `-10.50`, as this language writes it; anything else as it is.
    pub fn number(&self, language: &str, text: &str) -> String {
        local::decimal(&self.tables, language, text)
    }

    /// Whether there is a text or a list with this key, in this language or in English.
    pub fn has(&self, language: &str, key: &str) -> bool {
        self.entry(language, key).is_some()
    }

    /// The list with this key, or the one text as a list; empty where there is none.
    pub fn list(&self, language: &str, key: &str) -> Vec<String> {
        match self.entry(language, key) {
            Some(Entry::List(list)) => list.clone(),
            Some(Entry::Text(text)) => vec![text.clone()],
            None => Vec::new(),
        }
    }

    /// The lists with this key of all languages, as they are written and without accents.
    pub fn list_everywhere(&self, key: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for language in self.tables.keys() {
            if self.tables.get(language).is_some_and(|table| table.contains_key(key)) {
                all.extend(self.list(language, key).into_iter().flat_map(|word| [unaccented(&word), word]));
            }
        }
        all.sort();
        all.dedup();
        all
    }

    /// Whether a word, made bare, is in the list with this key, in any language.
    pub fn knows(&self, key: &str, word: &str) -> bool {
        self.words(key).iter().any(|(_, known)| known == word)
    }

    /// The languages in whose list with this key a word, made bare, is.
    pub fn languages_of(&self, key: &str, word: &str) -> Vec<&str> {
        let known = self.words(key).iter().filter(|(_, known)| known == word);
        known.map(|(language, _)| language.as_str()).collect()
    }

    /// What people may call the thing with this key, made bare, in every language, and whether that is this one.
    pub fn spoken<'a>(&'a self, language: &str, key: &str) -> impl Iterator<Item = (bool, &'a str)> {
        let home = self.home(language, key).unwrap_or(FALLBACK).to_owned();
        self.words(key).iter().map(move |(spoken_in, word)| (*spoken_in == home, word.as_str()))
    }

    /// What people may call the thing with this key, made bare, with the language.
    pub fn spoken_everywhere<'a>(&'a self, key: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.words(key).iter().map(|(language, word)| (language.as_str(), word.as_str()))
    }

    fn words(&self, key: &str) -> &[(String, String)] {
        self.spoken.get(key).map_or(&[], Vec::as_slice)
    }

    /// The languages that are there, by their codes.
    pub fn languages(&self) -> Vec<&str> {
        self.tables.keys().map(String::as_str).collect()
    }

    /// The parts of all keys directly below `prefix`, `chat.` giving `menu`, `help` and so on.
    pub fn parts_below(&self, language: &str, prefix: &str) -> BTreeSet<&str> {
        let keys = self.tables.get(language).into_iter().flat_map(BTreeMap::keys);
        keys.filter_map(|key| key.strip_prefix(prefix)).filter_map(|rest| rest.split('.').next()).collect()
    }

    /// Whether both texts are there in the same language: this one, or both in English.
    pub fn are_together(&self, language: &str, one: &str, other: &str) -> bool {
        self.home(language, one).is_some_and(|home| self.home(language, other) == Some(home))
    }

    /// The notices that this language has words for, by their files' names; those of other languages do not count.
    pub fn notices(&self, language: &str) -> BTreeSet<&str> {
        let keys = self.tables.get(language).into_iter().flat_map(BTreeMap::keys);
        keys.filter_map(|key| key.strip_prefix("notice.")?.strip_suffix(".text")).collect()
    }

    /// The names of the values that the text with this key speaks of, whatever its conditions; none where it is not there.
    pub fn values_in(&self, language: &str, key: &str) -> BTreeSet<String> {
        let home = self.home(language, key);
        home.map(|home| self.values_of(home, key, false)).unwrap_or_default()
    }

    /// The names of the values in a language's own text, with `is_whole` as far down as they go: `order.number`.
    fn values_of(&self, home: &str, key: &str, is_whole: bool) -> BTreeSet<String> {
        let template = self.strict.get_template(&format!("{home}/{key}")).ok();
        template.map(|template| template.undeclared_variables(is_whole).into_iter().collect()).unwrap_or_default()
    }

    fn fill(
        &self,
        environment: &Environment<'_>,
        home: &str,
        key: &str,
        vars: &Value,
    ) -> Result<String, minijinja::Error> {
        match self.tables.get(home).and_then(|table| table.get(key)) {
            Some(Entry::Text(text)) if is_plain(text) => Ok(text.strip_suffix('\n').unwrap_or(text).to_owned()),
            _ => environment.get_template(&format!("{home}/{key}"))?.render(Jinja::from(Serde(vars))),
        }
    }

    fn entry(&self, language: &str, key: &str) -> Option<&Entry> {
        self.home(language, key).and_then(|home| self.tables.get(home)?.get(key))
    }

    /// The language whose table holds the key: this one, its main language (`en` of `en-GB`), or English.
    fn home<'a>(&self, language: &'a str, key: &str) -> Option<&'a str> {
        home(&self.tables, language, key)
    }
}

fn home<'a>(tables: &Tables, language: &'a str, key: &str) -> Option<&'a str> {
    let main = language.split(['-', '_']).next().unwrap_or(language);
    [language, main, FALLBACK].into_iter().find(|name| tables.get(*name).is_some_and(|table| table.contains_key(key)))
}

/// Whether nothing is filled in here, as in most texts. A compiled template takes a hundred times the room of its text.
fn is_plain(text: &str) -> bool {
    ["{{", "{%", "{#"].into_iter().all(|opening| !text.contains(opening))
}

/// An error of minijinja's in one line, without its dump of the template.
fn explain(error: &minijinja::Error) -> String {
    if error.kind() == ErrorKind::OutOfFuel {
        return "it takes too long to fill in; repeat less".to_owned();
    }
    match (error.detail(), error.line()) {
        (Some(detail), Some(line)) if line > 1 => format!("{detail} (line {line} of the text)"),
        (Some(detail), _) => detail.to_owned(),
        (None, _) => error.kind().to_string(),
    }
}

fn environment(tables: &Arc<Tables>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(MOST_STEPS));
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(|out, state, value| match value.as_str() {
        _ if value.is_none() => Ok(()),
        Some(text) if bidi::is_right_to_left(language_of(state)) => Ok(out.write_str(&bidi::isolated(text))?),
        _ => minijinja::escape_formatter(out, state, value),
    });
    equip(&mut environment, tables);
    environment
}

/// Gives it what texts may use, with these tables for what they look up.
fn equip(environment: &mut Environment<'static>, tables: &Arc<Tables>) {
    local::add_filters(environment, tables);
    environment.add_filter("line", |state: &State<'_, '_>, value: Jinja| {
        text_of(state, &value).map(|text| harmless_line(&text))
    });
    environment.add_filter("lines", |state: &State<'_, '_>, value: Jinja| {
        text_of(state, &value).map(|text| harmless_lines(&text))
    });
    environment.add_filter("cut", |state: &State<'_, '_>, value: Jinja, max_chars: usize| {
        text_of(state, &value).map(|text| cut(&text, max_chars))
    });
    environment.add_filter("short", |state: &State<'_, '_>, value: Jinja, max_chars: usize| {
        text_of(state, &value).map(|text| shortened(&text, max_chars))
    });
    let tables = Arc::clone(tables);
    environment.add_function("t", move |state: &State<'_, '_>, key: String| {
        let language = language_of(state);
        let entry = home(&tables, language, &key).and_then(|home| tables.get(home)?.get(&key));
        match entry {
            Some(Entry::Text(text)) => text.clone(),
            Some(Entry::List(list)) => list.join(", "),
            None => key.rsplit('.').next().unwrap_or_default().to_owned(),
        }
    });
}

/// The language of the text that is filled in.
fn language_of<'a>(state: &'a State<'_, '_>) -> &'a str {
    state.name().split('/').next().unwrap_or(FALLBACK)
}

/// A filter's value as text; what is not there is a mistake in a check and nothing at run time.
fn text_of(state: &State<'_, '_>, value: &Jinja) -> Result<String, minijinja::Error> {
    if value.is_undefined() && state.undefined_behavior() == UndefinedBehavior::SemiStrict {
        return Err(minijinja::Error::from(ErrorKind::UndefinedError));
    }
    Ok(if value.is_undefined() || value.is_none() { String::new() } else { value.to_string() })
}

#[cfg(test)]
mod tests;
