//! Amounts that people type, and the change to a bill of materials that is built on them.
//!
//! An amount that can be read in two ways (`1,000`) is refused rather than guessed. A change has a canonical form,
//! in which the session keeps it: `quantity=12`, `unit_cost=3.50`, `replace=BRG-7@3.20`, `remove`.

use super::pick::{plain, similar};
use crate::boms::Change;
use crate::kit::decimal::{NotDecimal, ONE, decimal, millionths};
use crate::kit::reference::fold;
use crate::wording::Wording;

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

impl From<NotDecimal> for NoAmount {
    fn from(why: NotDecimal) -> Self {
        match why {
            NotDecimal::NotANumber => Self::NotANumber,
            NotDecimal::TooFine => Self::TooFine,
            NotDecimal::TooLarge => Self::TooBig,
        }
    }
}

/// Reads an amount as typed, `3.50`, `3,5`, `-$2`, in millionths.
pub fn read_amount(typed: &str) -> Result<i64, NoAmount> {
    let text = plain(typed);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    let digits = digits.trim_matches(['$', '€', '£', ' ']);
    if !digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')) {
        return Err(NoAmount::NotANumber);
    }
    let is_grouped = digits.split_once(',').is_some_and(|(whole, decimals)| {
        decimals.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0')
    });
    if is_grouped || digits.matches(['.', ',']).count() > 1 {
        return Err(NoAmount::Ambiguous);
    }
    let amount = millionths(&format!("{sign}{digits}"))?;
    if amount.unsigned_abs() > MAX_AMOUNT.unsigned_abs() { Err(NoAmount::TooBig) } else { Ok(amount) }
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

/// Reads the canonical form.
pub fn parse(canonical: &str) -> Option<Change> {
    match canonical.split_once('=') {
        None => (canonical == "remove").then_some(Change::Remove),
        Some(("quantity", amount)) => positive(amount).ok().map(Change::Quantity),
        Some(("unit_cost", amount)) => positive(amount).ok().map(Change::UnitCost),
        Some(("replace", rest)) => {
            let (by, amount) = rest.split_once('@')?;
            let is_number = !by.is_empty() && by.chars().count() <= MAX_COMPONENT_CHARS && fold(by) == by;
            is_number.then_some(())?;
            positive(amount).ok().map(|unit_cost| Change::Replace { number: by.to_owned(), unit_cost })
        }
        Some(_) => None,
    }
}

/// Writes the canonical form.
pub fn canonical(change: &Change) -> String {
    match change {
        Change::Quantity(amount) => format!("quantity={}", decimal(*amount, 0)),
        Change::UnitCost(amount) => format!("unit_cost={}", decimal(*amount, 2)),
        Change::Replace { number, unit_cost } => format!("replace={number}@{}", decimal(*unit_cost, 2)),
        Change::Remove => "remove".to_owned(),
    }
}

/// Reads a change as a person types it, with the words of all languages.
pub fn read(typed: &str, wording: &Wording) -> Result<Change, NoChange> {
    let text = plain(typed).replace(['=', ':'], " ");
    let words = |kind: &str| wording.list_everywhere(&format!("chat.change.words.{kind}"));
    let begins = |kind: &str| after_word(&text, &words(kind));
    if begins("remove").is_some_and(|rest| rest.split_whitespace().count() <= 3) {
        return Ok(Change::Remove);
    }
    if let Some(rest) = begins("replace") {
        return read_replacement(rest, &words("at"), &words("to"));
    }
    let amount = |rest: &str| {
        let to = words("to");
        positive(after_word(rest, &to).unwrap_or(rest))
    };
    if let Some(rest) = begins("unit_cost") {
        return amount(rest).map(Change::UnitCost);
    }
    let rest = begins("quantity").ok_or(NoChange::Unknown)?;
    amount(rest).map(Change::Quantity)
}

fn positive(typed: &str) -> Result<i64, NoChange> {
    match read_amount(typed) {
        Ok(amount) if amount > 0 => Ok(amount),
        Ok(_) => Err(NoChange::NotPositive),
        Err(why) => Err(NoChange::Amount(why)),
    }
}

/// `brg-7 at 3.20`, also `with brg-7 at 3.20` and `brg-7 @3.20`.
fn read_replacement(rest: &str, at: &[String], to: &[String]) -> Result<Change, NoChange> {
    let rest = rest.replace('@', " @ ");
    let words: Vec<&str> = rest.split_whitespace().collect();
    let is_at = |word: &&str| *word == "@" || at.iter().any(|known| known == word);
    let place = words.iter().rposition(is_at).ok_or(NoChange::Incomplete)?;
    // In `replace BRG-6 with BRG-7 at 3.20` the new number is the one after the last such word.
    let after_to = words[..place].iter().rposition(|word| to.iter().any(|known| known == word)).map_or(0, |at| at + 1);
    let (by, amount) = (fold(&words[after_to..place].concat()), words[place + 1..].concat());
    if by.is_empty() || amount.is_empty() || by.chars().count() > MAX_COMPONENT_CHARS {
        return Err(NoChange::Incomplete);
    }
    positive(&amount).map(|unit_cost| Change::Replace { number: by, unit_cost })
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
    known.iter().any(|word| similar(first, word).is_some()).then_some(rest.trim_start())
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
            ("-$2", Ok(-2 * ONE)),
            ("--2", Err(NoAmount::NotANumber)),
            ("+-2", Err(NoAmount::NotANumber)),
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
        for (typed, form) in [
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
            ("cantidad 12", Ok("quantity=12")),
            ("quantite à 12", Ok("quantity=12")),
            ("costo unitario 3,50", Ok("unit_cost=3.50")),
            ("preço: 3,50", Ok("unit_cost=3.50")),
            ("reemplazar por BRG-7 a 3.20", Ok("replace=BRG-7@3.20")),
            ("remplacer BRG-6 par BRG-7 à 3,20", Ok("replace=BRG-7@3.20")),
            ("substituir por BRG-7 a 3,20", Ok("replace=BRG-7@3.20")),
            ("استبدال BRG-7 بسعر ٣٫٢٠", Ok("replace=BRG-7@3.20")),
            ("الكمية ١٢", Ok("quantity=12")),
            ("حذف", Ok("remove")),
            ("quitar", Ok("remove")),
            ("retirer", Ok("remove")),
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
            let change = read(typed, &wording);
            assert_eq!(change.as_ref().map(canonical).map_err(|why| why.key()), form.map(str::to_owned), "{typed}");
        }
    }

    #[test]
    fn a_canonical_form_that_is_none_is_refused() {
        for text in
            ["", "remove=1", "quantity=0", "quantity=", "replace=@3", "replace=BRG-7", "colour=blue", "replace=brg-7@3"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_canonical_form_reads_back_as_itself(amount in 1..=MAX_AMOUNT, by in "[A-Z0-9][A-Z0-9-]{0,20}") {
            for change in [
                Change::Quantity(amount),
                Change::UnitCost(amount),
                Change::Replace { number: by.clone(), unit_cost: amount },
                Change::Remove,
            ] {
                prop_assert_eq!(parse(&canonical(&change)), Some(change));
            }
        }

        #[test]
        fn an_amount_reads_back_as_written(amount in -MAX_AMOUNT..=MAX_AMOUNT, decimals in 0_usize..7) {
            prop_assert_eq!(read_amount(&decimal(amount, decimals)), Ok(amount));
        }
    }
}
