//! What shall go wrong: rules that a person or a test arms, each for the next so many messages.
//!
//! Six places can fail: our sends (`sends`), the list of messages (`lists`), the prices of our messages (`prices`), the
//! webhooks that tell Andon of a message (`webhooks`), the status callbacks of our messages (`callbacks`), and our e-mails
//! (`mails`). A rule wears out by
//! itself; nothing here lasts for ever, and every figure is bounded, so that no fault can hang the process.

use crate::channels::meta;
use serde::{Deserialize, Serialize};

/// The most messages one rule may cover.
const MAX_NEXT: u32 = 1_000;
/// The longest that an answer may be delayed, in milliseconds.
const MAX_DELAY_MS: u64 = 30_000;
/// The most extra copies of one webhook or callback.
const MAX_TIMES: u32 = 10;
/// The longest `Retry-After`, in seconds.
const MAX_RETRY_AFTER_S: u32 = 3_600;

/// Everything that is armed.
///
/// **Shape** `{"sends": {"next": 3, "fault": {"kind": "refuse", "code": 63016}}, "lists": null, "prices": null,
/// "webhooks": null, "callbacks": null, "mails": null, "window": false,
/// "contents": false}`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// What happens to the next messages that Andon sends.
    pub sends: Option<Rule<SendFault>>,
    /// What happens when Andon next asks for the list of messages.
    pub lists: Option<Rule<ListFault>>,
    /// What happens when Andon next asks what a message cost.
    pub prices: Option<Rule<PriceFault>>,
    /// What happens to the webhooks of the next messages from a phone.
    pub webhooks: Option<Rule<PostFault>>,
    /// What happens to the status callbacks of the next messages that Andon sends.
    pub callbacks: Option<Rule<PostFault>>,
    /// What happens to the next e-mails that Andon sends.
    pub mails: Option<Rule<MailFault>>,
    /// Free text to somebody who has not written for 24 hours comes back undelivered (63016).
    pub window: bool,
    /// Twilio's Content API is down: nothing is made.
    pub contents: bool,
}

/// A fault, and how many messages it still covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule<F> {
    /// How many messages, from 1 to 1,000.
    pub next: u32,
    /// What happens to each of them.
    pub fault: F,
}

/// How a send goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SendFault {
    /// Refused at once with one of the provider's codes.
    Refuse {
        /// Twilio's code, of five digits, or Meta's.
        code: i32,
    },
    /// Taken, and undelivered a moment later with one of the provider's codes.
    FailLater {
        /// Twilio's code, of five digits.
        code: i32,
    },
    /// Answered with 429 or a 5xx.
    Respond {
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after_s: Option<u32>,
        /// The message was taken all the same.
        #[serde(default)]
        taken: bool,
    },
    /// Answered rightly, but late.
    Delay {
        /// Milliseconds, up to 30,000.
        ms: u64,
        /// Only the answer is late: the message is taken at once.
        #[serde(default)]
        taken: bool,
    },
    /// Never answered: the connection is held for up to 30 seconds, then dropped (at once at the instant pace).
    Silent {
        /// The message was taken all the same.
        #[serde(default)]
        taken: bool,
    },
}

/// How a question for the list goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ListFault {
    /// Answered with 429 or a 5xx.
    Respond {
        /// The HTTP status.
        status: u16,
    },
}

/// How a question for a price goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PriceFault {
    /// The price is not known yet.
    Late,
    /// Answered with 429 or a 5xx.
    Respond {
        /// The HTTP status.
        status: u16,
    },
}

/// How a webhook or callback goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PostFault {
    /// Never sent.
    Drop,
    /// Sent again after the first time.
    Repeat {
        /// How many extra copies, from 1 to 10.
        times: u32,
    },
    /// A webhook is held until the next one has gone; callbacks go backwards, `read` before `sent`.
    Reorder,
}

/// How an e-mail goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MailFault {
    /// Refused with one of a mail server's codes.
    Refuse {
        /// The code, from 400 to 599.
        code: u16,
    },
    /// Never answered once the letter was handed over: the connection is dropped.
    Silent {
        /// The letter was taken all the same.
        #[serde(default)]
        taken: bool,
    },
}

