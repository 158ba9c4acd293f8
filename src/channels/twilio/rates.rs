//! How fast Twilio takes messages, by sender, and WhatsApp by recipient.
//!
//! What an operator says (`ANDON_WHATSAPP_RATE`, `ANDON_SMS_RATE`) stands in place of what is here. A stand-in for Twilio
//! is known by its address, and has no limits of Twilio's.
//!
//! **Source**: Twilio's guide for WhatsApp (80 messages a second for each sender; the sandbox one in three seconds) and
//! for text messages (an ordinary number one a second; a Messaging Service queues for its numbers); Meta's pair rate (one
//! message in six seconds to one person, and 45 at once). Read in November 2026.

use super::Twilio;
use crate::channels::Medium;
use crate::config::{Pace, SmsSender};
use crate::kit::Rate;
use std::num::NonZeroU32;
use url::Url;

/// The sandbox's number, the same for everybody.
const SANDBOX: &str = "+14155238886";
const SANDBOX_RATE: Rate = rate(1, 3);
const WHATSAPP_RATE: Rate = rate(80, 1);
const SMS_RATE: Rate = rate(1, 1);
const TO_ONE: Rate = rate(1, 6).with_burst(number(45));

const fn rate(count: u32, seconds: u32) -> Rate {
    Rate::new(number(count), number(seconds))
}

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("it is a constant above zero")
}

/// What messages come from where they name no sender: a number, or a Messaging Service.
pub(super) fn default_sender(twilio: &Twilio, medium: Medium) -> Option<String> {
    match (medium, &twilio.sms_sender) {
        (Medium::Whatsapp, _) => twilio.whatsapp_sender.as_ref().map(ToString::to_string),
        (Medium::Sms, Some(SmsSender::Number(number))) => Some(number.to_string()),
        (Medium::Sms, Some(SmsSender::Service(sid))) => Some(sid.clone()),
        (Medium::Sms, None) | (Medium::Email, _) => None,
    }
}

/// How fast this sender may send; none without a limit.
pub(super) fn of(twilio: &Twilio, medium: Medium, sender: &str) -> Option<Rate> {
    match pace(twilio, medium)? {
        Pace::Unlimited => None,
        Pace::At(rate) => Some(rate),
        Pace::Usual if !is_twilio(&twilio.api_base) => None,
        Pace::Usual => match medium {
            Medium::Whatsapp if sender == SANDBOX => Some(SANDBOX_RATE),
            Medium::Whatsapp => Some(WHATSAPP_RATE),
            Medium::Sms => sender.starts_with('+').then_some(SMS_RATE),
            Medium::Email => None,
        },
    }
}

/// How fast one person may be written to: on WhatsApp, wherever its senders have a limit.
pub(super) fn to_one(twilio: &Twilio, medium: Medium) -> Option<Rate> {
    let has_limit = medium == Medium::Whatsapp && of(twilio, medium, "").is_some();
    has_limit.then_some(TO_ONE)
}

fn pace(twilio: &Twilio, medium: Medium) -> Option<Pace> {
    match medium {
        Medium::Whatsapp => Some(twilio.whatsapp_pace),
        Medium::Sms => Some(twilio.sms_pace),
        Medium::Email => None,
    }
}

/// Whether this is Twilio itself, in whichever region.
fn is_twilio(api_base: &str) -> bool {
    let host = Url::parse(api_base).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host == "twilio.com" || host.ends_with(".twilio.com"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::E164;

    const NUMBER: &str = "+12025550100";
    const SERVICE: &str = "MG00000000000000000000000000000000";

    fn twilio(api_base: &str, whatsapp: Pace, sms: Pace) -> Twilio {
        let api_base = Url::parse(api_base).expect("a URL");
        let (http, sender) = (crate::kit::http::client().expect("a client"), E164::parse(NUMBER).expect("a number"));
        Twilio::new(http, api_base, None, Some(sender), None).with_paces(whatsapp, sms)
    }

    #[test]
    fn twilio_s_limits_hold_at_twilio_and_nowhere_else() {
        let (real, region) = ("https://api.twilio.com", "https://api.dublin.ie1.twilio.com");
        let (local, liar) = ("http://127.0.0.1:8000/simulator/twilio", "https://api.twilio.com.example.com");
        for (api_base, medium, sender, told) in [
            (real, Medium::Whatsapp, NUMBER, Some("80 a second")),
            (region, Medium::Whatsapp, NUMBER, Some("80 a second")),
            (real, Medium::Whatsapp, SANDBOX, Some("1 in 3 s")),
            (real, Medium::Sms, NUMBER, Some("1 a second")),
            (real, Medium::Sms, SERVICE, None),
            (real, Medium::Email, "", None),
            (local, Medium::Whatsapp, SANDBOX, None),
            (local, Medium::Sms, NUMBER, None),
            (liar, Medium::Whatsapp, NUMBER, None),
        ] {
            let rate = of(&twilio(api_base, Pace::Usual, Pace::Usual), medium, sender);
            assert_eq!(rate.map(|rate| rate.to_string()).as_deref(), told, "{api_base} {medium:?} {sender}");
        }
    }

    #[test]
    fn what_an_operator_says_holds_everywhere() {
        let five = Pace::At(rate(5, 1));
        for api_base in ["https://api.twilio.com", "http://127.0.0.1:9"] {
            let slow = twilio(api_base, five, five);
            for (medium, sender) in [(Medium::Whatsapp, SANDBOX), (Medium::Sms, NUMBER), (Medium::Sms, SERVICE)] {
                assert_eq!(of(&slow, medium, sender), Some(rate(5, 1)), "{api_base} {sender}");
            }
            assert_eq!((to_one(&slow, Medium::Whatsapp), to_one(&slow, Medium::Sms)), (Some(TO_ONE), None));
            let free = twilio(api_base, Pace::Unlimited, Pace::Unlimited);
            assert_eq!((of(&free, Medium::Whatsapp, SANDBOX), to_one(&free, Medium::Whatsapp)), (None, None));
        }
    }
}
