//! What Twilio's refusals mean: one table of its codes, used for the answer to a send and, by [`explain`], for
//! the codes in status callbacks alike.
//!
//! Twilio asks programs not to rely on its codes, and adds new ones: a code that is not in the table is never
//! retried, and its text is passed on with numbers masked. No advice holds a secret or a person's number.

mod codes;

pub use codes::{KNOWN, Known, explain};

use crate::channels::{Retry, SendError};
use crate::kit::phone::mask_numbers;
use codes::{INVALID_CREDENTIALS, TOO_MANY, UNKNOWN};
use serde_json::Value;
use std::time::Duration;

/// The code of what is not there: the account, or a message that was deleted.
pub(super) const NOT_FOUND: i32 = 20404;

/// The names of the errors that say: Twilio as a whole is away, not this message at fault.
const OUTAGES: [&str; 6] = [
    "provider_down",
    "invalid_api_base",
    "unreachable_provider",
    "timed_out",
    "connection_broken",
    "unreadable_answer",
];

/// Whether an error of this name says that Twilio is away.
pub(super) fn is_outage(name: &str) -> bool {
    OUTAGES.contains(&name)
}

/// Whether this code says that the recipient wants no messages from this sender: a STOP that Twilio keeps, or a sender
/// who is blocked on WhatsApp.
pub(super) fn is_opt_out(code: i32) -> bool {
    matches!(code, 21610 | 63014)
}

/// Whether this code says that the recipient last wrote too long ago for free text.
pub(super) fn is_window_shut(code: i32) -> bool {
    code == 63016
}

/// Twilio answered, and not with success.
pub(super) fn refused(status: u16, retry_after: Option<Duration>, body: &[u8]) -> SendError {
    // Either {code, message, …} or RFC 9457's {code, detail, …}; a proxy's error page is neither.
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = problem["code"]
        .as_i64()
        .or_else(|| problem["code"].as_str().and_then(|digits| digits.parse().ok()))
        .and_then(|code| i32::try_from(code).ok());
    let known = code.map_or(&UNKNOWN, explain);
    let error = |name, retry, in_doubt, advice: &str| SendError {
        name,
        code,
        retry,
        in_doubt,
        is_outage: is_outage(name),
        advice: advice.into(),
    };
    match status {
        500.. | 408 => error(
            "provider_down",
            Retry::Later(retry_after),
            true,
            "Twilio has a fault on its side. Andon waits and tries again; status.twilio.com may say more.",
        ),
        401 => error("invalid_credentials", Retry::StopChannel, false, INVALID_CREDENTIALS),
        _ if matches!(known.retry, Retry::Slower(_)) || status == 429 => {
            let (name, advice) =
                if known.code == 0 { ("too_many_requests", TOO_MANY) } else { (known.name, known.advice) };
            error(name, Retry::Slower(retry_after), false, advice)
        }
        _ if known.code != 0 => {
            let asked = |usual| Retry::Later(retry_after.or(usual));
            let retry = if let Retry::Later(usual) = known.retry { asked(usual) } else { known.retry };
            error(known.name, retry, false, known.advice)
        }
        300..=399 => error(
            "redirected",
            Retry::Later(None),
            false,
            "The address in TWILIO_API_BASE answers with a redirect, so it is not Twilio's API. Check it.",
        ),
        _ => error("unknown_error", Retry::Never, false, &unknown_advice(status, code, &problem)),
    }
}

/// Twilio was not reached, or the connection broke before its answer was here.
pub(super) fn not_answered(error: &reqwest::Error) -> SendError {
    let (name, in_doubt, advice) = if error.is_builder() {
        ("invalid_api_base", false, "The address in TWILIO_API_BASE cannot be called. Check it.")
    } else if error.is_connect() {
        // No connection, no request: nothing was sent.
        (
            "unreachable_provider",
            false,
            "Twilio cannot be reached. Check this machine's network, DNS and TWILIO_API_BASE; the messages wait.",
        )
    } else if error.is_timeout() {
        (
            "timed_out",
            true,
            "Twilio took too long to answer. Andon waits for a status callback, then asks Twilio whether it has the message, before it sends again.",
        )
    } else {
        (
            "connection_broken",
            true,
            "The connection to Twilio broke. Andon waits for a status callback, then asks Twilio whether it has the message, before it sends again.",
        )
    };
    let is_outage = is_outage(name);
    SendError { name, code: None, retry: Retry::Later(None), in_doubt, is_outage, advice: advice.into() }
}

