//! How fast Meta takes messages, from our number and to one person.
//!
//! What an operator says (`ANDON_WHATSAPP_RATE`) stands in place of what is here. A stand-in for Meta is known by its
//! address, and has no limits of Meta's.
//!
//! **Source**: Meta's page "Throughput" (80 messages a second for a number, before an upgrade) and its pair rate (one
//! message in six seconds to one person, and 45 at once). Read in November 2026.

use super::Meta;
use crate::channels::Medium;
use crate::config::Pace;
use crate::kit::Rate;
use std::num::NonZeroU32;
use url::Url;

const RATE: Rate = Rate::new(number(80), number(1));
const TO_ONE: Rate = Rate::new(number(1), number(6)).with_burst(number(45));

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("it is a constant above zero")
}

/// How fast our number may send; none without a limit.
pub(super) fn of(meta: &Meta, medium: Medium) -> Option<Rate> {
    match meta.pace {
        _ if medium != Medium::Whatsapp => None,
        Pace::Unlimited => None,
        Pace::At(rate) => Some(rate),
        Pace::Usual => is_meta(&meta.api).then_some(RATE),
    }
}

/// How fast one person may be written to: wherever our number has a limit.
pub(super) fn to_one(meta: &Meta, medium: Medium) -> Option<Rate> {
    of(meta, medium).map(|_| TO_ONE)
}

/// Whether this is Meta itself.
pub(super) fn is_meta(api: &str) -> bool {
    let host = Url::parse(api).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host == "facebook.com" || host.ends_with(".facebook.com"))
}

#[cfg(test)]
mod tests {
    use super::super::canned;
    use super::*;

    #[test]
    fn metas_limits_hold_at_meta_and_nowhere_else() {
        let five = Pace::At(Rate::new(number(5), number(1)));
        for (base, pace, told) in [
            ("https://graph.facebook.com", Pace::Usual, Some("80 a second")),
            ("https://graph.facebook.com.example.com", Pace::Usual, None),
            ("http://127.0.0.1:8000/simulator/meta", Pace::Usual, None),
            ("http://127.0.0.1:8000/simulator/meta", five, Some("5 a second")),
            ("https://graph.facebook.com", Pace::Unlimited, None),
        ] {
            let meta = Meta { pace, ..canned::channel(&Url::parse(base).expect("a URL")) };
            let rate = of(&meta, Medium::Whatsapp);
            assert_eq!(rate.map(|rate| rate.to_string()).as_deref(), told, "{base}");
            assert_eq!((to_one(&meta, Medium::Whatsapp).is_some(), of(&meta, Medium::Sms)), (told.is_some(), None));
        }
    }
}
