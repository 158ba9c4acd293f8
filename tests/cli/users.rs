//! `andon user`: who signs in.

use super::{folder, told};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The program with something on its standard input: exit code, standard output, standard error.
fn told_with(folder: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_andon"))
        .args(arguments)
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    // A program that ends before it reads closes the pipe, which is no failure here.
    let _unread = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("it ended by itself"), text(output.stdout), text(output.stderr))
}

const PASSWORD: &str = "correct horse battery\n";

#[test]
fn a_user_is_made_listed_and_deactivated() {
    let folder = folder();
    let path = folder.path();
    let create = ["user", "create", "Boss", "--role", "admin", "--email", "Boss@Example.com", "--password-stdin"];
    let (code, out, err) = told_with(path, &create, PASSWORD);
    assert_eq!((code, out.trim(), &*err), (0, "boss can sign in now, as ADMIN.", ""), "and no line of the log");
    let second = ["user", "create", "chief", "--role", "ADMIN", "--whatsapp", "+12025550142", "--password-stdin"];
    assert_eq!(told_with(path, &second, PASSWORD).0, 0);
    let (_, out, _) = told(path, &["user", "list"]);
    assert!(out.contains("boss") && out.contains("boss@example.com") && out.contains("+12025550142"), "{out}");
    let (code, out, err) =
        told_with(path, &["user", "set-password", "boss", "--password-stdin"], "another password 1\n");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("boss has a new password"), "{out}");
    assert_eq!(told(path, &["user", "deactivate", "BOSS"]).0, 0);
    let (_, out, _) = told(path, &["user", "list"]);
    assert!(out.lines().any(|line| line.contains("boss") && line.ends_with("(deactivated)")), "{out}");
    let (code, _, err) = told(path, &["user", "deactivate", "chief"]);
    assert!(code == 1 && err.contains("last active admin who can sign in"), "{code} {err}");
    let (code, _, err) = told(path, &["person", "set", "+12025550142", "--role", "CLIENT"]);
    assert!(code == 1 && err.contains("last active admin who can sign in"), "{code} {err}");
}

#[test]
fn what_andon_user_cannot_do_is_told_and_ends_with_code_2() {
    let folder = folder();
    let path = folder.path();
    let taken = ["user", "create", "boss", "--role", "ADMIN", "--whatsapp", "+12025550142", "--password-stdin"];
    assert_eq!(told_with(path, &taken, PASSWORD).0, 0);
    for (arguments, input, named) in [
        (&taken[..], PASSWORD, "username is somebody else's already"),
        (&["user", "create", "a b", "--role", "ADMIN", "--password-stdin"], PASSWORD, "letters, digits"),
        (&["user", "create", "x", "--role", "CHIEF", "--password-stdin"], PASSWORD, "SUPERVISOR"),
        (&["user", "create", "x", "--role", "CLIENT", "--password-stdin"], "short", "8 to 128 characters"),
        (&["user", "create", "x", "--role", "CLIENT"], PASSWORD, "--password-stdin"),
        (&["user", "create", "x", "--role", "CLIENT", "--email", "x", "--password-stdin"], PASSWORD, "e-mail"),
        (
            &["user", "create", "x", "--role", "CLIENT", "--whatsapp", "+15550001111", "--password-stdin"],
            PASSWORD,
            "no valid number",
        ),
        (&["user", "create", "x", "--role", "CLIENT", "--password", "secret"], "", "unexpected argument"),
        (&["user", "set-password", "nobody", "--password-stdin"], PASSWORD, "Nobody signs in as nobody"),
    ] {
        let (code, _, err) = told_with(path, arguments, input);
        assert!(code == 2 && err.contains(named), "{arguments:?}: {code} {err}");
    }
}
