//! What leaves for a mail server and what its answers become, against a tiny server that says what it is told to.

use super::*;
use crate::channels::Rich;
use crate::config::{EmailSender, MailSecurity, MailServer};
use crate::kit::{E164, EmailAddress};
use chrono::{TimeZone as _, Utc};
use mail_parser::MessageParser;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server says to a verb; nothing at all means that it hangs up. The end of a letter is a point, the beginning an
/// empty verb.
type Script = &'static [(&'static str, &'static str)];

/// What a server heard, line by line; a letter is one line.
type Heard = Arc<Mutex<Vec<String>>>;

async fn serving(script: Script) -> (Smtp, Heard) {
    let (listener, heard) = (TcpListener::bind("127.0.0.1:0").await.expect("a free port"), Heard::default());
    let port = listener.local_addr().expect("bound").port();
    let noted = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _gone = converse(stream, script, &noted).await;
        }
    });
    (smtp(port, Some(("andon", "hunter2"))), heard)
}

async fn converse(stream: TcpStream, script: Script, heard: &Heard) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let told = |verb: &str| script.iter().find(|(known, _)| *known == verb).map(|(_, answer)| *answer);
    let mut answer = told("").unwrap_or("220 test");
    loop {
        if answer.is_empty() {
            return Ok(());
        }
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        let (mut line, mut letter) = (String::new(), String::new());
        let verb = if answer.starts_with("354") {
            while stream.read_line(&mut line).await? > 0 && line != ".\r\n" {
                letter.push_str(line.strip_prefix('.').unwrap_or(&line));
                line.clear();
            }
            heard.lock().expect("not poisoned").push(letter);
            ".".to_owned()
        } else {
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            heard.lock().expect("not poisoned").push(line.trim_end().to_owned());
            line.split([' ', '\r']).next().unwrap_or_default().to_owned()
        };
        answer = told(&verb).unwrap_or(match &*verb {
            "EHLO" => "250-test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
            "AUTH" => "235 come in",
            "DATA" => "354 go on",
            _ => "250 fine",
        });
    }
}

fn smtp(port: u16, login: Option<(&str, &str)>) -> Smtp {
    let login = login.map(|(user, password)| (user.to_owned(), password.into()));
    let server = MailServer { host: "127.0.0.1".to_owned(), port, security: MailSecurity::Plain, login };
    Smtp::new(Some(Mail { server: Some(server), from: sender() }))
}

