//! What a message holds beside its text: choices to tap, files, a place.
//!
//! It says what is meant, not how that looks: each channel shows what it can, and the text of the message says all of it
//! for those that can show nothing else.

use super::Place;
use serde::{Deserialize, Serialize};

/// What a message holds beside its text. **Shape** as kept with a delivery: JSON, what is empty left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rich {
    /// What may be tapped in answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Choices>,
    /// Files; the text is the first one's caption.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Enclosed>,
    /// A place on the map; the text says what is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// What may be tapped in answer to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// The text above them; none where it is the message's own, which may number them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What the button that opens a list of them says, in the person's language.
    pub button: String,
    /// They, in order; one of which is picked.
    pub options: Vec<Choice>,
}

/// One of several that may be tapped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What comes back when it is tapped: unlike that of the others, printable, at most [`Choice::MAX_ID_CHARS`].
    pub id: String,
    /// What it says, of any length.
    pub title: String,
    /// What stands smaller under it, where there is room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Choice {
    /// How long an id may be. **Source**: Meta's OpenAPI v23 (a row's id), Twilio's page on the list picker.
    pub const MAX_ID_CHARS: usize = 200;
}

/// A file that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed {
    /// How it is shown.
    pub kind: EnclosedKind,
    /// Its name, with which it is saved.
    pub name: String,
    /// The absolute address at which its provider fetches it, `https://…`.
    pub link: String,
}

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnclosedKind {
    /// As a picture.
    Image,
    /// As a document to open.
    Document,
}
