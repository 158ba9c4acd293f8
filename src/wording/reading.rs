//! Reading wording files: what is taken in, and what lies in a wrong place.
//!
//! An operator's text that is silently ignored is worse than one that is refused, so a file that looks like
//! wording and would not be read is a mistake. Hidden files, back-up copies and texts of other kinds are left
//! alone.

use super::notices;
use super::{Entry, FALLBACK, Lines, Problem, Tables};
use crate::kit::nearest::slip;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How long a text may be. A person reads one message at a time, and minijinja reads a chain of signs by calling itself:
/// one of a few thousand would end the program.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// The files read so far.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) tables: Tables,
    /// Which file a language's key came from, for the text of a problem.
    pub(super) homes: BTreeMap<(String, String), String>,
    pub(super) problems: Vec<Problem>,
}

impl Reading {
    /// Takes an operator's folder in; what lies where nobody would read it is a mistake.
    pub(super) fn take_folder(&mut self, folder: &Path) {
        let unreadable = |path: &Path, error: &std::io::Error| Problem {
            file: path.display().to_string(),
            line: None,
            what: format!("cannot be read: {error}"),
            instead: "Name a folder that holds one folder per language, or leave the setting out.".to_owned(),
        };
        let languages = match entries(folder) {
            Ok(languages) => languages,
            Err(error) => return self.problems.push(unreadable(folder, &error)),
        };
        let names: Vec<&OsStr> =
            languages.iter().filter(|path| path.is_dir()).filter_map(|path| path.file_name()).collect();
        self.problems.extend(languages.iter().filter(|path| is_toml(path)).map(|file| Problem::outside(file)));
        for language in languages.iter().filter(|path| path.is_dir()) {
            let files = match entries(language) {
                Ok(files) => files,
                Err(error) => {
                    self.problems.push(unreadable(language, &error));
                    continue;
                }
            };
            if !is_language(language) {
                if files.iter().any(|file| is_toml(file)) {
                    self.problems.push(Problem::no_language(language));
                }
                continue;
            }
            for file in &files {
                if let Some(problem) = misplaced(file, &names) {
                    self.problems.push(problem);
                    continue;
                }
                if !is_toml(file) && !is_notice(file) {
                    continue;
                }
                let inner = file.strip_prefix(folder).unwrap_or(file).to_string_lossy().replace('\\', "/");
                match std::fs::read(file) {
                    Ok(data) => self.take(&file.display().to_string(), &inner, &data),
                    Err(error) => self.problems.push(unreadable(file, &error)),
                }
            }
        }
    }

    /// The keys that are not among `built_in`, where one of those is at most two letters away.
    pub(super) fn slips(&self, built_in: &BTreeSet<String>) -> Vec<Slip> {
        let near = |key: &str| slip(key, built_in.iter().map(String::as_str)).map(|(_, known)| known.to_owned());
        let unknown = self.homes.iter().filter(|((_, key), _)| !built_in.contains(key));
        let slips = unknown
            .filter_map(|((_, key), file)| near(key).map(|near| Slip { file: file.clone(), key: key.clone(), near }));
        slips.collect()
    }

    /// Takes one file in; `inner` is `<language>/<stem>.toml`, or a notice's `<language>/<event>.txt`.
    pub(super) fn take(&mut self, file: &str, inner: &str, data: &[u8]) {
        let text = String::from_utf8_lossy(data);
        if let Some((language, event)) = inner.strip_suffix(".txt").and_then(|path| path.split_once('/')) {
            return self.take_notice(file, language, event, &text);
        }
        let Some((language, stem)) = inner.strip_suffix(".toml").and_then(|path| path.split_once('/')) else { return };
        let table = match DeTable::parse(&text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                return self.problems.push(Problem {
                    file: file.to_owned(),
                    line: error.span().map(|span| Lines::of(&text).at(span.start)),
                    what: format!("not TOML: {}", error.message().replace('\n', " ")),
                    instead: "Write each text as key = \"text\".".to_owned(),
                });
            }
        };
        let place = Place { file, lines: Lines::of(&text), language };
        self.take_table(&place, stem, &table);
    }

    fn take_notice(&mut self, file: &str, language: &str, event: &str, text: &str) {
        let parts = match notices::parts(text) {
            Ok(parts) => parts,
            Err((line, what, instead)) => {
                return self.problems.push(Problem { file: file.to_owned(), line: Some(line), what, instead });
            }
        };
        let length = text.chars().count();
        if length > MAX_TEXT_CHARS {
            let what = format!("the notice has {length} characters");
            let instead = format!("Shorten it to {MAX_TEXT_CHARS}.");
            return self.problems.push(Problem { file: file.to_owned(), line: None, what, instead });
        }
        // A file stands for the whole notice: what an earlier one of its name said besides is gone.
        let table = self.tables.entry(language.to_owned()).or_default();
        table.retain(|key, _| notices::file_of(key) != Some(event));
        self.homes.retain(|(known, key), _| known != language || notices::file_of(key) != Some(event));
        for (name, part) in parts {
            let key = format!("notice.{event}.{name}");
            self.homes.insert((language.to_owned(), key.clone()), file.to_owned());
            self.tables.entry(language.to_owned()).or_default().insert(key, Entry::Text(part.to_owned()));
        }
    }

    fn take_table(&mut self, place: &Place<'_>, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = format!("{prefix}.{}", name.get_ref());
            let entry = match value.get_ref() {
                DeValue::Table(inner) => {
                    self.take_table(place, &key, inner);
                    continue;
                }
                DeValue::String(text) => {
                    let length = text.chars().count();
                    if length > MAX_TEXT_CHARS {
                        let what = format!("the text {key} has {length} characters");
                        self.tell(place, value, what, format!("Shorten it to {MAX_TEXT_CHARS}."));
                        continue;
                    }
                    Some(Entry::Text(text.clone().into_owned()))
                }
                DeValue::Array(items) => {
                    let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
                    texts.collect::<Option<Vec<_>>>().map(Entry::List)
                }
                _ => None,
            };
            let Some(entry) = entry else {
                let what = format!("{key} is neither a text nor a list of texts");
                self.tell(place, value, what, format!("Write {} = \"…\".", name.get_ref()));
                continue;
            };
            self.homes.insert((place.language.to_owned(), key.clone()), place.file.to_owned());
            self.tables.entry(place.language.to_owned()).or_default().insert(key, entry);
        }
    }

    fn tell(&mut self, place: &Place<'_>, value: &Spanned<DeValue<'_>>, what: String, instead: String) {
        let line = Some(place.lines.at(value.span().start));
        self.problems.push(Problem { file: place.file.to_owned(), line, what, instead });
    }
}

