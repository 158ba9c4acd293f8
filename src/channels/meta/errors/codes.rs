//! Meta's codes as a table: what each means, whether the same message may be sent again, what to do.
//!
//! **Source**: Meta's page "Error codes" (developers.facebook.com, WhatsApp > Cloud API > Support), 15 May 2026.

use crate::channels::Retry;
use std::time::Duration;

/// One of Meta's codes, explained.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// Meta's number for it, and the last one where a range means the same.
    pub codes: (i32, i32),
    /// A stable short name, for logs and filters.
    pub name: &'static str,
    /// Whether the same message may be sent again.
    pub retry: Retry,
    /// One or two sentences for the operator: what is wrong and what to do.
    pub advice: &'static str,
}

/// More than 24 hours since the recipient's last message.
pub const OUTSIDE_WINDOW: i32 = 131_047;

/// Long enough for Meta to think better of it.
const A_WHILE_LATER: Retry = Retry::Later(Some(Duration::from_mins(15)));

/// In the order of the codes.
pub const KNOWN: &[Known] = &[
    row(0, "invalid_credentials", Retry::StopChannel, INVALID_TOKEN),
    row(1, "something_went_wrong", Retry::Later(None), UNKNOWN_FAULT),
    row(2, "service_unavailable", Retry::Later(None), UNAVAILABLE),
    row(3, "no_permission", Retry::StopChannel, NO_PERMISSION),
    row(4, "too_many_requests", Retry::Slower(None), TOO_MANY),
    row(10, "no_permission", Retry::StopChannel, NO_PERMISSION),
    row(
        33,
        "number_unknown",
        Retry::StopChannel,
        "Meta knows no such number, or the token may not use it. Check WHATSAPP_PHONE_NUMBER_ID (an id, not the number itself), and that the system user of WHATSAPP_ACCESS_TOKEN has the WhatsApp account among its assets; the messages wait.",
    ),
    row(100, "bad_parameter", Retry::Never, BUG),
    row(190, "invalid_credentials", Retry::StopChannel, INVALID_TOKEN),
    Known { codes: (200, 299), name: "no_permission", retry: Retry::StopChannel, advice: NO_PERMISSION },
    row(368, "account_blocked", Retry::StopChannel, BLOCKED),
    row(80_007, "too_many_requests", Retry::Slower(None), TOO_MANY),
    row(130_429, "too_many_requests", Retry::Slower(None), TOO_MANY),
    row(
        130_472,
        "in_an_experiment",
        Retry::Never,
        "Meta did not deliver the message because the recipient is part of an experiment of its own. Nothing can be done about it.",
    ),
    row(
        130_497,
        "country_restricted",
        Retry::Elsewhere,
        "The business may not write to people in the recipient's country. See Meta's commerce policy.",
    ),
    row(131_000, "something_went_wrong", Retry::Later(None), UNKNOWN_FAULT),
    row(131_005, "no_permission", Retry::StopChannel, NO_PERMISSION),
    row(131_008, "parameter_missing", Retry::Never, BUG),
    row(131_009, "parameter_invalid", Retry::Never, BUG),
    row(131_016, "service_unavailable", Retry::Later(None), UNAVAILABLE),
    row(
        131_021,
        "recipient_is_sender",
        Retry::Never,
        "Recipient and sender are the same number. Correct the number in the person's record.",
    ),
    row(
        131_026,
        "undeliverable",
        Retry::Never,
        "The message cannot be delivered: the number is not on WhatsApp, its app is old, or its owner has not accepted WhatsApp's terms. Check the number in the person's record.",
    ),
    row(
        131_030,
        "not_on_allow_list",
        Retry::Elsewhere,
        "A test number sends only to numbers on its list. Add this one in Meta's App Dashboard under WhatsApp > API Setup, or use a number of your own.",
    ),
    row(131_031, "account_blocked", Retry::StopChannel, BLOCKED),
    row(
        131_042,
        "payment_missing",
        Retry::StopChannel,
        "Meta takes no messages because of the account's payment method. Mend it in WhatsApp Manager under Billing; the messages wait.",
    ),
    row(
        131_045,
        "number_not_registered",
        Retry::StopChannel,
        "The number is not registered with the Cloud API. Register it in WhatsApp Manager; the messages wait.",
    ),
    row(
        OUTSIDE_WINDOW,
        "outside_window",
        Retry::Never,
        "The recipient last wrote more than 24 hours ago, and WhatsApp then takes only approved templates. They can write anything to us to open the window again.",
    ),
    row(
        131_048,
        "spam_limit",
        A_WHILE_LATER,
        "Too many people blocked or reported this number, so WhatsApp lets it send less. See its quality in WhatsApp Manager.",
    ),
    row(
        131_049,
        "marketing_limit",
        Retry::Never,
        "WhatsApp did not deliver the message so that people are not written to too much. Have the template approved as utility, not as marketing.",
    ),
    row(
        131_050,
        "marketing_stopped",
        Retry::Never,
        "The recipient wants no marketing messages from this business. Have the template approved as utility, not as marketing.",
    ),
    row(131_051, "unsupported_type", Retry::Never, BUG),
    row(131_052, "media_not_downloaded", Retry::Later(None), "WhatsApp could not fetch the file. It may work later."),
    row(131_053, "media_not_uploaded", Retry::Later(None), "WhatsApp could not take the file. It may work later."),
    row(
        131_056,
        "too_many_to_one",
        Retry::SlowerToOne,
        "Too many messages to one person in a short time. Andon writes to them more slowly and tries again.",
    ),
    row(
        131_057,
        "service_unavailable",
        Retry::Later(None),
        "The account is in maintenance at Meta. Andon tries again.",
    ),
    row(
        131_062,
        "user_id_not_supported",
        Retry::Never,
        "WhatsApp sends this kind of message to a phone number only, and the recipient hides theirs.",
    ),
    row(132_000, "template_variables_invalid", Retry::Never, WRONG_VARIABLES),
    row(
        132_001,
        "template_missing",
        Retry::Elsewhere,
        "Meta has no approved template with this name in this language. Check name and name_language in the file of ANDON_TEMPLATES.",
    ),
    row(132_005, "template_too_long", Retry::Never, "The template is too long once it is filled in. Shorten its text."),
    row(
        132_007,
        "template_policy",
        Retry::Never,
        "The template goes against WhatsApp's policies. See WhatsApp Manager.",
    ),
    row(132_012, "template_variables_invalid", Retry::Never, WRONG_VARIABLES),
    row(
        132_015,
        "template_paused",
        Retry::Elsewhere,
        "The template is paused because people reported it. See WhatsApp Manager; until then the next medium is taken.",
    ),
    row(
        132_016,
        "template_disabled",
        Retry::Elsewhere,
        "The template is switched off for good because people reported it. Make another one in WhatsApp Manager.",
    ),
    row(132_018, "template_variables_invalid", Retry::Never, WRONG_VARIABLES),
    row(
        133_010,
        "number_not_registered",
        Retry::StopChannel,
        "The number is not registered with the Cloud API. Register it in WhatsApp Manager; the messages wait.",
    ),
];

