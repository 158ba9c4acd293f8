//! Texts that were changed at the desk, over those of the files; and which of the layers a text comes from.
//!
//! Built in < the operator's folder < the desk. A change that cannot be taken is told and left out, whatever it is: what
//! stands in a database may keep nobody from starting.

pub use super::reading::MAX_TEXT_CHARS;

use super::reading::Slip;
use super::spoken::spoken;
use super::{Below, Entry, Environment, FALLBACK, Tables, UndefinedBehavior, Wording, equip, explain, is_plain};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A text as the desk has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its language.
    pub language: String,
    /// Its key, `chat.menu.none`.
    pub key: String,
    /// The text.
    pub text: String,
}

/// Why a change cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untaken {
    /// No file has anything in this language.
    NoLanguage,
    /// No file has a text with this key.
    NoText,
    /// There are several words, of which one is understood.
    List,
    /// It has more characters than may be.
    TooLong(usize),
    /// It is no template, and why.
    Unreadable(String),
}

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is built in.
    BuiltIn,
    /// The operator's folder says so.
    Folder,
    /// The desk says so.
    Desk,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written<'a> {
    /// A text, with what is to be filled in.
    Text(&'a str),
    /// Words, of which each is understood.
    Words(&'a [String]),
}

impl fmt::Display for Untaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLanguage => f.write_str("there is no such language"),
            Self::NoText => f.write_str("there is no such text"),
            Self::List => f.write_str("it is a list of words"),
            Self::TooLong(chars) => write!(f, "it has {chars} characters, and {MAX_TEXT_CHARS} are the most"),
            Self::Unreadable(why) => write!(f, "it cannot be read: {why}"),
        }
    }
}

impl Written<'_> {
    /// In one piece: a list with commas.
    pub fn joined(self) -> String {
        match self {
            Self::Text(text) => text.strip_suffix('\n').unwrap_or(text).to_owned(),
            Self::Words(words) => words.join(", "),
        }
    }
}

impl Wording {
    /// The same with these texts in place of its own; and which of them could not be taken, by their place, with why.
    pub fn changed_by(&self, changes: &[Changed]) -> (Self, Vec<(usize, Untaken)>) {
        let mut tables = Tables::clone(&self.tables);
        let mut lenient = self.lenient.clone();
        let (mut below, mut untaken) = (Below::new(), Vec::new());
        for (at, change) in changes.iter().enumerate() {
            match self.take(&mut tables, &mut lenient, change) {
                Ok(before) => drop(below.insert((change.language.clone(), change.key.clone()), before)),
                Err(why) => untaken.push((at, why)),
            }
        }
        let tables = Arc::new(tables);
        equip(&mut lenient, &tables);
        (Self::assembled(tables, lenient, self.slips.clone(), [self.below_folder.clone(), below]), untaken)
    }

    fn take(
        &self,
        tables: &mut Tables,
        lenient: &mut Environment<'static>,
        change: &Changed,
    ) -> Result<Option<Entry>, Untaken> {
        let Changed { language, key, text } = change;
        match self.written_as(language, key) {
            None => return Err(Untaken::NoText),
            Some(Written::Words(_)) => return Err(Untaken::List),
            Some(Written::Text(_)) => {}
        }
        let table = tables.get_mut(language).ok_or(Untaken::NoLanguage)?;
        let chars = text.chars().count();
        if chars > MAX_TEXT_CHARS {
            return Err(Untaken::TooLong(chars));
        }
        let name = format!("{language}/{key}");
        if is_plain(text) {
            lenient.remove_template(&name);
        } else {
            let added = lenient.add_template_owned(name, text.clone());
            added.map_err(|error| Untaken::Unreadable(explain(&error)))?;
        }
        Ok(table.insert(key.clone(), Entry::Text(text.clone())))
    }

    /// All of it, from its tables and its templates.
    pub(super) fn assembled(
        tables: Arc<Tables>,
        lenient: Environment<'static>,
        slips: Vec<Slip>,
        [below_folder, below_desk]: [Below; 2],
    ) -> Self {
        let mut strict = lenient.clone();
        strict.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        let spoken = spoken(&tables);
        Self { tables, lenient, strict, slips, below_folder, below_desk, spoken }
    }

    /// The texts that the desk has of its own here.
    pub fn changes(&self) -> Vec<Changed> {
        let texts = self.below_desk.keys().filter_map(|(language, key)| match self.tables.get(language)?.get(key)? {
            Entry::Text(text) => Some(Changed { language: language.clone(), key: key.clone(), text: text.clone() }),
            Entry::List(_) => None,
        });
        texts.collect()
    }

    /// The keys of this language and of English, in order.
    pub fn keys(&self, language: &str) -> BTreeSet<&str> {
        let tables = [language, FALLBACK].into_iter().filter_map(|language| self.tables.get(language));
        tables.flat_map(|table| table.keys().map(String::as_str)).collect()
    }

