//! How fast Andon sends, as an operator may say it.

use crate::kit::Rate;

/// How fast each sender of ours may send on a medium.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As fast as its provider takes it.
    #[default]
    Usual,
    /// As fast as it goes.
    Unlimited,
    /// So fast.
    At(Rate),
}

/// Reads `80` (a second), `1/3` (one in three seconds) or `0` (no limit).
pub(super) fn pace(text: &str) -> Result<Pace, String> {
    if text.trim() == "0" {
        return Ok(Pace::Unlimited);
    }
    Rate::parse(text).map(Pace::At).ok_or_else(|| {
        format!(
            "{text:?} is no rate; write messages a second from 1 to 10000, like 80, or messages in so many seconds, \
             like 1/3, or 0 for no limit"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_rate_is_read_or_refused_with_the_mend() {
        let read = |text| Settings::from_variables([("ANDON_WHATSAPP_RATE", text)]).map(|read| read.whatsapp_pace);
        assert_eq!(read("").expect("blank"), Pace::Usual);
        assert_eq!(read("0").expect("none"), Pace::Unlimited);
        assert_eq!(read("1/3").expect("a rate"), Pace::At(Rate::parse("1/3").expect("a rate")));
        for wrong in ["fast", "0.3", "-1", "20000", "1/0"] {
            let told = read(wrong).expect_err(wrong).to_string();
            assert!(told.starts_with("ANDON_WHATSAPP_RATE: ") && told.contains("like 1/3"), "{told}");
        }
        let sms = Settings::from_variables([("ANDON_SMS_RATE", "3")]).expect("good settings");
        assert_eq!((sms.sms_pace, sms.whatsapp_pace), (pace("3").expect("a rate"), Pace::Usual));
    }
}
