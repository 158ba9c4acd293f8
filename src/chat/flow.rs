//! Flows: forms filled in by chat, as data. The folder is the list: `flows/*.toml` inside the binary, and an
//! operator's folder that adds to it or replaces by file name.
//!
//! What is loaded is right: questions and words are there, the action gets what it needs, nothing clashes.
//! Every mistake is told at once, with file, line and what to write instead; a wrong flow never runs.

use super::field::Field;
use super::offers::Offer;
use super::session::Answer;
use super::{flow_check, flow_file};
use crate::people::Role;
use crate::wording::{Problem, Wording};
use rust_embed::RustEmbed;
use std::collections::BTreeMap;
use std::path::Path;

/// The action of flows that only show a record.
pub const SHOW: &str = "show";

#[derive(RustEmbed)]
#[folder = "flows/"]
struct BuiltIn;

/// One form filled in by chat.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// The name, also the first part of the session's state.
    pub name: String,
    /// The place in the menu; `None` keeps it out of there.
    pub menu: Option<u8>,
    /// Who may use it, and has it in the menu where it has a place there.
    pub roles: Vec<Role>,
    /// Who else may use it: by writing its title or a synonym, for it is not in their menu.
    pub by_word: Vec<Role>,
    /// Beginnings of references that start it with its first answer filled in, `MACH-`.
    pub prefixes: Vec<String>,
    /// What happens at the end, one of [`ACTIONS`].
    pub action: String,
    /// The questions, in order; never empty.
    pub questions: Vec<Question>,
}

/// One question of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The name of its answer.
    pub name: String,
    /// What fits.
    pub field: Field,
    /// Whether `skip` is an answer.
    pub optional: bool,
    /// Whether pictures are welcome with the answer.
    pub photos: bool,
    /// Statuses of a record with which it is refused here, `CANCELLED`.
    pub refuses: Vec<String>,
    /// Which of the asker's tickets are offered by number.
    pub offers: Option<Offer>,
}

/// The actions that open a ticket, which can have files.
const REPORTS: [&str; 3] = ["report_defect", "report_maintenance", "raise_incident"];

/// What an action needs of a flow, and what it gives to the flow's last words.
#[derive(Debug)]
pub struct Action {
    /// The name in flow files.
    pub name: &'static str,
    /// The questions it needs.
    pub needs: &'static [Need],
    /// The values it adds for `chat.<flow>.done`.
    pub gives: &'static [&'static str],
}

/// One question that an action needs.
#[derive(Debug)]
pub struct Need {
    /// The question's name.
    pub question: &'static str,
    /// The field's name.
    pub field: &'static str,
    /// The options that the action understands; empty takes any.
    pub options: &'static [&'static str],
}

const fn need(question: &'static str, field: &'static str) -> Need {
    Need { question, field, options: &[] }
}

/// The grades that deadlines are set by.
const GRADES: &[&str] = &["LOW", "MEDIUM", "HIGH"];

/// What sort of incident it is.
const CATEGORIES: &[&str] = &["BUG", "PROBLEM", "SERVICE_DOWN", "NEW_FEATURE"];

/// An action upon one ticket.
const fn upon_ticket(name: &'static str, needs: &'static [Need]) -> Action {
    Action { name, needs, gives: &["reference", "title", "status"] }
}

/// Every action there is. `show` takes exactly one question, for a record, and answers with its facts.
pub const ACTIONS: &[Action] = &[
    Action { name: SHOW, needs: &[], gives: &[] },
    Action {
        name: "report_defect",
        needs: &[
            need("order", "order"),
            need("defect_type", "choice"),
            Need { question: "severity", field: "choice", options: GRADES },
            need("description", "text"),
        ],
        gives: &["reference"],
    },
    Action {
        name: "report_maintenance",
        needs: &[
            need("machine", "machine"),
            need("issue_type", "choice"),
            Need { question: "urgency", field: "choice", options: GRADES },
        ],
        gives: &["reference", "sla_hours"],
    },
    Action {
        name: "submit_bom_update",
        needs: &[
            need("bom", "bom"),
            need("component", "bom_component"),
            need("change", "bom_change"),
            need("reason", "text"),
        ],
        gives: &["bom", "revision", "component", "cost_change"],
    },
    Action {
        name: "raise_incident",
        needs: &[
            need("summary", "text"),
            need("description", "text"),
            need("project", "text"),
            Need { question: "category", field: "choice", options: CATEGORIES },
            Need { question: "priority", field: "choice", options: GRADES },
        ],
        gives: &["reference", "response_time"],
    },
    upon_ticket("open_ticket", &[need("ticket", "ticket")]),
    upon_ticket("start_work", &[need("ticket", "ticket")]),
    upon_ticket("hold_ticket", &[need("ticket", "ticket"), need("reason", "text")]),
    upon_ticket("resume_ticket", &[need("ticket", "ticket")]),
    upon_ticket("finish_work", &[need("ticket", "ticket"), need("comment", "text")]),
    upon_ticket("approve_ticket", &[need("ticket", "ticket")]),
    upon_ticket("reject_ticket", &[need("ticket", "ticket"), need("comment", "text")]),
    upon_ticket("comment_ticket", &[need("ticket", "ticket"), need("comment", "text")]),
];

