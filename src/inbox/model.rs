//! A conversation as it is shown, and the rules for words kept at hand. Pure.

use super::store::{Head, Place};
use crate::channels::{Choices, Enclosed, Place as Spot};
use crate::kit::Instant;
use std::collections::BTreeMap;

/// Which conversations are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// All.
    #[default]
    All,
    /// Those that are the asker's.
    Mine,
    /// Those that are nobody's.
    Unassigned,
    /// Those that the desk has.
    Taken,
    /// Those with messages that nobody looked at.
    Unread,
    /// Those of them that the desk has: nobody but the desk answers there.
    Waiting,
}

impl Which {
    /// Every one.
    pub const ALL: [Self; 6] = [Self::All, Self::Waiting, Self::Mine, Self::Unassigned, Self::Taken, Self::Unread];

    /// Its name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mine => "mine",
            Self::Unassigned => "unassigned",
            Self::Taken => "taken",
            Self::Unread => "unread",
            Self::Waiting => "waiting",
        }
    }
}

/// Who said something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The person themselves.
    Person,
    /// The bot.
    Bot,
    /// A notice of what happened.
    Notice,
    /// Somebody at the desk, by name where it is known.
    Desk(Option<String>),
}

impl Who {
    /// Its name in words.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
            Self::Notice => "notice",
            Self::Desk(_) => "desk",
        }
    }
}

/// The last thing that was said in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// By whom.
    pub who: Who,
    /// The words; empty where there are none, or none any more.
    pub text: String,
    /// What it was where it was no text, `image`.
    pub kind: String,
    /// When.
    pub at: Instant,
    /// How the delivery stands, where it was ours.
    pub status: Option<String>,
}

/// How long words of our own may go to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Until then.
    Open(Instant),
    /// Only approved templates may.
    Shut,
}

/// A conversation in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The conversation.
    pub head: Head,
    /// What was said last.
    pub last: Option<Last>,
    /// Whose it is, by name.
    pub holder: Option<String>,
    /// How long words of our own may go there.
    pub window: Window,
}

/// Something in a transcript.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its place.
    pub place: Place,
    /// What it is.
    pub said: Said,
}

/// What there is in a transcript.
#[derive(Clone, Debug)]
pub enum Said {
    /// The person wrote.
    Heard(Heard),
    /// We wrote.
    Sent(Sent),
    /// Somebody at the desk noted something, or did something: the kind of the entry, who, and the words.
    Noted {
        /// The stored kind, `NOTE`.
        kind: String,
        /// Who; none where time did it.
        by: Option<String>,
        /// What it says.
        body: String,
    },
}

/// A message of the person's.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its words.
    pub text: String,
    /// The provider's word for what it is, `text`.
    pub kind: String,
    /// Whether it was tapped and not written.
    pub is_tapped: bool,
    /// The files that came with it.
    pub media: Vec<Shown>,
    /// The place that was shared.
    pub spot: Option<Spot>,
    /// Whether its words were let go with time.
    pub is_emptied: bool,
}

/// A file that came with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its number within the message.
    pub place: i32,
    /// Its media type: by content where it is here, else as the provider said.
    pub content_type: String,
    /// Whether it is here to be looked at.
    pub is_here: bool,
    /// Whether it is still on its way here.
    pub is_awaited: bool,
}

/// A message of ours.
#[derive(Clone, Debug)]
pub struct Sent {
    /// By whom.
    pub who: Who,
    /// Its words.
    pub text: String,
    /// What could be tapped under it.
    pub choices: Option<Choices>,
    /// The files with it.
    pub files: Vec<Enclosed>,
    /// The stored status.
    pub status: String,
    /// Why it failed or was taken back.
    pub why: Option<String>,
    /// Whether it may have gone by a template.
    pub by_template: bool,
    /// Whether its words were let go with time.
    pub is_emptied: bool,
}

/// The fields that a reply kept at hand may have, in the order in which they are told.
pub const FIELDS: [&str; 6] = ["name", "me", "company", "number", "ticket", "order"];

/// A reply kept at hand, filled in. A field that is not known, or of which nothing is known here, stays as it is, for
/// the writer to see.
pub fn filled_in(body: &str, values: &BTreeMap<&str, String>) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, from)) = rest.split_once("{{") {
        let Some((field, after)) = from.split_once("}}") else { break };
        text.push_str(before);
        match values.get(field.trim()).filter(|value| !value.is_empty()) {
            Some(value) => text.push_str(value),
            None => text.extend(["{{", field, "}}"]),
        }
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_known_is_filled_in_and_any_other_stays() {
        let values = BTreeMap::from([("name", "Ada {{ order }}".to_owned()), ("order", String::new())]);
        for (body, expected) in [
            ("Hello {{ name }}!", "Hello Ada {{ order }}!"),
            ("{{name}}{{ name }}", "Ada {{ order }}Ada {{ order }}"),
            ("{{ order }} of {{ nobody }}", "{{ order }} of {{ nobody }}"),
            ("open {{ name", "open {{ name"),
            ("no fields }} at all {", "no fields }} at all {"),
            ("", ""),
        ] {
            assert_eq!(filled_in(body, &values), expected, "{body}");
        }
    }
}
