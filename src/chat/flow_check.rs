//! Checking a flow against everything around it: its action, its words, and the other flows.

use super::ask::{answer_vars, ask, label_key};
use super::change::canonical;
use super::field::Field;
use super::flow::{ACTIONS, Action, Flow, Question, SHOW, action};
use super::flow_file::{At, Draft, DraftQuestion};
use super::records::RecordKind;
use super::session::{Answer, Session};
use crate::boms::Change;
use crate::kit::nearest::slip;
use crate::wording::{FALLBACK, Problem, Wording};
use serde_json::{Value, json};

/// Names that a flow may not have, since the chat's own words stand below them: `chat.menu.text`.
pub(super) const RESERVED: [&str; 26] = [
    "cancelled",
    "cannot",
    "change",
    "consent",
    "expect",
    "flood",
    "code",
    "gone",
    "help",
    "language",
    "menu",
    "miss",
    "order",
    "photo",
    "refused",
    "resume",
    "sms",
    "sop_failure",
    "strikes",
    "tap",
    "ticket",
    "unregistered",
    "words",
    "files",
    "paper",
    "place",
];

/// What is wrong with one flow.
pub(super) fn check(draft: &Draft, wording: &Wording) -> Vec<Problem> {
    let mut problems = Vec::new();
    questions(draft, &mut problems);
    let Some(name) = &draft.name else { return problems };
    if RESERVED.contains(&name.value.as_str()) {
        let what = format!("the name \"{}\" is taken by the chat's own words", name.value);
        problems.push(draft.problem(name.line, what, "Choose another name."));
    }
    if draft.menu.is_none() && draft.prefixes.is_empty() && draft.by_word.is_empty() {
        let instead = "Add menu = a place in the menu, or prefixes, or by_word.";
        problems.push(draft.problem(name.line, "nobody can reach the flow", instead));
    }
    prefixes(draft, &mut problems);
    if let Some(named) = &draft.action {
        if let Some(action) = action(&named.value) {
            needs(draft, action, named.line, &mut problems);
        } else {
            let names: Vec<&str> = ACTIONS.iter().map(|action| action.name).collect();
            let instead = format!("Write one of: {}{}", names.join(", "), did_you_mean(&named.value, &names));
            problems.push(draft.problem(named.line, format!("unknown action \"{}\"", named.value), instead));
        }
    }
    words(draft, name, wording, &mut problems);
    problems
}

fn questions(draft: &Draft, problems: &mut Vec<Problem>) {
    for (place, question) in draft.questions.iter().enumerate() {
        let earlier = &draft.questions[..place];
        if earlier.iter().any(|other| other.name.value == question.name.value) {
            let what = format!("question \"{}\" is there twice", question.name.value);
            problems.push(draft.problem(question.name.line, what, "Give each question a name of its own."));
        }
        let Some(of) = question.field.as_ref().and_then(Field::of) else { continue };
        let is_bom = |other: &&DraftQuestion| {
            other.name.value == of && !matches!(&other.field, Some(field) if field.record() != Some(RecordKind::Bom))
        };
        if !earlier.iter().any(|other| is_bom(&other)) {
            let what = format!("of = \"{of}\" is no earlier question for a BOM");
            problems.push(draft.problem(question.name.line, what, "Name an earlier question whose field is bom."));
        }
    }
}

fn prefixes(draft: &Draft, problems: &mut Vec<Problem>) {
    let is_record =
        draft.questions.first().is_none_or(|first| first.field.as_ref().is_none_or(|field| field.record().is_some()));
    for prefix in &draft.prefixes {
        let stem = prefix.value.strip_suffix('-').unwrap_or_default();
        if stem.is_empty() || !stem.bytes().all(|b| b.is_ascii_uppercase()) {
            let what = format!("\"{}\" is no prefix", prefix.value);
            problems.push(draft.problem(prefix.line, what, "Write capitals and a dash, such as MACH-."));
        }
        if !is_record {
            let what = "a prefix needs a first question that takes a reference";
            problems.push(draft.problem(prefix.line, what, "Ask for the record first, or leave prefixes out."));
        }
    }
}

