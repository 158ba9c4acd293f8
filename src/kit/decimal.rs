//! Quantities and money as whole millionths, written and read without floats.
//!
//! Exact over the whole range of `i64`. What may be meant in two ways (`1,000`) is read in one; who talks with
//! people refuses it before.

/// How many millionths make one.
pub const ONE: i64 = 1_000_000;
/// How many decimals a millionth has.
const DECIMALS: usize = 6;

/// The number as people write it, with at least `least` decimals and no zeros after them.
///
/// **Units**: `micros` in millionths: `decimal(12_500_000, 2)` is `12.50`.
pub fn decimal(micros: i64, least: usize) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let one = ONE.unsigned_abs();
    let (whole, rest) = (micros.unsigned_abs() / one, micros.unsigned_abs() % one);
    let digits = format!("{rest:0DECIMALS$}");
    let needed = digits.trim_end_matches('0').len().max(least.min(DECIMALS));
    match &digits[..needed] {
        "" => format!("{sign}{whole}"),
        decimals => format!("{sign}{whole}.{decimals}"),
    }
}

/// A change as people write it: `+12.50`, `-3.00`, `0.00`.
///
/// **Units**: `micros` in millionths.
pub fn signed(micros: i64) -> String {
    let plus = if micros > 0 { "+" } else { "" };
    format!("{plus}{}", decimal(micros, 2))
}

/// Why a text is no number of millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDecimal {
    /// It is no number at all.
    #[error("is no number")]
    NotANumber,
    /// It has more than six decimals.
    #[error("has more than six decimals")]
    TooFine,
    /// It is out of range.
    #[error("is out of range")]
    TooLarge,
}

/// Reads a number as it is written, `12.5` or `12,5`, `-3`, `+.5`.
///
/// **Units**: the answer in millionths.
pub fn millionths(typed: &str) -> Result<i64, NotDecimal> {
    let typed = typed.trim();
    let (sign, digits) = match typed.strip_prefix('-') {
        Some(digits) => (-1_i128, digits),
        None => (1, typed.strip_prefix('+').unwrap_or(typed)),
    };
    let (whole, decimals) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let only_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || !only_digits(whole) || !only_digits(decimals) {
        return Err(NotDecimal::NotANumber);
    }
    let (whole, decimals) = (whole.trim_start_matches('0'), decimals.trim_end_matches('0'));
    if decimals.len() > DECIMALS {
        return Err(NotDecimal::TooFine);
    }
    // More digits than an `i64` has: not worth reading, and an `i128` could not hold any number of them.
    if whole.len() > 20 {
        return Err(NotDecimal::TooLarge);
    }
    let micros: i128 = format!("0{whole}{decimals:0<DECIMALS$}").parse().map_err(|_| NotDecimal::NotANumber)?;
    i64::try_from(sign * micros).map_err(|_| NotDecimal::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_written_with_the_decimals_it_needs() {
        for (micros, least, text) in [
            (12_500_000, 2, "12.50"),
            (4_000_000, 0, "4"),
            (125_000, 2, "0.125"),
            (-3_000_000, 2, "-3.00"),
            (-1, 2, "-0.000001"),
            (i64::MIN, 0, "-9223372036854.775808"),
        ] {
            assert_eq!(decimal(micros, least), text);
        }
        assert_eq!([signed(12_500_000), signed(-3_000_000), signed(0)], ["+12.50", "-3.00", "0.00"]);
    }

    #[test]
    fn a_number_is_read_exactly_or_it_is_said_why_not() {
        use NotDecimal::{NotANumber, TooFine, TooLarge};
        for (typed, micros) in [
            (" 12,5 ", Ok(12_500_000)),
            ("+.5", Ok(500_000)),
            ("7.", Ok(7_000_000)),
            ("-0.25000000", Ok(-250_000)),
            ("00000000000000000000000000012", Ok(12_000_000)),
            ("-9223372036854.775808", Ok(i64::MIN)),
            ("9223372036854.775808", Err(TooLarge)),
            ("999999999999999999999999999999999999999999", Err(TooLarge)),
            ("0.0000001", Err(TooFine)),
            ("", Err(NotANumber)),
            (".", Err(NotANumber)),
            ("-", Err(NotANumber)),
            ("--1", Err(NotANumber)),
            ("1.2.3", Err(NotANumber)),
            ("1,000.5", Err(NotANumber)),
            ("1 2", Err(NotANumber)),
            ("1e3", Err(NotANumber)),
            ("١", Err(NotANumber)),
        ] {
            assert_eq!(millionths(typed), micros, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros: i64, least in 0_usize..9) {
            prop_assert_eq!(millionths(&decimal(micros, least)), Ok(micros));
            prop_assert_eq!(millionths(&signed(micros)), Ok(micros));
        }
    }
}
