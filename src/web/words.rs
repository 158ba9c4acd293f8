//! Bodies that are no more than words: a reason that must be given, a comment that may.

use super::{Fields, Form, read};
use utoipa::ToSchema;

/// The most words, in characters. **Source**: desk.md, as for descriptions.
const MAX_WORDS: usize = 20_000;

/// Why something is done.
#[derive(Clone, Debug, ToSchema)]
pub struct Why {
    /// Why.
    #[schema(
        example = "The customer asked to wait",
        min_length = 1,
        max_length = 20_000,
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$"
    )]
    pub reason: String,
}

impl Form for Why {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { reason: fields.required("reason", read::text(1..=MAX_WORDS))? })
    }
}

/// A word that may go with it.
#[derive(Clone, Debug, ToSchema)]
pub struct Word {
    /// The word.
    #[schema(example = "Checked with purchasing", max_length = 20_000, pattern = r"^[^\x00]*$")]
    pub comment: Option<String>,
}

impl Form for Word {
    fn read(fields: &mut Fields) -> Option<Self> {
        let comment = fields.optional("comment", read::text(0..=MAX_WORDS));
        Some(Self { comment: comment.filter(|comment| !comment.is_empty()) })
    }
}
