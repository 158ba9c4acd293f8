//! The plant's records as the chat sees them: what a typed key may refer to, and the facts that were found.
//!
//! The engine asks for look-ups first and gets the facts handed in, so that a batch of messages costs one
//! query a kind. Facts are JSON objects made by the features; nothing here invents any.

use crate::kit::reference::fold;
use crate::kit::typed::western;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use unicode_normalization::UnicodeNormalization as _;

/// How many characters a key may have; more than this is no key but a sentence.
pub const MAX_KEY_CHARS: usize = 64;

/// A sort of record that a question can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordKind {
    /// A customer's order, `ORD-12345`.
    Order,
    /// A machine, `MACH-001`.
    Machine,
    /// A ticket of any kind, `MAINT-555`.
    Ticket,
    /// A ticket of kind `sop_failure`, `SOP-999`.
    SopFailure,
    /// A bill of materials, `BOM-888`.
    Bom,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Order, Self::Machine, Self::Ticket, Self::SopFailure, Self::Bom];

    /// The name in flow files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Machine => "machine",
            Self::Ticket => "ticket",
            Self::SopFailure => "sop_failure",
            Self::Bom => "bom",
        }
    }

    /// The kind with this name in flow files.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What its keys begin with, likeliest first.
    pub fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Order => &["ORD-"],
            Self::Machine => &["MACH-"],
            Self::Ticket => &["MAINT-", "DEF-", "INC-", "SOP-"],
            Self::SopFailure => &["SOP-"],
            Self::Bom => &["BOM-"],
        }
    }

    /// The keys that a typed text may mean, likeliest first: `12345`, `ord 12345` and `ORD12345` all mean
    /// `ORD-12345`; a bare number may be any of a ticket's kinds, and `1` also `MACH-001`.
    pub fn candidates(self, typed: &str) -> Vec<String> {
        let Some(key) = plain_key(typed) else { return Vec::new() };
        let mut keys = Vec::new();
        if key.bytes().all(|b| b.is_ascii_digit()) {
            for prefix in self.prefixes() {
                keys.push(format!("{prefix}{key}"));
                if key.len() < 3 {
                    keys.push(format!("{prefix}{key:0>3}"));
                }
            }
        } else if let Some(completed) = self.prefixes().iter().find_map(|prefix| complete(&key, prefix)) {
            keys.push(completed);
        }
        // As it was typed too: a plant numbers its things as it likes.
        for other in [key, fold(typed)] {
            if !keys.contains(&other) && other.chars().count() <= MAX_KEY_CHARS {
                keys.push(other);
            }
        }
        keys
    }

    /// What starts the flow of the record with this number wherever a prefix does: the number itself, where it begins as
    /// numbers of its kind do, else behind a mark, `MACH: PRESS-7`. That is what its label has somebody type in. None
    /// where the number is too long to be typed.
    pub fn reference(self, number: &str) -> Option<String> {
        let prefix = self.prefixes().first()?;
        let means = |text: &str| Self::typed(prefix, text).iter().any(|key| key == number);
        let marked = format!("{} {number}", mark(prefix));
        [number.to_owned(), marked].into_iter().find(|text| means(text))
    }

    /// The numbers that a text means by its prefix alone, the likeliest last; none where it begins otherwise. Behind the
    /// mark of a prefix, `MACH:`, stands any number whatsoever.
    pub fn typed(prefix: &str, text: &str) -> Vec<String> {
        let plain = text.trim_start_matches(is_unseen);
        let start: String = plain.chars().take(mark(prefix).len()).flat_map(char::to_uppercase).collect();
        let marked = Some(fold(plain.get(mark(prefix).len()..).unwrap_or_default())).filter(|_| start == mark(prefix));
        let fits = |key: &String| !key.is_empty() && key.chars().count() <= MAX_KEY_CHARS;
        let mut keys: Vec<String> = match marked.filter(fits) {
            Some(key) => vec![complete(&key, prefix), Some(format!("{prefix}{key}")), plain_key(&key), Some(key)],
            None => match Self::by_prefix(prefix, text) {
                Some(full) => vec![Some(fold(text)), plain_key(text), Some(full)],
                None => Vec::new(),
            },
        }
        .into_iter()
        .flatten()
        .collect();
        keys.retain(fits);
        let mut known = HashSet::new();
        keys.reverse();
        keys.retain(|key| known.insert(key.clone()));
        keys.reverse();
        keys
    }

    /// Whether a key that was not found can have been meant for this kind: it has a digit, and no other kind's prefix.
    pub fn may_be(self, key: &str) -> bool {
        let others = Self::ALL.into_iter().flat_map(Self::prefixes).filter(|prefix| !self.prefixes().contains(prefix));
        key.bytes().any(|b| b.is_ascii_digit()) && !others.into_iter().any(|prefix| key.starts_with(prefix))
    }

    /// The key that a text means by its prefix alone, or nothing: `mach 001` means `MACH-001` for `MACH-`.
    pub fn by_prefix(prefix: &str, typed: &str) -> Option<String> {
        let key = complete(&plain_key(typed)?, prefix)?;
        let number = key.get(prefix.len()..)?;
        let is_number = number.bytes().any(|b| b.is_ascii_digit())
            && number.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
        let words = typed.split_whitespace().count();
        (is_number && words <= 2).then_some(key)
    }
}

