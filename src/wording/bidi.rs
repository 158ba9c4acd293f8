//! Left-to-right values in right-to-left texts: each stands in an isolate of its own, so that a reference, a date or a
//! sum is read in its own order whatever stands beside it.
//!
//! Without one, a reader of Arabic sees `+12.50` as `12.50+` and `2026-01-20` as `20-01-2026`: after an Arabic letter
//! the digits count as Arabic ones, and the signs between them turn with the text.
//!
//! **Source**: Unicode Standard Annex 9, the bidirectional algorithm, rules X5c, W2 and N1. Text messages are sent
//! without isolates ([`crate::kit::sms::folded`]): old phones show them as boxes.

/// First-strong isolate: what follows has the direction of its first letter, and is left-to-right without one.
const OPEN: char = '\u{2068}';
/// The end of an isolate.
const CLOSE: char = '\u{2069}';
/// The frame around the digit of a keycap.
const KEYCAP: char = '\u{20E3}';
/// Languages that are written from right to left.
const RIGHT_TO_LEFT: [&str; 9] = ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur"];

/// Whether this language is written from right to left.
pub fn is_right_to_left(language: &str) -> bool {
    let main = language.split(['-', '_']).next().unwrap_or(language);
    RIGHT_TO_LEFT.contains(&main)
}

/// Whether a text has letters of such a language: Hebrew, Arabic, Syriac, Thaana and their neighbours.
pub(super) fn has_right_to_left(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'))
}

/// The value as it stands in a right-to-left text: isolated, line by line, where its order could suffer.
pub(super) fn isolated(value: &str) -> String {
    if !value.lines().any(needs_isolation) {
        return value.to_owned();
    }
    let lines = value
        .split('\n')
        .map(|line| if needs_isolation(line) { format!("{OPEN}{line}{CLOSE}") } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

/// Letters of the Latin alphabet, and digits with signs about them; a number alone and a keycap keep their order. So does a
/// web address, Latin from its first letter on: what stands right behind it, programs take for a part of it.
fn needs_isolation(line: &str) -> bool {
    let has_digits = line.chars().any(|c| c.is_ascii_digit());
    let is_number = line.chars().all(|c| c.is_ascii_digit());
    let is_isolated = line.starts_with(OPEN) && line.ends_with(CLOSE);
    let has_latin = line.chars().any(|c| c.is_alphabetic() && c < '\u{0590}');
    let is_address = ["https://", "http://"].iter().any(|scheme| line.starts_with(scheme));
    !is_isolated && !is_address && !line.ends_with(KEYCAP) && (has_latin || (has_digits && !is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_turned_is_isolated() {
        for (value, expected) in [
            ("ORD-12345", "\u{2068}ORD-12345\u{2069}"),
            ("+12.50", "\u{2068}+12.50\u{2069}"),
            ("2026-01-20", "\u{2068}2026-01-20\u{2069}"),
            ("75", "75"),
            ("1\u{FE0F}\u{20E3}", "1\u{FE0F}\u{20E3}"),
            ("https://andon.example.com/reports?from=2026-01-12", "https://andon.example.com/reports?from=2026-01-12"),
            ("قيد التنفيذ", "قيد التنفيذ"),
            ("Payments fail\nSince noon", "\u{2068}Payments fail\u{2069}\n\u{2068}Since noon\u{2069}"),
            ("\u{2068}ORD-1\u{2069}", "\u{2068}ORD-1\u{2069}"),
            ("", ""),
        ] {
            assert_eq!(isolated(value), expected, "{value}");
        }
        assert!(is_right_to_left("ar") && is_right_to_left("ar-EG") && !is_right_to_left("en"));
    }
}