    /// What holds for this key in this language, as it is written; English where the language has nothing of its own.
    pub fn written_as(&self, language: &str, key: &str) -> Option<Written<'_>> {
        self.entry(language, key).map(shown)
    }

    /// Where this language's own text comes from; none where it has none.
    pub fn source(&self, language: &str, key: &str) -> Option<Source> {
        self.tables.get(language)?.get(key)?;
        let place = (language.to_owned(), key.to_owned());
        Some(if self.below_desk.contains_key(&place) {
            Source::Desk
        } else if self.below_folder.contains_key(&place) {
            Source::Folder
        } else {
            Source::BuiltIn
        })
    }

    /// What each layer that has this text says, the one that holds last.
    pub fn layers(&self, language: &str, key: &str) -> Vec<(Source, String)> {
        let place = (language.to_owned(), key.to_owned());
        let own = self.tables.get(language).and_then(|table| table.get(key));
        let below_desk = self.below_desk.get(&place);
        let files = below_desk.map_or(own, Option::as_ref);
        let below_folder = self.below_folder.get(&place);
        let built_in = below_folder.map_or(files, Option::as_ref);
        let layers = [
            (Source::BuiltIn, built_in),
            (Source::Folder, below_folder.and(files)),
            (Source::Desk, below_desk.and(own)),
        ];
        layers.into_iter().filter_map(|(source, entry)| Some((source, shown(entry?).joined()))).collect()
    }

    /// The names of the values that this language's text speaks of, as far down as they go: `order.number`.
    pub fn values_within(&self, language: &str, key: &str) -> BTreeSet<String> {
        let home = self.home(language, key);
        home.map(|home| self.values_of(home, key, true)).unwrap_or_default()
    }
}

/// What stood `before` where it is something else now.
pub(super) fn below(before: &Tables, now: &Tables) -> Below {
    let mut below = Below::new();
    for (language, table) in now {
        let old = before.get(language);
        for (key, entry) in table {
            let was = old.and_then(|old| old.get(key));
            if was != Some(entry) {
                below.insert((language.clone(), key.clone()), was.cloned());
            }
        }
    }
    below
}

fn shown(entry: &Entry) -> Written<'_> {
    match entry {
        Entry::Text(text) => Written::Text(text),
        Entry::List(words) => Written::Words(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(language: &str, key: &str, text: &str) -> Changed {
        Changed { language: language.to_owned(), key: key.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_desk_stands_over_the_folder_and_the_folder_over_what_is_built_in() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("en")).expect("a folder");
        let own = "own = \"Mine\"\n[miss]\nempty = \"Nothing there.\"";
        std::fs::write(folder.path().join("en/chat.toml"), own).expect("a file");
        let files = Wording::load(Some(folder.path())).expect("right");
        let changes = [
            change("en", "chat.miss.empty", "Empty, {{ company }}?"),
            change("en", "chat.order_status.title", "Where Is My Order"),
            change("en", "chat.miss.menu", "{{ open"),
            change("en", "chat.words.stop", "halt"),
            change("en", "chat.no.such", "x"),
            change("xx", "chat.miss.menu", "x"),
            change("en", "chat.miss.photo", &"x".repeat(MAX_TEXT_CHARS + 1)),
        ];
        let (wording, untaken) = files.changed_by(&changes);
        let places: Vec<usize> = untaken.iter().map(|(at, _)| *at).collect();
        assert_eq!(places, [2, 3, 4, 5, 6], "{untaken:?}");
        let company = json!({"company": "Plant 7"});
        assert_eq!(wording.render("en", "chat.miss.empty", &company), "Empty, Plant 7?");
        assert_eq!(files.render("en", "chat.miss.empty", &company), "Nothing there.", "the files' own stays as it was");
        assert!(wording.knows("chat.order_status.title", "where is my order"), "what is typed follows");
        let looked_up = json!({"flow": "order_status"});
        assert!(wording.render("en", "chat.resume.going_on", &looked_up).contains("Where Is My Order"));
        let sources = |key: &str| wording.layers("en", key).into_iter().map(|(source, _)| source).collect::<Vec<_>>();
        assert_eq!(sources("chat.miss.empty"), [Source::BuiltIn, Source::Folder, Source::Desk]);
        assert_eq!(sources("chat.order_status.title"), [Source::BuiltIn, Source::Desk]);
        assert_eq!(sources("chat.own"), [Source::Folder]);
        assert_eq!(sources("chat.miss.menu"), [Source::BuiltIn]);
        let mut kept = wording.changes();
        kept.sort_by(|one, other| one.key.cmp(&other.key));
        assert_eq!(kept, changes[..2]);
        let (back, _) = files.changed_by(&[]);
        assert_eq!(back.source("en", "chat.miss.empty"), Some(Source::Folder));
    }
}
