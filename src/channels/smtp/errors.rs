//! What goes wrong with a mail server, and what may be done after it.
//!
//! A server answers each step with a code of three digits: 4xx may be tried again, 5xx not. Which step it was says the
//! rest: a refused sender or password is everybody's trouble and stops the channel, a refused recipient is one letter's.
//! Only between the letter and the server's answer to it is it in doubt who has it.
//!
//! **Source**: RFC 5321, 4.2; RFC 4954, 6 (signing in).

use crate::channels::{Retry, SendError};
use std::error::Error as _;
use std::time::Duration;

/// How much of a server's own words is passed on.
const MAX_WORDS: usize = 200;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Opening the connection.
    Connecting,
    /// Making it one that nobody else reads.
    Securing,
    /// Saying who we are.
    SigningIn,
    /// Naming the sender.
    Sender,
    /// Naming the recipient.
    Recipient,
    /// Announcing the letter.
    Announcing,
    /// Handing the letter over.
    Letter,
}

/// One of the codes, explained.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// The server's code.
    pub code: i32,
    /// A stable short name, for logs and filters.
    pub name: &'static str,
    /// Whether the same letter may be sent again.
    pub retry: Retry,
    /// One or two sentences for the operator: what is wrong and what to do.
    pub advice: &'static str,
}

/// Long enough for a mailbox to be emptied, or for a server that tries newcomers' patience.
const A_WHILE_LATER: Retry = Retry::Later(Some(Duration::from_mins(5)));

/// In the order of the codes.
pub const KNOWN: &[Known] = &[
    row(
        421,
        "mail_server_closing",
        Retry::Later(None),
        "The mail server is busy or closing. Andon waits and tries again.",
    ),
    row(
        450,
        "mailbox_busy",
        A_WHILE_LATER,
        "The mailbox is not available just now, or the server tries our patience. Andon tries again.",
    ),
    row(
        451,
        "mail_server_fault",
        A_WHILE_LATER,
        "The mail server has a fault on its side, or tries our patience. Andon tries again.",
    ),
    row(
        452,
        "mail_server_full",
        A_WHILE_LATER,
        "The mail server has no room, or takes no more letters just now. Andon tries again.",
    ),
    row(
        454,
        "signing_in_not_now",
        Retry::Later(None),
        "The mail server cannot check the password just now. Andon tries again.",
    ),
    row(
        530,
        "signing_in_needed",
        Retry::StopChannel,
        "The mail server wants a user name and a password, or TLS first. Put both into SMTP_URL; the e-mails wait.",
    ),
    row(
        534,
        "signing_in_refused",
        Retry::StopChannel,
        "The mail server wants another way to sign in; many services ask for a password made for programs. Check SMTP_URL; the e-mails wait.",
    ),
    row(535, "signing_in_refused", Retry::StopChannel, SIGNING_IN_REFUSED),
    row(
        538,
        "signing_in_needs_tls",
        Retry::StopChannel,
        "The mail server takes a password over TLS only. Use smtps://, or ?tls=required in SMTP_URL; the e-mails wait.",
    ),
    row(
        550,
        "mailbox_refused",
        Retry::Never,
        "The mail server does not take mail for this mailbox: it does not exist, or its owner wants none. Correct the address in the person's record.",
    ),
    row(
        551,
        "mailbox_elsewhere",
        Retry::Never,
        "The mailbox is not at this mail server any more. Correct the address in the person's record.",
    ),
    row(552, "mailbox_full", Retry::Never, "The mailbox is full, or the letter too large. Its owner must make room."),
    row(
        553,
        "mailbox_not_allowed",
        Retry::Never,
        "The mail server finds the mailbox's name wrong. Correct the address in the person's record.",
    ),
    row(
        554,
        "letter_refused",
        Retry::Never,
        "The mail server refuses the letter. Its own words say more; ask who runs it.",
    ),
];

