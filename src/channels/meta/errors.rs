//! What Meta's refusals mean: one table of its codes, used for the answer to a send and for the codes in statuses alike.
//!
//! The code decides, whatever the HTTP status: Meta answers throttling with 400, 403 or 429. A code that is not in the
//! table is never retried, unless Meta says itself that it is passing, and its text is passed on with numbers masked. No
//! advice holds a secret or a person's number.
//!
//! **Source**: Meta's page "Error codes" of May 2026, and its OpenAPI's `GraphAPIError`.

mod codes;

pub use codes::{KNOWN, Known, OUTSIDE_WINDOW, known};

use crate::channels::{Retry, SendError};
use crate::kit::phone::mask_numbers;
use codes::{INVALID_TOKEN, TOO_MANY};
use serde_json::Value;
use std::time::Duration;

/// The names of the errors that say: Meta as a whole is away, not this message at fault.
const OUTAGES: [&str; 7] = [
    "provider_down",
    "service_unavailable",
    "invalid_api_base",
    "unreachable_provider",
    "timed_out",
    "connection_broken",
    "unreadable_answer",
];
/// With this code Meta says that an id in the address is none of ours, where the subcode is [`NO_SUCH_OBJECT`].
const BAD_PARAMETER: i32 = 100;
const NO_SUCH_OBJECT: i32 = 33;

/// Whether an error of this name says that Meta is away.
pub(super) fn is_outage(name: &str) -> bool {
    OUTAGES.contains(&name)
}

fn error(name: &'static str, code: Option<i32>, retry: Retry, in_doubt: bool, advice: impl Into<String>) -> SendError {
    SendError { name, code, retry, in_doubt, is_outage: is_outage(name), advice: advice.into() }
}

/// Meta answered, and not with success.
pub(super) fn refused(status: u16, retry_after: Option<Duration>, body: &[u8]) -> SendError {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let problem = &problem["error"];
    let number = |name: &str| problem[name].as_i64().and_then(|code| i32::try_from(code).ok());
    let code = number("code");
    let is_unknown_object = code == Some(BAD_PARAMETER) && number("error_subcode") == Some(NO_SUCH_OBJECT);
    let known = if is_unknown_object { known(NO_SUCH_OBJECT) } else { code.and_then(known) };
    if let Some(known) = known {
        let retry = match known.retry {
            Retry::Later(usual) => Retry::Later(retry_after.or(usual)),
            Retry::Slower(usual) => Retry::Slower(retry_after.or(usual)),
            other => other,
        };
        return error(known.name, code, retry, false, known.advice);
    }
    match status {
        401 => error("invalid_credentials", code, Retry::StopChannel, false, INVALID_TOKEN),
        429 => error("too_many_requests", code, Retry::Slower(retry_after), false, TOO_MANY),
        500.. | 408 => {
            let advice = "Meta has a fault on its side. Andon waits and tries again; metastatus.com may say more.";
            // An answer in Meta's own words says that it did not take the message.
            error("provider_down", code, Retry::Later(retry_after), code.is_none(), advice)
        }
        300..=399 => {
            let advice = "The address in META_API_BASE answers with a redirect, so it is not Meta's API. Check it.";
            error("redirected", code, Retry::Later(None), false, advice)
        }
        _ => {
            let is_passing = problem["is_transient"].as_bool() == Some(true);
            let retry = if is_passing { Retry::Later(retry_after) } else { Retry::Never };
            error("unknown_error", code, retry, false, unknown_advice(status, code, problem))
        }
    }
}

/// Meta was not reached, or the connection broke before its answer was here.
pub(super) fn not_answered(failure: &reqwest::Error) -> SendError {
    let (name, in_doubt, advice) = if failure.is_builder() {
        ("invalid_api_base", false, "The address in META_API_BASE cannot be called. Check it.")
    } else if failure.is_connect() {
        // No connection, no request: nothing was sent.
        let advice = "Meta cannot be reached. Check this machine's network, DNS and META_API_BASE; the messages wait.";
        ("unreachable_provider", false, advice)
    } else if failure.is_timeout() {
        ("timed_out", true, "Meta took too long to answer. Andon waits for a status, then sends once more.")
    } else {
        ("connection_broken", true, "The connection to Meta broke. Andon waits for a status, then sends once more.")
    };
    error(name, None, Retry::Later(None), in_doubt, advice)
}

