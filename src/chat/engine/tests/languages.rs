//! Every golden conversation in every language: the same states, the same forms, and nothing said in English.
//!
//! The engine plays each file of `tests/transcripts/` twice, side by side: in English as it is written, and in another
//! language with that language's words for what stands there. Records are made up here, the same for both.

use super::*;
use crate::chat::engine::{lookups, offer};
use crate::chat::offers::Offer;
use crate::wording::FALLBACK;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Words that no text in another language has.
const ENGLISH: [&str; 28] = [
    "the",
    "you",
    "your",
    "please",
    "reply",
    "order",
    "not",
    "and",
    "with",
    "write",
    "high",
    "low",
    "none",
    "nobody",
    "new",
    "progress",
    "hold",
    "number",
    "what",
    "which",
    "sorry",
    "created",
    "reported",
    "held",
    "since",
    "expected",
    "remaining",
    "back",
];
/// The commands, by the names of their lists.
const COMMANDS: [&str; 10] =
    ["start", "greeting", "hello", "stop", "cancel", "back", "help", "language", "resume", "start_over"];

fn transcripts() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let files =
        std::fs::read_dir(folder).expect("the folder of transcripts").map(|entry| entry.expect("a file").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|ending| ending == "txt")).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("a transcript"))
    };
    files.into_iter().map(read).collect()
}

/// What somebody who speaks this language writes where the script has English.
fn in_language(language: &str, flows: &Flows, text: &str) -> String {
    let word = crate::chat::pick::bare(text);
    if let Some(list) = COMMANDS.into_iter().find(|list| is_english(&format!("chat.words.{list}"), &word)) {
        return WORDING.list(language, &format!("chat.words.{list}"))[0].clone();
    }
    for flow in flows.iter() {
        let mut keys = vec![format!("chat.{}.title", flow.name), format!("chat.{}.synonyms", flow.name)];
        for question in &flow.questions {
            if let crate::chat::field::Field::Choice { options } = &question.field {
                for option in options {
                    keys.push(crate::chat::ask::label_key(&flow.name, &question.name, option));
                    keys.push(format!("chat.{}.{}.synonyms.{option}", flow.name, question.name));
                }
            }
        }
        if let Some(key) = keys.into_iter().find(|key| is_english(key, &word)) {
            return WORDING.list(language, &key)[0].clone();
        }
    }
    for kind in ["quantity", "unit_cost", "replace", "remove"] {
        let words = |language: &str, kind: &str| WORDING.list(language, &format!("chat.change.words.{kind}"));
        let begun = words(FALLBACK, kind).into_iter().find_map(|begin| Some(text.strip_prefix(&begin)?.to_owned()));
        if let Some(rest) = begun {
            let rest = rest.replace(" at ", &format!(" {} ", words(language, "at")[0]));
            return format!("{}{rest}", words(language, kind)[0]);
        }
    }
    text.to_owned()
}

fn is_english(key: &str, word: &str) -> bool {
    WORDING.languages_of(key, word).contains(&FALLBACK)
}

/// The plant, as far as the scripts speak of it.
fn found(records: &mut Records, kind: RecordKind, key: &str) {
    let mut facts = sample_facts(kind);
    let is_known = match kind {
        RecordKind::Order => key.starts_with("ORD-123"),
        RecordKind::Machine => key.starts_with("MACH-00"),
        RecordKind::Ticket => key.starts_with("MAINT-") || key.starts_with("INC-2026"),
        RecordKind::SopFailure => key == "SOP-999",
        RecordKind::Bom => key == "BOM-888",
    };
    if !is_known {
        return records.nearest(kind, key, vec!["ORD-12345".to_owned(), "ORD-12346".to_owned()]);
    }
    facts["number"] = key.into();
    facts["reference"] = key.into();
    facts["title"] = "Checkout".into();
    match kind {
        RecordKind::Order if key == "ORD-12352" => facts["status"] = "CANCELLED".into(),
        RecordKind::SopFailure => {
            facts["escalation_level"] = 1.into();
            facts["escalated_at"] = "2026-01-19 14:30 UTC".into();
        }
        RecordKind::Bom => {
            let parts = ["BRG-6204", "HSG-100", "SHF-020"]
                .map(|number| json!({"number": number, "name": "Ball bearing 6204", "quantity": "1.5", "unit_cost": "46.20"}));
            facts["components"] = parts.to_vec().into();
            facts["components"][1]["name"] = "Gearbox housing".into();
            facts["components"][2]["name"] = "Input shaft".into();
        }
        _ => {}
    }
    records.found(kind, key, facts);
}

fn offered(offer: Option<Offer>) -> Vec<Value> {
    let ticket = |status: &str| vec![json!({"reference": "MAINT-555", "title": "Checkout", "status": status})];
    match offer {
        Some(Offer::Open) => ticket("WAITING_APPROVAL"),
        Some(Offer::InProgress) => ticket("IN_PROGRESS"),
        Some(Offer::OnHold) => ticket("ON_HOLD"),
        Some(Offer::ToStart | Offer::ToApprove) | None => Vec::new(),
    }
}

/// One side of a conversation.
pub(super) struct Side {
    language: &'static str,
    pub(super) session: Session,
}

impl Side {
    pub(super) fn new(language: &'static str) -> Self {
        Self { language, session: Side::fresh(language) }
    }

    pub(super) fn fresh(language: &str) -> Session {
        Session { language: language.to_owned(), has_chosen_language: true, ..Session::default() }
    }

