//! Tests of flow files: the built-in ones, an operator's, and every mistake with its place.

use super::*;
use crate::chat::RecordKind;
use crate::chat::flow_check::RESERVED;
use std::fs;

const NEAR_MISS: &str = r#"name = "near_miss"
menu = 7
roles = ["OPERATOR"]
action = "report_defect"

[[question]]
name = "order"
field = "order"

[[question]]
name = "defect_type"
field = "choice"
options = ["SLIP", "OTHER"]

[[question]]
name = "severity"
field = "choice"
options = ["LOW", "HIGH"]

[[question]]
name = "description"
field = "text"
"#;

const NEAR_MISS_WORDS: &str = r#"
[near_miss]
title = "Report Near Miss"
done = "Thank you: {{ reference }}"
order.ask = "Order: ?"
defect_type.ask = "What: ?"
defect_type.options = { SLIP = "Slip", OTHER = "Other" }
severity.ask = "How bad: ?"
severity.options = { LOW = "Low", HIGH = "High" }
description.ask = "Tell me: ?"
"#;

fn load(files: &[(&str, &str)], words: &str) -> Result<Flows, Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("wording/en")).expect("a folder");
    fs::create_dir_all(folder.path().join("flows")).expect("a folder");
    fs::write(folder.path().join("wording/en/chat.toml"), words).expect("written");
    for (name, text) in files {
        fs::write(folder.path().join("flows").join(name), text).expect("written");
    }
    let wording = Wording::load(Some(&folder.path().join("wording"))).expect("right words");
    Flows::load(Some(&folder.path().join("flows")), &wording).map_err(|problems| {
        let shown = format!("{}/", folder.path().display());
        problems.iter().map(|problem| problem.to_string().replace(&shown, "")).collect()
    })
}

#[test]
fn the_built_in_flows_are_right_and_in_the_order_of_the_menu() {
    let wording = Wording::load(None).expect("right");
    let flows = Flows::load(None, &wording).expect("right");
    let names: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).collect();
    let floor =
        ["create_defect", "order_status", "report_maintenance", "view_sop_failure", "sla_status", "submit_bom_update"];
    let clients = ["raise_incident", "my_tickets", "approve_ticket", "reject_ticket"];
    let support = ["start_work", "hold_ticket", "resume_ticket", "finish_work"];
    assert_eq!(names, [&floor[..], &clients[..], &support[..], &["comment_ticket", "open_ticket"]].concat());
    assert_eq!(flows.get("order_status").and_then(|flow| flow.questions[0].field.record()), Some(RecordKind::Order));
}

#[test]
fn an_operators_flow_takes_the_next_place() {
    let flows = load(&[("near_miss.toml", NEAR_MISS)], NEAR_MISS_WORDS).expect("right");
    assert_eq!(flows.iter().nth(6).map(|flow| flow.name.as_str()), Some("near_miss"));
}

#[test]
fn an_operators_file_replaces_the_built_in_one_of_its_name() {
    let own = "name = \"order_status\"\nmenu = 2\nroles = [\"ADMIN\"]\naction = \"show\"\n[[question]]\nname = \"order\"\nfield = \"order\"\n";
    let flows = load(&[("order_status.toml", own)], "").expect("right");
    assert_eq!(flows.get("order_status").map(|flow| flow.roles.clone()), Some(vec![Role::Admin]));
    assert_eq!(flows.iter().count(), 16);
}

