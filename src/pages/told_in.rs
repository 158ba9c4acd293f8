//! What became of a message and what to do, told in the reader's language.
//!
//! What a provider's failure means has words by its short name; where there are none, the English sentence is told, and
//! marked as English.

use super::desk::Desk;
use super::words::Words;
use crate::kit::Instant;
use crate::notify::explain::{Advice, Explanation, settings_of};
use serde_json::{Value, json};

/// Something told, and whether it is English in a page of another language.
pub(super) struct Said {
    pub(super) text: String,
    pub(super) is_foreign: bool,
}

/// What a failure means, and what to do about it.
pub(super) fn advice(words: &Words, advice: &Advice) -> Said {
    let key = advice.name.as_ref().map(|name| format!("advice.{name}")).filter(|key| words.has(key));
    match key {
        Some(key) if !words.is_english() => Said { text: words.w(key), is_foreign: false },
        _ => Said { text: advice.says.clone(), is_foreign: !words.is_english() },
    }
}

/// Why a notification failed, was taken back or waits, and what to do.
pub(super) fn explanation(desk: &Desk, explanation: &Explanation) -> Said {
    let words = desk.words();
    if words.is_english() {
        return Said { text: explanation.in_english(&desk.app), is_foreign: false };
    }
    let at = |at: &Instant| json!({ "at": words.exact(*at) });
    let (key, values, advised) = match explanation {
        Explanation::Failed(of) => return advice(words, of),
        Explanation::Dropped(Some(why)) => return Said { text: why.clone(), is_foreign: true },
        Explanation::FailedUnsaid => ("failed_unsaid", Value::Null, None),
        Explanation::OptedOut => ("opted_out", Value::Null, None),
        Explanation::TakenBack => ("taken_back", Value::Null, None),
        Explanation::Dropped(None) => ("dropped", Value::Null, None),
        Explanation::Held(until) => ("held", at(until), None),
        Explanation::Gathered => ("gathered", Value::Null, None),
        Explanation::NotCarried(medium) => {
            let name = words.w(format!("medium.{}", medium.as_str().to_uppercase()));
            ("not_carried", json!({ "medium": name, "settings": settings_of(*medium) }), None)
        }
        Explanation::Out { channel, since, .. } => {
            ("out", json!({ "channel": channel, "at": words.exact(*since) }), None)
        }
        Explanation::OverBudget(leaves) => ("over_budget", at(leaves), None),
        Explanation::InDoubt => ("in_doubt", Value::Null, None),
        Explanation::Again(of, Some(again)) => ("again_at", at(again), Some(advice(words, of))),
        Explanation::Again(of, None) => ("again_soon", Value::Null, Some(advice(words, of))),
        Explanation::Waits => ("waits", Value::Null, None),
    };
    let values = if values.is_null() { json!({}) } else { values };
    let text = words.fill(format!("explain.{key}"), &values);
    match advised {
        Some(Said { text: advice, is_foreign: false }) => Said { text: format!("{advice} {text}"), is_foreign: false },
        _ => Said { text, is_foreign: false },
    }
}