pub(super) const INVALID_TOKEN: &str = "Meta refused the access token: it is wrong, or has expired. Make a permanent one for a system user in Meta's Business Settings and set WHATSAPP_ACCESS_TOKEN; the messages wait.";
pub(super) const TOO_MANY: &str = "Too many messages to Meta at once. Andon sends more slowly and tries again.";
const NO_PERMISSION: &str = "The access token may not do this. Its system user needs the permissions whatsapp_business_messaging and whatsapp_business_management, and the WhatsApp account among its assets; the messages wait.";
const BLOCKED: &str =
    "Meta has locked the account, or blocked it for its policies. See WhatsApp Manager; the messages wait.";
const UNKNOWN_FAULT: &str = "Meta failed without saying why. Andon tries again.";
const UNAVAILABLE: &str = "Meta's service is away for the moment. Andon tries again; metastatus.com may say more.";
const BUG: &str = "Meta did not understand the message. This is a fault in Andon; please report it.";
const WRONG_VARIABLES: &str = "The template's variables do not fit it. List under `variables`, in the file of ANDON_TEMPLATES, what fills {{1}}, {{2}} and so on.";

const fn row(code: i32, name: &'static str, retry: Retry, advice: &'static str) -> Known {
    Known { codes: (code, code), name, retry, advice }
}

/// What a code means; `None` for one that is not known.
pub fn known(code: i32) -> Option<&'static Known> {
    KNOWN.iter().find(|known| (known.codes.0..=known.codes.1).contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_in_order_with_a_name_and_advice() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].codes.1 < pair[1].codes.0), "in order, none twice");
        for one in KNOWN {
            assert!(one.codes.0 <= one.codes.1);
            assert!(one.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", one.name);
            assert!(one.advice.ends_with('.'), "{}", one.name);
            assert_eq!(known(one.codes.0), Some(one));
        }
        assert_eq!(known(7), None);
        assert_eq!(known(250).map(|known| known.name), Some("no_permission"));
    }
}