/// A key of the operator's that nothing built in has, though one is nearly the same.
#[derive(Clone, Debug)]
pub(super) struct Slip {
    file: String,
    key: String,
    near: String,
}

impl Slip {
    pub(super) fn is_below(&self, flow: &str) -> bool {
        let mut parts = self.key.split('.').skip(1);
        parts.next() == Some(flow)
    }

    pub(super) fn problem(&self) -> Problem {
        Problem {
            file: self.file.clone(),
            line: None,
            what: format!("there is no text {}", self.key),
            instead: format!("Did you mean {}?", self.near),
        }
    }
}

impl Problem {
    fn of_place(path: &Path, what: &str, instead: String) -> Self {
        Self { file: path.display().to_string(), line: None, what: what.to_owned(), instead }
    }

    fn outside(file: &Path) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        // `en.toml` was meant to be all of English.
        let name = if is_language(&file.with_extension("")) { "chat.toml" } else { name.as_ref() };
        Self::of_place(file, "is in no language's folder", format!("Move it to {FALLBACK}/{name}."))
    }

    fn no_language(folder: &Path) -> Self {
        let instead = format!("Name the folder by a language's code in small letters, such as {FALLBACK}.");
        Self::of_place(folder, "holds wording and is named by no language", instead)
    }
}

/// What is wrong with the place or the name of something in a language's folder.
fn misplaced(path: &Path, languages: &[&OsStr]) -> Option<Problem> {
    if path.is_dir() {
        let holds_wording = entries(path).is_ok_and(|inner| inner.iter().any(|file| is_toml(file)));
        let instead = "Move its files one folder up.".to_owned();
        return holds_wording.then(|| Problem::of_place(path, "is one folder too deep to be read", instead));
    }
    let stem = path.file_stem()?;
    if is_toml(path) {
        let is_named_by_language = stem == FALLBACK || languages.contains(&stem);
        let instead = "Name it by what it is about, as the built-in chat.toml is.".to_owned();
        return is_named_by_language.then(|| Problem::of_place(path, "is named by a language", instead));
    }
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let is_wording = stem == "chat" && !extension.ends_with('~');
    let instead = "Name it chat.toml and write each text as key = \"text\".".to_owned();
    is_wording.then(|| Problem::of_place(path, "is no TOML file, so it would not be read", instead))
}

fn is_toml(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|extension| extension == "toml")
}

fn is_notice(path: &Path) -> bool {
    let is_text = path.is_file() && path.extension().is_some_and(|extension| extension == "txt");
    is_text && path.file_stem().is_some_and(|stem| notices::is_notice(&stem.to_string_lossy()))
}

/// Whether this folder's name has the form of a language's code: `en`, `de-AT`.
fn is_language(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = name.split(['-', '_']);
    let main = parts.next().unwrap_or_default();
    let is_main = (2..=3).contains(&main.len()) && main.bytes().all(|b| b.is_ascii_lowercase());
    is_main && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

struct Place<'a> {
    file: &'a str,
    lines: Lines,
    language: &'a str,
}

/// What a folder holds, sorted, hidden files left out.
fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    paths.sort();
    Ok(paths)
}
