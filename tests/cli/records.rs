//! `import` and `export` as an operator uses them, and an import that is killed.

use super::{folder, told};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const HEADER: &str =
    "number,customer,product,quantity_ordered,quantity_completed,quantity_rejected,starts_on,due_on,status\n";

fn orders(count: usize, completed: usize) -> String {
    let line = |n: usize| format!("ORD-{n:06},Northwind,Gearbox,100,{completed},0,2026-01-12,2026-01-25,IN_PROGRESS\n");
    std::iter::once(HEADER.to_owned()).chain((0..count).map(line)).collect()
}

fn exported(folder: &Path) -> String {
    let (code, out, err) = told(folder, &["export", "orders"]);
    assert_eq!(code, 0, "{err}");
    out
}

#[test]
fn a_file_goes_in_and_comes_out_and_a_dry_run_says_what_would_happen() {
    let folder = folder();
    let file = orders(3, 10);
    fs::write(folder.path().join("orders.csv"), &file).expect("written");
    let import = ["import", "orders", "orders.csv"];
    let (code, out, err) = told(folder.path(), &[&import[..], &["--dry-run"]].concat());
    assert_eq!((code, out.as_str()), (0, "orders: would create 3, change 0, leave 0 as they are\n"), "{err}");
    assert_eq!(exported(folder.path()), HEADER);
    let (code, out, err) = told(folder.path(), &import);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "orders: created 3, changed 0, left 0 as they are\n", ""));
    assert_eq!(exported(folder.path()), file);

    let (code, out, _) = told(folder.path(), &["export", "orders", "out.csv"]);
    assert_eq!((code, out.as_str()), (0, "orders: 3 lines in out.csv\n"));
    assert_eq!(fs::read_to_string(folder.path().join("out.csv")).expect("a file"), file);
    let (code, _, err) = told(folder.path(), &["export", "orders", "out.csv"]);
    assert!(code == 2 && err.contains("out.csv exists already"), "{code} {err}");
}

#[test]
fn standard_input_is_a_file_too() {
    let folder = folder();
    let mut import = Command::new(env!("CARGO_BIN_EXE_andon"))
        .args(["import", "machines", "-"])
        .env_clear()
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stdin = import.stdin.take().expect("its input");
    std::io::Write::write_all(&mut stdin, b"number;name;department\nM-1;Press;Forming\n").expect("written");
    drop(stdin);
    let output = import.wait_with_output().expect("it ends");
    assert_eq!(output.stdout, b"machines: created 1, changed 0, left 0 as they are\n");
}

#[test]
fn bad_lines_are_told_up_to_fifty_or_all_of_them_in_a_report() {
    let folder = folder();
    let bad: Vec<String> =
        (0..60).map(|n| format!("ORD-B{n},,Gearbox,1,0,0,2026-01-12,2026-01-25,PENDING\n")).collect();
    fs::write(folder.path().join("orders.csv"), orders(3, 10) + &bad.concat()).expect("written");
    let (code, out, err) = told(folder.path(), &["import", "orders", "orders.csv"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.starts_with("line 5, customer: \"\" is empty; write something\nline 6, "), "{err}");
    assert_eq!(err.matches("is empty").count(), 50);
    assert!(err.contains("… and 10 more; --report FILE writes them all\n"), "{err}");
    assert!(
        err.ends_with("60 lines are wrong, so nothing was changed. Correct them, or leave them out: --skip-bad\n"),
        "{err}"
    );
    assert_eq!(exported(folder.path()), HEADER);

    let (code, out, err) =
        told(folder.path(), &["import", "orders", "orders.csv", "--skip-bad", "--report", "bad.txt"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, "orders: created 3, changed 0, left 0 as they are\n60 lines are wrong and were left out\n");
    let report = fs::read_to_string(folder.path().join("bad.txt")).expect("a report");
    assert_eq!(report.lines().count(), 60);
}

#[test]
fn a_file_that_is_no_table_is_told_so_and_ends_with_code_2() {
    let folder = folder();
    fs::write(folder.path().join("bare.csv"), "nmber,customer\n1,A\n").expect("written");
    fs::write(folder.path().join("empty.csv"), "").expect("written");
    for (arguments, says) in [
        (["import", "orders", "bare.csv"], "The header lacks number."),
        (["import", "orders", "empty.csv"], "Its first line names its columns: number,customer,"),
        (["import", "orders", "none.csv"], "none.csv cannot be read"),
        (["import", "orders", "."], "is a folder"),
        (["import", "ordrs", "bare.csv"], "orders, machines, boms, sop-failures, people"),
        (["export", "orders", "no/such/folder.csv"], "no/such/folder.csv cannot be written"),
    ] {
        let (code, _, err) = told(folder.path(), &arguments);
        assert!(code == 2 && err.contains(says), "{code} {err}");
    }
}

#[test]
fn the_examples_in_the_documents_can_be_imported() {
    let folder = folder();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    for (kind, said) in [
        ("people", "people: created 2,"),
        ("machines", "machines: created 2,"),
        ("orders", "orders: created 2,"),
        ("boms", "BOMs: created 1,"),
        ("sop-failures", "SOP failures: created 2,"),
        ("shifts", "shifts: created 2,"),
        ("maintenance-plans", "maintenance plans: created 2,"),
    ] {
        let file = examples.join(format!("{kind}.csv"));
        let (code, out, err) = told(folder.path(), &["import", kind, &file.to_string_lossy()]);
        assert!(code == 0 && out.starts_with(said) && err.is_empty(), "{out}{err}");
    }
}

/// Whenever it dies: the next command sees all of it or nothing of it.
#[test]
fn a_killed_import_is_all_or_nothing() {
    let start = folder();
    let (before, after) = (orders(4000, 10), orders(4000, 20));
    fs::write(start.path().join("before.csv"), &before).expect("written");
    let (code, _, err) = told(start.path(), &["import", "orders", "before.csv"]);
    assert_eq!(code, 0, "{err}");
    let mut left = Vec::new();
    for step in 1..200 {
        let folder = folder();
        fs::create_dir(folder.path().join("andon-data")).expect("a folder");
        fs::copy(start.path().join("andon-data/andon.db"), folder.path().join("andon-data/andon.db")).expect("a copy");
        fs::write(folder.path().join("after.csv"), &after).expect("written");
        let mut import = Command::new(env!("CARGO_BIN_EXE_andon"))
            .args(["import", "orders", "after.csv"])
            .env_clear()
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        // The moment is what the test is about; nothing is waited for.
        std::thread::sleep(Duration::from_millis(step * 120));
        let has_ended = import.try_wait().expect("it is asked").is_some();
        import.kill().expect("it is killed");
        import.wait().expect("it ends");
        let status = super::backups::answer(folder.path(), "SELECT COALESCE(MAX(status), 'NONE') FROM imports");
        let now = exported(folder.path());
        let is_whole = match status.as_str() {
            "GATHERING" => now == before,
            "WRITING" => now == after,
            _ => now == before || now == after, // it had not begun, or had just ended
        };
        assert!(is_whole, "killed after {} ms, when it was {status}", step * 120);
        left.push(status);
        if has_ended {
            break;
        }
    }
    assert!(left.iter().any(|status| status == "GATHERING"), "{left:?}");
    assert!(left.iter().any(|status| status == "WRITING"), "{left:?}");
}
