//! Tests of the wording: overrides, mistakes, and what a person's text may not do.

use super::*;
use serde_json::json;
use std::fs;

fn with(files: &[(&str, &str)]) -> Result<Arc<Wording>, Vec<Problem>> {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, text).expect("written");
    }
    Wording::load(Some(folder.path()))
}

#[test]
fn an_operators_file_overrides_key_by_key() {
    let built_in = Wording::load(None).expect("right");
    let changed =
        with(&[("en/chat.toml", "[menu]\nnone = \"Nothing for {{ company }}\"\n[mine]\nown = [\"a\", \"b\"]")])
            .expect("right");
    let vars = json!({"company": "Plant 7"});
    assert_eq!(changed.render("en", "chat.menu.none", &vars), "Nothing for Plant 7");
    assert_eq!(changed.list("en", "chat.mine.own"), ["a", "b"]);
    assert!(changed.knows("chat.mine.own", "b") && !built_in.knows("chat.mine.own", "b"));
    assert_eq!(changed.list("en", "chat.words.cancel"), built_in.list("en", "chat.words.cancel"));
}

#[test]
fn a_language_that_is_not_there_falls_back_to_english() {
    let wording = with(&[("de/chat.toml", "[menu]\nnone = \"Nichts\"")]).expect("right");
    assert_eq!(wording.render("de", "chat.menu.none", &Value::Null), "Nichts");
    assert_eq!(wording.render("de-AT", "chat.menu.none", &Value::Null), "Nichts");
    assert_eq!(wording.render("de", "chat.language.name", &Value::Null), "English");
    assert_eq!(wording.render("xx", "chat.language.name", &Value::Null), "English");
    assert_eq!(wording.languages(), ["ar", "de", "en", "es", "fr", "pt"]);
}

#[test]
fn a_key_that_is_not_there_gives_the_key() {
    let wording = Wording::load(None).expect("right");
    assert_eq!(wording.render("en", "chat.no.such.text", &Value::Null), "chat.no.such.text");
    assert!(!wording.has("en", "chat.no.such.text"));
}

#[test]
fn a_text_looks_up_another_of_its_own_language() {
    let wording = with(&[
        ("en/x.toml", "status = \"{{ t('x.word.' ~ code) }}\"\n[word]\nGO = \"Go\""),
        ("de/x.toml", "status = \"{{ t('x.word.' ~ code) }}\"\n[word]\nGO = \"Los\""),
    ])
    .expect("right");
    assert_eq!(wording.render("de", "x.status", &json!({"code": "GO"})), "Los");
    assert_eq!(wording.render("en", "x.status", &json!({"code": "GO"})), "Go");
    assert_eq!(wording.render("en", "x.status", &json!({"code": "WAIT"})), "WAIT");
}

#[test]
fn a_missing_value_is_nothing_at_run_time_and_a_mistake_in_a_check() {
    let wording = with(&[("en/x.toml", "a = \"[{{ order.number }}]\"\nb = \"[{{ typo|line }}]\"")]).expect("right");
    assert_eq!(wording.render("en", "x.a", &json!({})), "[]");
    assert_eq!(wording.render("en", "x.a", &json!({"order": {"number": null}})), "[]");
    for key in ["x.a", "x.b"] {
        assert!(wording.check("en", key, &json!({})).is_err(), "{key}");
    }
    assert_eq!(wording.check("en", "x.a", &json!({"order": {"number": 7}})), Ok("[7]".to_owned()));
}

#[test]
fn mistakes_are_told_all_at_once_with_their_place() {
    let problems = with(&[
        ("en/a.toml", "ok = \"fine\"\nbad = \"{{ open\""),
        ("en/b.toml", "fine = \"x\"\nnumber = 7"),
        ("en/c.toml", "x = \n"),
    ])
    .expect_err("three mistakes");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 3, "{told:#?}");
    assert!(
        told.iter()
            .any(|text| text.contains("b.toml:2: b.number is neither a text nor a list of texts. Write number =")),
        "{told:#?}"
    );
    assert!(told.iter().any(|text| text.contains("c.toml:1: not TOML")), "{told:#?}");
    assert!(told.iter().any(|text| text.contains("a.toml: the text a.bad cannot be read")), "{told:#?}");
}