impl Faults {
    /// Whether all figures are within their bounds; else a sentence that names the wrong one.
    pub fn check(&self) -> Result<(), String> {
        let nexts = [
            ("sends", self.sends.map(|rule| rule.next)),
            ("lists", self.lists.map(|rule| rule.next)),
            ("prices", self.prices.map(|rule| rule.next)),
            ("webhooks", self.webhooks.map(|rule| rule.next)),
            ("callbacks", self.callbacks.map(|rule| rule.next)),
            ("mails", self.mails.map(|rule| rule.next)),
        ];
        for (place, next) in nexts {
            if next.is_some_and(|next| !(1..=MAX_NEXT).contains(&next)) {
                return Err(format!("{place}.next must be from 1 to {MAX_NEXT}."));
            }
        }
        if let Some(rule) = self.sends {
            rule.fault.check()?;
        }
        if let Some(Rule { fault: ListFault::Respond { status }, .. }) = self.lists {
            check_status("lists", status)?;
        }
        if let Some(Rule { fault: PriceFault::Respond { status }, .. }) = self.prices {
            check_status("prices", status)?;
        }
        for (place, rule) in [("webhooks", self.webhooks), ("callbacks", self.callbacks)] {
            if let Some(Rule { fault: PostFault::Repeat { times }, .. }) = rule
                && !(1..=MAX_TIMES).contains(&times)
            {
                return Err(format!("{place}.fault.times must be from 1 to {MAX_TIMES}."));
            }
        }
        if let Some(Rule { fault: MailFault::Refuse { code }, .. }) = self.mails
            && !(400..600).contains(&code)
        {
            return Err("mails.fault.code must be a mail server's, from 400 to 599.".to_owned());
        }
        Ok(())
    }

    /// What will happen, a sentence a rule; empty when all is well.
    pub fn in_words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(Rule { next, fault }) = self.sends {
            words.push(format!("{} {}.", subject(next, "from Andon", "is", "are"), fault.in_words()));
        }
        if let Some(Rule { next, fault: ListFault::Respond { status } }) = self.lists {
            let times = if next == 1 { "the next time".to_owned() } else { format!("the next {next} times") };
            words.push(format!("Andon's question for the list of messages is answered with an HTTP {status} {times}."));
        }
        if let Some(Rule { next, fault }) = self.prices {
            let times = if next == 1 { "the next time".to_owned() } else { format!("the next {next} times") };
            words.push(match fault {
                PriceFault::Late => format!("What a message cost is not known yet {times} that Andon asks."),
                PriceFault::Respond { status } => {
                    format!("Andon's question for what a message cost is answered with an HTTP {status} {times}.")
                }
            });
        }
        if let Some(Rule { next, fault }) = self.webhooks {
            words.push(match fault {
                PostFault::Drop => format!("{} lost on the way.", subject(next, "to Andon", "is", "are")),
                PostFault::Repeat { times } => {
                    format!("{} told to Andon {}.", subject(next, "to Andon", "is", "are"), times_in_all(times))
                }
                PostFault::Reorder => {
                    format!("{} held back until one more has gone.", subject(next, "to Andon", "is", "are"))
                }
            });
        }
        if let Some(Rule { next, fault }) = self.callbacks {
            let whose = if next == 1 { "the next message".to_owned() } else { format!("the next {next} messages") };
            words.push(match fault {
                PostFault::Drop => format!("Receipts of {whose} are lost."),
                PostFault::Repeat { times } => format!("Receipts of {whose} come {}.", times_in_all(times)),
                PostFault::Reorder => format!("Receipts of {whose} come backwards: read, delivered, sent."),
            });
        }
        if let Some(Rule { next, fault }) = self.mails {
            let which =
                if next == 1 { "The next e-mail is".to_owned() } else { format!("The next {next} e-mails are") };
            words.push(match fault {
                MailFault::Refuse { code } => format!("{which} refused with code {code}."),
                MailFault::Silent { taken: false } => format!("{which} never answered, and lost."),
                MailFault::Silent { taken: true } => format!("{which} never answered, although taken."),
            });
        }
        if self.window {
            words.push("Messages to phones that have not written for 24 hours come back undelivered (63016).".into());
        }
        words
    }

    /// The fault for the send at hand, if one is armed; uses it up.
    pub(super) fn take_send(&mut self) -> Option<SendFault> {
        take(&mut self.sends)
    }

    /// The fault for the list at hand, if one is armed; uses it up.
    pub(super) fn take_list(&mut self) -> Option<ListFault> {
        take(&mut self.lists)
    }

    /// The fault for the price at hand, if one is armed; uses it up.
    pub(super) fn take_price(&mut self) -> Option<PriceFault> {
        take(&mut self.prices)
    }

    /// The fault for the webhook at hand, if one is armed; uses it up.
    pub(super) fn take_webhook(&mut self) -> Option<PostFault> {
        take(&mut self.webhooks)
    }

    /// The fault for the e-mail at hand, if one is armed; uses it up.
    pub(super) fn take_mail(&mut self) -> Option<MailFault> {
        take(&mut self.mails)
    }

    /// The fault for the callbacks of the message at hand, if one is armed; uses it up.
    pub(super) fn take_callback(&mut self) -> Option<PostFault> {
        take(&mut self.callbacks)
    }
}

