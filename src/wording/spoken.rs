//! What people may call something: the words of lists, and the short texts that somebody could type.

use super::{Entry, Tables};
use crate::kit::typed::bare;
use std::collections::HashMap;

/// A text longer than this is nothing that somebody types.
const MAX_SPOKEN_CHARS: usize = 60;

/// The lists, and the short texts without values, as people type them.
pub(super) fn spoken(tables: &Tables) -> HashMap<String, Vec<(String, String)>> {
    let mut spoken: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for (language, table) in tables {
        for (key, entry) in table {
            let words = match entry {
                Entry::List(list) => list.as_slice(),
                Entry::Text(text) => std::slice::from_ref(text),
            };
            let is_typed = |word: &&String| word.chars().count() <= MAX_SPOKEN_CHARS && !word.contains(['{', '\n']);
            for word in words.iter().filter(is_typed).map(|word| bare(&word.replace('_', " "))) {
                if !word.is_empty() {
                    spoken.entry(key.clone()).or_default().push((language.clone(), word));
                }
            }
        }
    }
    spoken
}
