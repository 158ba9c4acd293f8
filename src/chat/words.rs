//! The words that people write, over all languages: none may mean two things.
//!
//! Whatever language somebody is answered in, the words of every language are understood. So a word that is a command
//! in one language and an answer in another would be taken for the command; and a name of one option that is another's
//! elsewhere would be taken for either.

use super::flow::{Flow, Flows};
use crate::people::Role;
use crate::wording::{Problem, Wording};
use std::collections::BTreeMap;

/// The lists of words that hold everywhere. Those in one set lead to the same.
const COMMANDS: [&[&str]; 12] = [
    &["greeting", "hello", "start"],
    &["stop"],
    &["cancel"],
    &["back"],
    &["help"],
    &["language"],
    &["resume"],
    &["start_over"],
    &["skip"],
    &["picture"],
    &["paper"],
    &["place"],
];
/// The words that begin a change to a BOM; `at` and `to` only join what stands about them.
const CHANGES: [&str; 4] = ["quantity", "unit_cost", "replace", "remove"];

/// A word that can be said in one place: what it means there, in which language, as who reads its list knows it.
type Said<'a> = (String, &'a str, String);

/// The words that mean two things, whatever flows there are: among the commands, and among the changes to a BOM.
pub fn clashes(wording: &Wording) -> Vec<Problem> {
    let commands: Vec<Said<'_>> = commands(wording);
    let changes = CHANGES.iter().flat_map(|kind| said(wording, kind, &format!("chat.change.words.{kind}")));
    let mut problems = clashing(&commands);
    problems.extend(clashing(&changes.collect::<Vec<_>>()));
    problems
}

/// The words that mean two things in these flows: commands that are also answers or flows, one name for two flows of
/// somebody's, one name for two options of a question.
pub fn clashes_with(wording: &Wording, flows: &Flows) -> Vec<Problem> {
    let mut problems = Vec::new();
    for role in Role::ALL {
        let may_use = |flow: &&Flow| flow.roles.contains(&role) || flow.by_word.contains(&role);
        let titles = flows.iter().filter(may_use).flat_map(|flow| names_of(wording, flow));
        problems.extend(clashing(&commands(wording).into_iter().chain(titles).collect::<Vec<_>>()));
    }
    for flow in flows.iter() {
        for question in &flow.questions {
            let super::field::Field::Choice { options } = &question.field else { continue };
            let of_option = |option: &String| {
                let label = super::ask::label_key(&flow.name, &question.name, option);
                let synonyms = format!("chat.{}.{}.synonyms.{option}", flow.name, question.name);
                [label, synonyms].into_iter().flat_map(|key| said(wording, option, &key)).collect::<Vec<_>>()
            };
            let answers = options.iter().flat_map(of_option);
            problems.extend(clashing(&commands(wording).into_iter().chain(answers).collect::<Vec<_>>()));
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

fn commands(wording: &Wording) -> Vec<Said<'_>> {
    let all = COMMANDS.iter().flat_map(|set| set.iter().map(move |list| (set[0], list)));
    all.flat_map(|(means, list)| said(wording, means, &format!("chat.words.{list}"))).collect()
}

fn names_of<'a>(wording: &'a Wording, flow: &Flow) -> Vec<Said<'a>> {
    let keys = [format!("chat.{}.title", flow.name), format!("chat.{}.synonyms", flow.name)];
    keys.iter().flat_map(|key| said(wording, &flow.name, key)).collect()
}

fn said<'a>(wording: &'a Wording, means: &str, key: &str) -> Vec<Said<'a>> {
    let words = wording.spoken_everywhere(key);
    words.map(|(language, word)| (means.to_owned(), word, format!("wording/{language}: {key}"))).collect()
}

/// Those of these words that mean two things.
fn clashing(words: &[Said<'_>]) -> Vec<Problem> {
    let mut meanings: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let mut problems = Vec::new();
    for (means, word, place) in words {
        let (known, other) = *meanings.entry(word).or_insert((means, place));
        if known != means {
            let (file, key) = place.split_once(": ").unwrap_or(("wording", place));
            problems.push(Problem {
                file: format!("{file}/chat.toml"),
                line: None,
                what: format!("{key} has \"{word}\", which means something else in {other}"),
                instead: "Whatever language people are answered in, all words are understood: choose another."
                    .to_owned(),
            });
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_means_two_things() {
        let wording = Wording::load(None).expect("the built-in texts are right");
        let flows = Flows::load(None, &wording).expect("the built-in flows are right");
        let told: Vec<String> =
            clashes(&wording).iter().chain(&clashes_with(&wording, &flows)).map(ToString::to_string).collect();
        assert!(told.is_empty(), "{told:#?}");
    }

    #[test]
    fn the_posters_for_the_wall_say_what_is_understood() {
        let wording = Wording::load(None).expect("the built-in texts are right");
        for (file, language) in [("", "en"), (".es", "es"), (".fr", "fr"), (".pt", "pt"), (".ar", "ar")] {
            let path = format!("{}/docs/roles/operator{file}.md", env!("CARGO_MANIFEST_DIR"));
            let poster = std::fs::read_to_string(&path).expect("there is a poster for each language");
            let lists = COMMANDS.iter().copied().flatten().map(|key| format!("chat.words.{key}"));
            let known: Vec<String> = lists.flat_map(|key| wording.list(language, &key)).collect();
            for said in poster.split('`').skip(1).step_by(2).filter(|said| !said.contains('-')) {
                assert!(known.iter().any(|word| word == said), "{path}: nobody understands {said:?}");
            }
            for flow in [
                "create_defect",
                "order_status",
                "report_maintenance",
                "view_sop_failure",
                "sla_status",
                "submit_bom_update",
            ] {
                let title = wording.render(language, &format!("chat.{flow}.title"), &serde_json::json!({}));
                assert!(poster.contains(&format!("**{title}**")), "{path} lacks {title:?}");
            }
        }
    }

    #[test]
    fn a_clash_between_two_languages_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |language: &str, text: &str| {
            std::fs::create_dir_all(folder.path().join(language)).expect("a folder");
            std::fs::write(folder.path().join(language).join("chat.toml"), text).expect("a file");
        };
        // Both are tempting: a Spanish text message opts out with it, a French chat goes back with it.
        write("es", "[words]\nstop = [\"baja\"]");
        write("fr", "[words]\nback = [\"retour client\"]\n[change.words]\nremove = [\"prix\", \"effacer\", \"custo\"]");
        let wording = Wording::load(Some(folder.path())).expect("they can be read");
        let flows = Flows::load(None, &wording).expect("the flows are right");
        let of_flows: Vec<String> = clashes_with(&wording, &flows).iter().map(ToString::to_string).collect();
        let alone: Vec<String> = clashes(&wording).iter().map(ToString::to_string).collect();
        let says = |told: &[String], what: &str| told.iter().any(|line| line.contains(what));
        assert!(
            says(&of_flows, "chat.create_defect.severity.options.LOW has \"baja\", which means something else"),
            "{of_flows:#?}"
        );
        assert!(
            says(&of_flows, "chat.create_defect.defect_type.options.RETURN has \"retour client\""),
            "{of_flows:#?}"
        );
        assert!(says(&alone, "\"custo\", which means something else in"), "{alone:#?}");
    }
}
