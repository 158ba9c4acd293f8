//! An operator's files: flows and words. What is loaded is right, and what is wrong is told in words that help.

use crate::conversations::{FLOWS, WORDING, any_turns, take};
use crate::edits::{Bytes, edited, files};
use crate::for_a_while;
use crate::plant::any_records;
use andon::chat::{Flows, Session, render, step};
use andon::wording::{Problem, Wording};
use proptest::prelude::*;
use proptest::sample::select;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FLOW_WORDS: &[&str] = &[
    "=",
    "\"",
    "[",
    "]",
    "[[question]]\n",
    "[[question",
    "\n",
    "#",
    "name = ",
    "action = \"show\"\n",
    "menu = 0\n",
    "menu = 99\n",
    "menu = 9999999999999999999\n",
    "roles = []\n",
    "roles = [\"CLIENT\"]\n",
    "prefixes = [\"MACH-\"]\n",
    "prefixes = [\"-\"]\n",
    "field = \"photo\"\n",
    "field = \"number\"\n",
    "min = -1e300\n",
    "max = nan\n",
    "max_chars = 0\n",
    "max_chars = 4096\n",
    "optional = true\n",
    "photos = true\n",
    "of = \"bom\"\n",
    "refuses = [\"CLOSED\"]\n",
    "options = []\n",
    "\"LOW\"",
    "\"",
    "'''",
    "{a = 1}",
    "1979-05-27",
    "order",
    "machine",
];
const WORDING_WORDS: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{{ x }}",
    "{% if x %}",
    "{% endif %}",
    "{% for a in b %}",
    "{% endfor %}",
    "|line",
    "|short(3)",
    "|short(-1)",
    "|nonsense",
    "{% include 'en/chat.menu.text' %}",
    "{% macro m() %}{{ m() }}{% endmacro %}",
    "{{ t('chat.menu.text') }}",
    "(",
    "((",
    "[",
    "]",
    "\"",
    "\"\"\"",
    "\n",
    " = ",
    "[menu]\n",
    "text = \"\"\n",
    "\\u0000",
];

/// A folder with one file in it.
fn folder(inner: &str, text: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(inner);
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).expect("a folder below");
    std::fs::write(&file, text).expect("written");
    (folder, file)
}

/// One of the repository's files, under its own name, edited.
fn any_file(of: &str, words: &'static [&'static str]) -> impl Strategy<Value = (String, Bytes)> + use<> {
    select(files(of)).prop_flat_map(move |(name, seed)| (Just(name), edited(vec![seed], words)))
}

/// Every problem says where it is, what it is and what to do; and there is one.
fn assert_help(problems: &[Problem], file: &Path, text: &[u8]) {
    let lines = String::from_utf8_lossy(text).matches('\n').count() + 1;
    assert!(!problems.is_empty());
    for problem in problems {
        let is_ours = Path::new(&problem.file) == file;
        assert!(is_ours || problem.file.starts_with("flows/") || problem.file.starts_with("wording/"), "{problem}");
        assert!(!is_ours || problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem} of {lines} lines");
        assert!(!problem.what.is_empty() && !problem.instead.is_empty(), "{problem:?}");
        assert!(!problem.what.contains('\n'), "one line: {problem:?}");
    }
}

#[test]
fn a_flow_file_is_refused_with_reasons_or_runs_without_a_slip() {
    let inputs = (any_file("flows", FLOW_WORDS), any_turns(4), any_turns(8), any_records());
    for_a_while(inputs, |((name, Bytes(text)), before, after, records)| {
        let (folder, file) = folder(&name, &text);
        let flows = match Flows::load(Some(folder.path()), &WORDING) {
            Err(problems) => return assert_help(&problems, &file, &text),
            Ok(flows) => flows,
        };
        // The operator changes the flows while somebody is in the middle of one.
        let session = before.iter().fold(Session::default(), |chat, turn| take(&FLOWS, &WORDING, chat, turn, &records));
        after.iter().fold(session, |chat, turn| take(&flows, &WORDING, chat, turn, &records));
    });
}

#[test]
fn a_wording_file_is_refused_with_reasons_or_can_be_spoken() {
    let inputs = (any_file("wording", WORDING_WORDS), any_turns(5), any_records());
    for_a_while(inputs, |((name, Bytes(text)), turns, records)| {
        let (folder, file) = folder(&format!("en/{name}"), &text);
        let wording = match Wording::load(Some(folder.path())) {
            Err(problems) => return assert_help(&problems, &file, &text),
            Ok(wording) => wording,
        };
        assert!(wording.languages().contains(&"en"));
        let mut session = Session::default();
        for turn in &turns {
            let input = turn.says(&FLOWS, &session);
            let outcome = step(&FLOWS, &wording, session, &input, &records, turn.asker, turn.dormant, "Plant 7");
            render(&wording, "en", &outcome.say);
            session = outcome.session;
        }
    });
}
