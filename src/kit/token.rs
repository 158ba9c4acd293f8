//! Random tokens: unguessable names for deliveries, leases and batches.

use rand::RngExt as _;

/// Letters that survive a URL, a form and a person reading them aloud (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A fresh token of 26 characters, 130 random bits.
pub fn fresh() -> String {
    let mut rng = rand::rng();
    (0..26).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect()
}
