//! Money: whole millionths of one currency, never a float, and never added to another currency's.

use super::decimal::{decimal, millionths};
use std::fmt;

/// A currency by its code, three capital letters. **Source**: ISO 4217.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(String);

impl Currency {
    /// Reads a code, in any case; none where it cannot be one.
    pub fn read(typed: &str) -> Option<Self> {
        let code = typed.trim().to_ascii_uppercase();
        (code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())).then_some(Self(code))
    }

    /// The code, `USD`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// How much, in millionths of the currency.
    pub micros: i64,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// Reads a sum as people write it: `100 USD`, `12.50 eur`.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence that begins with the value.
    pub fn read(typed: &str) -> Result<Self, String> {
        let (sum, code) =
            typed.trim().rsplit_once(char::is_whitespace).ok_or("is no sum of money; write it like 100 USD")?;
        let currency = Currency::read(code).ok_or("names no currency; write its three letters, like 100 USD")?;
        let micros = millionths(sum).map_err(|why| format!("{why}; write it like 100 USD"))?;
        Ok(Self { micros, currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", decimal(self.micros, 2), self.currency.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_with_its_currency_and_written_again() {
        for (typed, written) in [
            ("100 USD", Ok("100.00 USD")),
            (" 12,5  eur ", Ok("12.50 EUR")),
            ("0.0075 usd", Ok("0.0075 USD")),
            ("100", Err("is no sum of money; write it like 100 USD")),
            ("USD 100", Err("names no currency; write its three letters, like 100 USD")),
            ("100 DOLLAR", Err("names no currency; write its three letters, like 100 USD")),
            ("ten USD", Err("is no number; write it like 100 USD")),
        ] {
            let read = Money::read(typed).map(|money| money.to_string());
            assert_eq!(read.as_deref().map_err(String::as_str), written, "{typed}");
        }
    }
}
