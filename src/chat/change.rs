//! Amounts that people type, and the change to a bill of materials that is built on them.
//!
//! Amounts are whole millionths, so that nothing is lost to rounding. An amount that can be read in two ways
//! (`1,000`) is refused rather than guessed.

use super::pick::{plain, similar};
use crate::kit::reference::fold;
use crate::wording::Wording;
use std::fmt;

/// How many millionths make one.
pub const ONE: i64 = 1_000_000;
/// The largest amount, in millionths: a thousand million.
pub const MAX_AMOUNT: i64 = 1_000_000_000 * ONE;
/// How many characters the number of a new component may have.
const MAX_COMPONENT_CHARS: usize = 64;

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAmount {
    /// It is no number.
    NotANumber,
    /// A separator may stand for thousands or for decimals.
    Ambiguous,
    /// It has more than six decimals.
    TooFine,
    /// It is above [`MAX_AMOUNT`].
    TooBig,
}

impl NoAmount {
    /// The last part of the wording's key that explains it.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotANumber => "not_a_number",
            Self::Ambiguous => "ambiguous",
            Self::TooFine => "too_fine",
            Self::TooBig => "too_big",
        }
    }
}

/// Reads an amount as typed, `3.50`, `3,5`, `-2`, in millionths.
pub fn read_amount(typed: &str) -> Result<i64, NoAmount> {
    let text = plain(typed);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let digits = digits.trim_matches(['$', '€', '£', ' ']);
    if !digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')) {
        return Err(NoAmount::NotANumber);
    }
    let mut parts = digits.split(['.', ',']);
    let (whole, decimals) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_grouped =
        digits.contains(',') && decimals.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    if parts.next().is_some() || is_grouped {
        return Err(NoAmount::Ambiguous);
    }
    if whole.is_empty() && decimals.is_empty() {
        return Err(NoAmount::NotANumber);
    }
    if decimals.trim_end_matches('0').len() > 6 {
        return Err(NoAmount::TooFine);
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > 10 {
        return Err(NoAmount::TooBig);
    }
    let fraction: String = decimals.chars().chain("000000".chars()).take(6).collect();
    let amount = format!("{whole}{fraction}").parse::<i64>().map_err(|_| NoAmount::NotANumber)?;
    if amount > MAX_AMOUNT { Err(NoAmount::TooBig) } else { Ok(sign * amount) }
}

/// An amount as text: at least `decimals` digits after the point, no further zeros.
pub fn write_amount(amount: i64, decimals: usize) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let (whole, fraction) = (amount.unsigned_abs() / ONE.unsigned_abs(), amount.unsigned_abs() % ONE.unsigned_abs());
    let fraction = format!("{fraction:06}");
    let shown = fraction.trim_end_matches('0').len().max(decimals.min(6));
    if shown == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{}", &fraction[..shown]) }
}

/// What shall happen to a component. `Display` writes the canonical form and [`BomChange::parse`] reads it:
/// `quantity=12`, `unit_cost=3.50`, `replace=BRG-7@3.20`, `remove`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BomChange {
    /// Another quantity, in millionths.
    Quantity(i64),
    /// Another cost of one unit, in millionths.
    UnitCost(i64),
    /// Another component in its place.
    Replace {
        /// The new component's number, folded.
        by: String,
        /// What one unit of it costs, in millionths.
        unit_cost: i64,
    },
    /// The component goes.
    Remove,
}

/// Why a text is no change; names what to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoChange {
    /// Its first word is none of the four.
    Unknown,
    /// The word is known, its amount is missing or no amount.
    Amount(NoAmount),
    /// The amount is zero or below.
    NotPositive,
    /// `replace` without a number and a price.
    Incomplete,
}

impl NoChange {
    /// The last part of the wording's key that explains it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Amount(why) => why.key(),
            Self::NotPositive => "not_positive",
            Self::Incomplete => "incomplete",
        }
    }
}

