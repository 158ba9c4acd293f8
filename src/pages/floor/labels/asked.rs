//! What is asked of the page of labels, as it stands in its address.

use crate::kit::E164;
use crate::kit::rules;
use crate::papers::labels::MOST;
use crate::papers::sheets::{FORMATS, Format};
use crate::web::page::{Cursor, Part};
use crate::web::{Fields, Form, read};

/// The name of the one order of these lists: by number.
pub(super) const BY_NUMBER: &str = "number";
/// The longest list that somebody may type, in characters.
const MAX_TYPED: usize = 20_000;

/// What gets labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Machines,
    Orders,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Machines, Self::Orders];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Machines => "machines",
            Self::Orders => "orders",
        }
    }
}

/// Which labels, and where they are put.
pub(super) struct Asked {
    pub(super) kind: Kind,
    /// As typed, none twice; where there is none, those that fit the rest.
    pub(super) numbers: Vec<String>,
    pub(super) words: Option<String>,
    /// Of machines only: orders belong to none.
    pub(super) department: Option<String>,
    pub(super) format: &'static Format,
    /// The place of the first label on its sheet, from 0.
    pub(super) start: usize,
    /// Where codes lead to, where it is not known otherwise.
    pub(super) to: Option<E164>,
    pub(super) part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let kind = fields.optional("kind", read::one_of(&Kind::ALL, Kind::as_str)).unwrap_or(Kind::Machines);
        let typed = fields.optional("numbers", read::text(0..=MAX_TYPED)).unwrap_or_default();
        let words = fields.optional("q", read::line(1..=100));
        let department = fields.optional("department", read::ruled(rules::name));
        let format = fields.optional("sheet", read::one_of(&FORMATS.each_ref(), |format| format.name));
        let format = format.unwrap_or(&FORMATS[0]);
        let places = i64::try_from(format.places()).unwrap_or(1);
        let start = fields.optional("start", read::whole(1..=places)).unwrap_or(1);
        let to = fields.optional("to", read::phone);
        let cursor = fields.optional("cursor", Cursor::read).filter(|cursor| cursor.order == BY_NUMBER);
        let mut numbers: Vec<String> = Vec::new();
        for number in typed.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '،' | '؛')) {
            if !number.is_empty() && !numbers.iter().any(|known| known == number) {
                numbers.push(number.to_owned());
            }
        }
        let part = Part { size: MOST as u64, cursor, is_counted: false };
        let start = usize::try_from(start - 1).unwrap_or_default();
        Some(Self { kind, numbers, words, department, format, start, to, part })
    }
}
