//! Numbers that stand for texts: the same in every process of one desk, and nobody without its key can foresee one.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// Makes the numbers of one desk. Cheap to clone.
#[derive(Clone)]
pub struct Marker(Sha256);

impl Marker {
    /// With this key.
    pub fn new(key: &SecretString) -> Self {
        Self(Sha256::new().chain_update("place of a limit").chain_update(key.expose_secret()))
    }

    /// The number that stands for these texts, in this order.
    pub fn mark(&self, texts: &[&str]) -> u64 {
        let each = |hash: Sha256, text: &&str| hash.chain_update(text.len().to_be_bytes()).chain_update(text);
        let hash = texts.iter().fold(self.0.clone(), each).finalize();
        hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl std::fmt::Debug for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Marker")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_depends_on_the_key_and_on_where_one_text_ends() {
        let marker = |key: &str| Marker::new(&key.to_owned().into());
        let mark = |texts: &[&str]| marker("one key").mark(texts);
        assert_eq!(mark(&["dev1", "192.0.2.1"]), mark(&["dev1", "192.0.2.1"]));
        assert_ne!(mark(&["dev1", "92.0.2.1"]), mark(&["dev", "192.0.2.1"]));
        assert_ne!(mark(&["dev1"]), marker("another key").mark(&["dev1"]));
    }
}