/// Twilio said yes in words that cannot be read, so the message has no id.
pub(super) fn unreadable() -> SendError {
    let name = "unreadable_answer";
    SendError {
        name,
        code: None,
        retry: Retry::Later(None),
        in_doubt: true,
        is_outage: is_outage(name),
        advice: "Twilio's answer could not be read. Check TWILIO_API_BASE; Andon asks Twilio \
                 whether it has the message before it sends again."
            .into(),
    }
}

/// A setting is missing: nothing was sent, the queue is kept.
pub(super) fn not_configured(advice: &str) -> SendError {
    SendError {
        name: "not_configured",
        code: None,
        retry: Retry::StopChannel,
        in_doubt: false,
        is_outage: false,
        advice: advice.into(),
    }
}

/// The message was not sent because it breaks a rule that Twilio would hold against it.
pub(super) fn refused_here(code: i32) -> SendError {
    let known = explain(code);
    SendError {
        name: known.name,
        code: Some(code),
        retry: known.retry,
        in_doubt: false,
        is_outage: false,
        advice: known.advice.into(),
    }
}

fn unknown_advice(status: u16, code: Option<i32>, problem: &Value) -> String {
    let words = ["message", "detail", "title"].into_iter().find_map(|key| problem[key].as_str()).map(mask_numbers);
    let words = words.map(|words| format!(": “{words}”")).unwrap_or_default();
    match code {
        Some(code) => {
            format!(
                "Twilio refused the message{words}. Its page on that: https://www.twilio.com/docs/api/errors/{code}"
            )
        }
        None => format!("Twilio refused the message with HTTP status {status}{words}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_decides_what_happens_next() {
        let secs = |s| Some(Duration::from_secs(s));
        let json = |code: i32| format!(r#"{{"code":{code},"message":"m","status":400}}"#);
        for (status, retry_after, body, name, retry, in_doubt) in [
            (401, None, json(20003), "invalid_credentials", Retry::StopChannel, false),
            (401, None, "<html>".to_owned(), "invalid_credentials", Retry::StopChannel, false),
            (404, None, json(20404), "account_not_found", Retry::StopChannel, false),
            (429, secs(7), json(20429), "too_many_requests", Retry::Slower(secs(7)), false),
            (429, None, "slow down".to_owned(), "too_many_requests", Retry::Slower(None), false),
            (429, None, json(63018), "rate_limited", Retry::Slower(None), false),
            (400, secs(3), json(63018), "rate_limited", Retry::Slower(secs(3)), false),
            (400, None, json(30008), "carrier_error", Retry::Later(secs(900)), false),
            (500, None, json(20500), "provider_down", Retry::Later(None), true),
            (503, secs(9), "<html>".to_owned(), "provider_down", Retry::Later(secs(9)), true),
            (302, None, String::new(), "redirected", Retry::Later(None), false),
            (400, None, json(21211), "invalid_recipient", Retry::Never, false),
            (
                400,
                None,
                r#"{"code":"63007","detail":"d"}"#.to_owned(),
                "sender_not_on_whatsapp",
                Retry::Elsewhere,
                false,
            ),
            (400, None, json(12345), "unknown_error", Retry::Never, false),
            (400, None, "[]".to_owned(), "unknown_error", Retry::Never, false),
            (404, None, "\u{0}".to_owned(), "unknown_error", Retry::Never, false),
        ] {
            let error = refused(status, retry_after, body.as_bytes());
            assert_eq!((error.name, error.retry, error.in_doubt), (name, retry, in_doubt), "{status} {body}");
            assert_eq!(error.is_outage, status >= 500, "{status} {body}");
        }
    }

    #[test]
    fn an_unknown_code_is_passed_on_in_twilios_words_without_numbers() {
        let error = refused(400, None, br#"{"code":29999,"message":"No path to whatsapp:+447700900123 in 24 hours"}"#);
        assert_eq!(error.code, Some(29999));
        assert_eq!(
            error.advice,
            "Twilio refused the message: “No path to whatsapp:+…123 in 24 hours”. Its page on that: \
             https://www.twilio.com/docs/api/errors/29999"
        );
        assert_eq!(refused(418, None, b"").advice, "Twilio refused the message with HTTP status 418.");
    }
}