/// The action with this name.
pub fn action(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// All flows, in the order of the menu.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flows(Vec<Flow>);

impl Flows {
    /// The built-in flows, with those of the operator's folder added or in their place (same file name).
    ///
    /// # Errors
    /// Every mistake found, all at once, by file and line.
    pub fn load(folder: Option<&Path>, wording: &Wording) -> Result<Self, Vec<Problem>> {
        let (files, mut problems) = files(folder);
        let mut drafts = Vec::new();
        for (path, text) in &files {
            match flow_file::read(path, text) {
                Ok((draft, found)) => {
                    problems.extend(found);
                    problems.extend(flow_check::check(&draft, wording));
                    drafts.push(draft);
                }
                Err(problem) => problems.push(problem),
            }
        }
        problems.extend(flow_check::clashes(&drafts));
        if !problems.is_empty() {
            problems.sort();
            problems.dedup();
            return Err(problems);
        }
        let mut flows: Vec<Flow> = drafts.into_iter().filter_map(flow_file::Draft::into_flow).collect();
        flows.sort_by(|a, b| (a.menu.is_none(), a.menu, &a.name).cmp(&(b.menu.is_none(), b.menu, &b.name)));
        Ok(Self(flows))
    }

    /// The flow with this name.
    pub fn get(&self, name: &str) -> Option<&Flow> {
        self.0.iter().find(|flow| flow.name == name)
    }

    /// All of them, in the order of the menu; those without a place come last.
    pub fn iter(&self) -> impl Iterator<Item = &Flow> {
        self.0.iter()
    }
}

impl Flow {
    /// Whether what it makes can have a place, near which its machine is looked for.
    pub fn takes_place(&self) -> bool {
        self.action == "report_maintenance"
    }

    /// Whether what it makes can have files: photos, voice notes, PDFs.
    pub fn takes_files(&self) -> bool {
        REPORTS.contains(&self.action.as_str())
    }

    /// The question with this name.
    pub fn question(&self, name: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.name == name)
    }

    /// Whether answers given earlier still fit: their questions exist, and the options that were picked.
    pub fn fits(&self, answers: &[(String, Answer)]) -> bool {
        answers.iter().all(|(name, answer)| {
            self.question(name).is_some_and(|question| match &question.field {
                Field::Choice { options } => answer.value.is_empty() || options.contains(&answer.value),
                _ => true,
            })
        })
    }

    /// The question itself and those whose answers hang on it, by `of`.
    pub fn hanging_on<'a>(&'a self, question: &'a str) -> Vec<&'a str> {
        let mut names = vec![question];
        for next in &self.questions {
            if next.field.of().is_some_and(|of| names.contains(&of)) {
                names.push(&next.name);
            }
        }
        names
    }
}

/// The text of every flow file by its shown path, the operator's in place of the built-in.
fn files(folder: Option<&Path>) -> (Vec<(String, String)>, Vec<Problem>) {
    let mut by_name = BTreeMap::new();
    for name in BuiltIn::iter().filter(|name| name.ends_with(".toml")) {
        if let Some(file) = BuiltIn::get(&name) {
            let text = String::from_utf8_lossy(&file.data).into_owned();
            by_name.insert(name.to_string(), (format!("flows/{name}"), text));
        }
    }
    let problems = folder.map_or_else(Vec::new, |folder| take_folder(folder, &mut by_name));
    (by_name.into_values().collect(), problems)
}

fn take_folder(folder: &Path, by_name: &mut BTreeMap<String, (String, String)>) -> Vec<Problem> {
    let unreadable = |path: &Path, error: &std::io::Error| Problem {
        file: path.display().to_string(),
        line: None,
        what: format!("cannot be read: {error}"),
        instead: "Name a folder of flow files (*.toml, UTF-8), or leave the setting out.".to_owned(),
    };
    let entries = match std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => return vec![unreadable(folder, &error)],
    };
    let mut problems = Vec::new();
    for path in entries.into_iter().map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                by_name.insert(name, (path.display().to_string(), text));
            }
            Err(error) => problems.push(unreadable(&path, &error)),
        }
    }
    problems
}

#[cfg(test)]
mod tests;
