//! What somebody probably meant who typed a key that does not exist: the keys one slip away, and the nearest of
//! those that do exist.
//!
//! Pure. [`variants`] is bounded, so that one query can ask for all of them; nothing here knows which keys exist.

use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The longest key that guesses are made for; nothing that Andon numbers is longer.
const LONGEST: usize = 64;
/// The most letters by which a slip of the hand misses its word.
const MOST_WRONG: usize = 2;

/// What a look-up answers: the facts of the keys that exist, and for each of the others the nearest that do.
///
/// `V` says who may see a record; `()` where everyone who may ask may see it.
#[derive(Clone, Debug)]
pub struct LookedUp<V = ()> {
    /// The facts by key.
    pub found: HashMap<String, (Value, V)>,
    /// For a key that does not exist, the nearest existing ones, nearest first.
    pub near: HashMap<String, Vec<(String, V)>>,
}

impl<V> Default for LookedUp<V> {
    fn default() -> Self {
        Self { found: HashMap::new(), near: HashMap::new() }
    }
}

/// The keys that are one slip away from `key`, likeliest first, at most `most` of them and never `key` itself.
///
/// Slips are: O for 0 and I or L for 1 (and the reverse in the letters), a missing, doubled or foreign dash, leading
/// zeros left out, and in the number part digits swapped, doubled, left out, mistyped or added. A dash or letter slip
/// is mended first and the mended key is tried for digit slips too.
pub fn variants(key: &str, most: usize) -> Vec<String> {
    if key.is_empty() || key.len() > LONGEST {
        return Vec::new();
    }
    let mut slips = Slips { seen: HashSet::from([key.to_owned()]), found: Vec::new(), most };
    let mended = mended(key);
    slips.note(mended.clone());
    let (prefix, number) = mended.split_at(mended.rfind('-').map_or(0, |dash| dash + 1));
    for zeros in ["0", "00", "000"] {
        slips.note(format!("{prefix}{zeros}{number}"));
    }
    let number: Vec<char> = number.chars().collect();
    slips.of_order(prefix, &number);
    slips.of_prefix(prefix, &number);
    slips.of_one_character(prefix, &number);
    slips.found
}

/// The `most` candidates nearest to `key`, by the number of slips between them; equally near ones by their own order.
pub fn closest(key: &str, candidates: impl IntoIterator<Item = String>, most: usize) -> Vec<String> {
    let key: String = key.chars().take(LONGEST).collect();
    let mut ranked: Vec<(usize, String)> =
        candidates.into_iter().map(|candidate| (strsim::damerau_levenshtein(&key, &candidate), candidate)).collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().take(most).map(|(_, candidate)| candidate).collect()
}

/// The one of the `known` words that `typed` misses by at most two letters, capital or small, with how many those are.
///
/// Words of other lengths are not compared letter by letter: what is typed may be of any length.
pub fn slip<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    let typed = typed.to_lowercase();
    let length = typed.chars().count();
    let of_that_length = known.into_iter().filter(|word| word.chars().count().abs_diff(length) <= MOST_WRONG);
    let ranked = of_that_length.map(|word| (strsim::damerau_levenshtein(&typed, &word.to_lowercase()), word));
    ranked.min().filter(|(wrong, _)| *wrong <= MOST_WRONG)
}

/// The key with its dash and its mistaken letters put right: `ORDI2345` and `0RD_12345` become `ORD-12345`.
fn mended(key: &str) -> String {
    let words: Vec<&str> = key.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [] => key.to_owned(),
        [word] => {
            // No dash: the number begins after the last character that is a letter beyond doubt.
            let number = word.char_indices().rfind(|(_, c)| digit(*c).is_none());
            match number.map(|(at, c)| word.split_at(at + c.len_utf8())) {
                Some((prefix, number)) if !number.is_empty() => {
                    format!("{}-{}", letters(prefix), digits(number))
                }
                _ => (*word).to_owned(),
            }
        }
        [prefix, numbers @ ..] => {
            let numbers: Vec<String> = numbers.iter().map(|number| digits(number)).collect();
            format!("{}-{}", letters(prefix), numbers.join("-"))
        }
    }
}

/// The digit that a character is or is mistaken for.
fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        'O' | 'o' => Some('0'),
        'I' | 'i' | 'L' | 'l' => Some('1'),
        _ => None,
    }
}

fn digits(number: &str) -> String {
    number.chars().map(|c| digit(c).unwrap_or(c)).collect()
}

fn letters(prefix: &str) -> String {
    prefix
        .chars()
        .map(|c| match c {
            '0' => 'O',
            '1' => 'I',
            other => other,
        })
        .collect()
}