const SIGNING_IN_REFUSED: &str = "The mail server refuses the user name or the password. Check SMTP_URL (in a password, @ is %40, / is %2F); the e-mails wait.";
const NO_WAY_TO_SIGN_IN: &str = "The mail server offers no way to sign in with a name and a password (PLAIN or LOGIN), perhaps because the connection is not encrypted. Check SMTP_URL; the e-mails wait.";
const UNREACHABLE: &str =
    "The mail server cannot be reached. Check host and port in SMTP_URL and this machine's network; the e-mails wait.";
const IN_DOUBT: &str = "The connection to the mail server broke while it took the letter. It cannot be asked whether it has it, so Andon sends it once more, with the same Message-ID.";

const fn row(code: i32, name: &'static str, retry: Retry, advice: &'static str) -> Known {
    Known { code, name, retry, advice }
}

/// What a code means, where it is known.
pub(super) fn known(code: i32) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.code == code)
}

/// Whether a letter that met this code may be sent again: by the table, else by the code's first digit.
pub(super) fn retry(code: i32) -> Retry {
    known(code).map_or_else(|| if (400..500).contains(&code) { Retry::Later(None) } else { Retry::Never }, |k| k.retry)
}

/// Whether an error of this name says that the mail server is away.
pub(super) fn is_outage(name: &str) -> bool {
    matches!(
        name,
        "mail_server_unreachable" | "mail_server_timed_out" | "mail_connection_broken" | "mail_server_closing"
    )
}

/// A step that failed.
pub(super) fn failed(step: Step, error: &lettre::transport::smtp::Error) -> SendError {
    let Some(code) = error.status().map(|status| i32::from(u16::from(status))) else {
        return if step == Step::SigningIn && error.is_client() {
            error_of("signing_in_unsupported", None, Retry::StopChannel, NO_WAY_TO_SIGN_IN.to_owned())
        } else {
            broken(step, &words(error))
        };
    };
    let said = words(error);
    let said = if said.is_empty() { String::new() } else { format!(" It said: “{said}”.") };
    let is_permanent = !(400..500).contains(&code);
    match step {
        Step::Connecting | Step::Securing if is_permanent => {
            let advice = "The mail server refuses to speak with this machine. Check SMTP_URL, and ask who runs the server; the e-mails wait.";
            error_of("mail_server_refuses", None, Retry::StopChannel, format!("{advice}{said}"))
        }
        Step::SigningIn if is_permanent => {
            let advice = known(code).filter(|known| known.retry == Retry::StopChannel);
            let advice = advice.map_or(SIGNING_IN_REFUSED, |known| known.advice);
            error_of("signing_in_refused", Some(code), Retry::StopChannel, format!("{advice}{said}"))
        }
        Step::Sender if is_permanent && known(code).is_none_or(|known| known.retry == Retry::Never) => {
            let advice = "The mail server refuses the sender. Check EMAIL_FROM, and whether SMTP_URL's user may send from it; the e-mails wait.";
            error_of("sender_refused", None, Retry::StopChannel, format!("{advice}{said}"))
        }
        _ => {
            let (name, advice) = known(code).map_or_else(
                || {
                    if is_permanent {
                        ("letter_refused", "The mail server refuses the letter.")
                    } else {
                        ("not_now", "The mail server does not take the letter just now. Andon tries again.")
                    }
                },
                |known| (known.name, known.advice),
            );
            error_of(name, Some(code), retry(code), format!("{advice}{said}"))
        }
    }
}

/// A step that took too long.
pub(super) fn timed_out(step: Step) -> SendError {
    match step {
        Step::Letter => in_doubt("mail_server_timed_out"),
        Step::Connecting => error_of("mail_server_unreachable", None, Retry::Later(None), UNREACHABLE.to_owned()),
        _ => {
            let advice = "The mail server took too long to answer. Andon tries again.";
            error_of("mail_server_timed_out", None, Retry::Later(None), advice.to_owned())
        }
    }
}

/// The server offers no TLS, and it was asked for.
pub(super) fn no_starttls() -> SendError {
    let advice = "The mail server offers no STARTTLS. Use smtps:// if it speaks TLS from the start; on a network that you \
                  trust, ?tls=none in SMTP_URL sends without. The e-mails wait.";
    error_of("no_starttls", None, Retry::StopChannel, advice.to_owned())
}