#[test]
fn the_words_of_every_mistake_name_the_place_and_the_mend() {
    for (change, told) in [
        (
            ("field = \"order\"", "field = \"ordr\""),
            "flows/near_miss.toml:8: unknown field \"ordr\". Write one of: order, machine, ticket, sop_failure, bom, bom_component, bom_change, choice, number, text, photo (did you mean \"order\"?)",
        ),
        (
            ("menu = 7", "menu = 2"),
            "flows/order_status.toml:3: place 2 in the menu is that of flows/near_miss.toml too. Write menu = 7, which is free.",
        ),
        (
            ("menu = 7", "menu = 200"),
            "flows/near_miss.toml:2: menu is no place. Write a whole number from 1 to 99, or leave it out.",
        ),
        (
            ("menu = 7", "menue = 7"),
            "flows/near_miss.toml:2: unknown key \"menue\". Write one of: name, menu, roles, by_word, prefixes, action, question (did you mean \"menu\"?)",
        ),
        (
            ("menu = 7", ""),
            "flows/near_miss.toml:1: nobody can reach the flow. Add menu = a place in the menu, or prefixes, or by_word.",
        ),
        (
            ("menu = 7", "prefixes = [\"MACH-\"]"),
            "flows/report_maintenance.toml:5: the prefix MACH- is that of flows/near_miss.toml too. Leave it out of one of them.",
        ),
        (
            ("menu = 7", "prefixes = [\"near\"]"),
            "flows/near_miss.toml:2: \"near\" is no prefix. Write capitals and a dash, such as MACH-.",
        ),
        (
            ("[\"OPERATOR\"]", "[\"OPERATR\"]"),
            "flows/near_miss.toml:3: unknown role \"OPERATR\". Write one of: ADMIN, SUPPORT, CLIENT, OPERATOR, SUPERVISOR (did you mean \"OPERATOR\"?)",
        ),
        (
            ("roles = [\"OPERATOR\"]", ""),
            "flows/near_miss.toml:1: nobody may use the flow. Add roles = [\"OPERATOR\"]; there are ADMIN, SUPPORT, CLIENT, OPERATOR, SUPERVISOR.",
        ),
        (
            ("report_defect", "report_defekt"),
            "flows/near_miss.toml:4: unknown action \"report_defekt\". Write one of: show, report_defect, report_maintenance, submit_bom_update, raise_incident, open_ticket, start_work, hold_ticket, resume_ticket, finish_work, approve_ticket, reject_ticket, comment_ticket (did you mean \"report_defect\"?)",
        ),
        (
            ("report_defect", "show"),
            "flows/near_miss.toml:4: action show takes exactly one record. Ask one question with field order, machine, ticket, sop_failure or bom.",
        ),
        (
            ("\"LOW\", \"HIGH\"", "\"LOW\", \"HIGHT\""),
            "flows/near_miss.toml:16: action report_defect does not know severity \"HIGHT\". Write some of: LOW, MEDIUM, HIGH (did you mean \"HIGH\"?)",
        ),
        (("\"SLIP\"", "\"OTHER\""), "flows/near_miss.toml:13: option \"OTHER\" is there twice. Leave one of them out."),
        (
            ("\"SLIP\"", "\"slip up\""),
            "flows/near_miss.toml:13: option \"slip up\" is no name. Write capitals, digits and _, such as HIGH; its label stands in the wording.",
        ),
        (
            ("\"SLIP\"", "\"SLIPP\""),
            "flows/near_miss.toml:11: there are no words chat.near_miss.defect_type.options.SLIPP. Write SLIPP = \"…\" below [near_miss.defect_type.options] in en/chat.toml of your wording folder.",
        ),
        (
            ("name = \"severity\"", "name = \"weight\""),
            "flows/near_miss.toml:4: action report_defect needs a question \"severity\". Add one with field = \"choice\".",
        ),
        (
            ("name = \"severity\"", "name = \"order\""),
            "flows/near_miss.toml:16: question \"order\" is there twice. Give each question a name of its own.",
        ),
        (
            ("field = \"text\"", "field = \"photo\""),
            "flows/near_miss.toml:21: action report_defect needs text in question \"description\". Write field = \"text\".",
        ),
        (
            ("field = \"text\"", "field = \"text\"\noptional = true"),
            "flows/near_miss.toml:21: action report_defect cannot do without \"description\". Leave optional out.",
        ),
        (
            ("field = \"text\"", "field = \"text\"\noptional = 1"),
            "flows/near_miss.toml:23: optional is neither true nor false. Write optional = true.",
        ),
        (
            ("field = \"text\"", "field = \"text\"\nmax_chars = 0"),
            "flows/near_miss.toml:23: max_chars is out of range. Write a whole number from 1 to 4096.",
        ),
        (
            ("field = \"text\"", "field = \"text\"\nmin = 1"),
            "flows/near_miss.toml:23: a field of sort text has no min. Leave min out.",
        ),
        (
            ("field = \"text\"", "field = \"bom_change\""),
            "flows/near_miss.toml:22: bom_change does not say of which BOM. Add of = \"bom\", the earlier question that asks for it.",
        ),
        (
            ("field = \"text\"", "field = \"bom_change\"\nof = \"order\""),
            "flows/near_miss.toml:21: of = \"order\" is no earlier question for a BOM. Name an earlier question whose field is bom.",
        ),
        (
            ("name = \"near_miss\"", "name = \"menu\""),
            "flows/near_miss.toml:1: the name \"menu\" is taken by the chat's own words. Choose another name.",
        ),
        (
            ("name = \"near_miss\"", "name = \"Near Miss\""),
            "flows/near_miss.toml:1: \"Near Miss\" is no name. Write small letters, digits and _, such as near_miss.",
        ),
        (
            ("name = \"near_miss\"", "name = \"order_status\""),
            "flows/order_status.toml:2: the name \"order_status\" is that of flows/near_miss.toml too. Choose another, or give the file the same name to replace it.",
        ),
        (("name = \"near_miss\"", "name = near_miss"), "flows/near_miss.toml:1: not TOML: "),
    ] {
        let text = NEAR_MISS.replacen(change.0, change.1, 1);
        assert_ne!(text, NEAR_MISS, "{told}");
        let problems = load(&[("near_miss.toml", &text)], NEAR_MISS_WORDS).expect_err(told);
        let is_told = problems.iter().any(|problem| problem.starts_with(told) || same_but_for_file(problem, told));
        assert!(is_told, "wanted {told}\nfound {problems:#?}");
    }
}

