//! Whether the words of all notices are there and right: what an operator changed is read before people read it.

use super::gather::GATHERED;
use super::sample::{names, samples_in};
use super::words::{MAX_SMS_PARTS, MAX_SUBJECT, Telling};
use crate::kit::{nearest, sms};
use crate::outbox::{Notice, Told};
use crate::wording::{FALLBACK, Problem, Wording};
use std::collections::BTreeSet;

/// The parts of a notice's file.
const PARTS: [&str; 3] = ["subject", "sms", "text"];
/// The most characters of a message on WhatsApp. **Source**: Twilio's OpenAPI, error 21617.
const MAX_WHATSAPP: usize = 1600;
/// What templates may use beside the values: functions of the wording's own, and minijinja's.
const FUNCTIONS: [&str; 5] = ["t", "range", "dict", "namespace", "debug"];

/// What is wrong with the words of these notices, in every language: files that are missing or that no event has, values
/// that no notice has, and texts that are too long for a medium when they are filled in from the sample.
pub fn proofread(wording: &Wording, notices: &[Notice]) -> Vec<Problem> {
    let files: BTreeSet<&str> =
        notices.iter().flat_map(|notice| notice.tells).flat_map(Told::files).chain([GATHERED]).collect();
    let mut problems = Vec::new();
    for language in wording.languages() {
        let own = wording.notices(language);
        for missing in files.iter().filter(|file| language != FALLBACK && !own.contains(**file)) {
            let what = "is missing, so people read it in English";
            let instead = format!("Translate wording/{FALLBACK}/{missing}.txt.");
            problems.push(problem(language, missing, what.to_owned(), instead));
        }
        for unknown in own.iter().filter(|file| !files.contains(**file)) {
            let near = nearest::slip(unknown, files.iter().copied()).map(|(_, near)| near);
            let instead = near.map_or_else(
                || "Name it by the words of an event: andon wording show lists them.".to_owned(),
                |near| format!("Did you mean {near}.txt?"),
            );
            problems.push(problem(
                language,
                unknown,
                "is read by nobody: no event has these words".to_owned(),
                instead,
            ));
        }
        for file in own.iter().filter(|file| files.contains(**file)) {
            problems.extend(read(wording, language, file));
        }
    }
    problems
}

fn read(wording: &Wording, language: &str, file: &str) -> Vec<Problem> {
    let unknown = unknown_names(wording, language, file);
    if !unknown.is_empty() {
        return unknown;
    }
    let tried: BTreeSet<Problem> = samples_in(wording, language, file)
        .iter()
        .flat_map(|vars| tried(Telling { wording, language, file, vars }))
        .collect();
    tried.into_iter().collect()
}

/// The parts of a notice that its file has.
fn parts(telling: Telling<'_>) -> impl Iterator<Item = &'static str> {
    PARTS.into_iter().filter(move |part| *part != "sms" || telling.has_short())
}

/// What the words speak of and no notice has.
fn unknown_names(wording: &Wording, language: &str, file: &str) -> Vec<Problem> {
    let (names, vars) = (names(), serde_json::Value::Null);
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut problems = Vec::new();
    for part in parts(Telling { wording, language, file, vars: &vars }) {
        for name in wording.values_in(language, &format!("notice.{file}.{part}")) {
            if known.contains(&name.as_str()) || FUNCTIONS.contains(&name.as_str()) {
                continue;
            }
            let near = nearest::slip(&name, known.iter().copied()).map(|(_, near)| near);
            let instead =
                near.map_or_else(|| format!("There are {}.", known.join(", ")), |n| format!("Did you mean {n}?"));
            let what = format!("the {part} speaks of {name}, which no notice has");
            problems.push(problem(language, file, what, instead));
        }
    }
    problems
}

/// What is wrong with the words filled in.
fn tried(telling: Telling<'_>) -> Vec<Problem> {
    let Telling { wording, language, file, vars } = telling;
    let filled = |part: &str| wording.check(language, &format!("notice.{file}.{part}"), vars);
    let checked: Result<Vec<String>, String> = parts(telling).map(filled).collect();
    let filled = match checked {
        Ok(filled) => filled,
        Err(why) => {
            let instead = "Write a value as {{ name }} and a condition as {% if name %}…{% endif %}.".to_owned();
            return vec![problem(language, file, format!("cannot be filled in: {why}"), instead)];
        }
    };
    let length = |filled: Option<&String>| filled.map_or(0, |text| text.chars().count());
    let (subject, text) = (length(filled.first()), length(filled.last()));
    let billed = sms::parts(&telling.short());
    let mut problems = Vec::new();
    for (is_too_long, what, instead) in [
        (
            subject > MAX_SUBJECT,
            format!("the subject has {subject} characters"),
            format!("Shorten it to {MAX_SUBJECT}."),
        ),
        (text > MAX_WHATSAPP, format!("the text has {text} characters"), format!("WhatsApp takes {MAX_WHATSAPP}.")),
        (
            telling.has_short() && billed > MAX_SMS_PARTS,
            format!("the text message takes {billed} parts"),
            format!(
                "It is cut after {MAX_SMS_PARTS}; each has 153 characters, or 67 with a sign that no plain phone has."
            ),
        ),
    ] {
        if is_too_long {
            problems.push(problem(language, file, what, instead));
        }
    }
    problems
}

fn problem(language: &str, file: &str, what: String, instead: String) -> Problem {
    Problem { file: format!("wording/{language}/{file}.txt"), line: None, what, instead }
}