impl SendFault {
    fn check(self) -> Result<(), String> {
        match self {
            Self::Refuse { code } | Self::FailLater { code }
                if !(10_000..=99_999).contains(&code) && meta::errors::known(code).is_none() =>
            {
                let says =
                    "sends.fault.code must be one of Twilio's, which have five digits (63016), or of Meta's (131047).";
                Err(says.to_owned())
            }
            Self::Respond { retry_after_s: Some(seconds), .. } if seconds > MAX_RETRY_AFTER_S => {
                Err(format!("sends.fault.retry_after_s must be at most {MAX_RETRY_AFTER_S}."))
            }
            Self::Respond { status, .. } => check_status("sends", status),
            Self::Delay { ms, .. } if ms > MAX_DELAY_MS => {
                Err(format!("sends.fault.ms must be at most {MAX_DELAY_MS}."))
            }
            _ => Ok(()),
        }
    }

    fn in_words(self) -> String {
        match self {
            Self::Refuse { code } => format!("refused with code {code}"),
            Self::FailLater { code } => format!("taken, but undelivered a moment later with code {code}"),
            Self::Respond { status, retry_after_s, taken } => {
                let wait = retry_after_s.map(|s| format!(", try again after {s} s")).unwrap_or_default();
                let but = if taken { ", although the message went out" } else { "" };
                format!("answered with an HTTP {status}{wait}{but}")
            }
            Self::Delay { ms, taken: false } => format!("answered after {ms} ms"),
            Self::Delay { ms, taken: true } => format!("taken at once and answered after {ms} ms"),
            Self::Silent { taken: false } => "never answered, and lost".to_owned(),
            Self::Silent { taken: true } => "never answered, although it went out".to_owned(),
        }
    }
}

fn check_status(place: &str, status: u16) -> Result<(), String> {
    let is_failure = status == 429 || (500..=599).contains(&status);
    if is_failure { Ok(()) } else { Err(format!("{place}.fault.status must be 429 or from 500 to 599.")) }
}

/// "The next message from Andon is", "The next 3 messages from Andon are".
fn subject(next: u32, whose: &str, one: &str, many: &str) -> String {
    if next == 1 {
        format!("The next message {whose} {one}")
    } else {
        format!("The next {next} messages {whose} {many}")
    }
}

/// "twice", "3 times": the first time and the copies.
fn times_in_all(copies: u32) -> String {
    if copies == 1 { "twice".to_owned() } else { format!("{} times", copies + 1) }
}

fn take<F: Copy>(rule: &mut Option<Rule<F>>) -> Option<F> {
    let armed = rule.as_mut()?;
    let fault = armed.fault;
    armed.next = armed.next.saturating_sub(1);
    if armed.next == 0 {
        *rule = None;
    }
    Some(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_wears_out() {
        let mut faults =
            Faults { sends: Some(Rule { next: 2, fault: SendFault::Refuse { code: 63016 } }), ..Faults::default() };
        assert_eq!(faults.in_words(), ["The next 2 messages from Andon are refused with code 63016."]);
        assert_eq!(faults.take_send(), Some(SendFault::Refuse { code: 63016 }));
        assert_eq!(faults.in_words(), ["The next message from Andon is refused with code 63016."]);
        assert_eq!(faults.take_send(), Some(SendFault::Refuse { code: 63016 }));
        assert_eq!(faults.take_send(), None);
        assert_eq!(faults, Faults::default());
    }

    #[test]
    fn figures_out_of_bounds_are_named() {
        let cases = [
            (r#"{"sends":{"next":0,"fault":{"kind":"silent"}}}"#, "sends.next"),
            (r#"{"webhooks":{"next":1001,"fault":{"kind":"drop"}}}"#, "webhooks.next"),
            (r#"{"sends":{"next":1,"fault":{"kind":"refuse","code":7}}}"#, "five digits"),
            (r#"{"sends":{"next":1,"fault":{"kind":"respond","status":200}}}"#, "sends.fault.status"),
            (r#"{"lists":{"next":1,"fault":{"kind":"respond","status":404}}}"#, "lists.fault.status"),
            (r#"{"sends":{"next":1,"fault":{"kind":"respond","status":429,"retry_after_s":4000}}}"#, "retry_after_s"),
            (r#"{"sends":{"next":1,"fault":{"kind":"delay","ms":30001}}}"#, "sends.fault.ms"),
            (r#"{"callbacks":{"next":1,"fault":{"kind":"repeat","times":11}}}"#, "callbacks.fault.times"),
            (r#"{"prices":{"next":1,"fault":{"kind":"respond","status":404}}}"#, "prices.fault.status"),
            (r#"{"mails":{"next":1,"fault":{"kind":"refuse","code":250}}}"#, "mails.fault.code"),
        ];
        for (json, named) in cases {
            let faults: Faults = serde_json::from_str(json).expect(json);
            assert!(faults.check().expect_err(json).contains(named), "{json}");
        }
        assert_eq!(Faults::default().check(), Ok(()));
        assert!(serde_json::from_str::<Faults>(r#"{"send":null}"#).is_err(), "an unknown name is a mistake");
    }
}
