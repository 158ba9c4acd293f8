//! `andon outbox`, `doctor` and `chat` as an operator uses them: the built program and its words.

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_andon"));
    command.args(arguments).env_clear().env("ANDON_LOG", "warn").current_dir(folder);
    command
}

/// Exit code, standard output, standard error.
fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("it ended by itself"), text(&output.stdout), text(&output.stderr))
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    told(&command(folder, arguments).output().expect("the program runs"))
}

/// A demo that runs until it is dropped.
struct Demo {
    process: Child,
    origin: String,
    /// Kept open: the demo goes on writing.
    output: Lines<BufReader<ChildStdout>>,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let mut demo = command(folder, &["demo", "--bind", "127.0.0.1:0"]);
        let mut process = demo.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program runs");
        let mut output = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let origin = output.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once("Phone")?;
            Some(address.trim().split("/simulator").next()?.to_owned())
        });
        Self { process, origin: origin.expect("it says where its phone is"), output }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

#[test]
fn the_demo_says_who_can_sign_in_at_its_desk_and_twice_is_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    for start in ["first", "second"] {
        let mut demo = Demo::start(folder.path());
        let said: String = demo.output.by_ref().map_while(Result::ok).take(2).collect::<Vec<_>>().join("\n");
        let word = |begin: &str| {
            let rest = said.split_once(begin).map(|(_, rest)| rest.trim()).unwrap_or_default();
            rest.split([',', ' ', '\n']).next().unwrap_or_default().to_owned()
        };
        let (name, password) = (word("sign in:"), word("password:"));
        assert_eq!(name, "admin", "the {start} start: {said}");
        assert!(said.contains("admin, supervisor, client or support"), "the {start} start: {said}");
        let body = format!("{{\"username\":\"{name}\",\"password\":\"{password}\"}}");
        let address = demo.origin.trim_start_matches("http://").to_owned();
        let request = format!(
            "POST /api/auth/login/ HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        let answer = asked(&address, &request);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"ADMIN\""), "the {start} start: {answer}");
    }
}

#[test]
fn a_script_chats_like_a_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path());
    let mut chat = command(folder.path(), &["chat", "--as", "+12025550123", "--url", &demo.origin]);
    let mut chat =
        chat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    chat.stdin.take().expect("it is piped").write_all(b"hi\n\n2\nORD-12345\n").expect("written");
    let (code, out, err) = told(&chat.wait_with_output().expect("it ends with its input"));
    assert_eq!(code, 0, "{err}");
    let lines: Vec<&str> = out.lines().filter(|line| !line.trim().is_empty()).collect();
    let at =
        |begin: &str| lines.iter().position(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("{begin}: {out}"));
    let order = ["> hi  ✓✓", "< 👋", "> 2  ✓✓", "< Order Number", "> ORD-12345  ✓✓", "< 📦"].map(at);
    assert!(order.is_sorted(), "{out}");
}

/// What the server at this address answers, once it is there.
fn asked(address: &str, request: &str) -> String {
    let mut connection = loop {
        match TcpStream::connect(address) {
            Ok(connection) => break connection,
            Err(_) => std::thread::yield_now(),
        }
    };
    connection.write_all(request.as_bytes()).expect("written");
    let mut answer = [0; 4096]; // more than any refusal has
    let length = connection.read(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[test]
fn a_token_in_an_address_is_in_no_log_however_much_is_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let file = || std::fs::File::create(&log).expect("a file");
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("its address").to_string();
    let mut serve = command(folder.path(), &["serve", "--bind", &free, "--log", "trace"]);
    let mut process = serve.stdout(file()).stderr(file()).spawn().expect("the program runs");
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    for (query, headers, status) in [
        ("token=a-secret-nobody-may-read", upgrade, "401"),
        ("ticket=a-secret-nobody-may-read", upgrade, "401"),
        ("token=a-secret-nobody-may-read", "Connection: close", "400"),
    ] {
        let request = format!("GET /ws/notifications/?{query} HTTP/1.1\r\nHost: {free}\r\n{headers}\r\n\r\n");
        let answer = asked(&free, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(!answer.contains("a-secret-nobody-may-read"), "{answer}");
    }
    process.kill().expect("it runs");
    process.wait().expect("it ends");
    let log = std::fs::read_to_string(&log).expect("a log");
    assert!(log.contains("TRACE"), "{log}");
    let leaks: Vec<&str> = log.lines().filter(|line| line.contains("a-secret-nobody-may-read")).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn without_a_simulator_chat_says_where_one_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, _, err) = run(folder.path(), &["chat", "--as", "+12025550123", "--url", "http://127.0.0.1:9"]);
    assert!(code == 1 && err.contains("Nothing answers at http://127.0.0.1:9/") && err.contains("andon demo"), "{err}");
    let (code, _, err) = run(folder.path(), &["chat", "--as", "442079460018"]);
    assert!(code == 2 && err.contains("did you mean +442079460018?"), "{err}");
}

#[test]
fn an_empty_outbox_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(folder.path(), &["outbox"]).1.trim(), "Nothing waits to be sent.");
    let (code, out, _) = run(folder.path(), &["outbox", "--json", "--reason", "channel_out"]);
    let told: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &told["waiting"], &told["deliveries"]), (0, &0.into(), &serde_json::json!([])));
    let (code, _, err) = run(folder.path(), &["outbox", "--reason", "bored"]);
    assert!(code == 2 && err.contains("channel_out"), "{err}");
}

#[test]
fn a_doctor_with_nothing_set_says_what_to_set_and_makes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, out, err) = run(folder.path(), &["doctor", "--bind", "127.0.0.1:9"]);
    assert_eq!(code, 1, "{out}");
    for expected in [
        "✗ TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN not configured",
        "! There is no database at andon-data/andon.db yet.",
        "! Andon does not answer at http://127.0.0.1:9",
        "! ANDON_ADMIN_TOKEN is not set",
    ] {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    assert!(err.contains("One thing is wrong"), "{err}");
    assert!(!folder.path().join("andon-data").exists(), "it looks and makes nothing");
    let (code, out, _) = run(folder.path(), &["doctor", "--json", "--bind", "127.0.0.1:9"]);
    let told: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &told["ok"], &told["findings"][0]["level"]), (1, &false.into(), &"look".into()));
}

#[test]
fn the_manual_holds_the_table_of_figures() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operating.md");
    let manual = std::fs::read_to_string(manual).expect("docs/operating.md");
    let (_, rest) = manual.split_once("<!-- metrics:begin -->").expect("the marker that begins the table");
    let (held, _) = rest.split_once("<!-- metrics:end -->").expect("the marker that ends the table");
    let table = andon::kit::Metrics::table();
    assert_eq!(held.trim(), table.trim(), "docs/operating.md is out of date; it should hold:\n{table}");
}
