//! Phone numbers in E.164: `+` and 7 to 15 digits, the first not zero.
//!
//! Two questions are kept apart. *Shape* decides what comes in: a number that wrote to us exists, whatever a
//! numbering plan says. *Validity* (libphonenumber) helps a person who typed a number wrongly.

use std::fmt;

/// A phone number in E.164's shape, `^\+[1-9]\d{6,14}$` in ASCII.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct E164(String);

/// Why a text is no phone number, and what its writer probably meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not a phone number in E.164 form (+, country code, number; 7 to 15 digits){}", .typed, hint(.probable.as_ref()))]
pub struct NotE164 {
    /// The text as it was given.
    pub typed: String,
    /// The E.164 form it probably has.
    pub probable: Option<E164>,
}

fn hint(probable: Option<&E164>) -> String {
    probable.map(|number| format!("; did you mean {number}?")).unwrap_or_default()
}

impl E164 {
    /// Reads a number that is already in E.164's shape; outer white space is forgiven, nothing else.
    pub fn parse(typed: &str) -> Result<Self, NotE164> {
        let text = typed.trim();
        let digits = text.strip_prefix('+').unwrap_or_default();
        let well_formed =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotE164 { typed: text.to_owned(), probable: probable(text) })
        }
    }

    /// The number with all but the country's beginning and the last three digits hidden, for logs.
    pub fn masked(&self) -> String {
        let (head, tail) = (&self.0[..3], &self.0[self.0.len() - 3..]);
        format!("{head}…{tail}")
    }

    /// Whether a numbering plan has it, by libphonenumber's rules.
    pub fn is_valid(&self) -> bool {
        phonenumber::parse(None, &self.0).is_ok_and(|number| phonenumber::is_valid(&number))
    }

    /// `+` and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The E.164 form that a loosely written number probably has: brackets and dashes gone, `00` read as `+`.
fn probable(typed: &str) -> Option<E164> {
    let digits: String = typed.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| char::from_digit(d, 10)).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    if digits.starts_with('0') {
        return None;
    }
    let number = phonenumber::parse(None, format!("+{digits}")).ok()?;
    phonenumber::is_valid(&number).then(|| E164(number.format().mode(phonenumber::Mode::E164).to_string()))
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Debug output is masked, so that a number cannot slip into a log by `{:?}`.
impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// At most 200 characters of the text, with all but the last three digits of whatever may be a number hidden.
pub fn mask_numbers(text: &str) -> String {
    let mut masked = String::new();
    let mut digits = String::new();
    for c in text.chars().take(200).chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        // Nothing shorter is a phone number (E.164 has 7 digits at the least).
        if digits.len() >= 7 {
            masked.push('…');
            digits.drain(..digits.len() - 3);
        }
        masked.push_str(&digits);
        digits.clear();
        masked.push(if c.is_control() { ' ' } else { c });
    }
    masked.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_decides() {
        for good in ["+12025551234", "+1234567890", "+447700900123", " +15550001111 "] {
            assert!(E164::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "12025551234",
            "++12025551234",
            "+0123456789",
            "+12025551234x",
            "+１２０２５５５１２３４",
            "",
            "+",
            "+123456",
            "+1234567890123456",
        ] {
            assert!(E164::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_loosely_written_number_is_answered_with_its_probable_form() {
        for typed in ["0044 20 7946 0018", "44 20 7946 0018", "+44 (20) 7946-0018"] {
            let refused = E164::parse(typed).expect_err("not in E.164 form");
            assert_eq!(refused.probable.as_ref().map(E164::as_str), Some("+442079460018"), "{typed}");
        }
    }

    #[test]
    fn validity_is_the_numbering_plans() {
        for (number, is_valid) in [
            ("+12025550142", true),
            ("+442079460018", true),
            ("+491701234567", true),
            ("+12005550142", false),
            ("+15550001111", false),
            ("+9990000000", false),
        ] {
            assert_eq!(E164::parse(number).expect("well formed").is_valid(), is_valid, "{number}");
        }
    }

    #[test]
    fn debug_output_is_masked() {
        let number = E164::parse("+447700900123").expect("well formed");
        assert_eq!(format!("{number:?}"), "+44…123");
    }
}
