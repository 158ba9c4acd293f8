//! The command line as an operator uses it: the built program, its exit codes and its words.

#[path = "cli/backups.rs"]
mod backups;
#[path = "cli/records.rs"]
mod records;
#[path = "cli/users.rs"]
mod users;

use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn andon(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_andon"))
        .args(arguments)
        .env_clear()
        .env("ANDON_LOG", "warn")
        .current_dir(folder)
        .output()
        .expect("the program runs")
}

/// Exit code, standard output, standard error.
fn told(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = andon(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("it ended by itself"), text(&output.stdout), text(&output.stderr))
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_number_is_registered_once_and_listed() {
    let folder = folder();
    let (code, out, err) =
        told(folder.path(), &["person", "add", "+12025550123", "--role", "operator", "--name", "Line 3"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("+12025550123 is registered: Line 3, OPERATOR"), "{out}");
    let (code, _, err) = told(folder.path(), &["person", "add", "+12025550123", "--role", "ADMIN"]);
    assert_eq!(code, 2);
    assert!(err.contains("registered already: Line 3, OPERATOR"), "{err}");
    assert!(err.contains("andon person set +12025550123 --role ADMIN"), "{err}");
    let (_, out, _) = told(folder.path(), &["person", "list"]);
    assert!(out.contains("+12025550123") && out.contains("Line 3"), "{out}");
}

#[test]
fn somebody_registered_is_changed_by_what_is_named_only() {
    let folder = folder();
    told(folder.path(), &["person", "add", "+12025550123", "--role", "CLIENT", "--name", "Line 3"]);
    for (arguments, now) in [
        (&["--role", "operator"][..], "Line 3, OPERATOR"),
        (&["--name", " Line 4 ", "--department", "Assembly"], "Line 4, OPERATOR, Assembly"),
        (&["--role", "ADMIN"], "Line 4, ADMIN, Assembly"),
        (&["--department", ""], "Line 4, ADMIN"),
    ] {
        let (code, out, err) = told(folder.path(), &[&["person", "set", "+12025550123"], arguments].concat());
        assert_eq!((code, out.trim()), (0, format!("+12025550123 is now: {now}.").as_str()), "{err}");
    }
    let (_, out, _) = told(folder.path(), &["person", "list"]);
    assert!(out.contains("ADMIN") && out.contains("Line 4"), "{out}");
}

#[test]
fn what_person_set_cannot_do_is_told_and_ends_with_code_2() {
    let folder = folder();
    told(folder.path(), &["person", "add", "+12025550123", "--role", "CLIENT"]);
    for (arguments, named) in [
        (&["+12025550124", "--role", "ADMIN"][..], "+12025550124 is not registered. Add somebody: andon person add"),
        (&["+12025550123"], "--department"),
        (&["+12025550123", "--name", " "], "at least one letter"),
        (&["+12025550123", "--role", "CHIEF"], "SUPERVISOR"),
    ] {
        let (code, _, err) = told(folder.path(), &[&["person", "set"], arguments].concat());
        assert!(code == 2 && err.contains(named), "{code} {err}");
    }
}

#[test]
fn a_command_does_not_talk_of_migrations_unless_asked() {
    for (log, talks) in [("info", false), ("andon=info,info", false), ("info,sea_orm_migration=info", true)] {
        let folder = folder();
        let output = Command::new(env!("CARGO_BIN_EXE_andon"))
            .args(["person", "list"])
            .env_clear()
            .env("ANDON_LOG", log)
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(told.contains("migrations"), talks, "{log}: {told}");
    }
}

#[test]
fn a_number_in_a_wrong_form_is_answered_with_the_right_one() {
    let (code, _, err) = told(folder().path(), &["person", "add", "442079460018", "--role", "OPERATOR"]);
    assert_eq!(code, 2);
    assert!(err.contains("did you mean +442079460018?"), "{err}");
}

#[test]
fn seeding_says_what_it_did_and_twice_is_no_harm() {
    let folder = folder();
    let (code, first, err) = told(folder.path(), &["seed"]);
    assert_eq!(code, 0, "{err}");
    let (code, second, _) = told(folder.path(), &["seed"]);
    assert_eq!(code, 0);
    assert!(first != second, "{first}{second}");
}

#[test]
fn the_demo_listens_on_loopback_only() {
    let (code, _, err) = told(folder().path(), &["demo", "--bind", "0.0.0.0:0"]);
    assert_eq!(code, 2);
    assert!(err.contains("this machine only"), "{err}");
}

#[test]
fn a_bad_setting_ends_with_code_2_and_the_mend() {
    let (code, _, err) = told(folder().path(), &["serve", "--timezone", "Europe/Berln"]);
    assert_eq!(code, 2);
    assert!(err.contains("Europe/Berlin"), "{err}");
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named() {
    let folder = folder();
    std::fs::write(folder.path().join("file"), "in the way").expect("written");
    let (code, _, err) = told(folder.path(), &["migrate", "--data-dir", "file/below"]);
    assert_eq!(code, 2);
    assert!(err.contains("file/below") && err.contains("ANDON_DATA_DIR"), "{err}");
}

#[test]
fn a_database_that_is_not_there_is_said_without_its_password() {
    let url = "postgres://andon:hunter2@127.0.0.1:9/andon";
    let (code, _, err) = told(folder().path(), &["migrate", "--database-url", url]);
    assert_eq!(code, 1);
    assert!(err.contains("cannot be reached") && !err.contains("hunter2"), "{err}");
}

#[test]
fn a_mistake_in_a_flow_file_is_told_with_its_line() {
    let folder = folder();
    let flows = folder.path().join("flows");
    std::fs::create_dir(&flows).expect("a folder");
    let flow = "name = \"near_miss\"\nmenu = 7\nroles = [\"OPERATOR\"]\naction = \"show\"\n\n[[question]]\nname = \"order\"\nfield = \"ordr\"\n";
    std::fs::write(flows.join("near_miss.toml"), flow).expect("written");
    let (code, _, err) = told(folder.path(), &["flows", "check", "--flows-dir", "flows"]);
    assert_eq!(code, 2);
    assert!(err.contains("near_miss.toml:8") && err.contains("did you mean \"order\"?"), "{err}");
    let (code, out, err) = told(folder.path(), &["flows", "check"]);
    assert_eq!((code, out.trim()), (0, "16 flows, no mistakes."), "{err}");
    let (code, _, err) = told(folder.path(), &["serve", "--bind", "127.0.0.1:0", "--flows-dir", "flows"]);
    assert_eq!(code, 2, "a server does not start with a flow that is wrong");
    assert!(err.contains("near_miss.toml:8"), "{err}");
}

#[test]
fn a_slip_in_a_key_of_the_wording_is_told_with_the_key_that_was_meant() {
    let folder = folder();
    std::fs::create_dir_all(folder.path().join("words/en")).expect("a folder");
    std::fs::write(folder.path().join("words/en/chat.toml"), "[menu]\nnnoe = \"Nothing\"\n").expect("written");
    let (code, _, err) = told(folder.path(), &["flows", "check", "--wording-dir", "words"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("there is no text chat.menu.nnoe. Did you mean chat.menu.none?"), "{err}");
}

#[test]
fn the_words_of_events_are_checked_and_shown_on_each_medium() {
    let folder = folder();
    let (code, out, err) = told(folder.path(), &["wording", "check"]);
    assert_eq!((code, out.trim()), (0, "28 notices, no mistakes. Languages: ar, en, es, fr, pt."), "{err}");
    let (_, out, _) = told(folder.path(), &["wording", "show"]);
    assert!(out.lines().any(|line| line == "ticket.finished"), "{out}");
    let (_, out, _) = told(folder.path(), &["wording", "show", "ticket.held", "--medium", "sms"]);
    let text = "Your ticket INC-20260118143022 is on hold: The certificate ran out. (Payments *fail*)";
    assert_eq!(out.trim(), format!("── ticket.held ──\n\nText message, in one part:\n{text}"));
    let (_, out, _) = told(folder.path(), &["wording", "show", "ticket.finished"]);
    for part in [
        "── ticket.finished ──",
        "── ticket.finished.desk ──",
        "WhatsApp:\n✅ *Your",
        "Subject: Your ticket",
        "Browser:",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (code, _, err) = told(folder.path(), &["wording", "show", "ticket.finishd"]);
    assert!(code == 2 && err.contains("Did you mean ticket.finished?"), "{err}");
    std::fs::create_dir_all(folder.path().join("words/en")).expect("a folder");
    std::fs::write(folder.path().join("words/en/ticket.held.txt"), "subject: Held\n\n{{ reson }}").expect("written");
    let (code, _, err) = told(folder.path(), &["wording", "check", "--wording-dir", "words"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("wording/en/ticket.held.txt: the text speaks of reson, which no notice has. Did you mean reason?"),
        "{err}"
    );
}

#[test]
fn a_reader_who_leaves_early_is_no_mistake() {
    let folder = folder();
    told(folder.path(), &["seed"]);
    for (arguments, code) in [
        (&["settings"][..], 0),
        (&["settings", "--markdown"], 0),
        (&["outbox"], 0),
        (&["person", "list"], 0),
        (&["flows", "check"], 0),
        (&["export", "orders"], 0),
        (&["doctor", "--bind", "127.0.0.1:9"], 1),
        (&["person", "add", "442079460018", "--role", "OPERATOR"], 2),
    ] {
        for are_both_closed in [false, true] {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            let mut command = Command::new(env!("CARGO_BIN_EXE_andon"));
            command.args(arguments).env_clear().env("ANDON_LOG", "warn").current_dir(folder.path());
            if are_both_closed {
                command.stderr(writer.try_clone().expect("another end"));
            }
            let output = command.stdout(writer).output().expect("the program runs");
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{arguments:?} {are_both_closed}: {err}");
            assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        }
    }
}

#[test]
fn the_table_of_settings_is_printed_for_the_readme() {
    let (code, out, _) = told(folder().path(), &["settings", "--markdown"]);
    assert_eq!((code, out.trim()), (0, andon::config::settings_table().trim()));
}