struct Slips {
    seen: HashSet<String>,
    found: Vec<String>,
    most: usize,
}

impl Slips {
    fn note(&mut self, key: String) {
        if self.found.len() < self.most && !self.seen.contains(&key) {
            self.seen.insert(key.clone());
            self.found.push(key);
        }
    }

    fn note_number(&mut self, prefix: &str, number: &[char]) {
        if !number.is_empty() {
            self.note(format!("{prefix}{}", number.iter().collect::<String>()));
        }
    }

    /// Neighbours in the number swapped, and characters typed once too often.
    fn of_order(&mut self, prefix: &str, number: &[char]) {
        for at in 1..number.len() {
            let mut swapped = number.to_vec();
            swapped.swap(at - 1, at);
            self.note_number(prefix, &swapped);
        }
        for at in 0..number.len() {
            let mut shorter = number.to_vec();
            shorter.remove(at);
            self.note_number(prefix, &shorter);
        }
    }

    /// Letters of the prefix swapped, or typed once too often.
    fn of_prefix(&mut self, prefix: &str, number: &[char]) {
        let Some(word) = prefix.strip_suffix('-') else { return };
        let word: Vec<char> = word.chars().collect();
        for at in 0..word.len() {
            let mut shorter = word.clone();
            shorter.remove(at);
            if !shorter.is_empty() {
                self.note_number(&format!("{}-", shorter.iter().collect::<String>()), number);
            }
            if at > 0 {
                let mut swapped = word.clone();
                swapped.swap(at - 1, at);
                self.note_number(&format!("{}-", swapped.iter().collect::<String>()), number);
            }
        }
    }

    /// One digit mistyped, then one left out; the last places first, where slips are commonest.
    fn of_one_character(&mut self, prefix: &str, number: &[char]) {
        for at in (0..number.len()).rev() {
            for digit in '0'..='9' {
                let mut other = number.to_vec();
                other[at] = digit;
                self.note_number(prefix, &other);
            }
        }
        for at in (0..=number.len()).rev() {
            for digit in '0'..='9' {
                let mut longer = number.to_vec();
                longer.insert(at, digit);
                self.note_number(prefix, &longer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_slip_is_forgiven() {
        for (typed, meant) in [
            ("ORD-12354", "ORD-12345"),
            ("ORD-1234", "ORD-12345"),
            ("ORD-123455", "ORD-12345"),
            ("ORD-12346", "ORD-12345"),
            ("ORD12345", "ORD-12345"),
            ("ORD--12345", "ORD-12345"),
            ("ORD_12345", "ORD-12345"),
            ("ORD-I2345", "ORD-12345"),
            ("0RD-12345", "ORD-12345"),
            ("ODR-12345", "ORD-12345"),
            ("MACHH-001", "MACH-001"),
            ("MACH-OO1", "MACH-001"),
            ("MACH001", "MACH-001"),
            ("MACH1", "MACH-001"),
            ("DEF-20260118143023-2", "DEF-20260118143023-3"),
        ] {
            let all = variants(typed, 200);
            assert!(all.iter().any(|guess| guess == meant), "{typed} -> {all:?}");
        }
    }

    #[test]
    fn the_nearest_comes_first_and_ties_keep_their_order() {
        let existing = ["ORD-99999", "ORD-12347", "ORD-12354", "ORD-12345"].map(str::to_owned);
        assert_eq!(closest("ORD-12346", existing, 3), ["ORD-12345", "ORD-12347", "ORD-12354"]);
    }

    #[test]
    fn a_slip_misses_its_word_by_two_letters_at_most() {
        let known = ["order", "text", "ticket"];
        for (typed, meant) in [
            ("order", Some((0, "order"))),
            ("ORDRE", Some((1, "order"))),
            ("tiket", Some((1, "ticket"))),
            ("toxxt", Some((2, "text"))),
            ("machine", None),
            ("", None),
        ] {
            assert_eq!(slip(typed, known), meant, "{typed}");
        }
    }

    #[test]
    fn a_word_of_any_length_is_compared_at_once() {
        let known = vec!["a word of the usual length"; 1_000];
        assert_eq!(slip(&"x".repeat(1_000_000), known), None, "letter by letter it would take hours");
    }

    proptest! {
        #[test]
        fn guesses_are_bounded_distinct_and_never_the_key_itself(key in "\\PC{0,80}", most in 0_usize..200) {
            let all = variants(&key, most);
            prop_assert!(all.len() <= most);
            prop_assert!(!all.contains(&key));
            prop_assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        }
    }
}
