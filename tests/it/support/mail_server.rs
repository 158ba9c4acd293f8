//! A mail server in a process of its own: aiosmtpd, from Debian's package `python3-aiosmtpd` or from `PyPI`.

use mail_parser::{Message, MessageParser};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/mail_server.py");
/// Debian's packages are for the second; the first may be another.
const PYTHONS: [&str; 2] = ["python3", "/usr/bin/python3"];
const USER: &str = "andon";
const PASSWORD: &str = "a-password-for-tests";

/// Whether it can be started, or in a few words why not.
pub(crate) fn available() -> Result<(), String> {
    python().map(drop).ok_or_else(|| "no python3 here has the module aiosmtpd".to_owned())
}

fn python() -> Option<&'static str> {
    PYTHONS.into_iter().find(|python| {
        let mut asking = Command::new(python);
        asking.args(["-c", "import aiosmtpd"]).stdin(Stdio::null()).stderr(Stdio::null());
        asking.status().is_ok_and(|status| status.success())
    })
}

/// A running mail server; it ends when dropped.
pub(crate) struct MailServer {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl MailServer {
    pub(crate) fn start() -> Self {
        let folder = TempDir::with_prefix("andon_mail_").expect("a folder for e-mails");
        let mut child = Command::new(python().expect("it is available"))
            .args(["-W", "ignore", SCRIPT])
            .arg(folder.path())
            .args([USER, PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the mail server starts");
        let mut port = String::new();
        let output = child.stdout.take().expect("standard output was piped");
        BufReader::new(output).read_line(&mut port).expect("the mail server says its port");
        Self { port: port.trim().parse().expect("a port"), child, folder }
    }

    /// What `SMTP_URL` would be.
    pub(crate) fn url(&self) -> String {
        format!("smtp://{USER}:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// The same with a password that is wrong.
    pub(crate) fn url_of_a_stranger(&self) -> String {
        format!("smtp://{USER}:another@127.0.0.1:{}", self.port)
    }

    /// What it took, in order.
    pub(crate) fn letters(&self) -> Vec<Message<'static>> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder is there");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort();
        paths.iter().map(|path| read(path)).collect()
    }
}

fn read(path: &Path) -> Message<'static> {
    let bytes = std::fs::read(path).expect("a file");
    MessageParser::new().parse(&bytes).expect("an e-mail").into_owned()
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It ends with its standard input; waited for, so that no zombie outlives the test.
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}
