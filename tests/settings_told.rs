//! Settings as they are told: the README's table, the example file, `--help`, and which source wins.

use andon::config::{self, Settings};
use clap::{Args as _, Command, FromArgMatches as _};
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
    let output =
        child("prints_help", &[("DATABASE_URL", "postgres://u:visible@h/andon"), ("ANDON_COMPANY", "visible")], None);
    for heading in ["Server", "Company", "Database", "WhatsApp", "Twilio", "Chat", "Simulator", "Logging"] {
        assert!(output.contains(&format!("\n{heading}:\n")), "{heading}: {output}");
    }
    assert!(output.contains("[env: DATABASE_URL]") && !output.contains("visible"), "{output}");
}

#[test]
fn the_environment_wins_over_the_file_and_a_flag_over_both() {
    let file = "ANDON_COMPANY='From the file'\nANDON_DRAFT_DAYS=3\nANDON_TIMEZONE=Asia/Tokyo\n";
    let output =
        child("prints_settings", &[("ANDON_COMPANY", "From outside"), ("ANDON_TIMEZONE", "Europe/Paris")], Some(file));
    assert!(output.contains("company=From outside days=3 zone=Africa/Cairo unknown=1"), "{output}");
}

#[test]
#[ignore = "runs as a child of help_groups_the_settings_and_shows_no_values"]
fn prints_help() {
    println!("{}", Settings::augment_args(Command::new("andon")).render_long_help());
}

#[test]
#[ignore = "runs as a child of the_environment_wins_over_the_file_and_a_flag_over_both"]
fn prints_settings() {
    let _ = config::load_env_file().expect("a readable file");
    let command = Settings::augment_args(Command::new("andon"));
    let matches = command.try_get_matches_from(["andon", "--timezone", "Africa/Cairo"]).expect("good flags");
    let settings = Settings::from_arg_matches(&matches).expect("good settings");
    let unknown = config::unknown_variables(config::variable_names()).len();
    println!(
        "company={} days={} zone={} unknown={unknown}",
        settings.company,
        settings.draft_life.num_days(),
        settings.timezone
    );
}

/// Runs one ignored test of this program in a clean environment and an empty folder, perhaps with a `.env`; what
/// it printed.
fn child(test: &str, environment: &[(&str, &str)], env_file: Option<&str>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    if let Some(text) = env_file {
        std::fs::write(folder.path().join(".env"), text).expect("written");
    }
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env_clear()
        .envs(environment.iter().copied())
        .env("ANDON_COLOUR", "an unknown one")
        .current_dir(folder.path())
        .output()
        .expect("the child runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}
