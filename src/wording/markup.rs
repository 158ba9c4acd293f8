//! WhatsApp's formatting signs in what people wrote: made harmless, taken away, cut without breaking.

/// Takes the force from a formatting sign without showing: the zero width non-joiner.
pub(super) const HARMLESS: char = '\u{200C}';

/// One line that forges nothing: white space single, control and direction signs gone, formatting signs followed
/// by a zero width non-joiner.
pub fn harmless_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let mut line = String::with_capacity(text.len());
    for c in words.join(" ").chars() {
        if matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') {
            continue;
        }
        line.push(c);
        if matches!(c, '*' | '_' | '~' | '`') {
            line.push(HARMLESS);
        }
    }
    line
}

/// Lines that forge nothing: each as [`harmless_line`] has it, with at most one empty one in between.
pub fn harmless_lines(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(harmless_line).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n").trim().to_owned()
}

/// WhatsApp's formatting taken away: the text as a page or a screen reader shows it.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(c) = signs.next() {
        let is_sign = matches!(c, '*' | '_' | '~' | '`');
        let is_harmless = is_sign && signs.next_if_eq(&HARMLESS).is_some();
        if !is_sign || is_harmless {
            plain.push(c);
        }
    }
    plain
}

/// The first so many characters; what was longer goes on with `...`.
pub fn cut(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// At most so many characters; what was longer ends in `...`, which counts.
pub fn shortened(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}
