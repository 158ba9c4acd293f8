//! What an address means, with a seal that nobody else can make.

use super::Paper;
use crate::kit::Instant;
use crate::proof::Seed;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// What the seal is a secret for.
const PURPOSE: &str = "a file's address";
/// The longest address that is looked at: a number of 255 characters and the rest, in base 64.
const MAX_CHARS: usize = 2_000;

/// What an address means. **Shape** of the token: this as JSON in base 64, a point, the seal in base 64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sealed {
    pub(super) paper: Paper,
    /// The language it is in, `en`.
    pub(super) language: String,
    /// Until when it holds. **Units**: seconds since 1970.
    pub(super) until: i64,
}

impl Sealed {
    pub(super) fn token(&self, seed: &Seed) -> String {
        let says = BASE64.encode(serde_json::json!(self).to_string());
        let seal = BASE64.encode(seed.secret(PURPOSE, &says));
        format!("{says}.{seal}")
    }

    /// What the token means, where it is ours and still holds.
    pub(super) fn open(token: &str, seed: &Seed, now: Instant) -> Option<Self> {
        let (says, seal) = token.split_once('.').filter(|_| token.len() <= MAX_CHARS)?;
        let seal = BASE64.decode(seal).ok()?;
        if !bool::from(seal.ct_eq(&seed.secret(PURPOSE, says))) {
            return None;
        }
        let sealed: Self = serde_json::from_slice(&BASE64.decode(says).ok()?).ok()?;
        (now.timestamp() < sealed.until).then_some(sealed)
    }
}