    /// What one message leads to, with the words of a finished form.
    pub(super) fn take(&mut self, input: &Input, asker: Asker, dormant: bool) -> Step {
        let mut records = Records::new();
        if asker.registered || asker.open_access {
            for wanted in lookups(&FLOWS, &WORDING, &self.session, input, dormant) {
                found(&mut records, wanted.kind, &wanted.key);
            }
        }
        records.offer(offered(offer(&FLOWS, &WORDING, &self.session, input, asker)));
        let mut step = step(&FLOWS, &WORDING, self.session.clone(), input, &records, asker, dormant, "Plant 7");
        if let Some(finished) = &step.finished {
            let vars = json!({
                "reference": "DEF-20260118143022", "sla_hours": 24, "bom": "BOM-888", "revision": "4", "component": "BRG-6",
                "cost_change": "-10.00", "response_time": "0h 30m", "title": "Checkout", "status": "IN_PROGRESS",
            });
            step.say.push(done(finished, vars));
        }
        self.session = step.session.clone();
        step
    }

    fn told(&self, step: &Step) -> String {
        for say in &step.say {
            assert_eq!(WORDING.check(self.language, &say.key, &say.vars).err(), None, "{} {}", self.language, say.key);
        }
        render(&WORDING, self.language, &step.say)
    }
}

/// What was said and done, whatever the language; an answer that is what was typed is left open.
fn gist<'a>(step: &'a Step, typed: &str) -> (Vec<&'a str>, Option<Vec<String>>, Option<bool>, String) {
    let keys = step.say.iter().map(|say| say.key.as_str()).collect();
    let values = step.finished.as_ref().map(|finished| {
        let value = |value: &str| if value == typed { "…".to_owned() } else { value.to_owned() };
        let answers = finished.answers.iter().map(|(name, answer)| format!("{name}={}", value(&answer.value)));
        [finished.action.clone()].into_iter().chain(answers).collect()
    });
    (keys, values, step.consent, step.session.state(&FLOWS))
}

/// Plays a script in English and in this language; answers with what is read in this language.
fn play(name: &str, script: &str, language: &'static str) -> String {
    let (mut english, mut other) = (Side::new(FALLBACK), Side::new(language));
    let is_open = script.contains("= ANDON_CHAT_ACCESS=open");
    let asker = |role: Option<Role>| Asker { role, registered: role.is_some(), open_access: is_open };
    let mut who = asker(Some(Role::Operator));
    let (mut idle, mut told) = (0, String::new());
    for line in script.lines() {
        if let Some(number) = line.strip_prefix("@ ") {
            let role = match number.trim().chars().last() {
                Some('2') => Some(Role::Supervisor),
                Some('3') => Some(Role::Admin),
                Some('4') => Some(Role::Support),
                Some('5') => Some(Role::Client),
                _ => None,
            };
            who = asker(role);
            (english, other) = (Side::new(FALLBACK), Side::new(language));
        } else if let Some(span) = line.strip_prefix("~ ") {
            let (count, unit) = span.split_once(' ').expect("a span of time");
            let minutes = if unit.starts_with("day") {
                24 * 60
            } else if unit == "h" {
                60
            } else {
                1
            };
            idle += count.parse::<u64>().expect("a number") * minutes;
        } else if let Some(state) = line.strip_prefix("? ").filter(|state| *state != "none") {
            assert_eq!(other.session.state(&FLOWS), state, "{name} {language}");
        } else if let Some(written) = line.strip_prefix('>') {
            if idle >= 7 * 24 * 60 {
                (english, other) = (Side::new(FALLBACK), Side::new(language));
            }
            let dormant = idle > 60 && english.session.flow.is_some();
            idle = 0;
            let input = |language: &str| {
                let (kind, text) =
                    written.strip_prefix('[').and_then(|special| special.split_once(']')).unwrap_or(("", written));
                let text = in_language(language, &FLOWS, &text.trim().replace("\\n", "\n"));
                let media = if kind == "image" { vec![picture(1)] } else { Vec::new() };
                let tapped = kind.strip_prefix("tap ").map(str::to_owned);
                let kind = if kind.is_empty() { "text" } else { kind.split(' ').next().unwrap_or_default() };
                Input { text, tapped, media, kind: kind.to_owned(), place: None }
            };
            let (in_english, in_other) = (input(FALLBACK), input(language));
            let expected = english.take(&in_english, who, dormant);
            let happened = other.take(&in_other, who, dormant);
            assert_eq!(
                gist(&happened, &in_other.text),
                gist(&expected, &in_english.text),
                "{name} {language}: {:?} for {:?}",
                in_other.text,
                in_english.text
            );
            let text = other.told(&happened);
            let read = text.to_lowercase().replace(&in_english.text.to_lowercase(), "");
            let left: Vec<&str> =
                read.split(|c: char| !c.is_alphanumeric()).filter(|word| ENGLISH.contains(word)).collect();
            assert!(language == FALLBACK || left.is_empty(), "{name} {language} says {left:?}: {text}");
            let _written = writeln!(told, "> {}\n{text}", in_other.text);
        }
    }
    told
}

#[test]
fn every_golden_conversation_runs_in_every_language() {
    let languages: Vec<&'static str> = WORDING.languages();
    assert!(languages.len() >= 5, "{languages:?}");
    let scripts = transcripts();
    assert!(scripts.len() >= 20, "{} scripts", scripts.len());
    for language in languages {
        let mut told = String::new();
        for (name, script) in &scripts {
            let _written = writeln!(told, "=== {name}\n{}", play(name, script, language));
        }
        insta::with_settings!({ description => language, omit_expression => true }, {
            insta::assert_snapshot!(format!("golden_conversations_{language}"), told);
        });
    }
}