fn needs(draft: &Draft, action: &Action, line: usize, problems: &mut Vec<Problem>) {
    if action.name == SHOW {
        let is_right = match draft.questions.as_slice() {
            [only] => only.field.as_ref().is_none_or(|field| field.record().is_some()) && !only.optional,
            _ => false,
        };
        if !is_right {
            let instead = "Ask one question with field order, machine, ticket, sop_failure or bom.";
            problems.push(draft.problem(line, "action show takes exactly one record", instead));
        }
        return;
    }
    for need in action.needs {
        let Some(question) = draft.questions.iter().find(|question| question.name.value == need.question) else {
            let what = format!("action {} needs a question \"{}\"", action.name, need.question);
            problems.push(draft.problem(line, what, format!("Add one with field = \"{}\".", need.field)));
            continue;
        };
        let Some(field) = &question.field else { continue };
        if field.name() != need.field {
            let what = format!("action {} needs {} in question \"{}\"", action.name, need.field, need.question);
            problems.push(draft.problem(question.name.line, what, format!("Write field = \"{}\".", need.field)));
        }
        if question.optional {
            let what = format!("action {} cannot do without \"{}\"", action.name, need.question);
            problems.push(draft.problem(question.name.line, what, "Leave optional out."));
        }
        if let Field::Choice { options } = field {
            for option in
                options.iter().filter(|option| !need.options.is_empty() && !need.options.contains(&option.as_str()))
            {
                let what = format!("action {} does not know {} \"{option}\"", action.name, need.question);
                let instead =
                    format!("Write some of: {}{}", need.options.join(", "), did_you_mean(option, need.options));
                problems.push(draft.problem(question.name.line, what, instead));
            }
        }
    }
}

/// Words that are missing, and words that name a value which will not be there.
fn words(draft: &Draft, name: &At<String>, wording: &Wording, problems: &mut Vec<Problem>) {
    let flow = &name.value;
    let mut wanted = vec![(format!("chat.{flow}.title"), name.line), (format!("chat.{flow}.done"), name.line)];
    for question in &draft.questions {
        let (line, question_name) = (question.name.line, &question.name.value);
        wanted.push((format!("chat.{flow}.{question_name}.ask"), line));
        if !question.refuses.is_empty() {
            wanted.push((format!("chat.{flow}.{question_name}.refused"), line));
        }
        if question.offers.is_some() {
            wanted.push((format!("chat.{flow}.{question_name}.none"), line));
        }
        if let Some(Field::Choice { options }) = &question.field {
            wanted.extend(options.iter().map(|option| (label_key(flow, question_name, option), line)));
        }
    }
    let before = problems.len();
    for (key, line) in wanted.iter().filter(|(key, _)| !wording.has(FALLBACK, key)) {
        let (file, inner) = key.split_once('.').unwrap_or(("chat", key));
        let (table, last) = inner.rsplit_once('.').unwrap_or(("", inner));
        let instead = format!("Write {last} = \"…\" below [{table}] in en/{file}.toml of your wording folder.");
        problems.push(draft.problem(*line, format!("there are no words {key}"), instead));
    }
    if problems.len() == before
        && let Some(flow) = draft.clone().into_flow()
    {
        values(draft, &flow, wording, problems);
    }
}

/// Fills the flow's words in with samples: a value that will not be there is told.
fn values(draft: &Draft, flow: &Flow, wording: &Wording, problems: &mut Vec<Problem>) {
    let mut answers: Vec<(String, Answer)> = Vec::new();
    let mut try_out = |key: &str, vars: &Value, line: usize| {
        if let Err(why) = wording.check(FALLBACK, key, vars) {
            let names: Vec<&str> = vars.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            let instead = format!("Use only values that are there: {}.", names.join(", "));
            problems.push(draft.problem(line, format!("the words {key} cannot be filled in: {why}"), instead));
        }
    };
    for (question, read) in flow.questions.iter().zip(&draft.questions) {
        let session = Session { answers: answers.clone(), ..Session::default() };
        let ask = ask(flow, question, &session, &sample_offer(question));
        try_out(&ask.key, &ask.vars, read.name.line);
        answers.push((question.name.clone(), sample(&question.field)));
        let found = format!("chat.{}.{}.found", flow.name, question.name);
        if wording.has(FALLBACK, &found) {
            try_out(&found, &Value::Object(answer_vars(&answers)), read.name.line);
        }
    }
    let mut vars = answer_vars(&answers);
    for given in action(&flow.action).map_or(&[][..], |action| action.gives) {
        vars.insert((*given).to_owned(), "…".into());
    }
    let line = draft.name.as_ref().map_or(1, |name| name.line);
    try_out(&format!("chat.{}.done", flow.name), &Value::Object(vars), line);
}

