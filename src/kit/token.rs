//! Tokens: unguessable names for deliveries, leases and batches.

use rand::RngExt as _;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Letters that survive a URL, a form and a person reading them aloud (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters that count up, and bits in them.
const COUNTED: u32 = 10;
const COUNTED_BITS: u32 = COUNTED * 5;

/// Where this process counts on; the first is by chance, so that two processes never meet.
static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(rand::rng().random()));

/// A fresh token of 26 characters: 10 that count up, so that an index takes those made one after the other in at one
/// place, and 80 random bits.
pub fn fresh() -> String {
    let counted = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut rng = rand::rng();
    let head = (1..=COUNTED).map(|place| (counted >> (COUNTED_BITS - 5 * place)) & 31);
    let tail = (0..16).map(|_| rng.random_range(0..32_u64));
    head.chain(tail).filter_map(|digit| ALPHABET.get(usize::try_from(digit).ok()?)).copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_made_in_order() {
        let (one, two) = (fresh(), fresh());
        assert!(one.len() == 26 && one.bytes().all(|b| ALPHABET.contains(&b)), "{one}");
        assert!(one[10..] != two[10..], "the rest is chance");
        let value = |token: &str| {
            token.bytes().take(10).fold(0_u64, |sum, b| {
                sum << 5 | ALPHABET.iter().position(|letter| *letter == b).unwrap_or_default() as u64
            })
        };
        assert!(value(&two).wrapping_sub(value(&one)) & ((1 << COUNTED_BITS) - 1) < 1000, "{one} {two}");
    }
}