fn sender() -> EmailSender {
    EmailSender { name: Some("Andon, Plant 1".to_owned()), address: address("andon@example.com") }
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

fn outbound(text: &str) -> Outbound {
    Outbound {
        to: Recipient::Email(address("dev1@example.com")),
        from: None,
        subject: Some("Your ticket: Zahlung schlägt fehl".to_owned()),
        text: text.to_owned(),
        rich: Rich::default(),
        token: "t0ken".to_owned(),
        written_at: Utc.with_ymd_and_hms(2026, 1, 18, 14, 30, 22).single().expect("an instant"),
        template: None,
    }
}

#[tokio::test]
async fn a_letter_is_handed_over_and_the_line_kept_for_the_next() {
    let (smtp, heard) = serving(&[]).await;
    assert!(smtp.carries(Medium::Email) && !smtp.carries(Medium::Sms));
    let taken = Accepted { provider_id: "<t0ken@example.com>".to_owned(), status: Status::Sent };
    assert_eq!(smtp.send(&outbound("*Done*\n.\nBye")).await, Ok(taken.clone()));
    assert_eq!(smtp.send(&outbound("*Done*")).await, Ok(taken));
    let heard = heard.lock().expect("not poisoned").clone();
    let verbs: Vec<&str> = heard.iter().map(|line| line.lines().next().unwrap_or_default()).collect();
    assert_eq!(verbs[0], "EHLO example.com");
    assert!(verbs[1].starts_with("AUTH PLAIN "), "{}", verbs[1]);
    assert_eq!(verbs[2..5], ["MAIL FROM:<andon@example.com>", "RCPT TO:<dev1@example.com>", "DATA"]);
    assert_eq!(verbs[6..10], ["NOOP", "MAIL FROM:<andon@example.com>", "RCPT TO:<dev1@example.com>", "DATA"]);
    let letter = MessageParser::default().parse(heard[5].as_bytes()).expect("a letter");
    assert_eq!(letter.subject(), Some("Your ticket: Zahlung schlägt fehl"));
    assert_eq!(letter.body_text(0).expect("a text").replace("\r\n", "\n").trim_end(), "Done\n.\nBye");
}

#[tokio::test]
async fn a_letter_says_the_same_in_text_and_html_and_that_no_person_wrote_it() {
    let text = "✅ *Ticket <7>*\n\nHello Client,\n\n_Support Team_";
    let write = || letter::Letter::write(&sender(), &address("dev1@example.com"), &outbound(text)).expect("a letter");
    let letter = write();
    assert_eq!(letter.bytes, write().bytes, "however often it is sent, it is the same");
    assert!(letter.bytes.is_ascii());
    let read = MessageParser::default().parse(&letter.bytes).expect("a letter");
    assert_eq!(read.message_id(), Some("t0ken@example.com"));
    assert_eq!(read.date().map(mail_parser::DateTime::to_rfc3339).as_deref(), Some("2026-01-18T14:30:22Z"));
    let from = read.from().and_then(|from| from.first()).expect("a sender");
    assert_eq!((from.name(), from.address()), (Some("Andon, Plant 1"), Some("andon@example.com")));
    let header = |name: &'static str| read.header_raw(name).map(str::trim);
    assert_eq!(header("Auto-Submitted"), Some("auto-generated"));
    assert_eq!(header("X-Auto-Response-Suppress"), Some("All"));
    let plain = read.body_text(0).expect("a text").replace("\r\n", "\n");
    assert_eq!(plain.trim_end(), "✅ Ticket <7>\n\nHello Client,\n\nSupport Team");
    let html = read.body_html(0).expect("HTML").replace("\r\n", "\n");
    let body = "<p>✅ <strong>Ticket &lt;7&gt;</strong></p>\n<p>Hello Client,</p>\n<p><em>Support Team</em></p>\n";
    assert!(html.contains(body) && html.contains("<title>Your ticket: Zahlung schlägt fehl</title>"), "{html}");
}

#[tokio::test]
async fn a_refusal_says_whether_to_try_again_and_what_to_do() {
    let minutes = Retry::Later(Some(std::time::Duration::from_mins(5)));
    let cases: [(Script, &str, Retry, bool); 14] = [
        (&[("", "554 go away")], "mail_server_refuses", Retry::StopChannel, false),
        (&[("", "421 busy")], "mail_server_closing", Retry::Later(None), false),
        (&[("EHLO", "250 test")], "signing_in_unsupported", Retry::StopChannel, false),
        (&[("AUTH", "535 wrong")], "signing_in_refused", Retry::StopChannel, false),
        (&[("AUTH", "454 not now")], "signing_in_not_now", Retry::Later(None), false),
        (&[("MAIL", "553 not yours")], "sender_refused", Retry::StopChannel, false),
        (&[("MAIL", "530 sign in first")], "signing_in_needed", Retry::StopChannel, false),
        (&[("RCPT", "550 <dev1@example.com> unknown")], "mailbox_refused", Retry::Never, false),
        (&[("RCPT", "450 greylisted")], "mailbox_busy", minutes, false),
        (&[("RCPT", "")], "mail_connection_broken", Retry::Later(None), false),
        (&[("DATA", "554 no")], "letter_refused", Retry::Never, false),
        (&[(".", "552 too large")], "mailbox_full", Retry::Never, false),
        (&[(".", "")], "mail_connection_broken", Retry::Later(None), true),
        (&[(".", "459 what")], "not_now", Retry::Later(None), false),
    ];
    for (script, name, retry, in_doubt) in cases {
        let (smtp, _) = serving(script).await;
        let error = smtp.send(&outbound("hi")).await.expect_err(name);
        assert_eq!((error.name, error.retry, error.in_doubt), (name, retry, in_doubt), "{script:?}");
        let says = error.to_string();
        assert!(!says.contains("hunter2") && !says.contains("dev1@"), "{says}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_does_not_leave_the_house() {
    let off = Smtp::new(None);
    assert!(!off.carries(Medium::Email));
    let error = off.send(&outbound("hi")).await.expect_err("no server");
    assert_eq!((error.name, error.retry), ("not_configured", Retry::StopChannel));
    let (smtp, heard) = serving(&[]).await;
    let phone = Recipient::Sms(E164::parse("+12025550142").expect("a number"));
    let to_a_phone = Outbound { to: phone, ..outbound("hi") };
    assert_eq!(smtp.send(&to_a_phone).await.expect_err("no mailbox").retry, Retry::Never);
    assert!(heard.lock().expect("not poisoned").is_empty());
    assert_eq!(smtp.sent_to(&outbound("hi"), outbound("hi").written_at).await, Ok(None), "it cannot be asked");
}

#[tokio::test]
async fn a_server_that_is_not_there_has_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let error = smtp(port, None).send(&outbound("hi")).await.expect_err("nobody listens");
    assert_eq!((error.name, error.in_doubt, error.is_outage), ("mail_server_unreachable", false, true));
    assert_eq!(smtp(port, None).try_out().await.expect_err("nobody listens").name, "mail_server_unreachable");
}