/// The files of a folder come in no order that a test should hold; the two sides of a clash may change places.
fn same_but_for_file(problem: &str, told: &str) -> bool {
    let parts = |text: &str| {
        let mut words: Vec<String> = text.split([' ', ':']).map(str::to_owned).collect();
        words.retain(|word| word.parse::<usize>().is_err());
        words.sort();
        words
    };
    told.contains(" is that of ") && parts(problem) == parts(told)
}

#[test]
fn words_that_name_a_value_which_will_not_be_there_are_told() {
    let words = NEAR_MISS_WORDS.replace("{{ reference }}", "{{ refrence }}");
    let problems = load(&[("near_miss.toml", NEAR_MISS)], &words).expect_err("a value that is not there");
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].contains("the words chat.near_miss.done cannot be filled in"), "{}", problems[0]);
    assert!(
        problems[0].ends_with("Use only values that are there: defect_type, description, order, reference, severity."),
        "{}",
        problems[0]
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = NEAR_MISS.replace("menu = 7", "menu = 0\ncolour = 1").replace("\"order\"\n\n", "\"ordr\"\n\n");
    let problems = load(&[("near_miss.toml", &text), ("other.toml", "name = 7")], "").expect_err("many mistakes");
    for part in [
        "menu is no place",
        "unknown key \"colour\"",
        "unknown field \"ordr\"",
        "no words chat.near_miss.title",
        "other.toml:1: name is no text",
        "other.toml:1: the flow asks nothing",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:#?}");
    }
}

#[test]
fn a_flow_that_asks_without_end_is_told_so_and_read_no_further() {
    let text = format!("{NEAR_MISS}{}", "[[question]]\n".repeat(5_000));
    let problems = load(&[("near_miss.toml", &text)], NEAR_MISS_WORDS).expect_err("too many questions");
    assert!(
        problems.iter().any(|problem| problem.ends_with("the flow asks too much. Ask 50 questions at most.")),
        "{}",
        problems[0]
    );
    assert!(problems.len() < 200, "{} problems", problems.len());
}

#[test]
fn a_list_without_end_is_told_once() {
    let options = format!("options = [{}]", "\"LOW\",".repeat(30_000));
    let text = NEAR_MISS.replace("options = [\"LOW\", \"HIGH\"]", &options);
    let problems = load(&[("near_miss.toml", &text)], NEAR_MISS_WORDS).expect_err("too many options");
    assert!(problems.iter().any(|problem| problem.ends_with("options is too long. Write 100 of them at most.")));
    assert!(problems.len() < 200, "{} problems", problems.len());
}

#[test]
fn a_folder_that_is_not_there_is_a_problem() {
    let wording = Wording::load(None).expect("right");
    let problems = Flows::load(Some(Path::new("no/such/folder")), &wording).expect_err("not there");
    assert!(problems[0].to_string().starts_with("no/such/folder: cannot be read"), "{}", problems[0]);
}

#[test]
fn the_chats_own_words_are_reserved_names() {
    let wording = Wording::load(None).expect("right");
    let flows = Flows::load(None, &wording).expect("right");
    for part in wording.parts_below("en", "chat.") {
        assert!(RESERVED.contains(&part) || flows.get(part).is_some(), "chat.{part} is neither a flow nor reserved");
    }
}
