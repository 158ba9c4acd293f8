//! The second factor: the six digits that an authenticator on somebody's phone shows.
//!
//! RFC 6238 as every authenticator reads it: SHA-1, six digits, half a minute each, and the half minute before and behind
//! counts as well, for clocks that differ. Which half minute a code was of is told, so that none is taken twice.

use super::Seed;
use crate::kit::{Error, Instant, Result};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;
use totp_rs::{Builder, Totp};

/// What a seed's secret is for.
const PURPOSE: &str = "a second factor";
/// **Units**: bytes. **Source**: RFC 4226, 4, R6: 160 bits are recommended.
const SECRET: usize = 20;
/// Digits of a code.
const DIGITS: usize = 6;

/// Somebody's authenticator, seen from the desk.
pub struct Authenticator(Totp);

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator")
    }
}

impl Authenticator {
    /// The one whose secret the desk's key makes of this salt.
    ///
    /// # Errors
    /// Never: a secret of this length is one.
    pub fn of(seed: &Seed, salt: &str) -> Result<Self> {
        let secret = seed.secret(PURPOSE, salt)[..SECRET].to_vec();
        Builder::new().with_secret(secret).build().map(Self).map_err(|error| Error::internal(error.to_string()))
    }

    /// The half minute that a code is of, blanks in it passed over; none where it is no code of now.
    pub fn step(&self, typed: &str, now: Instant) -> Option<i64> {
        let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let is_one = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        let time = u64::try_from(now.timestamp()).ok()?;
        let step = is_one.then(|| self.0.check(&code, time))??;
        i64::try_from(step).ok()
    }

    /// The code of an instant.
    pub fn code(&self, at: Instant) -> String {
        self.0.generate(u64::try_from(at.timestamp()).unwrap_or_default()).to_string()
    }

    /// The secret as it is typed into an authenticator: base 32, in fours.
    pub fn secret(&self) -> String {
        let text = self.0.secret().to_base32();
        let fours = text.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned());
        fours.collect::<Vec<_>>().join(" ")
    }

    /// The address that an authenticator reads from a picture. **Source**: Google Authenticator's "Key Uri Format".
    pub fn address(&self, company: &str, username: &str) -> String {
        let part = |text: &str| utf8_percent_encode(&text.replace(':', " "), NON_ALPHANUMERIC).to_string();
        let (company, secret) = (part(company), self.0.secret().to_base32());
        format!("otpauth://totp/{company}:{}?secret={secret}&issuer={company}", part(username))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn authenticator(salt: &str) -> Authenticator {
        Authenticator::of(&Seed::new(&"a key".to_owned().into()), salt).expect("a secret of the right length")
    }

    #[test]
    fn a_code_holds_for_its_half_minute_and_the_ones_beside_it() {
        let one = authenticator("salt");
        let now: Instant = "2026-01-18T14:30:15Z".parse().expect("an instant");
        let (code, step) = (one.code(now), now.timestamp() / 30);
        assert_eq!(code.len(), 6);
        let spaced = format!(" {} {} ", &code[..3], &code[3..]);
        assert_eq!(one.step(&spaced, now), Some(step));
        for (later, expected) in [(-30, Some(step)), (30, Some(step)), (-60, None), (60, None)] {
            assert_eq!(one.step(&code, now + TimeDelta::seconds(later)), expected, "{later} s");
        }
        assert_eq!(authenticator("another").step(&code, now), None);
        for typed in ["", "12345", "1234567", "12345x", "１２３４５６"] {
            assert_eq!(one.step(typed, now), None, "{typed}");
        }
    }

    #[test]
    fn an_address_names_the_company_and_the_person() {
        let one = authenticator("salt");
        let address = one.address("Plant: North", "dev1@example.com");
        let secret = one.secret().replace(' ', "");
        assert_eq!(secret.len(), 32);
        let expected =
            format!("otpauth://totp/Plant%20%20North:dev1%40example%2Ecom?secret={secret}&issuer=Plant%20%20North");
        assert_eq!(address, expected);
    }
}
