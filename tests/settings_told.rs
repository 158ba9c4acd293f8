//! Settings as they are told: the README's table, the example file, `--help`, and which source wins.

use andon::config::{self, Settings};
use clap::{Args as _, Command};
use std::path::Path;

#[test]
fn every_secret_names_its_file_variable_in_the_table() {
    let table = config::settings_table();
    for file in config::known_names().iter().filter(|name| name.ends_with("_FILE")) {
        assert!(table.contains(&format!("Secret, or {file}")), "{file}");
    }
}

#[test]
fn the_readme_holds_the_table_of_settings() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let (_, rest) = readme.split_once("<!-- settings:begin -->").expect("the marker that begins the table");
    let (held, _) = rest.split_once("<!-- settings:end -->").expect("the marker that ends the table");
    assert_eq!(
        held.trim(),
        config::settings_table().trim(),
        "README.md is out of date: put the output of `andon settings --markdown` between its markers"
    );
}

#[test]
fn the_example_file_names_every_setting_with_its_default() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".env.example")).expect("the file");
    let is_setting = |line: &&str| line.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase) && line.contains('=');
    let settings: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix('#').map(|_| line)).filter(is_setting).collect();
    let uncommented = settings.iter().map(|line| &line[1..]).collect::<Vec<_>>().join("\n");
    let pairs: Vec<(String, String)> =
        dotenvy::from_read_iter(uncommented.as_bytes()).collect::<Result<_, _>>().expect("a readable file");
    for name in config::known_names() {
        assert!(text.contains(&name), "{name} is missing");
    }
    let command = Settings::augment_args(Command::new("andon"));
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let name = arg.get_env().expect("every setting has a variable").to_str().expect("plain letters");
        let (_, value) = pairs.iter().find(|(held, _)| held == name).unwrap_or_else(|| panic!("{name} has no line"));
        if let Some(default) = arg.get_default_values().first() {
            assert_eq!(value.as_str(), default, "{name}");
        }
    }
    Settings::from_variables(pairs).expect("with every line switched on the file is still good");
}

#[test]
fn help_groups_the_settings_and_shows_no_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let environment = [("DATABASE_URL", "postgres://u:visible@h/andon"), ("ANDON_COMPANY", "visible")];
    let output = andon(folder.path(), &["serve", "--help"], &environment);
    for heading in
        ["Server", "Company", "Database", "WhatsApp", "Twilio", "E-mail", "Chat", "Simulator", "Logging", "Watching"]
    {
        assert!(output.contains(&format!("\n{heading}:\n")), "{heading}: {output}");
    }
    assert!(output.contains("[env: DATABASE_URL]") && !output.contains("visible"), "{output}");
}

#[test]
fn the_environment_wins_over_the_file_and_a_flag_over_both() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(".env"), "ANDON_DATA_DIR=from-the-file\n").expect("written");
    let made = || {
        let is_made = |name: &&str| folder.path().join(name).join("andon.db").exists();
        ["from-the-file", "from-outside", "from-a-flag"].into_iter().filter(is_made).collect::<Vec<_>>()
    };
    let outside = [("ANDON_DATA_DIR", "from-outside")];
    andon(folder.path(), &["migrate", "--data-dir", "from-a-flag"], &outside);
    assert_eq!(made(), ["from-a-flag"]);
    andon(folder.path(), &["migrate"], &outside);
    assert_eq!(made(), ["from-outside", "from-a-flag"]);
    andon(folder.path(), &["migrate"], &[]);
    assert_eq!(made(), ["from-the-file", "from-outside", "from-a-flag"]);
}

/// Runs the built program in a clean environment; what it printed.
fn andon(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_andon"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(folder)
        .output()
        .expect("the program runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}
