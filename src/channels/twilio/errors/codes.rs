//! Twilio's codes as a table: what each means, whether the same message may be sent again, what to do.
//!
//! Source: Twilio's error dictionary (twilio.com/docs/api/errors), its OpenAPI of 2026-04-14, providers' notes.

use crate::channels::Retry;
use std::time::Duration;

/// One of Twilio's codes, explained.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// Twilio's number for it; 0 for [`explain`]'s answer to a code that is not known.
    pub code: i32,
    /// A stable short name, for logs and filters.
    pub name: &'static str,
    /// Whether the same message may be sent again.
    pub retry: Retry,
    /// One or two sentences for the operator: what is wrong and what to do.
    pub advice: &'static str,
}

/// Long enough for a phone to come back, short enough for the news to be news.
const A_WHILE_LATER: Retry = Retry::Later(Some(Duration::from_mins(15)));

/// In the order of the codes.
pub const KNOWN: &[Known] = &[
    row(20003, "invalid_credentials", Retry::StopChannel, INVALID_CREDENTIALS),
    row(
        20005,
        "account_inactive",
        Retry::StopChannel,
        "The Twilio account is suspended or closed. Sign in at console.twilio.com to see why; the messages wait.",
    ),
    row(
        20404,
        "account_not_found",
        Retry::StopChannel,
        "Twilio does not know this account. Check TWILIO_ACCOUNT_SID (it begins with AC) and TWILIO_API_BASE.",
    ),
    row(20429, "too_many_requests", Retry::Slower(None), TOO_MANY),
    row(
        21211,
        "invalid_recipient",
        Retry::Never,
        "The recipient's number is not a valid phone number. Correct it in the person's record, in E.164 form (+, country code, number).",
    ),
    row(21212, "invalid_sender", Retry::Elsewhere, SENDER_INVALID),
    row(
        21266,
        "recipient_is_sender",
        Retry::Never,
        "Recipient and sender are the same number. Correct the number in the person's record.",
    ),
    row(
        21408,
        "region_not_enabled",
        Retry::Never,
        "Messages to the recipient's country are switched off. Enable it in the Twilio Console under Messaging > Settings > Geo permissions.",
    ),
    row(21602, "no_body", Retry::Never, "The message had no text. This is a fault in Andon; please report it."),
    row(
        21603,
        "no_sender",
        Retry::Elsewhere,
        "The message had no sender. Check TWILIO_WHATSAPP_NUMBER, and for text messages TWILIO_SMS_NUMBER.",
    ),
    row(
        21604,
        "no_recipient",
        Retry::Never,
        "The message had no recipient. This is a fault in Andon; please report it.",
    ),
    row(
        21606,
        "sender_not_ours",
        Retry::Elsewhere,
        "The sender's number does not belong to this Twilio account, or cannot send. Check TWILIO_WHATSAPP_NUMBER, and for text messages TWILIO_SMS_NUMBER.",
    ),
    row(
        21608,
        "trial_unverified_recipient",
        Retry::Elsewhere,
        "A trial account sends only to verified numbers. Verify this one in the Twilio Console under Phone Numbers > Verified Caller IDs, or upgrade the account.",
    ),
    row(
        21609,
        "invalid_status_callback",
        Retry::Never,
        "Twilio refused the URL for status callbacks. Set ANDON_PUBLIC_URL to an address that Twilio can reach.",
    ),
    row(
        21610,
        "opted_out",
        Retry::Never,
        "The recipient has opted out of text messages (STOP). Only they can change that, by sending START to the sender.",
    ),
    row(
        21611,
        "sender_queue_full",
        Retry::Slower(None),
        "The sender's queue at Twilio is full. Andon sends more slowly and tries again.",
    ),
    row(
        21612,
        "no_route",
        Retry::Never,
        "Twilio has no way to carry a message from this sender to this recipient. Check the recipient's number and the sender's kind.",
    ),
    row(
        21614,
        "not_mobile",
        Retry::Never,
        "The recipient's number cannot receive messages; it may be a landline. Correct it in the person's record.",
    ),
    row(21617, "body_too_long", Retry::Never, TOO_LONG),
    row(
        21619,
        "no_content",
        Retry::Never,
        "The message had neither text nor media. This is a fault in Andon; please report it.",
    ),
    row(
        21654,
        "template_missing",
        Retry::Never,
        "Twilio wanted a template (ContentSid) and got none. On a trial account, check that the sender may send free text.",
    ),
    row(
        21655,
        "template_invalid",
        Retry::Elsewhere,
        "The template's ContentSid is not known to Twilio. Check it in the Content Template Builder.",
    ),
    row(
        21656,
        "template_variables_invalid",
        Retry::Never,
        "The template's variables do not fit it: each needs a value that is not empty.",
    ),
    row(21658, "template_too_long", Retry::Never, TOO_LONG),
    row(
        21701,
        "messaging_service_unknown",
        Retry::Never,
        "Twilio knows no such Messaging Service. Check TWILIO_MESSAGING_SERVICE_SID; it begins with MG.",
    ),
    row(
        21703,
        "messaging_service_empty",
        Retry::Never,
        "The Messaging Service has no number to send from. Add one in the Twilio Console under Messaging > Services.",
    ),
    row(
        30001,
        "queue_overflow",
        Retry::Slower(None),
        "More messages were queued at Twilio than it takes. Andon sends more slowly and tries again.",
    ),
    row(
        30003,
        "unreachable",
        A_WHILE_LATER,
        "The phone cannot be reached: switched off, or without a network. It may work later.",
    ),
    row(30004, "blocked", Retry::Never, "The recipient blocks messages from this sender, or their carrier does."),
    row(
        30005,
        "unknown_handset",
        Retry::Never,
        "The recipient's number is unknown or no longer in use. Correct it in the person's record.",
    ),
    row(
        30006,
        "landline",
        Retry::Never,
        "The recipient's number is a landline, or its carrier cannot be reached. Use a mobile number.",
    ),
    row(
        30007,
        "filtered",
        Retry::Never,
        "The carrier filtered the message as unwanted. Ask Twilio's support, with the message's id, what offended.",
    ),
    row(
        30008,
        "carrier_error",
        A_WHILE_LATER,
        "The carrier failed without saying why. It may work later; if it stays so, ask Twilio's support.",
    ),
    row(
        30034,
        "sender_unregistered",
        Retry::Never,
        "The sender is not registered for A2P 10DLC, which carriers in the USA demand. Register it in the Twilio Console.",
    ),
    row(
        63003,
        "not_on_whatsapp",
        Retry::Never,
        "The recipient's number is not on WhatsApp. Correct it in the person's record.",
    ),
    row(63005, "content_not_accepted", Retry::Never, "WhatsApp did not accept the message's content."),
    row(
        63007,
        "sender_not_on_whatsapp",
        Retry::Elsewhere,
        "Twilio knows no WhatsApp sender with this number. Check TWILIO_WHATSAPP_NUMBER; for the Sandbox it is +14155238886.",
    ),
    row(63013, "policy_violation", Retry::Never, "The message goes against WhatsApp's policies."),
    row(
        63014,
        "blocked_by_recipient",
        Retry::Never,
        "The recipient has blocked this sender on WhatsApp, or opted out. Only they can change that.",
    ),
    row(
        63015,
        "not_in_sandbox",
        Retry::Elsewhere,
        "The recipient is not in the WhatsApp Sandbox, or was silent for 3 days: they must send join <code> to +1 415 523 8886. The code is in the Twilio Console under Messaging > Try it out.",
    ),
    row(
        63016,
        "outside_window",
        Retry::Never,
        "The recipient last wrote more than 24 hours ago, and WhatsApp then takes only approved templates. They can write anything to us to open the window again.",
    ),
    row(
        63018,
        "rate_limited",
        Retry::Slower(None),
        "WhatsApp's rate limit is reached. Andon sends more slowly and tries again.",
    ),
    row(
        63020,
        "invitation_not_accepted",
        Retry::Elsewhere,
        "The business has not accepted Twilio's invitation in the Meta Business Manager. Accept it there.",
    ),
    row(
        63024,
        "recipient_not_ready",
        Retry::Never,
        "The recipient cannot receive WhatsApp: no account, terms not accepted, or an old app. They must open or update WhatsApp.",
    ),
];

