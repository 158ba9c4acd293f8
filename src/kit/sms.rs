//! Text messages as carriers count and bill them: in parts.
//!
//! A text in GSM's alphabet has 160 characters in one part, or 153 in each of several; one character outside of it, and
//! the whole text is sent in UCS-2, with 70 and 67. Nothing is split within a character.
//!
//! **Source**: GSM 03.38 (3GPP TS 23.038, 6.2.1); Twilio's sms-segments-calculator 1.3, which counts the same.

/// GSM's basic alphabet: a septet each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ\
                     ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension table: two septets each.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How many parts a text takes; an empty one takes one.
pub fn parts(text: &str) -> usize {
    let size = if text.chars().all(is_gsm) { septets } else { char::len_utf16 };
    let (alone, joined) = if text.chars().all(is_gsm) { (160, 153) } else { (70, 67) };
    if text.chars().map(size).sum::<usize>() <= alone {
        return 1;
    }
    let (mut parts, mut room) = (1, joined);
    for size in text.chars().map(size) {
        if size > room {
            (parts, room) = (parts + 1, joined);
        }
        room -= size;
    }
    parts
}

/// The text in at most so many parts; what was longer ends in `...`.
pub fn within(text: &str, most: usize) -> String {
    if parts(text) <= most {
        return text.to_owned();
    }
    let cut = |end: usize| format!("{}...", text[..end].trim_end());
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let fitting = ends.partition_point(|end| parts(&cut(*end)) <= most);
    cut(fitting.checked_sub(1).map_or(0, |last| ends[last]))
}

/// Typographic signs as the plain ones that GSM's alphabet has: one of them would more than halve the room.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{2032}' => folded.push('\''),
            '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' | '«' | '»' => folded.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => folded.push('-'),
            '\u{2026}' => folded.push_str("..."),
            '\u{A0}' | '\u{2009}' | '\u{202F}' | '\t' => folded.push(' '),
            '\u{200B}'..='\u{200F}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FE0F}' => {}
            c => folded.push(c),
        }
    }
    folded
}

fn is_gsm(c: char) -> bool {
    BASIC.contains(c) || EXTENDED.contains(c)
}

fn septets(c: char) -> usize {
    if EXTENDED.contains(c) { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_are_counted_as_twilio_counts_them() {
        let times = |text: &str, n: usize| text.repeat(n);
        for (text, expected) in [
            (String::new(), 1),
            (times("a", 160), 1),
            (times("a", 161), 2),
            (times("a", 306), 2),
            (times("a", 307), 3),
            (times("a", 1600), 11),
            (times("€", 80), 1),
            (times("€", 81), 2),
            // An escape and its character stay together, though 306 septets would fit in two parts.
            (format!("{}€{}", times("a", 152), times("b", 152)), 3),
            (times("€", 153), 3),
            (times("é", 160), 1),
            (times("Ç", 160), 1),
            (times("ü", 161), 2),
            // None of these is in the alphabet, though they look as if they were.
            (times("ç", 70), 1),
            (times("ç", 71), 2),
            (times("á", 71), 2),
            (times("`", 71), 2),
            (times("\t", 71), 2),
            (format!("✅ {}", times("a", 68)), 1),
            (format!("✅ {}", times("a", 69)), 2),
            (format!("{}—", times("a", 70)), 2),
            // Two units each, never split: 33 in a part of 67.
            (times("🎫", 35), 1),
            (times("🎫", 36), 2),
            (times("🎫", 66), 2),
            (times("🎫", 67), 3),
            (times("a", 134) + "ç", 3),
        ] {
            assert_eq!(parts(&text), expected, "{} × {:?}", text.chars().count(), text.chars().next());
        }
    }

    #[test]
    fn typography_is_folded_into_gsms_alphabet() {
        assert_eq!(folded("“It’s” – so… ok\u{A0}now\u{200B}"), "\"It's\" - so... ok now");
        assert!(folded("“It’s” – so…").chars().all(is_gsm));
        assert_eq!(folded("✅ é"), "✅ é", "what has no plain form stays");
    }

    #[test]
    fn a_long_text_is_cut_to_its_parts() {
        assert_eq!(within("short", 1), "short");
        let cut = within(&"ab ".repeat(100), 1);
        assert!(cut.ends_with("b...") || cut.ends_with("a..."), "{cut}");
        assert_eq!((parts(&cut), cut.len() > 150), (1, true));
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(text in "\\PC{0,400}", most in 1_usize..4) {
            prop_assert!(parts(&within(&text, most)) <= most);
        }

        #[test]
        fn more_text_never_takes_fewer_parts(text in "\\PC{0,300}", more in "\\PC{0,50}") {
            prop_assert!(parts(&text) <= parts(&(text.clone() + &more)));
        }
    }
}