#[test]
fn a_text_that_would_end_the_program_is_a_mistake() {
    let endless = format!("ok = \"fine\"\na = \"{{{{ {}1 }}}}\"", "-".repeat(50_000));
    let problems = with(&[("en/x.toml", &endless)]).expect_err("one mistake");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].ends_with("x.toml:2: the text x.a has 50007 characters. Shorten it to 2000."), "{}", told[0]);
}

#[test]
fn wording_that_nobody_would_read_is_told_with_where_it_belongs() {
    for (path, told) in [
        ("chat.toml", "chat.toml: is in no language's folder. Move it to en/chat.toml."),
        ("en.toml", "en.toml: is in no language's folder. Move it to en/chat.toml."),
        ("texts/chat.toml", "texts: holds wording and is named by no language. Name the folder by a language's code"),
        ("EN/chat.toml", "EN: holds wording and is named by no language."),
        ("wo/en.toml", "wo/en.toml: is named by a language. Name it by what it is about"),
        ("de/de.toml", "de/de.toml: is named by a language."),
        ("en/chat/menu.toml", "en/chat: is one folder too deep to be read. Move its files one folder up."),
        ("en/chat.txt", "en/chat.txt: is no TOML file, so it would not be read. Name it chat.toml"),
        ("en/chat.TOML", "en/chat.TOML: is no TOML file"),
        ("en/chat", "en/chat: is no TOML file"),
    ] {
        let problems = with(&[(path, "x = \"y\"")]).expect_err(path);
        let [problem] = problems.as_slice() else { panic!("{path}: one mistake, not {problems:#?}") };
        let (file, path) = (problem.to_string().replace('\\', "/"), told.split(':').next().expect("a path"));
        let shown = &file[file.find(&format!("/{path}:")).expect(path) + 1..];
        assert!(shown.starts_with(told), "{shown}");
    }
}

#[test]
fn a_key_that_is_nearly_a_built_in_one_is_a_slip_unless_a_flow_of_ones_own_has_it() {
    let words = "[menu]\ntxet = \"x\"\n[helpful]\nmine = \"x\"\n[create_defects]\ntitle = \"x\"";
    let wording = with(&[("de/chat.toml", words)]).expect("right");
    let told = |own: &[&str]| -> Vec<String> {
        let slips = wording.slips(own);
        slips.iter().map(|slip| slip.to_string().rsplit_once("chat.toml: ").expect("a file").1.to_owned()).collect()
    };
    let menu = "there is no text chat.menu.txet. Did you mean chat.menu.text?";
    let flow = "there is no text chat.create_defects.title. Did you mean chat.create_defect.title?";
    assert_eq!(told(&["create_defects"]), [menu]);
    assert_eq!(told(&["create"]), [flow, menu]);
    assert!(Wording::load(None).expect("right").slips(&[]).is_empty());
}

#[test]
fn what_is_no_wording_may_lie_beside_it() {
    let files = [
        "README.md",
        ".git/config.toml",
        "notes/read.txt",
        "en/.#chat.toml",
        "en/chat.toml~",
        "en/chat.toml.bak",
        "en/notices/opened.txt",
        "de-AT/chat.toml",
        "zh_Hant/plant.toml",
    ];
    let wording = with(&files.map(|path| (path, "x = \"y\""))).expect("right");
    assert_eq!(wording.languages(), ["ar", "de-AT", "en", "es", "fr", "pt", "zh_Hant"]);
}

#[test]
fn a_folder_that_is_not_there_is_a_problem() {
    let problems = Wording::load(Some(Path::new("no/such/folder"))).expect_err("not there");
    assert!(problems[0].to_string().starts_with("no/such/folder: cannot be read"), "{}", problems[0]);
}

#[test]
fn a_value_cannot_forge_a_line_or_formatting() {
    let wording = with(&[("en/x.toml", "a = \"Title: {{ title|short(20)|line }}\"")]).expect("right");
    let text =
        wording.render("en", "x.a", &json!({"title": "*Bold*\n\nStatus: _done_\u{202E} {{ company }} and more"}));
    assert_eq!(text, "Title: *\u{200C}Bold*\u{200C} Status: _\u{200C}...");
    assert_eq!(harmless_line("_a\u{202E}_ `b`"), "_\u{200C}a_\u{200C} `\u{200C}b`\u{200C}");
    assert_eq!(shortened("1234567890", 10), "1234567890");
    assert_eq!(shortened("12345678901", 10), "1234567...");
    assert_eq!(harmless_line("  a \u{2028}\t b\u{0} "), "a b");
}
