//! What is wrong with a text, in its reader's language.

use crate::kit::Error;
use crate::kit::error::Kind;
use crate::pages::form::refusal;
use crate::pages::words::Words;
use crate::texts::Wrong;
use serde_json::json;
use std::error::Error as _;

/// Why a text was not taken, and whether that is said of the text itself.
pub(super) fn told(words: &Words, error: &Error) -> (String, bool) {
    match error.source().and_then(|source| source.downcast_ref::<Wrong>()) {
        Some(wrong) => (of_text(words, wrong), true),
        None if error.kind() == Kind::Outdated => (words.w("texts.outdated"), false),
        None => (refusal(words, error), false),
    }
}

fn of_text(words: &Words, wrong: &Wrong) -> String {
    match wrong {
        Wrong::Empty => words.w("wrong.missing"),
        Wrong::NotOneLine => words.w("wrong.line"),
        Wrong::Unreadable(why) => words.fill("texts.wrong.unreadable", &json!({ "why": why })),
        Wrong::UnknownValues { unknown, known } => {
            words.fill("texts.wrong.values", &json!({ "unknown": unknown, "known": known }))
        }
        Wrong::Unfilled(why) => words.fill("texts.wrong.unfilled", &json!({ "why": why })),
        Wrong::TooLong { chars, most } => words.fill("texts.wrong.too_long", &json!({ "chars": chars, "most": most })),
        Wrong::TooManyParts { parts, most } => {
            words.fill("texts.wrong.parts", &json!({ "parts": parts, "most": most }))
        }
        Wrong::Clash(what) => words.fill("texts.wrong.clash", &json!({ "what": what })),
    }
}
