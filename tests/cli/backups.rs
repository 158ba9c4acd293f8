//! `backup` and `restore` as an operator uses them.

use super::{folder, told};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use std::fs::{self, File};
use std::path::Path;

const DATABASE: &str = "andon-data/andon.db";

fn people(folder: &Path) -> String {
    told(folder, &["person", "list"]).1
}

fn register(folder: &Path, number: &str) {
    let (code, _, err) = told(folder, &["person", "add", number, "--role", "OPERATOR"]);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn what_was_backed_up_is_there_again_and_what_it_replaced_is_kept() {
    let folder = folder();
    let path = folder.path();
    register(path, "+12025550123");
    let (code, out, err) = told(path, &["backup", "one.db"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("one.db is written and checked") && out.contains("1 people, 0 orders"), "{out}");
    register(path, "+12025550124");
    let (code, out, err) = told(path, &["restore", "one.db"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("asks Twilio for what arrived since the backup"), "{out}");
    let listed = people(path);
    assert!(listed.contains("+12025550123") && !listed.contains("+12025550124"), "{listed}");

    let aside = out.split_whitespace().find(|word| word.contains("before-restore")).expect("its name");
    let (code, _, err) = told(path, &["restore", aside.trim_end_matches('.')]);
    assert_eq!(code, 0, "{err}");
    assert!(people(path).contains("+12025550124"), "the way back");
}

#[test]
fn a_backup_is_for_its_owner_has_a_dated_name_in_a_folder_and_replaces_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let path = folder.path();
    let (code, _, err) = told(path, &["backup", "one.db"]);
    assert!(code == 2 && err.contains("There is no database at"), "{code} {err}");
    register(path, "+12025550123");
    fs::create_dir(path.join("backups")).expect("a folder");
    let (code, out, err) = told(path, &["backup", "backups"]);
    assert_eq!(code, 0, "{err}");
    let made: Vec<_> = fs::read_dir(path.join("backups")).expect("a folder").flatten().collect();
    assert_eq!(made.len(), 1, "nothing beside it");
    let name = made[0].file_name().into_string().expect("a name");
    assert!(name.starts_with("andon-2") && name.ends_with("Z.db") && out.contains(&name), "{name} {out}");
    assert_eq!(made[0].metadata().expect("its data").permissions().mode() & 0o777, 0o600);
    let (code, _, err) = told(path, &["backup", &format!("backups/{name}")]);
    assert!(code == 2 && err.contains("exists already"), "{code} {err}");
}

#[test]
fn what_is_no_sound_backup_is_refused_and_the_database_stays() {
    let folder = folder();
    let path = folder.path();
    register(path, "+12025550123");
    told(path, &["backup", "good.db"]);
    let good = fs::read(path.join("good.db")).expect("a backup");
    fs::write(path.join("text.db"), "no database at all, but long enough to be looked into for its first words")
        .expect("written");
    fs::write(path.join("cut.db"), &good[..good.len() / 2]).expect("written");
    fs::write(path.join("running.db"), &good).expect("written");
    fs::write(path.join("running.db-wal"), "a log").expect("written");
    fs::write(path.join("newer.db"), &good).expect("written");
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99_later', 0)";
    execute(&path.join("newer.db"), newer);
    for (file, says) in [
        ("text.db", "no database of Andon's"),
        ("cut.db", "damaged"),
        ("running.db", "copy of a running database"),
        ("newer.db", "newer Andon (m99_later)"),
        ("none.db", "none.db cannot be read"),
    ] {
        let (code, _, err) = told(path, &["restore", file]);
        assert!(code == 2 && err.contains(says), "{file}: {code} {err}");
    }
    assert!(people(path).contains("+12025550123"));
    let left: Vec<String> = fs::read_dir(path.join("andon-data"))
        .expect("the folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("restore"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

fn execute(file: &Path, sql: &str) {
    with_database(file, async |database| {
        database.execute_unprepared(sql).await.expect(sql);
    });
}

/// What the folder's database answers to a question for one text.
pub(crate) fn answer(folder: &Path, sql: &str) -> String {
    with_database(&folder.join(DATABASE), async |database| {
        let row = database.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.expect(sql);
        row.expect("one row").try_get_by_index(0).expect("a text")
    })
}

fn with_database<T>(file: &Path, work: impl AsyncFnOnce(&DatabaseConnection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let database = Database::connect(format!("sqlite://{}", file.display())).await.expect("a database");
        let answer = work(&database).await;
        database.close().await.expect("it closes");
        answer
    })
}

#[test]
fn nothing_is_restored_under_a_running_server() {
    let folder = folder();
    let path = folder.path();
    register(path, "+12025550123");
    told(path, &["backup", "one.db"]);
    // As a server holds it.
    let lock = File::create(path.join(format!("{DATABASE}.lock"))).expect("the lock's file");
    lock.lock().expect("locked");
    let (code, _, err) = told(path, &["restore", "one.db"]);
    assert!(code == 2 && err.contains("Stop it first"), "{code} {err}");
    let (code, _, err) = told(path, &["backup", "two.db"]);
    assert_eq!(code, 0, "a backup is taken while it runs: {err}");
}

#[test]
fn for_another_database_the_command_of_its_own_tool_is_told() {
    let folder = folder();
    let url = "postgres://andon:hunter2@127.0.0.1:9/andon";
    for (command, tool) in [("backup", "pg_dump --format=custom --file=a.dump"), ("restore", "pg_restore ")] {
        let (code, _, err) = told(folder.path(), &[command, "a.dump", "--database-url", url]);
        assert!(code == 2 && err.contains(tool) && !err.contains("hunter2"), "{code} {err}");
    }
}
