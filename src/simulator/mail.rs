//! The mail server that stands in: takes e-mails on a loopback port of its own, speaks enough SMTP for any client, and
//! keeps the letters, so that a page can show them and a test can read them. In memory only, and bounded.
//!
//! **Source** RFC 5321.

use super::Simulator;
use super::faults::MailFault;
use crate::kit::Instant;
use mail_parser::MessageParser;
use serde::Serialize;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The most letters that are kept; the oldest give way.
pub(super) const MAX_LETTERS: usize = 1_000;
/// The largest letter.
const MAX_LETTER_BYTES: usize = 1024 * 1024;
/// The longest line of a command, and more than any client writes.
const MAX_LINE_BYTES: u64 = 8 * 1024;
/// Where no connection can be taken, the next try comes after this time.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// An e-mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// Rises with each.
    pub number: u64,
    /// The mailbox it went to.
    pub to: String,
    /// From whom, as it reads: `Andon <andon@example.com>`.
    pub from: String,
    /// What it is about.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// Its Message-ID, without the angle brackets.
    pub message_id: String,
    /// `Auto-Submitted`, where it says so.
    pub auto_submitted: Option<String>,
    /// When it was taken.
    pub at: Instant,
}

/// What a client has said of the letter that comes next.
#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
    fault: Option<MailFault>,
}

impl Simulator {
    /// Takes e-mails here until the simulator is closed.
    pub async fn take_mail(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.inner.closed.cancelled() => return,
            };
            match accepted {
                Ok((stream, _)) => {
                    let simulator = self.clone();
                    tokio::spawn(async move {
                        let closed = simulator.inner.closed.clone();
                        let talk = converse(&simulator, stream);
                        if let Some(Err(error)) = closed.run_until_cancelled(talk).await {
                            tracing::debug!(%error, "simulator: a mail client hung up");
                        }
                    });
                }
                Err(error) => {
                    tracing::debug!(%error, "simulator: no mail client could be let in");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    /// The e-mails that were taken, oldest first.
    pub fn letters(&self) -> Vec<Letter> {
        self.book().letters().cloned().collect()
    }

    fn keep_letter(&self, to: &str, bytes: &[u8]) {
        let read = MessageParser::default().parse(bytes).unwrap_or_default();
        let lines = |text: Option<std::borrow::Cow<'_, str>>| text.unwrap_or_default().replace("\r\n", "\n");
        let from = read.from().and_then(|from| from.first());
        let (name, address) = from.map_or((None, None), |from| (from.name(), from.address()));
        let address = address.unwrap_or_default();
        let letter = Letter {
            number: 0,
            to: to.to_owned(),
            from: name.map_or_else(|| address.to_owned(), |name| format!("{name} <{address}>")),
            subject: read.subject().unwrap_or_default().to_owned(),
            text: lines(read.body_text(0)).trim_end().to_owned(),
            html: lines(read.body_html(0)),
            message_id: read.message_id().unwrap_or_default().to_owned(),
            auto_submitted: read.header_raw("Auto-Submitted").map(|value| value.trim().to_owned()),
            at: self.now(),
        };
        let letter = self.book().keep_letter(letter);
        self.publish(&serde_json::json!({"type": "letter", "letter": letter}));
    }
}

async fn converse(simulator: &Simulator, stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 The simulator takes e-mails").await?;
    let mut envelope = Envelope::default();
    while let Some(line) = read_line(&mut stream).await? {
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => "250-simulator\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned(),
            "HELO" | "NOOP" => "250 Fine".to_owned(),
            "RSET" => {
                envelope = Envelope::default();
                "250 Forgotten".to_owned()
            }
            "MAIL" => {
                envelope = Envelope { from: mailbox(rest), ..Envelope::default() };
                "250 Sender fine".to_owned()
            }
            "RCPT" => recipient(simulator, &mut envelope, rest),
            "DATA" if envelope.from.is_some() && !envelope.to.is_empty() => {
                say(&mut stream, "354 Go on").await?;
                let Some(bytes) = read_letter(&mut stream).await? else { return Ok(()) };
                let envelope = std::mem::take(&mut envelope);
                if !matches!(envelope.fault, Some(MailFault::Silent { taken: false })) {
                    for to in &envelope.to {
                        simulator.keep_letter(to, &bytes);
                    }
                }
                if matches!(envelope.fault, Some(MailFault::Silent { .. })) {
                    return Ok(()); // the answer never comes
                }
                "250 Taken".to_owned()
            }
            "DATA" => "503 From whom, and to whom?".to_owned(),
            "QUIT" => return say(&mut stream, "221 Bye").await,
            _ => "502 The simulator does not know that".to_owned(),
        };
        say(&mut stream, &answer).await?;
    }
    Ok(())
}

/// Takes a recipient down, or refuses as it was told to.
fn recipient(simulator: &Simulator, envelope: &mut Envelope, rest: &str) -> String {
    let Some(to) = mailbox(rest) else { return "501 That is no mailbox".to_owned() };
    let fault = simulator.book().faults.take_mail();
    if fault.is_some() {
        simulator.announce_faults();
    }
    if let Some(MailFault::Refuse { code }) = fault {
        return format!("{code} Simulated failure");
    }
    envelope.fault = fault;
    envelope.to.push(to);
    "250 Recipient fine".to_owned()
}

/// The mailbox in `FROM:<name@example.com> SIZE=1`.
fn mailbox(rest: &str) -> Option<String> {
    let (_, rest) = rest.split_once('<')?;
    rest.split_once('>').map(|(mailbox, _)| mailbox.to_owned())
}

async fn say(stream: &mut BufReader<TcpStream>, answer: &str) -> io::Result<()> {
    stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await
}

/// One line without its end; none once the client hung up, or where a line is longer than any.
async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = (&mut *stream).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await?;
    let is_whole = read > 0 && line.ends_with(b"\n");
    Ok(is_whole.then(|| String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
}

/// The letter up to the single dot, with the dots that were doubled on the way; none where it broke off or is too large.
async fn read_letter(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut letter = Vec::new();
    loop {
        let mut line = Vec::new();
        let room = (MAX_LETTER_BYTES - letter.len()) as u64;
        (&mut *stream).take(room).read_until(b'\n', &mut line).await?;
        if !line.ends_with(b"\n") {
            return Ok(None);
        }
        if line == b".\r\n" || line == b".\n" {
            return Ok(Some(letter));
        }
        letter.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