/// How a text begins behind which any number of the prefix's kind may stand: `MACH:` for `MACH-`.
fn mark(prefix: &str) -> String {
    format!("{}:", prefix.trim_end_matches('-'))
}

/// Signs that show nothing, of which phones send some.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FE0F}' | '\u{20E3}')
}

/// `ORD12345` and `ORD-12345` become `ORD-12345` for the prefix `ORD-`; anything else is none of its keys.
fn complete(key: &str, prefix: &str) -> Option<String> {
    let stem = prefix.strip_suffix('-').unwrap_or(prefix);
    let rest = key.strip_prefix(stem)?;
    let number = rest.trim_start_matches(['-', '_', ':', '#', '.']);
    let is_whole = rest.len() > number.len() || number.starts_with(|c: char| c.is_ascii_digit());
    (is_whole && !number.is_empty()).then(|| format!("{prefix}{number}"))
}

/// A key as stored, from one as typed: compatibility forms and odd dashes made plain, outer punctuation gone.
fn plain_key(typed: &str) -> Option<String> {
    let plain: String = typed
        .nfkc()
        .filter(|c| !is_unseen(*c))
        .map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { western(c) })
        .collect();
    let key = fold(&plain);
    let key = key
        .trim_start_matches(['#', '*', '_', '"', '\'', '('])
        .trim_end_matches(['.', ',', '!', '?', ';', '*', '_', '"', '\'', ')']);
    (!key.is_empty() && key.chars().count() <= MAX_KEY_CHARS).then(|| key.to_owned())
}

/// One record that a message may refer to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lookup {
    /// Which sort of record.
    pub kind: RecordKind,
    /// The key, folded and with its prefix: `ORD-12345`.
    pub key: String,
}

/// What the database knew about the look-ups of one message.
#[derive(Clone, Debug, Default)]
pub struct Records {
    found: BTreeMap<Lookup, Value>,
    nearest: BTreeMap<Lookup, Vec<String>>,
    offered: Vec<Value>,
    machines: Vec<Value>,
}

impl Records {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the facts of a record that exists and that the asker may see.
    pub fn found(&mut self, kind: RecordKind, key: impl Into<String>, facts: Value) {
        self.found.insert(Lookup { kind, key: key.into() }, facts);
    }

    /// Keeps the nearest existing keys, best first, where a record does not exist.
    pub fn nearest(&mut self, kind: RecordKind, key: impl Into<String>, keys: Vec<String>) {
        self.nearest.insert(Lookup { kind, key: key.into() }, keys);
    }

    /// Keeps the asker's tickets that were asked for by an offer.
    pub fn offer(&mut self, tickets: Vec<Value>) {
        self.offered = tickets;
    }

    /// The asker's tickets that were asked for by an offer: `{reference, title, status}`.
    pub fn offered(&self) -> &[Value] {
        &self.offered
    }

    /// Keeps the machines near the place that was shared.
    pub fn offer_machines(&mut self, machines: Vec<Value>) {
        self.machines = machines;
    }

