//! Reading what a person meant: one text made plain, and one choice picked out of several.
//!
//! A pick is made only when it is the only one that fits: two that are equally near are no pick.

pub use crate::kit::typed::{bare, plain};
use crate::wording::Wording;

/// What a person sends in: a text fit to be stored. Control characters go, line breaks stay, ends are trimmed.
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    let kept: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    kept.trim().to_owned()
}

/// How many letters two words differ by, when a small typo explains it: one from four letters on, two from
/// eight; digits must agree, since `BRG-7` for `BRG-8` is no typo.
pub fn similar(typed: &str, word: &str) -> Option<usize> {
    let allowed = match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    let length = typed.chars().count();
    if length > word.chars().count() + allowed || digits(typed) != digits(word) {
        return None;
    }
    let distance = strsim::damerau_levenshtein(typed, word);
    (distance <= allowed).then_some(distance)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The names of one choice: all that a person may call it, in their language and in the others.
#[derive(Clone, Debug, Default)]
pub struct Names {
    own: Vec<String>,
    others: Vec<String>,
}

impl Names {
    /// The names, made plain; empty ones are left out.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let names = names.into_iter().map(|name| bare(&name.as_ref().replace('_', " ")));
        Self { own: names.filter(|name| !name.is_empty()).collect(), others: Vec::new() }
    }

    /// A choice's own name in flow files, and what the texts and lists with these keys say: in this language, and in the
    /// others.
    pub fn of(wording: &Wording, language: &str, name: &str, keys: &[String]) -> Self {
        let mut names = Self::new([name]);
        for key in keys {
            for (is_own, word) in wording.spoken(language, key) {
                let place = if is_own { &mut names.own } else { &mut names.others };
                place.push(word.to_owned());
            }
        }
        names
    }

    /// Whether this, made plain, is one of the names, in any language.
    pub fn has(&self, bare: &str) -> bool {
        self.own.iter().chain(&self.others).any(|name| name == bare)
    }
}

fn words(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric())).filter(|word| !word.is_empty())
}

/// The place (from 0) of the choice that a text means: by name, by number (from 1), by its name in another language, by
/// a word of a name, by the beginning of a name, or with a small typo; the last three first in the person's own
/// language. The first of these that fits any choice decides.
pub fn pick(typed: &str, choices: &[Names]) -> Option<usize> {
    let typed = bare(&typed.replace('_', " "));
    let joined = joined(&typed);
    if joined.is_empty() {
        return None;
    }
    let own: Vec<&[String]> = choices.iter().map(|names| names.own.as_slice()).collect();
    let others: Vec<&[String]> = choices.iter().map(|names| names.others.as_slice()).collect();
    let is_named = |names: &[String]| names.iter().any(|name| *name == typed || self::joined(name) == joined);
    let by_name = places(&own, is_named);
    if !by_name.is_empty() {
        return only(&by_name);
    }
    if let Ok(number) = typed.parse::<usize>() {
        return number.checked_sub(1).filter(|place| *place < choices.len());
    }
    let by_name = places(&others, is_named);
    if !by_name.is_empty() {
        return only(&by_name);
    }
    let nearly = [own, others].into_iter().map(|names| nearly(&typed, &names)).find(|places| !places.is_empty());
    nearly.and_then(|places| only(&places))
}

/// Those of which a text is a word or the beginning of a name, or nearly a name.
fn nearly(typed: &str, choices: &[&[String]]) -> Vec<usize> {
    let by_word = places(choices, |names| words(names).any(|word| word == typed));
    if !by_word.is_empty() {
        return by_word;
    }
    let is_long = typed.chars().count() >= 3;
    let by_beginning = places(choices, |names| is_long && names.iter().any(|name| name.starts_with(typed)));
    if by_beginning.is_empty() { nearest(typed, choices) } else { by_beginning }
}

/// The choices with the fewest letters wrong.
fn nearest(typed: &str, choices: &[&[String]]) -> Vec<usize> {
    let distance = |names: &[String]| {
        names.iter().map(String::as_str).chain(words(names)).filter_map(|name| similar(typed, name)).min()
    };
    let best = choices.iter().filter_map(|names| distance(names)).min();
    if best.is_none() { Vec::new() } else { places(choices, |names| distance(names) == best) }
}

fn places(choices: &[&[String]], fits: impl Fn(&[String]) -> bool) -> Vec<usize> {
    choices.iter().enumerate().filter(|(_, names)| fits(names)).map(|(place, _)| place).collect()
}

fn only(places: &[usize]) -> Option<usize> {
    if let [place] = places { Some(*place) } else { None }
}

/// Letters and digits alone, so that `brg 7` is `BRG-7`.
fn joined(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Vec<Names> {
        vec![
            Names::new(["INTERNAL_REJECT", "Internal Reject"]),
            Names::new(["RETURN", "Return"]),
            Names::new(["OTHER", "Other", "something else"]),
        ]
    }

    #[test]
    fn a_choice_is_picked_by_number_word_case_or_small_typo() {
        for (typed, place) in [
            ("1", Some(0)),
            ("1️⃣", Some(0)),
            ("２", Some(1)),
            ("3.", Some(2)),
            ("#2", Some(1)),
            ("Internal Reject", Some(0)),
            ("INTERNAL_REJECT", Some(0)),
            ("internal-reject", Some(0)),
            ("internal", Some(0)),
            ("int", Some(0)),
            ("*Return*!", Some(1)),
            ("retrun", Some(1)),
            ("ohter", Some(2)),
            ("internl rejcet", Some(0)),
            ("something  ELSE", Some(2)),
            ("4", None),
            ("0", None),
            ("-1", Some(0)),
            ("99999999999999999999", None),
            ("re", None),
            ("", None),
            ("👋", None),
            ("completely different", None),
        ] {
            assert_eq!(pick(typed, &choices()), place, "{typed}");
        }
    }

    #[test]
    fn two_that_are_equally_near_are_no_pick() {
        let choices = [Names::new(["Check Order Status"]), Names::new(["Check SLA Status"])];
        assert_eq!(pick("status", &choices), None);
        assert_eq!(pick("check", &choices), None);
        assert_eq!(
            pick("report", &[Names::new(["Create Defect Report"]), Names::new(["Report Maintenance Issue"])]),
            None
        );
        assert_eq!(pick("order", &choices), Some(0));
        assert_eq!(pick("ordre", &choices), Some(0));
    }

    #[test]
    fn a_number_off_by_one_digit_is_another_number() {
        let choices = [Names::new(["BRG-7", "Bearing, small"]), Names::new(["SEAL-12", "Seal ring"])];
        assert_eq!(pick("BRG-8", &choices), None);
        assert_eq!(pick("brg 7", &choices), Some(0));
        assert_eq!(pick("baering", &choices), Some(0));
    }

    #[test]
    fn a_short_word_is_never_a_typo_and_a_long_one_may_have_two() {
        for (typed, word, distance) in [
            ("lwo", "low", None),
            ("hihg", "high", Some(1)),
            ("hhgi", "high", None),
            ("hydrualci", "hydraulic", Some(2)),
            ("same", "same", Some(0)),
        ] {
            assert_eq!(similar(typed, word), distance, "{typed}");
        }
    }

    #[test]
    fn control_characters_go_and_line_breaks_stay() {
        assert_eq!(clean(" a\u{0}b\r\nc\td\u{7}\u{85} "), "ab\nc d");
        assert_eq!(bare(" *Hi!* 👋"), "hi");
        assert_eq!(bare("👋"), "👋");
    }
}
