//! Whether every language says the same: no text missing, none left over, and each with the same values.

use super::{Entry, FALLBACK, Problem, Wording, notices};
use std::collections::BTreeSet;

/// Names that texts may use and that are no values.
const FUNCTIONS: [&str; 2] = ["t", "loop"];
/// How many missing texts of a file are named.
const NAMED: usize = 5;

/// In which texts the languages differ from English. Notices that are missing are not told here: they are files.
pub fn differences(wording: &Wording) -> Vec<Problem> {
    let mut problems = Vec::new();
    let Some(english) = wording.tables.get(FALLBACK) else { return problems };
    for (language, table) in wording.tables.iter().filter(|(language, _)| *language != FALLBACK) {
        let is_variant = language.contains(['-', '_']);
        let files: BTreeSet<&str> = english.keys().filter_map(|key| key.split('.').next()).collect();
        for file in files {
            let missing = english.keys().filter(|key| {
                key.split('.').next() == Some(file) && notices::file_of(key).is_none() && !table.contains_key(*key)
            });
            let missing: Vec<&str> = missing.map(String::as_str).collect();
            if !missing.is_empty() && !is_variant {
                let named = missing[..missing.len().min(NAMED)].join(", ");
                let more = if missing.len() > NAMED { ", …" } else { "" };
                problems.push(Problem {
                    file: format!("wording/{language}/{file}.toml"),
                    line: None,
                    what: format!("lacks {} texts, so people read them in English: {named}{more}", missing.len()),
                    instead: format!("Translate them from wording/{FALLBACK}/{file}.toml."),
                });
            }
        }
        for (key, entry) in table {
            let Some(other) = english.get(key) else {
                // A notice that no event has is told by those who know the events.
                if notices::file_of(key).is_none() {
                    problems.push(problem(
                        language,
                        key,
                        "is read by nobody: English has no such text",
                        "Take it out.",
                    ));
                }
                continue;
            };
            match (entry, other) {
                (Entry::Text(_), Entry::Text(_)) => problems.extend(values(wording, language, key)),
                (Entry::List(_), Entry::List(_)) => {}
                (_, Entry::List(_)) => {
                    problems.push(problem(language, key, "is one text", "Write a list: [\"…\", \"…\"]."));
                }
                (_, Entry::Text(_)) => problems.push(problem(language, key, "is a list", "Write one text: \"…\".")),
            }
        }
    }
    problems
}

/// The values that one of the two texts speaks of and the other does not.
fn values(wording: &Wording, language: &str, key: &str) -> Vec<Problem> {
    let of = |language: &str| {
        let mut names = wording.values_of(language, key, true);
        names.retain(|name| !FUNCTIONS.contains(&name.split('.').next().unwrap_or(name)));
        names
    };
    let (own, english) = (of(language), of(FALLBACK));
    let missing = english.difference(&own).map(|name| {
        problem(language, key, &format!("says nothing of {name}, of which the English text speaks"), "Say it, too.")
    });
    let left_over = own.difference(&english).map(|name| {
        problem(language, key, &format!("speaks of {name}, of which the English text does not"), "Take it out.")
    });
    missing.chain(left_over).collect()
}

fn problem(language: &str, key: &str, what: &str, instead: &str) -> Problem {
    let file = match notices::file_of(key) {
        Some(notice) => format!("{notice}.txt"),
        None => format!("{}.toml", key.split('.').next().unwrap_or(key)),
    };
    let what = format!("{key} {what}");
    Problem { file: format!("wording/{language}/{file}"), line: None, what, instead: instead.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_the_same() {
        let wording = Wording::load(None).expect("the built-in texts are right");
        assert_eq!(wording.languages(), ["ar", "en", "es", "fr", "pt"]);
        let told: Vec<String> = differences(&wording).iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{told:#?}");
    }

    #[test]
    fn what_is_missing_or_left_over_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        };
        write(
            "es/chat.toml",
            "gone = \"{{ reference }}\"\nown = \"x\"\n[menu]\nnone = \"Hola\"\n[words]\nback = \"atrás\"",
        );
        write("de/chat.toml", "gone = \"Fort\"");
        write("de/ticket.opened.txt", "subject: Eröffnet\n\nEröffnet.");
        write("es-MX/chat.toml", "gone = \"Ya no\"");
        let wording = Wording::load(Some(folder.path())).expect("they can be read");
        let told: Vec<String> = differences(&wording).iter().map(ToString::to_string).collect();
        let says = |what: &str| told.iter().any(|line| line.starts_with(what));
        for what in [
            "wording/es/chat.toml: chat.gone speaks of reference, of which the English text does not. Take it out.",
            "wording/es/chat.toml: chat.own is read by nobody: English has no such text. Take it out.",
            "wording/es/chat.toml: chat.menu.none says nothing of company, of which the English text speaks.",
            "wording/es/chat.toml: chat.words.back is one text. Write a list",
            "wording/de/chat.toml: lacks ",
            "wording/de/formats.toml: lacks 4 texts, so people read them in English: formats.date, formats.decimal, ",
            "wording/de/ticket.opened.txt: notice.ticket.opened.subject says nothing of title",
        ] {
            assert!(says(what), "{what}\n{told:#?}");
        }
        assert!(!told.iter().any(|line| line.contains("es-MX")), "a variant says only what is different: {told:#?}");
    }
}
