//! What somebody wrote, and how either provider's webhooks say it.

use super::{meta, twilio};

/// One message of a person.
pub(crate) struct Written {
    pub(crate) person: u32,
    pub(crate) nth: u32,
    pub(crate) text: String,
}

/// Signs and writes a provider's requests to one public address.
pub(crate) enum Pen {
    Twilio(twilio::Pen),
    Meta(meta::Pen),
}

impl Pen {
    pub(crate) fn twilio(origin: &str) -> Self {
        Self::Twilio(twilio::Pen::new(origin))
    }

    /// As whole HTTP requests: one for all of them where the provider puts several into one, else one for each.
    pub(crate) fn messages(&self, all: &[Written]) -> Vec<Vec<u8>> {
        match self {
            Self::Twilio(pen) => all.iter().map(|one| pen.message(one.person, one.nth, &one.text)).collect(),
            Self::Meta(pen) => vec![pen.messages(all)],
        }
    }

    /// News of a message of the plant's, for the callback that came with it; of a failure with its code. None where that
    /// is not an address of the plant's.
    pub(crate) fn news(&self, callback: &str, sid: &str, status: &str, code: Option<i32>) -> Option<Vec<u8>> {
        match self {
            Self::Twilio(pen) => Some(pen.news(pen.path(callback)?, sid, status, code)),
            Self::Meta(pen) => Some(pen.news(callback, sid, status, code)),
        }
    }
}