/// A setting is missing: nothing was sent, the queue is kept.
pub(super) fn not_configured(advice: &str) -> SendError {
    error_of("not_configured", None, Retry::StopChannel, advice.to_owned())
}

/// The letter was not sent because it cannot be one.
pub(super) fn unsendable(advice: &str) -> SendError {
    error_of("unsendable", None, Retry::Never, advice.to_owned())
}

/// The connection was not there, or not any more, or the server answered with no code.
fn broken(step: Step, why: &str) -> SendError {
    match step {
        Step::Connecting => {
            error_of("mail_server_unreachable", None, Retry::Later(None), format!("{UNREACHABLE} ({why})"))
        }
        Step::Securing => {
            let advice = format!(
                "The connection to the mail server could not be secured ({why}). Does its certificate fit the host in \
                 SMTP_URL, and is its issuer known to this machine? The e-mails wait."
            );
            error_of("tls_failed", None, Retry::StopChannel, advice)
        }
        Step::SigningIn => {
            let advice = format!("{SIGNING_IN_REFUSED} ({why})");
            error_of("mail_connection_broken", None, Retry::Later(None), advice)
        }
        Step::Letter => in_doubt("mail_connection_broken"),
        Step::Sender | Step::Recipient | Step::Announcing => {
            let advice = format!("The connection to the mail server broke ({why}). Andon tries again.");
            error_of("mail_connection_broken", None, Retry::Later(None), advice)
        }
    }
}

fn in_doubt(name: &'static str) -> SendError {
    SendError { in_doubt: true, ..error_of(name, None, Retry::Later(None), IN_DOUBT.to_owned()) }
}

fn error_of(name: &'static str, code: Option<i32>, retry: Retry, advice: String) -> SendError {
    SendError { name, code, retry, in_doubt: false, is_outage: is_outage(name), advice }
}

/// What the library or the server says, in one line and without addresses.
fn words(error: &lettre::transport::smtp::Error) -> String {
    let mut said = String::new();
    let mut source = error.source();
    while let Some(inner) = source {
        said = inner.to_string();
        source = inner.source();
    }
    masked(&said)
}

/// One line without mailboxes, cut to its length.
fn masked(said: &str) -> String {
    let word = |word: &str| if word.contains('@') { "…".to_owned() } else { word.to_owned() };
    let said: Vec<String> = said.split(|c: char| c.is_whitespace() || c.is_control()).map(word).collect();
    crate::wording::shortened(said.join(" ").trim(), MAX_WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_in_order_with_a_name_and_advice() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].code < pair[1].code), "in order, none twice");
        for known in KNOWN {
            assert!(known.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", known.name);
            assert!(known.advice.ends_with('.'), "{}", known.code);
            assert_eq!(retry(known.code), known.retry);
            assert_eq!(known.code < 500, matches!(known.retry, Retry::Later(_)), "{}", known.code);
        }
        assert_eq!((retry(499), retry(599)), (Retry::Later(None), Retry::Never));
    }

    #[test]
    fn a_servers_words_are_passed_on_without_mailboxes() {
        let said = "5.1.1 <dev1@example.com>: Recipient\r\naddress rejected";
        assert_eq!(masked(said), "5.1.1 … Recipient  address rejected");
        assert_eq!(masked(&"x".repeat(300)).chars().count(), MAX_WORDS);
    }

    #[test]
    fn only_a_letter_on_its_way_is_in_doubt() {
        for step in [Step::Connecting, Step::Securing, Step::SigningIn, Step::Sender, Step::Recipient, Step::Announcing]
        {
            assert!(!timed_out(step).in_doubt && !broken(step, "reset").in_doubt, "{step:?}");
        }
        assert!(timed_out(Step::Letter).in_doubt && broken(Step::Letter, "reset").in_doubt);
        assert!(timed_out(Step::Connecting).is_outage);
    }
}