    /// The machines near the place that was shared, the nearest first: `{reference, title, metres}`.
    pub fn machines(&self) -> &[Value] {
        &self.machines
    }

    /// The facts of a record, where it was found.
    pub fn get(&self, kind: RecordKind, key: &str) -> Option<&Value> {
        self.found.get(&Lookup { kind, key: key.to_owned() })
    }

    /// The nearest existing keys; empty when none were looked for or none is near.
    pub fn near(&self, kind: RecordKind, key: &str) -> &[String] {
        self.nearest.get(&Lookup { kind, key: key.to_owned() }).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_key_means_its_full_form() {
        use RecordKind::{Bom, Machine, Order, SopFailure, Ticket};
        for (kind, typed, means) in [
            (Order, "ORD-12345", "ORD-12345"),
            (Order, "12345", "ORD-12345"),
            (Order, " ord 12345 ", "ORD-12345"),
            (Order, "ord12345.", "ORD-12345"),
            (Order, "ORD–12345", "ORD-12345"),
            (Order, "#12345", "ORD-12345"),
            (Order, "１２３４５", "ORD-12345"),
            (Order, "١٢٣٤٥", "ORD-12345"),
            (Machine, "\u{200F}MACH-٠٠١\u{61C}", "MACH-001"),
            (Machine, "mach_001", "MACH-001"),
            (Ticket, "MAINT 555", "MAINT-555"),
            (Ticket, "def-20260118143022-2", "DEF-20260118143022-2"),
            (SopFailure, "999", "SOP-999"),
            (Bom, "bom:888", "BOM-888"),
            (Machine, "PRESS-7", "PRESS-7"),
        ] {
            assert_eq!(kind.candidates(typed).first().map(String::as_str), Some(means), "{typed}");
        }
        assert!(Ticket.candidates("555").contains(&"DEF-555".to_owned()));
        assert!(Machine.candidates("1").contains(&"MACH-001".to_owned()));
        assert_eq!(Order.candidates("  "), Vec::<String>::new());
        assert_eq!(Order.candidates(&"9".repeat(65)), Vec::<String>::new());
    }

    #[test]
    fn the_reference_on_a_label_means_its_record_whatever_its_number() {
        use RecordKind::{Machine, Order};
        for (kind, number, reference) in [
            (Machine, "MACH-001", "MACH-001"),
            (Machine, "MACH7", "MACH7"),
            (Machine, "MACH-7/B", "MACH-7/B"),
            (Machine, "PRESS-7", "MACH: PRESS-7"),
            (Machine, "4711", "MACH: 4711"),
            (Machine, "LATHE", "MACH: LATHE"),
            (Machine, "MACH-A", "MACH: MACH-A"),
            (Machine, "مكبس-٧", "MACH: مكبس-٧"),
            (Machine, "(7)", "MACH: (7)"),
            (Machine, "#A+B*", "MACH: #A+B*"),
            (Machine, "ORD-1", "MACH: ORD-1"),
            (Order, "ORD-12345", "ORD-12345"),
            (Order, "2026/118", "ORD: 2026/118"),
        ] {
            assert_eq!(kind.reference(number).as_deref(), Some(reference), "{number}");
            let prefix = kind.prefixes()[0];
            let keys = RecordKind::typed(prefix, reference);
            assert!(keys.iter().any(|key| key == number), "{reference}: {keys:?}");
            assert!(keys.iter().any(|key| kind.candidates(key).iter().any(|one| one == number)), "{reference}");
        }
        assert_eq!(Machine.reference(&"9".repeat(65)), None);
        assert!(RecordKind::typed("MACH-", "mach:  press 7").contains(&"PRESS7".to_owned()));
    }

    #[test]
    fn a_prefix_alone_or_a_sentence_is_no_reference() {
        assert_eq!(RecordKind::by_prefix("MACH-", "mach 001").as_deref(), Some("MACH-001"));
        for typed in ["MACH", "MACH-", "machine", "mach-abc", "MACH-001 is broken again", "order 5"] {
            assert_eq!(RecordKind::by_prefix("MACH-", typed), None, "{typed}");
        }
    }
}
