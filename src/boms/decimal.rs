//! Quantities and money as whole millionths, written and read without floats.

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

/// Reads a number that people wrote, `12.5` or `12,5`; none where it is no number, has more than six decimals or
/// is out of range.
///
/// **Units**: the answer in millionths.
pub fn millionths(typed: &str) -> Option<i64> {
    let typed = typed.trim();
    let (sign, digits) = match typed.strip_prefix('-') {
        Some(digits) => (-1_i128, digits),
        None => (1, typed.strip_prefix('+').unwrap_or(typed)),
    };
    let (whole, decimals) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let only_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let decimals = if decimals.len() > DECIMALS { decimals.trim_end_matches('0') } else { decimals };
    let is_number = (!whole.is_empty() || !decimals.is_empty()) && only_digits(whole) && only_digits(decimals);
    if !is_number || decimals.len() > DECIMALS || whole.len() > 20 {
        return None;
    }
    let micros: i128 = format!("0{whole}{decimals:0<DECIMALS$}").parse().ok()?;
    i64::try_from(sign * micros).ok()
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
    fn what_is_no_number_is_not_read() {
        for typed in ["", ".", "-", "1.2.3", "1,000.5", "1e3", "0.0000001", "9223372036855", "١", "1 2", "--1"] {
            assert_eq!(millionths(typed), None, "{typed}");
        }
        for (typed, micros) in [(" 12,5 ", 12_500_000), ("+.5", 500_000), ("7.", 7_000_000), ("-0.25000000", -250_000)]
        {
            assert_eq!(millionths(typed), Some(micros), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros: i64, least in 0_usize..9) {
            prop_assert_eq!(millionths(&decimal(micros, least)), Some(micros));
            prop_assert_eq!(millionths(&signed(micros)), Some(micros));
        }
    }
}
