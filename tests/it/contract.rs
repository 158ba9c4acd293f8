//! The contract, `/api/openapi.json`: what it is stands in `docs/openapi.json`, so that a review sees what changes; what
//! it says of each operation is enough to write to it. That the program keeps to it, `just contract` finds out.

use crate::block_on;
use crate::support::app::TestApp;
use crate::support::databases::{Backend, environment};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;

/// Where the contract is kept.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// What is to be so of the contract.
type Claim = fn(&Value);

/// On SQLite only: it is the same everywhere.
pub(crate) fn trials() -> Vec<Trial> {
    let facts: [(&str, Claim); 4] = [
        ("the_contract_is_the_one_that_is_kept", the_contract_is_the_one_that_is_kept),
        ("every_operation_has_a_name_of_its_own_and_words", every_operation_has_a_name_of_its_own_and_words),
        ("every_refusal_is_a_problem", every_refusal_is_a_problem),
        ("every_example_fits_and_says_something", every_example_fits_and_says_something),
    ];
    let trial = |(name, fact): (&str, Claim)| {
        Trial::test(format!("contract::{name}::sqlite"), move || {
            block_on(async {
                let app = TestApp::start(Backend::Sqlite).await;
                fact(&app.get("/api/openapi.json").await.1);
                app.end().await;
            });
            Ok(())
        })
    };
    facts.into_iter().map(trial).collect()
}

fn the_contract_is_the_one_that_is_kept(contract: &Value) {
    let served = serde_json::to_string_pretty(contract).expect("it is JSON") + "\n";
    if environment("ANDON_UPDATE_CONTRACT").is_some() {
        std::fs::write(KEPT, &served).expect("docs/openapi.json can be written");
    }
    let kept = std::fs::read_to_string(Path::new(KEPT)).unwrap_or_default();
    let other = kept.lines().zip(served.lines()).position(|(kept, served)| kept != served);
    let says = "the contract differs from docs/openapi.json: read what `ANDON_UPDATE_CONTRACT=1 cargo test --test it -- \
                contract` changes there, and commit it";
    assert!(kept == served, "{says} (first at line {})", other.map_or(0, |line| line + 1));
}

fn every_operation_has_a_name_of_its_own_and_words(contract: &Value) {
    let tags = contract["tags"].as_array().expect("tags");
    let tags: HashSet<&str> = tags.iter().filter_map(|tag| tag["name"].as_str()).collect();
    let mut names = HashSet::new();
    for (called, operation) in operations(contract) {
        let name = operation["operationId"].as_str().unwrap_or_default();
        assert!(!name.is_empty() && names.insert(name), "{called}: another operation is called {name:?} too");
        assert!(
            operation["summary"].as_str().is_some_and(|summary| summary.ends_with('.')),
            "{called} says what it does"
        );
        let its_tags = operation["tags"].as_array().expect("tags");
        assert!(
            its_tags.len() == 1 && its_tags[0].as_str().is_some_and(|tag| tags.contains(tag)),
            "{called}: {its_tags:?}"
        );
    }
}

fn every_refusal_is_a_problem(contract: &Value) {
    for (called, operation) in operations(contract) {
        let answers = operation["responses"].as_object().expect("answers");
        assert!(answers.keys().any(|status| status.starts_with('2') || status == "101"), "{called} succeeds at times");
        assert!(answers.keys().any(|status| status.starts_with('4')), "{called} is refused at times");
        for (status, answer) in answers {
            let answer = resolved(contract, answer);
            assert!(answer["description"].is_string(), "{called} {status}");
            // What it says of itself while it is down.
            let is_health = operation["operationId"] == "get_health" && status == "503";
            if status.starts_with(['4', '5']) && !is_health {
                let types: Vec<&String> = answer["content"].as_object().expect("a body").keys().collect();
                assert_eq!(types, [PROBLEM], "{called} {status}");
                assert_eq!(answer["content"][PROBLEM]["example"]["status"].to_string(), *status, "{called}");
            }
        }
        let has = |status: &str| answers.contains_key(status);
        if operation["requestBody"]["content"][JSON].is_object() {
            assert!(has("400") && has("413") && has("415"), "{called} reads a body");
        }
        if operation["security"] == json!([{"bearer": []}]) {
            assert!(has("401"), "{called} is for those who are signed in");
        }
    }
}

fn every_example_fits_and_says_something(contract: &Value) {
    let mut wrong = Vec::new();
    for (called, operation) in operations(contract) {
        let answers = operation["responses"].as_object().expect("answers");
        let bodies = std::iter::once(("what is sent", &operation["requestBody"]));
        for (side, body) in bodies.chain(answers.iter().map(|(status, answer)| (status.as_str(), answer))) {
            let body = resolved(contract, body);
            for kind in [JSON, PROBLEM] {
                let content = &body["content"][kind];
                if content.is_null() {
                    continue;
                }
                let example = &content["example"];
                if example.is_null() {
                    wrong.push(format!("{called}, {side}: there is no example"));
                }
                let mut schema = content["schema"].clone();
                schema["components"] = contract["components"].clone();
                let validator = jsonschema::draft202012::new(&schema).expect("a schema");
                wrong.extend(
                    validator.iter_errors(example).map(|error| format!("{called}, {side}: {error}: {example}")),
                );
                if holds_an_empty_text(example) {
                    wrong.push(format!("{called}, {side}: a text says nothing: {example}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn holds_an_empty_text(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.iter().any(holds_an_empty_text),
        Value::Object(fields) => fields.values().any(holds_an_empty_text),
        _ => false,
    }
}

/// What stands there, or where it refers to.
fn resolved<'a>(contract: &'a Value, answer: &'a Value) -> &'a Value {
    let elsewhere = answer["$ref"].as_str().and_then(|reference| contract.pointer(reference.trim_start_matches('#')));
    elsewhere.unwrap_or(answer)
}

fn operations(contract: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = contract["paths"].as_object().expect("paths");
    paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        methods.iter().map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}