pub(super) const INVALID_CREDENTIALS: &str = "Twilio refused the credentials. Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN against the Twilio Console (console.twilio.com, Account Info); the messages wait.";
const SENDER_INVALID: &str =
    "The sender's number is not valid. Check TWILIO_WHATSAPP_NUMBER, and for text messages TWILIO_SMS_NUMBER.";
pub(super) const TOO_MANY: &str = "Too many requests to Twilio at once. Andon sends more slowly and tries again.";
const TOO_LONG: &str = "The message is longer than the 1,600 characters that Twilio takes. Shorten the text.";

/// What stands for every code that is not in the table.
pub(super) const UNKNOWN: Known = row(
    0,
    "unknown_error",
    Retry::Never,
    "Twilio failed the message for a reason that Andon does not know. Look the code up at https://www.twilio.com/docs/api/errors.",
);

const fn row(code: i32, name: &'static str, retry: Retry, advice: &'static str) -> Known {
    Known { code, name, retry, advice }
}

/// What a code means; `unknown_error`, never to be retried, for a code that is not known.
pub fn explain(code: i32) -> &'static Known {
    KNOWN.iter().find(|known| known.code == code).unwrap_or(&UNKNOWN)
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
            assert_eq!(explain(known.code), known);
        }
        assert_eq!(explain(99_999).name, "unknown_error");
        assert_eq!(explain(99_999).retry, Retry::Never);
    }
}