/// Meta said yes in words that cannot be read, so the message has no id.
pub(super) fn unreadable() -> SendError {
    let advice = "Meta's answer could not be read. Check META_API_BASE and WHATSAPP_API_VERSION.";
    error("unreadable_answer", None, Retry::Later(None), true, advice)
}

/// A setting is missing: nothing was sent, the queue is kept.
pub(super) fn not_configured(advice: &str) -> SendError {
    error("not_configured", None, Retry::StopChannel, false, advice)
}

/// The message was not sent because it breaks a rule that Meta would hold against it.
pub(super) fn refused_here(code: i32) -> SendError {
    match known(code) {
        Some(known) => error(known.name, Some(code), known.retry, false, known.advice),
        None => error("unknown_error", Some(code), Retry::Never, false, "Meta would refuse this message."),
    }
}

fn unknown_advice(status: u16, code: Option<i32>, problem: &Value) -> String {
    let details = problem["error_data"]["details"].as_str();
    let words = details.or_else(|| problem["message"].as_str()).map(mask_numbers);
    let words = words.map(|words| format!(": “{words}”")).unwrap_or_default();
    match code {
        Some(code) => format!("Meta refused the message with code {code}{words}. Its codes: {PAGE}"),
        None => format!("Meta refused the message with HTTP status {status}{words}."),
    }
}

const PAGE: &str = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_decides_whatever_the_status() {
        let secs = |s| Some(Duration::from_secs(s));
        let json =
            |code: i32| format!(r#"{{"error":{{"message":"(#{code}) m","type":"OAuthException","code":{code}}}}}"#);
        for (status, retry_after, body, name, retry, in_doubt) in [
            (401, None, json(190), "invalid_credentials", Retry::StopChannel, false),
            (400, None, json(190), "invalid_credentials", Retry::StopChannel, false),
            (401, None, json(0), "invalid_credentials", Retry::StopChannel, false),
            (401, None, "<html>".to_owned(), "invalid_credentials", Retry::StopChannel, false),
            (403, None, json(200), "no_permission", Retry::StopChannel, false),
            (403, None, json(10), "no_permission", Retry::StopChannel, false),
            (403, None, json(130_429), "too_many_requests", Retry::Slower(None), false),
            (400, secs(9), json(80007), "too_many_requests", Retry::Slower(secs(9)), false),
            (400, None, json(4), "too_many_requests", Retry::Slower(None), false),
            (429, secs(7), String::new(), "too_many_requests", Retry::Slower(secs(7)), false),
            (400, None, json(131_056), "too_many_to_one", Retry::SlowerToOne, false),
            (500, None, json(131_000), "something_went_wrong", Retry::Later(None), false),
            (400, None, json(131_016), "service_unavailable", Retry::Later(None), false),
            (500, None, json(131_047), "outside_window", Retry::Never, false),
            (400, None, json(131_026), "undeliverable", Retry::Never, false),
            (404, None, json(132_001), "template_missing", Retry::Elsewhere, false),
            (500, None, json(999_999), "provider_down", Retry::Later(None), false),
            (502, secs(3), "<html>".to_owned(), "provider_down", Retry::Later(secs(3)), true),
            (302, None, String::new(), "redirected", Retry::Later(None), false),
            (400, None, json(999_999), "unknown_error", Retry::Never, false),
            (
                400,
                None,
                json(999_999).replace("\"type\"", "\"is_transient\":true,\"type\""),
                "unknown_error",
                Retry::Later(None),
                false,
            ),
            (400, None, "[]".to_owned(), "unknown_error", Retry::Never, false),
            (
                404,
                None,
                json(100).replace("\"type\"", "\"error_subcode\":33,\"type\""),
                "number_unknown",
                Retry::StopChannel,
                false,
            ),
            (400, None, json(100), "bad_parameter", Retry::Never, false),
        ] {
            let error = refused(status, retry_after, body.as_bytes());
            assert_eq!((error.name, error.retry, error.in_doubt), (name, retry, in_doubt), "{status} {body}");
        }
    }

    #[test]
    fn an_unknown_code_is_passed_on_in_metas_words_without_numbers() {
        let body = br#"{"error":{"message":"(#7) m","code":7,"error_data":{"details":"No way to +447700900123"}}}"#;
        let error = refused(400, None, body);
        assert_eq!(error.code, Some(7));
        assert!(
            error.advice.starts_with("Meta refused the message with code 7: “No way to +…123”. "),
            "{}",
            error.advice
        );
        assert_eq!(refused(418, None, b"").advice, "Meta refused the message with HTTP status 418.");
    }
}