fn sample_offer(question: &Question) -> Vec<Value> {
    let ticket = || json!({"reference": "INC-20260118143022", "title": "The checkout fails", "status": "OPENED"});
    question.offers.map(|_| ticket()).into_iter().collect()
}

fn sample(field: &Field) -> Answer {
    let (value, facts) = match field {
        Field::Record(kind) => ("KEY-1".to_owned(), sample_facts(*kind)),
        Field::BomComponent { .. } => {
            ("C-1".to_owned(), json!({"number": "C-1", "name": "Part", "quantity": "1", "unit_cost": "1.00"}))
        }
        Field::BomChange { .. } => (canonical(&Change::Remove), json!({"label": "remove"})),
        Field::Choice { options } => (options.first().cloned().unwrap_or_default(), json!({"label": "One"})),
        Field::Number { .. } => ("1".to_owned(), Value::Null),
        Field::Text { .. } | Field::Photo => ("text".to_owned(), Value::Null),
    };
    Answer { value, facts, media: Vec::new() }
}

/// The shape of each kind's facts, with every value there.
pub(super) fn sample_facts(kind: RecordKind) -> Value {
    match kind {
        RecordKind::Order => json!({
            "number": "ORD-12345", "customer": "Customer 1", "product": "Pump", "status": "IN_PROGRESS", "progress": 75,
            "expected": "2026-01-25", "sla": "ON_TRACK",
        }),
        RecordKind::Machine => {
            json!({"number": "MACH-001", "name": "Press", "location": "Hall 1", "department": "Forming"})
        }
        RecordKind::Ticket => json!({
            "reference": "MAINT-555", "kind": "MAINTENANCE", "title": "Bearing", "status": "NEW", "priority": "HIGH",
            "time_left": "44h 32m",
            "clock": "OK", "deadline": "2026-01-20 14:30 UTC", "holder": "Technician 1",
        }),
        RecordKind::SopFailure => json!({
            "number": "SOP-999", "procedure": "Torque check", "failure_type": "Step skipped", "department": "Assembly",
            "status": "NEW", "reported": "2026-01-18 14:30 UTC", "holder": "Supervisor 1", "escalation": "Not escalated",
            "escalation_level": 0, "escalated_at": null,
        }),
        RecordKind::Bom => json!({
            "number": "BOM-888", "product": "Pump", "revision": "3",
            "components": [
                {"number": "BRG-6", "name": "Ball bearing", "quantity": "4", "unit_cost": "2.50"},
                {"number": "SEAL-12", "name": "Seal ring", "quantity": "2", "unit_cost": "0.80"},
            ],
        }),
    }
}

/// ` (did you mean "order"?)` where one of the known words is near.
pub(super) fn did_you_mean(typed: &str, known: &[&str]) -> String {
    match slip(typed, known.iter().copied()) {
        Some((wrong, word)) if wrong < word.len() => format!(" (did you mean \"{word}\"?)"),
        _ => String::new(),
    }
}

/// What the flows want of each other's: one name, one place in the menu, one prefix each.
pub(super) fn clashes(drafts: &[Draft]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (place, draft) in drafts.iter().enumerate() {
        for other in &drafts[..place] {
            if let (Some(mine), Some(theirs)) = (&draft.name, &other.name)
                && mine.value == theirs.value
            {
                let what = format!("the name \"{}\" is that of {} too", mine.value, other.file);
                problems.push(draft.problem(
                    mine.line,
                    what,
                    "Choose another, or give the file the same name to replace it.",
                ));
            }
            if let (Some(mine), Some(theirs)) = (&draft.menu, &other.menu)
                && mine.value == theirs.value
            {
                let free = (1..=99_u8)
                    .find(|free| drafts.iter().all(|draft| draft.menu.as_ref().is_none_or(|menu| menu.value != *free)));
                let what = format!("place {} in the menu is that of {} too", mine.value, other.file);
                problems.push(draft.problem(
                    mine.line,
                    what,
                    format!("Write menu = {}, which is free.", free.unwrap_or_default()),
                ));
            }
            // Whoever may use one of the two flows may not use the other: no reference can mean both.
            let is_parted = !draft.roles.iter().any(|role| other.roles.contains(role));
            for mine in draft.prefixes.iter().filter(|_| !is_parted) {
                if other.prefixes.iter().any(|theirs| theirs.value == mine.value) {
                    let what = format!("the prefix {} is that of {} too", mine.value, other.file);
                    problems.push(draft.problem(mine.line, what, "Leave it out of one of them."));
                }
            }
        }
    }
    problems
}
