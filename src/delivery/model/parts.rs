//! How a text that no message holds becomes several, and which of them holds what stands beside it.

use crate::channels::Rich;

/// Parts a text at paragraphs, lines, words or, if need be, characters, each part within `max_chars`.
///
/// **Units:** characters as the provider counts them here, Unicode scalar values.
pub fn parts(text: &str, max_chars: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while rest.chars().count() > max_chars {
        let hard = rest.char_indices().nth(max_chars).map_or(rest.len(), |(at, _)| at);
        let head = &rest[..hard];
        let cut = ["\n\n", "\n", " "].iter().find_map(|gap| head.rfind(gap).filter(|at| *at > 0)).unwrap_or(hard);
        parts.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    parts.push(rest.to_owned());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Parts a text as [`parts`] does; the last part holds what the message holds beside it. The text above its choices is
/// then that part's own: the parts before it have said the rest.
pub fn parted(text: &str, mut rich: Option<Rich>, max_chars: usize) -> Vec<(String, Option<Rich>)> {
    let texts = parts(text, max_chars);
    let last = texts.len().saturating_sub(1);
    if let Some(choices) = rich.as_mut().filter(|_| last > 0).and_then(|rich| rich.choices.as_mut()) {
        choices.text = None;
    }
    texts.into_iter().enumerate().map(|(place, text)| (text, rich.take_if(|_| place == last))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::Choices;
    use proptest::prelude::*;

    #[test]
    fn a_long_text_is_parted_where_a_reader_would_pause() {
        assert_eq!(parts("one two three", 8), ["one two", "three"]);
        assert_eq!(parts("one\ntwo three four", 10), ["one", "two three", "four"]);
        assert_eq!(parts("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(parts("", 4), Vec::<String>::new());
    }

    #[test]
    fn what_stands_beside_a_text_goes_with_its_last_part() {
        let choices = Choices { text: Some("Which?".to_owned()), ..Choices::default() };
        let rich = Rich { choices: Some(choices), ..Rich::default() };
        let texts = |text| {
            let parted = parted(text, Some(rich.clone()), 8);
            let above = |rich: Option<Rich>| rich.map(|rich| rich.choices.and_then(|choices| choices.text));
            parted.into_iter().map(|(text, rich)| (text, above(rich))).collect::<Vec<_>>()
        };
        assert_eq!(texts("Which? 1"), [("Which? 1".to_owned(), Some(Some("Which?".to_owned())))]);
        assert_eq!(texts("Long. Which? 1"), [("Long.".to_owned(), None), ("Which? 1".to_owned(), Some(None))]);
    }

    proptest! {
        #[test]
        fn parts_keep_every_word_and_the_limit(text in "\\PC{0,400}", limit in 1_usize..50) {
            let parted = parts(&text, limit);
            prop_assert!(parted.iter().all(|part| part.chars().count() <= limit));
            let words = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(words(&parted.concat()), words(&text));
        }
    }
}
