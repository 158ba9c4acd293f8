//! What people type, made plain for comparing: whatever their keyboard, their language and their hurry make of a word.

use unicode_normalization::UnicodeNormalization as _;

/// Signs that only dress a text: variation selectors, the keycap's frame, joiners and direction marks.
fn is_dressing(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{20E3}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}' | '\u{FEFF}')
}

/// Digits and separators of Arabic and Persian keyboards as everybody else's; any other character as it is.
pub fn western(c: char) -> char {
    match c {
        '\u{0660}'..='\u{0669}' => digit(u32::from(c) - 0x0660),
        '\u{06F0}'..='\u{06F9}' => digit(u32::from(c) - 0x06F0),
        '\u{066B}' => '.',
        '\u{066C}' => ',',
        c => c,
    }
}

fn digit(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or_default()
}

/// A text made plain for comparing: compatibility forms (full-width digits, keycaps) resolved, western digits, lower
/// case, white space single.
pub fn plain(text: &str) -> String {
    let text: String = text
        .replace('\u{1F51F}', "10")
        .nfkc()
        .filter(|c| !is_dressing(*c))
        .map(western)
        .flat_map(char::to_lowercase)
        .collect();
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text without accents, as people write who are in a hurry: `menú` is `menu`, `à` is `a`; in Arabic without vowel
/// signs, and with one letter where writers differ (`إلغاء` is `الغاء`, `متابعة` is `متابعه`).
pub fn unaccented(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let letters = text.nfd().filter(|c| !is_accent(*c)).map(|c| match c {
        '\u{0649}' | '\u{06CC}' => '\u{064A}',
        '\u{0629}' => '\u{0647}',
        '\u{0671}' => '\u{0627}',
        c => c,
    });
    letters.nfc().collect()
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}')
}

/// [`plain`] without accents and without the signs around it: `*Hola!* 👋` is `hola`. A text of signs alone stays as
/// it is.
pub fn bare(text: &str) -> String {
    let plain = unaccented(&plain(text));
    let bare = plain.trim_matches(|c: char| !c.is_alphanumeric());
    if bare.is_empty() { plain } else { bare.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_same_however_it_is_typed() {
        for (typed, expected) in [
            (" *Hi!* 👋", "hi"),
            ("👋", "👋"),
            ("¡Menú!", "menu"),
            ("¿Qué  TAL?", "que tal"),
            ("PRÉCÉDENT", "precedent"),
            ("Pre\u{0301}ce\u{0301}dent", "precedent"),
            ("não", "nao"),
            ("١٢٣", "123"),
            ("۴", "4"),
            ("٢\u{FE0F}\u{20E3}", "2"),
            ("إلغاء", "الغاء"),
            ("أَهْلًا", "اهلا"),
            ("مرحـــبًا!", "مرحبا"),
            ("متابعة", "متابعه"),
            ("\u{200F}قائمة\u{061C}", "قايمه"),
        ] {
            assert_eq!(bare(typed), expected, "{typed}");
        }
        assert_eq!(plain("٣٫٥٠"), "3.50");
        assert_eq!(plain("Menú"), "menú", "plain keeps accents");
    }
}
