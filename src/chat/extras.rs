//! What may be asked for beside an answer: the picture of an order, the report of a defect, where something is.

use super::records::RecordKind;
use super::session::Answer;
use super::taps::{Tap, Tappable};
use crate::channels::Place;
use crate::papers::Paper;
use crate::tickets::Kind;
use serde::{Deserialize, Serialize};

/// Something that may be asked for of a record that was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// How far an order is, as a picture; by its number.
    Progress(String),
    /// The report of a defect, as a file; by its ticket's reference.
    Defect(String),
    /// Where something is, on the map; by its ticket's reference.
    Place(String),
}

/// What goes with a reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Enclosure {
    /// A paper, to be drawn.
    Paper(Paper),
    /// A place.
    Place(Place),
}

impl Extra {
    /// What there is of a record that was shown.
    pub fn of(kind: RecordKind, answer: &Answer) -> Option<Self> {
        let key = || answer.value.clone();
        match kind {
            RecordKind::Order => Some(Self::Progress(key())),
            RecordKind::Ticket if answer.facts["kind"] == Kind::Defect.as_str() => Some(Self::Defect(key())),
            RecordKind::Ticket if answer.facts["place"].is_object() => Some(Self::Place(key())),
            _ => None,
        }
    }

    /// The record that it is of.
    pub fn record(&self) -> (RecordKind, &str) {
        match self {
            Self::Progress(number) => (RecordKind::Order, number),
            Self::Defect(reference) | Self::Place(reference) => (RecordKind::Ticket, reference),
        }
    }

    /// The list of words that ask for it, by its name.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Progress(_) => "picture",
            Self::Defect(_) => "paper",
            Self::Place(_) => "place",
        }
    }

    /// Itself, to be tapped under what it is of.
    pub fn tappable(&self) -> Tappable {
        let title = match self {
            Self::Progress(_) => "chat.tap.progress",
            Self::Defect(_) => "chat.tap.report",
            Self::Place(_) => "chat.tap.place",
        };
        Tappable::new(Tap::Extra(self.clone()), title)
    }

    /// Whether it is a file, which a provider has to fetch.
    pub fn is_paper(&self) -> bool {
        !matches!(self, Self::Place(_))
    }
}