impl BomChange {
    /// Reads the canonical form.
    pub fn parse(canonical: &str) -> Option<Self> {
        match canonical.split_once('=') {
            None => (canonical == "remove").then_some(Self::Remove),
            Some(("quantity", amount)) => positive(amount).ok().map(Self::Quantity),
            Some(("unit_cost", amount)) => positive(amount).ok().map(Self::UnitCost),
            Some(("replace", rest)) => {
                let (by, amount) = rest.split_once('@')?;
                let is_number = !by.is_empty() && by.chars().count() <= MAX_COMPONENT_CHARS && fold(by) == by;
                is_number.then_some(())?;
                positive(amount).ok().map(|unit_cost| Self::Replace { by: by.to_owned(), unit_cost })
            }
            Some(_) => None,
        }
    }

    /// Reads a change as a person types it, with the words of their language.
    pub fn read(typed: &str, wording: &Wording, language: &str) -> Result<Self, NoChange> {
        let text = plain(typed).replace(['=', ':'], " ");
        let words = |kind: &str| wording.list(language, &format!("chat.change.words.{kind}"));
        let begins = |kind: &str| after_word(&text, &words(kind));
        if begins("remove").is_some_and(|rest| rest.split_whitespace().count() <= 3) {
            return Ok(Self::Remove);
        }
        if let Some(rest) = begins("replace") {
            return read_replacement(rest, &words("at"), &words("to"));
        }
        let amount = |rest: &str| {
            let to = words("to");
            positive(after_word(rest, &to).unwrap_or(rest))
        };
        if let Some(rest) = begins("unit_cost") {
            return amount(rest).map(Self::UnitCost);
        }
        begins("quantity").map_or(Err(NoChange::Unknown), amount_of(amount))
    }
}

fn amount_of(read: impl Fn(&str) -> Result<i64, NoChange>) -> impl Fn(&str) -> Result<BomChange, NoChange> {
    move |rest| read(rest).map(BomChange::Quantity)
}

fn positive(typed: &str) -> Result<i64, NoChange> {
    match read_amount(typed) {
        Ok(amount) if amount > 0 => Ok(amount),
        Ok(_) => Err(NoChange::NotPositive),
        Err(why) => Err(NoChange::Amount(why)),
    }
}

/// `brg-7 at 3.20`, also `with brg-7 at 3.20` and `brg-7 @3.20`.
fn read_replacement(rest: &str, at: &[String], to: &[String]) -> Result<BomChange, NoChange> {
    let rest = rest.replace('@', " @ ");
    let words: Vec<&str> = rest.split_whitespace().collect();
    let is_at = |word: &&str| *word == "@" || at.iter().any(|known| known == word);
    let place = words.iter().position(is_at).ok_or(NoChange::Incomplete)?;
    // In `replace BRG-6 with BRG-7 at 3.20` the new number is the one after the last such word.
    let after_to = words[..place].iter().rposition(|word| to.iter().any(|known| known == word)).map_or(0, |at| at + 1);
    let (by, amount) = (fold(&words[after_to..place].concat()), words[place + 1..].concat());
    if by.is_empty() || amount.is_empty() || by.chars().count() > MAX_COMPONENT_CHARS {
        return Err(NoChange::Incomplete);
    }
    positive(&amount).map(|unit_cost| BomChange::Replace { by, unit_cost })
}

/// What follows the first of `known` that the text begins with; a small typo in a single word is forgiven.
fn after_word<'a>(text: &'a str, known: &[String]) -> Option<&'a str> {
    let mut longest_first: Vec<&String> = known.iter().collect();
    longest_first.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in &longest_first {
        if let Some(rest) = text.strip_prefix(word.as_str())
            && !rest.starts_with(char::is_alphabetic)
        {
            return Some(rest.trim_start());
        }
    }
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    known.iter().any(|word| similar(first, word).is_some()).then_some(rest)
}

impl fmt::Display for BomChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity(amount) => write!(f, "quantity={}", write_amount(*amount, 0)),
            Self::UnitCost(amount) => write!(f, "unit_cost={}", write_amount(*amount, 2)),
            Self::Replace { by, unit_cost } => write!(f, "replace={by}@{}", write_amount(*unit_cost, 2)),
            Self::Remove => f.write_str("remove"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_as_people_type_them() {
        for (typed, amount) in [
            ("12", Ok(12 * ONE)),
            ("3.50", Ok(3_500_000)),
            ("3,5", Ok(3_500_000)),
            ("0,125", Ok(125_000)),
            (".5", Ok(500_000)),
            ("$ 3.20", Ok(3_200_000)),
            ("１２", Ok(12 * ONE)),
            ("0.000001", Ok(1)),
            ("-2", Ok(-2 * ONE)),
            ("1000000000", Ok(MAX_AMOUNT)),
            ("1,000", Err(NoAmount::Ambiguous)),
            ("1,000.50", Err(NoAmount::Ambiguous)),
            ("0.0000001", Err(NoAmount::TooFine)),
            ("1000000001", Err(NoAmount::TooBig)),
            ("99999999999999999999999", Err(NoAmount::TooBig)),
            ("twelve", Err(NoAmount::NotANumber)),
            ("", Err(NoAmount::NotANumber)),
            (".", Err(NoAmount::NotANumber)),
            ("1e5", Err(NoAmount::NotANumber)),
        ] {
            assert_eq!(read_amount(typed), amount, "{typed}");
        }
    }

    #[test]
    fn a_change_is_read_into_its_canonical_form() {
        let wording = Wording::load(None).expect("the built-in wording is right");
        for (typed, canonical) in [
            ("quantity 12", Ok("quantity=12")),
            ("Quantity: 12.50", Ok("quantity=12.5")),
            ("qty to 12", Ok("quantity=12")),
            ("quantiy 12", Ok("quantity=12")),
            ("unit cost 3.50", Ok("unit_cost=3.50")),
            ("cost 3,5", Ok("unit_cost=3.50")),
            ("price = 3", Ok("unit_cost=3.00")),
            ("replace BRG-7 at 3.20", Ok("replace=BRG-7@3.20")),
            ("Replace with brg 7 @ $3.2", Ok("replace=BRG7@3.20")),
            ("replace brg-7@3.20", Ok("replace=BRG-7@3.20")),
            ("replace BRG-6 by BRG-7 at 3.20", Ok("replace=BRG-7@3.20")),
            ("remove", Ok("remove")),
            ("REMOVE it", Ok("remove")),
            ("quantity", Err("not_a_number")),
            ("quantity many", Err("not_a_number")),
            ("quantity 0", Err("not_positive")),
            ("quantity -3", Err("not_positive")),
            ("quantity 1,000", Err("ambiguous")),
            ("quantity 2000000000", Err("too_big")),
            ("cost 0.0000001", Err("too_fine")),
            ("replace BRG-7", Err("incomplete")),
            ("replace at 3", Err("incomplete")),
            ("paint it blue", Err("unknown")),
            ("12", Err("unknown")),
        ] {
            let read = BomChange::read(typed, &wording, "en");
            let read = read.map(|change| change.to_string()).map_err(NoChange::key);
            assert_eq!(read, canonical.map(str::to_owned), "{typed}");
        }
    }

    #[test]
    fn a_canonical_form_that_is_none_is_refused() {
        for text in
            ["", "remove=1", "quantity=0", "quantity=", "replace=@3", "replace=BRG-7", "colour=blue", "replace=brg-7@3"]
        {
            assert_eq!(BomChange::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_canonical_form_reads_back_as_itself(amount in 1..=MAX_AMOUNT, by in "[A-Z0-9][A-Z0-9-]{0,20}") {
            for change in [
                BomChange::Quantity(amount),
                BomChange::UnitCost(amount),
                BomChange::Replace { by: by.clone(), unit_cost: amount },
                BomChange::Remove,
            ] {
                prop_assert_eq!(BomChange::parse(&change.to_string()), Some(change));
            }
        }

        #[test]
        fn an_amount_reads_back_as_written(amount in -MAX_AMOUNT..=MAX_AMOUNT, decimals in 0_usize..7) {
            let written = write_amount(amount, decimals);
            prop_assert_eq!(read_amount(&written), Ok(amount));
        }
    }
}
